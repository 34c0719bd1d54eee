//! Joins benchmarks and thresholds to a verdict.
//!
//! Two rules hold throughout. Nothing passes by absence: a metric without a fresh result, a category that could not
//! run, or an empty judgement is never a [`Verdict::Pass`]. And a metric is judged by the lenient end of its confidence
//! interval, so that a limit counts as missed only where the whole interval misses it.
//!
//! A verdict is a join over all findings (`Pass < Undecided < Fail`), so a comparison with a baseline, when there is
//! one, joins its own verdict to the one of the thresholds and nothing else changes.

mod accepted;
mod compared;
mod not_run;
mod row;
pub mod run_set;
mod verdict;

use serde::{Deserialize, Serialize};

use crate::model::benchmark::{Benchmark, category_of};
use crate::model::engine_metadata::EngineMetadata;
use crate::model::error::Error;
use crate::model::filter::IdFilter;
use crate::thresholds::{Kind, Metric, Thresholds};

pub use accepted::acknowledge;
pub use compared::{Compared, ComparedRow, ComparedSide, Measuring};
pub use not_run::NotRun;
pub use row::Row;
pub use verdict::{Severity, Undecided, Verdict};

/// A metric that fewer fresh results answer than it asks for: most often none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// The metric's id, with its `*`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Which list it stands in.
    pub kind: Kind,
    /// The fresh results that there are.
    pub found: usize,
    /// The fewest that there must be.
    pub at_least: usize,
}

impl Missing {
    /// What is there of it, in words.
    #[must_use]
    pub fn what(&self) -> String {
        match self.found {
            0 => "no fresh result".to_owned(),
            found => format!("only {found} of {}", self.at_least),
        }
    }
}

/// A benchmark that no metric judges. Criterion stores no unit, so its value has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmatched {
    /// The benchmark's id.
    pub id: String,
    /// The mean, as Criterion stored it.
    pub mean: f64,
}

impl From<&Benchmark> for Unmatched {
    fn from(benchmark: &Benchmark) -> Self {
        Self { id: benchmark.id.clone(), mean: benchmark.estimates.mean.point }
    }
}

/// A category that could not run to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The category.
    pub category: String,
    /// How it ended: its exit code or signal.
    pub reason: String,
    /// The last lines that it printed.
    pub output: Vec<String>,
}

/// What is to be judged: all categories, or some, of which some may have failed to run.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The categories asked for; empty means all.
    pub categories: Vec<String>,
    /// The benchmarks asked for; `None` means all of these categories.
    pub filter: Option<IdFilter>,
    /// Those that could not run to their end.
    pub failures: Vec<Failure>,
    /// What the benches noted of their engines.
    pub facts: EngineMetadata,
    /// The engines that have to be measured.
    pub required: Vec<String>,
}

impl Scope {
    /// Whether the benchmark or metric `id` is to be judged.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        let is_in = self.categories.is_empty() || self.categories.iter().any(|it| it == category_of(id));
        is_in && self.filter.as_ref().is_none_or(|filter| filter.holds(id))
    }
}

/// A finding for each metric, and what follows from them together.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// A row for every metric and benchmark that it judges, by category in the order of the thresholds.
    pub rows: Vec<Row>,
    /// Benchmarks that no metric judges.
    pub unlimited: Vec<Unmatched>,
    /// Metrics without a fresh result.
    pub missing: Vec<Missing>,
    /// Categories that could not run.
    pub failures: Vec<Failure>,
    /// What the benches said they could not run on this machine.
    pub not_run: Vec<NotRun>,
    /// Why engines that are required were not measured.
    pub unmet: Vec<String>,
    /// The share of rows, in percent, that had to pass.
    pub min_pass_rate: f64,
    /// The comparison with a baseline, where one was asked for.
    pub comparison: Option<Compared>,
}

/// Judges `benchmarks` by `thresholds`, as far as `scope` reaches.
///
/// # Errors
/// A metric cannot judge a benchmark that it names, because the bench declares no throughput.
pub fn judge(thresholds: &Thresholds, benchmarks: &[Benchmark], scope: Scope) -> Result<Judgement, Error> {
    let mut answers = vec![Answers::default(); thresholds.metrics.len()];
    let mut unlimited = Vec::new();
    for benchmark in benchmarks.iter().filter(|benchmark| scope.holds(&benchmark.id)) {
        let matching = thresholds.matching(&benchmark.id);
        matching.iter().for_each(|position| answers[*position].matching += 1);
        for position in thresholds.judging(&matching) {
            answers[position].rows.push(Row::new(&thresholds.metrics[position], benchmark)?);
        }
        unlimited.extend(matching.is_empty().then(|| Unmatched::from(benchmark)));
    }
    let missing = missing(thresholds, &answers, &scope);
    let (not_run, unmet) =
        (not_run::not_run(thresholds, &scope), not_run::unmet(thresholds, &missing, &scope));
    let rows = answers.into_iter().flat_map(|answers| answers.rows).collect();
    let (failures, min_pass_rate) = (scope.failures, thresholds.min_pass_rate);
    Ok(Judgement { rows, unlimited, missing, failures, not_run, unmet, min_pass_rate, comparison: None })
}

