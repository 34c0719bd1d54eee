//! What was typed, understood: two sides and some bench targets.

use std::collections::BTreeSet;

use crate::command::cli::AbArgs;
use crate::measure::ab::git::Repository;
use crate::measure::ab::{AbError, Prepared, Source};
use crate::measure::run::Project;
use crate::model::error::Error;

/// How the files as they are are asked for.
const WORKTREE: &str = "worktree";

/// How many changed files a refusal names.
const NAMED: usize = 3;

/// What is to be measured.
#[derive(Debug)]
pub struct Wanted {
    /// What the head is compared with.
    pub base: Source,
    /// What is judged.
    pub head: Source,
    /// Bench targets; none means all.
    pub categories: Vec<String>,
}

impl Wanted {
    /// What `arguments` ask for, in `repository`, whose `project` is the one of the current folder.
    ///
    /// # Errors
    /// A revision does not exist, a word can mean two things, or files differ from `HEAD` and nobody said which are
    /// meant.
    pub fn new(repository: &Repository, project: &Project, arguments: &AbArgs) -> Result<Self, Error> {
        let base = Source::Revision(repository.resolve(&arguments.base)?);
        let (head, categories) = match arguments.words.split_first() {
            Some((word, rest)) if word == WORKTREE => (Source::Worktree, rest),
            Some((word, rest)) => match (repository.resolve(word), project.benches.contains(word)) {
                (Ok(_), true) => return Err(AbError::Ambiguous { word: word.clone() }.into()),
                (Ok(revision), false) => (Source::Revision(revision), rest),
                (Err(_), _) => (head(repository)?, &arguments.words[..]),
            },
            None => (head(repository)?, &[][..]),
        };
        Ok(Self { base, head, categories: categories.to_vec() })
    }

    /// Fails on the first bench target that neither `base` nor `head` has.
    ///
    /// # Errors
    /// [`AbError::NoSuchWord`].
    pub fn refuse_unknown(&self, base: &Prepared, head: Option<&Prepared>) -> Result<(), Error> {
        let sides = [Some(base), head].into_iter().flatten();
        let available: BTreeSet<&str> =
            sides.flat_map(|side| side.project.benches.iter().map(String::as_str)).collect();
        let is_unknown = |category: &&String| !available.contains(category.as_str());
        let Some(word) = self.categories.iter().find(is_unknown) else { return Ok(()) };
        let available: Vec<&str> = available.into_iter().collect();
        Err(AbError::NoSuchWord { word: word.clone(), available: available.join(", ") }.into())
    }
}

/// `HEAD`, where that is what lies there.
fn head(repository: &Repository) -> Result<Source, Error> {
    let changes = repository.changes()?;
    if changes.is_empty() {
        return repository.resolve("HEAD").map(Source::Revision);
    }
    let named: Vec<&str> = changes.iter().take(NAMED).map(String::as_str).collect();
    let more = if changes.len() > NAMED { ", ..." } else { "" };
    Err(AbError::Dirty { changes: named.join(", ") + more }.into())
}
