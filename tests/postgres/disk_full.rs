//! A full disk: a tablespace on a file system of 4 MiB.

use backend_bench::backend::database::{Database, Error, PoolOptions, Postgres};

use crate::common::{events, folder, run, throwaway};
use crate::small_disk::{SmallDisk, command};

#[tokio::test]
async fn a_full_disk_is_named_and_keeps_nothing() {
    let service = throwaway();
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
    goes_on(&database, url).await;
}

async fn goes_on(database: &Postgres, url: &str) {
    run(url, "DROP TABLE ballast").await;
    database.clear_events().await.unwrap();
    database.insert_events(&events(1_000)).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 1_000);
}
