//! What only the SQLite engine promises: its file, its locks and its schema.

use std::path::{Path, PathBuf};
use std::time::Duration;

use backend_bench::backend::database::{Corpus, Database, Error, Event, PoolOptions, Sqlite};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

fn events(count: usize) -> Vec<Event> {
    Corpus::new(11).take(count).collect()
}

async fn open(file: &Path, options: PoolOptions) -> Sqlite {
    let database = Sqlite::open(file, options).await.unwrap();
    database.migrate().await.unwrap();
    database
}

/// A file that is missing yet, in a folder of its own.
fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    (folder, file)
}

/// Options by which waiting for a lock soon ends.
fn impatient() -> PoolOptions {
    PoolOptions { lock_timeout: Duration::from_millis(20), ..PoolOptions::default() }
}

/// A connection of another program.
async fn other(file: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap()
}

#[tokio::test]
async fn the_file_is_in_wal_mode_and_reads_use_the_indexes() {
    let (_folder, file) = file();
    let _database = open(&file, PoolOptions::default()).await;
    let mut other = other(&file).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut other).await.unwrap();
    let plan =
        "EXPLAIN QUERY PLAN SELECT model, count(*) FROM events WHERE at_us >= 1 AND at_us < 2 GROUP BY model";
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan).fetch_all(&mut other).await.unwrap();
    assert!(mode == "wal" && steps[0].3.contains("USING INDEX events_by_time"), "{mode}: {steps:?}");
}

#[tokio::test]
async fn a_slow_operation_is_given_up() {
    let (_folder, file) = file();
    let database = open(&file, PoolOptions::default()).await;
    let options = PoolOptions { query_timeout: Duration::from_millis(5), ..PoolOptions::default() };
    let hurried = Sqlite::open(&file, options).await.unwrap();
    let error = hurried.insert_events(&events(100_000)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.to_string().contains("5ms"), "{error}");
    assert_eq!(database.count_events().await.unwrap(), 0);
}

#[tokio::test]
async fn a_database_that_another_process_locks_is_named() {
    let (_folder, file) = file();
    let database = open(&file, impatient()).await;
    let mut other = other(&file).await;
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let error = database.insert_events(&events(1)).await.unwrap_err();
    assert!(matches!(error, Error::Locked { .. }) && error.to_string().contains("a.db"), "{error}");
    held.rollback().await.unwrap();
    database.insert_events(&events(1)).await.unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let text = "plain text, longer than the header of a database ".repeat(20);
    std::fs::write(folder.path().join("notes.txt"), text).unwrap();
    let cases = [
        ("missing/folder/a.db", "create its folder"),
        ("notes.txt/a.db", "create its folder"),
        ("notes.txt", "not an SQLite database"),
    ];
    for (file, remedy) in cases {
        let error = Sqlite::open(&folder.path().join(file), PoolOptions::default()).await.unwrap_err();
        assert!(error.to_string().contains(file) && error.to_string().contains(remedy), "{error}");
    }
}

#[tokio::test]
async fn a_schema_of_another_program_stays_as_it_is() {
    for (statement, reason) in
        [("PRAGMA user_version = 99", "version 99"), ("CREATE TABLE events (x)", "did not make")]
    {
        let (_folder, file) = file();
        sqlx::raw_sql(statement).execute(&mut other(&file).await).await.unwrap();
        let database = Sqlite::open(&file, PoolOptions::default()).await.unwrap();
        let error = database.migrate().await.unwrap_err();
        assert!(matches!(error, Error::Schema { .. }) && error.to_string().contains(reason), "{error}");
    }
}
