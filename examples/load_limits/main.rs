//! How close the load driver comes to two load generators that do nothing else, [oha](https://github.com/hatoo/oha) and
//! [wrk](https://github.com/wg/wrk), turn by turn against the same server process:
//! - requests in a second over 50 connections that never pause, and processor time a request of the driver's own process;
//! - latencies at the same open rate, as the driver and oha see them.
//!
//! ```text
//! apt-get install wrk; cargo install --locked oha
//! cargo run --release --example load_limits
//! ```
//!
//! Each driver is a process of its own; so is the server.

mod drivers;
mod ours;
mod server;

use std::error::Error;

use drivers::{Driver, Seen};
use server::ServerProcess;

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROUNDS: usize = 5;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare(),
        ["serve"] => server::serve(),
        ["closed", url, seconds] => ours::closed(url, seconds.parse()?),
        ["open", url, rate, seconds] => ours::open(url, rate.parse()?, seconds.parse()?),
        _ => Err("give no arguments: the others are for the processes that this starts".into()),
    }
}

fn compare() -> Outcome<()> {
    let server = ServerProcess::start()?;
    println!("50 connections without pause, {} s each, median of {ROUNDS} rounds:", drivers::SECONDS);
    let ours = closed_loop(&server)?;
    println!("  requests a second over oha's: {:.2} x, over wrk's: {:.2} x", ours[0], ours[1]);
    for (path, what) in [("/", "answers at once"), ("/wait", "takes 5 to 50 ms")] {
        println!("{} requests a second to a server that {what}:", drivers::OPEN_RATE);
        let [p50, p99] = open_rate(&server, path)?;
        println!("  ours over oha's: p50 {p50:.3} x, p99 {p99:.3} x");
    }
    Ok(())
}

/// Requests in a second over those of the others.
fn closed_loop(server: &ServerProcess) -> Outcome<[f64; 2]> {
    let all = in_turns([Driver::Ours, Driver::Oha, Driver::Wrk], |driver| driver.closed(&server.url("/")))?;
    for (driver, seen) in &all {
        let (rate, cpu) = (median(seen, |seen| seen.rate), median(seen, |seen| seen.cpu_a_request));
        println!(
            "  {:10} {rate:>9.0} requests/s  {:>6.2} µs of processor time a request",
            driver.name(),
            cpu * 1e6
        );
    }
    let rate = |at: usize| median(&all[at].1, |seen| seen.rate);
    Ok([rate(0) / rate(1), rate(0) / rate(2)])
}

/// 50th and 99th percentile over oha's.
fn open_rate(server: &ServerProcess, path: &str) -> Outcome<[f64; 2]> {
    let all = in_turns([Driver::Ours, Driver::Oha], |driver| driver.open(&server.url(path)))?;
    for (driver, seen) in &all {
        let (rate, p50, p99) =
            (median(seen, |seen| seen.rate), median(seen, |seen| seen.p50), median(seen, |seen| seen.p99));
        println!(
            "  {:10} {rate:>9.1} requests/s  p50 {:>7.3} ms  p99 {:>7.3} ms",
            driver.name(),
            p50 * 1e3,
            p99 * 1e3
        );
    }
    let over = |value: fn(&Seen) -> f64| median(&all[0].1, value) / median(&all[1].1, value);
    Ok([over(|seen| seen.p50), over(|seen| seen.p99)])
}

/// What each of `drivers` saw in each round. The one that begins changes from round to round.
fn in_turns<const N: usize>(
    drivers: [Driver; N],
    once: impl Fn(Driver) -> Outcome<Seen>,
) -> Outcome<Vec<(Driver, Vec<Seen>)>> {
    let mut all: Vec<(Driver, Vec<Seen>)> = drivers.into_iter().map(|driver| (driver, Vec::new())).collect();
    for round in 0..ROUNDS {
        for turn in 0..N {
            let (driver, seen) = &mut all[(round + turn) % N];
            seen.push(once(*driver)?);
        }
    }
    Ok(all)
}

fn median(seen: &[Seen], value: impl Fn(&Seen) -> f64) -> f64 {
    let mut values: Vec<f64> = seen.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
