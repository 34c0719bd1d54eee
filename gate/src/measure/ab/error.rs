//! Why two revisions could not be measured against each other.

use std::path::PathBuf;

/// What keeps [`super`] from measuring. Each ends in exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum AbError {
    /// There is no git to ask.
    #[error("git cannot be run: {said}")]
    NoGit {
        /// What the operating system said.
        said: String,
    },
    /// The current folder is in no repository.
    #[error("{}: not in a git repository with files: {said}", folder.display())]
    NoRepository {
        /// The current folder.
        folder: PathBuf,
        /// What git said.
        said: String,
    },
    /// A name that git does not know as a commit.
    #[error("no revision `{name}`: {said}")]
    NoRevision {
        /// The name.
        name: String,
        /// What git said.
        said: String,
    },
    /// A word that names a revision as well as a bench target.
    #[error("`{word}` is a revision and a bench target")]
    Ambiguous {
        /// The word.
        word: String,
    },
    /// A word that names neither a revision nor a bench target.
    #[error("`{word}` is neither a revision nor a bench target: there are {available}")]
    NoSuchWord {
        /// The word.
        word: String,
        /// The bench targets of both sides.
        available: String,
    },
    /// Files differ from `HEAD`, and nobody said which of the two is meant.
    #[error("files differ from HEAD, which would be measured without them: {changes}")]
    Dirty {
        /// The first of them.
        changes: String,
    },
    /// Git refused a step.
    #[error("{}: git cannot {action}: {said}", folder.display())]
    Git {
        /// What was tried.
        action: &'static str,
        /// Where.
        folder: PathBuf,
        /// What git said.
        said: String,
    },
    /// The project of a side cannot be understood or built.
    #[error("{revision} does not build: {problem}")]
    DoesNotBuild {
        /// The side and its revision.
        revision: String,
        /// What cargo said.
        problem: String,
    },
    /// No benchmark on either side has such an id.
    #[error("no benchmark `{filter}`: there are {available}")]
    NoSuchBenchmark {
        /// What was asked for.
        filter: String,
        /// Those that there are.
        available: String,
    },
    /// No bench target gave a result on either side.
    #[error("no benchmark to compare: {reason}")]
    NothingToCompare {
        /// Why.
        reason: String,
    },
    /// More pairs would be needed than are allowed.
    #[error("{most} pairs can never decide: {rows} rows need {fewest} at least")]
    TooFewPairs {
        /// What is allowed.
        most: usize,
        /// The rows.
        rows: usize,
        /// The fewest that could.
        fewest: usize,
    },
    /// The time was up before everything had been compared with itself once.
    #[error("no comparison was whole within {budget:?}")]
    NoRound {
        /// The time.
        budget: std::time::Duration,
    },
    /// A bench cannot run on the base's side, so there is nothing to hold the head against.
    #[error("the base cannot run {category}: {reason}\n{output}")]
    BaseFails {
        /// The bench target.
        category: String,
        /// How it ended.
        reason: String,
        /// The last lines that it printed.
        output: String,
    },
    /// Both sides would measure one and the same backend.
    #[error(
        "{named}: the API of both revisions would be the one that runs there, and no difference that is measured would \
         be theirs"
    )]
    OneDeployment {
        /// What leads there.
        named: String,
    },
    /// Another one measures here.
    #[error("{}: another bench-gate measures here", place.display())]
    Busy {
        /// Its lock.
        place: PathBuf,
    },
}

impl AbError {
    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoGit { .. } => "install git, or compare saved results with `bench-gate compare`",
            Self::NoRepository { .. } => {
                "start it in a git repository, or compare saved results with `bench-gate compare`"
            }
            Self::NoRevision { .. } => {
                "name a branch, tag or commit that `git rev-parse` finds; in CI, fetch the whole history (fetch-depth: 0)"
            }
            Self::Ambiguous { .. } => {
                "write the revision as `refs/heads/NAME`, or name HEAD before the bench target"
            }
            Self::NoSuchWord { .. } => "name one of those, or a revision that `git rev-parse` finds",
            Self::Dirty { .. } => {
                "commit or stash them, say `worktree` to measure the files as they are, or `HEAD` to measure without them"
            }
            Self::Git { .. } => "mend what git reports; a full disk is freed with `cargo clean`",
            Self::DoesNotBuild { .. } => "mend what cargo reports above, or name another revision",
            Self::NoSuchBenchmark { .. } => {
                "give a whole id, its first parts, or `*` for one part; leave --filter out to take all"
            }
            Self::NothingToCompare { .. } => "name bench targets that run on Criterion",
            Self::TooFewPairs { .. } => {
                "raise --pairs-max (of `ab`) or --pairs (of `calibrate`), or compare fewer benchmarks with --filter"
            }
            Self::NoRound { .. } => {
                "raise --budget, lower --pairs, or measure less: name bench targets, or --filter"
            }
            Self::BaseFails { .. } => "name a base whose benches run, or leave this bench target out",
            Self::OneDeployment { .. } => {
                "unset it, or name a file without it in BENCH_CONFIG; to compare deployments, measure each with `bench-gate run` and use `bench-gate compare`"
            }
            Self::Busy { .. } => "wait until it has ended: two at once measure each other",
        }
    }
}
