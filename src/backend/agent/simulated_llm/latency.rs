//! How long a simulated model takes.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, StandardNormal};

/// The longest single wait that is simulated.
const LONGEST: Duration = Duration::from_mins(10);

/// A log-normal distribution of durations: most near the median, few much longer, none below zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Half of the durations are shorter.
    pub median: Duration,
    /// The standard deviation of the durations' logarithm: at 0.5, one in six is longer than 1.65 medians.
    pub sigma: f64,
}

impl Spread {
    fn draw(&self, random: &mut StdRng) -> Duration {
        let deviation: f64 = StandardNormal.sample(random);
        let seconds = self.median.as_secs_f64() * (self.sigma * deviation).exp();
        Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST)
    }

    fn divided(self, factor: u32) -> Self {
        Self { median: self.median / factor.max(1), ..self }
    }
}

/// How long a simulated model takes to its first token, and from each token to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyProfile {
    /// From the request to the first token.
    pub first_token: Spread,
    /// From one token to the next.
    pub gap: Spread,
}

impl LatencyProfile {
    /// No waits: what is left is the code around the model.
    #[must_use]
    pub fn zero() -> Self {
        let none = Spread { median: Duration::ZERO, sigma: 0.0 };
        Self { first_token: none, gap: none }
    }

    /// Of the order that hosted models of middling size show: 300 ms to the first token, then some 80 tokens a second.
    #[must_use]
    pub fn typical() -> Self {
        Self {
            first_token: Spread { median: Duration::from_millis(300), sigma: 0.4 },
            gap: Spread { median: Duration::from_micros(12_500), sigma: 0.5 },
        }
    }

    /// The same shape in a `factor`-th of the time, so that many requests fit into a benchmark.
    #[must_use]
    pub fn faster(self, factor: u32) -> Self {
        Self { first_token: self.first_token.divided(factor), gap: self.gap.divided(factor) }
    }

    /// When each token of an answer leaves, counted from the request: a function of the three arguments.
    #[must_use]
    pub fn schedule(&self, seed: u64, request: u64, tokens: usize) -> Vec<Duration> {
        let mut random = StdRng::seed_from_u64(seed ^ request.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut at = self.first_token.draw(&mut random);
        let mut leaves = Vec::with_capacity(tokens);
        for _ in 0..tokens {
            leaves.push(at);
            at += self.gap.draw(&mut random);
        }
        leaves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_waits_and_another_gives_others() {
        let typical = LatencyProfile::typical();
        assert_eq!(typical.schedule(1, 5, 20), typical.schedule(1, 5, 20));
        assert_ne!(typical.schedule(1, 5, 20), typical.schedule(2, 5, 20));
        assert_ne!(typical.schedule(1, 5, 20), typical.schedule(1, 6, 20));
        assert!(typical.schedule(1, 5, 20).is_sorted());
    }

    #[test]
    fn half_of_the_waits_are_shorter_than_the_median() {
        let typical = LatencyProfile::typical();
        let first = |request| typical.schedule(3, request, 1)[0];
        let shorter = (0..2_000).filter(|request| first(*request) < typical.first_token.median).count();
        assert!((900..1_100).contains(&shorter), "{shorter} of 2000");
    }

    #[test]
    fn zero_is_zero_faster_is_faster_and_nonsense_does_not_panic() {
        assert!(LatencyProfile::zero().schedule(1, 1, 9).iter().all(Duration::is_zero));
        let typical = LatencyProfile::typical();
        assert_eq!(typical.faster(10).first_token.median, Duration::from_millis(30));
        assert_eq!(typical.faster(0), typical);
        let wild = Spread { median: Duration::from_secs(1), sigma: f64::NAN };
        assert_eq!(wild.draw(&mut StdRng::seed_from_u64(1)), LONGEST);
    }
}
