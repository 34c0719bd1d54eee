//! What the gate keeps on disk: named baselines, `noise.json`, and how a file is replaced whole.

pub mod baseline;
pub mod noise;
pub mod store;
pub(crate) mod temporary;
