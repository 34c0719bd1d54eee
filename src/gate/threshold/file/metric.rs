//! A `[[metric]]` or `[[sla]]`: limits, or what a comparison holds it to, or both.

use std::collections::HashSet;

use serde::Deserialize;
use toml::Spanned;

use super::Fault;
use crate::gate::threshold::{Better, Kind, Margin, Metric, Policy, Statistic, engines, policy};
use crate::gate::unit::{Quantity, Unit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricToml {
    id: Spanned<String>,
    name: Option<String>,
    unit: Option<Spanned<String>>,
    better: Better,
    statistic: Option<Statistic>,
    size: Option<u64>,
    at_least: Option<usize>,
    baseline: Option<f64>,
    warning: Option<f64>,
    critical: Option<f64>,
    margin: Option<Spanned<String>>,
    soft_margin: Option<Spanned<String>>,
    required: Option<bool>,
}

/// What one table says.
#[derive(Clone)]
pub struct Entry {
    /// Its limits, where it has any.
    pub metric: Option<Metric>,
    /// What comparisons hold its benchmarks to; a service level says nothing of that.
    pub policy: Option<Policy>,
}

impl MetricToml {
    fn has_limits(&self) -> bool {
        [self.baseline, self.warning, self.critical].iter().any(Option::is_some)
    }

    fn has_policy(&self) -> bool {
        self.margin.is_some() || self.soft_margin.is_some() || self.required.is_some()
    }

    /// The field that an entry of its kind may not be without, if it is without one.
    fn lacks(&self, kind: Kind) -> Option<&'static str> {
        let limited =
            self.has_limits() || kind == Kind::Sla || !(self.has_policy() || self.statistic.is_some());
        let fields = [
            (self.name.is_some(), "name"),
            (self.unit.is_some(), "unit"),
            (self.baseline.is_some(), "baseline"),
            (self.warning.is_some(), "warning"),
            (self.critical.is_some(), "critical"),
        ];
        fields.into_iter().find(|(is_there, _)| limited && !is_there).map(|(_, name)| name)
    }

    /// What stands in an entry that it means nothing in.
    fn misplaced(&self, kind: Kind) -> Option<&'static str> {
        let without_limits = !self.has_limits();
        match () {
            () if kind == Kind::Sla && self.has_policy() => {
                Some("a service level is absolute: margin, soft_margin and required belong to [[metric]]")
            }
            () if without_limits && self.size.is_some() => Some("size scales to limits, and there are none"),
            () if without_limits && self.at_least.is_some() => {
                Some("at_least counts what limits judge, and there are none")
            }
            () => None,
        }
    }
}

/// What `item` says: of each engine that its id names in braces, or once.
pub fn convert(
    item: &Spanned<MetricToml>,
    kind: Kind,
    seen: &mut HashSet<String>,
) -> Result<Vec<Entry>, Fault> {
    let (toml, offset) = (item.as_ref(), item.span().start);
    let (written, id_offset) = (toml.id.as_ref(), toml.id.span().start);
    let Entry { metric, policy } = without_engines(toml, offset, kind)?;
    let fault = |problem: String| Fault { offset: id_offset, problem };
    let ids = engines::expand(written).map_err(|problem| fault(format!("id `{written}` {problem}")))?;
    let entry = |(id, engine): (String, Option<String>)| {
        let duplicate = || fault(format!("duplicate id `{id}`"));
        seen.insert(id.clone()).then_some(()).ok_or_else(duplicate)?;
        check_id(&id, id_offset)?;
        let policy = policy.clone().map(|policy| Policy { id: id.clone(), ..policy });
        let metric = metric.clone().map(|metric| Metric { id, engine, ..metric });
        metric.iter().try_for_each(|metric| check(metric, offset)).map(|()| Entry { metric, policy })
    };
    ids.into_iter().map(entry).collect()
}

/// What `toml` says, under the id as it is written.
fn without_engines(toml: &MetricToml, offset: usize, kind: Kind) -> Result<Entry, Fault> {
    check_keys(toml, kind).map_err(|problem| Fault { offset, problem })?;
    let unit = toml.unit.as_ref().map(parse_unit).transpose()?;
    let policy = if kind == Kind::Metric { Some(policy(toml, unit.as_ref())?) } else { None };
    Ok(Entry { metric: metric(toml, unit, kind), policy })
}

/// Whether the keys that are there go together.
fn check_keys(toml: &MetricToml, kind: Kind) -> Result<(), String> {
    let misplaced = |problem| format!("metric `{}`: {problem}", toml.id.as_ref());
    match (toml.lacks(kind), toml.misplaced(kind)) {
        (Some(field), _) => Err(format!("missing field `{field}`")),
        (None, Some(problem)) => Err(misplaced(problem)),
        (None, None) => Ok(()),
    }
}

fn parse_unit(unit: &Spanned<String>) -> Result<Unit, Fault> {
    let fault = |problem: String| Fault { offset: unit.span().start, problem };
    unit.as_ref().parse::<Unit>().map_err(|error| fault(error.to_string()))
}

/// The limits that `toml` has, if it has any.
fn metric(toml: &MetricToml, unit: Option<Unit>, kind: Kind) -> Option<Metric> {
    let unit = unit?;
    Some(Metric {
        id: toml.id.as_ref().clone(),
        engine: None,
        name: toml.name.clone()?,
        kind,
        better: toml.better,
        statistic: toml.statistic.unwrap_or(default_statistic(&unit)),
        unit,
        size: toml.size,
        at_least: toml.at_least.unwrap_or(1),
        baseline: toml.baseline?,
        warning: toml.warning?,
        critical: toml.critical?,
    })
}

/// A rate is the benchmark's throughput unless it is said otherwise.
fn default_statistic(unit: &Unit) -> Statistic {
    if unit.quantity() == Quantity::Rate { Statistic::Throughput } else { Statistic::Mean }
}

fn policy(toml: &MetricToml, unit: Option<&Unit>) -> Result<Policy, Fault> {
    let policy = Policy {
        id: toml.id.as_ref().clone(),
        better: toml.better,
        statistic: toml.statistic.unwrap_or_else(|| policy::statistic_for(unit)),
        margin: toml.margin.as_ref().map(|it| parsed(it, str::parse::<Margin>)).transpose()?,
        soft_margin: toml.soft_margin.as_ref().map(|it| parsed(it, policy::percent)).transpose()?,
        required: toml.required.unwrap_or(true),
    };
    match (policy.margin, policy.soft_margin, &toml.soft_margin) {
        (Some(Margin::Fraction(hard)), Some(soft), Some(written)) if soft >= hard => Err(Fault {
            offset: written.span().start,
            problem: format!(
                "soft_margin {} has to be below margin {}",
                written.as_ref(),
                Margin::Fraction(hard)
            ),
        }),
        _ => Ok(policy),
    }
}

fn parsed<T>(
    text: &Spanned<String>,
    parse: impl Fn(&str) -> Result<T, policy::NoMargin>,
) -> Result<T, Fault> {
    parse(text.as_ref()).map_err(|error| Fault { offset: text.span().start, problem: error.to_string() })
}

fn check_id(id: &str, offset: usize) -> Result<(), Fault> {
    let parts = || id.split('/');
    let problem = match () {
        () if parts().any(str::is_empty) => "has an empty part",
        () if parts().any(|part| part.contains('*') && part != "*") => "has a `*` beside other letters",
        () if id.starts_with('*') => "begins with `*`, but its first part is the category",
        () => return Ok(()),
    };
    Err(Fault { offset, problem: format!("id `{id}` {problem}") })
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
