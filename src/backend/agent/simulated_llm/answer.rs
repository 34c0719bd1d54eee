//! The text of a simulated answer.

use std::hash::{DefaultHasher, Hash, Hasher};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Shortest and longest answer, in tokens.
const TOKENS: std::ops::RangeInclusive<usize> = 8..=16;

/// What follows another word; the first of an answer comes without its space.
const WORDS: [&str; 32] = [
    " batch", " budget", " cache", " cost", " daily", " growth", " index", " latency", " limit", " load",
    " log", " median", " model", " monthly", " peak", " plan", " prompt", " queue", " quota", " rate",
    " region", " report", " request", " retry", " sample", " shard", " spend", " table", " token",
    " traffic", " usage", " week",
];

/// The tokens that answer `prompt`: a word each, the same for the same seed and prompt.
pub(super) fn tokens(seed: u64, prompt: &str) -> Vec<&'static str> {
    let mut hasher = DefaultHasher::new();
    (seed, prompt).hash(&mut hasher);
    let mut random = StdRng::seed_from_u64(hasher.finish());
    let count = random.random_range(TOKENS);
    let word = |place| {
        let word = WORDS[random.random_range(0..WORDS.len())];
        if place == 0 { word.trim_start() } else { word }
    };
    (0..count).map(word).collect()
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
    }

    #[test]
    fn words_stand_apart() {
        let text = tokens(1, "a").concat();
        assert_eq!(text.split(' ').count(), tokens(1, "a").len(), "{text:?}");
        assert_eq!(text.trim(), text);
    }
}
