//! What is claimed of ClickHouse on a bare machine, each claim measured by a function of its own.
//!
//! ```text
//! scripts/engines.sh clickhouse
//! cargo build --release && cargo run --release -p validation --example clickhouse_limits
//! ```

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use backend_bench::backend::database::{ClickHouse, Corpus, Database, Event, PoolOptions, corpus};
use backend_bench::bench::services::{clickhouse as service, fetched_folder};
use clickhouse::Client;
use reqwest::Url;
use rustix::fs::{Advice, fadvise};
use tokio::runtime::Runtime;
use validation::rounds::{Rounds, milliseconds};

/// Pieces of an insert are large, and the system's allocator gives their pages back to the kernel each time.
#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROUNDS: usize = 15;
const STARTS: usize = 7;
const ROWS: usize = 50_000;
const TABLE: &str = "backend_bench_limits.events";
const LOOKUPS: i64 = 200;

/// Tables whose lookups are compared.
const SIZES: [usize; 2] = [1_000, 1_000_000];

fn main() -> Outcome<()> {
    let runtime = Runtime::new()?;
    runtime.block_on(on_one_server())?;
    from_nothing_to_the_first_query()
}

async fn on_one_server() -> Outcome<()> {
    let server = service::start()?;
    let metadata = server.metadata();
    println!(
        "{} {} ({}; {})",
        metadata.name,
        metadata.version,
        metadata.origin,
        metadata.settings.join(", ")
    );
    bulk(server.url()).await?;
    growth(server.url()).await
}

/// Our insert beside the engine's own load of the same rows: from a file of its own format, which it reads itself, into
/// the same table.
async fn bulk(url: &str) -> Outcome<()> {
    let (folder, client) = (tempfile::tempdir()?, client(url)?);
    let database = ClickHouse::open(url, "backend_bench_limits", PoolOptions::default()).await?;
    database.migrate().await?;
    let done = load_in_turns(&database, &client, &folder.path().join("events.native")).await;
    database.remove_database().await?;
    done
}

async fn load_in_turns(database: &ClickHouse, client: &Client, file: &Path) -> Outcome<()> {
    let (events, mut rounds) = (Corpus::new(20).take(ROWS).collect::<Vec<Event>>(), Rounds::default());
    database.insert_events(&events).await?;
    let load = written(client, file).await?;
    emptied(database).await?;
    for _ in 0..=ROUNDS {
        let ours = milliseconds(database.insert_events(&events)).await?;
        emptied(database).await?;
        let theirs = milliseconds(client.query(&load).execute()).await?;
        emptied(database).await?;
        rounds.note(ours, theirs);
    }
    rounds.print(
        &format!("{ROWS} rows, median of {ROUNDS} rounds"),
        ["insert_events", "load of a local file"],
        "ms",
    );
    Ok(())
}

/// Lets the engine write the rows to a file, and returns the statement that loads them from there.
async fn written(client: &Client, file: &Path) -> Outcome<String> {
    let file = format!("file('{}', 'Native')", file.display());
    client.query(&format!("INSERT INTO FUNCTION {file} SELECT * FROM {TABLE} ORDER BY id")).execute().await?;
    Ok(format!("INSERT INTO {TABLE} SELECT * FROM {file}"))
}

/// Checks that all rows are there, and removes them.
async fn emptied(database: &ClickHouse) -> Outcome<()> {
    let stored = database.count_events().await?;
    if stored != ROWS as u64 {
        return Err(format!("{stored} of {ROWS} rows were stored").into());
    }
    Ok(database.clear_events().await?)
}

/// Lookups in a large table beside those in a small one.
async fn growth(url: &str) -> Outcome<()> {
    let [small, large] = [table(url, SIZES[0]).await?, table(url, SIZES[1]).await?];
    let mut rounds = Rounds::default();
    for _ in 0..=ROUNDS {
        rounds.note(lookup(&large, SIZES[1]).await?, lookup(&small, SIZES[0]).await?);
    }
    let title = format!("a lookup, mean of {LOOKUPS}, median of {ROUNDS} rounds");
    rounds.print(&title, ["in 1,000,000 rows", "in 1,000 rows"], "ms");
    small.remove_database().await?;
    Ok(large.remove_database().await?)
}

async fn table(url: &str, rows: usize) -> Outcome<ClickHouse> {
    let database = ClickHouse::open(url, &format!("backend_bench_of_{rows}"), PoolOptions::default()).await?;
    database.migrate().await?;
    database.clear_events().await?;
    corpus::load(&database, 20, rows).await?;
    Ok(database)
}

/// Milliseconds for each of many.
async fn lookup(database: &ClickHouse, rows: usize) -> Outcome<f64> {
    let mut spent = 0.0;
    for number in 0..LOOKUPS {
        let id = 1 + number * 7_919 % i64::try_from(rows)?;
        spent += milliseconds(async {
            let found = database.event(id).await.map_err(|error| error.to_string())?;
            found.filter(|event| event.id == id).ok_or_else(|| format!("event {id} was not found"))
        })
        .await?;
    }
    Ok(spent / LOOKUPS as f64)
}

/// No server runs; then one is started, asked, and has answered. First with the library in memory from earlier use, then
/// with the operating system told to forget it, so that it comes from the disk.
fn from_nothing_to_the_first_query() -> Outcome<()> {
    println!("from nothing to the first answer, median and worst of {STARTS} (limit: 3 s):");
    for (name, forget) in [("library in memory", false), ("library on disk", true)] {
        let mut times = (0..STARTS).map(|_| first_query(forget)).collect::<Result<Vec<Duration>, _>>()?;
        times.sort();
        let [median, worst] = [times[STARTS / 2], times[STARTS - 1]].map(|time| time.as_secs_f64());
        println!("  {name:<20}{median:>8.3} s{worst:>8.3} s");
    }
    Ok(())
}

fn first_query(forget: bool) -> Outcome<Duration> {
    if forget {
        let library = File::open(fetched_folder().join("chdb/libchdb.so"))?;
        fadvise(&library, 0, None, Advice::DontNeed)?;
    }
    let started = Instant::now();
    let server = service::start()?;
    let one = Runtime::new()?.block_on(client(server.url())?.query("SELECT 1").fetch_one::<u8>())?;
    let taken = started.elapsed();
    if one == 1 { Ok(taken) } else { Err(format!("the answer to `SELECT 1` is {one}").into()) }
}

/// The official client with its defaults.
fn client(url: &str) -> Outcome<Client> {
    let url = Url::parse(url)?;
    let port = url.port().ok_or("the URL of an ephemeral server has a port")?;
    let password = url.password().ok_or("the URL of an ephemeral server has a password")?;
    Ok(Client::default()
        .with_url(format!("http://127.0.0.1:{port}"))
        .with_user(url.username())
        .with_password(password))
}
