//! Our insert beside that of `clickhouse-client`, into Debian's server: the only one here that speaks the client's
//! protocol.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use backend_bench::backend::database::{ClickHouse, Corpus, Database, Event, PoolOptions};
use tempfile::TempDir;

use super::rounds::{Rounds, milliseconds};
use super::{Outcome, ROUNDS, ROWS, emptied};

const DATABASE: &str = "backend_bench_limits";
const PATIENCE: Duration = Duration::from_secs(10);

/// Compares them, where both programs are installed.
pub async fn compare() -> Outcome<()> {
    let server = match Server::start() {
        Ok(server) => server,
        Err(error) => {
            println!(
                "clickhouse-client: NOT RUN: {error}: apt-get install clickhouse-server clickhouse-client"
            );
            return Ok(());
        }
    };
    let database = server.opened().await?;
    println!("clickhouse {}:", database.version().await?);
    database.migrate().await?;
    in_turns(&database, &server).await
}

/// The client sends compressed blocks by default, and plain ones where it is told so.
async fn in_turns(database: &ClickHouse, server: &Server) -> Outcome<()> {
    let events: Vec<Event> = Corpus::new(20).take(ROWS).collect();
    database.insert_events(&events).await?;
    let rows = server.written_rows()?;
    emptied(database).await?;
    for (name, compression) in [("client, its defaults", "1"), ("client, no compression", "0")] {
        let mut rounds = Rounds::default();
        for _ in 0..=ROUNDS {
            let ours = milliseconds(database.insert_events(&events)).await?;
            emptied(database).await?;
            let theirs = server.insert(&rows, compression)?;
            emptied(database).await?;
            rounds.note(ours, theirs);
        }
        let title = format!("{ROWS} rows, median of {ROUNDS} rounds");
        rounds.print(&title, ["insert_events", name], "ms");
    }
    Ok(())
}

/// Debian's server on a folder and ports of its own, ended when dropped.
struct Server {
    process: Child,
    folder: TempDir,
    http: u16,
    native: u16,
}

impl Server {
    fn start() -> Outcome<Self> {
        let (folder, http, native) = (tempfile::tempdir()?, free_port()?, free_port()?);
        fs::write(folder.path().join("config.xml"), config(folder.path(), http, native))?;
        fs::write(folder.path().join("users.xml"), USERS)?;
        let mut command = Command::new("clickhouse-server");
        command.arg(format!("--config-file={}", folder.path().join("config.xml").display()));
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { process, folder, http, native })
    }

    /// Our database there, once the server can be asked.
    async fn opened(&self) -> Outcome<ClickHouse> {
        let (url, started) = (format!("http://127.0.0.1:{}", self.http), Instant::now());
        loop {
            match ClickHouse::open(&url, DATABASE, PoolOptions::default()).await {
                Ok(database) => return Ok(database),
                Err(error) if started.elapsed() > PATIENCE => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn client(&self) -> Command {
        let mut client = Command::new("clickhouse-client");
        client.args(["--host", "127.0.0.1", "--port", &self.native.to_string()]);
        client
    }

    /// Has the client write the rows to a file, and returns that.
    fn written_rows(&self) -> Outcome<PathBuf> {
        let path = self.folder.path().join("events.native");
        let query = format!("SELECT * FROM {DATABASE}.events ORDER BY id FORMAT Native");
        let mut client = self.client();
        let status = client.args(["--query", &query]).stdout(File::create(&path)?).status()?;
        if status.success() { Ok(path) } else { Err("clickhouse-client wrote no rows".into()) }
    }

    /// Milliseconds by the client's own clock, so without its start and its connection.
    fn insert(&self, rows: &Path, compression: &str) -> Outcome<f64> {
        let query = format!("INSERT INTO {DATABASE}.events FORMAT Native");
        let mut client = self.client();
        client.args(["--time", "--compression", compression, "--query", &query]).stdin(File::open(rows)?);
        let output = client.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let seconds = said.trim().parse::<f64>().ok().filter(|_| output.status.success());
        seconds.map(|seconds| seconds * 1e3).ok_or_else(|| format!("clickhouse-client: {said}").into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn config(folder: &Path, http: u16, native: u16) -> String {
    let folder = folder.display();
    format!(
        "<yandex>\n\
         <logger><level>none</level></logger>\n\
         <listen_host>127.0.0.1</listen_host>\n\
         <http_port>{http}</http_port>\n\
         <tcp_port>{native}</tcp_port>\n\
         <path>{folder}/data/</path>\n\
         <tmp_path>{folder}/tmp/</tmp_path>\n\
         <format_schema_path>{folder}/format_schemas/</format_schema_path>\n\
         <users_config>{folder}/users.xml</users_config>\n\
         <default_profile>default</default_profile>\n\
         <default_database>default</default_database>\n\
         <mark_cache_size>268435456</mark_cache_size>\n\
         </yandex>\n"
    )
}

const USERS: &str = "<yandex>\n\
     <profiles><default></default></profiles>\n\
     <users><default>\n\
     <password></password>\n\
     <networks><ip>127.0.0.1</ip></networks>\n\
     <profile>default</profile>\n\
     <quota>default</quota>\n\
     </default></users>\n\
     <quotas><default></default></quotas>\n\
     </yandex>\n";
