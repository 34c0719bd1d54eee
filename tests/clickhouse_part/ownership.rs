//! What this program did not make is not touched.

use backend_bench::backend::database::{ClickHouse, Database, Error, PoolOptions};

use crate::servers::Server;
use crate::{corpus_of, fresh_name, loaded, shared_server};

async fn open(server: &Server, name: &str) -> ClickHouse {
    ClickHouse::open(&server.url, name, PoolOptions::default()).await.unwrap()
}

/// Of every operation that would write; `unmade` is not migrated, where it is another database.
async fn errors_of_writes(database: &ClickHouse, unmade: &ClickHouse) -> [Error; 4] {
    [
        unmade.migrate().await.unwrap_err(),
        database.insert_events(&corpus_of(1)).await.unwrap_err(),
        database.clear_events().await.unwrap_err(),
        database.remove_database().await.unwrap_err(),
    ]
}

#[tokio::test]
async fn foreign_tables_of_our_names_are_left_alone() {
    let server = shared_server().await;
    let name = fresh_name();
    server.run(&format!("CREATE DATABASE {name}")).await;
    for table in ["events", "backend_bench_marker"] {
        server.run(&format!("CREATE TABLE {name}.{table} (id Int64) ENGINE = MergeTree ORDER BY id")).await;
        server.run(&format!("INSERT INTO {name}.{table} VALUES (7)")).await;
        let database = open(&server, &name).await;
        for error in errors_of_writes(&database, &database).await {
            let text = error.to_string();
            assert!(matches!(error, Error::Schema { .. }) && text.contains("did not make"), "{text}");
            assert!(text.contains(table) && text.contains(&name), "{text}");
        }
        assert_eq!(server.run(&format!("SELECT id FROM {name}.{table}")).await, "7");
    }
}

#[tokio::test]
async fn what_is_not_migrated_is_not_read_or_written() {
    let server = shared_server().await;
    let name = fresh_name();
    let database = open(&server, &name).await;
    for error in [database.count_events().await.unwrap_err(), database.clear_events().await.unwrap_err()] {
        assert!(error.to_string().contains("call `migrate` first"), "{error}");
    }
    let there = format!("SELECT count() FROM system.databases WHERE name = '{name}'");
    assert_eq!(server.run(&there).await, "0");
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_left_alone() {
    let server = shared_server().await;
    let name = fresh_name();
    open(&server, &name).await.migrate().await.unwrap();
    server.run(&format!("INSERT INTO {name}.backend_bench_marker VALUES ('backend-bench', 99, 0)")).await;
    let database = open(&server, &name).await;
    for error in [database.migrate().await.unwrap_err(), database.clear_events().await.unwrap_err()] {
        assert!(matches!(error, Error::Schema { .. }) && error.to_string().contains("version 99"), "{error}");
    }
}

#[tokio::test]
async fn a_database_is_removed_with_everything_that_is_ours() {
    let server = shared_server().await;
    let database = loaded(&server, 10).await;
    database.remove_database().await.unwrap();
    let there = format!("SELECT count() FROM system.databases WHERE name = '{}'", database.name());
    assert_eq!(server.run(&there).await, "0");
    assert!(database.count_events().await.unwrap_err().to_string().contains("call `migrate` first"));
    database.remove_database().await.unwrap();
}

#[tokio::test]
async fn a_removed_database_can_be_migrated_again() {
    let server = shared_server().await;
    let database = loaded(&server, 10).await;
    database.remove_database().await.unwrap();
    database.migrate().await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 0);
}

#[tokio::test]
async fn a_database_that_holds_another_table_is_not_removed() {
    let server = shared_server().await;
    let database = loaded(&server, 10).await;
    let name = database.name();
    server.run(&format!("CREATE TABLE {name}.notes (id Int64) ENGINE = MergeTree ORDER BY id")).await;
    let error = database.remove_database().await.unwrap_err().to_string();
    assert!(error.contains("(notes)") && error.contains(name), "{error}");
    assert_eq!(database.count_events().await.unwrap(), 10);
}

#[tokio::test]
async fn an_interrupted_migration_is_continued_by_two_at_once() {
    let server = shared_server().await;
    let name = loaded(&server, 10).await.name().to_owned();
    server.run(&format!("DROP TABLE {name}.events")).await;
    server.run(&format!("TRUNCATE TABLE {name}.backend_bench_marker")).await;
    let databases = [open(&server, &name).await, open(&server, &name).await];
    let migrated = tokio::join!(databases[0].migrate(), databases[1].migrate());
    assert!(migrated.0.is_ok() && migrated.1.is_ok(), "{migrated:?}");
    assert_eq!(databases[0].count_events().await.unwrap(), 0);
}

#[tokio::test]
async fn a_finished_migration_is_not_repeated() {
    let server = shared_server().await;
    let database = loaded(&server, 10).await;
    open(&server, database.name()).await.migrate().await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 10);
}

#[tokio::test]
async fn a_user_that_may_only_read_reads() {
    let server = shared_server().await;
    let database = loaded(&server, 10).await;
    let reader = ClickHouse::open(&server.reader_url, database.name(), PoolOptions::default()).await.unwrap();
    assert_eq!(reader.event(3).await.unwrap(), Some(corpus_of(3).remove(2)));
}

#[tokio::test]
async fn a_user_that_may_only_read_changes_nothing() {
    let server = shared_server().await;
    let database = loaded(&server, 10).await;
    let open = |name| ClickHouse::open(&server.reader_url, name, PoolOptions::default());
    let errors =
        errors_of_writes(&open(database.name()).await.unwrap(), &open("unmade").await.unwrap()).await;
    for error in errors {
        assert!(matches!(error, Error::Denied { .. }), "{error}");
        assert!(error.to_string().contains("grant it to the user"), "{error}");
    }
    assert_eq!(database.count_events().await.unwrap(), 10);
}

#[tokio::test]
async fn data_survives_closing() {
    let server = shared_server().await;
    let database = loaded(&server, 10).await;
    database.close().await.unwrap();
    assert!(database.count_events().await.unwrap_err().to_string().contains("closed"));
    let again = open(&server, database.name()).await;
    assert_eq!(again.count_events().await.unwrap(), 10);
    assert!(server.run("SELECT version()").await.starts_with(&again.version().await.unwrap()));
}

#[tokio::test]
async fn a_database_of_the_server_itself_is_refused() {
    for name in ["system", "default", "INFORMATION_SCHEMA", "", "a-b", "a`b", "a.b", "ä"] {
        let error = ClickHouse::open("http://127.0.0.1:1", name, PoolOptions::default()).await.unwrap_err();
        assert!(error.to_string().contains("name a database of its own"), "{name}: {error}");
    }
}
