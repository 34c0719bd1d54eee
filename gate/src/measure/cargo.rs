//! What cargo knows: which bench targets a project has, how they are built, and how they are started.
//!
//! What was typed goes to cargo as it was typed, so that the same words mean the same as to `cargo bench`. What a bench
//! measures, and where its results go, does not belong here.

mod build;
pub mod launch;
mod metadata;
mod runner;
mod selection;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::process::Interrupt;
use crate::judge::Failure;
use crate::model::error::Error;
use build::{Build, Built};
use metadata::{Metadata, Package, Target};
use runner::Runner;

pub use selection::Selection;

/// A workspace with the packages that are selected.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The folder of its `Cargo.toml`.
    pub root: PathBuf,
    /// The target folder to build in: at first that of cargo.
    pub target: PathBuf,
    folder: PathBuf,
    selection: Selection,
    packages: Vec<Package>,
    /// What a user calls categories, in their order: bench targets of these names come first.
    order: Vec<String>,
}

/// A bench target, built, with all that is needed to start it as cargo does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchTarget {
    /// The name of its package.
    pub package: String,
    /// Its name.
    pub name: String,
    /// Whether another package has a bench target of that name.
    pub is_ambiguous: bool,
    /// The file to run.
    pub executable: PathBuf,
    /// The program that is told to run it; empty where none is configured.
    pub runner: Vec<OsString>,
    /// The folder of its package, which it runs in.
    pub manifest_dir: PathBuf,
    /// The variables that cargo sets for it.
    pub env: Vec<(OsString, OsString)>,
}

/// A bench target that is not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What it is called.
    pub target: String,
    /// Why it is not measured.
    pub reason: String,
}

impl LeftOut {
    /// The same as a failure, where nothing may be left out.
    #[must_use]
    pub fn as_failure(&self) -> Failure {
        let (category, reason) = (self.target.clone(), format!("{} (--require-all)", self.reason));
        Failure { category, reason, output: Vec::new() }
    }
}

/// What a build gives.
#[derive(Debug, Default)]
pub struct BuiltTargets {
    /// The bench targets to run, in order.
    pub targets: Vec<BenchTarget>,
    /// Those that are not run.
    pub left_out: Vec<LeftOut>,
}

