//! Quick and full: one table of sizes, one of sampling effort.
//!
//! The full sizes are those of the suite that this project re-creates; the quick ones are smaller where a full
//! one costs seconds. Ids name the size where it differs; an id without a size is measured with less effort in quick
//! mode, so results of the two modes are not to be compared under it.

use std::time::Duration;

/// The environment variable that chooses the mode: `quick` or `full` (the default).
pub const MODE_VARIABLE: &str = "BENCH_MODE";

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Smaller sizes and fewer samples: feedback while developing.
    Quick,
    /// The sizes that the thresholds were written for.
    Full,
}

/// A value of `BENCH_MODE` that names no mode.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{MODE_VARIABLE}={0:?} names no mode: set it to `quick` or `full`, or unset it for `full`")]
pub struct UnknownMode(String);

impl std::str::FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "quick" => Ok(Self::Quick),
            "full" | "" => Ok(Self::Full),
            other => Err(UnknownMode(other.to_owned())),
        }
    }
}

impl Mode {
    /// The mode that the environment asks for.
    ///
    /// # Errors
    /// `BENCH_MODE` is set to something else than `quick`, `full` or nothing.
    pub fn from_env() -> Result<Self, UnknownMode> {
        std::env::var(MODE_VARIABLE).unwrap_or_default().parse()
    }

    /// The sizes of this mode.
    #[must_use]
    pub fn sizes(self) -> &'static Sizes {
        match self {
            Self::Quick => &QUICK,
            Self::Full => &FULL,
        }
    }

    /// How long and how often a benchmark is sampled in this mode.
    #[must_use]
    pub fn effort(self) -> Effort {
        match self {
            Self::Quick => Effort {
                samples: 10,
                warm_up: Duration::from_millis(100),
                measurement: Duration::from_millis(500),
                resamples: 10_000,
            },
            Self::Full => Effort {
                samples: 30,
                warm_up: Duration::from_secs(1),
                measurement: Duration::from_secs(4),
                resamples: 100_000,
            },
        }
    }
}

/// How long and how often one benchmark is sampled.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Samples; Criterion wants at least 10.
    pub samples: usize,
    /// Time to reach a steady state before the first sample.
    pub warm_up: Duration,
    /// Time that the samples together should take.
    pub measurement: Duration,
    /// Resamples of Criterion's bootstrap, by which it estimates intervals.
    pub resamples: usize,
}

/// The sizes of every workload.
#[derive(Debug)]
pub struct Sizes {
    /// Records in `database/<engine>/bulk_insert/<n>`.
    pub bulk_insert: usize,
    /// Parallel queries in `database/<engine>/concurrent_reads/<n>`.
    pub concurrent_reads: usize,
    /// Rows of the tables in `database/<engine>/query/<what>/<rows>`, each with the id that names it.
    pub query_rows: &'static [(&'static str, usize)],
    /// Pairs of lookups, one in the smallest and one in the largest of those tables, for each value of
    /// `database/<engine>/query/growth`.
    pub growth_pairs: usize,
    /// Tasks that share a pool's connections in `database/<engine>/pool/saturation/<n>`.
    pub pool_tasks: usize,
    /// Tasks that read and tasks that write in `database/<engine>/mixed/<readers>x<writers>`.
    pub mixed: (usize, usize),
    /// Messages in `websocket/throughput/<n>`.
    pub messages: usize,
    /// Connections and messages in `websocket/broadcast/<connections>x<messages>`.
    pub broadcast: (usize, usize),
    /// Requests in `agent/process/<n>`.
    pub agent_requests: usize,
    /// Agents and requests of each in `agent/concurrent/<agents>x<requests>`.
    pub agents: (usize, usize),
    /// Requests and how many of them at once in `api/concurrent/<requests>x<at once>`.
    pub api_requests: (usize, usize),
    /// Users in `concurrent/{basic,medium,high}/<n>`.
    pub users: [usize; 3],
    /// How long each population of users works before anything is recorded.
    pub user_warm_up: Duration,
    /// How long each population of users works after that.
    pub user_scenario: Duration,
    /// How many users there are all the time, and how many more for a while, in `concurrent/burst/<n>+<n>`.
    pub burst: (usize, usize),
    /// Users in `concurrent/sustained/<n>`, and how long they work.
    pub sustained: (usize, Duration),
    /// Populations to try on the way to `concurrent/max_users`, in rising order.
    pub scaling: &'static [usize],
    /// How close the search for `concurrent/max_users` comes: the smallest population that broke is then at most this
    /// fraction above the largest that held.
    pub scaling_within: f64,
    /// The largest of them that has all its estimates: `concurrent/scaling/<n>`.
    pub scaling_reported: usize,
    /// How long each of them works.
    pub user_probe: Duration,
    /// Mebibytes in `memory/allocate/<n>MiB`.
    pub allocate_mib: usize,
    /// Cycles of work in `memory/retained`.
    pub retained_cycles: usize,
    /// Requests in the traces of `cache/hit_rate/{zipf,scan}`.
    pub cache_trace: usize,
    /// Tasks and operations of each in `cache/concurrent/<tasks>x<operations>`.
    pub cache_tasks: (usize, usize),
}

