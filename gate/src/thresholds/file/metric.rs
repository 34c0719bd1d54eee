//! A `[[metric]]`: limits, or what a comparison holds it to, or both.

use std::collections::HashSet;

use serde::Deserialize;
use toml::Spanned;

use super::fault::Fault;
use super::named::{Entry, default_statistic, spread};
use crate::model::unit::Unit;
use crate::thresholds::{
    Better, ChangeLimits, IdPattern, Margin, Metric, MetricLimits, Policy, Statistic, policy,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricToml {
    id: Spanned<String>,
    engine: Option<Spanned<String>>,
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
    #[serde(default)]
    change: ChangeToml,
}

/// `[change]`, and `change = { … }` of a metric: what one run may differ by from another.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeToml {
    warning: Option<Spanned<String>>,
    critical: Option<Spanned<String>>,
}

impl ChangeToml {
    /// Whether it says anything.
    pub fn is_there(&self) -> bool {
        self.warning.is_some() || self.critical.is_some()
    }

    /// What it says, and what `otherwise` says where it says nothing.
    pub fn limits(&self, otherwise: ChangeLimits) -> Result<ChangeLimits, Fault> {
        let percent = |text: &Option<Spanned<String>>, otherwise| match text {
            Some(text) => parsed(text, policy::percent),
            None => Ok(otherwise),
        };
        let warning = percent(&self.warning, otherwise.warning)?;
        let critical = percent(&self.critical, otherwise.critical)?;
        match self.warning.as_ref().or(self.critical.as_ref()) {
            Some(written) if warning > critical => Err(Fault {
                offset: written.span().start,
                problem: format!("the warning at {warning} is beyond the critical change of {critical}"),
            }),
            _ => Ok(ChangeLimits { warning, critical }),
        }
    }
}

impl MetricToml {
    fn has_limits(&self) -> bool {
        [self.baseline, self.warning, self.critical].iter().any(Option::is_some)
    }

    fn has_policy(&self) -> bool {
        self.margin.is_some()
            || self.soft_margin.is_some()
            || self.required.is_some()
            || self.change.is_there()
    }

    /// The field that it may not be without, if it is without one.
    fn lacks(&self) -> Option<&'static str> {
        let limited = self.has_limits() || !(self.has_policy() || self.statistic.is_some());
        let fields = [
            (self.name.is_some(), "name"),
            (self.unit.is_some(), "unit"),
            (self.baseline.is_some(), "baseline"),
            (self.warning.is_some(), "warning"),
            (self.critical.is_some(), "critical"),
        ];
        fields.into_iter().find(|(is_there, _)| limited && !is_there).map(|(_, name)| name)
    }

    /// What stands in it and means nothing there.
    fn misplaced(&self) -> Option<&'static str> {
        let without_limits = !self.has_limits();
        match () {
            () if without_limits && self.size.is_some() => Some("size scales to limits, and there are none"),
            () if without_limits && self.engine.is_some() => {
                Some("engine says what limits judge, and there are none")
            }
            () if without_limits && self.at_least.is_some() => {
                Some("at_least counts what limits judge, and there are none")
            }
            () => None,
        }
    }
}

/// What `item` says: of each engine that its id names in braces, or once; `change` holds unless it says otherwise.
pub fn convert(
    item: &Spanned<MetricToml>,
    change: ChangeLimits,
    seen: &mut HashSet<String>,
) -> Result<Vec<Entry>, Fault> {
    let (toml, offset) = (item.as_ref(), item.span().start);
    check_keys(toml).map_err(|problem| Fault { offset, problem })?;
    check_limits(toml).map_err(|problem| Fault { offset, problem })?;
    let unit = toml.unit.as_ref().map(parse_unit).transpose()?;
    let margins = margins(toml, change)?;
    toml.engine.as_ref().map_or(Ok(()), |engine| check_engine(engine, toml.id.as_ref()))?;
    spread(&toml.id, offset, seen, |id, engine| {
        let policy = Some(policy(toml, margins, unit.as_ref(), id.clone()));
        Entry { metric: metric(toml, unit.clone(), id, engine), policy }
    })
}

/// Whether the keys that are there go together.
fn check_keys(toml: &MetricToml) -> Result<(), String> {
    let misplaced = |problem| format!("metric `{}`: {problem}", toml.id.as_ref());
    match (toml.lacks(), toml.misplaced()) {
        (Some(field), _) => Err(format!("missing field `{field}`")),
        (None, Some(problem)) => Err(misplaced(problem)),
        (None, None) => Ok(()),
    }
}

