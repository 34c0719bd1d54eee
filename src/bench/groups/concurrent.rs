//! The `concurrent` group: populations of simulated users at work on a whole backend.
//!
//! The backend ([`Platform`]) and the users are in one process and share its cores, each on a runtime of its own and
//! with real sockets between them. Its model is simulated and keeps a tenth of the time of a hosted one,
//! `LLM_BASE_URL` or not. Each population meets a fresh backend.
//!
//! The most memory that the process holds meanwhile is looked at every 10 ms: it is that of the backend and of its users.
//! A deployment's is not to be seen, and these rows are then left out.
//!
//! A population is recorded once, when the first of its benchmarks runs. Its response time is cut into windows, each
//! of which gives one value (a mean). Percentiles, success rate and operations per second are one value each, of the
//! whole: a window holds too few operations for a percentile, and most windows too few for a single failure, so that
//! their spread would excuse failures that were seen. A failed operation counts with its deadline as its response time.
//!
//! Faults (`concurrent/faults.rs`) break a part while a population works.
//!
//! [`Platform`]: crate::bench::Platform

mod faults;
mod place;
mod scaling;
mod scenario;
mod search;
mod trend;

use std::cell::OnceCell;
use std::time::Duration;

use self::place::Place;
use self::scaling::Scaling;
use self::scenario::{Scenario, Stage};
use self::trend::{HeapWatch, Trend};
use crate::bench::harness::{is_test_run, runtime};
use crate::bench::heap::Peak;
use crate::bench::load::{Population, Recording, Surge, raise_open_files};
use crate::bench::{Harness, Mode, Unit};

/// How much faster than typical the simulated model is.
const FASTER: u32 = 10;

/// Windows of each recording, and so values of its response time.
const WINDOWS: u32 = 10;

/// The names of the populations of [`Sizes::users`](crate::bench::Sizes::users).
const NAMES: [&str; 3] = ["basic", "medium", "high"];

/// Runs every benchmark of the `concurrent` category: on the deployment that `API_URL` names, else on platforms.
///
/// Ends the process with 2 where there is a deployment and no load can be sent to it.
pub fn run(harness: &mut Harness) {
    raise_open_files();
    let (users, place, sizes) = (runtime(), Place::here(harness.facts()), harness.sizes());
    let stage = Stage { users: &users, place: &place, warm_up: tested_shorter(sizes.user_warm_up) };
    for (name, count) in NAMES.into_iter().zip(populations(sizes.users, place.most())) {
        let id = format!("{name}/{count}");
        let scenario = stage.scenario(&id, stage.population(count), tested_shorter(sizes.user_scenario));
        measure(harness, &id, &scenario, || scenario.recording());
    }
    burst(harness, stage);
    sustained(harness, stage);
    scaling(harness, stage);
    faults::measure(harness, &users, &place);
}

/// What each scenario has. `recording` is that of the `scenario`.
fn measure<'r>(
    harness: &mut Harness,
    id: &str,
    scenario: &'r Scenario<'_>,
    recording: impl Fn() -> &'r Recording,
) {
    estimates(harness, id, &recording);
    peaks(harness, id, scenario.place(), || {
        let _ = recording();
        scenario.peak()
    });
}

/// What the users saw.
fn estimates<'r>(harness: &mut Harness, id: &str, recording: impl Fn() -> &'r Recording) {
    harness.replay(&format!("{id}/response_time"), Unit::Time, |_| {
        let windows = recording().windows(WINDOWS);
        windows.iter().map(|window| nanoseconds(window.mean())).collect()
    });
    for percent in [50_u8, 95, 99] {
        harness.replay(&format!("{id}/p{percent}"), Unit::Time, |_| {
            vec![nanoseconds(recording().whole().percentile(f64::from(percent)))]
        });
    }
    let success = || vec![recording().whole().success_percent()];
    harness.replay(&format!("{id}/success_rate"), Unit::Percent, |_| success());
    harness.replay(&format!("{id}/operations"), Unit::PerSecond, |_| vec![recording().rate()]);
}

