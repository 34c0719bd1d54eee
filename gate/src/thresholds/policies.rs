//! What one comparison holds each benchmark to: `thresholds.toml`, `noise.json` and the command line together.

use std::path::Path;

use serde::Serialize;

use crate::files::baseline::Measured;
use crate::files::noise::Noise;
use crate::judge::run_set::RunSetError;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::thresholds::{Accepted, Better, Margin, Statistic, THRESHOLDS_FILE, Thresholds, policy};

/// What one benchmark is held to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RowPolicy {
    /// Which direction is good.
    pub better: Better,
    /// The number that a run gives.
    pub statistic: Statistic,
    /// The change that is tolerated, as a fraction.
    pub margin: f64,
    /// The change, as a fraction, that is worth a warning.
    pub soft_margin: Option<f64>,
    /// Whether it fails the comparison that the head has no such benchmark.
    pub required: bool,
}

/// What all benchmarks are held to.
#[derive(Debug, Clone)]
pub struct Policies {
    thresholds: Option<Thresholds>,
    noise: Option<Noise>,
    margin: Margin,
}

impl Policies {
    /// The policies of the file `named`, else of `thresholds.toml` where this folder has one; where they name no margin,
    /// `margin` holds.
    ///
    /// # Errors
    /// The file cannot be read or is malformed, or as [`Policies::new`].
    pub fn found(named: Option<&Path>, margin: Margin, baselines: &Path) -> Result<Self, Error> {
        let here = Path::new(THRESHOLDS_FILE);
        let path = named.or_else(|| here.exists().then_some(here));
        Self::new(path.map(Thresholds::load).transpose()?, margin, baselines)
    }

    /// The policies of `thresholds`, if there are any; where they name no margin, `margin` holds.
    ///
    /// # Errors
    /// A margin is `auto`, and `noise.json` in the folder of the `baselines` cannot be read.
    pub fn new(thresholds: Option<Thresholds>, margin: Margin, baselines: &Path) -> Result<Self, Error> {
        let written = thresholds.iter().flat_map(|thresholds| &thresholds.policies);
        let is_auto = written.filter_map(|policy| policy.margin).chain([margin]).any(|it| it == Margin::Auto);
        let noise = is_auto.then(|| Noise::load(baselines)).transpose()?;
        Ok(Self { thresholds, noise, margin })
    }

    /// The margin of what `thresholds.toml` has none for.
    #[must_use]
    pub fn default_margin(&self) -> Margin {
        self.margin
    }

    /// Where the margins that are `auto` were found, if there are any.
    #[must_use]
    pub fn noise_environment(&self) -> Option<&Environment> {
        self.noise.as_ref().map(|noise| &noise.environment)
    }

    /// What is known to be worse or gone, with the file that says so.
    #[must_use]
    pub fn accepted(&self) -> (&Path, &[Accepted]) {
        let thresholds = self.thresholds.as_ref();
        thresholds.map_or((Path::new(""), &[]), |thresholds| (&thresholds.path, &thresholds.accepted))
    }

    /// What the benchmark `id` is held to.
    ///
    /// # Errors
    /// Its margin is `auto`, and `noise.json` has none for it.
    pub fn row(&self, id: &str) -> Result<RowPolicy, Error> {
        let policy = self.thresholds.as_ref().and_then(|thresholds| thresholds.policy(id));
        let margin = policy.and_then(|policy| policy.margin).unwrap_or(self.margin);
        Ok(RowPolicy {
            better: policy.map_or(Better::Lower, |policy| policy.better),
            statistic: policy.map_or(policy::RUN_STATISTIC, |policy| policy.statistic),
            margin: self.fraction(margin, id)?,
            soft_margin: policy.and_then(|policy| policy.soft_margin),
            required: policy.is_none_or(|policy| policy.required),
        })
    }

    fn fraction(&self, margin: Margin, id: &str) -> Result<f64, Error> {
        let found = |noise: &Noise| noise.rows.iter().find(|row| row.id == id).map(|row| row.margin);
        match margin {
            Margin::Fraction(fraction) => Ok(fraction),
            Margin::Auto => self
                .noise
                .as_ref()
                .and_then(found)
                .ok_or_else(|| RunSetError::NoNoise { id: id.to_owned() }.into()),
        }
    }
}

const NANOSECONDS_IN_A_SECOND: f64 = 1e9;

impl Measured {
    /// The number that this run gives by `statistic`, as stored; by [`Statistic::Throughput`], elements or bytes in
    /// each second at the time that [`policy::RUN_STATISTIC`] gives.
    ///
    /// # Errors
    /// A throughput is asked for, and the benchmark declares none.
    pub fn number(&self, statistic: Statistic) -> Result<f64, Error> {
        let time = |statistic| match statistic {
            Statistic::P10 => self.p10,
            Statistic::Median => self.estimates.median.point,
            Statistic::Mean | Statistic::Throughput => self.estimates.mean.point,
            Statistic::Typical => self.estimates.typical().point,
        };
        match (statistic, self.throughput) {
            (Statistic::Throughput, Some(throughput)) => {
                let count = throughput.count() as f64;
                Ok(count * NANOSECONDS_IN_A_SECOND / time(policy::RUN_STATISTIC))
            }
            (Statistic::Throughput, None) => Err(RunSetError::NoThroughput { id: self.id.clone() }.into()),
            _ => Ok(time(statistic)),
        }
    }
}
