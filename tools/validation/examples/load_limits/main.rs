//! How close the load driver comes to two load generators that do nothing else, [oha](https://github.com/hatoo/oha) and
//! [wrk](https://github.com/wg/wrk), turn by turn against the same server process:
//! - requests in a second over 50 connections that never pause, and processor time a request of the driver's own process;
//! - latencies at the same open rate, as the driver and oha see them: from when each request was sent, and from when it was
//!   due, as oha has it with `--latency-correction`.
//!
//! ```text
//! apt-get install wrk; cargo install --locked oha
//! cargo run --release -p validation --example load_limits
//! ```
//!
//! Each driver is a process of its own; so is the server.

mod drivers;
mod get;
mod ours;
mod server;

use std::error::Error;

use drivers::{Driver, Percentiles, Seen};
use server::ServerProcess;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Rounds of requests without pause, whose rates move from one round to the next, and of an open rate.
const CLOSED_ROUNDS: usize = 11;
const OPEN_ROUNDS: usize = 7;

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
    println!("50 connections without pause, {} s each, median of {CLOSED_ROUNDS} rounds:", drivers::SECONDS);
    let ours = closed_loop(&server)?;
    println!("  requests a second over oha's: {:.2} x, over wrk's: {:.2} x", ours[0], ours[1]);
    for (path, what) in [("/", "answers at once"), ("/wait", "takes 5 to 50 ms")] {
        let (rate, seconds) = (drivers::OPEN_RATE, drivers::OPEN_SECONDS);
        println!(
            "{rate} requests a second to a server that {what}, {seconds} s each, median of {OPEN_ROUNDS} rounds:"
        );
        open_rate(&server, path)?;
    }
    Ok(())
}

/// Requests in a second over those of the others.
fn closed_loop(server: &ServerProcess) -> Outcome<[f64; 2]> {
    let drivers = [Driver::Ours, Driver::Oha, Driver::Wrk];
    let all = in_turns(CLOSED_ROUNDS, drivers, |driver| driver.closed(&server.url("/")))?;
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

/// Latencies of like kind side by side, all of the same rounds.
fn open_rate(server: &ServerProcess, path: &str) -> Outcome<()> {
    let drivers = [Driver::Ours, Driver::Oha, Driver::OhaCorrected];
    let all = in_turns(OPEN_ROUNDS, drivers, |driver| driver.open(&server.url(path)))?;
    side_by_side("from when each was sent", &all[0], &all[1], |seen| seen.service);
    side_by_side("from when each was due", &all[0], &all[2], |seen| seen.response);
    Ok(())
}

type Rounds = (Driver, Vec<Seen>);

fn side_by_side(what: &str, ours: &Rounds, theirs: &Rounds, of: fn(&Seen) -> Percentiles) {
    let medians = [ours, theirs].map(|(driver, seen)| {
        let [p50, p99] = [0, 1].map(|at| median(seen, |seen| of(seen)[at]));
        let (name, rate) = (driver.name(), median(seen, |seen| seen.rate));
        println!(
            "  {what:<25}{name:15}{rate:>7.1} requests/s  p50 {:>7.3} ms  p99 {:>7.3} ms",
            p50 * 1e3,
            p99 * 1e3
        );
        [p50, p99]
    });
    let [p50, p99] = [0, 1].map(|at| medians[0][at] / medians[1][at]);
    println!("  {:<25}ours over oha's: p50 {p50:.3} x, p99 {p99:.3} x", "");
}

/// What each of `drivers` saw in each round. The one that begins changes from round to round.
fn in_turns<const N: usize>(
    rounds: usize,
    drivers: [Driver; N],
    once: impl Fn(Driver) -> Outcome<Seen>,
) -> Outcome<Vec<Rounds>> {
    let mut all: Vec<Rounds> = drivers.into_iter().map(|driver| (driver, Vec::new())).collect();
    for round in 0..rounds {
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
