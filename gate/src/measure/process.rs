//! A child process that is watched line by line. Neither an interruption nor its own end leaves anything of its process
//! group behind.

use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::processor::Processor;
use crate::model::error::Error;

/// How often a silent child is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How long a child may take to end by itself once it is asked to.
const GRACE: Duration = Duration::from_secs(2);

/// How long what a child started may take to end after it, before it counts as left behind.
const AFTERMATH: Duration = Duration::from_millis(200);

/// Whether this process was asked to end.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// An interrupt that SIGINT (Ctrl-C), SIGTERM, SIGHUP and SIGQUIT set, from now on for the whole process.
    ///
    /// # Errors
    /// The operating system refuses the handlers.
    pub fn on_signals() -> std::io::Result<Self> {
        let flag = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            let number = usize::try_from(signal).unwrap_or_default();
            signal_hook::flag::register_usize(signal, Arc::clone(&flag), number)?;
        }
        Ok(Self(flag))
    }

    /// Fails once a signal has come.
    ///
    /// # Errors
    /// [`Error::Interrupted`] with its number.
    pub fn check(&self) -> Result<(), Error> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Error::Interrupted { signal: i32::try_from(signal).unwrap_or(SIGINT) }),
        }
    }
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// What it printed, both streams in the order of arrival.
    pub output: Vec<String>,
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// Why it did not end well, where it did not.
    pub failure: Option<String>,
    /// The processes that it left behind, which have been ended.
    pub left_behind: Vec<String>,
}

/// What a child is held to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// The one processor that it gets; `None` for all that this process has.
    pub processor: Option<Processor>,
    /// When it is ended, should it still run.
    pub until: Option<Instant>,
}

/// Why a child is not waited for any longer.
enum Stop {
    /// A signal came.
    Interrupted(Error),
    /// Its time is up.
    TooLong,
    /// The operating system does not tell how it is.
    Lost(Error),
}

/// Runs `command` in a process group of its own, handing `see` each line that it prints.
///
/// # Errors
/// It cannot be started, or a signal interrupted: the whole group has ended then.
pub fn run(command: &mut Command, interrupt: &Interrupt, see: &mut dyn FnMut(&str)) -> Result<Ended, Error> {
    run_within(command, Limits::default(), interrupt, see)
}

/// [`run`] within `limits`. A child whose time is up has failed.
///
/// # Errors
/// As [`run`].
pub fn run_within(
    command: &mut Command,
    limits: Limits,
    interrupt: &Interrupt,
    see: &mut dyn FnMut(&str),
) -> Result<Ended, Error> {
    let started = Instant::now();
    let (mut child, lines) = spawn(command, limits.processor)?;
    let mut output = Vec::new();
    let mut keep = |line: String| {
        see(&line);
        output.push(line);
    };
    let ended = watch(&mut child, &lines, &|| limits.check(interrupt), &mut keep);
    let left_behind = if ended.is_ok() { end_group(&child) } else { end(&mut child) };
    drain(&lines, &mut keep);
    match ended {
        Ok(status) => Ok(Ended { output, code: status.code(), failure: why_failed(status), left_behind }),
        Err(Stop::TooLong) => {
            Ok(Ended { output, code: None, failure: Some(too_long(started.elapsed())), left_behind })
        }
        Err(Stop::Interrupted(error) | Stop::Lost(error)) => Err(error),
    }
}

impl Limits {
    fn check(&self, interrupt: &Interrupt) -> Result<(), Stop> {
        interrupt.check().map_err(Stop::Interrupted)?;
        if self.until.is_some_and(|until| Instant::now() >= until) { Err(Stop::TooLong) } else { Ok(()) }
    }
}

fn too_long(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    format!("it had not ended after {seconds:.0} s: it hangs, or its time is too short (--timeout, --budget)")
}

fn spawn(command: &mut Command, processor: Option<Processor>) -> Result<(Child, Receiver<String>), Error> {
    let program = std::path::PathBuf::from(command.get_program());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let spawned = match processor {
        Some(processor) => processor.hold(|| command.spawn()).and_then(|spawned| spawned),
        None => command.spawn(),
    };
    let mut child = spawned.map_err(Error::io("run", &program))?;
    let (sender, lines) = channel();
    child.stdout.take().into_iter().for_each(|stream| forward(stream, sender.clone()));
    child.stderr.take().into_iter().for_each(|stream| forward(stream, sender.clone()));
    Ok((child, lines))
}

/// Sends each line of `stream` to `sender`, from a thread that ends with the stream.
fn forward(stream: impl std::io::Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        let lines = BufReader::new(stream).split(b'\n').map_while(Result::ok);
        lines.map(|line| String::from_utf8_lossy(&line).into_owned()).try_for_each(|line| sender.send(line))
    });
}

