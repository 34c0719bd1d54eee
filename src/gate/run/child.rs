//! A child process that is watched line by line, and never outlives an interruption.

use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::gate::error::Error;

/// How often a silent child is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How long a child may take to end by itself once it is asked to.
const GRACE: Duration = Duration::from_secs(2);

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
}

/// Runs `command` in a process group of its own, handing `see` each line that it prints.
///
/// # Errors
/// It cannot be started, or a signal interrupted: the whole group has ended then.
pub fn run(command: Command, interrupt: &Interrupt, see: &mut dyn FnMut(&str)) -> Result<Ended, Error> {
    let (mut child, lines) = spawn(command)?;
    let mut output = Vec::new();
    let watched = watch(&lines, interrupt, &mut |line| {
        see(&line);
        output.push(line);
    });
    match watched.and_then(|()| wait(&mut child, interrupt)) {
        Ok(status) => Ok(Ended { output, code: status.code(), failure: why_failed(status) }),
        Err(error) => {
            end(&mut child);
            Err(error)
        }
    }
}

fn spawn(mut command: Command) -> Result<(Child, Receiver<String>), Error> {
    let program = std::path::PathBuf::from(command.get_program());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(Error::io("run", &program))?;
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

fn watch(lines: &Receiver<String>, interrupt: &Interrupt, see: &mut dyn FnMut(String)) -> Result<(), Error> {
    loop {
        interrupt.check()?;
        match lines.recv_timeout(LOOK) {
            Ok(line) => see(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// A child that has closed its output has most often ended, so the first looks follow each other closely.
fn wait(child: &mut Child, interrupt: &Interrupt) -> Result<ExitStatus, Error> {
    let mut pause = Duration::from_millis(1);
    loop {
        interrupt.check()?;
        match child.try_wait().map_err(Error::io("wait for", "child process".as_ref()))? {
            Some(status) => return Ok(status),
            None => thread::sleep(pause),
        }
        pause = LOOK.min(pause * 2);
    }
}

/// Asks the whole group to end, and kills what has not after the grace period.
fn end(child: &mut Child) {
    let signal_group =
        |signal| Pid::from_raw(child.id().cast_signed()).map(|group| kill_process_group(group, signal));
    let _ = signal_group(Signal::TERM);
    let deadline = Instant::now() + GRACE;
    let mut ended = false;
    while !ended && Instant::now() < deadline {
        ended = child.try_wait().is_ok_and(|status| status.is_some());
        thread::sleep(LOOK);
    }
    let group = Pid::from_raw(child.id().cast_signed());
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    let _ = child.wait();
}

fn why_failed(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit code {code}")),
        (None, Some(signal)) => Some(format!("ended by signal {signal}")),
        (None, None) => Some("ended without an exit code".to_owned()),
    }
}
