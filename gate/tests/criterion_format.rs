//! Criterion's own output, read back. Criterion calls the format private: when it changes, this breaks.

use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bench_gate::criterion::{self as saved, Source};
use bench_gate::model::benchmark::{Benchmark, Throughput};
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkId, Criterion, SamplingMode};
use tempfile::TempDir;

const SAMPLES: usize = 10;

/// An id that no path component holds: longer than 64 bytes.
const LONG: &str = "a_function_whose_name_goes_on_and_on_until_it_is_over_64_bytes_long_and_then_some";

/// The shortest run that Criterion makes.
fn criterion(home: &Path) -> Criterion {
    Criterion::default()
        .output_directory(home)
        .without_plots()
        .sample_size(SAMPLES)
        .nresamples(1_001)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_millis(5))
}

fn work(size: u64) -> u64 {
    (0..black_box(size)).fold(0, |sum, n| sum ^ n.wrapping_mul(31))
}

/// What `bench` makes Criterion write, read back.
fn written_by(bench: impl FnOnce(Criterion)) -> (TempDir, Vec<Benchmark>) {
    let home = tempfile::tempdir().expect("a temporary folder");
    bench(criterion(home.path()));
    let benchmarks = saved::load(home.path(), saved::LATEST).expect("Criterion's results");
    (home, benchmarks)
}

fn ids(benchmarks: &[Benchmark]) -> Vec<&str> {
    benchmarks.iter().map(|benchmark| benchmark.id.as_str()).collect()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * other.abs()
}

/// The estimates are those of the samples, as we read both.
#[track_caller]
fn agree(benchmark: &Benchmark) {
    let (values, estimates) = (benchmark.samples.sorted_per_iteration(), &benchmark.estimates);
    assert_eq!((values.len(), benchmark.samples.totals.len()), (SAMPLES, SAMPLES));
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let median = f64::midpoint(values[SAMPLES / 2 - 1], values[SAMPLES / 2]);
    assert!(close(estimates.mean.point, mean) && close(estimates.median.point, median), "{benchmark:?}");
    assert!(estimates.mean.lower <= mean && mean <= estimates.mean.upper, "{benchmark:?}");
    assert!(estimates.std_dev.point >= 0.0 && estimates.median_abs_dev.point >= 0.0, "{benchmark:?}");
}

fn named_benchmarks(mut criterion: Criterion) {
    criterion.bench_function("alone", |bencher| bencher.iter(|| work(100)));
    criterion.bench_function("new", |bencher| bencher.iter(|| work(100)));
    let mut group = criterion.benchmark_group("group");
    for size in [100_u64, 200] {
        let id = BenchmarkId::new("function", size);
        group.bench_with_input(id, &size, |bencher, size| bencher.iter(|| work(*size)));
    }
    for name in ["new", "new/new", "what? \"a/b\\c*<d>:e|f^g", LONG] {
        group.bench_function(name, |bencher| bencher.iter(|| work(100)));
    }
    group.finish();
}

#[test]
fn ids_are_those_of_the_benches_whatever_the_folders_are_called() {
    let (_home, benchmarks) = written_by(named_benchmarks);
    let long = format!("group/{LONG}");
    let mut expected = vec![
        "alone",
        "new",
        "group/function/100",
        "group/function/200",
        "group/new",
        "group/new/new",
        "group/what? \"a/b\\c*<d>:e|f^g",
        &long,
    ];
    expected.sort_unstable();
    assert_eq!(ids(&benchmarks), expected);
    benchmarks.iter().for_each(agree);
}

#[test]
fn throughput_is_read_in_every_unit() {
    let declared = [
        (criterion::Throughput::Elements(7), Throughput::Elements(7)),
        (criterion::Throughput::Bytes(8), Throughput::Bytes(8)),
        (criterion::Throughput::BytesDecimal(9), Throughput::Bytes(9)),
        (criterion::Throughput::Bits(81), Throughput::Bits(81)),
        (
            criterion::Throughput::ElementsAndBytes { elements: 11, bytes: 99 },
            Throughput::ElementsAndBytes { elements: 11, bytes: 99 },
        ),
    ];
    let (_home, benchmarks) = written_by(|mut criterion| {
        let mut group = criterion.benchmark_group("group");
        for (at, (throughput, _)) in declared.iter().enumerate() {
            group.throughput(throughput.clone());
            group.bench_function(at.to_string(), |bencher| bencher.iter(|| work(100)));
        }
    });
    let read: Vec<_> = benchmarks.iter().map(|benchmark| benchmark.throughput).collect();
    assert_eq!(read, declared.map(|(_, throughput)| Some(throughput)));
}

