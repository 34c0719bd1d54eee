//! Rising populations: how many users keep the service level, and how response times grow with them.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use super::system::{LoadFixture, Scenario, ServiceLevel};
use crate::bench::load::Recording;

/// The service level behind `max_users`, as `baselines/thresholds.toml` promises it.
const LEVEL: ServiceLevel = ServiceLevel { p95: Duration::from_secs(2), success_percent: 99.9 };

/// What response times may grow by where load doubles, as an exponent: 2^1.5 = 2.8 times.
const EXPONENT: f64 = 1.5;

/// Populations of several sizes, each recorded when it is first needed.
pub(super) struct Scaling<'s> {
    fixture: LoadFixture<'s>,
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
    pub(super) fn new(
        fixture: LoadFixture<'s>,
        populations: Vec<usize>,
        within: f64,
        length: Duration,
    ) -> Self {
        Self { fixture, populations, within, length, steps: RefCell::default(), most: OnceCell::new() }
    }

    /// The scenario of one size; what it records counts for the search too.
    pub(super) fn scenario(&self, count: usize) -> Scenario<'s> {
        self.fixture.scenario(&format!("scaling/{count}"), self.fixture.population(count), self.length)
    }

    /// Adds what the scenario of this size saw.
    pub(super) fn add(&self, count: usize, recording: &Recording) {
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
        let search = || largest(&self.populations, self.within, |count| self.step(count).keeps_level);
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
            self.add(count, self.scenario(count).recording());
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
    let kept = LEVEL.holds(&whole);
    let verdict = if kept { "keep" } else { "break" };
    eprintln!("concurrent: {count} users {verdict} the service level: p95 {p95:?}, {success:.1} % succeed");
    kept
}

/// The largest population that was seen to hold, or `None` where not one user did.
///
/// Tries `populations` in their order, which is rising, until one breaks; then halves the way between the last that
/// held and the first that broke, until that is at most the fraction `within` of the one that held.
fn largest(populations: &[usize], within: f64, mut holds: impl FnMut(usize) -> bool) -> Option<usize> {
    let mut held = 0;
    let mut broken = None;
    for &population in populations {
        if !holds(population) {
            broken = Some(population);
            break;
        }
        held = population;
    }
    while let Some(middle) = broken.and_then(|broken| between(held, broken, within)) {
        if holds(middle) { held = middle } else { broken = Some(middle) }
    }
    (held > 0).then_some(held)
}

/// A population to try between one that held and one that broke, where they are not close yet.
fn between(held: usize, broken: usize, within: f64) -> Option<usize> {
    let apart = (broken - held) as f64;
    (apart > (held as f64 * within).max(1.0)).then(|| held.midpoint(broken))
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

    /// What the search finds, and what it tries, where `limit` is the largest that holds.
    fn search(populations: &[usize], limit: usize) -> (Option<usize>, Vec<usize>) {
        search_within(0.2, populations, limit)
    }

    fn search_within(within: f64, populations: &[usize], limit: usize) -> (Option<usize>, Vec<usize>) {
        let mut tried = Vec::new();
        let found = largest(populations, within, |population| {
            tried.push(population);
            population <= limit
        });
        (found, tried)
    }

    #[test]
    fn the_limit_is_bisected_between_the_last_that_held_and_the_first_that_broke() {
        assert_eq!(search(&[25, 100, 400], 260), (Some(250), vec![25, 100, 400, 250, 325, 287]));
        assert_eq!(search(&[10, 25], 24), (Some(21), vec![10, 25, 17, 21]));
    }

    #[test]
    fn a_coarser_search_ends_sooner() {
        assert_eq!(search_within(0.5, &[100, 200, 400], 260), (Some(200), vec![100, 200, 400, 300]));
        assert_eq!(search_within(0.5, &[100, 200, 400], 310), (Some(300), vec![100, 200, 400, 300]));
    }

    #[test]
    fn what_never_breaks_is_the_largest_tried() {
        assert_eq!(search(&[25, 50, 100], 1_000), (Some(100), vec![25, 50, 100]));
    }

    #[test]
    fn a_first_population_that_breaks_is_searched_below() {
        assert_eq!(search(&[25, 50], 3).0, Some(3));
        assert_eq!(search(&[25, 50], 1).0, Some(1));
        assert_eq!(search(&[25, 50], 0).0, None);
    }
}
