//! How it is measured: modes and sizes, workloads, and the seven Criterion groups.
//!
//! Every result is a Criterion estimate. Times come from Criterion's clock ([`Harness::time`]); what a clock
//! cannot see (rates, percentiles, bytes, users) is recorded once and replayed through Criterion
//! ([`Harness::replay`]), so that console, saved baselines and gate all see it the same way.

pub mod deployment;
pub mod engine_metadata;
pub mod groups;
pub mod harness;
pub mod heap;
pub mod load;
pub mod measurement;
pub mod mode;
pub mod platform;
pub mod services;

pub use engine_metadata::MetadataWriter;
pub use harness::Harness;
pub use measurement::Unit;
pub use mode::{Mode, Sizes};
pub use platform::{Platform, PlatformGuard};
