//! A result as Criterion 0.8 saves it, with the numbers that a test wants.

use std::path::PathBuf;

use serde_json::{Value, json};

/// A benchmark's saved result.
#[derive(Debug, Clone)]
pub struct Saved {
    id: String,
    directory: String,
    baseline: String,
    mean: f64,
    spread: f64,
    throughput: Value,
}

/// A result of the benchmark `id`: a millisecond, exactly.
pub fn saved(id: &str) -> Saved {
    let (id, directory, baseline) = (id.to_owned(), id.to_owned(), "new".to_owned());
    Saved { id, directory, baseline, mean: 1e6, spread: 0.0, throughput: Value::Null }
}

impl Saved {
    /// What every estimate is: nanoseconds, or whatever the limits say.
    pub fn mean(self, mean: f64) -> Self {
        Self { mean, ..self }
    }

    /// How far the confidence interval reaches on either side.
    pub fn spread(self, spread: f64) -> Self {
        Self { spread, ..self }
    }

    /// What an iteration works through, as Criterion writes it.
    pub fn throughput(self, throughput: &Value) -> Self {
        Self { throughput: throughput.clone(), ..self }
    }

    pub fn elements(self, count: u64) -> Self {
        self.throughput(&json!({ "Elements": count }))
    }

    pub fn bytes(self, count: u64) -> Self {
        Self { throughput: json!({ "Bytes": count }), ..self }
    }

    /// Saved under this name instead of as the latest.
    pub fn under(self, name: &str) -> Self {
        Self { baseline: name.to_owned(), ..self }
    }

    /// In this folder of the home instead of the one that the id names.
    pub fn in_directory(self, directory: &str) -> Self {
        Self { directory: directory.to_owned(), ..self }
    }

    /// The folder of the files, in the home.
    pub fn folder(&self) -> PathBuf {
        [&self.directory, &self.baseline].iter().collect()
    }

    /// The files by name.
    pub fn files(&self) -> [(&'static str, String); 4] {
        let fences = self.around_the_mean(4.0);
        [
            ("benchmark.json", self.identity().to_string()),
            ("estimates.json", self.estimates().to_string()),
            ("sample.json", self.samples().to_string()),
            ("tukey.json", json!(fences).to_string()),
        ]
    }

    /// `benchmark.json`.
    pub fn identity(&self) -> Value {
        let (group, function) = self.id.split_once('/').unwrap_or((&self.id, ""));
        json!({
            "group_id": group, "function_id": function, "value_str": null, "throughput": self.throughput,
            "full_id": self.id, "directory_name": self.directory, "title": self.id,
        })
    }

    /// `estimates.json`, of flat sampling.
    pub fn estimates(&self) -> Value {
        let estimate = |point: f64, spread: f64| {
            json!({
                "confidence_interval": {
                    "confidence_level": 0.95, "lower_bound": point - spread, "upper_bound": point + spread,
                },
                "point_estimate": point, "standard_error": spread / 2.0,
            })
        };
        let (middle, around) = (estimate(self.mean, self.spread), estimate(self.spread, 0.0));
        json!({
            "mean": middle, "median": middle, "slope": null, "std_dev": around, "median_abs_dev": around,
        })
    }

    /// `sample.json`: ten samples of ten iterations.
    pub fn samples(&self) -> Value {
        let totals: Vec<f64> = (0..10).map(|_| self.mean * 10.0).collect();
        json!({ "sampling_mode": "Flat", "iters": vec![10.0; 10], "times": totals })
    }

    fn around_the_mean(&self, most: f64) -> [f64; 4] {
        [-most, -most / 2.0, most / 2.0, most].map(|times| self.mean + times * self.spread)
    }
}
