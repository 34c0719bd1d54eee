//! Our insert beside that of `clickhouse-client`, into Debian's server: the only one here that speaks the client's
//! protocol.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use backend_bench::backend::database::{ClickHouse, Corpus, Database, Event, PoolOptions};
use backend_bench::bench::services::clickhouse::{Sources, start_with_native_port};
use tempfile::TempDir;

use super::rounds::{Rounds, milliseconds};
use super::{Outcome, ROUNDS, ROWS, emptied, parsed};

const DATABASE: &str = "backend_bench_limits";

/// Compares them, where both programs are installed.
pub async fn compare() -> Outcome<()> {
    let (server, port) = match start_with_native_port(&Sources::of_this_machine()) {
        Ok(started) => started,
        Err(error) => {
            println!(
                "clickhouse-client: NOT RUN: {error}: apt-get install clickhouse-server clickhouse-client"
            );
            return Ok(());
        }
    };
    println!("clickhouse {}:", server.facts().version);
    let database = ClickHouse::open(server.url(), DATABASE, PoolOptions::default()).await?;
    database.migrate().await?;
    in_turns(&database, &NativeClient::new(server.url(), port)?).await
}

/// The client sends compressed blocks by default, and plain ones where it is told so.
async fn in_turns(database: &ClickHouse, client: &NativeClient) -> Outcome<()> {
    let events: Vec<Event> = Corpus::new(20).take(ROWS).collect();
    database.insert_events(&events).await?;
    let rows = client.written_rows()?;
    emptied(database).await?;
    for (name, compression) in [("client, its defaults", "1"), ("client, no compression", "0")] {
        let mut rounds = Rounds::default();
        for _ in 0..=ROUNDS {
            let ours = milliseconds(database.insert_events(&events)).await?;
            emptied(database).await?;
            let theirs = client.insert(&rows, compression)?;
            emptied(database).await?;
            rounds.note(ours, theirs);
        }
        let title = format!("{ROWS} rows, median of {ROUNDS} rounds");
        rounds.print(&title, ["insert_events", name], "ms");
    }
    Ok(())
}

/// `clickhouse-client`, as a user of one server.
struct NativeClient {
    port: u16,
    user: String,
    password: String,
    folder: TempDir,
}

impl NativeClient {
    fn new(url: &str, port: u16) -> Outcome<Self> {
        let (url, password) = parsed(url)?;
        Ok(Self { port, user: url.username().to_owned(), password, folder: tempfile::tempdir()? })
    }

    fn command(&self) -> Command {
        let mut client = Command::new("clickhouse-client");
        client.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        client.args(["--user", &self.user, "--password", &self.password]);
        client
    }

    /// Has it write the rows to a file, and returns that.
    fn written_rows(&self) -> Outcome<PathBuf> {
        let path = self.folder.path().join("events.native");
        let query = format!("SELECT * FROM {DATABASE}.events ORDER BY id FORMAT Native");
        let mut client = self.command();
        let status = client.args(["--query", &query]).stdout(File::create(&path)?).status()?;
        if status.success() { Ok(path) } else { Err("clickhouse-client wrote no rows".into()) }
    }

    /// Milliseconds by its own clock, so without its start and its connection.
    fn insert(&self, rows: &Path, compression: &str) -> Outcome<f64> {
        let query = format!("INSERT INTO {DATABASE}.events FORMAT Native");
        let mut client = self.command();
        client.args(["--time", "--compression", compression, "--query", &query]).stdin(File::open(rows)?);
        let output = client.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let seconds = said.trim().parse::<f64>().ok().filter(|_| output.status.success());
        seconds.map(|seconds| seconds * 1e3).ok_or_else(|| format!("clickhouse-client: {said}").into())
    }
}
