//! Encrypted ways to databases and to a deployment, with a certificate that the test makes (`openssl`).
//!
//! ```text
//! cargo test --features tls --test tls
//! ```
#![cfg(feature = "tls")]

#[path = "tls/certificate.rs"]
mod certificate;
#[path = "tls/clickhouse.rs"]
mod clickhouse;
#[path = "tls/deployment.rs"]
mod deployment;
#[path = "tls/encrypted.rs"]
mod encrypted;
#[path = "tls/postgres.rs"]
mod postgres;
#[path = "deployment/programs.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod programs;
#[path = "clickhouse_part/servers.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod servers;
#[path = "common/tethered.rs"]
mod tethered;

use backend_bench::backend::database::{Corpus, Database};

/// Stores events in an empty database and finds one of them again.
async fn keeps_events(database: &dyn Database) {
    database.migrate().await.unwrap();
    let events: Vec<_> = Corpus::new(11).take(5_000).collect();
    database.insert_events(&events).await.unwrap();
    assert_eq!(database.event(4_321).await.unwrap().as_ref(), Some(&events[4_320]));
}
