//! Two revisions against each other, measured turn by turn on one machine: the gate for pull requests.
//!
//! ```text
//! Repository ─> Source ─> BuiltRevision (checked out, built) ─┐
//!                                       Inventory ───┼─> Stand (blocks of short processes) ─> Trial ─> changes
//!                              Schedule (by a seed) ──┘            └─> Confirmation, with its control
//! ```
//!
//! Drift cancels where both sides are measured turn by turn, so nothing is compared with what was measured yesterday.
//! Many short processes say more than few long ones, and rows that are decided get no more of them.

mod confirmation;
pub mod deployment;
mod effort;
mod error;
pub mod git;
mod lab;
mod listing;
mod place;
mod row;
mod schedule;
mod series;
mod shot;
mod side;
mod stand;
mod surroundings;
mod trial;
mod unit;
mod watch;

pub use effort::Effort;
pub use error::AbError;
pub use lab::{Inventory, Lab};
pub use place::Place;
pub use row::{Phase, Row, Standing};
pub use schedule::{Arm, Schedule};
pub use series::Series;
pub use shot::{MODE, variance};
pub use side::{BuiltRevision, Prepared, Source};
pub use stand::{Goal, Stand};
pub use surroundings::Surroundings;
pub use trial::{Trial, plan};
pub use watch::Watch;

/// What the sides are called, in folders and messages.
pub const BASE: &str = "base";
/// The other one.
pub const HEAD: &str = "head";