/// Waits until `child` has ended, whoever holds its output. Once that is closed, the first looks follow each other closely.
fn watch(
    child: &mut Child,
    lines: &Receiver<String>,
    go_on: &dyn Fn() -> Result<(), Stop>,
    see: &mut dyn FnMut(String),
) -> Result<ExitStatus, Stop> {
    let mut pause = Duration::from_millis(1);
    let lost = |error| Stop::Lost(Error::io("wait for", "child process".as_ref())(error));
    loop {
        go_on()?;
        match lines.recv_timeout(LOOK) {
            Ok(line) => see(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(pause);
                pause = LOOK.min(pause * 2);
            }
        }
        if let Some(status) = child.try_wait().map_err(lost)? {
            return Ok(status);
        }
    }
}

/// The lines that are still under way, until the streams are closed. A process that left the group may hold them.
fn drain(lines: &Receiver<String>, see: &mut dyn FnMut(String)) {
    let deadline = Instant::now() + GRACE;
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        see(line);
    }
}

/// Ends what is left of the group of `child`, which itself has ended, and names it.
fn end_group(child: &Child) -> Vec<String> {
    let Some(group) = Pid::from_raw(child.id().cast_signed()) else { return Vec::new() };
    if is_gone_within(AFTERMATH, group) {
        return Vec::new();
    }
    let left = members(group);
    let _ = kill_process_group(group, Signal::TERM);
    if !is_gone_within(GRACE, group) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    left
}

/// Whether no process of `group` runs any more after `time`.
fn is_gone_within(time: Duration, group: Pid) -> bool {
    let deadline = Instant::now() + time;
    loop {
        match test_kill_process_group(group).is_err() || members(group).is_empty() {
            true => return true,
            false if Instant::now() >= deadline => return false,
            false => thread::sleep(LOOK / 5),
        }
    }
}

/// The processes of `group` that run, each with its number. What has ended and was not waited for is none of them.
#[cfg(target_os = "linux")]
fn members(group: Pid) -> Vec<String> {
    let group = group.as_raw_nonzero().to_string();
    let named = |entry: std::io::Result<std::fs::DirEntry>| {
        let status = std::fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        // A name may hold anything, blanks and brackets too: `7 (a name) S 1 7 …`.
        let (before, after) = (status.split_once('(')?, status.rsplit_once(')')?.1);
        let mut fields = after.split_whitespace();
        let (state, its_group) = (fields.next()?, fields.nth(1)?);
        let name = before.1.rsplit_once(')')?.0;
        (its_group == group && state != "Z" && state != "X").then(|| format!("{name} ({})", before.0.trim()))
    };
    std::fs::read_dir("/proc").into_iter().flatten().filter_map(named).collect()
}

#[cfg(not(target_os = "linux"))]
fn members(group: Pid) -> Vec<String> {
    vec![format!("a process of the group {}", group.as_raw_nonzero())]
}

/// Asks the whole group to end, and kills what has not after the grace period.
fn end(child: &mut Child) -> Vec<String> {
    let group = Pid::from_raw(child.id().cast_signed());
    let signal = |signal| group.map(|group| kill_process_group(group, signal));
    let _ = signal(Signal::TERM);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline && !child.try_wait().is_ok_and(|status| status.is_some()) {
        thread::sleep(LOOK);
    }
    let _ = signal(Signal::KILL);
    let _ = child.wait();
    Vec::new()
}

fn why_failed(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit code {code}")),
        (None, Some(signal)) => Some(format!("ended by signal {signal}")),
        (None, None) => Some("ended without an exit code".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_whose_time_is_up_is_ended_and_has_failed() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo begun; sleep 600"]);
        let limits = Limits { processor: None, until: Some(Instant::now() + Duration::from_millis(300)) };
        let started = Instant::now();
        let ended = run_within(&mut command, limits, &Interrupt::default(), &mut |_| {}).unwrap();
        assert!(ended.failure.is_some_and(|why| why.contains("it hangs, or its time is too short")));
        assert_eq!(ended.output, ["begun"]);
        assert!(started.elapsed() < Duration::from_mins(5));
    }

    #[test]
    fn what_a_child_leaves_behind_is_ended_and_named() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo done"]);
        let started = Instant::now();
        let ended = run(&mut command, &Interrupt::default(), &mut |_| {}).unwrap();
        assert_eq!((ended.output, ended.failure), (vec!["done".to_owned()], None));
        assert!(ended.left_behind.len() == 1 && ended.left_behind[0].starts_with("sleep ("));
        assert!(started.elapsed() < Duration::from_mins(5));
    }

    #[test]
    fn a_child_in_time_ends_as_it_does() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 7"]);
        let limits = Limits { processor: None, until: Some(Instant::now() + Duration::from_mins(10)) };
        let ended = run_within(&mut command, limits, &Interrupt::default(), &mut |_| {}).unwrap();
        assert_eq!(ended.failure.as_deref(), Some("exit code 7"));
    }
}
