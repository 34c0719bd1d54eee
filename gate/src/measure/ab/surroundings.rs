//! What holds for every process of a trial.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::measure::run::{Interrupt, Limits, Processor};

/// How many times as long as it took before a process may take before it counts as hanging.
const PATIENCE: f64 = 10.0;

/// What it may take in any case.
const LEAST: Duration = Duration::from_secs(30);

/// What holds for every process of a trial.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Where it keeps its files.
    pub scratch: &'a Path,
    /// What ends all of them.
    pub interrupt: &'a Interrupt,
    /// The processor that each is held to, if any.
    pub processor: Option<Processor>,
    /// When the time is up.
    pub deadline: Instant,
}

impl Surroundings<'_> {
    /// The limits of a process that took `expected` before: one that takes much longer hangs. One of which nothing is
    /// known may take until the time is up.
    #[must_use]
    pub fn limits(&self, expected: Option<Duration>) -> Limits {
        let now = Instant::now();
        let until = match expected {
            Some(expected) => now + expected.mul_f64(PATIENCE) + LEAST,
            None => self.deadline.max(now + LEAST),
        };
        Limits { processor: self.processor, until: Some(until) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_to_be_short_may_not_take_the_whole_budget() {
        let (scratch, interrupt) = (Path::new("/tmp"), Interrupt::default());
        let deadline = Instant::now() + Duration::from_mins(10);
        let surroundings = Surroundings { scratch, interrupt: &interrupt, processor: None, deadline };
        let until = |expected| surroundings.limits(expected).until.expect("a limit");
        assert_eq!(until(None), deadline);
        assert!(until(Some(Duration::from_secs(1))) + Duration::from_mins(5) < deadline);
        let late = Surroundings { deadline: Instant::now(), ..surroundings };
        assert!(late.limits(None).until > Some(Instant::now() + LEAST / 2));
    }
}
