//! What a run leaves in its Criterion home beside the results: when it began, where, in which mode, and what failed.
//!
//! Criterion stores none of this. With it, `check` on the same home knows a stale result from a fresh one, and does
//! not forget a category that could not run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::files::store;
use crate::judge::Failure;
use crate::measure::cargo::{BenchTarget, BuiltTargets, LeftOut};
use crate::metadata::TARGETS_FOLDER;
use crate::model::environment::Environment;
use crate::model::error::Error;

/// The file's name, at the top of the Criterion home.
pub const RECORD_FILE: &str = "bench-gate.json";

const SCHEMA_VERSION: u32 = 1;

/// File systems stamp files by a coarser clock than the one that a program reads: up to a tick of 10 ms behind it.
pub const CLOCK_SLACK: Duration = Duration::from_millis(20);

/// When a run began, where, in which mode, and what failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    schema_version: u32,
    started: jiff::Timestamp,
    /// Where and when, with the mode.
    pub environment: Environment,
    /// The categories that could not run.
    pub failures: Vec<Failure>,
    /// The bench targets that were run, each with its home.
    #[serde(default)]
    pub targets: Vec<RecordedTarget>,
    /// Those that were not run.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// A bench target that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedTarget {
    /// What it is called.
    pub target: String,
    /// Its Criterion home, in that of the run.
    pub home: PathBuf,
}

/// The Criterion home of `target` in that of a run.
#[must_use]
pub fn target_home(home: &Path, target: &BenchTarget) -> PathBuf {
    home.join(TARGETS_FOLDER).join(&target.package).join(&target.name)
}

impl RunRecord {
    /// The record of a run of `built` that begins now in `environment`. Until [`Self::end`] every target has failed: an
    /// interrupted run is not to be taken for a whole one.
    #[must_use]
    pub fn of_targets(environment: Environment, built: &BuiltTargets) -> Self {
        let targets = built.targets.iter().map(|target| RecordedTarget {
            target: target.label(),
            home: target_home(Path::new(""), target),
        });
        let targets: Vec<RecordedTarget> = targets.collect();
        let not_ended = |target: &RecordedTarget| Failure {
            category: target.target.clone(),
            reason: "the run that filled this home did not end".to_owned(),
            output: Vec::new(),
        };
        Self {
            schema_version: SCHEMA_VERSION,
            started: jiff::Timestamp::now(),
            environment,
            failures: targets.iter().map(not_ended).collect(),
            targets,
            left_out: built.left_out.clone(),
        }
    }

    /// The run has ended.
    pub fn end(&mut self, failures: &[Failure], left_out: &[LeftOut]) -> &Self {
        self.failures = failures.to_vec();
        self.left_out = left_out.to_vec();
        self.targets.retain(|target| left_out.iter().all(|it| it.target != target.target));
        self
    }

    /// How much of the project the results are, in a line; `None` for a record without bench targets.
    #[must_use]
    pub fn coverage(&self) -> Option<String> {
        let has_failed =
            |target: &&RecordedTarget| self.failures.iter().any(|it| it.category == target.target);
        let failed = self.targets.iter().filter(has_failed).count();
        let (run, left_out) = (self.targets.len(), self.left_out.len());
        let mut parts = vec![format!("Measured {} of {} bench targets", run - failed, run + left_out)];
        parts.extend((failed > 0).then(|| format!("{failed} could not run")));
        parts.extend((left_out > 0).then(|| {
            let named = self.left_out.iter().map(|it| format!("{} ({})", it.target, it.reason));
            format!("left out {left_out}: {}", named.collect::<Vec<_>>().join(", "))
        }));
        (run + left_out > 0).then(|| parts.join(", "))
    }

    /// When the run began.
    #[must_use]
    pub fn started(&self) -> jiff::Timestamp {
        self.started
    }

    /// No result of the run is older than this. A time that no clock shows makes every result stale.
    #[must_use]
    pub fn fresh_from(&self) -> SystemTime {
        SystemTime::try_from(self.started).unwrap_or_else(|_| SystemTime::now()) - CLOCK_SLACK
    }

    /// Writes the record into `home`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, home: &Path) -> Result<(), Error> {
        store::write_json(&home.join(RECORD_FILE), self)
    }

    /// The record in `home`, if a run of ours filled it.
    ///
    /// # Errors
    /// There is one, and it cannot be read.
    pub fn read(home: &Path) -> Result<Option<Self>, Error> {
        let path = home.join(RECORD_FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let broken = |problem: String| Error::BrokenRecord { path: path.clone(), problem };
        let record: Self = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        match record.schema_version {
            SCHEMA_VERSION => Ok(Some(record)),
            other => Err(broken(format!("schema_version {other}, this program reads {SCHEMA_VERSION}"))),
        }
    }
}
