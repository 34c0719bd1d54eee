//! PostgreSQL: what the engine promises, and what its throwaway servers do, on real servers that the tests start
//! themselves. Where there is no server to be had, they fail.

#[path = "postgres/abandoned.rs"]
mod abandoned;
#[path = "postgres/common.rs"]
mod common;
#[path = "postgres/crashes.rs"]
mod crashes;
#[path = "postgres/data.rs"]
mod data;
#[path = "postgres/disk_full.rs"]
mod disk_full;
#[path = "postgres/faults.rs"]
mod faults;
#[path = "common/killed_bench.rs"]
mod killed_bench;
#[path = "postgres/lifecycle.rs"]
mod lifecycle;
#[path = "postgres/replica.rs"]
mod replica;
#[path = "postgres/schemas.rs"]
mod schemas;
#[path = "common/small_disk.rs"]
mod small_disk;
