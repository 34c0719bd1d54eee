//! `noise.json`: how much each benchmark differs from run to run where nothing changed, as `bench-gate calibrate`
//! found it, and the margin that it needs for that. `margin = "auto"` takes it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::store;
use crate::model::environment::Environment;
use crate::model::error::Error;

/// The version of the format that this program reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// The file's name, in the folder of the baselines.
pub const NOISE_FILE: &str = "noise.json";

/// How much benchmarks differ from run to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// The version of this format.
    pub schema_version: u32,
    /// Where and when it was found.
    pub environment: Environment,
    /// How often the gate was wrong meanwhile.
    pub false_alarms: FalseAlarms,
    /// One for each benchmark.
    pub rows: Vec<RowNoise>,
}

/// How often the gate reported unchanged code as regressed, at the margins in force, before any confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FalseAlarms {
    /// The pairs of each comparison.
    pub pairs: usize,
    /// The share of comparisons that might hold a wrong claim.
    pub alpha: f64,
    /// The comparisons, each of all benchmarks.
    pub suites: usize,
    /// Those in which a benchmark regressed.
    pub suites_red: usize,
    /// The benchmarks of all comparisons.
    pub rows: usize,
    /// Those that regressed.
    pub rows_regressed: usize,
    /// The comparisons whose null control was red.
    pub controls_red: usize,
}

/// How much one benchmark differs from run to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowNoise {
    /// The benchmark's id.
    pub id: String,
    /// The standard deviation of the logarithm of its runs: 0.03 is about three percent.
    pub spread: f64,
    /// The margin that it needs, as a fraction.
    pub margin: f64,
}

impl Noise {
    /// Where it is kept, in the folder of the baselines.
    #[must_use]
    pub fn path(baselines: &Path) -> PathBuf {
        baselines.join(NOISE_FILE)
    }

    /// Reads the file in the folder of the `baselines`.
    ///
    /// # Errors
    /// It cannot be read, is malformed, of another version, or has a margin or spread that is none.
    pub fn load(baselines: &Path) -> Result<Self, Error> {
        let path = Self::path(baselines);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let broken = |problem: String| Error::BrokenNoise { path: path.clone(), problem };
        let noise: Self = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        match noise.why_unusable() {
            None => Ok(noise),
            Some(problem) => Err(broken(problem)),
        }
    }

    /// Writes it into the folder of the `baselines`, and returns the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, baselines: &Path) -> Result<PathBuf, Error> {
        let path = Self::path(baselines);
        store::write_json(&path, self).map(|()| path)
    }

    /// The margin of each benchmark, by id.
    #[must_use]
    pub fn margins(&self) -> HashMap<&str, f64> {
        self.rows.iter().map(|row| (row.id.as_str(), row.margin)).collect()
    }

    fn why_unusable(&self) -> Option<String> {
        if self.schema_version != SCHEMA_VERSION {
            let other = self.schema_version;
            return Some(format!("schema_version {other}, this program reads {SCHEMA_VERSION}"));
        }
        let unfit =
            |row: &&RowNoise| [row.spread, row.margin].iter().any(|value| !value.is_finite() || *value < 0.0);
        let unfit = self.rows.iter().find(unfit).map(|row| &row.id);
        unfit.map(|id| format!("the spread or margin of `{id}` is below zero"))
    }
}
