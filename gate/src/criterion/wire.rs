//! Criterion's JSON, file by file, and its conversion to our types.
//!
//! - `benchmark.json`: who it is: `full_id` and `throughput`, beside parts that we do not use.
//! - `estimates.json`: `mean`, `median`, `std_dev`, `median_abs_dev` and `slope` (null where sampling was flat),
//!   each a point estimate with its confidence interval, per iteration.
//! - `sample.json`: `iters` and `times`, one of each per sample; `times` are totals.
//!
//! Criterion up to 0.3.2 wrote the estimates under keys in capitals, and the two lists of `sample.json` without keys,
//! which serde takes for a structure as well.
//!
//! `serde_json` refuses NaN and numbers beyond a double's range; Criterion writes NaN as `null`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fd::OwnedFd;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::folder::{Folder, read_all};
use super::saved::{SavedResults, UnreadableResult};
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
    ElementsAndBytes { elements: u64, bytes: u64 },
}

impl From<WireThroughput> for Throughput {
    fn from(wire: WireThroughput) -> Self {
        match wire {
            WireThroughput::Bits(bits) => Self::Bits(bits),
            WireThroughput::Bytes(bytes) | WireThroughput::BytesDecimal(bytes) => Self::Bytes(bytes),
            WireThroughput::Elements(elements) => Self::Elements(elements),
            WireThroughput::ElementsAndBytes { elements, bytes } => {
                Self::ElementsAndBytes { elements, bytes }
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
    #[serde(alias = "Mean")]
    mean: WireEstimate,
    #[serde(alias = "Median")]
    median: WireEstimate,
    #[serde(alias = "MedianAbsDev")]
    median_abs_dev: WireEstimate,
    #[serde(alias = "Slope")]
    slope: Option<WireEstimate>,
    #[serde(alias = "StdDev")]
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

/// Reads the result in the folder at `name`, which is relative to `parent`: nothing where no file in it is a result's.
pub fn read_result(parent: &Folder, name: &Path) -> SavedResults {
    let folder = ResultFolder { parent, name };
    match folder.read() {
        Ok(found) => SavedResults { benchmarks: found.into_iter().collect(), ..SavedResults::default() },
        Err(error) => {
            let unreadable = UnreadableResult { id: folder.id(), folder: folder.path(), error };
            SavedResults { unreadable: vec![unreadable], ..SavedResults::default() }
        }
    }
}

/// When the estimates of the result in `folder` were written.
pub fn written(folder: &Path) -> Result<SystemTime, Error> {
    let path = folder.join(FILES[1]);
    std::fs::metadata(&path).and_then(|metadata| metadata.modified()).map_err(Error::io("read", &path))
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

    /// What it holds; `None` where none of its files is a result's.
    fn read(&self) -> Result<Option<Benchmark>, Error> {
        match FILES.map(|file| self.open(file)) {
            [Ok(identity), Ok(estimates), Ok(samples)] => {
                self.benchmark([identity, estimates, samples]).map(Some)
            }
            files if files.iter().all(|file| matches!(file, Err(Error::Incomplete { .. }))) => Ok(None),
            files => files.into_iter().try_for_each(|file| file.map(drop)).map(|()| None),
        }
    }

    /// The id, where that much can be read.
    fn id(&self) -> Option<String> {
        let identity = self.open(FILES[0]).ok()?;
        Some(self.parse::<WireBenchmark>(FILES[0], &identity).ok()?.full_id)
    }

    fn benchmark(&self, [identity, estimates, samples]: [OwnedFd; 3]) -> Result<Benchmark, Error> {
        let identity: WireBenchmark = self.parse(FILES[0], &identity)?;
        let estimates: WireEstimates = self.parse(FILES[1], &estimates)?;
        let samples = Samples::from(self.parse::<WireSamples>(FILES[2], &samples)?);
        let unfit = |file: &str, problem| Error::Unfit { path: self.path().join(file), problem };
        check_samples(&samples).map_err(|problem| unfit(FILES[2], problem))?;
        Ok(Benchmark {
            id: identity.full_id,
            throughput: identity.throughput.map(Throughput::from),
            estimates: convert_estimates(&estimates).map_err(|problem| unfit(FILES[1], problem))?,
            p10: samples.p10(),
            samples,
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

/// Whether there can be such samples.
fn check_samples(samples: &Samples) -> Result<(), String> {
    let (iterations, totals) = (samples.iterations.len(), samples.totals.len());
    if iterations != totals || totals == 0 {
        return Err(format!("{iterations} iteration counts for {totals} times: expected one for each"));
    }
    let is_unfit = |value: &&f64| !value.is_finite() || **value <= 0.0;
    match samples.iterations.iter().chain(&samples.totals).find(is_unfit) {
        Some(value) => Err(format!("a sample is {value}: expected a finite number above zero")),
        None => Ok(()),
    }
}
