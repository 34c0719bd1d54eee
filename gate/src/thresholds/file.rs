//! `thresholds.toml` as it is written, and its one conversion to [`Metric`](super::Metric)s and [`Policy`](super::Policy)s.

mod accepted;
mod fault;
mod metric;
mod named;
mod sla;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::{ChangeLimits, Thresholds};
use crate::model::error::Error;
use accepted::AcceptedToml;
use fault::{Fault, SourceText};
use metric::{ChangeToml, MetricToml};
use named::Entry;
use sla::SlaToml;

/// The version of the format that this program reads.
pub const SCHEMA_VERSION: u32 = 1;

const DEFAULT_MIN_PASS_RATE: f64 = 90.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileToml {
    schema_version: Spanned<u32>,
    min_pass_rate: Option<Spanned<f64>>,
    #[serde(default)]
    metric: Vec<Spanned<MetricToml>>,
    #[serde(default)]
    sla: Vec<Spanned<SlaToml>>,
    #[serde(default)]
    accepted: Vec<AcceptedToml>,
    #[serde(default)]
    change: ChangeToml,
}

/// Where the limits of a project are kept.
pub const THRESHOLDS_FILE: &str = "baselines/thresholds.toml";

impl Thresholds {
    /// The limits of the file `named`, else of [`THRESHOLDS_FILE`] where this folder has one, else none.
    ///
    /// # Errors
    /// As [`Thresholds::load`].
    pub fn found(named: Option<&Path>) -> Result<Self, Error> {
        let here = Path::new(THRESHOLDS_FILE);
        let path = named.or_else(|| here.exists().then_some(here));
        path.map_or_else(|| Ok(nothing()), Self::load)
    }

    /// Reads and checks `path`.
    ///
    /// # Errors
    /// The file cannot be read, is not UTF-8 or not TOML, has an unknown key, a unit that does not exist, limits in
    /// the wrong order or twice for one id, or no metric at all; with the line.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.split(|byte| *byte == b'\n').count();
            Error::Threshold { path: path.to_owned(), line, problem: "not UTF-8, expected TOML".to_owned() }
        })?;
        parse(path, &text)
    }
}

/// Parses and checks `text`, which came from `path`.
fn parse(path: &Path, text: &str) -> Result<Thresholds, Error> {
    let source = SourceText { path, text };
    read(&source).map_err(|fault| Error::Threshold {
        path: path.to_owned(),
        line: source.line(fault.offset),
        problem: fault.problem,
    })
}

fn read(source: &SourceText<'_>) -> Result<Thresholds, Fault> {
    let file: FileToml = toml::from_str(source.text).map_err(|error| Fault {
        offset: error.span().map_or(0, |span| span.start),
        problem: error.message().replace('\n', "; "),
    })?;
    check_version(&file.schema_version)?;
    let change = file.change.limits(ChangeLimits::default())?;
    let entries = entries(&file, change)?;
    Ok(Thresholds {
        path: source.path.to_owned(),
        min_pass_rate: file.min_pass_rate.as_ref().map_or(Ok(DEFAULT_MIN_PASS_RATE), check_pass_rate)?,
        metrics: entries.iter().filter_map(|entry| entry.metric.clone().map(Arc::new)).collect(),
        policies: entries.into_iter().filter_map(|entry| entry.policy).collect(),
        change,
        accepted: accepted::convert(file.accepted, source)?,
    })
}

/// What holds where there is no file.
fn nothing() -> Thresholds {
    Thresholds {
        path: PathBuf::from("none"),
        min_pass_rate: DEFAULT_MIN_PASS_RATE,
        metrics: Vec::new(),
        policies: Vec::new(),
        change: ChangeLimits::default(),
        accepted: Vec::new(),
    }
}

fn entries(file: &FileToml, change: ChangeLimits) -> Result<Vec<Entry>, Fault> {
    let mut entries = convert_all(&file.metric, |item, seen| metric::convert(item, change, seen))?;
    entries.extend(convert_all(&file.sla, sla::convert)?);
    if entries.is_empty() && !file.change.is_there() {
        let problem = "no [[metric]], no [[sla]] and no [change]: nothing would be judged".into();
        return Err(Fault { offset: 0, problem });
    }
    Ok(entries)
}

fn check_version(version: &Spanned<u32>) -> Result<(), Fault> {
    if *version.as_ref() == SCHEMA_VERSION {
        return Ok(());
    }
    let problem = format!("schema_version is {}, this program reads {SCHEMA_VERSION}", version.as_ref());
    Err(Fault { offset: version.span().start, problem })
}

fn check_pass_rate(rate: &Spanned<f64>) -> Result<f64, Fault> {
    if (0.0..=100.0).contains(rate.as_ref()) {
        return Ok(*rate.as_ref());
    }
    let problem = format!("min_pass_rate is {}: expected 0 to 100 percent", rate.as_ref());
    Err(Fault { offset: rate.span().start, problem })
}

/// What every table of a list says. An id stands once in each list.
fn convert_all<T>(
    list: &[Spanned<T>],
    convert: impl Fn(&Spanned<T>, &mut HashSet<String>) -> Result<Vec<Entry>, Fault>,
) -> Result<Vec<Entry>, Fault> {
    let mut seen = HashSet::new();
    let entries: Vec<Vec<Entry>> =
        list.iter().map(|item| convert(item, &mut seen)).collect::<Result<_, _>>()?;
    Ok(entries.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(ids: &[&str]) -> Thresholds {
        let metrics = ids.iter().map(|id| {
            format!("[[metric]]\nid = \"{id}\"\nname = \"n\"\nunit = \"s\"\nbetter = \"lower\"\nbaseline = 1\nwarning = 2\ncritical = 3\n")
        });
        parse(Path::new("t.toml"), &format!("schema_version = 1\n{}", metrics.collect::<String>())).unwrap()
    }

    #[test]
    fn the_most_specific_id_judges_and_the_first_of_equals() {
        let all = thresholds(&["**", "api/*", "api/a", "api/*b", "api/b*"]);
        let judging = |id| {
            let judging = all.judging(&all.matching(id)).into_iter().map(|at| all.metrics[at].id.to_string());
            let judging = judging.collect::<Vec<_>>();
            assert_eq!(all.policy(id).unwrap().id.as_str(), judging[0]);
            judging
        };
        assert_eq!(judging("api/a"), ["api/a"]);
        assert_eq!(judging("api/c"), ["api/*"]);
        assert_eq!(judging("api/bb"), ["api/*b"]);
        assert_eq!(judging("web/b"), ["**"]);
    }
}
