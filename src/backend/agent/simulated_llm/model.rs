//! The simulated model itself: the words of an answer and the time of each.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// The maximum of a single simulated wait.
const MAX_WAIT: Duration = Duration::from_mins(10);

/// The length of an answer, in tokens.
const TOKENS: RangeInclusive<usize> = 8..=16;

/// Words with their leading space, which the first word of an answer loses.
const WORDS: [&str; 32] = [
    " batch", " budget", " cache", " cost", " daily", " growth", " index", " latency", " limit", " load",
    " log", " median", " model", " monthly", " peak", " plan", " prompt", " queue", " quota", " rate",
    " region", " report", " request", " retry", " sample", " shard", " spend", " table", " token",
    " traffic", " usage", " week",
];

/// The answer to `prompt`, one word a token: a function of seed and prompt.
pub(super) fn tokens(seed: u64, prompt: &str) -> Vec<&'static str> {
    let mut hasher = DefaultHasher::new();
    (seed, prompt).hash(&mut hasher);
    let mut random = StdRng::seed_from_u64(hasher.finish());
    let count = random.random_range(TOKENS);
    let word = |position| {
        let word = WORDS[random.random_range(0..WORDS.len())];
        if position == 0 { word.trim_start() } else { word }
    };
    (0..count).map(word).collect()
}

/// A log-normal distribution of durations: most near the median, few much longer, none below zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogNormal {
    /// The median.
    pub median: Duration,
    /// The standard deviation of the durations' logarithm: at 0.5, one in six is longer than 1.65 medians.
    pub sigma: f64,
}

impl LogNormal {
    fn sample(&self, random: &mut StdRng) -> Duration {
        let deviation: f64 = StandardNormal.sample(random);
        let seconds = self.median.as_secs_f64() * (self.sigma * deviation).exp();
        Duration::try_from_secs_f64(seconds).unwrap_or(MAX_WAIT).min(MAX_WAIT)
    }

    fn faster(self, factor: u32) -> Self {
        Self { median: self.median / factor.max(1), ..self }
    }
}

/// The time of a simulated model to its first token, and between tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyProfile {
    /// From the request to the first token.
    pub first_token: LogNormal,
    /// From one token to the next.
    pub gap: LogNormal,
}

impl LatencyProfile {
    /// No waits: only the code around the model remains.
    #[must_use]
    pub fn zero() -> Self {
        let none = LogNormal { median: Duration::ZERO, sigma: 0.0 };
        Self { first_token: none, gap: none }
    }

    /// The order of magnitude of medium-sized hosted models: 300 ms to the first token, then some 80 tokens a second.
    #[must_use]
    pub fn typical() -> Self {
        Self {
            first_token: LogNormal { median: Duration::from_millis(300), sigma: 0.4 },
            gap: LogNormal { median: Duration::from_micros(12_500), sigma: 0.5 },
        }
    }

    /// The same shape, `factor` times faster, so that many requests fit into a benchmark.
    #[must_use]
    pub fn faster(self, factor: u32) -> Self {
        Self { first_token: self.first_token.faster(factor), gap: self.gap.faster(factor) }
    }

    /// The time of each token of an answer, relative to the request: a function of the three arguments.
    pub(super) fn schedule(&self, seed: u64, request: u64, tokens: usize) -> Vec<Duration> {
        let mut random = StdRng::seed_from_u64(seed ^ request.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let first = self.first_token.sample(&mut random);
        let next = |at: &Duration| Some(*at + self.gap.sample(&mut random));
        std::iter::successors(Some(first), next).take(tokens).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_follows_from_seed_and_prompt() {
        assert_eq!(tokens(1, "a"), tokens(1, "a"));
        assert_ne!(tokens(1, "a"), tokens(2, "a"));
        assert_ne!(tokens(1, "a"), tokens(1, "b"));
        assert!((0..100).all(|seed| TOKENS.contains(&tokens(seed, "a").len())));
        let text = tokens(1, "a").concat();
        assert_eq!((text.split(' ').count(), text.trim()), (tokens(1, "a").len(), text.as_str()));
    }

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
    fn zero_is_zero_faster_is_faster_and_an_invalid_sigma_does_not_panic() {
        assert!(LatencyProfile::zero().schedule(1, 1, 9).iter().all(Duration::is_zero));
        let typical = LatencyProfile::typical();
        assert_eq!(typical.faster(10).first_token.median, Duration::from_millis(30));
        assert_eq!(typical.faster(0), typical);
        let invalid = LogNormal { median: Duration::from_secs(1), sigma: f64::NAN };
        assert_eq!(invalid.sample(&mut StdRng::seed_from_u64(1)), MAX_WAIT);
    }
}
