//! A judgement for people: a table for each category, the service level, the summary and the verdict.

use std::io::{self, Write};

use owo_colors::OwoColorize;

use super::comparison;
use crate::judge::{Compared, Judgement, MetricRow, Missing, Undecided, Verdict};
use crate::metadata::Engine;
use crate::model::benchmark::category_of;
use crate::report::{Report, ServiceLevel, Summary, style, table};
use crate::stats::Outcome;
use crate::thresholds::Kind;

const RULE: &str = "============================================================";

/// The columns of a value, its limit and its severity.
const CELLS: usize = 40;

/// Writes a table for each category, and the summary.
pub(super) fn write_tables(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let judgement = report.judgement;
    write_head(out, report)?;
    for category in judgement.categories() {
        let mut lines = Vec::new();
        write_category(&mut lines, judgement, category)?;
        if !lines.is_empty() {
            writeln!(out, "\n{}", format!("--- {} ---", table::one_line(category).to_uppercase()).bold())?;
        }
        out.write_all(&lines)?;
    }
    write_service_level(out, judgement)?;
    write_notes(out, judgement)?;
    judgement.comparison.iter().try_for_each(|compared| write_comparison(out, compared))?;
    write_summary(out, report)
}

/// How much was judged, and on which engines.
fn write_head(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let engines = report.engines;
    writeln!(out, "judged {}", report.judgement.coverage)?;
    if !engines.is_empty() {
        writeln!(out, "\n{}", "--- ENGINES ---".bold())?;
    }
    engines.iter().try_for_each(|engine| {
        let Engine { name, version, origin, settings, .. } = engine;
        let first = format!("  {name} {version}: {origin}");
        let line = std::iter::once(&first).chain(settings).map(String::as_str).collect::<Vec<_>>().join(", ");
        if line.chars().count() <= table::COLUMNS {
            return writeln!(out, "{line}");
        }
        writeln!(out, "{first}")?;
        settings.iter().try_for_each(|setting| writeln!(out, "    {setting}"))
    })
}

/// Writes the verdict and what keeps it from being a pass, and what was not run although it need not be.
pub(super) fn write_verdict(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let judgement = report.judgement;
    let verdict = judgement.verdict;
    write_unavailable(out, judgement)?;
    for finding in &judgement.findings {
        writeln!(out, "  {} {}", "-".style(style::verdict(verdict)), table::one_line(&finding.reason))?;
    }
    if !judgement.missing.is_empty() {
        let (home, help) = (report.home.display(), "help:".cyan());
        writeln!(out, "  {help} looked in {home}; run what is missing, or name the categories to judge")?;
    }
    let said = format!("{} Performance tests {}", style::mark(verdict), in_words(verdict));
    writeln!(out, "{} ({})", said.style(style::verdict(verdict)), shown_rate(judgement))
}

/// The pass rate; where nothing was graded, what became of the promises, else of the comparison.
fn shown_rate(judgement: &Judgement) -> String {
    let not_run = if judgement.not_run.is_empty() { "" } else { ", not all of it run" };
    rate_of(judgement) + not_run
}

fn rate_of(judgement: &Judgement) -> String {
    let rate = judgement.pass_rate().map(|rate| format!("Pass rate: {rate:.1}%"));
    let ServiceLevel { kept, broken, .. } = ServiceLevel::new(judgement);
    let promises = (kept + broken > 0).then(|| format!("{kept} promises kept, {broken} broken"));
    rate.or(promises).unwrap_or_else(|| match &judgement.comparison {
        None => "nothing judged".to_owned(),
        Some(compared) => {
            let coverage = compared.coverage();
            let decided = coverage.judged - compared.count(Outcome::Inconclusive);
            format!("{decided} of {} rows decided against {}", coverage.total, compared.base.name)
        }
    })
}

fn in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASSED",
        Verdict::Fail => "FAILED",
        Verdict::Undecided(Undecided::BadInput) => "UNDECIDED: not everything could be judged",
        Verdict::Undecided(Undecided::Inconclusive) => "UNDECIDED: the data do not tell",
    }
}

fn write_unavailable(out: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
    judgement.not_run.iter().try_for_each(|not_run| {
        writeln!(out, "  {} {} NOT RUN: {}", "-".yellow(), not_run.id, not_run.reason)?;
        writeln!(out, "    {} {}", "help:".cyan(), not_run.remedy)
    })
}

fn write_category(out: &mut dyn Write, judgement: &Judgement, category: &str) -> io::Result<()> {
    let mine = |id: &str| category_of(id) == category;
    for row in judgement.graded().filter(|row| mine(&row.id)) {
        write_row(out, &row.id, row)?;
    }
    for benchmark in judgement.unlimited.iter().filter(|benchmark| mine(&benchmark.id)) {
        let (time, rate) = benchmark.shown();
        write_line(out, &benchmark.id, &format!("{time}   "), &rate, &"no limit".dimmed())?;
    }
    for missing in
        judgement.missing.iter().filter(|missing| missing.kind == Kind::Metric && mine(&missing.id))
    {
        write_not_run(out, &missing.id, &missing.what())?;
    }
    for not_run in judgement.not_run.iter().filter(|not_run| mine(&not_run.id)) {
        write_not_run(out, &not_run.id, &counted(not_run.metrics))?;
    }
    for failure in judgement.failures.iter().filter(|failure| failure.category == category) {
        writeln!(out, "  {}", format!("{category} could not run: {}", failure.reason).red())?;
        failure.output.iter().try_for_each(|line| writeln!(out, "    {}", line.dimmed()))?;
    }
    Ok(())
}

