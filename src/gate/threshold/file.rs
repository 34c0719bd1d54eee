//! `thresholds.toml` as it is written, and its one conversion to [`Metric`]s.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::{Better, Kind, Metric, Statistic, Thresholds, engines};
use crate::gate::error::Error;
use crate::gate::unit::{Quantity, Unit};

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
    sla: Vec<Spanned<MetricToml>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricToml {
    id: Spanned<String>,
    name: String,
    unit: Spanned<String>,
    better: Better,
    statistic: Option<Statistic>,
    size: Option<u64>,
    at_least: Option<usize>,
    baseline: f64,
    warning: f64,
    critical: f64,
}

/// What is wrong, and the byte where.
struct Fault {
    offset: usize,
    problem: String,
}

/// Parses and checks `text`, which came from `path`.
pub fn parse(path: &Path, text: &str) -> Result<Thresholds, Error> {
    read(text)
        .map(|(min_pass_rate, metrics)| Thresholds { path: path.to_owned(), min_pass_rate, metrics })
        .map_err(|fault| Error::Threshold {
            path: path.to_owned(),
            line: 1 + text[..fault.offset.min(text.len())].matches('\n').count(),
            problem: fault.problem,
        })
}

fn read(text: &str) -> Result<(f64, Vec<Arc<Metric>>), Fault> {
    let file: FileToml = toml::from_str(text).map_err(|error| Fault {
        offset: error.span().map_or(0, |span| span.start),
        problem: error.message().replace('\n', "; "),
    })?;
    check_version(&file.schema_version)?;
    let min_pass_rate = file.min_pass_rate.as_ref().map_or(Ok(DEFAULT_MIN_PASS_RATE), check_pass_rate)?;
    let metrics =
        convert_all(file.metric, Kind::Metric)?.into_iter().chain(convert_all(file.sla, Kind::Sla)?);
    let metrics: Vec<Arc<Metric>> = metrics.map(Arc::new).collect();
    if metrics.is_empty() {
        return Err(Fault {
            offset: 0,
            problem: "no [[metric]] and no [[sla]]: nothing would be judged".into(),
        });
    }
    Ok((min_pass_rate, metrics))
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

fn convert_all(list: Vec<Spanned<MetricToml>>, kind: Kind) -> Result<Vec<Metric>, Fault> {
    let mut seen = HashSet::new();
    let metrics: Vec<Vec<Metric>> =
        list.into_iter().map(|item| convert_one(&item, kind, &mut seen)).collect::<Result<_, _>>()?;
    Ok(metrics.into_iter().flatten().collect())
}

/// A metric for each engine that `item` names in braces, or one.
fn convert_one(
    item: &Spanned<MetricToml>,
    kind: Kind,
    seen: &mut HashSet<String>,
) -> Result<Vec<Metric>, Fault> {
    let toml = item.as_ref();
    let (written, offset) = (toml.id.as_ref(), toml.id.span().start);
    let fault = |problem: String| Fault { offset, problem };
    let ids =
        engines::expand(written).map_err(|problem| fault(format!("id `{written}` {problem}")))?.into_iter();
    let mut convert = |(id, engine): (String, Option<String>)| {
        let duplicate = || fault(format!("duplicate id `{id}`"));
        seen.insert(id.clone()).then_some(()).ok_or_else(duplicate)?;
        convert_metric(Metric { id, engine, ..metric(toml, kind)? }, item)
    };
    ids.map(&mut convert).collect()
}

fn convert_metric(metric: Metric, item: &Spanned<MetricToml>) -> Result<Metric, Fault> {
    let id_offset = item.as_ref().id.span().start;
    check_id(&metric, id_offset).and_then(|()| check(&metric, item.span().start)).map(|()| metric)
}

fn metric(toml: &MetricToml, kind: Kind) -> Result<Metric, Fault> {
    let unit = toml.unit.as_ref().parse::<Unit>();
    let unit = unit.map_err(|error| Fault { offset: toml.unit.span().start, problem: format!("{error}") })?;
    Ok(Metric {
        id: toml.id.as_ref().clone(),
        engine: None,
        name: toml.name.clone(),
        kind,
        better: toml.better,
        statistic: toml.statistic.unwrap_or(default_statistic(&unit)),
        unit,
        size: toml.size,
        at_least: toml.at_least.unwrap_or(1),
        baseline: toml.baseline,
        warning: toml.warning,
        critical: toml.critical,
    })
}

/// A rate is the benchmark's throughput unless it is said otherwise.
fn default_statistic(unit: &Unit) -> Statistic {
    if unit.quantity() == Quantity::Rate { Statistic::Throughput } else { Statistic::Mean }
}

fn check_id(metric: &Metric, offset: usize) -> Result<(), Fault> {
    let parts = || metric.id.split('/');
    let problem = match () {
        () if parts().any(str::is_empty) => "has an empty part",
        () if parts().any(|part| part.contains('*') && part != "*") => "has a `*` beside other letters",
        () if metric.id.starts_with('*') => "begins with `*`, but its first part is the category",
        () => return Ok(()),
    };
    Err(Fault { offset, problem: format!("id `{}` {problem}", metric.id) })
}

fn check(metric: &Metric, offset: usize) -> Result<(), Fault> {
    let Some(problem) = why_wrong_limits(metric).or_else(|| why_wrong_size(metric)) else { return Ok(()) };
    let limits =
        format!("baseline {}, warning {}, critical {}", metric.baseline, metric.warning, metric.critical);
    Err(Fault { offset, problem: format!("metric `{}` ({limits}): {problem}", metric.id) })
}

fn why_wrong_limits(metric: &Metric) -> Option<&'static str> {
    let limits = [metric.baseline, metric.warning, metric.critical];
    let ordered = limits.windows(2).all(|pair| match metric.better {
        Better::Lower => pair[0] <= pair[1],
        Better::Higher => pair[0] >= pair[1],
    });
    match metric.better {
        _ if limits.iter().any(|limit| !limit.is_finite() || *limit <= 0.0) => {
            Some("limits must be finite and above zero")
        }
        Better::Lower if !ordered => Some("lower is better, so baseline <= warning <= critical"),
        Better::Higher if !ordered => Some("higher is better, so baseline >= warning >= critical"),
        _ => None,
    }
}

fn why_wrong_size(metric: &Metric) -> Option<&'static str> {
    let (rate, throughput) =
        (metric.unit.quantity() == Quantity::Rate, metric.statistic == Statistic::Throughput);
    match () {
        () if throughput && !rate => Some("a throughput needs a unit that ends in `/s`"),
        () if throughput && metric.size.is_some() => {
            Some("a throughput is per element as it is: leave out `size`")
        }
        () if metric.size == Some(0) => Some("size must be above zero"),
        () if metric.at_least == 0 => Some("at_least must be above zero"),
        () if metric.at_least > 1 && metric.is_exact() => {
            Some("an id without `*` names one benchmark at most")
        }
        () => None,
    }
}
