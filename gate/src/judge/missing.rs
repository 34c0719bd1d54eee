//! What should have been judged and was not: metrics without a fresh result, and engines that this machine has not.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Scope;
use crate::metadata::NotRunEngine;
use crate::model::benchmark::Benchmark;
use crate::thresholds::{IdPattern, Kind, Metric, Thresholds};

/// How many ids that are there are named beside one that is not.
const NEAREST: usize = 3;

/// A metric that fewer fresh results answer than it asks for: most often none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// The metric's id, with its `*`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Which list it stands in.
    pub kind: Kind,
    /// The fresh results that there are.
    pub found: usize,
    /// The fewest that there must be.
    pub at_least: usize,
    /// Where none answers, the benchmarks whose ids come closest, as `thresholds.toml` would name them.
    #[serde(skip)]
    pub nearest: Vec<String>,
}

impl Missing {
    /// What is missing of `metric`, which `found` of the `benchmarks` answer.
    pub(super) fn new(metric: &Metric, found: usize, benchmarks: &[Benchmark]) -> Self {
        Self {
            id: metric.id.to_string(),
            name: metric.name.clone(),
            kind: metric.kind(),
            found,
            at_least: metric.at_least,
            nearest: if found == 0 { nearest(metric.id.as_str(), benchmarks) } else { Vec::new() },
        }
    }

    /// What is there of it, in words.
    #[must_use]
    pub fn what(&self) -> String {
        match self.found {
            0 => "no fresh result".to_owned(),
            found => format!("only {found} of {}", self.at_least),
        }
    }

    /// What is missing, in words.
    pub(super) fn reason(&self) -> String {
        let nearest = self.nearest.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        let nearest = if nearest.is_empty() { nearest } else { format!("; there is {nearest}") };
        format!("{} for `{}` ({}){nearest}", self.what(), self.id, self.name)
    }
}

/// The ids that share the most of their beginning and end with `wanted`, if that is a third of it.
fn nearest(wanted: &str, benchmarks: &[Benchmark]) -> Vec<String> {
    let shared = |id: &str| {
        let same = |pair: &(u8, u8)| pair.0.eq_ignore_ascii_case(&pair.1);
        let from_start = wanted.bytes().zip(id.bytes()).take_while(same).count();
        from_start + wanted.bytes().rev().zip(id.bytes().rev()).take_while(same).count()
    };
    let scored = benchmarks.iter().map(|benchmark| (Reverse(shared(&benchmark.id)), benchmark.id.as_str()));
    let mut near: Vec<_> = scored.filter(|(Reverse(shared), _)| 3 * shared > wanted.len()).collect();
    near.sort_unstable();
    near.into_iter().take(NEAREST).map(|(_, id)| IdPattern::quoted(id)).collect()
}

/// Benchmarks whose engine this machine has not. Nothing of it passes, and nothing of it fails, unless it is required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotRun {
    /// The benchmarks, as the bench noted them: an id, or with `/*` at its end every benchmark below.
    pub id: String,
    /// Why they were not run.
    pub reason: String,
    /// The one command that changes it.
    pub remedy: String,
    /// How many metrics judge them alone.
    pub metrics: usize,
}

/// What in `scope` could not be run.
pub(super) fn not_run(thresholds: &Thresholds, scope: &Scope) -> Vec<NotRun> {
    let held = scope.facts.unavailable.iter().filter(|unavailable| scope.holds(&unavailable.id));
    held.map(|unavailable| entry(thresholds, unavailable)).collect()
}

fn entry(thresholds: &Thresholds, unavailable: &NotRunEngine) -> NotRun {
    let graded = thresholds.metrics.iter().filter(|metric| metric.kind() == Kind::Metric);
    let metrics = graded.filter(|metric| unavailable.covers(metric.id.as_str())).count();
    let NotRunEngine { id, reason, remedy } = unavailable.clone();
    NotRun { id, reason, remedy, metrics }
}

/// Every reason why an engine that `scope` requires was not measured.
pub(super) fn unmet(thresholds: &Thresholds, missing: &[Missing], scope: &Scope) -> Vec<String> {
    let required = scope.required.iter();
    required.flat_map(|engine| unmet_by(engine, thresholds, missing, scope)).collect()
}

fn unmet_by(engine: &str, thresholds: &Thresholds, missing: &[Missing], scope: &Scope) -> Vec<String> {
    let about = |metric: &&Arc<Metric>| metric.engine.as_deref() == Some(engine) && scope.asks_for(metric);
    let ids: Vec<&str> = thresholds.metrics.iter().filter(about).map(|metric| metric.id.as_str()).collect();
    let unavailable = scope.facts.unavailable.iter().filter(|it| ids.iter().any(|id| it.covers(id)));
    let unavailable = unavailable.map(|it| format!("{}; {}", it.reason, it.remedy));
    let missing = missing.iter().filter(|it| ids.contains(&it.id.as_str()));
    let mut reasons: Vec<String> =
        unavailable.chain(missing.map(|it| format!("{} for `{}`", it.what(), it.id))).collect();
    reasons.extend(otherwise_unmet(engine, ids.is_empty(), reasons.is_empty(), scope));
    reasons
        .into_iter()
        .map(|reason| format!("{engine} is required, and was not measured: {reason}"))
        .collect()
}

/// Results alone do not tell by which engine they were measured: the bench has to say so.
fn otherwise_unmet(engine: &str, out_of_scope: bool, all_answered: bool, scope: &Scope) -> Option<String> {
    let noted = scope.facts.engines.iter().any(|it| it.name == engine);
    match (out_of_scope, all_answered && !noted) {
        (true, _) => Some("no metric in scope is about it".to_owned()),
        (false, true) => Some("no bench noted which one its results are of".to_owned()),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::tests::result;

    #[test]
    fn the_nearest_ids_are_those_that_are_spelt_alike() {
        let ids = ["api/health", "api/Upload/{id}", "cache/hit", "api/{id}"];
        let all = ids.map(|id| result(id, 1.0, 0.0, None));
        assert_eq!(nearest("api/heath", &all)[0], "api/health");
        assert_eq!(nearest("api/upload/id", &all)[0], "api/Upload/\\{id}");
        assert!(nearest("websocket/connect", &all).is_empty());
    }
}
