//! One side of the comparison: a revision or the files in place, checked out and built.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::checkouts::{Checkout, Checkouts};
use super::deployment;
use super::git::Revision;
use crate::measure::cargo::{self, BuiltTargets, Selection, Workspace};
use crate::measure::process::Interrupt;
use crate::model::error::AbError;
use crate::model::error::Error;

/// The file that fixes the versions of dependencies.
const LOCK: &str = "Cargo.lock";

/// How many dependencies a note names.
const NAMED: usize = 5;

/// What is measured on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RevisionSource {
    /// A commit.
    Revision(Revision),
    /// The files as they are, those that git ignores apart.
    Worktree,
}

impl RevisionSource {
    /// The commit, unless it is the files in place.
    pub(crate) fn revision(&self) -> Option<&Revision> {
        match self {
            Self::Revision(revision) => Some(revision),
            Self::Worktree => None,
        }
    }

    /// Whether both are one revision, whatever it was called.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Revision(one), Self::Revision(other)) => one.commit == other.commit,
            _ => false,
        }
    }
}

impl std::fmt::Display for RevisionSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Revision(revision) => revision.fmt(formatter),
            Self::Worktree => formatter.write_str("the files in place"),
        }
    }
}

/// A side with its bench executables.
#[derive(Debug)]
pub(crate) struct BuiltRevision {
    /// Its bench targets, of those that are wanted.
    pub(crate) built: BuiltTargets,
    /// The versions of its dependencies, as cargo wrote them.
    lock: String,
    /// Lives as long as the executables are run: they may read files beside them.
    _checkout: Checkout,
}

/// A side that is checked out, and not built.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    checkouts: &'a Checkouts,
    name: &'static str,
    source: RevisionSource,
    workspace: Workspace,
    checkout: Checkout,
}

impl<'a> Prepared<'a> {
    /// Checks `source` out as the side `name`, and asks cargo what is in it.
    pub(crate) fn new(
        checkouts: &'a Checkouts,
        name: &'static str,
        source: RevisionSource,
        selection: &Selection,
        interrupt: &Interrupt,
    ) -> Result<Self, Error> {
        let checkout = match &source {
            RevisionSource::Revision(revision) => checkouts.check_out(name, revision)?,
            RevisionSource::Worktree => checkouts.copy_files(name)?,
        };
        let explained = explained(name, &source);
        if !checkout.project().is_dir() {
            let problem = "it has no folder where the current one is in the repository".to_owned();
            return Err(explained(Error::Cargo { problem }));
        }
        refuse_outside(&checkout)?;
        let workspace = Workspace::open(&checkout.project(), &checkout.selection(selection), interrupt);
        Ok(Self { checkouts, name, workspace: workspace.map_err(explained)?, source, checkout })
    }

    /// The side and its revision, for people.
    pub(crate) fn described(&self) -> String {
        format!("{}, {}", self.name, self.source)
    }

    /// The bench targets that it has.
    pub(crate) fn labels(&self) -> Vec<String> {
        self.workspace.labels()
    }

    /// Takes the versions of dependencies from the first of `locks` that is there, unless the revision has its own.
    pub(crate) fn use_lock(&self, locks: &[&Path]) -> Result<(), Error> {
        let own = self.workspace.root.join(LOCK);
        let found = locks.iter().map(|root| root.join(LOCK)).find(|lock| lock.is_file());
        match found.filter(|_| !own.exists()) {
            Some(lock) => fs::copy(&lock, &own).map(drop).map_err(Error::io("copy", &lock)),
            None => Ok(()),
        }
    }

    /// The folder of its workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.workspace.root
    }

    /// Builds those of the bench targets `wanted` that it has, all of them if none is named.
    pub(crate) fn build(self, wanted: &[String], interrupt: &Interrupt) -> Result<BuiltRevision, Error> {
        let Self { checkouts, name, source, mut workspace, checkout } = self;
        workspace.target = checkouts.target(name);
        checkout.touch()?;
        let built = match wanted_of(&workspace.labels(), wanted) {
            Some(wanted) => workspace.build(&wanted, interrupt).map_err(explained(name, &source))?,
            None => BuiltTargets::default(),
        };
        deployment::refuse(built.targets.iter().map(|target| target.manifest_dir.as_path()))?;
        let lock = fs::read_to_string(workspace.root.join(LOCK)).unwrap_or_default();
        Ok(BuiltRevision { built, lock, _checkout: checkout })
    }
}

/// Those of `wanted` that are among `labels`; `None` where there is nothing to build.
fn wanted_of(labels: &[String], wanted: &[String]) -> Option<Vec<String>> {
    let has = |name: &String| labels.iter().any(|label| cargo::names(name, label));
    let found: Vec<String> = wanted.iter().filter(|name| has(name)).cloned().collect();
    (!labels.is_empty() && found.is_empty() == wanted.is_empty()).then_some(found)
}

impl BuiltRevision {
    /// Which dependencies have other versions in `head`, if some do.
    pub(crate) fn changed_dependencies(&self, head: &Self) -> Option<String> {
        let (base, head) = (versions(&self.lock), versions(&head.lock));
        let gone = base.difference(&head).map(|package| format!("-{package}"));
        let changed: Vec<String> = gone.chain(head.difference(&base).map(|it| format!("+{it}"))).collect();
        let more = if changed.len() > NAMED { ", ..." } else { "" };
        let named = changed.get(..NAMED).unwrap_or(&changed).join(", ");
        (!changed.is_empty()).then(|| format!("the dependencies differ ({LOCK}): {named}{more}"))
    }
}

/// The packages that `lock` takes from elsewhere, with their versions.
fn versions(lock: &str) -> BTreeSet<String> {
    let lock = lock.parse::<toml::Table>().unwrap_or_default();
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let elsewhere = packages.filter(|package| package.get("source").is_some());
    let text = |package: &toml::Value, key| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    elsewhere.filter_map(|it| Some(format!("{} {}", text(it, "name")?, text(it, "version")?))).collect()
}

/// A path dependency that leaves the repository would not be found from a checkout, or be another one.
fn refuse_outside(checkout: &Checkout) -> Result<(), Error> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(checkout.project());
    let output = command.output().map_err(Error::io("run", Path::new("cargo")))?;
    // Where cargo fails, `Workspace::open` says why.
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let dependencies = packages.flat_map(|it| it["dependencies"].as_array().into_iter().flatten());
    let paths = dependencies.filter_map(|it| Some((it["name"].as_str()?, Path::new(it["path"].as_str()?))));
    match paths.into_iter().find(|(_, path)| !path.starts_with(&checkout.folder)) {
        Some((name, path)) => Err(AbError::outside(name, path).into()),
        None => Ok(()),
    }
}

/// What cargo says, with the side that it says it of.
fn explained(name: &str, source: &RevisionSource) -> impl FnOnce(Error) -> Error {
    let revision = format!("{name}, {source},");
    move |error| match error {
        Error::Cargo { problem } => AbError::does_not_build(&revision, &problem).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_packages_from_elsewhere() {
        let lock = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\
                    [[package]]\nname = \"itoa\"\nversion = \"1.0.1\"\nsource = \"registry+x\"\n";
        assert_eq!(versions(lock).into_iter().collect::<Vec<_>>(), ["itoa 1.0.1"]);
        assert!(versions("").is_empty());
    }
}
