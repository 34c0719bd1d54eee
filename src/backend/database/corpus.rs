//! A seeded corpus of events: the same seed gives the same events, and a million need the memory of one batch.

use std::ops::Range;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, LogNormal};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::{Database, Error, Event};

/// When the first event happens: 2026-01-01T00:00:00Z, in microseconds since the Unix epoch.
pub const START_US: i64 = 1_767_225_600_000_000;

/// The time in which one event happens: a second.
pub const STEP_US: i64 = 1_000_000;

/// Events in each write of [`load`].
const BATCH: usize = 10_000;

/// Threads that the events belong to.
const THREADS: i64 = 1_000;

const WORKLOADS: [&str; 5] = ["triage", "data", "optimization", "actions", "reporting"];
const REGIONS: [&str; 4] = ["eu-west-1", "us-east-1", "us-west-2", "ap-south-1"];
const WORDS: [&str; 16] = [
    "latency", "of", "the", "cluster", "rose", "while", "cost", "per", "token", "fell", "after", "routing",
    "moved", "to", "a", "smaller",
];

/// A model: its name, milliseconds per token of the answer, and dollars per million tokens in and out.
struct Model {
    name: &'static str,
    token_ms: f64,
    input_usd: f64,
    output_usd: f64,
}

const fn model(name: &'static str, token_ms: f64, input_usd: f64, output_usd: f64) -> Model {
    Model { name, token_ms, input_usd, output_usd }
}

/// From the one that is called most.
const MODELS: [Model; 5] = [
    model("small-1", 4.0, 0.15, 0.60),
    model("medium-2", 9.0, 1.0, 4.0),
    model("large-3", 22.0, 3.0, 15.0),
    model("reasoning-1", 35.0, 10.0, 40.0),
    model("embedding-2", 0.5, 0.02, 0.02),
];

/// The times of `count` events after the first `skip`: exactly those, since each event has a second of its own.
#[must_use]
pub fn window(skip: i64, count: i64) -> Range<i64> {
    let at = |event: i64| START_US + event * STEP_US;
    at(skip)..at(skip + count)
}

/// Writes the first `rows` events of a corpus, making the next batch while one is being stored.
///
/// # Errors
/// Those of [`Database::insert_events`].
pub async fn load(database: &dyn Database, seed: u64, rows: usize) -> Result<(), Error> {
    let (sender, mut batches) = mpsc::channel(1);
    let maker = spawn_blocking(move || {
        let mut events = Corpus::new(seed).take(rows);
        let batch =
            || Some(events.by_ref().take(BATCH).collect::<Vec<_>>()).filter(|batch| !batch.is_empty());
        // A closed channel is a failed write, which the other side returns.
        std::iter::from_fn(batch).try_for_each(|batch| sender.blocking_send(batch)).ok();
    });
    while let Some(batch) = batches.recv().await {
        database.insert_events(&batch).await?;
    }
    maker.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
    Ok(())
}

/// An endless iterator of events with ids from 1, one a second.
#[derive(Debug)]
pub struct Corpus {
    rng: StdRng,
    tokens: LogNormal<f64>,
    made: i64,
}

impl Corpus {
    /// A corpus of its own for each `seed`.
    ///
    /// # Panics
    /// Never: the distribution's parameters are constants in their range.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // A median of 400 tokens with a long tail.
        let tokens = LogNormal::new(6.0, 0.8).expect("a finite mean and a positive spread");
        Self { rng: StdRng::seed_from_u64(seed), tokens, made: 0 }
    }

    #[expect(clippy::cast_possible_truncation, reason = "clamped to a range that fits")]
    fn tokens(&mut self) -> i64 {
        self.tokens.sample(&mut self.rng).clamp(1.0, 200_000.0) as i64
    }

    fn payload(&mut self) -> String {
        let words = self.rng.random_range(4..10_usize);
        let first = self.rng.random_range(0..WORDS.len() - words);
        format!(
            r#"{{"request":"{:016x}","region":"{}","temperature":{:.2},"retries":{},"cached":{},"summary":"{}"}}"#,
            self.rng.random::<u64>(),
            REGIONS[self.rng.random_range(0..REGIONS.len())],
            self.rng.random::<f64>(),
            self.rng.random_range(0..3_u8),
            self.rng.random_bool(0.3),
            WORDS[first..first + words].join(" "),
        )
    }

    /// The smaller of two draws, so that the first models are called more often.
    fn model(&mut self) -> &'static Model {
        let mut draw = || self.rng.random_range(0..MODELS.len());
        &MODELS[draw().min(draw())]
    }

    fn event(&mut self) -> Event {
        let (model, input, output) = (self.model(), self.tokens(), self.tokens());
        Event {
            id: self.made + 1,
            thread_id: self.rng.random_range(1..=THREADS),
            workload: WORKLOADS[self.rng.random_range(0..WORKLOADS.len())].to_owned(),
            model: model.name.to_owned(),
            input_tokens: input,
            output_tokens: output,
            latency_ms: 80.0 + output as f64 * model.token_ms * self.rng.random_range(0.8..1.4),
            cost_usd: (input as f64 * model.input_usd + output as f64 * model.output_usd) / 1e6,
            payload: self.payload(),
            at_us: START_US + self.made * STEP_US + self.rng.random_range(0..STEP_US),
        }
    }
}

impl Iterator for Corpus {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let event = self.event();
        self.made += 1;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_events_and_another_seed_others() {
        let events = |seed| Corpus::new(seed).take(50).collect::<Vec<_>>();
        assert_eq!(events(1), events(1));
        assert_ne!(events(1), events(2));
    }

    #[test]
    fn events_are_what_the_fields_promise() {
        for (position, event) in (0..500).zip(Corpus::new(3)) {
            assert_eq!(event.id, position + 1);
            assert!(window(position, 1).contains(&event.at_us));
            assert!(event.latency_ms > 0.0 && event.cost_usd > 0.0 && event.input_tokens > 0);
            let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
            assert!(payload["summary"].as_str().unwrap().contains(' '), "{payload}");
        }
    }
}
