use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx::Connection;

use super::super::scratch::Scratch;
use super::*;
use crate::bench::harness::runtime;

/// The schemas of benches on the server at `url`.
async fn schemas(url: &str) -> i64 {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let query = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'backend_bench_%'";
    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
}

#[test]
fn nothing_is_left_on_the_server_after_a_panic() {
    let (runtime, server) = (runtime(), PostgresRunning(services::postgres::start().unwrap()));
    let url = server.0.url().to_owned();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let _scratch = Scratch::new(&server, &runtime, 500);
        assert_eq!(runtime.block_on(schemas(&url)), 1);
        runtime.block_on(async { panic!("a failed check") })
    }));
    assert_eq!((ended.is_err(), runtime.block_on(schemas(&url))), (true, 0));
}

#[test]
fn each_database_has_a_namespace_of_its_own() {
    let (runtime, server) = (runtime(), PostgresRunning(services::postgres::start().unwrap()));
    let (full, empty) = (Scratch::new(&server, &runtime, 500), Scratch::new(&server, &runtime, 0));
    let count = |scratch: &Scratch<'_>| runtime.block_on(scratch.database().count_events()).unwrap();
    assert_eq!((count(&full), count(&empty)), (500, 0));
    drop(empty);
    assert_eq!(count(&full), 500);
}
