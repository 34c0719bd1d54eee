//! What was typed, understood: two sides and some bench targets.

use std::collections::BTreeSet;
use std::env;

use crate::command::cli::AbArgs;
use crate::measure::cargo::{self, Workspace};
use crate::measure::interleave::RevisionSource;
use crate::measure::interleave::git::{Repository, Revision};
use crate::model::error::AbError;
use crate::model::error::Error;

/// How the files as they are are asked for.
const WORKTREE: &str = "worktree";

/// How many changed files a refusal names.
const NAMED: usize = 3;

/// What is to be measured.
#[derive(Debug)]
pub(super) struct AbRequest {
    /// What the head is compared with.
    pub(super) base: RevisionSource,
    /// What is judged.
    pub(super) head: RevisionSource,
    /// Bench targets; none means all.
    pub(super) targets: Vec<String>,
    /// What the reader should know of the two revisions.
    pub(super) notes: Vec<String>,
    /// Whether the revisions differ in nothing that a bench could read when it runs.
    pub(super) code_alone_differs: bool,
}

/// The words of the command line, by what they mean.
struct Words<'a> {
    base: Option<&'a str>,
    head: Option<&'a str>,
    targets: &'a [String],
}

impl AbRequest {
    /// What `arguments` ask for in `repository`, whose `workspace` is that of the current folder.
    pub(super) fn new(
        repository: &Repository,
        workspace: &Workspace,
        arguments: &AbArgs,
    ) -> Result<Self, Error> {
        let words = Words::new(&arguments.words, repository, &workspace.labels())?;
        let head = match words.head {
            Some(WORKTREE) => RevisionSource::Worktree,
            Some(name) => RevisionSource::Revision(repository.resolve(name)?),
            None => head(repository, arguments)?,
        };
        let base = base(repository, words.base, &head, arguments.base_tip)?;
        let notes = no_ancestor(repository, &base, &head)?.into_iter().collect();
        let code_alone_differs = repository.code_alone_differs(&base, head.revision())?;
        let targets = words.targets.to_vec();
        Ok(Self { base: RevisionSource::Revision(base), head, targets, notes, code_alone_differs })
    }

    /// Fails on the first bench target that neither `base` nor `head` has.
    pub(super) fn refuse_unknown(&self, base: Vec<String>, head: Vec<String>) -> Result<(), Error> {
        let available: BTreeSet<String> = base.into_iter().chain(head).collect();
        let available: Vec<String> = available.into_iter().collect();
        let is_unknown = |target: &&String| !is_target(target, &available);
        let Some(word) = self.targets.iter().find(is_unknown) else { return Ok(()) };
        Err(AbError::no_such_word(word, &available.join(", ")).into())
    }
}

impl<'a> Words<'a> {
    /// First the base, then the head, then bench targets: each may be left out.
    fn new(words: &'a [String], repository: &Repository, labels: &[String]) -> Result<Self, Error> {
        let (mut left, mut base, mut head) = (words, None, None);
        if let Some(word) = left.first().filter(|word| *word != WORKTREE)
            && (left.len() == words.len())
            && (is_revision(word, repository, labels)? || !is_target(word, labels))
        {
            (base, left) = (Some(word.as_str()), &left[1..]);
        }
        if let Some(word) = left.first()
            && (word == WORKTREE || is_revision(word, repository, labels)?)
        {
            (head, left) = (Some(word.as_str()), &left[1..]);
        }
        Ok(Self { base, head, targets: left })
    }
}

fn is_target(word: &str, labels: &[String]) -> bool {
    labels.iter().any(|label| cargo::names(word, label))
}

/// Whether `word` is a revision, and not a bench target too.
fn is_revision(word: &str, repository: &Repository, labels: &[String]) -> Result<bool, Error> {
    match (repository.resolve(word).is_ok(), is_target(word, labels)) {
        (true, true) => Err(AbError::ambiguous(word).into()),
        (is_revision, _) => Ok(is_revision),
    }
}

/// What the head is compared with: `named`, or where it is a branch, the last commit that it shares with the head.
///
/// Commits that the branch got meanwhile are none of the head's, and would be measured as if it had undone them.
fn base(
    repository: &Repository,
    named: Option<&str>,
    head: &RevisionSource,
    tip: bool,
) -> Result<Revision, Error> {
    let current = repository.resolve("HEAD")?;
    let commit = match head {
        RevisionSource::Revision(revision) => revision,
        RevisionSource::Worktree => &current,
    };
    let branch = match named {
        Some(name) if tip || !repository.is_branch(name) => return repository.resolve(name),
        Some(name) => repository.resolve(name)?,
        None if is_test_merge() => return repository.resolve("HEAD^1"),
        None => repository.default_branch()?,
    };
    if tip {
        return Ok(branch);
    }
    let base = repository.merge_base(&branch, commit).unwrap_or_else(|| branch.clone());
    let is_nothing = base.commit == commit.commit && *head != RevisionSource::Worktree;
    if is_nothing && (named.is_none() || base.commit != branch.commit) {
        return Err(AbError::nothing_to_judge(&head.to_string(), &branch.name).into());
    }
    Ok(base)
}

/// Whether CI has checked out the merge of a pull request into its branch, to test it: its first parent is that branch.
fn is_test_merge() -> bool {
    let reference = env::var("GITHUB_REF").unwrap_or_default();
    reference.starts_with("refs/pull/") && reference.ends_with("/merge")
}

/// A warning where the head is not made of the base.
fn no_ancestor(
    repository: &Repository,
    base: &Revision,
    head: &RevisionSource,
) -> Result<Option<String>, Error> {
    let current = repository.resolve("HEAD")?;
    let commit = match head {
        RevisionSource::Revision(revision) => revision,
        RevisionSource::Worktree => &current,
    };
    let shared = repository.merge_base(base, commit);
    let is_ancestor = shared.is_some_and(|shared| shared.commit == base.commit);
    let warning = format!("{base} is no ancestor of {head}: what differs is not the head's change alone");
    Ok((!is_ancestor).then_some(warning))
}

/// `HEAD`, unless files differ from it.
fn head(repository: &Repository, arguments: &AbArgs) -> Result<RevisionSource, Error> {
    let changes = repository.changes(&[&arguments.report_dir, &arguments.baselines.folder])?;
    if changes.is_empty() {
        return repository.resolve("HEAD").map(RevisionSource::Revision);
    }
    let named: Vec<&str> = changes.iter().take(NAMED).map(String::as_str).collect();
    let more = if changes.len() > NAMED { ", ..." } else { "" };
    Err(AbError::dirty(&(named.join(", ") + more)).into())
}
