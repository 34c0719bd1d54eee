//! The thin layer between our groups and Criterion: one category, its mode, and the two ways to measure.

use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::time::Duration;

use criterion::measurement::{Measurement, WallTime};
use criterion::{Bencher, BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};
use tokio::runtime::Runtime;

use super::deployment;
use super::engine_metadata::MetadataWriter;
use super::measurement::{Replayed, Unit};
use super::mode::{Mode, Sizes};

/// The fewest samples that Criterion takes.
pub(crate) const FEWEST_SAMPLES: usize = 10;

/// The warm-up of a replayed series: one value.
const REPLAY_WARM_UP: Duration = Duration::from_nanos(1);

/// The measurement time of a replayed series. Longer, and Criterion's `--quick`, which doubles its iterations
/// until this has passed, would overflow their count; shorter, and it warns that it cannot keep to it.
const REPLAY_TIME: Duration = Duration::from_micros(2);

/// One category being measured.
///
/// ```no_run
/// use backend_bench::bench::{Harness, Unit};
///
/// let mut harness = Harness::from_env("demo");
/// harness.time("sum", None, |bencher| bencher.iter(|| (0..1_000_u64).sum::<u64>()));
/// harness.replay("hit_rate", Unit::Percent, |samples| vec![87.5; samples]);
/// harness.finish();
/// ```
pub struct Harness {
    category: &'static str,
    mode: Mode,
    criterion: Criterion<WallTime>,
    metadata: MetadataWriter,
}

impl Harness {
    /// A harness for `category`, configured by `BENCH_MODE` and by Criterion's own command line.
    ///
    /// Ends the process with 2 where `BENCH_MODE` names no mode, or the [`deployment`] that the environment describes
    /// has a wrong value.
    #[must_use]
    pub fn from_env(category: &'static str) -> Self {
        let _ = deployment::here_or_exit();
        let mode = Mode::from_env().unwrap_or_else(|error| {
            eprintln!("error: {error}");
            process::exit(2)
        });
        let effort = mode.effort();
        let criterion = Criterion::default()
            .sample_size(effort.samples)
            .warm_up_time(effort.warm_up)
            .measurement_time(effort.measurement)
            .nresamples(effort.resamples);
        let metadata = if is_test_run() {
            MetadataWriter::unwritten(category)
        } else {
            MetadataWriter::beside_results(category)
        };
        Self { category, mode, criterion: plots(criterion).configure_from_args(), metadata }
    }

    /// A harness that takes nothing from the command line.
    #[cfg(test)]
    pub(crate) fn for_test(
        category: &'static str,
        criterion: Criterion<WallTime>,
        metadata: MetadataWriter,
    ) -> Self {
        Self { category, mode: Mode::Quick, criterion, metadata }
    }

    /// Where engines and rows that are not run are recorded.
    #[must_use]
    pub fn metadata(&self) -> MetadataWriter {
        self.metadata.clone()
    }