fn write_comparison(out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
    writeln!(out, "\n{RULE}\n{}\n{RULE}", "COMPARISON WITH A BASELINE".bold())?;
    comparison::write_first_line(out, compared)?;
    comparison::write_tables(out, compared)?;
    comparison::write_summary(out, compared)
}

/// What users were promised. Where a promise is about several benchmarks, its name stands before them.
fn write_service_level(out: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
    let missing: Vec<&Missing> =
        judgement.missing.iter().filter(|missing| missing.kind == Kind::Sla).collect();
    if judgement.promised().next().is_some() || !missing.is_empty() {
        writeln!(out, "\n{}", "--- SERVICE LEVEL ---".bold())?;
    }
    let mut heading = None;
    for row in judgement.promised() {
        let promise = Some(&row.metric.name).filter(|_| !row.metric.id.is_exact());
        if promise.is_some() && promise != heading {
            writeln!(out, "  {}", row.metric.name)?;
        }
        heading = promise;
        let name = if promise.is_some() { format!("  {}", row.id) } else { row.metric.name.clone() };
        write_row(out, &name, row)?;
    }
    missing.iter().try_for_each(|missing| write_not_run(out, &missing.name, &missing.what()))
}

fn write_not_run(out: &mut dyn Write, name: &str, what: &str) -> io::Result<()> {
    write_line(out, name, "-", what, &"NOT RUN".yellow())
}

fn counted(metrics: usize) -> String {
    match metrics {
        0 => "no metric".to_owned(),
        1 => "1 metric".to_owned(),
        _ => format!("{metrics} metrics"),
    }
}

fn write_row(out: &mut dyn Write, name: &str, row: &MetricRow) -> io::Result<()> {
    let mark = format!(
        "{}{}",
        if row.scaled_from.is_some() { "*" } else { "" },
        if row.doubted() { "~" } else { "" }
    );
    let value = format!("{} {mark:<2}", row.shown_value());
    write_line(out, name, &value, &row.shown_limit(), &row.standing().style(style::severity(row.severity)))
}

fn write_line(
    out: &mut dyn Write,
    name: &str,
    value: &str,
    limit: &str,
    severity: &impl std::fmt::Display,
) -> io::Result<()> {
    table::row(out, name, CELLS, &format_args!("{value:>14}  {limit:<15} {severity}"))
}

fn write_notes(out: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
    let scaled: Vec<&MetricRow> = judgement.rows.iter().filter(|row| row.scaled_from.is_some()).collect();
    if !scaled.is_empty() {
        writeln!(out, "\n* scaled per element to the size that its threshold was written for:")?;
    }
    for row in scaled {
        let (from, to) = (row.scaled_from.unwrap_or_default(), row.metric.size.unwrap_or_default());
        writeln!(out, "    {} from {from} to {to}", row.id)?;
    }
    if judgement.rows.iter().any(MetricRow::doubted) {
        writeln!(out, "\n~ judged by the lenient end of its confidence interval")?;
    }
    Ok(())
}

fn write_summary(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let summary = Summary::new(report);
    writeln!(out, "\n{RULE}\n{}\n{RULE}", "PERFORMANCE TEST SUMMARY".bold())?;
    write_counts(out, &summary)?;
    write_kept(out, summary.service_level)?;
    summary
        .average_duration_s
        .iter()
        .try_for_each(|seconds| writeln!(out, "Average Duration: {seconds:.3}s"))?;
    write_severities(out, &summary)?;
    write_categories(out, &summary)
}

fn write_counts(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    writeln!(out, "Total Tests: {}\nPassed: {}\nFailed: {}", summary.total, summary.passed, summary.failed)?;
    if summary.not_run > 0 {
        writeln!(out, "Not Run: {}", summary.not_run)?;
    }
    summary.pass_rate.iter().try_for_each(|rate| writeln!(out, "Pass Rate: {rate:.1}%"))
}

fn write_kept(out: &mut dyn Write, promised: ServiceLevel) -> io::Result<()> {
    if promised.total() == 0 {
        return Ok(());
    }
    let not_run = Some(promised.not_run).filter(|count| *count > 0);
    let not_run = not_run.map(|count| format!(", {count} not run")).unwrap_or_default();
    writeln!(out, "Service Level: {} kept, {} broken{not_run}", promised.kept, promised.broken)
}

fn write_severities(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    writeln!(out, "\nSeverity Breakdown:")?;
    let found = summary.severities.iter().filter(|(_, count)| **count > 0);
    found.into_iter().try_for_each(|(severity, count)| {
        writeln!(out, "  {}: {count}", severity.name().style(style::severity(*severity)))
    })
}

fn write_categories(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    writeln!(out, "\nCategory Breakdown:")?;
    for category in &summary.categories {
        let share = 100.0 * category.passed as f64 / category.total.max(1) as f64;
        let (name, passed, total) = (category.name.to_uppercase(), category.passed, category.total);
        let rate = if total == 0 { "no thresholds".to_owned() } else { format!("{share:.1}%") };
        let not_run = Some(category.not_run).filter(|count| *count > 0);
        let not_run = not_run.map(|count| format!(", {count} not run")).unwrap_or_default();
        let ended = if category.completed { "" } else { " COULD NOT RUN" };
        writeln!(out, "  {name}: {passed}/{total} ({rate}){not_run}{ended}")?;
    }
    writeln!(out, "{RULE}\n")
}
