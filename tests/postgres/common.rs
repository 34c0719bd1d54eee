//! Servers and databases to test on.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use backend_bench::backend::database::{Corpus, Database, Event, PoolOptions, Postgres};
use backend_bench::bench::services::Service;
use backend_bench::bench::services::postgres::{PostgresSources, start_from};
use rustix::process::Pid;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A server of this machine's, whatever `DATABASE_URL` says: these tests stop and fill what they are given.
pub fn ephemeral() -> Service {
    let sources = PostgresSources { url: None, ..PostgresSources::of_this_machine() };
    start_from(&sources).unwrap_or_else(|error| panic!("{error}"))
}

/// One for all tests that leave it as it is. It ends with this process.
pub fn shared() -> &'static str {
    static SHARED: OnceLock<Service> = OnceLock::new();
    SHARED.get_or_init(ephemeral).url()
}

/// A name for a schema, a user or a database that no other test has.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{what}_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A migrated schema of its own on the shared server.
pub async fn database(options: PoolOptions) -> Postgres {
    let database = Postgres::open(shared(), &unique("test"), options).await.unwrap();
    database.migrate().await.unwrap();
    database
}

pub fn events(count: usize) -> Vec<Event> {
    Corpus::new(11).take(count).collect()
}

/// Runs statements as the server's own user.
pub async fn run(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The one number that a query gives.
pub async fn number(url: &str, query: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let query = sqlx::query_scalar(AssertSqlSafe(query.to_owned()));
    let number = query.fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    number
}

/// `url` with another user.
pub fn as_user(url: &str, user: &str, password: &str) -> String {
    let at = url.rfind('@').unwrap();
    format!("postgres://{user}:{password}{}", &url[at..])
}

/// The password in a URL.
pub fn password(url: &str) -> &str {
    let rest = url.strip_prefix("postgres://postgres:").unwrap();
    rest.split('@').next().unwrap()
}

/// The port in a URL.
pub fn port(url: &str) -> u16 {
    let (_, place) = url.rsplit_once(':').unwrap();
    place.split('/').next().unwrap().parse().unwrap()
}

/// The folder of an ephemeral server.
pub async fn folder(url: &str) -> PathBuf {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let data: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    Path::new(&data).parent().unwrap().to_owned()
}

/// The process id of the server in `folder`.
pub fn server_in(folder: &Path) -> Pid {
    let file = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    Pid::from_raw(file.lines().next().unwrap().parse().unwrap()).unwrap()
}

/// Whether the process is there, and no zombie.
pub fn runs(pid: Pid) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// Waits until `holds`, and fails after 20 seconds.
pub async fn eventually<H: Future<Output = bool>>(what: &str, holds: impl Fn() -> H) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(20), "waited in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
