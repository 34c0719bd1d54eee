//! What is claimed of ClickHouse on a bare machine, each claim measured by a function of its own.
//!
//! ```text
//! scripts/engines.sh clickhouse
//! cargo build --release && cargo run --release --example clickhouse_limits
//! ```

use std::error::Error;
use std::fs::File;
use std::time::{Duration, Instant};

use backend_bench::bench::services::{clickhouse as service, fetched_folder};
use clickhouse::Client;
use reqwest::Url;
use rustix::fs::{Advice, fadvise};
use tokio::runtime::Runtime;

const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    from_nothing_to_the_first_query()
}

/// No server runs; then one is started, asked, and has answered. First with the library in memory from earlier use, then
/// with the operating system told to forget it, so that it comes from the disk.
fn from_nothing_to_the_first_query() -> Result<(), Box<dyn Error>> {
    println!("from nothing to the first answer, median and worst of {ROUNDS} (limit: 3 s):");
    for (name, forget) in [("library in memory", false), ("library on disk", true)] {
        let mut times = (0..ROUNDS).map(|_| first_query(forget)).collect::<Result<Vec<Duration>, _>>()?;
        times.sort();
        let [median, worst] = [times[ROUNDS / 2], times[ROUNDS - 1]].map(|time| time.as_secs_f64());
        println!("  {name:<20}{median:>8.3} s{worst:>8.3} s");
    }
    Ok(())
}

fn first_query(forget: bool) -> Result<Duration, Box<dyn Error>> {
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
fn client(url: &str) -> Result<Client, Box<dyn Error>> {
    let url = Url::parse(url)?;
    let port = url.port().ok_or("a throwaway's URL has a port")?;
    let password = url.password().ok_or("a throwaway's URL has a password")?;
    Ok(Client::default()
        .with_url(format!("http://127.0.0.1:{port}"))
        .with_user(url.username())
        .with_password(password))
}