fn parse_unit(unit: &Spanned<String>) -> Result<Unit, Fault> {
    let fault = |problem: String| Fault { offset: unit.span().start, problem };
    unit.as_ref().parse::<Unit>().map_err(|error| fault(error.to_string()))
}

/// Whether `engine` says of the metric `id` what its braces do not say already.
fn check_engine(engine: &Spanned<String>, id: &str) -> Result<(), Fault> {
    let problem = match engine.as_ref().trim() {
        "" => "engine is empty",
        name if name.contains(['{', '}', ',', '/', '*']) => "engine is not one name",
        _ if id.contains('{') => "the id names engines in braces, and engine another",
        _ => return Ok(()),
    };
    Err(Fault { offset: engine.span().start, problem: format!("metric `{id}`: {problem}") })
}

/// The limits that `toml` has, if it has any.
fn metric(toml: &MetricToml, unit: Option<Unit>, id: IdPattern, engine: Option<String>) -> Option<Metric> {
    let unit = unit?;
    Some(Metric {
        id,
        engine: engine.or_else(|| toml.engine.as_ref().map(|engine| engine.as_ref().trim().to_owned())),
        name: toml.name.clone()?,
        better: toml.better,
        statistic: toml.statistic.unwrap_or(default_statistic(&unit)),
        unit,
        size: toml.size,
        at_least: toml.at_least.unwrap_or(1),
        limits: MetricLimits::Graded {
            baseline: toml.baseline?,
            warning: toml.warning?,
            critical: toml.critical?,
        },
    })
}

/// What a comparison tolerates, and what it warns of.
type Margins = (Option<Margin>, Option<f64>, ChangeLimits);

fn policy(
    toml: &MetricToml,
    (margin, soft_margin, change): Margins,
    unit: Option<&Unit>,
    id: IdPattern,
) -> Policy {
    Policy {
        id,
        better: toml.better,
        statistic: toml.statistic.unwrap_or_else(|| policy::statistic_for(unit)),
        margin,
        soft_margin,
        change,
        required: toml.required.unwrap_or(true),
    }
}

fn margins(toml: &MetricToml, change: ChangeLimits) -> Result<Margins, Fault> {
    let margin = toml.margin.as_ref().map(|it| parsed(it, str::parse::<Margin>)).transpose()?;
    let soft_margin = toml.soft_margin.as_ref().map(|it| parsed(it, policy::percent)).transpose()?;
    match (margin, soft_margin, &toml.soft_margin) {
        (Some(Margin::Fraction(hard)), Some(soft), Some(written)) if soft >= hard => {
            let (soft, hard) = (written.as_ref(), Margin::Fraction(hard));
            let problem = format!("soft_margin {soft} has to be below margin {hard}");
            Err(Fault { offset: written.span().start, problem })
        }
        _ => Ok((margin, soft_margin, toml.change.limits(change)?)),
    }
}

fn parsed<T>(
    text: &Spanned<String>,
    parse: impl Fn(&str) -> Result<T, policy::NoMargin>,
) -> Result<T, Fault> {
    parse(text.as_ref()).map_err(|error| Fault { offset: text.span().start, problem: error.to_string() })
}

fn check_limits(toml: &MetricToml) -> Result<(), String> {
    let (Some(baseline), Some(warning), Some(critical)) = (toml.baseline, toml.warning, toml.critical) else {
        return Ok(());
    };
    match why_wrong([baseline, warning, critical], toml.better) {
        None => Ok(()),
        Some(problem) => {
            let limits = format!("baseline {baseline}, warning {warning}, critical {critical}");
            Err(format!("metric `{}` ({limits}): {problem}", toml.id.as_ref()))
        }
    }
}

fn why_wrong(limits: [f64; 3], better: Better) -> Option<&'static str> {
    let ordered = limits.windows(2).all(|pair| match better {
        Better::Lower => pair[0] <= pair[1],
        Better::Higher => pair[0] >= pair[1],
    });
    match better {
        _ if limits.iter().any(|limit| !limit.is_finite() || *limit <= 0.0) => {
            Some("limits must be finite and above zero")
        }
        Better::Lower if !ordered => Some("lower is better, so baseline <= warning <= critical"),
        Better::Higher if !ordered => Some("higher is better, so baseline >= warning >= critical"),
        _ => None,
    }
}
