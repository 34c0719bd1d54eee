//! What is shown during a measurement: in place on a terminal, else a line every ten seconds.

use std::fmt::{Display, Formatter};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::measure::run::progress::spinner;

/// How often a log gets a line.
const LOG_EVERY: Duration = Duration::from_secs(10);

pub(crate) struct ProgressReporter<'a> {
    out: &'a mut dyn Write,
    /// Whether the error stream is a terminal.
    in_place: bool,
    /// There, while there is something to show.
    bar: Option<ProgressBar>,
    quiet: bool,
    logged: Instant,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgressLine<'a> {
    /// "measuring", "confirming".
    pub(crate) doing: &'a str,
    /// Which benchmark, or which bench target.
    pub(crate) what: &'a str,
    /// Pairs that it has, and that it is to have.
    pub(crate) pairs: (usize, usize),
    /// Rows that are not decided.
    pub(crate) open: usize,
    /// Time that is left of the budget.
    pub(crate) left: Duration,
}

impl Display for ProgressLine<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { doing, what, pairs: (has, wants), open, left } = self;
        let (minutes, seconds) = (left.as_secs() / 60, left.as_secs() % 60);
        write!(
            formatter,
            "{doing} {what}: pair {has} of {wants}, undecided: {open}, {minutes}:{seconds:02} left"
        )
    }
}

impl<'a> ProgressReporter<'a> {
    /// A reporter on `out`, silent if `quiet`; in place if the error stream is a terminal.
    pub(crate) fn new(out: &'a mut dyn Write, quiet: bool) -> Self {
        Self { out, in_place: std::io::stderr().is_terminal(), bar: None, quiet, logged: Instant::now() }
    }

    /// A line with the time before it.
    pub(crate) fn say(&mut self, text: &str) {
        self.clear();
        if !self.quiet {
            let time = jiff::ZonedDateTime::now().strftime("%H:%M:%S").to_string();
            // A reader that has gone away (`| head`) is no reason to stop measuring.
            let _ = writeln!(self.out, "[{time}] {text}").and_then(|()| self.out.flush());
        }
        self.logged = Instant::now();
    }

    pub(crate) fn show(&mut self, line: &ProgressLine<'_>) {
        if self.quiet {
            return;
        }
        if self.in_place {
            self.bar.get_or_insert_with(spinner).set_message(line.to_string());
        } else if self.logged.elapsed() >= LOG_EVERY {
            self.say(&line.to_string());
        }
    }

    fn clear(&mut self) {
        self.bar.take().into_iter().for_each(|bar| bar.finish_and_clear());
    }
}

/// An interrupted measurement leaves no half line.
impl Drop for ProgressReporter<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: ProgressLine<'static> = ProgressLine {
        doing: "measuring",
        what: "cache/lookup/hit",
        pairs: (7, 13),
        open: 31,
        left: Duration::from_secs(188),
    };

    #[test]
    fn a_line_says_which_row_how_far_and_how_long() {
        let said = "measuring cache/lookup/hit: pair 7 of 13, undecided: 31, 3:08 left";
        assert_eq!(LINE.to_string(), said);
    }

    /// The lines of a log, ten seconds long.
    fn lines(quiet: bool) -> usize {
        let mut out = Vec::new();
        let mut reporter =
            ProgressReporter { out: &mut out, in_place: false, bar: None, quiet, logged: Instant::now() };
        reporter.say("Building");
        (0..1000).for_each(|_| reporter.show(&LINE));
        reporter.logged = reporter.logged.checked_sub(LOG_EVERY).expect("the machine runs for ten seconds");
        reporter.show(&LINE);
        drop(reporter);
        out.split(|byte| *byte == b'\n').count() - 1
    }

    #[test]
    fn a_log_gets_a_line_every_ten_seconds_and_a_quiet_one_none() {
        assert_eq!((lines(false), lines(true)), (2, 0));
    }
}
