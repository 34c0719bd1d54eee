//! Joins benchmarks and thresholds to a verdict.
//!
//! Two rules hold throughout. Nothing passes by absence: a metric without a fresh result, a category that could not
//! run, or an empty judgement is never a [`Verdict::Pass`]. And the accused has the benefit of the doubt: a metric
//! is judged by the end of its confidence interval that favours it, so that only what is beyond doubt condemns.
//!
//! A verdict is a join over all findings (`Pass < Undecided < Fail`), so a comparison with a baseline, when there is
//! one, joins its own verdict to the one of the thresholds and nothing else changes.

mod row;

use serde::{Deserialize, Serialize};

use super::benchmark::{Benchmark, category_of};
use super::error::Error;
use super::threshold::{Kind, Thresholds};

pub use row::Row;

/// How a metric stands against its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Better than the baseline.
    Info,
    /// Between baseline and warning.
    Low,
    /// Between warning and critical.
    Medium,
    /// Beyond critical.
    Critical,
}

impl Severity {
    /// All of them, from the mildest.
    pub const ALL: [Self; 4] = [Self::Info, Self::Low, Self::Medium, Self::Critical];

    /// Whether a metric of this severity passes.
    #[must_use]
    pub fn passes(self) -> bool {
        self <= Self::Low
    }

    /// Its name, as the reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::Critical => "CRITICAL",
        }
    }
}

/// The answer of the gate. The order is that of the join: the worst finding is the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything was judged, and it is good enough.
    Pass,
    /// Something could not be judged, and nothing failed.
    Undecided,
    /// Something is not good enough, or could not run.
    Fail,
}

impl Verdict {
    /// The exit code: 0, 2 and 1.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Undecided => 2,
        }
    }
}

/// A metric that no fresh result answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// The metric's id, with its `*`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Which list it stands in.
    pub kind: Kind,
}

/// A benchmark that no metric judges. Criterion stores no unit, so its value has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unlimited {
    /// The benchmark's id.
    pub id: String,
    /// The mean, as Criterion stored it.
    pub mean: f64,
}

impl From<&Benchmark> for Unlimited {
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
    /// Those that could not run to their end.
    pub failures: Vec<Failure>,
}

impl Scope {
    /// Whether the benchmark or metric `id` is to be judged.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        self.categories.is_empty() || self.categories.iter().any(|category| category == category_of(id))
    }
}

/// A finding for each metric, and what follows from them together.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// A row for every metric and benchmark that it judges, by category in the order of the thresholds.
    pub rows: Vec<Row>,
    /// Benchmarks that no metric judges.
    pub unlimited: Vec<Unlimited>,
    /// Metrics without a fresh result.
    pub missing: Vec<Missing>,
    /// Categories that could not run.
    pub failures: Vec<Failure>,
    /// The share of rows, in percent, that had to pass.
    pub min_pass_rate: f64,
}

/// Judges `benchmarks` by `thresholds`, as far as `scope` reaches.
///
/// # Errors
/// A metric cannot judge a benchmark that it names, because the bench declares no throughput.
pub fn judge(thresholds: &Thresholds, benchmarks: &[Benchmark], scope: Scope) -> Result<Judgement, Error> {
    let mut rows: Vec<Vec<Row>> = vec![Vec::new(); thresholds.metrics.len()];
    let mut unlimited = Vec::new();
    for benchmark in benchmarks.iter().filter(|benchmark| scope.holds(&benchmark.id)) {
        let judging = thresholds.judging(&benchmark.id);
        for position in &judging {
            rows[*position].push(Row::new(&thresholds.metrics[*position], benchmark)?);
        }
        unlimited.extend(judging.is_empty().then(|| Unlimited::from(benchmark)));
    }
    let missing = missing(thresholds, &rows, &scope);
    let rows = rows.into_iter().flatten().collect();
    let (failures, min_pass_rate) = (scope.failures, thresholds.min_pass_rate);
    Ok(Judgement { rows, unlimited, missing, failures, min_pass_rate })
}

/// The metrics in scope that have no row.
fn missing(thresholds: &Thresholds, rows: &[Vec<Row>], scope: &Scope) -> Vec<Missing> {
    let unanswered = thresholds.metrics.iter().zip(rows).filter(|(_, rows)| rows.is_empty());
    let in_scope = unanswered.filter(|(metric, _)| scope.holds(&metric.id));
    in_scope
        .map(|(metric, _)| Missing { id: metric.id.clone(), name: metric.name.clone(), kind: metric.kind })
        .collect()
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
    /// How many rows pass.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.rows.iter().filter(|row| row.severity.passes()).count()
    }

    /// The share of judged rows that pass, in percent; `None` where nothing was judged.
    #[must_use]
    pub fn pass_rate(&self) -> Option<f64> {
        (!self.rows.is_empty()).then(|| 100.0 * self.passed() as f64 / self.rows.len() as f64)
    }

    /// How many rows have `severity`.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.rows.iter().filter(|row| row.severity == severity).count()
    }

    /// The categories that anything belongs to, in order of appearance.
    #[must_use]
    pub fn categories(&self) -> Vec<&str> {
        let rows = self.rows.iter().map(|row| row.id.as_str());
        let missing = self.missing.iter().map(|missing| missing.id.as_str());
        let unlimited = self.unlimited.iter().map(|benchmark| benchmark.id.as_str());
        let failures = self.failures.iter().map(|failure| failure.category.as_str());
        let mut seen = Vec::new();
        for category in rows.chain(missing).chain(unlimited).map(category_of).chain(failures) {
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
        let critical =
            critical.map(|row| (Verdict::Fail, format!("{} is CRITICAL: {}", row.id, row.reason())));
        let missing = self.missing.iter().map(|missing| {
            (Verdict::Undecided, format!("no fresh result for `{}` ({})", missing.id, missing.name))
        });
        failed.chain(critical).chain(self.pass_rate_finding()).chain(missing).collect()
    }

    fn pass_rate_finding(&self) -> Option<(Verdict, String)> {
        let minimum = self.min_pass_rate;
        match self.pass_rate() {
            None => Some((Verdict::Undecided, "nothing was judged".to_owned())),
            Some(rate) if rate < minimum => {
                Some((Verdict::Fail, format!("pass rate {rate:.1} % is below {minimum} %")))
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
