//! What `[[metric]]` and `[[sla]]` have in common: an id, of which there may be one for each engine, and a size.

use std::collections::HashSet;

use toml::Spanned;

use super::Fault;
use crate::model::unit::{Quantity, Unit};
use crate::thresholds::{Metric, Policy, Statistic, engines};

/// What one table says.
#[derive(Clone)]
pub struct Entry {
    /// Its limits, where it has any.
    pub metric: Option<Metric>,
    /// What comparisons hold its benchmarks to; a service level says nothing of that.
    pub policy: Option<Policy>,
}

/// What `entry`, whose id is as it is `written` in the table at `offset`, says of each engine that the id names in
/// braces, or once.
pub fn spread(
    entry: &Entry,
    written: &Spanned<String>,
    offset: usize,
    seen: &mut HashSet<String>,
) -> Result<Vec<Entry>, Fault> {
    let (id, id_offset) = (written.as_ref(), written.span().start);
    let fault = |problem: String| Fault { offset: id_offset, problem };
    let ids = engines::expand(id).map_err(|problem| fault(format!("id `{id}` {problem}")))?;
    let entry = |(id, engine): (String, Option<String>)| {
        let duplicate = || fault(format!("duplicate id `{id}`"));
        seen.insert(id.clone()).then_some(()).ok_or_else(duplicate)?;
        check_id(&id, id_offset)?;
        let policy = entry.policy.clone().map(|policy| Policy { id: id.clone(), ..policy });
        let metric = entry.metric.clone().map(|it| Metric { id, engine: engine.or(it.engine.clone()), ..it });
        metric.iter().try_for_each(|metric| check_size(metric, offset)).map(|()| Entry { metric, policy })
    };
    ids.into_iter().map(entry).collect()
}

/// A rate is the benchmark's throughput unless it is said otherwise.
pub fn default_statistic(unit: &Unit) -> Statistic {
    if unit.quantity() == Quantity::Rate { Statistic::Throughput } else { Statistic::Mean }
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

fn check_size(metric: &Metric, offset: usize) -> Result<(), Fault> {
    let problem = why_wrong_size(metric).map(|problem| format!("metric `{}`: {problem}", metric.id));
    problem.map_or(Ok(()), |problem| Err(Fault { offset, problem }))
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