    /// The mode that was asked for.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The sizes of that mode.
    #[must_use]
    pub fn sizes(&self) -> &'static Sizes {
        self.mode.sizes()
    }

    /// How long a series that a group times itself goes on: as long as Criterion measures; not at all where the benches run
    /// once.
    pub(crate) fn recording_time(&self) -> Duration {
        if is_test_run() { Duration::ZERO } else { self.mode.effort().measurement }
    }

    /// Measures the time of what `routine` iterates.
    pub fn time(&mut self, id: &str, throughput: Option<Throughput>, routine: impl FnMut(&mut Bencher<'_>)) {
        measure(self.criterion.benchmark_group(self.category), id, throughput, routine);
    }

    /// [`Harness::time`] with a third of the effort, for one of many benchmarks of a kind.
    pub(crate) fn time_one_of_many(&mut self, id: &str, routine: impl FnMut(&mut Bencher<'_>)) {
        let effort = self.mode.effort();
        let mut group = self.criterion.benchmark_group(self.category);
        group.warm_up_time(effort.warm_up / 3).measurement_time(effort.measurement / 3);
        measure(group, id, None, routine);
    }

    /// [`Harness::time`] for work of 50 ms and more an iteration: the fewest samples, as many iterations in each.
    pub(crate) fn time_slow(
        &mut self,
        id: &str,
        throughput: Option<Throughput>,
        routine: impl FnMut(&mut Bencher<'_>),
    ) {
        let mut group = self.criterion.benchmark_group(self.category);
        group.sample_size(FEWEST_SAMPLES).sampling_mode(SamplingMode::Flat);
        measure(group, id, throughput, routine);
    }

    /// Records a series of values in `unit`, then has Criterion replay it, one value a sample.
    ///
    /// `record` is told how many values are wanted, and is called only where the benchmark runs (not where a
    /// filter leaves it out). A recording of fewer values is repeated to fill the samples; one of a single value
    /// therefore has no spread. Under `-- --test` one value is asked for.
    ///
    /// # Panics
    /// The series is empty or holds a value that is not finite and above zero: Criterion would drop such a
    /// result without an error and leave an older one to be taken for it.
    pub fn replay(&mut self, id: &str, unit: Unit, record: impl FnOnce(usize) -> Vec<f64>) {
        let criterion = Criterion::default().without_plots().nresamples(self.mode.effort().resamples);
        let mut criterion = criterion.with_measurement(Replayed(unit)).configure_from_args();
        let mut series = Series::new(record);
        let mut group = criterion.benchmark_group(self.category);
        group.sample_size(FEWEST_SAMPLES).sampling_mode(SamplingMode::Flat);
        group.warm_up_time(REPLAY_WARM_UP).measurement_time(REPLAY_TIME);
        measure(group, id, None, |bencher| {
            let value = series.next();
            bencher.iter_custom(|iterations| value * iterations as f64);
        });
    }

    /// Prints Criterion's closing summary.
    pub fn finish(self) {
        self.criterion.final_summary();
    }
}

/// Whether the benches were asked to run once and measure nothing: `cargo bench -- --test`, `cargo test --benches`.
///
/// Criterion's own rule: benches are measured when `--bench` is given without `--test`.
pub(crate) fn is_test_run() -> bool {
    let given = |flag: &str| std::env::args().any(|argument| argument == flag);
    given("--test") || !given("--bench")
}

/// A multi-threaded runtime with timers and I/O, for the workloads of one category.
///
/// # Panics
/// The operating system refuses a thread or a poller.
#[must_use]
pub fn runtime() -> Runtime {
    Runtime::new().expect("a tokio runtime needs threads and a poller: raise `ulimit -u` and `ulimit -n`")
}

/// Plots only where the crate was built for them: they cost a second a benchmark.
fn plots(criterion: Criterion) -> Criterion {
    if cfg!(feature = "plots") { criterion } else { criterion.without_plots() }
}

/// The payload by which [`skip`] unwinds.
struct Skipped;

/// Ends the benchmark that is running, without a result and without a failure: what it needs is missing on this machine,
/// and the [`MetadataWriter`] say so.
///
/// Criterion has no way to skip a benchmark that it has begun, and none to tell before whether a filter leaves it out.
/// So the stack is unwound, as far as the harness and quietly: it is no panic.
pub(crate) fn skip() -> ! {
    panic::resume_unwind(Box::new(Skipped))
}

/// [`skip`]s the benchmark that is running, and records that all that `rows` names is not run, why, and what changes that.
///
/// # Panics
/// It cannot be recorded.
pub(crate) fn leave_out(metadata: &MetadataWriter, rows: &str, reason: &str, remedy: &str) -> ! {
    metadata.record_row_not_run(rows, reason, remedy).unwrap_or_else(|error| panic!("{error}"));
    skip()
}

/// Criterion keeps the size apart from the name (`bulk_insert/50000`), so that its plots can have it as an axis.
fn measure<M: Measurement>(
    mut group: BenchmarkGroup<'_, M>,
    id: &str,
    throughput: Option<Throughput>,
    routine: impl FnMut(&mut Bencher<'_, M>),
) {
    if let Some(throughput) = throughput {
        group.throughput(throughput);
    }
    let ended = panic::catch_unwind(AssertUnwindSafe(|| {
        match id.rsplit_once('/') {
            Some((function, size)) if size.starts_with(|first: char| first.is_ascii_digit()) => {
                group.bench_function(BenchmarkId::new(function, size), routine)
            }
            _ => group.bench_function(id, routine),
        };
    }));
    group.finish();
    match ended {
        Err(thrown) if !thrown.is::<Skipped>() => panic::resume_unwind(thrown),
        _ => {}
    }
}

/// A recorded series, replayed in a circle: Criterion's warm-up takes a value too, and so turns the circle, but
/// as many samples as there are values still see each of them once.
struct Series<F> {
    record: Option<F>,
    values: Vec<f64>,
    position: usize,
}

impl<F: FnOnce(usize) -> Vec<f64>> Series<F> {
    fn new(record: F) -> Self {
        Self { record: Some(record), values: Vec::new(), position: 0 }
    }

    fn next(&mut self) -> f64 {
        if let Some(record) = self.record.take() {
            self.values = replayable(record(if is_test_run() { 1 } else { FEWEST_SAMPLES }));
        }
        let value = self.values[self.position % self.values.len()];
        self.position += 1;
        value
    }
}

fn replayable(values: Vec<f64>) -> Vec<f64> {
    assert!(!values.is_empty(), "nothing was recorded, so there is nothing to replay");
    let unfit = values.iter().find(|value| !value.is_finite() || **value <= 0.0);
    assert!(unfit.is_none(), "Criterion cannot replay {unfit:?}: record quantities that are above zero");
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_recorded_once_and_replayed_in_a_circle() {
        let mut series = Series::new(|_| vec![1.0, 2.0]);
        assert_eq!(
            [series.next(), series.next(), series.next()].map(f64::to_bits),
            [1.0_f64, 2.0, 1.0].map(f64::to_bits)
        );
    }

    #[test]
    #[should_panic(expected = "above zero")]
    fn a_zero_is_refused() {
        let _ = replayable(vec![1.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "nothing was recorded")]
    fn an_empty_series_is_refused() {
        let _ = replayable(Vec::new());
    }
}