#[test]
fn no_throughput_is_none() {
    let (_home, benchmarks) = written_by(|mut criterion| {
        criterion.bench_function("alone", |bencher| bencher.iter(|| work(100)));
    });
    assert_eq!(benchmarks[0].throughput, None);
}

#[test]
fn the_slope_is_there_where_sampling_was_linear() {
    let (_home, benchmarks) = written_by(|mut criterion| {
        let mut group = criterion.benchmark_group("group");
        for (name, mode) in [("flat", SamplingMode::Flat), ("linear", SamplingMode::Linear)] {
            group.sampling_mode(mode).bench_function(name, |bencher| bencher.iter(|| work(1_000)));
        }
    });
    let [flat, linear] = &benchmarks[..] else { panic!("{:?}", ids(&benchmarks)) };
    let same = |values: &[f64]| values.windows(2).all(|pair| close(pair[0], pair[1]));
    assert!(flat.estimates.slope.is_none() && same(&flat.samples.iterations), "{flat:?}");
    assert!(linear.estimates.slope.is_some() && !same(&linear.samples.iterations), "{linear:?}");
    assert_eq!(flat.estimates.typical(), flat.estimates.mean);
}

/// Users, which a clock cannot count.
struct Users;

impl Measurement for Users {
    type Intermediate = ();
    type Value = f64;

    fn start(&self) {}

    fn end(&self, (): ()) -> f64 {
        0.0
    }

    fn add(&self, one: &f64, other: &f64) -> f64 {
        one + other
    }

    fn zero(&self) -> f64 {
        0.0
    }

    fn to_f64(&self, value: &f64) -> f64 {
        *value
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

#[test]
fn a_measurement_of_ones_own_is_read_as_it_was_replayed() {
    let replayed = Cell::new(100.0);
    let next = |iterations: u64| {
        replayed.set(replayed.get() + 1.0);
        replayed.get() * iterations as f64
    };
    let (_home, benchmarks) = written_by(|criterion| {
        // Nothing is timed, so a warm-up would double its iterations for as long as it lasted.
        let brief = Duration::from_nanos(1);
        let mut criterion = criterion.with_measurement(Users).warm_up_time(brief).measurement_time(brief);
        let mut group = criterion.benchmark_group("users");
        group.sampling_mode(SamplingMode::Flat).bench_function("max", |bencher| bencher.iter_custom(next));
    });
    let values = benchmarks[0].samples.sorted_per_iteration();
    assert!(close(values[SAMPLES - 1], replayed.get()), "{values:?} up to {}", replayed.get());
    assert!(values.windows(2).all(|pair| close(pair[1] - pair[0], 1.0)), "{values:?}");
    agree(&benchmarks[0]);
}

#[test]
fn a_saved_baseline_is_read_by_name_beside_the_latest_results() {
    let before = SystemTime::now() - Duration::from_millis(20);
    let (home, latest) = written_by(|criterion| named_benchmarks(criterion.save_baseline("main".to_owned())));
    let saved = saved::load(home.path(), "main").expect("the saved baseline");
    let numbers = |benchmarks: &[Benchmark]| -> Vec<_> {
        benchmarks.iter().map(|it| (it.id.clone(), it.throughput, it.estimates, it.samples.clone())).collect()
    };
    assert_eq!(numbers(&saved), numbers(&latest));
    assert!(saved.iter().all(|benchmark| benchmark.folder.ends_with("main")));
    assert_eq!(
        saved::CriterionHome(home.path()).saved_sets().unwrap().into_iter().collect::<Vec<_>>(),
        [("main".into(), 8)]
    );
    saved::refuse_stale(&latest, before).expect("results of this run");
}

#[test]
fn measuring_again_replaces_the_latest_results_and_adds_no_benchmark() {
    let (home, first) = written_by(named_benchmarks);
    let between = first.iter().map(|benchmark| saved::written(benchmark).unwrap()).max().expect("results");
    named_benchmarks(criterion(home.path()));
    let second = saved::load(home.path(), saved::LATEST).expect("the second results");
    assert_eq!(ids(&second), ids(&first));
    assert!(second.iter().all(|benchmark| saved::written(benchmark).unwrap() >= between));
    assert!(saved::CriterionHome(home.path()).saved_sets().unwrap().is_empty(), "`base` is Criterion's own");
}
