//! What `[[metric]]` and `[[sla]]` have in common: an id, of which there may be one for each engine, and a size.

use std::collections::HashSet;

use toml::Spanned;

use super::fault::Fault;
use crate::model::unit::Unit;
use crate::thresholds::{IdPattern, Metric, Policy, Statistic};

/// What one table says.
pub struct Entry {
    /// Its limits, where it has any.
    pub metric: Option<Metric>,
    /// What comparisons hold its benchmarks to; a service level says nothing of that.
    pub policy: Option<Policy>,
}

/// What the table at `offset` says of each engine that its id, as `written`, names in braces, or once.
pub fn spread(
    written: &Spanned<String>,
    offset: usize,
    seen: &mut HashSet<String>,
    entry: impl Fn(IdPattern, Option<String>) -> Entry,
) -> Result<Vec<Entry>, Fault> {
    let fault = |problem: String| Fault { offset: written.span().start, problem };
    let ids = IdPattern::expand(written.as_ref());
    let ids = ids.map_err(|problem| fault(format!("id `{}` {problem}", written.as_ref())))?;
    let entries = ids.into_iter().map(|(id, engine)| {
        if !seen.insert(id.to_string()) {
            return Err(fault(format!("duplicate id `{id}`")));
        }
        let entry = entry(id, engine);
        entry.metric.iter().try_for_each(|metric| check_size(metric, offset)).map(|()| entry)
    });
    entries.collect()
}

/// A rate is the benchmark's throughput unless it is said otherwise.
pub fn default_statistic(unit: &Unit) -> Statistic {
    if unit.quantity().is_rate() { Statistic::Throughput } else { Statistic::Mean }
}

fn check_size(metric: &Metric, offset: usize) -> Result<(), Fault> {
    let problem = why_wrong_size(metric).map(|problem| format!("metric `{}`: {problem}", metric.id));
    problem.map_or(Ok(()), |problem| Err(Fault { offset, problem }))
}

fn why_wrong_size(metric: &Metric) -> Option<&'static str> {
    let throughput = metric.statistic == Statistic::Throughput;
    match () {
        () if throughput && !metric.unit.quantity().is_rate() => {
            Some("a throughput needs a unit that ends in `/s`")
        }
        () if throughput && metric.size.is_some() => {
            Some("a throughput is per element as it is: leave out `size`")
        }
        () if metric.size == Some(0) => Some("size must be above zero"),
        () if metric.at_least == 0 => Some("at_least must be above zero"),
        () if metric.at_least > 1 && metric.id.is_exact() => {
            Some("an id without `*` names one benchmark at most")
        }
        () => None,
    }
}
