//! The `concurrent` group: populations of simulated users at work on a whole backend.
//!
//! The backend ([`Platform`]) and the users are in one process and share its cores, each on a runtime of its own and
//! with real sockets between them. Its model is simulated and keeps a tenth of the time of a hosted one,
//! `LLM_BASE_URL` or not. Each population meets a fresh backend.
//!
//! The memory that the process holds meanwhile is looked at every 10 ms: it is that of the backend and of its users. A
//! deployment's cannot be seen, and these rows are then left out.
//!
//! A population is recorded once, when the first of its benchmarks runs. Its response time is cut into windows, each
//! of which gives one value (a mean). Percentiles, success rate and operations per second are one value each, of the
//! whole: a window holds too few operations for a percentile, and most windows too few for a single failure, so that
//! their spread would hide failures. A failed operation counts with its deadline as its response time.
//!
//! Faults (`concurrent/faults.rs`) break a part of the backend while a population works.
//!
//! [`Platform`]: crate::bench::Platform

mod faults;
mod scaling;
mod system;

use std::cell::OnceCell;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use self::scaling::Scaling;
use self::system::{LoadFixture, Scenario, SystemUnderTest};
use crate::bench::harness::{is_test_run, runtime};
use crate::bench::heap::{HeapWatch, Peak, Slope};
use crate::bench::load::{Population, Recording, Surge};
use crate::bench::measurement::nanoseconds;
use crate::bench::{Harness, Mode, Unit};

/// Windows of each recording, and so values of its response time.
const WINDOWS: u32 = 10;

/// Stretches of equal length, each of which gives a point of a trend.
const POINTS: u32 = 24;

/// The names of the populations of [`Sizes::users`](crate::bench::Sizes::users).
const NAMES: [&str; 3] = ["basic", "medium", "high"];

/// Runs every benchmark of the `concurrent` category: on the deployment that `API_URL` names, else on platforms.
///
/// Ends the process with 2 where there is a deployment and no load can be sent to it.
pub fn run(harness: &mut Harness) {
    raise_open_files();
    let (users, system) = (runtime(), SystemUnderTest::here(harness.metadata()));
    let warm_up = tested_shorter(harness.sizes().user_warm_up);
    let fixture = LoadFixture { users: &users, system: &system, warm_up };
    constant(harness, fixture);
    changing(harness, fixture);
    faults::measure(harness, &users, &system);
}

/// Populations of constant size.
fn constant(harness: &mut Harness, fixture: LoadFixture<'_>) {
    let sizes = harness.sizes();
    for (name, count) in NAMES.into_iter().zip(populations(sizes.users, fixture.system.most_users())) {
        let id = format!("{name}/{count}");
        let scenario = fixture.scenario(&id, fixture.population(count), tested_shorter(sizes.user_scenario));
        measure(harness, &id, &scenario, || scenario.recording());
    }
}

/// Populations over time and of rising sizes.
fn changing(harness: &mut Harness, fixture: LoadFixture<'_>) {
    burst(harness, fixture);
    sustained(harness, fixture);
    scaling(harness, fixture);
}

