//! Faults on demand, for tests and benchmarks of error handling.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

/// What a request gets in place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LlmFault {
    /// An HTTP status, with a `Retry-After` in whole seconds if a wait is given.
    Status {
        /// The status code; 500 in place of a code that HTTP does not allow.
        code: u16,
        /// The wait that the server asks for.
        retry_after: Option<Duration>,
    },
    /// Silence, until the client disconnects or the server stops.
    Hang,
    /// The first half of the answer, then silence.
    HangMidway,
    /// The first half of the answer, then a regular end of the stream.
    CutOff,
}

impl LlmFault {
    /// An HTTP status without a `Retry-After`.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None }
    }
}

/// The faults of coming requests, run-length encoded; `None` stands for a regular answer.
#[derive(Debug, Default)]
pub(super) struct FaultQueue(Mutex<VecDeque<(usize, Option<LlmFault>)>>);

impl FaultQueue {
    pub(super) fn push(&self, times: usize, fault: Option<LlmFault>) {
        if times > 0 {
            self.0.lock().push_back((times, fault));
        }
    }

    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }

    pub(super) fn pop(&self) -> Option<LlmFault> {
        let mut queue = self.0.lock();
        let (times, fault) = queue.front_mut()?;
        let fault = *fault;
        *times -= 1;
        if *times == 0 {
            queue.pop_front();
        }
        fault
    }
}
