//! Holding processes to one processor.
//!
//! A child inherits the processors of the thread that starts it, so this thread is held to one while it starts a
//! child, and no longer. The child sees a machine with one processor, and so do the runtimes in it.

use std::io;

/// A processor, by the operating system's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processor(usize);

impl Processor {
    /// The operating system's number.
    #[must_use]
    pub fn number(self) -> usize {
        self.0
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use super::{Processor, io};

    impl Processor {
        /// The last that this process may use, since the first ones most often serve interrupts; `None` where the
        /// operating system does not hold processes to one.
        ///
        /// # Errors
        /// The operating system does not tell.
        pub fn last() -> io::Result<Option<Self>> {
            let allowed = sched_getaffinity(None)?;
            Ok((0..CpuSet::MAX_CPU).rev().find(|processor| allowed.is_set(*processor)).map(Self))
        }

        /// Calls `start` while this thread is held to this processor, as what it starts will be.
        ///
        /// # Errors
        /// The operating system refuses.
        pub fn hold<T>(self, start: impl FnOnce() -> T) -> io::Result<T> {
            let before = sched_getaffinity(None)?;
            let mut only = CpuSet::new();
            only.set(self.0);
            sched_setaffinity(None, &only)?;
            let started = start();
            sched_setaffinity(None, &before)?;
            Ok(started)
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Processor {
    /// `None`: this operating system does not hold processes to one.
    ///
    /// # Errors
    /// None.
    pub fn last() -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// Calls `start`.
    ///
    /// # Errors
    /// None.
    pub fn hold<T>(self, start: impl FnOnce() -> T) -> io::Result<T> {
        Ok(start())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;
    use std::thread::available_parallelism;

    use super::*;

    #[test]
    fn what_is_started_meanwhile_has_one_processor_and_this_thread_has_its_own_back() {
        let before = available_parallelism().unwrap();
        let processor = Processor::last().unwrap().expect("Linux holds processes to one");
        let output = processor.hold(|| Command::new("nproc").output()).unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1");
        assert_eq!(available_parallelism().unwrap(), before);
    }
}
