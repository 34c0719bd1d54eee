//! Reads from a streaming replica.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use backend_bench::backend::database::{Database, Error, PoolOptions, Postgres};
use backend_bench::bench::services::ephemeral::Stop;
use backend_bench::bench::services::{Account, EphemeralServer, Folder, Service, free_port};

use crate::common::{ephemeral, events, eventually, port, run, shared};
use crate::small_disk::skip;

/// Copies a running cluster and becomes its replica.
const FOLLOW: &str = r#"
"$1/pg_basebackup" -d "$3" -D "$2/data" -R -X stream -c fast --no-sync || exit
exec "$1/postgres" -D "$2/data" -p "$4" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c hot_standby=on
"#;

/// A replica of `primary`, with its URL. `None` if there is no `pg_basebackup` beside the server and the test may be
/// skipped.
fn replica(primary: &Service) -> Option<(EphemeralServer, String)> {
    let programs = Path::new(&primary.metadata().origin).parent().unwrap();
    if !programs.join("pg_basebackup").is_file() {
        skip(&format!("{} has no pg_basebackup: install PostgreSQL's server package", programs.display()));
        return None;
    }
    let folder = Folder::create("postgres", Account::for_server(&["postgres"]).unwrap()).unwrap();
    let own = free_port().unwrap();
    let mut follow = Command::new("sh");
    follow
        .args(["-c", FOLLOW, "follow"])
        .arg(programs)
        .arg(folder.path())
        .args([primary.url(), &own.to_string()]);
    let server = follows(EphemeralServer::start(folder, &follow, Stop::Quit).unwrap());
    Some((server, primary.url().replace(&port(primary.url()).to_string(), &own.to_string())))
}

fn follows(mut server: EphemeralServer) -> EphemeralServer {
    let ready = |folder: &Path| {
        let status = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        status.lines().nth(7).is_some_and(|line| line.trim() == "standby" || line.trim() == "ready")
    };
    let is_ready =
        server.wait_until(Duration::from_mins(1), |folder| ready(folder) && server_accepts(folder));
    assert!(is_ready.unwrap(), "{}", server.log_tail());
    server
}

/// A replica takes connections once it says so in its log.
fn server_accepts(folder: &Path) -> bool {
    let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    log.contains("ready to accept read-only connections")
}

async fn open(primary: &str, replica: &str) -> Result<Postgres, Error> {
    Postgres::open_with_replica(primary, replica, "replicated", PoolOptions::default()).await
}

#[tokio::test]
async fn events_are_read_from_the_replica_and_all_else_from_the_primary() {
    let primary = ephemeral();
    let Some((_server, replica)) = replica(&primary) else { return };
    let database = open(primary.url(), &replica).await.unwrap();
    database.migrate().await.unwrap();
    database.insert_events(&events(100)).await.unwrap();
    eventually("the replica to follow", async || matches!(database.event(100).await, Ok(Some(_)))).await;
    assert_reads_are_the_replicas(&database, &replica).await;
    assert_writes_are_refused_by(&replica).await;
}

async fn assert_reads_are_the_replicas(database: &Postgres, replica: &str) {
    run(replica, "SELECT pg_wal_replay_pause()").await;
    database.insert_events(&events(150)[100..]).await.unwrap();
    assert_eq!(database.count_events().await.unwrap(), 150);
    let range = database.events_between(0..i64::MAX, 1_000).await.unwrap();
    assert_eq!((database.event(150).await.unwrap(), range.len()), (None, 100));
    assert_eq!((used(database).await, database.pool_stats().max), (100, 20));
    run(replica, "SELECT pg_wal_replay_resume()").await;
    eventually("the replica to catch up", async || matches!(database.event(150).await, Ok(Some(_)))).await;
}

async fn used(database: &Postgres) -> i64 {
    database.usage_between(0..i64::MAX).await.unwrap().iter().map(|model| model.events).sum()
}

async fn assert_writes_are_refused_by(replica: &str) {
    let alone = Postgres::open(replica, "replicated", PoolOptions::default()).await.unwrap();
    let error = alone.insert_events(&events(1)).await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error}");
}

#[tokio::test]
async fn another_server_is_no_replica() {
    let other = ephemeral();
    let error = open(other.url(), shared()).await.unwrap_err().to_string();
    assert!(
        error.contains("it is not a replica of") && error.contains(&port(shared()).to_string()),
        "{error}"
    );
}
