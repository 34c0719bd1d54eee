//! One side of the comparison: a revision or the files in place, built.

use std::path::{Path, PathBuf};

use super::error::AbError;
use super::git::{Repository, Revision};
use super::place::{Checkout, Place};
use crate::measure::run::{self, BenchBinary, Interrupt, Project};
use crate::model::error::Error;

/// What is measured on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A commit, checked out beside the files that are worked on.
    Revision(Revision),
    /// The files as they are.
    Worktree,
}

impl Source {
    /// Whether both are one revision, whatever it was called.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Revision(one), Self::Revision(other)) => one.commit == other.commit,
            _ => false,
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Revision(revision) => revision.fmt(formatter),
            Self::Worktree => formatter.write_str("the files in place"),
        }
    }
}

/// A side with its bench binaries.
#[derive(Debug)]
pub struct BuiltRevision {
    /// What it is.
    pub source: Source,
    /// Its bench targets, of those that are wanted.
    pub binaries: Vec<BenchBinary>,
    /// Lives as long as the binaries are run: they may read files beside them.
    _checkout: Option<Checkout>,
}

impl BuiltRevision {
    /// The folders that its benches run in.
    #[must_use]
    pub fn packages(&self) -> Vec<&Path> {
        self.binaries.iter().map(|binary| binary.package.as_path()).collect()
    }
}

/// A side's project, before it is built.
#[derive(Debug)]
pub struct Prepared {
    /// What it is.
    pub source: Source,
    /// The project.
    pub project: Project,
    checkout: Option<Checkout>,
}

impl Prepared {
    /// Checks `source` out, if it is a revision, as the side `name`, and asks cargo what is in it. The files in place are
    /// those of the current folder.
    ///
    /// # Errors
    /// Git refuses, or there is no project.
    pub fn new(place: &Place, repository: &Repository, name: &str, source: Source) -> Result<Self, Error> {
        let checkout = match &source {
            Source::Revision(revision) => Some(place.check_out(repository, name, revision)?),
            Source::Worktree => None,
        };
        let folder = checkout.as_ref().map_or_else(|| PathBuf::from("."), Checkout::project);
        let project = Project::at(&folder).map_err(explained(name, &source))?;
        // Cargo looks for a project above the folder too, and finds the one that is worked on.
        if checkout.as_ref().is_some_and(|checkout| !project.root.starts_with(checkout.folder())) {
            let problem = "it has no Cargo.toml where the current folder is in the repository".to_owned();
            return Err(explained(name, &source)(Error::Cargo { problem }));
        }
        let project = Project { target: place.target(name), ..project };
        Ok(Self { source, project, checkout })
    }

    /// Builds those of the bench targets `wanted` that it has, all of them if none is named.
    ///
    /// # Errors
    /// Cargo fails, and has said why on the error stream.
    pub fn build(self, name: &str, wanted: &[String], interrupt: &Interrupt) -> Result<BuiltRevision, Error> {
        let Self { source, project, checkout } = self;
        let is_wanted = |bench: &&String| wanted.is_empty() || wanted.contains(bench);
        let benches: Vec<String> = project.benches.iter().filter(is_wanted).cloned().collect();
        let build = || run::build(&project, &benches, interrupt).map_err(explained(name, &source));
        let binaries = if benches.is_empty() { Vec::new() } else { build()? };
        Ok(BuiltRevision { source, binaries, _checkout: checkout })
    }
}

/// What cargo says, with the side that it says it of.
fn explained(name: &str, source: &Source) -> impl FnOnce(Error) -> Error {
    let revision = format!("{name}, {source},");
    move |error| match error {
        Error::Cargo { problem } => AbError::DoesNotBuild { revision, problem }.into(),
        other => other,
    }
}
