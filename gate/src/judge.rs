//! Joins benchmarks and thresholds to a verdict.
//!
//! Two rules hold throughout. Nothing passes by absence: a metric without a fresh result, a category that could not
//! run, or an empty judgement is never a [`Verdict::Pass`]. And a metric is judged by the lenient end of its confidence
//! interval, so that a limit counts as missed only where the whole interval misses it.
//!
//! A verdict is a join over all findings (`Pass < Undecided < Fail`), so a comparison with a baseline, when there is
//! one, joins its own verdict to the one of the thresholds and nothing else changes.
//! Findings are worked out once, when everything is there, and kept.

mod accepted;
mod compared;
mod coverage;
mod missing;
mod row;
pub mod run_set;
mod scope;
mod verdict;

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::benchmark::{Benchmark, category_of};
use crate::model::error::Error;
use crate::stats::Outcome;
use crate::thresholds::{Kind, Metric, Thresholds};

pub use accepted::acknowledge;
pub use compared::{Compared, ComparedRow, ComparedSettings, ComparedSide, Measuring};
pub use coverage::{Coverage, NotJudged, Unmatched};
pub use missing::{Missing, NotRun};
pub use row::MetricRow;
pub use scope::{Failure, Scope};
pub use verdict::{Finding, Severity, Undecided, Verdict};

/// A finding for each metric, and what follows from them together.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// A row for every metric and benchmark that it judges, by category in the order of the thresholds.
    pub rows: Vec<MetricRow>,
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
    /// How much of what is there was judged.
    pub coverage: Coverage,
    /// Everything that keeps the verdict from being a pass.
    pub findings: Vec<Finding>,
    /// The worst of all findings.
    pub verdict: Verdict,
}

/// Judges `benchmarks` by `thresholds`, as far as `scope` reaches, and joins the `comparison` of them if there is one.
///
/// # Errors
/// A metric cannot judge a benchmark that it names: the bench declares no throughput, or one of another kind. All such
/// metrics are named.
pub fn judge(
    thresholds: &Thresholds,
    benchmarks: &[Benchmark],
    scope: Scope,
    comparison: Option<Compared>,
) -> Result<Judgement, Error> {
    let Answers { matching, rows, unlimited } = Answers::of(thresholds, benchmarks, &scope)?;
    let missing = missing(thresholds, benchmarks, &matching, &scope);
    let judgement = Judgement {
        coverage: coverage(benchmarks, &unlimited, &scope, comparison.as_ref()),
        not_run: missing::not_run(thresholds, &scope),
        unmet: missing::unmet(thresholds, &missing, &scope),
        failures: scope.failures,
        min_pass_rate: thresholds.min_pass_rate,
        findings: Vec::new(),
        verdict: Verdict::Undecided(Undecided::BadInput),
        rows,
        unlimited,
        missing,
        comparison,
    };
    Ok(judgement.concluded())
}

/// What there is to each metric.
struct Answers {
    /// The benchmarks that each metric's id names, also those that another metric judges by a more specific id.
    matching: Vec<usize>,
    rows: Vec<MetricRow>,
    unlimited: Vec<Unmatched>,
}

