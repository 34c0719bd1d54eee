//! What a bench that is killed leaves on a server of the user's is found by the next, and only that.

use std::process::Command;

use backend_bench::backend::database::{ClickHouse, Database, PoolOptions};
use backend_bench::bench::groups::database::{ClickHouseServer, Engine};
use backend_bench::bench::services::clickhouse::{ClickHouseSources, VARIABLE, start_from};
use backend_bench::bench::services::process::Process;

use crate::killed_bench::{self, Bench};
use crate::servers::Server;

#[test]
#[ignore = "no test of its own: the process that others start, and kill"]
fn bench_that_is_killed() {
    if !killed_bench::is_this() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = ClickHouseServer.start(&runtime).unwrap();
    let _opened = runtime.block_on(running.open());
    killed_bench::wait_to_be_killed();
}

/// What the next bench does first; then how many databases are there.
async fn left(server: &Server) -> String {
    let url = Some(server.url.clone());
    start_from(&ClickHouseSources { url, cluster: None, ..ClickHouseSources::of_this_machine() }).unwrap();
    server.run("SELECT count() FROM system.databases WHERE name LIKE 'backend_bench_%'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_a_killed_bench_is_removed_and_that_of_a_living_one_is_not() {
    let server = Server::start().await;
    let (killed, living) = (Bench::on(VARIABLE, &server.url), Bench::on(VARIABLE, &server.url));
    assert_eq!(left(&server).await, "2");
    drop(killed);
    assert_eq!(left(&server).await, "1");
    drop(living);
    assert_eq!(left(&server).await, "0");
}

/// A database of ours by name and marker, signed by `user`.
async fn signed(server: &Server, number: u64, user: &str) -> ClickHouse {
    let name = format!("backend_bench_{number:016x}");
    let database = ClickHouse::open(&server.url, &name, PoolOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    if !user.is_empty() {
        database.sign(user).await.unwrap();
        assert_eq!(database.signatures().await.unwrap(), [user]);
    }
    database
}

/// A process that was, here.
fn gone() -> Process {
    let mut child = Command::new("sleep").arg("600").spawn().unwrap();
    let process = Process::numbered(i32::try_from(child.id()).unwrap()).unwrap();
    child.kill().and_then(|()| child.wait()).unwrap();
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_in_use_or_is_not_ours_stays() {
    let server = Server::start().await;
    let gone = gone().to_string();
    let elsewhere = gone.replacen(|letter: char| letter.is_ascii_hexdigit(), "x", 1);
    let users = ["", "a user\\'s 'own' words", &format!("{elsewhere} -"), &format!("{gone} a_cluster")];
    for (number, user) in (1..).zip(users) {
        signed(&server, number, user).await;
    }
    make_others(&server, &gone).await;
    assert_eq!(left(&server).await, "7");
}

/// One that a living process uses as well, one with another table in it, one without the marker; and one to remove.
async fn make_others(server: &Server, gone: &str) {
    let shared = signed(server, 5, &format!("{gone} -")).await;
    shared.sign(&format!("{} -", Process::this().unwrap())).await.unwrap();
    signed(server, 6, &format!("{gone} -")).await;
    server
        .run("CREATE TABLE backend_bench_0000000000000006.notes (id Int64) ENGINE = MergeTree ORDER BY id")
        .await;
    server.run("CREATE DATABASE backend_bench_0000000000000007").await;
    server
        .run("CREATE TABLE backend_bench_0000000000000007.events (id Int64) ENGINE = MergeTree ORDER BY id")
        .await;
    signed(server, 8, &format!("{gone} -")).await;
}
