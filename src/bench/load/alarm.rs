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
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

/// How much earlier it rings, since a processor that sleeps takes some time to wake. The rest is waited for in turns with
/// other tasks.
const EARLY: Duration = Duration::from_micros(60);

/// A timer, where the system has one left.
pub(super) struct Alarm(Option<AsyncFd<OwnedFd>>);

impl Alarm {
    /// Its timer is Linux's.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn new() -> Self {
        Self(None)
    }

    #[cfg(target_os = "linux")]
    #[expect(
        deprecated,
        reason = "its successor is unsafe for files that others may close; this one is its own"
    )]
    pub(super) fn new() -> Self {
        let file = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC);
        Self(file.ok().and_then(|file| AsyncFd::new(file).ok()))
    }

    /// Waits until `due`, and no microsecond longer where the task gets its turn; not at all where it has come. Without a
    /// timer of the system, up to a millisecond longer.
    pub(super) async fn wait_until(&self, due: Instant) {
        let early = due.saturating_duration_since(Instant::now()).saturating_sub(EARLY);
        if !early.is_zero() && self.ring_after(early).await.is_err() {
            sleep_until(due).await;
        }
        while Instant::now() < due {
            yield_now().await;
        }
    }

    #[cfg(not(target_os = "linux"))]
    async fn ring_after(&self, _: Duration) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(target_os = "linux")]
    async fn ring_after(&self, wait: Duration) -> io::Result<()> {
        let timer = self.0.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let nothing = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value = Timespec::try_from(wait).map_err(|_| io::ErrorKind::InvalidInput)?;
        timerfd_settime(timer, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: nothing, it_value })?;
        loop {
            let mut ready = timer.readable().await?;
            if let Ok(rung) = ready.try_io(|timer| Ok(rustix::io::read(timer, &mut [0; 8])?)) {
                return rung.map(drop);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a timer of the system, and without.
    #[tokio::test]
    async fn nobody_is_woken_before_it_is_due() {
        for alarm in [Alarm::new(), Alarm(None)] {
            for wait in [0, 1, 59, 61, 300, 2_500, 1].map(Duration::from_micros) {
                let due = Instant::now() + wait;
                alarm.wait_until(due).await;
                assert!(Instant::now() >= due, "{wait:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_does_not_end_the_next() {
        let alarm = Alarm::new();
        assert!(alarm.0.is_some(), "a timer of the system");
        let first = alarm.wait_until(Instant::now() + Duration::from_millis(2));
        let _ = tokio::time::timeout(Duration::ZERO, first).await;
        let due = Instant::now() + Duration::from_millis(20);
        alarm.wait_until(due).await;
        assert!(Instant::now() >= due);
    }
}
