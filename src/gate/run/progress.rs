//! What a run shows while it works: in place on a terminal, a line for each benchmark in a log.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

use crate::gate::report::CategoryTime;

/// How Criterion's console announces a benchmark. Only shown, never judged: a change of it costs no more than a line.
pub const ANNOUNCEMENT: &str = "Benchmarking ";

/// Shows where a run is.
pub struct Progress<'a> {
    out: &'a mut dyn Write,
    /// Drawn while a category runs, and only then: cargo draws its own.
    bar: ProgressBar,
    quiet: bool,
    benchmark: String,
}

impl<'a> Progress<'a> {
    /// Progress on `out`, or none if `quiet`; with a line in place if the error stream is a terminal.
    pub fn new(out: &'a mut dyn Write, quiet: bool) -> Self {
        Self { out, bar: ProgressBar::hidden(), quiet, benchmark: String::new() }
    }

    /// The benches are being built.
    pub fn building(&mut self) {
        self.say("Building the benches (the first time takes minutes)...");
    }

    /// A category starts.
    pub fn starts(&mut self, category: &str) {
        self.benchmark.clear();
        self.print(&format!(
            "\n{}",
            format!("--- Running {} benchmarks ---", category.to_uppercase()).bold()
        ));
        self.say(&format!("Starting {category} benchmarks..."));
        if !self.quiet && std::io::stderr().is_terminal() {
            self.bar = spinner();
        }
    }

    /// A bench printed a line.
    pub fn line(&mut self, line: &str) {
        let Some(announced) = line.trim().strip_prefix(ANNOUNCEMENT) else { return };
        let id = announced.split(": ").next().unwrap_or(announced).to_owned();
        if id == self.benchmark {
            return;
        }
        self.bar.set_message(id.clone());
        if self.bar.is_hidden() {
            self.say(&format!("  {id}"));
        }
        self.benchmark = id;
    }

    /// A category has ended.
    pub fn ends(&mut self, time: &CategoryTime, failure: Option<&str>) {
        std::mem::replace(&mut self.bar, ProgressBar::hidden()).finish_and_clear();
        let (category, seconds) = (&time.category, time.elapsed.as_secs_f64());
        match failure {
            None => self.say(&format!("{category} benchmarks completed in {seconds:.1} s.")),
            Some(reason) => {
                self.say(&format!("{category} benchmarks {} after {seconds:.1} s: {reason}", "FAILED".red()));
            }
        }
    }

    /// Everything has ended.
    pub fn finish(&mut self, elapsed: Duration) {
        self.print(&format!("\nPerformance test suite completed in {:.2} seconds.", elapsed.as_secs_f64()));
    }

    /// A line with the time before it.
    pub fn say(&mut self, text: &str) {
        self.print(&format!("[{}] {text}", jiff::ZonedDateTime::now().strftime("%H:%M:%S")));
    }

    /// A reader that has gone away (`| head`) is no reason to stop measuring.
    fn print(&mut self, text: &str) {
        if !self.quiet {
            let out = &mut self.out;
            let _ = self.bar.suspend(|| writeln!(out, "{text}").and_then(|()| out.flush()));
        }
    }
}

/// An interrupted run leaves no half line either.
impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A line in place: what turns, for how long, and a message.
#[must_use]
pub fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    let bar =
        ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
