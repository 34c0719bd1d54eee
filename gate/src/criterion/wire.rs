//! Criterion 0.8's JSON, file by file, and its conversion to our types.
//!
//! - `benchmark.json`: who it is: `full_id` and `throughput`, beside parts that we do not use.
//! - `estimates.json`: `mean`, `median`, `std_dev`, `median_abs_dev` and `slope` (null where sampling was flat),
//!   each a point estimate with its confidence interval, per iteration.
//! - `sample.json`: `iters` and `times`, one of each per sample; `times` are totals.
//!
//! `serde_json` refuses NaN and numbers beyond a double's range; Criterion writes NaN as `null`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fd::OwnedFd;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::folder::{Folder, read_all};
use crate::model::benchmark::{Benchmark, Estimate, Estimates, Samples, Throughput};
use crate::model::error::Error;

/// The files that make a folder a result: any of them, and then all of them.
pub const FILES: [&str; 3] = ["benchmark.json", "estimates.json", "sample.json"];

#[derive(Deserialize)]
struct WireBenchmark {
    full_id: String,
    throughput: Option<WireThroughput>,
}

#[derive(Deserialize)]
enum WireThroughput {
    Bits(u64),
    Bytes(u64),
    BytesDecimal(u64),
    Elements(u64),
    ElementsAndBytes { elements: u64 },
}

impl From<WireThroughput> for Throughput {
    fn from(wire: WireThroughput) -> Self {
        match wire {
            WireThroughput::Bits(bits) => Self::Bytes(bits / 8),
            WireThroughput::Bytes(bytes) | WireThroughput::BytesDecimal(bytes) => Self::Bytes(bytes),
            WireThroughput::Elements(elements) | WireThroughput::ElementsAndBytes { elements } => {
                Self::Elements(elements)
            }
        }
    }
}

#[derive(Deserialize)]
struct WireInterval {
    lower_bound: f64,
    upper_bound: f64,
}

#[derive(Deserialize)]
struct WireEstimate {
    confidence_interval: WireInterval,
    point_estimate: f64,
}

#[derive(Deserialize)]
struct WireEstimates {
    mean: WireEstimate,
    median: WireEstimate,
    median_abs_dev: WireEstimate,
    slope: Option<WireEstimate>,
    std_dev: WireEstimate,
}

#[derive(Deserialize)]
struct WireSamples {
    iters: Vec<f64>,
    times: Vec<f64>,
}

impl From<WireSamples> for Samples {
    fn from(wire: WireSamples) -> Self {
        Self { iterations: wire.iters, totals: wire.times }
    }
}

/// Reads the result in the folder at `name`, which is relative to `parent`; `None` where no file in it is a result's.
pub fn read_result(parent: &Folder, name: &Path) -> Result<Option<Benchmark>, Error> {
    let folder = ResultFolder { parent, name };
    match (folder.open(FILES[0]), folder.open(FILES[1]), folder.open(FILES[2])) {
        (Ok(identity), Ok(estimates), Ok(samples)) => {
            folder.benchmark(&identity, &estimates, &samples).map(Some)
        }
        (Err(identity), Err(estimates), Err(samples))
            if [&identity, &estimates, &samples]
                .iter()
                .all(|error| matches!(error, Error::Incomplete { .. })) =>
        {
            Ok(None)
        }
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => Err(error),
    }
}

/// When the estimates of the result in `folder` were written.
pub fn written(folder: &Path) -> Result<SystemTime, Error> {
    let path = folder.join(FILES[1]);
    std::fs::metadata(&path).and_then(|metadata| metadata.modified()).map_err(Error::io("read", &path))
}

/// Reads the samples of the result in `folder`.
pub fn read_samples(folder: &Path) -> Result<Samples, Error> {
    let path = folder.join(FILES[2]);
    let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
    let wire: WireSamples = serde_json::from_slice(&bytes)
        .map_err(|error| Error::Malformed { path, problem: why_malformed(&bytes, &error) })?;
    Ok(wire.into())
}

/// A folder that may hold a result, and its parent, which is open.
struct ResultFolder<'a> {
    parent: &'a Folder,
    name: &'a Path,
}

