//! A timer of the system, which a task can wait for.
//!
//! The timers of a tokio runtime go by whole milliseconds, and round up. A thread that sleeps is exact, but has to wake one
//! of the runtime's; this one wakes the runtime itself.

use std::io;
use std::time::Duration;

use rustix::fd::OwnedFd;
#[cfg(target_os = "linux")]
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// The least that it is set to: nothing would take it back.
const SOON: Duration = Duration::from_nanos(1);

/// A timer of the system, which rings once each time that it is set.
#[derive(Debug)]
pub(crate) struct Alarm(AsyncFd<OwnedFd>);

impl Alarm {
    /// A timer, where the system has one left. Its timer is Linux's.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> Option<Self> {
        None
    }

    /// A timer, where the system has one left.
    #[cfg(target_os = "linux")]
    #[expect(
        deprecated,
        reason = "its successor is unsafe for files that others may close; this one is its own"
    )]
    pub(crate) fn new() -> Option<Self> {
        let file = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC);
        Some(Self(AsyncFd::new(file.ok()?).ok()?))
    }

    /// Has it ring at `due`, and not at a time that it was set to before; at once where it has come.
    ///
    /// # Errors
    /// The system refuses.
    #[cfg(target_os = "linux")]
    pub(crate) fn set(&self, due: Instant) -> io::Result<()> {
        let wait = due.saturating_duration_since(Instant::now()).max(SOON);
        let nothing = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = Timespec::try_from(wait).map_err(|_| io::ErrorKind::InvalidInput)?;
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: nothing, it_value })?;
        Ok(())
    }

    /// Has it ring at `due`.
    ///
    /// # Errors
    /// This system has none.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn set(&self, _: Instant) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits until it rings.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) async fn rung(&self) -> io::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            if let Ok(rung) = ready.try_io(|timer| Ok(rustix::io::read(timer, &mut [0; 8])?)) {
                return rung.map(drop);
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_never_rings_before_it_is_due() {
        let alarm = Alarm::new().expect("a timer of the system");
        for wait in [0, 1, 59, 61, 300, 2_500, 1].map(Duration::from_micros) {
            let due = Instant::now() + wait;
            alarm.set(due).unwrap();
            alarm.rung().await.unwrap();
            assert!(Instant::now() >= due, "{wait:?}");
        }
    }

    #[tokio::test]
    async fn the_time_that_it_was_set_to_last_counts() {
        let alarm = Alarm::new().expect("a timer of the system");
        let now = Instant::now();
        for wait in [2, 3_600, 20].map(Duration::from_millis) {
            alarm.set(now + wait).unwrap();
        }
        alarm.rung().await.unwrap();
        assert!((20..20_000).contains(&now.elapsed().as_millis()), "{:?}", now.elapsed());
    }
}
