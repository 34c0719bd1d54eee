//! The drivers, each run as a process, and what it says that it saw.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use super::Outcome;

/// How long each driver loads the server.
pub const SECONDS: u64 = 2;

/// Connections, and so requests at once.
pub const CONNECTIONS: usize = 50;

/// Arrivals in a second where the rate is open.
pub const OPEN_RATE: u64 = 400;

/// How long the open rate is kept up.
pub const OPEN_SECONDS: u64 = 4;

/// A load generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    Ours,
    Oha,
    /// With `--latency-correction`: its latencies count from when its timer rang, and not from when it sent.
    OhaCorrected,
    Wrk,
}

/// Seconds that half of the requests kept to, and 99 of a hundred; not numbers where the driver does not say.
pub type Percentiles = [f64; 2];

const UNSAID: Percentiles = [f64::NAN; 2];

/// What a driver saw.
#[derive(Debug)]
pub struct Seen {
    /// Requests answered in a second.
    pub rate: f64,
    /// Seconds of processor time of the driver's process, a request.
    pub cpu_a_request: f64,
    /// Counted from when each request was due.
    pub response: Percentiles,
    /// Counted from when each was sent.
    pub service: Percentiles,
}

impl Driver {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "bench::load",
            Self::Oha => "oha",
            Self::OhaCorrected => "oha, corrected",
            Self::Wrk => "wrk",
        }
    }

    /// All connections busy all the time.
    pub fn closed(self, url: &str) -> Outcome<Seen> {
        let (seconds, connections) = (SECONDS.to_string(), CONNECTIONS.to_string());
        let duration = format!("{seconds}s");
        match self {
            Self::Ours => ours(&["closed", url, &seconds]),
            Self::Oha | Self::OhaCorrected => oha(&["-z", &duration, "-c", &connections, url]),
            Self::Wrk => wrk(&["-t", "2", "-d", &duration, "-c", &connections, url]),
        }
    }

    /// Requests at a fixed rate.
    pub fn open(self, url: &str) -> Outcome<Seen> {
        let (seconds, rate) = (OPEN_SECONDS.to_string(), OPEN_RATE.to_string());
        let (duration, connections) = (format!("{seconds}s"), CONNECTIONS.to_string());
        match self {
            Self::Ours => ours(&["open", url, &rate, &seconds]),
            Self::Oha => oha(&["-z", &duration, "-c", &connections, "-q", &rate, url]),
            Self::OhaCorrected => {
                let seen =
                    oha(&["-z", &duration, "-c", &connections, "-q", &rate, "--latency-correction", url])?;
                Ok(Seen { response: seen.service, service: UNSAID, ..seen })
            }
            Self::Wrk => Err("wrk has no open rate".into()),
        }
    }
}

fn ours(arguments: &[&str]) -> Outcome<Seen> {
    let program = std::env::current_exe()?;
    let (output, cpu) = timed(Command::new(program).args(arguments))?;
    let numbers: Vec<f64> = output.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [rate, requests, p50, p99, service50, service99] = numbers[..] else {
        return Err(format!("not six numbers: {output}").into());
    };
    Ok(Seen { rate, cpu_a_request: cpu / requests, response: [p50, p99], service: [service50, service99] })
}

fn oha(arguments: &[&str]) -> Outcome<Seen> {
    let mut command = Command::new("oha");
    command.args(["--no-tui", "--output-format", "json", "-w"]).args(arguments);
    let (output, cpu) = timed(&mut command)?;
    let seen: Value = serde_json::from_str(&output)?;
    let number =
        |pointer: &str| seen.pointer(pointer).and_then(Value::as_f64).ok_or("oha says nothing of it");
    let requests = number("/statusCodeDistribution/200")?;
    Ok(Seen {
        rate: requests / number("/summary/total")?,
        cpu_a_request: cpu / requests,
        response: UNSAID,
        service: [number("/latencyPercentiles/p50")?, number("/latencyPercentiles/p99")?],
    })
}

fn wrk(arguments: &[&str]) -> Outcome<Seen> {
    let (output, cpu) = timed(Command::new("wrk").args(arguments))?;
    let after = |word: &str| output.lines().find_map(|line| line.trim().strip_prefix(word)).map(str::trim);
    let rate: f64 = after("Requests/sec:").ok_or("wrk says no rate")?.parse()?;
    let requests = output.lines().find(|line| line.contains(" requests in "));
    let requests = requests.and_then(|line| line.split_whitespace().next()).ok_or("wrk says no number")?;
    Ok(Seen { rate, cpu_a_request: cpu / requests.parse::<f64>()?, response: UNSAID, service: UNSAID })
}

/// What `command` printed, and the seconds of processor time that it took.
fn timed(command: &mut Command) -> Outcome<(String, f64)> {
    let before = cpu_of_children()?;
    let output: Output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok((String::from_utf8(output.stdout)?, cpu_of_children()? - before))
}

/// Seconds of processor time of the processes that this one has waited for, in steps of 10 ms.
fn cpu_of_children() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may hold spaces; user and system time of children are 14 fields behind it.
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/self/stat has no name in brackets")?;
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}
