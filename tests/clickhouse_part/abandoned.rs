//! What a bench that is killed leaves on a server of the user's is found by the next, and only that.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use backend_bench::backend::database::{ClickHouse, Database, PoolOptions};
use backend_bench::bench::groups::database::{ClickHouseServer, Engine};
use backend_bench::bench::services::clickhouse::{Sources, VARIABLE, start_from};
use backend_bench::bench::services::process::Process;

use crate::servers::{Server, start_modern, start_oldest};

/// Makes the process that [`Bench::on`] starts different from one that runs all tests.
const BENCH: &str = "BACKEND_BENCH_TEST_OF_ABANDONED_DATABASES";

#[test]
#[ignore = "no test of its own: the process that others start, and kill"]
fn bench_that_is_killed() {
    if std::env::var_os(BENCH).is_none() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = ClickHouseServer.start(&runtime).unwrap();
    let _opened = runtime.block_on(running.open());
    println!("at work");
    std::thread::sleep(std::time::Duration::from_mins(10));
}

/// A bench at work on the server at `url`, with a database of its own.
struct Bench(Child);

impl Bench {
    fn on(server: &Server) -> Self {
        let mut bench = Command::new(std::env::current_exe().unwrap());
        bench.args(["--exact", "abandoned::bench_that_is_killed", "--ignored", "--nocapture"]);
        bench.env(BENCH, "1").env(VARIABLE, &server.url);
        let mut bench = bench.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(bench.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("at work")), "the bench did not get to work");
        Self(bench)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).unwrap();
    }
}

/// What the next bench does first; then how many databases are there.
async fn left(server: &Server) -> String {
    let url = Some(server.url.clone());
    start_from(&Sources { url, cluster: None, ..Sources::of_this_machine() }).unwrap();
    server.run("SELECT count() FROM system.databases WHERE name LIKE 'backend_bench_%'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_a_killed_bench_is_removed_and_that_of_a_living_one_is_not() {
    for server in [start_oldest().await, start_modern().await] {
        let (killed, living) = (Bench::on(&server), Bench::on(&server));
        assert_eq!(left(&server).await, "2");
        drop(killed);
        assert_eq!(left(&server).await, "1");
        drop(living);
        assert_eq!(left(&server).await, "0");
    }
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
    let server = start_oldest().await;
    let gone = gone().to_string();
    let elsewhere = gone.replacen(|letter: char| letter.is_ascii_hexdigit(), "x", 1);
    let users = ["", "somebody\\'s 'own' words", &format!("{elsewhere} -"), &format!("{gone} a_cluster")];
    for (number, user) in (1..).zip(users) {
        signed(&server, number, user).await;
    }
    make_others(&server, &gone).await;
    assert_eq!(left(&server).await, "7");
}

/// One that somebody uses as well, one with a table of somebody's in it, one that was never ours; and one to remove.
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
