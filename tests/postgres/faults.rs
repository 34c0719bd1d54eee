//! What goes wrong is named, with the remedy, and never with a password.

use std::time::Duration;

use backend_bench::backend::database::{Database, Error, PoolOptions, Postgres};
use backend_bench::bench::services::postgres::{PostgresSources, start_from};
use backend_bench::bench::services::{StartError, free_port};

use crate::common::{
    as_user, database, ephemeral, events, eventually, folder, number, password, port, run, shared, unique,
};
use crate::small_disk::{SmallDisk, command};

fn impatient() -> PoolOptions {
    PoolOptions { acquire_timeout: Duration::from_millis(300), ..PoolOptions::default() }
}

/// Why `url` cannot be opened: said without its password, by the engine and by what starts servers.
async fn refusal(url: &str) -> String {
    let error = Postgres::open(url, "refused", impatient()).await.unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error}");
    let sources = PostgresSources { url: Some(url.to_owned()), ..PostgresSources::of_this_machine() };
    let started = start_from(&sources).unwrap_err();
    assert!(matches!(started, StartError::Failed { .. }), "{started}");
    for shown in [error.to_string(), format!("{error:?}"), started.to_string(), format!("{started:?}")] {
        assert!(!shown.contains("s3cret") && !shown.contains(password(shared())), "{shown}");
    }
    assert!(started.to_string().contains("DATABASE_URL"), "{started}");
    error.to_string()
}

#[tokio::test]
async fn servers_that_turn_us_away_are_named_with_the_remedy() {
    for user in ["postgres", "nobody_here"] {
        let error = refusal(&as_user(shared(), user, "s3cret")).await;
        assert!(error.contains("correct user and password"), "{error}");
        assert!(error.contains(&format!("127.0.0.1:{}/postgres", port(shared()))), "{error}");
    }
    let (server, _) = shared().rsplit_once('/').unwrap();
    let error = refusal(&format!("{server}/no_such_database")).await;
    assert!(error.contains("create the database") && error.contains("no_such_database"), "{error}");
}

#[tokio::test]
async fn hosts_that_do_not_answer_are_named_with_the_remedy() {
    let nobody = free_port().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let cases = [
        (format!("postgres://u:s3cret@127.0.0.1:{nobody}/db"), "start the server, or correct host and port"),
        ("postgres://u:s3cret@no-such-host.invalid/db".to_owned(), "correct the host"),
    ];
    for (url, remedy) in cases {
        let error = refusal(&url).await;
        assert!(error.contains(remedy), "{error}");
    }
    let url = format!("postgres://u:s3cret@{}/db", silent.local_addr().unwrap());
    let error = Postgres::open(&url, "silent", impatient()).await.unwrap_err().to_string();
    assert!(error.contains("did not answer within 300ms") && !error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn urls_with_typos_are_named_with_the_form() {
    for url in ["postgres:/u:s3cret@h/db", "mysql://u:s3cret@h/db", "postgres://u:s3cret@h:port/db", "s3cret"]
    {
        let error = refusal(url).await;
        assert!(error.contains("postgres://user:password@host:port/database"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_takes_no_writes_is_named() {
    let url = format!("{}?options=-c%20default_transaction_read_only%3Don", shared());
    let reader = Postgres::open(&url, &unique("readonly"), impatient()).await.unwrap();
    let error = reader.migrate().await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }) && error.to_string().contains("read-only"), "{error}");
}

/// A user who may read everything, and connect to the shared server.
async fn reader() -> String {
    let user = unique("reader");
    run(shared(), &format!("CREATE USER {user} PASSWORD 's3cret'; GRANT pg_read_all_data TO {user}")).await;
    as_user(shared(), &user, "s3cret")
}

#[tokio::test]
async fn a_user_who_may_only_read_can_read_and_is_told_what_to_grant() {
    let owner = database(PoolOptions::default()).await;
    owner.insert_events(&events(3)).await.unwrap();
    let reader = Postgres::open(&reader().await, owner.schema(), impatient()).await.unwrap();
    assert_eq!(reader.count_events().await.unwrap(), 3);
    for refused in [reader.insert_events(&events(1)).await, reader.clear_events().await] {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Denied { .. }) && error.to_string().contains("grant"), "{error}");
        assert!(!error.to_string().contains("s3cret") && !format!("{error:?}").contains("s3cret"), "{error}");
    }
    assert_eq!(owner.count_events().await.unwrap(), 3);
}

#[tokio::test]
async fn a_user_who_may_make_no_schema_is_told_what_to_grant() {
    let reader = Postgres::open(&reader().await, &unique("denied"), impatient()).await.unwrap();
    let error = reader.migrate().await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }) && error.to_string().contains("grant"), "{error}");
}

