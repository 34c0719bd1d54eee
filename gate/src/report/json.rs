//! Reports for programs. `gate/schemas/` has a JSON schema for each, and a test holds real reports against them.

pub(crate) mod comparison;
mod limits;

use std::io::{self, Write};
use std::time::SystemTime;

use serde::Serialize;

use self::comparison::ComparisonReport;
use self::limits::{Graded, MetricResult, Promise, SlaResult};
use super::{Exporter, Report, Summary};
use crate::criterion::{CriterionHome, Source};
use crate::files::store;
use crate::judge::{Compared, Failure, Finding, Missing, NotRun, Unmatched, Verdict};
use crate::metadata::Engine;
use crate::model::benchmark::{Benchmark, Estimates, Throughput};
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::thresholds::{Accepted, Policy, Thresholds};

/// The version of all three formats.
pub const SCHEMA_VERSION: u32 = 1;

/// The two reports that a program can ask for on the standard output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Json;

impl Exporter for Json {
    fn judgement(&self, out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
        out.write_all(store::to_json(&BenchmarkReport::new(report)).as_bytes())
    }

    fn comparison(&self, out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
        out.write_all(store::to_json(&ComparisonReport::new(compared)).as_bytes())
    }
}

/// `performance_benchmark_report_<timestamp>.json`: the verdict and what it rests on.
#[derive(Debug, Serialize)]
pub struct BenchmarkReport<'a> {
    schema_version: u32,
    kind: &'static str,
    verdict: Verdict,
    exit_code: u8,
    findings: &'a [Finding],
    summary: Summary,
    environment: &'a Environment,
    criterion_home: String,
    metrics: Vec<MetricResult<'a>>,
    sla: Vec<SlaResult<'a>>,
    unlimited: &'a [Unmatched],
    missing: &'a [Missing],
    engines: &'a [Engine],
    not_run: &'a [NotRun],
    failures: &'a [Failure],
    /// The comparison with a baseline: null where none was made.
    comparison: Option<ComparisonReport<'a>>,
}

impl<'a> BenchmarkReport<'a> {
    /// The report of `report`.
    #[must_use]
    pub fn new(report: &Report<'a>) -> Self {
        let judgement = report.judgement;
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "performance_benchmark_report",
            verdict: judgement.verdict,
            exit_code: judgement.verdict.exit_code(),
            findings: &judgement.findings,
            summary: Summary::new(report),
            environment: report.environment,
            criterion_home: report.home.display().to_string(),
            metrics: judgement.graded().filter_map(MetricResult::new).collect(),
            sla: judgement.promised().filter_map(SlaResult::new).collect(),
            unlimited: &judgement.unlimited,
            missing: &judgement.missing,
            engines: report.engines,
            not_run: &judgement.not_run,
            failures: &judgement.failures,
            comparison: judgement.comparison.as_ref().map(ComparisonReport::new),
        }
    }
}

/// `performance_detailed_results_<timestamp>.json`: every number that was read.
#[derive(Debug, Serialize)]
pub struct DetailedResults<'a> {
    schema_version: u32,
    kind: &'static str,
    environment: &'a Environment,
    criterion_home: String,
    benchmarks: Vec<DetailedBenchmark<'a>>,
    failures: &'a [Failure],
}

/// One benchmark, in the unit that Criterion stored (nanoseconds for times).
#[derive(Debug, Serialize)]
struct DetailedBenchmark<'a> {
    id: &'a str,
    category: &'a str,
    folder: String,
    written: String,
    throughput: Option<Throughput>,
    estimates: &'a Estimates,
    p10: f64,
    iterations: &'a [f64],
    totals: &'a [f64],
}

impl<'a> DetailedResults<'a> {
    /// The details of `report`.
    ///
    /// # Errors
    /// A result is gone.
    pub fn new(report: &Report<'a>) -> Result<Self, Error> {
        Ok(Self {
            schema_version: SCHEMA_VERSION,
            kind: "performance_detailed_results",
            environment: report.environment,
            criterion_home: report.home.display().to_string(),
            benchmarks: report
                .benchmarks
                .iter()
                .map(|benchmark| DetailedBenchmark::new(benchmark, &CriterionHome(report.home)))
                .collect::<Result<_, _>>()?,
            failures: &report.judgement.failures,
        })
    }
}

impl<'a> DetailedBenchmark<'a> {
    fn new(benchmark: &'a Benchmark, source: &dyn Source) -> Result<Self, Error> {
        Ok(Self {
            id: &benchmark.id,
            category: benchmark.category(),
            folder: benchmark.folder.display().to_string(),
            written: rfc3339(source.written(benchmark)?),
            throughput: benchmark.throughput,
            estimates: &benchmark.estimates,
            p10: benchmark.p10,
            iterations: &benchmark.samples.iterations,
            totals: &benchmark.samples.totals,
        })
    }
}

fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| "unknown".to_owned(), |time| time.to_string())
}

/// `performance_baselines.json`: the limits that were in force, and what comparisons are held to.
#[derive(Debug, Serialize)]
pub struct PerformanceBaselines<'a> {
    schema_version: u32,
    kind: &'static str,
    source: String,
    min_pass_rate: f64,
    metrics: Vec<Graded<'a>>,
    sla: Vec<Promise<'a>>,
    policies: &'a [Policy],
    accepted: &'a [Accepted],
}

impl<'a> PerformanceBaselines<'a> {
    /// The limits in `thresholds`.
    #[must_use]
    pub fn new(thresholds: &'a Thresholds) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "performance_baselines",
            source: thresholds.path.display().to_string(),
            min_pass_rate: thresholds.min_pass_rate,
            metrics: thresholds.metrics.iter().filter_map(|metric| Graded::new(metric)).collect(),
            sla: thresholds.metrics.iter().filter_map(|metric| Promise::new(metric)).collect(),
            policies: &thresholds.policies,
            accepted: &thresholds.accepted,
        }
    }
}
