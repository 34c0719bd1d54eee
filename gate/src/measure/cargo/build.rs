//! The build of bench targets, and how cargo would start each of them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::launch::{Launch, Recorder};
use super::metadata::{Target, cargo};
use crate::measure::process::{self, Ended, Interrupt};
use crate::model::error::Error;

/// How cargo says, of a bench that only the recorder sees, that it runs it.
const RUNNING: &str = "     Running ";

/// What is built.
pub struct Build<'a> {
    /// The folder that cargo is started in.
    pub folder: &'a Path,
    /// Cargo's target folder.
    pub target: &'a Path,
    /// What cargo is told of packages and features.
    pub arguments: Vec<OsString>,
    /// The profile, where it is not `bench`.
    pub profile: Option<&'a str>,
    /// Bench targets by name, or `*`; empty for what cargo takes by itself.
    pub benches: Vec<String>,
    /// The environment variable that names the runner.
    pub runner: &'a str,
    /// What ends it early.
    pub interrupt: &'a Interrupt,
}

/// A bench target, built.
pub struct Built {
    /// The manifest of its package.
    pub manifest_path: PathBuf,
    /// Its name.
    pub name: String,
    /// The file to run.
    pub executable: PathBuf,
    /// How cargo starts it; `None` where it was built and not started.
    pub launch: Option<Launch>,
}

/// The one kind of message that matters of those that cargo prints as JSON.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
    manifest_path: PathBuf,
    target: Target,
}

impl Build<'_> {
    /// Builds, and has cargo say how it starts each bench. Where a part does not build, the rest is built all the same.
    ///
    /// # Errors
    /// Nothing of it builds, in which case cargo's own messages are on the error stream, or a signal interrupted.
    pub fn run(&self) -> Result<Vec<Built>, Error> {
        match self.start(&self.benches)? {
            (built, None) => Ok(built),
            (_, Some(reason)) => match self.what_builds()? {
                benches if benches.is_empty() => Err(does_not_build(&reason)),
                benches => match self.start(&benches)? {
                    (built, None) => Ok(built),
                    (_, Some(reason)) => Err(does_not_build(&reason)),
                },
            },
        }
    }

    /// `cargo bench` of `benches` with the recorder as the runner; with the reason where it fails.
    fn start(&self, benches: &[String]) -> Result<(Vec<Built>, Option<String>), Error> {
        let recorder = Recorder::new()?;
        let mut command = self.command("bench", benches);
        command.arg("--message-format=json-render-diagnostics").env(self.runner, recorder.runner());
        let (mut built, ended) = self.artifacts(&mut command, &|line| {
            if !line.starts_with(RUNNING) {
                eprintln!("{line}");
            }
        })?;
        for built in &mut built {
            built.launch = recorder.launch(&built.executable)?;
        }
        Ok((built, ended.failure))
    }

    /// The names of the bench targets that build, where some do not.
    fn what_builds(&self) -> Result<Vec<String>, Error> {
        let mut command = self.command("build", &self.benches);
        command.args(["--keep-going", "--message-format=json"]);
        if self.profile.is_none() {
            command.args(["--profile", "bench"]);
        }
        if self.benches.is_empty() {
            command.arg("--benches");
        }
        let (built, _) = self.artifacts(&mut command, &|_| {})?;
        Ok(built.into_iter().map(|built| built.name).collect())
    }

    fn command(&self, verb: &str, benches: &[String]) -> Command {
        let mut command = cargo();
        command.arg(verb).args(&self.arguments).arg("--target-dir").arg(self.target).current_dir(self.folder);
        command.args(self.profile.into_iter().flat_map(|profile| ["--profile", profile]));
        command.args(benches.iter().flat_map(|bench| ["--bench", bench.as_str()]));
        command
    }

    /// The bench targets that `command` builds. What it prints for people goes to `show`.
    fn artifacts(&self, command: &mut Command, show: &dyn Fn(&str)) -> Result<(Vec<Built>, Ended), Error> {
        let mut built = Vec::new();
        let mut see = |line: &str| match serde_json::from_str::<Artifact>(line) {
            Ok(artifact) => built.extend(bench(artifact)),
            Err(_) if line.starts_with('{') => {}
            Err(_) => show(line),
        };
        let ended = process::run(command, self.interrupt, &mut see)?;
        Ok((built, ended))
    }
}

fn bench(artifact: Artifact) -> Option<Built> {
    let executable = artifact.executable.filter(|_| artifact.target.is_bench())?;
    let (manifest_path, name) = (artifact.manifest_path, artifact.target.name);
    Some(Built { manifest_path, name, executable, launch: None })
}

fn does_not_build(reason: &str) -> Error {
    Error::Cargo { problem: format!("the benches do not build: {reason}") }
}