impl Answers {
    fn of(thresholds: &Thresholds, benchmarks: &[Benchmark], scope: &Scope) -> Result<Self, Error> {
        let mut matching = vec![0; thresholds.metrics.len()];
        let (mut judged, mut unlimited, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for benchmark in benchmarks.iter().filter(|benchmark| scope.holds(&benchmark.id)) {
            let naming = thresholds.matching(&benchmark.id);
            naming.iter().for_each(|position| matching[*position] += 1);
            for position in thresholds.judging(&naming) {
                match MetricRow::new(&thresholds.metrics[position], benchmark) {
                    Ok(row) => judged.push((position, row)),
                    Err(error) => errors.push(error),
                }
            }
            unlimited.extend(naming.is_empty().then(|| Unmatched::from(benchmark)));
        }
        judged.sort_by_key(|(position, _)| *position);
        let rows = judged.into_iter().map(|(_, row)| row).collect();
        Error::join(errors).map_or(Ok(Self { matching, rows, unlimited }), Err)
    }
}

/// How much of `benchmarks` is judged, of which `unlimited` have no limit, unless a `comparison` judges these.
fn coverage(
    benchmarks: &[Benchmark],
    unlimited: &[Unmatched],
    scope: &Scope,
    comparison: Option<&Compared>,
) -> Coverage {
    let one_sided = |outcome| comparison.into_iter().flat_map(move |it| it.of_outcome(outcome));
    let new: HashSet<&str> = one_sided(Outcome::New).map(|row| row.change.id.as_str()).collect();
    let is_left = |it: &&Unmatched| comparison.is_none() || new.contains(it.id.as_str());
    let without_limit = unlimited.iter().filter(is_left).count();
    let in_scope = benchmarks.iter().filter(|benchmark| scope.holds(&benchmark.id)).count();
    let left_out = [
        (without_limit, "without a limit"),
        (benchmarks.len() - in_scope, "of other categories"),
        (one_sided(Outcome::Missing).count(), "only in the baseline"),
    ];
    let left_out = left_out.into_iter().chain(scope.left_out.iter().copied()).collect();
    Coverage::new(in_scope - without_limit, left_out)
}

/// The metrics in scope that fewer benchmarks answer than they ask for, and of which no bench said why.
fn missing(
    thresholds: &Thresholds,
    benchmarks: &[Benchmark],
    matching: &[usize],
    scope: &Scope,
) -> Vec<Missing> {
    // A part of what a metric names is enough where a part was asked for.
    let enough =
        |metric: &Metric| if scope.filter.is_some() { 1.min(metric.at_least) } else { metric.at_least };
    let is_missing = |(metric, found): &(&Arc<Metric>, &usize)| {
        scope.asks_for(metric) && **found < enough(metric) && !scope.facts.rule_out(metric.id.as_str())
    };
    let all = thresholds.metrics.iter().zip(matching).filter(is_missing);
    all.map(|(metric, found)| Missing::new(metric, *found, benchmarks)).collect()
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
    pub fn graded(&self) -> impl Iterator<Item = &MetricRow> {
        self.rows.iter().filter(|row| !row.is_promise())
    }

    /// The rows of `[[sla]]`, which are kept or broken.
    pub fn promised(&self) -> impl Iterator<Item = &MetricRow> {
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

    fn concluded(mut self) -> Self {
        self.findings = self.all_findings();
        self.verdict = Finding::worst(&self.findings);
        self
    }

    fn all_findings(&self) -> Vec<Finding> {
        let failed = self
            .failures
            .iter()
            .map(|failure| format!("category {} could not run: {}", failure.category, failure.reason));
        let critical = self.rows.iter().filter(|row| row.severity == Severity::Critical);
        let failed = failed.chain(self.unmet.iter().cloned()).chain(critical.map(MetricRow::failure_message));
        let failed = failed.map(|reason| Finding { verdict: Verdict::Fail, reason });
        let missing = self.missing.iter().map(|missing| Finding::bad_input(missing.reason()));
        let compared = self.comparison.iter().flat_map(|compared| compared.findings.clone());
        failed.chain(self.pass_rate_finding()).chain(missing).chain(compared).collect()
    }

    fn pass_rate_finding(&self) -> Option<Finding> {
        let minimum = self.min_pass_rate;
        match self.pass_rate() {
            None if self.comparison.is_some() || !self.rows.is_empty() => None,
            None => Some(Finding::bad_input(
                "nothing was judged: no limit is about these results; write some into baselines/thresholds.toml, or \
                 compare with --baseline NAME"
                    .to_owned(),
            )),
            Some(rate) if rate < minimum => Some(Finding {
                verdict: Verdict::Fail,
                reason: format!("pass rate {rate:.1} % is below {minimum} %"),
            }),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
