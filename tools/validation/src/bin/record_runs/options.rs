//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Records one suite of runs of the `sensitivity` bench.
#[derive(Debug, Parser)]
pub struct Options {
    /// The built bench.
    #[arg(long, value_name = "FILE")]
    pub bench: PathBuf,
    /// Where the suite is written; docs/formats.md has the format.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The number of the suite, which changes the order of its runs.
    #[arg(long, default_value_t = 1)]
    pub suite: u64,
    /// The seed of the order of runs.
    #[arg(long, default_value_t = 20)]
    pub seed: u64,
    /// How many runs of each arm.
    #[arg(long, default_value_t = 12)]
    pub blocks: u32,
    /// The arms: A and B are alike, C is slower.
    #[arg(long, default_value = "AB", value_parser = arms)]
    pub arms: Arms,
    /// Record rows of this class only.
    #[arg(long)]
    pub only: Option<Class>,
    /// Warm-up and measurement of a `cpu` row in milliseconds.
    #[arg(long, default_value = "1,3", value_name = "MS,MS", value_parser = times)]
    pub cpu: Times,
    /// Warm-up and measurement of an `io` row in milliseconds.
    #[arg(long, default_value = "1,3", value_name = "MS,MS", value_parser = times)]
    pub io: Times,
    /// By how many percent the `cpu` rows of arm C are slower.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    pub slower_cpu: u32,
    /// By how many percent the `io` rows of arm C are slower.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    pub slower_io: u32,
    /// Threads that work in bursts beside the runs.
    #[arg(long, default_value_t = 0, value_name = "THREADS")]
    pub load: u32,
    /// Keep the Criterion homes in this folder, as `<arm>-<block>`.
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// What else went on, for whoever reads the suite.
    #[arg(long, default_value = "")]
    pub note: String,
}

impl Options {
    /// The classes to be recorded, each by a process of its own.
    pub fn classes(&self) -> Vec<Class> {
        Class::value_variants()
            .iter()
            .copied()
            .filter(|class| self.only.is_none_or(|only| only == *class))
            .collect()
    }

    /// How long a row of `class` takes.
    pub fn times(&self, class: Class) -> Times {
        if class == Class::Cpu { self.cpu } else { self.io }
    }

    /// By how many percent the rows of `class` are slower in `arm`.
    pub fn slowdown(&self, class: Class, arm: char) -> u32 {
        match (arm, class) {
            ('C', Class::Cpu) => self.slower_cpu,
            ('C', Class::Io) => self.slower_io,
            _ => 0,
        }
    }
}

/// What keeps a row busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Class {
    /// A processor.
    Cpu,
    /// Sockets or files.
    Io,
}

impl Class {
    /// As ids have it.
    pub fn name(self) -> &'static str {
        if self == Self::Cpu { "cpu" } else { "io" }
    }
}

/// The warm-up and the measurement of a row.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Before the first sample.
    pub warm_up: Duration,
    /// All samples together.
    pub measurement: Duration,
}

fn times(text: &str) -> Result<Times, String> {
    let parts = text.split_once(',').and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
    let (warm_up, measurement) =
        parts.filter(|(one, other)| *one > 0 && *other > 0).ok_or("give two whole numbers, as 1,3")?;
    Ok(Times { warm_up: Duration::from_millis(warm_up), measurement: Duration::from_millis(measurement) })
}

/// Some of A, B and C.
#[derive(Debug, Clone)]
pub struct Arms(pub Vec<char>);

fn arms(text: &str) -> Result<Arms, String> {
    let known = |arm: char| "ABC".contains(arm) && text.matches(arm).count() == 1;
    let right = !text.is_empty() && text.chars().all(known);
    if right {
        Ok(Arms(text.chars().collect()))
    } else {
        Err("name each of A, B and C once at most, as ABC".to_owned())
    }
}
