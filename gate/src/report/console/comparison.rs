//! A comparison for people: a table that fits 80 columns, what inconclusive rows would need, and the verdict.

use std::io::{self, Write};

use owo_colors::OwoColorize;

use crate::judge::{Compared, ComparedRow, ComparedSide, Measuring, Undecided, Verdict};
use crate::model::benchmark::category_of;
use crate::report::{style, table};
use crate::stats::Outcome;

/// The columns of a change, its interval, the runs, the smallest detectable change, marks and the outcome.
const CELLS: usize = 50;

/// Writes what was compared with what, and a table for each category, worst rows first.
pub(super) fn write_tables(out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
    write_head(out, compared)?;
    let mut rows: Vec<&ComparedRow> = compared.rows.iter().collect();
    rows.sort_by_key(|row| (category_of(&row.change.id), rank(row.change.outcome), &row.change.id));
    for category in rows.chunk_by(|one, other| category_of(&one.change.id) == category_of(&other.change.id)) {
        writeln!(
            out,
            "\n{}",
            format!("--- {} ---", table::one_line(category_of(&category[0].change.id)).to_uppercase()).bold()
        )?;
        category.iter().try_for_each(|row| write_row(out, row, compared.different_environment.is_some()))?;
    }
    write_marks(out, compared)?;
    if rows.iter().any(|row| row.is_suspicious()) {
        writeln!(out, "\ns SUSPICIOUS, better by more than 60 %: is the work still done?")?;
    }
    write_advice(out, &rows)
}

/// Writes what was compared with what, and what was left out.
pub(super) fn write_first_line(out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
    let (coverage, head, base) = (compared.coverage(), &compared.head.name, &compared.base.name);
    let (judged, total, left_out) = (coverage.judged, coverage.total, coverage.left_out());
    writeln!(out, "compared {judged} of {total} rows of {head} with {base}, {left_out}")
}

fn write_head(out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
    let runs = |side: &ComparedSide| match side.origins.len() {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    };
    let paired = if compared.settings.paired { ", paired" } else { "" };
    match &compared.measuring {
        None => writeln!(out, "head: {}, base: {}{paired}", runs(&compared.head), runs(&compared.base)),
        Some(Measuring { seconds, budget_seconds, seed, processor: None, .. }) => {
            writeln!(out, "{seconds:.0} s of {budget_seconds:.0} s, seed {seed}, all processors")
        }
        Some(Measuring { seconds, budget_seconds, seed, processor: Some(number), .. }) => {
            writeln!(out, "{seconds:.0} s of {budget_seconds:.0} s, seed {seed}, processor {number}")
        }
    }?;
    compared
        .notes
        .iter()
        .try_for_each(|note| writeln!(out, "  {} {}", "note:".cyan(), table::one_line(note)))?;
    let cells = format!("{:>7} {:>16} {:>4} {:>5}", "change", "interval", "runs", "MDE");
    writeln!(out)?;
    table::row(out, "percent", CELLS, &cells.dimmed())
}

fn write_row(out: &mut dyn Write, row: &ComparedRow, different: bool) -> io::Result<()> {
    let change = &row.change;
    let ratio = change.ratio.map_or_else(|| "-".to_owned(), percent);
    let interval = change.interval.map_or_else(|| "-".to_owned(), |ends| ends.map(percent).join(" .. "));
    let mde = change.detectable.map_or_else(|| "-".to_owned(), |fraction| format!("{:.1}", 100.0 * fraction));
    let numbers = format!("{ratio:>7} {interval:>16} {:>4} {mde:>5}", change.pairs);
    let outcome = name_of(change.outcome);
    let outcome = format!("{:<2}{}", marks(row, different), outcome.style(style::outcome(row)));
    table::row(out, &change.id, CELLS, &format_args!("{numbers} {outcome}"))
}

/// A ratio as a change in percent, in seven columns at most as long as the digits matter.
fn percent(ratio: f64) -> String {
    let percent = 100.0 * (ratio - 1.0);
    if percent.abs() < 999.95 { format!("{percent:+.1}") } else { format!("{percent:+.1e}") }
}

fn marks(row: &ComparedRow, different: bool) -> String {
    let marks =
        [(row.accepted.is_some(), 'a'), (different, '!'), (row.warns(), 'w'), (row.is_suspicious(), 's')];
    marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| mark).take(2).collect()
}

