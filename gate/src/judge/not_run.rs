//! What a bench could not measure on this machine, and said so; and what was required all the same.

use std::sync::Arc;

use serde::Serialize;

use super::{Missing, Scope};
use crate::metadata::NotRunEngine;
use crate::thresholds::{Kind, Metric, Thresholds};

/// Benchmarks whose engine is not to be had. Nothing of it passes, and nothing of it fails, unless it is required.
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
    let metrics = graded.filter(|metric| unavailable.covers(&metric.id)).count();
    let NotRunEngine { id, reason, remedy } = unavailable.clone();
    NotRun { id, reason, remedy, metrics }
}

/// Every reason why an engine that `scope` requires was not measured.
pub(super) fn unmet(thresholds: &Thresholds, missing: &[Missing], scope: &Scope) -> Vec<String> {
    let required = scope.required.iter();
    required.flat_map(|engine| unmet_by(engine, thresholds, missing, scope)).collect()
}

fn unmet_by(engine: &str, thresholds: &Thresholds, missing: &[Missing], scope: &Scope) -> Vec<String> {
    let about = |metric: &&Arc<Metric>| metric.engine.as_deref() == Some(engine) && scope.holds(&metric.id);
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
