//! Why nothing could be judged. The text of an error names the thing, and after `help: ` in a last line what to do next.

mod ab;
mod run_set;

use std::io;
use std::path::{Path, PathBuf};

pub use ab::AbError;
pub use run_set::RunSetError;

/// What keeps the gate from judging. All of it ends in exit code 2, but for [`Error::Interrupted`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("{}: cannot {action}: {source}\n\
         help: check that the path exists and that you may use it, or name another", path.display())]
    Io {
        /// What was tried: "read", "write", "list", …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// There is no Criterion home at this path.
    #[error("{}: no Criterion results here: the folder does not exist\n\
         help: run `cargo bench` or `bench-gate run` first, or name the folder with --criterion-home; `bench-gate run` keeps its results in target/bench-gate/latest", path.display())]
    NoHome {
        /// The folder.
        path: PathBuf,
    },
    /// The Criterion home holds not one result.
    #[error("{}: no Criterion results here: the folder holds no `{baseline}/benchmark.json`\n\
         help: run `cargo bench` or `bench-gate run` first, or name the folder with --criterion-home; `bench-gate run` keeps its results in target/bench-gate/latest", path.display())]
    EmptyHome {
        /// The folder.
        path: PathBuf,
        /// The saved set that was looked for, `new` unless a baseline was asked for.
        baseline: String,
    },
    /// The home holds results of `cargo criterion` alone.
    #[error("{}: a result of `cargo criterion`, which writes CBOR: this program reads what `cargo bench` writes\n\
         help: run `cargo bench` instead, then judge again", path.display())]
    CargoCriterion {
        /// A folder with such a result.
        path: PathBuf,
    },
    /// A link in a Criterion home leads to a folder that the link is in.
    #[error("{}: this link leads back to a folder that it is in\n\
         help: remove the link", path.display())]
    LinkLoop {
        /// The link.
        path: PathBuf,
    },
    /// Several results cannot be read or judged.
    #[error("{} results cannot be judged:\n  {}\nhelp: {}", .0.len(), .0.iter().map(Self::message).collect::<Vec<_>>().join("\n  "), .0.first().map_or_else(String::new, Self::remedy))]
    Several(Vec<Self>),
    /// A category was asked for that nothing belongs to.
    #[error(
        "{place}: no category `{wanted}`: there are {available}\n\
         help: name one of those, or none to take all"
    )]
    NoSuchCategory {
        /// Where it was looked for.
        place: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        available: String,
    },
    /// `--require` names an engine that no metric is about.
    #[error(
        "--require: no metric is about an engine `{wanted}`: there are {available}\n\
         help: name one of those; an id like `database/{{sqlite,postgres}}/query/*` in thresholds.toml names engines"
    )]
    NoSuchEngine {
        /// What was required.
        wanted: String,
        /// The engines that metrics are about.
        available: String,
    },
    /// What a bench noted of its engines cannot be read.
    #[error("{}: not a bench's engine metadata: {problem}\n\
         help: delete the file and run that category's bench again", path.display())]
    BrokenFacts {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file is not what its name says: truncated, empty, not UTF-8, not JSON, or of another shape.
    #[error("{}: {problem}\n\
         help: delete the benchmark's folder and measure it again", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, with the line where there is one.
        problem: String,
    },
    /// A named baseline is not what its name says: empty, truncated, of another version, or with unfit numbers.
    #[error("{}: {problem}\n\
         help: restore the file, or save the baseline again", path.display())]
    BrokenBaseline {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that belongs to a result is missing.
    #[error("{}: incomplete result: `{missing}` is missing\n\
         help: delete the benchmark's folder and measure it again", path.display())]
    Incomplete {
        /// The folder of the result.
        path: PathBuf,
        /// The missing file.
        missing: &'static str,
    },
    /// The record that a run left in its Criterion home cannot be read.
    #[error("{}: not the record of a run: {problem}\n\
         help: delete the file and measure again: without it no result is known to be fresh", path.display())]
    BrokenRecord {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Numbers that no measurement can give: NaN, infinite, negative, zero, or lists that do not fit together.
    #[error("{}: {problem}\n\
         help: delete the benchmark's folder and measure it again", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with its numbers.
        problem: String,
    },
    /// A result is older than the run that is being judged.
    #[error("{}: stale result: `{id}` was measured before this run started\n\
         help: the benchmark did not run this time: correct or remove it, or use a fresh --criterion-home", path.display())]
    Stale {
        /// The file.
        path: PathBuf,
        /// The benchmark.
        id: String,
    },
    /// Two results claim one id.
    #[error("{}: two benchmarks with one id `{id}`: the other is {}\n\
         help: rename one benchmark, measure one package alone (--package), or delete the folder that is out of date", second.display(), first.display())]
    DuplicateBenchmark {
        /// The id.
        id: String,
        /// One of the two folders.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// `thresholds.toml` says something that cannot be meant.
    #[error("{}:{line}: {problem}\n\
         help: correct that line: docs/formats.md describes every key", path.display())]
    Threshold {
        /// The thresholds file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A result that a metric judges does not carry what the metric needs.
    #[error(
        "metric `{metric}` cannot judge `{id}`: {problem}\n\
         help: correct the metric in thresholds.toml, or give the benchmark a Throughput"
    )]
    Unjudgeable {
        /// The id of the metric.
        metric: String,
        /// The id of the benchmark.
        id: String,
        /// What it lacks.
        problem: String,
    },
    /// A name that no baseline can have.
    #[error(
        "baseline name {name:?}: {problem}\n\
         help: use letters, digits, `-`, `_` and `.`, for example `main`"
    )]
    BaselineName {
        /// The name.
        name: String,
        /// Why not.
        problem: &'static str,
    },
    /// There is no baseline of that name.
    #[error("{}: no baseline `{name}`: there are {available}\n\
         help: save one with `bench-gate run --save-baseline NAME` or `cargo bench -- --save-baseline NAME`", place.display())]
    NoBaseline {
        /// The name.
        name: String,
        /// Where it was looked for.
        place: PathBuf,
        /// Those that there are.
        available: String,
    },
    /// A baseline of that name is there already.
    #[error("{}: a baseline of that name exists already\n\
         help: choose another name, or give --force to replace it", path.display())]
    BaselineExists {
        /// Its file.
        path: PathBuf,
    },
    /// Two revisions cannot be measured against each other.
    #[error(transparent)]
    Ab(#[from] AbError),
    /// Runs are no evidence.
    #[error(transparent)]
    RunSet(#[from] RunSetError),
    /// `noise.json` is not what its name says.
    #[error("{}: not the noise of benchmarks: {problem}\n\
         help: restore the file, or make it again with `bench-gate calibrate`", path.display())]
    BrokenNoise {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The runs of a benchmark cannot be compared.
    #[error(
        "`{id}` cannot be compared: {problem}\n\
         help: measure more runs on both sides, each in a process of its own"
    )]
    Incomparable {
        /// The benchmark.
        id: String,
        /// Why not.
        problem: String,
    },
    /// A bench was told something that cannot be meant.
    #[error(
        "the bench `{category}` refused its input: {said}\n\
         help: correct what it names: a variable of the environment, or bench.toml (docs/formats.md)"
    )]
    BenchRefused {
        /// The bench target.
        category: String,
        /// What it said.
        said: String,
    },
    /// Cargo could not list or build the benches.
    #[error("cargo: {problem}\nhelp: correct what cargo reports; `cargo bench --no-run` shows it alone")]
    Cargo {
        /// What cargo said.
        problem: String,
    },
    /// Ctrl-C, or a request to end.
    #[error("interrupted: nothing was judged or saved\nhelp: start again when you have the time")]
    Interrupted {
        /// The signal's number.
        signal: i32,
    },
}

/// What stands between an error's message and its remedy.
const HELP: &str = "\nhelp: ";

impl Error {
    /// What is wrong, without the remedy.
    #[must_use]
    pub fn message(&self) -> String {
        let text = self.to_string();
        text.rsplit_once(HELP).map_or_else(|| text.clone(), |(message, _)| message.to_owned())
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        self.to_string().rsplit_once(HELP).map_or_else(String::new, |(_, remedy)| remedy.to_owned())
    }

    /// An [`Error::Io`], made from what the operating system said.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// One error of `all`: `None` of none, and of one that one.
    pub(crate) fn join(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut all: Vec<Self> = all.into_iter().collect();
        if all.len() > 1 { Some(Self::Several(all)) } else { all.pop() }
    }

    /// The exit code that this error ends the program with: 2, or 128 and the signal that interrupted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Interrupted { signal } => 128 + u8::try_from(*signal).unwrap_or(2),
            _ => 2,
        }
    }
}