/// The most memory of this process while a scenario's users worked a platform in it.
fn peaks(harness: &mut Harness, id: &str, place: &Place, peak: impl Fn() -> Option<Peak>) {
    let [heap, rss]: [fn(Peak) -> usize; 2] = [|peak| peak.heap, |peak| peak.rss];
    for (name, of) in [("peak_heap", heap), ("peak_rss", rss)] {
        harness.replay(&format!("{name}/{id}"), Unit::Bytes, |_| {
            let rows = format!("{name}/*");
            place.must_be_here(&rows);
            let bytes = peak().map_or(0, of);
            if bytes == 0 {
                place.leave_out(&rows, "this system has no /proc/self/status", "measure it on Linux");
            }
            vec![bytes as f64]
        });
    }
}

/// Some users all the time, and many more in its second quarter.
fn burst(harness: &mut Harness, stage: Stage<'_>) {
    let (sizes, most) = (harness.sizes(), stage.place.most());
    let [few, more, _] = populations([sizes.burst.0, sizes.burst.1, sizes.burst.0 + sizes.burst.1], most);
    let (id, length) = (format!("burst/{few}+{more}"), tested_shorter(sizes.user_scenario));
    let surge = Surge { users: more, after: length / 4, lasting: length / 4 };
    let population = Population { surge: Some(surge), ..stage.population(few) };
    let scenario = stage.scenario(&id, population, length);
    measure(harness, &id, &scenario, || scenario.recording());
}

/// The same users for a long time, and whether response times and heap grow meanwhile.
fn sustained(harness: &mut Harness, stage: Stage<'_>) {
    let (count, length) = harness.sizes().sustained;
    let (count, length) = (count.min(stage.place.most()), tested_shorter(length));
    let id = format!("sustained/{count}");
    let (scenario, heap) = (stage.scenario(&id, stage.population(count), length), OnceCell::new());
    let recording = || {
        heap.get_or_init(|| {
            let watch = HeapWatch::start(stage.warm_up, length);
            let _ = scenario.recording();
            watch.stop()
        });
        scenario.recording()
    };
    measure(harness, &id, &scenario, recording);
    trend(harness, stage.place, "sustained/response_time_trend", || Trend::of_latency(recording()));
    trend(harness, stage.place, "sustained/heap_trend", || {
        let _ = recording();
        Trend::of(heap.get().map_or(&[], Vec::as_slice))
    });
}

/// The change from the beginning to the end, and the least that it can be. Quick mode is over before there is one.
fn trend(harness: &mut Harness, place: &Place, id: &str, of: impl Fn() -> Trend) {
    let (rows, is_short) = (format!("{id}/*"), harness.mode() == Mode::Quick && !is_test_run());
    let of = || {
        if id.contains("heap") {
            place.must_be_here(&rows);
        }
        if is_short {
            place.leave_out(
                &rows,
                "a trend takes minutes to show, and quick mode works for seconds",
                "leave out --quick",
            );
        }
        of()
    };
    harness.replay(&format!("{id}/estimate"), Unit::Ratio, |_| {
        let trend = of();
        eprintln!("concurrent/{id}: {trend}");
        vec![trend.estimate]
    });
    harness.replay(&format!("{id}/lower_end"), Unit::Ratio, |_| vec![of().lower]);
}

/// Rising populations: the first ones with all their estimates, and then until the service level breaks.
fn scaling(harness: &mut Harness, stage: Stage<'_>) {
    let (sizes, most) = (harness.sizes(), stage.place.most());
    let tried = if is_test_run() { &sizes.scaling[..1] } else { sizes.scaling };
    let length = tested_shorter(sizes.user_probe);
    let scaling = Scaling::new(stage, up_to(tried, most), sizes.scaling_within, length);
    for count in up_to(sizes.scaling, most.min(sizes.scaling_reported)) {
        let scenario = scaling.scenario(count);
        let id = format!("scaling/{count}");
        measure(harness, &id, &scenario, || reported(&scaling, count, &scenario));
    }
    harness.replay("max_users", Unit::Users, |_| vec![scaling.most() as f64]);
    harness.replay("scaling/degradation", Unit::Ratio, |_| vec![scaling.degradation()]);
}

fn reported<'r>(scaling: &Scaling<'_>, count: usize, scenario: &'r Scenario<'_>) -> &'r Recording {
    scenario.recorded(|recording| scaling.note(count, recording))
}

/// These populations, or where the largest of them is too large, smaller ones in the same proportion.
fn populations(wanted: [usize; 3], most: usize) -> [usize; 3] {
    let [.., largest] = wanted;
    if largest <= most { wanted } else { wanted.map(|count| (count * most / largest).max(1)) }
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
