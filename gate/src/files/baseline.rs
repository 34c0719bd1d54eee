//! Named baselines: `baselines/<name>.json`, beside the ones that Criterion saves in its own home.
//!
//! Criterion's saved baselines carry no machine, toolchain, commit or time, and live in `target/`, where
//! `cargo clean` takes them. These do, and are committed.

mod name;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::store;
use crate::model::benchmark::{Benchmark, Estimate, Estimates, Throughput};
use crate::model::environment::Environment;
use crate::model::error::Error;

pub use name::BaselineName;

/// The version of the format that this program reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Where the baselines of a project are kept.
pub const BASELINES_FOLDER: &str = "baselines";

/// A named set of runs with the environment that they were measured in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The version of this format.
    pub schema_version: u32,
    /// Its name, which is its file's as well.
    pub name: BaselineName,
    /// Where and when it was measured.
    pub environment: Environment,
    /// One entry for each run; never empty.
    pub runs: Vec<Run>,
}

/// The results of one run: a process for each category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// A result for each benchmark, by id; never empty.
    pub results: Vec<Measured>,
}

/// One benchmark's numbers, as Criterion stored them: nanoseconds for times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The benchmark's id.
    pub id: String,
    /// How much one iteration works through, where the bench says so.
    pub throughput: Option<Throughput>,
    /// How many samples there were.
    pub samples: usize,
    /// The 10th percentile of the samples.
    pub p10: f64,
    /// What Criterion estimated.
    pub estimates: Estimates,
}

impl Measured {
    /// The numbers of `benchmark`.
    #[must_use]
    pub fn of(benchmark: &Benchmark) -> Self {
        Self {
            id: benchmark.id.clone(),
            throughput: benchmark.throughput,
            samples: benchmark.samples.totals.len(),
            p10: benchmark.p10,
            estimates: benchmark.estimates,
        }
    }
}

impl Baseline {
    /// A baseline of `runs`, all measured in `environment`.
    #[must_use]
    pub fn of_runs(name: BaselineName, environment: Environment, runs: Vec<Run>) -> Self {
        Self { schema_version: SCHEMA_VERSION, name, environment, runs }
    }

    /// Reads a baseline, and checks that there is something in it.
    ///
    /// # Errors
    /// The file cannot be read, is malformed, of another version, holds no run or a run without results, one id
    /// twice in a run, or numbers that no measurement can give.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(Error::io("read", path))?;
        Self::parse(path, &bytes)
    }

    /// [`Baseline::read`] of what was already read from `path`.
    ///
    /// # Errors
    /// As [`Baseline::read`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let broken = |problem: String| Error::BrokenBaseline { path: path.to_owned(), problem };
        let baseline: Self = serde_json::from_slice(bytes).map_err(|error| match bytes {
            [] => broken("empty file, expected a baseline's JSON".to_owned()),
            _ => broken(format!("not a baseline: {error}")),
        })?;
        match baseline.why_unusable() {
            None => Ok(baseline),
            Some(problem) => Err(broken(problem)),
        }
    }

    /// The baseline, if it has the name of its file.
    fn named(self, name: &BaselineName, path: &Path) -> Result<Self, Error> {
        if self.name == *name {
            return Ok(self);
        }
        let problem = format!("it calls itself `{}`: one of the two names is wrong", self.name);
        Err(Error::BrokenBaseline { path: path.to_owned(), problem })
    }

    fn why_unusable(&self) -> Option<String> {
        if self.schema_version != SCHEMA_VERSION {
            return Some(format!(
                "schema_version {}, this program reads {SCHEMA_VERSION}",
                self.schema_version
            ));
        }
        match self.runs.iter().any(|run| run.results.is_empty()) {
            _ if self.runs.is_empty() => Some("an empty baseline: it holds no run".to_owned()),
            true => Some("an empty baseline: one of its runs holds no result".to_owned()),
            false => self.runs.iter().find_map(Run::why_unusable),
        }
    }
}

impl Run {
    /// The run that measured `benchmarks`.
    #[must_use]
    pub fn of(benchmarks: &[Benchmark]) -> Self {
        Self { results: benchmarks.iter().map(Measured::of).collect() }
    }

    fn why_unusable(&self) -> Option<String> {
        let mut seen = HashSet::new();
        self.results.iter().find_map(|result| {
            let double = || format!("two results with one id `{}`", result.id);
            if seen.insert(&result.id) { result.why_unusable() } else { Some(double()) }
        })
    }
}

impl Measured {
    fn why_unusable(&self) -> Option<String> {
        let Estimates { mean, median, slope, .. } = self.estimates;
        let above_zero = |estimate: Estimate| estimate.lower > 0.0 && estimate.point > 0.0;
        let fit = [Some(mean), Some(median), slope].into_iter().flatten().all(above_zero);
        (!fit || self.p10 <= 0.0 || self.samples == 0)
            .then(|| format!("`{}` has no samples, or an estimate that is not above zero", self.id))
    }
}

/// The folder that holds a project's baselines.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The file of the baseline `name`.
    #[must_use]
    pub fn path(&self, name: &BaselineName) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// The baseline `name`.
    ///
    /// # Errors
    /// There is none, or [`Baseline::read`] refuses it.
    pub fn load(&self, name: &BaselineName) -> Result<Baseline, Error> {
        let path = self.path(name);
        if path.is_file() {
            return Baseline::read(&path).and_then(|baseline| baseline.named(name, &path));
        }
        let names: Vec<String> = self.names()?.iter().map(ToString::to_string).collect();
        let available = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Err(Error::NoBaseline { name: name.to_string(), place: self.folder.clone(), available })
    }

    /// Writes `baseline` under its name, and returns the file.
    ///
    /// # Errors
    /// One of that name is there and `replace` is false, or the file cannot be written.
    pub fn save(&self, baseline: &Baseline, replace: bool) -> Result<PathBuf, Error> {
        let path = self.path(&baseline.name);
        if path.exists() && !replace {
            return Err(Error::BaselineExists { path });
        }
        store::write_json(&path, baseline).map(|()| path)
    }

    /// The names of all baselines in the folder, in order.
    ///
    /// # Errors
    /// The folder cannot be listed. One that does not exist holds none.
    pub fn names(&self) -> Result<Vec<BaselineName>, Error> {
        if !self.folder.is_dir() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&self.folder).map_err(Error::io("list", &self.folder))?;
        let json = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|it| it == "json"));
        let mut names: Vec<BaselineName> =
            json.filter_map(|path| path.file_stem()?.to_str()?.parse().ok()).collect();
        names.sort();
        Ok(names)
    }
}
