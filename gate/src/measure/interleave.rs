//! Two builds against each other, measured in turns on one machine: of two revisions (`ab`), or of one (`calibrate`).
//!
//! ```text
//! request ─> built revisions ─> bench targets ─> samples <─ loop ─> sequential test ─> comparison
//! ```
//!
//! Drift cancels where both sides are measured in turns. Many short processes say more than few long ones, and rows
//! that are decided get no more of them.
//!
//! What belongs here: checkouts, builds, processes and their order. What a sample says of a change is [`crate::stats`],
//! what a change says of the head is [`crate::judge`].

pub(crate) mod checkouts;
pub(crate) mod deployment;
mod effort;
pub(crate) mod git;
mod pair;
mod process;
mod progress;
mod revision;
mod row;
mod sampler;
mod schedule;
mod sequential;
mod targets;

use crate::model::error::Error;

pub(crate) use process::{MODE, ProcessContext};
pub(crate) use progress::ProgressReporter;
pub(crate) use revision::{BuiltRevision, Prepared, RevisionSource};
pub(crate) use row::{Phase, RowState, SampledRow};
pub(crate) use sampler::{Goal, Sampler};
pub(crate) use schedule::Schedule;
pub(crate) use sequential::SequentialTest;
pub(crate) use targets::{BenchTargets, Inventory, TargetId};

/// What the sides are called, in folders and messages.
pub(crate) const BASE: &str = "base";
pub(crate) const HEAD: &str = "head";

/// Decides which samples are taken next.
pub(crate) trait Design {
    /// What to measure next; `None` at the end.
    fn next(&mut self, sampler: &mut Sampler<'_>) -> Result<Option<Goal>, Error>;

    /// Looks at the samples, of which `done` says whether they are all that the goal asked for.
    fn look(&mut self, sampler: &mut Sampler<'_>, done: bool) -> Result<(), Error>;
}

/// Measures what `design` asks for, until it asks for nothing. The benchmarks `new`, of the head alone, have to run.
///
/// # Errors
/// A bench of the base cannot run, a row gives no value, or a signal interrupted: the samples until then are kept.
pub(crate) fn interleave(
    sampler: &mut Sampler<'_>,
    design: &mut impl Design,
    new: &[TargetId],
) -> Result<(), Error> {
    sampler.survey(new)?;
    while let Some(goal) = design.next(sampler)? {
        let done = sampler.sample(&goal)?;
        design.look(sampler, done)?;
    }
    Ok(())
}
