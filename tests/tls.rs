//! Encrypted ways to databases, to servers with a certificate that the test makes (`openssl`).
//!
//! ```text
//! cargo test --features tls --test tls
//! ```
#![cfg(feature = "tls")]

#[path = "tls/certificate.rs"]
mod certificate;
#[path = "tls/clickhouse.rs"]
mod clickhouse;
#[path = "tls/postgres.rs"]
mod postgres;
#[path = "clickhouse_part/servers.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod servers;
#[path = "common/tethered.rs"]
mod tethered;
