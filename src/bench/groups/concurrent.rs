//! The `concurrent` group: populations of simulated users at work on a whole backend.
//!
//! The backend ([`Platform`]) and the users are in one process and share its cores, each on a runtime of its own and
//! with real sockets between them. Its model is simulated and keeps a tenth of the time of a hosted one,
//! `LLM_BASE_URL` or not. Each population meets a fresh backend.
//!
//! A population is recorded once, when the first of its benchmarks runs. Its response time is cut into windows, each
//! of which gives one value (a mean). Its 95th percentile and its success rate are one value each, of the whole: a
//! window holds too few operations for a percentile, and most windows too few for a single failure, so that their
//! spread would excuse failures that were seen. A failed operation counts with its deadline as its response time.
//!
//! [`faults`] break a part while a population works.
//!
//! [`Platform`]: crate::bench::Platform

mod faults;
mod place;
mod scenario;
mod search;

use std::time::Duration;

use tokio::runtime::Runtime;

use self::place::Place;
use self::scenario::{Scenario, probe};
use crate::bench::harness::{is_test_run, runtime};
use crate::bench::load::{Recording, raise_open_files};
use crate::bench::{Harness, Unit};

/// How much faster than typical the simulated model is.
const FASTER: u32 = 10;

/// Windows of each recording, and so values of its response time.
const WINDOWS: u32 = 10;

/// The names of the populations of [`Sizes::users`](crate::bench::Sizes::users).
const NAMES: [&str; 3] = ["basic", "medium", "high"];

/// The service level behind `max_users`: how long 95 of a hundred operations may take, and how many have to succeed.
const LEVEL_P95: Duration = Duration::from_secs(2);
const LEVEL_SUCCESS_PERCENT: f64 = 99.0;

/// Runs every benchmark of the `concurrent` category: on the deployment that `API_URL` names, else on platforms.
///
/// Ends the process with 2 where there is a deployment and no load can be sent to it.
pub fn run(harness: &mut Harness) {
    raise_open_files();
    let users = runtime();
    let place = Place::here(harness.facts());
    let sizes = harness.sizes();
    for (name, count) in NAMES.into_iter().zip(populations(sizes.users, place.most())) {
        let scenario = Scenario::new(&users, &place, count, tested_shorter(sizes.user_scenario));
        population(harness, &format!("{name}/{count}"), &scenario);
    }
    max_users(harness, &users, &place);
    faults::measure(harness, &users, &place);
}

/// These populations, or where the largest of them is too large for a deployment, smaller ones in the same proportion.
fn populations(wanted: [usize; 3], most: usize) -> [usize; 3] {
    let [.., largest] = wanted;
    if largest <= most { wanted } else { wanted.map(|count| (count * most / largest).max(1)) }
}

fn population(harness: &mut Harness, id: &str, scenario: &Scenario<'_>) {
    let whole = || scenario.recording().whole();
    harness.replay(&format!("{id}/response_time"), Unit::Time, |_| {
        let windows = scenario.recording().windows(WINDOWS);
        windows.iter().map(|window| nanoseconds(window.mean())).collect()
    });
    harness.replay(&format!("{id}/p95"), Unit::Time, |_| vec![nanoseconds(whole().percentile(95.0))]);
    harness.replay(&format!("{id}/success_rate"), Unit::Percent, |_| vec![whole().success_percent()]);
}

/// The largest population that was seen to keep the service level, found by trying larger ones until one does not,
/// and then between the two. Where none is too large, it is the largest that was tried: no limit was found.
///
/// The probes are short and begin on an idle backend, so a population near the limit may keep the level in one run
/// and not in the next. Fewer than one user is a failure of the benchmark.
fn max_users(harness: &mut Harness, users: &Runtime, place: &Place) {
    let sizes = harness.sizes();
    let scaling = if is_test_run() { &sizes.scaling[..1] } else { sizes.scaling };
    let populations = up_to(scaling, place.most());
    let length = tested_shorter(sizes.user_scenario / 3).max(SHORTEST_PROBE);
    harness.replay("max_users", Unit::Users, |_| {
        let keeps = |count| keeps_level(count, &probe(users, place, count, length));
        let most = search::largest(&populations, keeps);
        vec![most.unwrap_or_else(|| panic!("not even one user is served well: see above")) as f64]
    });
}

/// These populations as far as they are smaller than `most`, and that.
fn up_to(populations: &[usize], most: usize) -> Vec<usize> {
    let largest = populations.last().map(|largest| most.min(*largest));
    populations
        .iter()
        .copied()
        .filter(|count| *count < most)
        .chain(largest.filter(|it| *it == most))
        .collect()
}

/// The shortest probe in which users do more than one thing.
const SHORTEST_PROBE: Duration = Duration::from_millis(1_200);

fn keeps_level(count: usize, recording: &Recording) -> bool {
    let whole = recording.whole();
    let (p95, success) = (whole.percentile(95.0), whole.success_percent());
    let kept = p95 < LEVEL_P95 && success >= LEVEL_SUCCESS_PERCENT;
    let verdict = if kept { "keep" } else { "break" };
    eprintln!("concurrent: {count} users {verdict} the service level: p95 {p95:?}, {success:.1} % succeed");
    kept
}

/// A moment's work is enough to see that a benchmark runs.
fn tested_shorter(length: Duration) -> Duration {
    if is_test_run() { length.min(Duration::from_secs(1)) } else { length }
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_population_is_larger_than_a_deployment_allows() {
        assert_eq!(populations([25, 50, 100], usize::MAX), [25, 50, 100]);
        assert_eq!(populations([25, 50, 100], 40), [10, 20, 40]);
        assert_eq!(populations([25, 50, 100], 2), [1, 1, 2]);
        assert_eq!(up_to(&[25, 50, 100], usize::MAX), [25, 50, 100]);
        assert_eq!(up_to(&[25, 50, 100], 60), [25, 50, 60]);
        assert_eq!(up_to(&[25, 50, 100], 10), [10]);
        assert_eq!(up_to(&[25, 50, 100], 50), [25, 50]);
    }
}
