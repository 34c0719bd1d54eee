//! What is asked of git: revisions, changed files, and checkouts beside the one that is worked in.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::error::AbError;
use crate::model::error::Error;

/// The repository of the current folder.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Where its files are.
    root: PathBuf,
    /// The current folder, relative to that: a project may be a part of a repository.
    inner: PathBuf,
}

/// A commit, and what it was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// What was typed.
    pub name: String,
    /// The whole hash.
    pub commit: String,
}

impl std::fmt::Display for Revision {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = self.commit.get(..9).unwrap_or(&self.commit);
        if self.commit.starts_with(&self.name) {
            return formatter.write_str(short);
        }
        write!(formatter, "{} ({short})", self.name)
    }
}

impl Repository {
    /// The repository of the current folder.
    ///
    /// # Errors
    /// There is no git, or no repository with files here.
    pub fn here() -> Result<Self, Error> {
        let output = run(Command::new("git").args(["rev-parse", "--show-toplevel", "--show-prefix"]))?;
        let folder = || std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let said = text(&output.stdout);
        match (output.status.success(), said.split_once('\n')) {
            (true, Some((root, inner))) => Ok(Self { root: root.into(), inner: inner.trim_end().into() }),
            (true, None) => Ok(Self { root: said.into(), inner: PathBuf::new() }),
            _ => Err(AbError::NoRepository { folder: folder(), said: last_line(&output.stderr) }.into()),
        }
    }

    /// The folder in `checkout` that is what the current folder is in the repository.
    #[must_use]
    pub fn project_in(&self, checkout: &Path) -> PathBuf {
        checkout.join(&self.inner)
    }

    /// The commit that `name` names.
    ///
    /// # Errors
    /// [`AbError::NoRevision`].
    pub fn resolve(&self, name: &str) -> Result<Revision, Error> {
        let commit = format!("{name}^{{commit}}");
        let output = run(self.git().args(["rev-parse", "--verify", "--end-of-options", &commit]))?;
        if output.status.success() {
            return Ok(Revision { name: name.to_owned(), commit: text(&output.stdout) });
        }
        Err(AbError::NoRevision { name: name.to_owned(), said: last_line(&output.stderr) }.into())
    }

    /// The files that differ from `HEAD`, untracked ones among them, as `git status --porcelain` writes them.
    ///
    /// # Errors
    /// Git fails.
    pub fn changes(&self) -> Result<Vec<String>, Error> {
        let output = run(self.git().args(["status", "--porcelain"]))?;
        refused("look for changes", &self.root, &output)?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    /// Checks `revision` out into `folder`, without a branch.
    ///
    /// # Errors
    /// Git fails: the disk may be full.
    pub fn add_worktree(&self, folder: &Path, revision: &Revision) -> Result<(), Error> {
        let mut git = self.git();
        git.args(["worktree", "add", "--quiet", "--force", "--detach"]).arg(folder).arg(&revision.commit);
        refused("check out into it", folder, &run(&mut git)?)
    }

    /// Removes the checkout in `folder`, and what git remembers of it. Whatever is in the way of that is left: this is
    /// done at the end, when there is nobody to tell, and again by the next start.
    pub fn remove_worktree(&self, folder: &Path) {
        let _ = run(self.git().args(["worktree", "remove", "--force", "--force"]).arg(folder));
        let _ = std::fs::remove_dir_all(folder);
        let _ = run(self.git().args(["worktree", "prune"]));
    }

    fn git(&self) -> Command {
        let mut git = Command::new("git");
        // In a group of its own: Ctrl-C is for this program, which then has git clean up.
        git.arg("-C").arg(&self.root).process_group(0);
        git
    }
}

fn refused(action: &'static str, folder: &Path, output: &Output) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    Err(AbError::Git { action, folder: folder.to_owned(), said: text(&output.stderr) }.into())
}

fn run(command: &mut Command) -> Result<Output, Error> {
    command.output().map_err(|error| AbError::NoGit { said: error.to_string() }.into())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn last_line(bytes: &[u8]) -> String {
    text(bytes).lines().last().unwrap_or("git did not say why").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_shown_by_its_name_and_its_hash() {
        let revision = |name: &str| Revision { name: name.into(), commit: "0123456789abcdef".into() };
        assert_eq!(revision("main").to_string(), "main (012345678)");
        assert_eq!(revision("01234").to_string(), "012345678");
    }
}
