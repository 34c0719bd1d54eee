//! Absolute limits, and what comparisons are held to: `baselines/thresholds.toml`, read once and checked whole.

mod file;
mod metric;
mod pattern;
pub mod policies;
pub mod policy;
mod project;

pub use file::THRESHOLDS_FILE;
pub use metric::{Better, Kind, Metric, MetricLimits, Statistic};
pub use pattern::IdPattern;
pub use policy::{Accepted, ChangeLimits, Margin, Policy};
pub use project::Thresholds;
