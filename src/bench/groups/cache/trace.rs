//! Traces of requests, drawn from a seed.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Zipf};

/// Responses that are asked for.
pub const KEYS: u64 = 10_000;

/// Zipf's exponent: the n-th most popular response is asked for n^SKEW times less often than the first.
///
/// It bounds what any cache can do. One that always held the most popular tenth of [`KEYS`] would answer 76 % of the
/// requests at an exponent of 1.0, 84 % at 1.1 and 90 % at 1.2 (the sum of n^-SKEW over the tenth, over the sum over
/// all). So at 1.2 a target of 80 % asks for a good cache, but not for the impossible.
const SKEW: f64 = 1.2;

/// Regular requests between two scans.
const BETWEEN_SCANS: u32 = 2_000;

/// Requests of a scan: as many as the cache can hold, so that one which keeps what came last forgets all else.
const SCAN: u32 = 1_000;

/// One request of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceRequest {
    /// By a user.
    Regular(u64),
    /// By a job that reads everything once, an export or a crawler.
    Scan(u64),
}

impl TraceRequest {
    /// Which response is asked for.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Regular(number) | Self::Scan(number) => number,
        }
    }

    /// Whether a user asks.
    #[must_use]
    pub fn is_regular(self) -> bool {
        matches!(self, Self::Regular(_))
    }
}

/// An endless trace.
pub struct Trace {
    rng: StdRng,
    popularity: Zipf<f64>,
    scan: u32,
    position: u32,
    scanned: u64,
}

impl Trace {
    /// Independent requests whose popularity follows Zipf's law.
    ///
    /// # Panics
    /// Never: there are keys to ask for.
    #[must_use]
    pub fn zipf(seed: u64) -> Self {
        Self::new(seed, 0)
    }

    /// The same, between whose requests a job reads one response after the other, each of them once.
    ///
    /// # Panics
    /// Never: there are keys to ask for.
    #[must_use]
    pub fn scan(seed: u64) -> Self {
        Self::new(seed, SCAN)
    }

    fn new(seed: u64, scan: u32) -> Self {
        let popularity = Zipf::new(KEYS as f64, SKEW).expect("keys to ask for, and a skew above zero");
        Self { rng: StdRng::seed_from_u64(seed), popularity, scan, position: 0, scanned: KEYS }
    }
}

impl Iterator for Trace {
    type Item = TraceRequest;

    fn next(&mut self) -> Option<TraceRequest> {
        self.position = (self.position + 1) % (BETWEEN_SCANS + self.scan);
        if self.position < self.scan {
            self.scanned += 1;
            return Some(TraceRequest::Scan(self.scanned));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank from 1 to KEYS")]
        let rank = self.popularity.sample(&mut self.rng) as u64;
        Some(TraceRequest::Regular(rank))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_its_seed() {
        let of = |seed| Trace::zipf(seed).take(100).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert!(of(1).iter().all(|request| request.is_regular() && request.number() <= KEYS));
    }

    #[test]
    fn a_scan_reads_each_response_once() {
        let requests = Trace::scan(1).take(2 * (BETWEEN_SCANS + SCAN) as usize);
        let mut scanned: Vec<_> = requests.filter(|request| !request.is_regular()).collect();
        assert_eq!(scanned.len(), 2 * SCAN as usize);
        scanned.dedup();
        assert_eq!(scanned.len(), 2 * SCAN as usize);
    }
}