fn write_marks(out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
    let accepted: Vec<_> =
        compared.rows.iter().filter_map(|row| Some((row, row.accepted.as_ref()?))).collect();
    if !accepted.is_empty() {
        writeln!(out, "\na accepted in thresholds.toml:")?;
    }
    for (row, accepted) in accepted {
        let id = table::one_line(&row.change.id);
        writeln!(out, "    {id} until {}: {}", accepted.until, accepted.reason)?;
    }
    if let Some(difference) = &compared.different_environment {
        writeln!(out, "\n! measured in different environments: {difference}")?;
    }
    let warned: Vec<&ComparedRow> = compared.rows.iter().filter(|row| row.warns()).collect();
    if !warned.is_empty() {
        writeln!(out, "\nw beyond the soft margin, which is a warning and fails nothing:")?;
    }
    warned
        .iter()
        .try_for_each(|row| writeln!(out, "    {} {}", table::one_line(&row.change.id), row.shown_change()))
}

fn write_advice(out: &mut dyn Write, rows: &[&ComparedRow]) -> io::Result<()> {
    let open: Vec<&&ComparedRow> =
        rows.iter().filter(|row| row.change.outcome == Outcome::Inconclusive).collect();
    if !open.is_empty() {
        writeln!(out, "\nInconclusive rows, and what would probably decide them:")?;
    }
    open.iter().try_for_each(|row| writeln!(out, "    {}: {}", table::one_line(&row.change.id), advice(row)))
}

/// What an inconclusive row would need.
fn advice(row: &ComparedRow) -> String {
    let change = &row.change;
    let needed =
        change.runs_needed.map(|needed| format!("about {needed} runs a side (it has {})", change.pairs));
    let reach = change.interval.map(|[lower, upper]| upper.max(1.0 / lower) - 1.0);
    let margin = reach.map(|reach| format!("a margin of {:.1} %", (1000.0 * reach).ceil() / 10.0));
    let ways: Vec<String> = needed.into_iter().chain(margin).collect();
    if ways.is_empty() { "many more runs, or a quieter machine".to_owned() } else { ways.join(", or ") }
}

/// Writes how many rows came to what.
pub(super) fn write_summary(out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
    let counts = BY_RANK.map(|outcome| (compared.count(outcome), name_of(outcome).to_lowercase()));
    let found = counts.iter().filter(|(count, _)| *count > 0);
    let found: Vec<String> = found.map(|(count, name)| format!("{count} {name}")).collect();
    writeln!(out, "\nCompared: {} ({})", compared.rows.len(), found.join(", "))?;
    match &compared.control {
        None => writeln!(out, "Null control: none, the base has too few runs to be compared with itself"),
        Some(control) if control.is_red() => writeln!(out, "Null control: {}", "RED".red().bold()),
        Some(control) => writeln!(out, "Null control: {} ({} rows)", "green".green(), control.rows),
    }
}

/// Writes the verdict, and what keeps it from being a pass.
pub(super) fn write_verdict(out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
    let verdict = compared.verdict;
    for finding in &compared.findings {
        writeln!(out, "  {} {}", "-".style(style::verdict(verdict)), table::one_line(&finding.reason))?;
    }
    let open = compared.count(Outcome::Inconclusive);
    let said = match verdict {
        Verdict::Pass if open > 0 => format!("Comparison PASSED, {open} rows INCONCLUSIVE"),
        Verdict::Pass => "Comparison PASSED".to_owned(),
        Verdict::Fail => "Comparison FAILED".to_owned(),
        Verdict::Undecided(Undecided::Inconclusive) => {
            "Comparison UNDECIDED: the data do not tell".to_owned()
        }
        Verdict::Undecided(Undecided::BadInput) => "Comparison UNDECIDED: nothing could be judged".to_owned(),
    };
    writeln!(out, "{}", format!("{} {said}", style::mark(verdict)).style(style::verdict(verdict)))
}

/// From the worst.
const BY_RANK: [Outcome; 6] = [
    Outcome::Regressed,
    Outcome::Missing,
    Outcome::Inconclusive,
    Outcome::New,
    Outcome::Improved,
    Outcome::Unchanged,
];

fn rank(outcome: Outcome) -> usize {
    BY_RANK.iter().position(|it| *it == outcome).unwrap_or(BY_RANK.len())
}

fn name_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Improved => "IMPROVED",
        Outcome::Unchanged => "UNCHANGED",
        Outcome::Regressed => "REGRESSED",
        Outcome::Inconclusive => "INCONCLUSIVE",
        Outcome::New => "NEW",
        Outcome::Missing => "MISSING",
    }
}