const FULL: Sizes = Sizes {
    bulk_insert: 50_000,
    concurrent_reads: 10,
    query_rows: &[("1k", 1_000), ("10k", 10_000), ("100k", 100_000), ("1M", 1_000_000)],
    growth_pairs: 200,
    pool_tasks: 200,
    mixed: (8, 2),
    messages: 10_000,
    broadcast: (100, 500),
    agent_requests: 100,
    agents: (5, 20),
    api_requests: (1_000, 50),
    users: [25, 50, 100],
    user_warm_up: Duration::from_secs(2),
    user_scenario: Duration::from_secs(10),
    burst: (30, 120),
    sustained: (60, Duration::from_mins(3)),
    scaling: &[10, 25, 50, 75, 100, 200, 400, 800, 1_600, 3_200],
    scaling_within: 0.2,
    scaling_reported: 100,
    user_probe: Duration::from_secs(3),
    allocate_mib: 100,
    retained_cycles: 200,
    cache_trace: 200_000,
    cache_tasks: (50, 100),
};

const QUICK: Sizes = Sizes {
    bulk_insert: 25_000,
    query_rows: &[("1k", 1_000), ("10k", 10_000), ("100k", 100_000)],
    growth_pairs: 50,
    messages: 5_000,
    broadcast: (100, 100),
    agent_requests: 25,
    agents: (5, 2),
    api_requests: (500, 50),
    user_warm_up: Duration::from_millis(400),
    user_scenario: Duration::from_millis(2_200),
    sustained: (60, Duration::from_secs(3)),
    scaling: &[25, 100, 200, 400, 800, 1_600, 3_200],
    scaling_within: 1.0,
    user_probe: Duration::from_millis(1_200),
    retained_cycles: 50,
    cache_trace: 50_000,
    ..FULL
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_named_or_refused() {
        assert_eq!("quick".parse(), Ok(Mode::Quick));
        assert_eq!("full".parse(), Ok(Mode::Full));
        assert_eq!("".parse(), Ok(Mode::Full));
        let error = "fast".parse::<Mode>().unwrap_err().to_string();
        assert!(error.contains("BENCH_MODE=\"fast\"") && error.contains("`quick` or `full`"), "{error}");
    }

    #[test]
    fn full_is_the_size_of_the_seed() {
        assert_eq!((FULL.bulk_insert, FULL.broadcast, FULL.api_requests), (50_000, (100, 500), (1_000, 50)));
        assert!(QUICK.bulk_insert < FULL.bulk_insert && QUICK.query_rows.len() < FULL.query_rows.len());
    }
}
