//! What is asked of git: revisions, their ancestors, changed files, and checkouts.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::model::error::AbError;
use crate::model::error::Error;

/// A checkout runs no hook of the repository: hooks may build, download or fail.
const NO_HOOKS: [&str; 2] = ["-c", "core.hooksPath=/dev/null"];

/// The mode by which a tree marks a submodule.
const SUBMODULE: &str = "160000 commit ";

/// The repository of the current folder.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    /// Where its files are.
    pub(crate) root: PathBuf,
    /// The current folder, relative to that: a project may be a part of a repository.
    inner: PathBuf,
}

/// A commit, and what it was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    pub(crate) name: String,
    /// The whole hash.
    pub(crate) commit: String,
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
    pub(crate) fn here() -> Result<Self, Error> {
        let output = run(Command::new("git").args(["rev-parse", "--show-toplevel", "--show-prefix"]))?;
        let said = text(&output.stdout);
        match (output.status.success(), said.split_once('\n')) {
            (true, Some((root, inner))) => Ok(Self { root: root.into(), inner: inner.trim_end().into() }),
            (true, None) => Ok(Self { root: said.into(), inner: PathBuf::new() }),
            _ => {
                let folder = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
                Err(AbError::no_repository(&folder, last_line(&output.stderr)).into())
            }
        }
    }

    /// The one whose files are in the folder `root`.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), inner: PathBuf::new() }
    }

    /// The folder in `checkout` that is what the current folder is in the repository.
    pub(crate) fn project_in(&self, checkout: &Path) -> PathBuf {
        checkout.join(&self.inner)
    }

    /// The commit that `name` names.
    pub(crate) fn resolve(&self, name: &str) -> Result<Revision, Error> {
        let commit = format!("{name}^{{commit}}");
        let output = run(self.git().args(["rev-parse", "--verify", "--end-of-options", &commit]))?;
        if output.status.success() {
            return Ok(Revision { name: name.to_owned(), commit: text(&output.stdout) });
        }
        Err(AbError::no_revision(name, last_line(&output.stderr)).into())
    }

    /// Whether `name` is a branch, of this repository or of a remote one, and not a tag or a commit.
    pub(crate) fn is_branch(&self, name: &str) -> bool {
        let full = self.said(&["rev-parse", "--verify", "--quiet", "--symbolic-full-name", name]);
        full.is_some_and(|full| full.starts_with("refs/heads/") || full.starts_with("refs/remotes/"))
            && name != "HEAD"
    }

    /// The branch that changes are merged into.
    pub(crate) fn default_branch(&self) -> Result<Revision, Error> {
        let asked = env::var("GITHUB_BASE_REF").ok().filter(|name| !name.is_empty());
        let asked = asked.map(|name| format!("origin/{name}"));
        let remote = self.said(&["rev-parse", "--verify", "--quiet", "--abbrev-ref", "origin/HEAD"]);
        let usual = ["origin/main", "origin/master", "main", "master"].map(str::to_owned);
        let mut names = asked.into_iter().chain(remote).chain(usual);
        names.find_map(|name| self.resolve(&name).ok()).ok_or_else(|| AbError::no_default_branch().into())
    }

    /// The last commit that `branch` and `head` share, if they share one.
    pub(crate) fn merge_base(&self, branch: &Revision, head: &Revision) -> Option<Revision> {
        let commit = self.said(&["merge-base", &branch.commit, &head.commit])?;
        let is_tip = commit == branch.commit;
        let name = if is_tip { branch.name.clone() } else { format!("merge base with {}", branch.name) };
        Some(Revision { name, commit })
    }

    /// The files that differ from `HEAD`, untracked ones among them, as `git status --porcelain` writes them. What is in
    /// the folders `outputs` does not count.
    pub(crate) fn changes(&self, outputs: &[&Path]) -> Result<Vec<String>, Error> {
        let inside = outputs.iter().filter(|folder| folder.is_relative() && !folder.starts_with(".."));
        let excluded = inside.map(|folder| format!(":(exclude){}", self.inner.join(folder).display()));
        let mut git = self.git();
        git.args(["status", "--porcelain", "--untracked-files=all", "--", "."]).args(excluded);
        let output = succeeded("look for changes", &self.root, run(&mut git)?)?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    /// Whether the files that differ between `base` and `head`, or the files in place where there is no `head`, are code,
    /// manifests and documentation: what a build reads, and a bench that runs does not.
    pub(crate) fn code_alone_differs(&self, base: &Revision, head: Option<&Revision>) -> Result<bool, Error> {
        let mut git = self.git();
        git.args(["diff", "--name-only", "-z", &base.commit]).args(head.map(|head| &head.commit));
        let output = succeeded("list the changed files", &self.root, run(&mut git)?)?;
        let untracked = if head.is_none() { self.changes(&[])? } else { Vec::new() };
        let untracked = untracked.iter().filter_map(|line| line.strip_prefix("?? "));
        let changed = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_code = |file: &str| {
            let path = Path::new(file);
            let is = |endings: &[&str]| {
                path.extension().is_some_and(|it| endings.iter().any(|ending| it == *ending))
            };
            is(&["rs", "md"])
                || path.ends_with("Cargo.toml")
                || path.ends_with("Cargo.lock")
                || path.starts_with(".github")
        };
        Ok(changed.split('\0').filter(|file| !file.is_empty()).chain(untracked).all(is_code))
    }

    /// The files in place, ignored ones apart, relative to the root; a submodule counts as one.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, Error> {
        let mut git = self.git();
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]);
        let output = succeeded("list the files", &self.root, run(&mut git)?)?;
        let files = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(files.split('\0').filter(|file| !file.is_empty()).map(PathBuf::from).collect())
    }

    /// Checks `revision` out into `folder`, without a branch and without hooks; without files where `empty`.
    pub(crate) fn add_worktree(&self, folder: &Path, revision: &Revision, empty: bool) -> Result<(), Error> {
        let mut git = self.git();
        git.args(NO_HOOKS).args(["worktree", "add", "--quiet", "--force", "--detach"]);
        git.args(empty.then_some("--no-checkout")).arg(folder).arg(&revision.commit);
        succeeded("check out into it", folder, run(&mut git)?).map(drop)
    }

    /// Fills the submodules of `commit` in the checkout `folder` from those in place, and theirs. One that is not filled
    /// in place stays empty, as it is for the project itself.
    pub(crate) fn fill_submodules(&self, folder: &Path, commit: &str) -> Result<(), Error> {
        let output = run(self.git().args(["ls-tree", "-r", "-z", commit]))?;
        let output = succeeded("list the submodules", &self.root, output)?;
        let tree = String::from_utf8_lossy(&output.stdout).into_owned();
        let submodules = tree.split('\0').filter_map(|line| line.strip_prefix(SUBMODULE)?.split_once('\t'));
        for (commit, path) in submodules {
            let inner = Self::at(&self.root.join(path));
            if inner.root.join(".git").exists() {
                inner.fill(&folder.join(path), path, commit)?;
            }
        }
        Ok(())
    }

    /// Writes the files of `commit` into `folder`: with an index of its own, so that nothing of the submodule changes.
    fn fill(&self, folder: &Path, path: &str, commit: &str) -> Result<(), Error> {
        let known = self.said(&["rev-parse", "--verify", "--quiet", &format!("{commit}^{{commit}}")]);
        let Some((_, repository)) = known.zip(self.said(&["rev-parse", "--absolute-git-dir"])) else {
            return Err(AbError::submodule(path, commit).into());
        };
        let index = tempfile::tempdir().map_err(Error::io("write into", &env::temp_dir()))?;
        let mut git = Command::new("git");
        git.current_dir(folder)
            .env("GIT_INDEX_FILE", index.path().join("index"))
            .arg("--git-dir")
            .arg(repository);
        git.arg("--work-tree").arg(folder).args(NO_HOOKS).args(["checkout", "--force", commit, "--", "."]);
        succeeded("check out the submodule into it", folder, run(&mut git)?)?;
        self.fill_submodules(folder, commit)
    }

    /// Removes the checkout in `folder`, and its entry in the repository. A failure is left to the next start: this runs
    /// at the end.
    pub(crate) fn remove_worktree(&self, folder: &Path) {
        let _ = run(self.git().args(["worktree", "remove", "--force", "--force"]).arg(folder));
        let _ = std::fs::remove_dir_all(folder);
        let _ = run(self.git().args(["worktree", "prune"]));
    }

    /// What git prints for `arguments`, unless it fails or prints nothing.
    fn said(&self, arguments: &[&str]) -> Option<String> {
        let output = run(self.git().args(arguments)).ok().filter(|output| output.status.success())?;
        Some(text(&output.stdout)).filter(|said| !said.is_empty())
    }

    fn git(&self) -> Command {
        let mut git = Command::new("git");
        // In a process group of its own: Ctrl-C is for this program, which then calls git to clean up.
        git.arg("-C").arg(&self.root).process_group(0);
        git
    }
}

fn succeeded(action: &str, folder: &Path, output: Output) -> Result<Output, Error> {
    if output.status.success() {
        return Ok(output);
    }
    Err(AbError::git(action, folder, &text(&output.stderr)).into())
}

fn run(command: &mut Command) -> Result<Output, Error> {
    command.output().map_err(|error| AbError::no_git(&error).into())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn last_line(bytes: &[u8]) -> &str {
    let lines = std::str::from_utf8(bytes).ok().and_then(|said| said.trim().lines().last());
    lines.unwrap_or("git did not say why")
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
