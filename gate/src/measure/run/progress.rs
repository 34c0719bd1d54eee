//! What a run shows while it works: in place on a terminal, a line for each benchmark in a log.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

use crate::report::CategoryTime;

/// How Criterion's console announces a benchmark. Only shown, never judged: a change of it costs no more than a line.
pub const ANNOUNCEMENT: &str = "Benchmarking ";

/// What stands before the lines by which a bench says, each second, how a load of simulated users stands. They are
/// asked for by [`LOAD_VARIABLE`].
pub const LOAD: &str = "load: ";

/// The environment variable that asks benches for such lines: `lines`.
pub const LOAD_VARIABLE: &str = "BENCH_PROGRESS";

/// How often a log has a line of a load.
const LOGGED: Duration = Duration::from_secs(10);

/// Shows where a run is.
pub struct Progress<'a> {
    out: &'a mut dyn Write,
    /// Drawn while a category runs, and only then: cargo draws its own.
    bar: ProgressBar,
    quiet: bool,
    benchmark: String,
    /// When a log last had a line of the load that is running, or its first one came.
    logged: Option<Instant>,
}

impl<'a> Progress<'a> {
    /// Progress on `out`, or none if `quiet`; with a line in place if the error stream is a terminal.
    pub fn new(out: &'a mut dyn Write, quiet: bool) -> Self {
        Self { out, bar: ProgressBar::hidden(), quiet, benchmark: String::new(), logged: None }
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
        if let Some(load) = line.strip_prefix(LOAD) {
            return self.load(load, Instant::now());
        }
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
        self.logged = None;
    }

    /// A bench said at `now` how a load stands.
    fn load(&mut self, load: &str, now: Instant) {
        self.bar.set_message(load.to_owned());
        let since = now.saturating_duration_since(*self.logged.get_or_insert(now));
        if self.bar.is_hidden() && since >= LOGGED {
            self.say(&format!("    {load}"));
            self.logged = Some(now);
        }
    }

    /// A category has ended; well, or in the way and for the reason in `failure`.
    pub fn ends(&mut self, time: &CategoryTime, failure: Option<(&str, &str)>) {
        std::mem::replace(&mut self.bar, ProgressBar::hidden()).finish_and_clear();
        let (category, seconds) = (&time.category, time.elapsed.as_secs_f64());
        match failure {
            None => self.say(&format!("{category} benchmarks completed in {seconds:.1} s.")),
            Some((how, reason)) => {
                self.say(&format!("{category} benchmarks {} after {seconds:.1} s: {reason}", how.red()));
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
    let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
    let bar =
        ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `show` lets a log say.
    fn written(show: impl FnOnce(&mut Progress<'_>)) -> String {
        let mut out = Vec::new();
        show(&mut Progress::new(&mut out, false));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_log_has_a_line_of_a_load_every_ten_seconds() {
        let out = written(|progress| {
            progress.line("Benchmarking concurrent/sustained/60/p95");
            let start = Instant::now();
            (1..=35).for_each(|second| {
                progress.load(&format!("60 users, {second} s"), start + Duration::from_secs(second));
            });
        });
        let said: Vec<&str> = out.lines().filter_map(|line| line.split("users, ").nth(1)).collect();
        assert_eq!(said, ["11 s", "21 s", "31 s"], "{out}");
    }

    #[test]
    fn a_load_of_a_moment_leaves_no_line_and_what_is_quiet_none_at_all() {
        for (quiet, seconds) in [(false, 9), (true, 100)] {
            let (mut out, start) = (Vec::new(), Instant::now());
            let mut progress = Progress::new(&mut out, quiet);
            (0..seconds).for_each(|second| progress.load("60 users", start + Duration::from_secs(second)));
            drop(progress);
            assert_eq!(String::from_utf8_lossy(&out), "");
        }
    }
}
