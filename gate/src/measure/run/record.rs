//! What a run leaves in its Criterion home beside the results: when it began, where, in which mode, and what failed.
//!
//! Criterion stores none of this. With it, `check` on the same home knows a stale result from a fresh one, and does
//! not forget a category that could not run.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::files::store;
use crate::judge::Failure;
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
}

impl RunRecord {
    /// The record of a run that begins now in `environment`; until it is rewritten, `failures` is what came of it.
    #[must_use]
    pub fn started_now(environment: Environment, failures: Vec<Failure>) -> Self {
        let started = jiff::Timestamp::now();
        Self { schema_version: SCHEMA_VERSION, started, environment, failures }
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
