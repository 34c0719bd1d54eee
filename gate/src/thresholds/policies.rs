//! What one comparison holds each benchmark to: `thresholds.toml`, `noise.json` and the command line together.

use std::path::Path;

use serde::Serialize;

use crate::files::baseline::Measured;
use crate::files::noise::Noise;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::error::RunSetError;
use crate::thresholds::{Accepted, Better, ChangeLimits, Margin, Statistic, Thresholds, policy};

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
    /// Where one run stands against one, the change that fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical: Option<f64>,
    /// Whether it fails the comparison that the head has no such benchmark.
    pub required: bool,
}

/// How far runs of one program differ at the least, as the standard deviation of their logarithm, where nothing was
/// measured of that: what two runs of `cargo bench` an hour apart differ by on a quiet machine.
pub const SPREAD_FLOOR: f64 = 0.03;

/// What all benchmarks are held to.
#[derive(Debug, Clone)]
pub struct Policies {
    thresholds: Thresholds,
    noise: Option<Noise>,
    is_auto: bool,
    margin: Margin,
}

impl Policies {
    /// The policies of the file `named`, else of `thresholds.toml` where this folder has one; where they name no margin,
    /// `margin` holds.
    ///
    /// # Errors
    /// The file cannot be read or is malformed, or as [`Policies::new`].
    pub fn found(named: Option<&Path>, margin: Margin, baselines: &Path) -> Result<Self, Error> {
        Self::new(Thresholds::found(named)?, margin, baselines)
    }

    /// The policies of `thresholds`; where they name no margin, `margin` holds.
    ///
    /// # Errors
    /// `noise.json` in the folder of the `baselines` cannot be read, or a margin is `auto` and there is none.
    pub fn new(thresholds: Thresholds, margin: Margin, baselines: &Path) -> Result<Self, Error> {
        let written = thresholds.policies.iter();
        let is_auto = written.filter_map(|policy| policy.margin).chain([margin]).any(|it| it == Margin::Auto);
        let is_wanted = is_auto || Noise::path(baselines).is_file();
        let noise = is_wanted.then(|| Noise::load(baselines)).transpose()?;
        Ok(Self { thresholds, noise, is_auto, margin })
    }

    /// The margin of what `thresholds.toml` has none for.
    #[must_use]
    pub fn default_margin(&self) -> Margin {
        self.margin
    }

    /// Where the margins that are `auto` were found, if there are any.
    #[must_use]
    pub fn noise_environment(&self) -> Option<&Environment> {
        self.noise.as_ref().filter(|_| self.is_auto).map(|noise| &noise.environment)
    }

    /// What is known to be worse or gone, with the file that says so.
    #[must_use]
    pub fn accepted(&self) -> (&Path, &[Accepted]) {
        (&self.thresholds.path, &self.thresholds.accepted)
    }

    /// What the benchmark `id` is held to.
    ///
    /// # Errors
    /// Its margin is `auto`, and `noise.json` has none for it.
    pub fn row(&self, id: &str) -> Result<RowPolicy, Error> {
        let policy = self.thresholds.policy(id);
        let margin = policy.and_then(|policy| policy.margin).unwrap_or(self.margin);
        Ok(RowPolicy {
            better: policy.map_or(Better::Lower, |policy| policy.better),
            statistic: policy.map_or(policy::RUN_STATISTIC, |policy| policy.statistic),
            margin: self.fraction(margin, id)?,
            soft_margin: policy.and_then(|policy| policy.soft_margin),
            critical: None,
            required: policy.is_none_or(|policy| policy.required),
        })
    }

    /// What the benchmark `id` is held to where one run stands against one.
    ///
    /// # Errors
    /// As [`Policies::row`].
    pub fn single(&self, id: &str) -> Result<RowPolicy, Error> {
        let change = self.thresholds.policy(id).map_or(self.thresholds.change, |policy| policy.change);
        let ChangeLimits { warning, critical } = change;
        let (soft_margin, margin) = (Some(warning), critical);
        Ok(RowPolicy { margin, soft_margin, critical: Some(critical), ..self.row(id)? })
    }

    /// How far single runs of the benchmark of `run` differ, as the standard deviation of their logarithm: what
    /// `noise.json` says, else what its samples show, and [`SPREAD_FLOOR`] at the least.
    #[must_use]
    pub fn spread(&self, run: &Measured) -> f64 {
        let measured = self.noise.as_ref().and_then(|noise| noise.rows.iter().find(|row| row.id == run.id));
        let of_samples = || run.estimates.median_abs_dev.point / run.estimates.median.point;
        measured.map_or_else(of_samples, |row| row.spread).max(SPREAD_FLOOR)
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
                let count = throughput.size() as f64;
                Ok(count * NANOSECONDS_IN_A_SECOND / time(policy::RUN_STATISTIC))
            }
            (Statistic::Throughput, None) => Err(RunSetError::NoThroughput { id: self.id.clone() }.into()),
            _ => Ok(time(statistic)),
        }
    }
}