impl ResultFolder<'_> {
    fn path(&self) -> PathBuf {
        self.parent.path.join(self.name)
    }

    fn open(&self, file: &'static str) -> Result<OwnedFd, Error> {
        self.parent.file(&self.name.join(file)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::Incomplete { path: self.path(), missing: file },
            _ => Error::io("read", &self.path().join(file))(error),
        })
    }

    fn parse<T: DeserializeOwned>(&self, name: &'static str, file: &OwnedFd) -> Result<T, Error> {
        let path = || self.path().join(name);
        let bytes = read_all(file).map_err(|error| Error::io("read", &path())(error))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::Malformed { path: path(), problem: why_malformed(&bytes, &error) })
    }

    fn benchmark(
        &self,
        identity: &OwnedFd,
        estimates: &OwnedFd,
        samples: &OwnedFd,
    ) -> Result<Benchmark, Error> {
        let identity: WireBenchmark = self.parse(FILES[0], identity)?;
        let estimates: WireEstimates = self.parse(FILES[1], estimates)?;
        let samples = Samples::from(self.parse::<WireSamples>(FILES[2], samples)?);
        let unfit = |file: &str, problem| Error::Unfit { path: self.path().join(file), problem };
        Ok(Benchmark {
            id: identity.full_id,
            throughput: identity.throughput.map(Throughput::from),
            estimates: convert_estimates(&estimates).map_err(|problem| unfit(FILES[1], problem))?,
            sample_count: count_samples(&samples).map_err(|problem| unfit(FILES[2], problem))?,
            p10: samples.p10(),
            folder: self.path(),
        })
    }
}

fn why_malformed(bytes: &[u8], error: &serde_json::Error) -> String {
    match std::str::from_utf8(bytes) {
        Ok("") => "empty file, expected JSON".to_owned(),
        Err(bad) => format!("not UTF-8 at byte {}, expected JSON", bad.valid_up_to()),
        Ok(_) if error.is_eof() => format!("truncated JSON: {error}"),
        Ok(_) if error.to_string().contains("invalid type: null, expected f64") => {
            format!("a number is NaN or infinite, which Criterion writes as null: {error}")
        }
        Ok(_) => format!("not Criterion's JSON: {error}"),
    }
}

fn convert_estimates(wire: &WireEstimates) -> Result<Estimates, String> {
    Ok(Estimates {
        mean: positive("mean", &wire.mean)?,
        median: positive("median", &wire.median)?,
        slope: wire.slope.as_ref().map(|slope| positive("slope", slope)).transpose()?,
        std_dev: not_negative("std_dev", &wire.std_dev)?,
        median_abs_dev: not_negative("median_abs_dev", &wire.median_abs_dev)?,
    })
}

fn positive(name: &str, wire: &WireEstimate) -> Result<Estimate, String> {
    let estimate = not_negative(name, wire)?;
    if estimate.point > 0.0 && estimate.lower > 0.0 {
        return Ok(estimate);
    }
    Err(format!("{name} is {}: expected a number above zero", estimate.point.min(estimate.lower)))
}

fn not_negative(name: &str, wire: &WireEstimate) -> Result<Estimate, String> {
    let interval = &wire.confidence_interval;
    let estimate =
        Estimate { point: wire.point_estimate, lower: interval.lower_bound, upper: interval.upper_bound };
    let unfit = |value: &f64| !value.is_finite() || *value < 0.0;
    match [estimate.point, estimate.lower, estimate.upper].into_iter().find(unfit) {
        Some(value) => Err(format!("{name} is {value}: expected a finite number, not below zero")),
        None if estimate.lower > estimate.upper => Err(format!("the interval of {name} is upside down")),
        None => Ok(estimate),
    }
}

/// How many samples there are, if there can be such.
fn count_samples(samples: &Samples) -> Result<usize, String> {
    let (iterations, totals) = (samples.iterations.len(), samples.totals.len());
    if iterations != totals || totals == 0 {
        return Err(format!("{iterations} iteration counts for {totals} times: expected one for each"));
    }
    let is_unfit = |value: &&f64| !value.is_finite() || **value <= 0.0;
    match samples.iterations.iter().chain(&samples.totals).find(is_unfit) {
        Some(value) => Err(format!("a sample is {value}: expected a finite number above zero")),
        None => Ok(totals),
    }
}