impl BenchTarget {
    /// What it is called: its name, with the package before it where that is needed to tell it from another.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.package, &self.name, self.is_ambiguous)
    }

    /// The command by which cargo runs it, which options for the bench itself may follow.
    #[must_use]
    pub fn command(&self) -> Command {
        let executable = self.executable.clone().into_os_string();
        let mut words = self.runner.iter().chain([&executable]);
        let mut command = Command::new(words.next().unwrap_or(&executable));
        command.args(words).arg("--bench").current_dir(&self.manifest_dir);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Workspace {
    /// The workspace of the folder `folder`, and what `selection` selects there.
    ///
    /// # Errors
    /// There is no cargo or no project there, or a signal interrupted.
    pub fn open(folder: &Path, selection: &Selection, interrupt: &Interrupt) -> Result<Self, Error> {
        let metadata = Metadata::read(folder, selection, interrupt)?;
        let packages = metadata.selected(selection);
        let Metadata { workspace_root: root, target_directory: target, .. } = metadata;
        let (folder, selection) = (folder.to_owned(), selection.clone());
        Ok(Self { root, target, folder, selection, packages, order: Vec::new() })
    }

    /// The same with its bench targets in the order of `categories`, and those that are not among them last.
    #[must_use]
    pub fn in_order_of(self, categories: &[&str]) -> Self {
        Self { order: categories.iter().map(|category| (*category).to_owned()).collect(), ..self }
    }

    /// The labels of its bench targets, built or not, in the order in which they run.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        self.benches().into_iter().map(|(package, bench)| self.label(&package.name, &bench.name)).collect()
    }

    /// Fails where there is no bench target, and on the first of `categories` that is none.
    ///
    /// # Errors
    /// [`Error::Cargo`] or [`Error::NoSuchCategory`].
    pub fn refuse_unknown(&self, categories: &[String]) -> Result<(), Error> {
        let labels = self.labels();
        if labels.is_empty() {
            let problem = "the selected packages have no [[bench]] target; --workspace selects all of this workspace, \
                           and a package outside of it is measured in its own folder";
            return Err(Error::Cargo { problem: problem.to_owned() });
        }
        let is_unknown = |category: &&String| !labels.iter().any(|label| names(category, label));
        match categories.iter().find(is_unknown) {
            None => Ok(()),
            Some(unknown) => Err(Error::NoSuchCategory {
                place: self.root.join("Cargo.toml").display().to_string(),
                wanted: unknown.clone(),
                available: labels.join(", "),
            }),
        }
    }

    /// Builds the bench targets `wanted`, all that are selected if it is empty.
    ///
    /// # Errors
    /// Cargo cannot be run, or builds none of them, in which case its own messages are on the error stream already.
    pub fn build(&self, wanted: &[String], interrupt: &Interrupt) -> Result<BuiltTargets, Error> {
        let runner = Runner::find(&self.folder)?;
        let request = Build {
            folder: &self.folder,
            target: &self.target,
            arguments: self.selection.build_arguments(),
            profile: self.selection.profile.as_deref(),
            benches: self.patterns(wanted),
            runner: &runner.variable,
            interrupt,
        };
        let mut built = request.run()?;
        let mut targets = BuiltTargets::default();
        for (package, bench) in self.wanted(wanted) {
            let is_it = |it: &Built| it.name == bench.name && it.manifest_path == package.manifest_path;
            let found = built.iter().position(is_it).map(|at| built.swap_remove(at));
            match self.target(package, bench, found, &runner) {
                Ok(target) => targets.targets.push(target),
                Err(reason) => {
                    let target = self.label(&package.name, &bench.name);
                    targets.left_out.push(LeftOut { target, reason });
                }
            }
        }
        Ok(targets)
    }

    /// What cargo is told of bench targets. A pattern saves the build of everything else with `bench = true`.
    fn patterns(&self, wanted: &[String]) -> Vec<String> {
        let named = wanted.iter().map(|wanted| wanted.rsplit('/').next().unwrap_or(wanted).to_owned());
        let named: Vec<String> = self.selection.bench.iter().cloned().chain(named).collect();
        let is_plain = || self.packages.iter().all(Package::is_plain);
        if named.is_empty() && is_plain() { vec!["*".to_owned()] } else { named }
    }

    /// The bench targets that are asked for.
    fn wanted(&self, wanted: &[String]) -> Vec<(&Package, &Target)> {
        let mut benches = self.benches();
        let asked = |name: &str, label: &str| {
            let by_option = self.selection.bench.iter().any(|pattern| metadata::matches(pattern, name));
            by_option || wanted.iter().any(|wanted| names(wanted, label))
        };
        if !self.selection.bench.is_empty() || !wanted.is_empty() {
            benches.retain(|(package, bench)| asked(&bench.name, &self.label(&package.name, &bench.name)));
        }
        benches
    }

    fn benches(&self) -> Vec<(&Package, &Target)> {
        let benches = self.packages.iter().flat_map(|package| package.benches().map(move |it| (package, it)));
        let mut benches: Vec<_> = benches.collect();
        let rank = |name: &String| self.order.iter().position(|category| category == name);
        benches.sort_by_key(|(_, bench)| rank(&bench.name).unwrap_or(usize::MAX));
        benches
    }

    fn label(&self, package: &str, name: &str) -> String {
        label(package, name, self.is_ambiguous(name))
    }

    fn is_ambiguous(&self, name: &str) -> bool {
        self.packages.iter().flat_map(Package::benches).filter(|bench| bench.name == name).count() > 1
    }

    /// The target that was built as `built`, or why it is left out.
    fn target(
        &self,
        package: &Package,
        bench: &Target,
        built: Option<Built>,
        runner: &Runner,
    ) -> Result<BenchTarget, String> {
        if let Some(harness) = bench.other_harness() {
            return Err(of_harness(harness));
        }
        let features = bench.required_features.join(",");
        let Some(Built { executable, launch, .. }) = built else {
            let needs = format!("it needs --features {features}");
            return Err(if features.is_empty() { "it does not build".to_owned() } else { needs });
        };
        let launch = launch.ok_or("cargo did not start it")?;
        Ok(BenchTarget {
            package: package.name.clone(),
            name: bench.name.clone(),
            is_ambiguous: self.is_ambiguous(&bench.name),
            executable,
            runner: runner.words.clone(),
            manifest_dir: launch.folder(),
            env: launch.changes(&runner.variable),
        })
    }
}

/// Why a bench of `harness` is left out.
#[must_use]
pub fn of_harness(harness: &str) -> String {
    format!("it is a bench of {harness}, not of Criterion")
}

fn label(package: &str, name: &str, is_ambiguous: bool) -> String {
    if is_ambiguous { format!("{package}/{name}") } else { name.to_owned() }
}

/// Whether `wanted` names the target `label`: a name alone means those of all packages.
#[must_use]
pub fn names(wanted: &str, label: &str) -> bool {
    wanted == label || label.rsplit_once('/').is_some_and(|(_, name)| name == wanted)
}
