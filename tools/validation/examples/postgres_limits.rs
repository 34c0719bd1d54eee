//! How close the PostgreSQL engine comes to what the server and its own tools can do, turn by turn in one run:
//! the bulk insert beside `psql \copy` of the same rows, a point query through the pool beside one on a bare
//! connection, and the time from nothing to the first answer.
//!
//! ```text
//! cargo run --release -p validation --example postgres_limits
//! ```
//!
//! Uses the server that the benches would use; `psql` has to be in PATH.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use backend_bench::backend::database::{Corpus, Database, Event, PoolOptions, Postgres};
use backend_bench::bench::services::{Service, postgres};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use validation::rounds;

use rounds::{Rounds, median, milliseconds};

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROWS: usize = 50_000;
const ROUNDS: usize = 15;
const STARTS: usize = 7;
const LOOKUPS: i64 = 2_000;
const SCHEMA: &str = "backend_bench_limits";

const BY_ID: &str = "SELECT id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, cost_usd, \
                     payload, at_us FROM backend_bench_limits.events WHERE id = $1";

#[tokio::main]
async fn main() -> Outcome<()> {
    let service = from_nothing().await?;
    println!(
        "{} {} ({})",
        service.metadata().name,
        service.metadata().version,
        service.metadata().settings.join(", ")
    );
    let database = Postgres::open(service.url(), SCHEMA, PoolOptions::default()).await?;
    database.migrate().await?;
    let done = compare(&database, service.url()).await;
    database.remove_schema().await?;
    done
}

/// A server, of which it prints how long it took from nothing to the answer to a query on migrated tables.
async fn from_nothing() -> Outcome<Service> {
    let (mut times, mut last) = (Vec::new(), None);
    for _ in 0..STARTS {
        drop(last.take());
        let started = Instant::now();
        let service = postgres::start()?;
        let database = Postgres::open(service.url(), SCHEMA, PoolOptions::default()).await?;
        database.migrate().await?;
        database.count_events().await?;
        times.push(started.elapsed().as_secs_f64());
        database.remove_schema().await?;
        last = Some(service);
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    println!(
        "from nothing to the first answer, median and worst of {STARTS}:{:>7.2} s{worst:>7.2} s",
        median(times)
    );
    Ok(last.ok_or("no server")?)
}

async fn compare(database: &Postgres, url: &str) -> Outcome<()> {
    let events: Vec<Event> = Corpus::new(20).take(ROWS).collect();
    let files = Files::of(&events)?;
    bulk(database, url, &events, &files).await?;
    lookups(database, url).await
}

/// The rows, as psql takes them.
struct Files {
    _folder: TempDir,
    text: PathBuf,
}

impl Files {
    /// In COPY's text format. Of what has to be escaped in it, the corpus has nothing.
    fn of(events: &[Event]) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let text = folder.path().join("events.txt");
        let mut file = BufWriter::new(File::create(&text)?);
        for event in events {
            write_row(&mut file, event)?;
        }
        file.flush()?;
        Ok(Self { _folder: folder, text })
    }
}

fn write_row(file: &mut impl Write, event: &Event) -> std::io::Result<()> {
    let Event { id, thread_id, workload, model, input_tokens, output_tokens, .. } = event;
    write!(file, "{id}\t{thread_id}\t{workload}\t{model}\t{input_tokens}\t{output_tokens}\t")?;
    writeln!(file, "{:?}\t{:?}\t{}\t{}", event.latency_ms, event.cost_usd, event.payload, event.at_us)
}

/// `\copy` in psql's own timing, so without the start of the program and without connecting.
fn psql(url: &str, rows: &Path) -> Outcome<f64> {
    let copy = format!("\\copy {SCHEMA}.events from '{}'", rows.display());
    let output = Command::new("psql").args([url, "-X", "-c", "\\timing on", "-c", &copy]).output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let time = printed.lines().find_map(|line| line.strip_prefix("Time: ")?.split(' ').next()?.parse().ok());
    time.ok_or_else(|| format!("psql: {printed}{}", String::from_utf8_lossy(&output.stderr)).into())
}

async fn bulk(database: &Postgres, url: &str, events: &[Event], files: &Files) -> Outcome<()> {
    let mut rounds = Rounds::default();
    for _ in 0..=ROUNDS {
        let ours = milliseconds(database.insert_events(events)).await?;
        emptied(database).await?;
        let theirs = psql(url, &files.text)?;
        emptied(database).await?;
        rounds.note(ours, theirs);
    }
    rounds.print(&format!("{ROWS} rows, median of {ROUNDS} rounds"), ["insert_events", "psql \\copy"], "ms");
    Ok(())
}

/// Checks that all rows are there, and removes them.
async fn emptied(database: &Postgres) -> Outcome<()> {
    let stored = database.count_events().await?;
    if stored != ROWS as u64 {
        return Err(format!("{stored} of {ROWS} rows were stored").into());
    }
    Ok(database.clear_events().await?)
}

async fn lookups(database: &Postgres, url: &str) -> Outcome<()> {
    database.insert_events(&Corpus::new(20).take(ROWS).collect::<Vec<_>>()).await?;
    let mut bare = PgConnection::connect(url).await?;
    let mut rounds = Rounds::default();
    for _ in 0..=ROUNDS {
        let ours = each(async |id| Ok(database.event(id).await?)).await?;
        let theirs = each(async |id| Ok(by_id(&mut bare, id).await?)).await?;
        rounds.note(ours, theirs);
    }
    let title = format!("{LOOKUPS} point queries one after the other, median of {ROUNDS} rounds");
    rounds.print(&title, ["through the pool", "bare connection"], "us each");
    Ok(())
}

/// Microseconds for each of many lookups.
async fn each(mut look_up: impl AsyncFnMut(i64) -> Outcome<Option<Event>>) -> Outcome<f64> {
    let mut spent = Duration::ZERO;
    for number in 0..LOOKUPS {
        let id = 1 + number * 7_919 % i64::try_from(ROWS)?;
        let started = Instant::now();
        let found = look_up(id).await?;
        spent += started.elapsed();
        if found.is_none_or(|event| event.id != id) {
            return Err(format!("event {id} was not found").into());
        }
    }
    Ok(spent.as_secs_f64() * 1e6 / LOOKUPS as f64)
}

async fn by_id(connection: &mut PgConnection, id: i64) -> Result<Option<Event>, sqlx::Error> {
    sqlx::query_as(BY_ID).bind(id).fetch_optional(connection).await
}