#[tokio::test]
async fn data_that_the_engine_cannot_hold_is_refused_with_the_reason() {
    let database = database(PoolOptions::default()).await;
    for (workload, payload, reason) in [("", "no json", "json"), ("a\0b", "{}", "0x00")] {
        for count in [1, 2_001] {
            let mut events = events(count);
            (events[0].workload, events[0].payload) = (workload.to_owned(), payload.to_owned());
            let error = database.insert_events(&events).await.unwrap_err();
            assert!(matches!(error, Error::Refused { .. }) && error.to_string().contains(reason), "{error}");
            assert_eq!(database.count_events().await.unwrap(), 0);
        }
    }
}

#[tokio::test]
async fn debug_output_shows_no_password() {
    let database = database(PoolOptions::default()).await;
    let shown = format!("{database:?}");
    assert!(shown.contains("127.0.0.1") && !shown.contains(password(shared())), "{shown}");
}

#[tokio::test]
async fn what_takes_too_long_is_ended_on_the_server_too() {
    let options = PoolOptions { query_timeout: Duration::from_millis(200), ..PoolOptions::default() };
    let database = database(options).await;
    slow_down(database.schema()).await;
    let error = database.count_events().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.to_string().contains("200ms"), "{error}");
    let running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND \
                   query LIKE '%count(*) FROM events%' AND application_name LIKE 'backend-bench %'";
    eventually("the server to end the statement", async || number(shared(), running).await == 0).await;
}

/// Makes each row that is read wait, so that a read of all takes a quarter of an hour.
async fn slow_down(schema: &str) {
    let slow = format!(
        "INSERT INTO {schema}.events SELECT n, 1, '', '', 1, 1, 1, 1, '{{}}', n FROM generate_series(1, 1000) n;
         ALTER TABLE {schema}.events RENAME TO kept;
         CREATE VIEW {schema}.events AS SELECT * FROM {schema}.kept WHERE pg_sleep(1) IS NOT NULL"
    );
    run(shared(), &slow).await;
}

/// A session that holds the table of events.
async fn locking(schema: &str) -> sqlx::PgConnection {
    let mut session = <sqlx::PgConnection as sqlx::Connection>::connect(shared()).await.unwrap();
    let lock = format!("BEGIN; LOCK TABLE {schema}.events IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut session).await.unwrap();
    session
}

#[tokio::test]
async fn waiting_for_another_session_ends_in_time() {
    let options = PoolOptions { lock_timeout: Duration::from_millis(100), ..PoolOptions::default() };
    let database = database(options).await;
    let mut other = locking(database.schema()).await;
    let error = database.insert_events(&events(1)).await.unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    database.insert_events(&events(1)).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_named_and_keeps_nothing() {
    let service = ephemeral();
    let Some(small) = SmallDisk::mount(4) else { return };
    use_for_tables(service.url(), &small).await;
    fill_up(service.url()).await;
    // Before the disk, which it uses.
    drop(service);
}

async fn use_for_tables(url: &str, small: &SmallDisk) {
    let owner_of = folder(url).await;
    assert!(command("chown", &["--reference", owner_of.to_str().unwrap()], small.path()));
    run(url, &format!("CREATE TABLESPACE small LOCATION '{}'", small.path().display())).await;
    run(url, "ALTER USER postgres SET default_tablespace = small").await;
}

async fn fill_up(url: &str) {
    // Also a word of SQL, which a schema may be named by.
    let database = Postgres::open(url, "full", PoolOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    run(url, "CREATE TABLE ballast AS SELECT repeat('x', 1000) FROM generate_series(1, 500)").await;
    database.insert_events(&events(1_000)).await.unwrap();
    // And again while it still is full: the first failure must not leave anything that hides the second.
    for _ in 0..2 {
        let error = database.insert_events(&events(50_000)[1_000..]).await.unwrap_err();
        assert!(matches!(error, Error::Full { .. }) && error.to_string().contains("free some"), "{error}");
        assert_eq!(database.count_events().await.unwrap(), 1_000);
    }
    stores_after_clearing(&database, url).await;
}

async fn stores_after_clearing(database: &Postgres, url: &str) {
    run(url, "DROP TABLE ballast").await;
    database.clear_events().await.unwrap();
    database.insert_events(&events(1_000)).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 1_000);
}
