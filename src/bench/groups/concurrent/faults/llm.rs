//! Faults of the model: it fails, or it hangs.

use super::fault::{Fault, Unavailable};
use crate::backend::agent::LlmFault;
use crate::bench::Platform;

/// Requests to the model that are promised a fault: more than any population sends.
const MANY: usize = 100_000;

/// The model answers every request with 429 or 500, in turn.
pub(super) struct LlmErrors;

impl Fault for LlmErrors {
    const NAME: &'static str = "llm_errors";

    async fn prepare() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn inject(&mut self, platform: &Platform) {
        for code in [429, 500].into_iter().cycle().take(MANY) {
            platform.llm.fail_next(1, LlmFault::status(code));
        }
    }

    async fn heal(&mut self, platform: &Platform) {
        platform.llm.recover();
    }

    /// Each request meets the fault.
    fn trace(&self, platform: &Platform) -> u64 {
        platform.llm.requests()
    }
}

/// The model takes requests and does not answer.
pub(super) struct LlmHangs;

impl Fault for LlmHangs {
    const NAME: &'static str = "llm_hangs";

    async fn prepare() -> Result<Self, Unavailable> {
        Ok(Self)
    }

    async fn inject(&mut self, platform: &Platform) {
        platform.llm.fail_next(MANY, LlmFault::Hang);
    }

    async fn heal(&mut self, platform: &Platform) {
        platform.llm.recover();
    }

    /// Each request meets the fault.
    fn trace(&self, platform: &Platform) -> u64 {
        platform.llm.requests()
    }
}
