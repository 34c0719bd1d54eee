//! What only PostgreSQL promises, and what its ephemeral servers do, on real servers that the tests start themselves.
//! They fail if no server is available. What every engine promises is in `tests/database_contract.rs`.

#[path = "postgres/abandoned.rs"]
mod abandoned;
#[path = "postgres/common.rs"]
mod common;
#[path = "postgres/crashes.rs"]
mod crashes;
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