/// What there is to one metric.
#[derive(Debug, Clone, Default)]
struct Answers {
    /// The benchmarks that its id names, also those that another metric judges by their exact id.
    matching: usize,
    rows: Vec<Row>,
}

/// The metrics in scope that fewer benchmarks answer than they ask for, and of which no bench said why.
fn missing(thresholds: &Thresholds, answers: &[Answers], scope: &Scope) -> Vec<Missing> {
    let all = thresholds.metrics.iter().zip(answers).filter(|(metric, _)| scope.holds(&metric.id));
    // A part of what a metric names is enough where a part was asked for.
    let enough =
        |metric: &Metric| if scope.filter.is_some() { 1.min(metric.at_least) } else { metric.at_least };
    let unanswered = all
        .filter(|(metric, answers)| answers.matching < enough(metric) && !scope.facts.rule_out(&metric.id));
    let missing = unanswered.map(|(metric, answers)| Missing {
        id: metric.id.clone(),
        name: metric.name.clone(),
        kind: metric.kind(),
        found: answers.matching,
        at_least: metric.at_least,
    });
    missing.collect()
}

/// Fails on the first of `categories` that neither a benchmark nor a metric belongs to.
///
/// # Errors
/// [`Error::NoSuchCategory`], with those that there are.
pub fn refuse_unknown_categories(
    thresholds: &Thresholds,
    benchmarks: &[Benchmark],
    categories: &[String],
) -> Result<(), Error> {
    let mut known = thresholds.categories();
    known.extend(benchmarks.iter().map(Benchmark::category));
    known.sort_unstable();
    known.dedup();
    match categories.iter().find(|category| !known.contains(&category.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(Error::NoSuchCategory {
            place: "neither results nor thresholds".to_owned(),
            wanted: unknown.clone(),
            available: known.join(", "),
        }),
    }
}

impl Judgement {
    /// The rows of `[[metric]]`, which are graded.
    pub fn graded(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.is_promise())
    }

    /// The rows of `[[sla]]`, which are kept or broken.
    pub fn promised(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_promise())
    }

    /// How many graded rows pass.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.graded().filter(|row| row.severity.passes()).count()
    }

    /// The share of graded rows that pass, in percent; `None` where nothing was graded.
    #[must_use]
    pub fn pass_rate(&self) -> Option<f64> {
        let graded = self.graded().count();
        (graded > 0).then(|| 100.0 * self.passed() as f64 / graded as f64)
    }

    /// How many graded rows have `severity`.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.graded().filter(|row| row.severity == severity).count()
    }

    /// The categories that anything but a promise belongs to, in order of appearance.
    #[must_use]
    pub fn categories(&self) -> Vec<&str> {
        let rows = self.graded().map(|row| row.id.as_str());
        let missing =
            self.missing.iter().filter(|missing| missing.kind == Kind::Metric).map(|it| it.id.as_str());
        let unlimited = self.unlimited.iter().map(|benchmark| benchmark.id.as_str());
        let failures = self.failures.iter().map(|failure| failure.category.as_str());
        let not_run = self.not_run.iter().map(|not_run| not_run.id.as_str());
        let mut seen = Vec::new();
        for category in rows.chain(missing).chain(unlimited).chain(not_run).map(category_of).chain(failures) {
            if !seen.contains(&category) {
                seen.push(category);
            }
        }
        seen
    }

    /// The worst of all findings.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings().into_iter().map(|(verdict, _)| verdict).max().unwrap_or(Verdict::Pass)
    }

    /// Everything that keeps the verdict from being a pass, each with its reason.
    #[must_use]
    pub fn findings(&self) -> Vec<(Verdict, String)> {
        let failed = self.failures.iter().map(|failure| {
            (Verdict::Fail, format!("category {} could not run: {}", failure.category, failure.reason))
        });
        let critical = self.rows.iter().filter(|row| row.severity == Severity::Critical);
        let critical = critical.map(|row| (Verdict::Fail, row.failure_message()));
        let missing = self.missing.iter().map(|missing| {
            (
                Verdict::Undecided(Undecided::BadInput),
                format!("{} for `{}` ({})", missing.what(), missing.id, missing.name),
            )
        });
        let unmet = self.unmet.iter().map(|reason| (Verdict::Fail, reason.clone()));
        let failed = failed.chain(unmet).chain(critical).chain(self.pass_rate_finding()).chain(missing);
        failed.chain(self.comparison.iter().flat_map(Compared::findings)).collect()
    }

    fn pass_rate_finding(&self) -> Option<(Verdict, String)> {
        let minimum = self.min_pass_rate;
        match self.pass_rate() {
            None if self.comparison.is_some() || !self.rows.is_empty() => None,
            None => Some((Verdict::Undecided(Undecided::BadInput), "nothing was judged".to_owned())),
            Some(rate) if rate < minimum => {
                Some((Verdict::Fail, format!("pass rate {rate:.1} % is below {minimum} %")))
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
