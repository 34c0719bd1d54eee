//! Faults on demand, for tests of what should withstand them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a request meets in place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An HTTP status, with a `Retry-After` in whole seconds where a wait is given.
    Status {
        /// The status code; one that HTTP does not have becomes 500.
        code: u16,
        /// The wait that the server asks for.
        retry_after: Option<Duration>,
    },
    /// Silence, until the client hangs up or the server stops.
    Hang,
    /// The first half of the answer, then silence.
    HangMidway,
    /// The first half of the answer, then a stream that ends as if it were whole.
    CutOff,
}

impl Fault {
    /// An HTTP status without a `Retry-After`.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None }
    }
}

/// What requests have yet to meet: runs of a fault, or of none.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<VecDeque<Promised>>);

type Promised = (usize, Option<Fault>);

impl Faults {
    pub(super) fn add(&self, times: usize, fault: Option<Fault>) {
        if times > 0 {
            self.queue().push_back((times, fault));
        }
    }

    pub(super) fn clear(&self) {
        self.queue().clear();
    }

    pub(super) fn next(&self) -> Option<Fault> {
        let mut queue = self.queue();
        let (times, fault) = queue.front_mut()?;
        let fault = *fault;
        *times -= 1;
        if *times == 0 {
            queue.pop_front();
        }
        fault
    }

    /// Nothing panics while it holds the lock, so a poisoned one holds a whole queue.
    fn queue(&self) -> MutexGuard<'_, VecDeque<Promised>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
