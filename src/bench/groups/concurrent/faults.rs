//! `faults/<fault>/{success_rate,recovery_time}`: a population at work while something breaks, and after it is mended.
//!
//! Each fault meets a fresh platform. It begins after a moment, lasts a while, and is mended; the population goes on.
//! `success_rate` is that of the whole time. `recovery_time` runs from the mending to the end of the first window in
//! which the service level holds again: 99 of a hundred operations succeed, and 95 of a hundred within two seconds.
//! Where there is none before the load ends, it is an hour, which no limit allows.
//!
//! A fault that leaves no trace in the parts it is meant for ends the category: nothing was tested.

mod fault;
mod injection;
mod listeners;
mod lock;
mod proxy;
mod recovery;
mod stage;

use std::cell::OnceCell;
use std::time::Duration;

use tokio::runtime::Runtime;

use self::fault::Fault;
use self::stage::{Stage, Unavailable};
use super::nanoseconds;
use super::place::Place;
use crate::bench::groups::required;
use crate::bench::harness::{is_test_run, skip};
use crate::bench::load::Recording;
use crate::bench::{Facts, Harness, Mode, Unit};

/// Longer than anybody waits: the recovery time of what did not recover.
const NOT_RECOVERED: Duration = Duration::from_hours(1);

/// The smallest success rate that Criterion can hold, in percent, in place of none at all.
const NONE_SUCCEEDED: f64 = 0.001;

/// When a fault begins, how long it lasts, and how long it is watched afterwards.
#[derive(Debug, Clone, Copy)]
struct Times {
    before: Duration,
    lasting: Duration,
    after: Duration,
}

impl Times {
    fn of(mode: Mode) -> Self {
        let [before, lasting, after] = match mode {
            _ if is_test_run() => [100, 800, 500],
            Mode::Quick => [300, 700, 1_500],
            Mode::Full => [1_000, 2_000, 4_000],
        };
        let ms = Duration::from_millis;
        Self { before: ms(before), lasting: ms(lasting), after: ms(after) }
    }

    fn all(&self) -> Duration {
        self.before + self.lasting + self.after
    }
}

/// What a population saw of a fault.
struct Seen {
    recording: Recording,
    /// From the mending to the recovery, where there was one.
    recovery: Option<Duration>,
}

/// Measures the population under each fault, on platforms of ours: nobody breaks the user's deployment.
pub(super) fn measure(harness: &mut Harness, users: &Runtime, place: &Place) {
    let (facts, times) = (harness.facts(), Times::of(harness.mode()));
    for fault in Fault::ALL {
        let seen = OnceCell::new();
        let seen = || {
            place.may_break(users);
            seen.get_or_init(|| {
                let stage = Stage::start(fault).unwrap_or_else(|why| left_out(fault, &why, &facts));
                note(&stage, &facts);
                see(users, stage, fault, times)
            })
        };
        let id = format!("faults/{}", fault.name());
        harness.replay(&format!("{id}/success_rate"), Unit::Percent, |_| {
            vec![seen().recording.whole().success_percent().max(NONE_SUCCEEDED)]
        });
        harness.replay(&format!("{id}/recovery_time"), Unit::Time, |_| {
            vec![nanoseconds(seen().recovery.unwrap_or(NOT_RECOVERED))]
        });
    }
}

/// Leaves the benchmarks of a fault out that cannot be caused here.
///
/// # Panics
/// `BENCH_REQUIRE` names the engine that it needs.
fn left_out(fault: Fault, why: &Unavailable, facts: &Facts) -> ! {
    let (Unavailable { reason, remedy }, required) = (why, fault.engine().filter(|it| required::names(it)));
    let noted = facts.note_row_not_run(&format!("faults/{}/*", fault.name()), reason, remedy);
    noted.unwrap_or_else(|error| panic!("{error}"));
    if let Some(engine) = required {
        panic!("{engine} is required (BENCH_REQUIRE), and not to be had: {reason}; {remedy}");
    }
    skip()
}

fn note(stage: &Stage, facts: &Facts) {
    let noted = stage.engine().map_or(Ok(()), |engine| facts.note_engine(engine));
    noted.unwrap_or_else(|error| panic!("{error}"));
}

/// Has a population work while `fault` comes and goes, and tells on stderr what it saw.
fn see(users: &Runtime, stage: Stage, fault: Fault, times: Times) -> Seen {
    let seen = stage.worked(users, times, true);
    let success = seen.recording.whole().success_percent();
    let recovered =
        seen.recovery.map_or("did not recover".to_owned(), |time| format!("recovered in {time:?}"));
    eprintln!("concurrent: {}: {success:.2} % succeeded, {recovered}", fault.name());
    if seen.recording.whole().failures > 0 {
        eprintln!("{}", seen.recording);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::harness::runtime;

    pub(super) const TIMES: Times = Times {
        before: Duration::from_millis(300),
        lasting: Duration::from_millis(500),
        after: Duration::from_millis(1_500),
    };

    pub(super) fn started(fault: Fault) -> Stage {
        Stage::start(fault).unwrap_or_else(|why| panic!("{}: {}", why.reason, why.remedy))
    }

    /// What is mended has longer to recover: a busy machine is no failure of the parts.
    fn worked(fault: Fault, mended: bool) -> Seen {
        let after = Duration::from_millis(if mended { 4_000 } else { 1_500 });
        started(fault).worked(&runtime(), Times { after, ..TIMES }, mended)
    }

    #[test]
    fn a_database_that_is_cut_off_recovers_when_it_is_back_and_not_before() {
        let back = worked(Fault::DatabaseCut, true);
        assert!(
            back.recovery.is_some() && back.recording.whole().success_percent() > 50.0,
            "{}",
            back.recording
        );
        let gone = worked(Fault::DatabaseCut, false);
        assert_eq!(gone.recovery, None, "{}", gone.recording);
        assert!(gone.recording.whole().failures > 0, "{}", gone.recording);
    }

    #[test]
    fn slow_readers_lose_messages_and_nobody_else_notices() {
        // That they lose some is what its trace is, without which this panics.
        let times = Times { lasting: Duration::from_secs(2), ..TIMES };
        let seen = started(Fault::SlowReaders).worked(&runtime(), times, true);
        assert!(seen.recovery.is_some() && seen.recording.whole().failures == 0, "{}", seen.recording);
    }

    #[test]
    fn what_is_mended_recovers() {
        for fault in [Fault::LlmErrors, Fault::DatabaseLocked, Fault::CacheCleared] {
            let seen = worked(fault, true);
            assert!(seen.recovery.is_some(), "{}: {}", fault.name(), seen.recording);
            assert!(seen.recording.whole().success_percent() > 50.0, "{}", seen.recording);
        }
    }

    #[test]
    fn what_is_never_mended_does_not_recover() {
        for fault in [Fault::LlmErrors, Fault::LlmHangs, Fault::DatabaseLocked] {
            let seen = worked(fault, false);
            assert_eq!(seen.recovery, None, "{}: {}", fault.name(), seen.recording);
            assert!(seen.recording.whole().failures > 0, "{}", seen.recording);
        }
    }
}
