//! Rising populations: how many users keep the service level, and how response times grow with them.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use super::scenario::{Scenario, Stage};
use super::search;
use crate::bench::load::Recording;

/// The service level behind `max_users`, as `baselines/thresholds.toml` promises it: how long 95 of a hundred operations
/// may take, and how many have to succeed.
const LEVEL_P95: Duration = Duration::from_secs(2);
const LEVEL_SUCCESS_PERCENT: f64 = 99.9;

/// What response times may grow by where load doubles, as an exponent: 2^1.5 = 2.8 times.
const EXPONENT: f64 = 1.5;

/// Populations of several sizes, each recorded when it is first needed.
pub(super) struct Scaling<'s> {
    stage: Stage<'s>,
    populations: Vec<usize>,
    within: f64,
    length: Duration,
    steps: RefCell<BTreeMap<usize, Step>>,
    most: OnceCell<usize>,
}

/// What a population of one size came to.
#[derive(Debug, Clone, Copy)]
struct Step {
    mean: Duration,
    keeps_level: bool,
}

impl<'s> Scaling<'s> {
    /// `populations` are tried for `length` each, in their order, which is rising; the search comes `within` a fraction.
    pub(super) fn new(stage: Stage<'s>, populations: Vec<usize>, within: f64, length: Duration) -> Self {
        Self { stage, populations, within, length, steps: RefCell::default(), most: OnceCell::new() }
    }

    /// The scenario of one size; what it records counts for the search too.
    pub(super) fn scenario(&self, count: usize) -> Scenario<'s> {
        self.stage.scenario(&format!("scaling/{count}"), self.stage.population(count), self.length)
    }

    /// Notes what the scenario of this size saw.
    pub(super) fn note(&self, count: usize, recording: &Recording) {
        let step = Step { mean: recording.whole().mean(), keeps_level: keeps_level(count, recording) };
        self.steps.borrow_mut().insert(count, step);
    }

    /// The largest population that was seen to keep the service level, found by trying larger ones until one does not,
    /// and then between the two. Where none is too large, it is the largest that was tried: no limit was found.
    ///
    /// The probes are short and begin on an idle backend, so a population near the limit may keep the level in one run
    /// and not in the next.
    ///
    /// # Panics
    /// Not even one user is served well.
    pub(super) fn most(&self) -> usize {
        let search = || search::largest(&self.populations, self.within, |count| self.step(count).keeps_level);
        *self
            .most
            .get_or_init(|| search().unwrap_or_else(|| panic!("not even one user is served well: see above")))
    }

    /// How much response times have grown over what is tolerable, in the worst of all populations that were tried: the
    /// mean over that of the smallest, over the load to the power of 1.5. Below 1 is better than that.
    pub(super) fn degradation(&self) -> f64 {
        let _ = self.most();
        // The search has tried one population at least; a second one, so that there is something to compare.
        for count in self.populations.iter().take(2) {
            let _ = self.step(*count);
        }
        let steps = self.steps.borrow();
        let means: Vec<(usize, f64)> =
            steps.iter().map(|(count, step)| (*count, step.mean.as_secs_f64())).collect();
        let worst = worst_degradation(&means);
        eprintln!("concurrent: response times grow by {worst:.2} of load^{EXPONENT} at most: {means:.3?}");
        worst
    }

    fn step(&self, count: usize) -> Step {
        let known = self.steps.borrow().get(&count).copied();
        known.unwrap_or_else(|| {
            self.note(count, self.scenario(count).recording());
            self.steps.borrow()[&count]
        })
    }
}

/// The largest of the growths of the mean over that of the first, each over the load to the power of [`EXPONENT`]. With
/// one population there is no growth, and it is 1.
fn worst_degradation(means: &[(usize, f64)]) -> f64 {
    let growth = |(count, mean): (usize, f64), (least, first): (usize, f64)| {
        (mean / first) / (count as f64 / least as f64).powf(EXPONENT)
    };
    let growths = means.iter().skip(1).map(|step| growth(*step, means[0]));
    growths.max_by(f64::total_cmp).unwrap_or(1.0)
}

fn keeps_level(count: usize, recording: &Recording) -> bool {
    let whole = recording.whole();
    let (p95, success) = (whole.percentile(95.0), whole.success_percent());
    let kept = p95 < LEVEL_P95 && success >= LEVEL_SUCCESS_PERCENT;
    let verdict = if kept { "keep" } else { "break" };
    eprintln!("concurrent: {count} users {verdict} the service level: p95 {p95:?}, {success:.1} % succeed");
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_held_against_the_load_to_the_power_of_one_and_a_half() {
        let near = |means: &[(usize, f64)], wanted: f64| {
            let found = worst_degradation(means);
            assert!((found - wanted).abs() < 1e-9, "{means:?}: {found}, wanted {wanted}");
        };
        near(&[(10, 0.1), (40, 0.8)], 1.0);
        near(&[(10, 0.1), (40, 0.1)], 0.125);
        near(&[(10, 0.1), (40, 1.6)], 2.0);
        near(&[(10, 0.1), (40, 1.6), (90, 0.1)], 2.0);
        near(&[(10, 0.1)], 1.0);
    }
}