/// What each scenario has. `recording` is that of the `scenario`.
fn measure<'r>(
    harness: &mut Harness,
    id: &str,
    scenario: &'r Scenario<'_>,
    recording: impl Fn() -> &'r Recording,
) {
    estimates(harness, id, &recording);
    peaks(harness, id, scenario.system(), || {
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
fn peaks(harness: &mut Harness, id: &str, system: &SystemUnderTest, peak: impl Fn() -> Option<Peak>) {
    let [heap, rss]: [fn(Peak) -> usize; 2] = [|peak| peak.heap, |peak| peak.rss];
    for (name, of) in [("peak_heap", heap), ("peak_rss", rss)] {
        harness.replay(&format!("{name}/{id}"), Unit::Bytes, |_| {
            let rows = format!("{name}/*");
            system.must_be_here(&rows);
            let bytes = peak().map_or(0, of);
            if bytes == 0 {
                system.leave_out(&rows, "this system has no /proc/self/status", "measure it on Linux");
            }
            vec![bytes as f64]
        });
    }
}

/// Some users all the time, and many more in its second quarter.
fn burst(harness: &mut Harness, fixture: LoadFixture<'_>) {
    let ((few, more), length) = (harness.sizes().burst, tested_shorter(harness.sizes().user_scenario));
    let [few, more, _] = populations([few, more, few + more], fixture.system.most_users());
    let surge = Surge { users: more, after: length / 4, lasting: length / 4 };
    let population = Population { surge: Some(surge), ..fixture.population(few) };
    let id = format!("burst/{few}+{more}");
    let scenario = fixture.scenario(&id, population, length);
    measure(harness, &id, &scenario, || scenario.recording());
}

/// The same users for a long time, and whether response times and heap grow meanwhile.
fn sustained(harness: &mut Harness, fixture: LoadFixture<'_>) {
    let (count, length) = harness.sizes().sustained;
    let (count, length) = (count.min(fixture.system.most_users()), tested_shorter(length));
    let scenario = fixture.scenario(&format!("sustained/{count}"), fixture.population(count), length);
    let heap = OnceCell::new();
    let recording = || {
        heap.get_or_init(|| {
            let watch = HeapWatch::start(fixture.warm_up, length / POINTS);
            let _ = scenario.recording();
            watch.stop()
        });
        scenario.recording()
    };
    measure(harness, &format!("sustained/{count}"), &scenario, recording);
    trends(harness, fixture.system, recording, &heap);
}

fn trends<'r>(
    harness: &mut Harness,
    system: &SystemUnderTest,
    recording: impl Fn() -> &'r Recording,
    heap: &OnceCell<Vec<f64>>,
) {
    trend(harness, system, "sustained/response_time_trend", || {
        let windows = recording().windows(POINTS);
        Slope::of_growth(&windows.iter().map(|window| window.mean().as_secs_f64()).collect::<Vec<_>>())
    });
    trend(harness, system, "sustained/heap_trend", || {
        let _ = recording();
        Slope::of_growth(heap.get().map_or(&[], Vec::as_slice))
    });
}

/// The change from the beginning to the end, and the lower end of its interval. Quick mode is over before there is one.
fn trend(harness: &mut Harness, system: &SystemUnderTest, id: &str, of: impl Fn() -> Slope) {
    let (rows, is_short) = (format!("{id}/*"), harness.mode() == Mode::Quick && !is_test_run());
    let of = || {
        if id.contains("heap") {
            system.must_be_here(&rows);
        }
        if is_short {
            system.leave_out(
                &rows,
                "a trend takes minutes to show, and quick mode works for seconds",
                "leave out --quick",
            );
        }
        of()
    };
    harness.replay(&format!("{id}/estimate"), Unit::Ratio, |_| {
        let growth = of();
        let percent = [growth.estimate, growth.lower, growth.upper].map(|factor| 100.0 * (factor - 1.0));
        eprintln!("concurrent/{id}: {:+.1} % ({:+.1} to {:+.1} %)", percent[0], percent[1], percent[2]);
        vec![growth.estimate]
    });
    harness.replay(&format!("{id}/ci_lower"), Unit::Ratio, |_| vec![of().lower]);
}

/// Rising populations: the first ones with all their estimates, and then until the service level breaks.
fn scaling(harness: &mut Harness, fixture: LoadFixture<'_>) {
    let (sizes, most) = (harness.sizes(), fixture.system.most_users());
    let tried = if is_test_run() { &sizes.scaling[..1] } else { sizes.scaling };
    let length = tested_shorter(sizes.user_probe);
    let scaling = Scaling::new(fixture, up_to(tried, most), sizes.scaling_within, length);
    for count in up_to(sizes.scaling, most.min(sizes.scaling_reported)) {
        let scenario = scaling.scenario(count);
        let id = format!("scaling/{count}");
        measure(harness, &id, &scenario, || reported(&scaling, count, &scenario));
    }
    harness.replay("max_users", Unit::Users, |_| vec![scaling.most() as f64]);
    harness.replay("scaling/degradation", Unit::Ratio, |_| vec![scaling.degradation()]);
}

fn reported<'r>(scaling: &Scaling<'_>, count: usize, scenario: &'r Scenario<'_>) -> &'r Recording {
    scenario.recorded(|recording| scaling.add(count, recording))
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

/// Raises the limit of open files to what the system allows: many systems begin with 1,024, and a user takes a socket at each
/// end of two connections. Where that fails, users without a socket count as failures.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        eprintln!("warning: the limit of open files stays at {:?}: {error}", limit.current);
    }
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
