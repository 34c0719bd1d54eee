//! `faults/<fault>/{success_rate,recovery_time}`: a population at work while a part fails, and after it is healed.
//!
//! Each fault meets a fresh platform. It is injected after a moment, lasts a while, and is healed; the population goes on.
//! `success_rate` is that of the whole time. `recovery_time` runs from the healing to the end of the first window in
//! which the service level holds again: 99 of a hundred operations succeed, and 95 of a hundred within two seconds.
//! Where there is none before the load ends, it is an hour, which no limit allows.
//!
//! A fault that leaves no trace in its part ends the category: nothing was tested. Each fault is a file here that
//! implements [`Fault`]; a new one is added to [`measure`] too.

mod cache_cleared;
mod database_cut;
mod database_locked;
mod fault;
mod injector;
mod llm;
mod proxy;
mod recovery;
mod slow_readers;

use std::cell::OnceCell;
use std::time::Duration;

use tokio::runtime::Runtime;

use self::cache_cleared::CacheCleared;
use self::database_cut::DatabaseCut;
use self::database_locked::DatabaseLocked;
use self::fault::{Fault, Unavailable};
use self::injector::{FaultInjector, FaultOutcome, Phases};
use self::llm::{LlmErrors, LlmHangs};
use self::slow_readers::SlowReaders;
use super::system::SystemUnderTest;
use crate::bench::harness::{is_test_run, leave_out};
use crate::bench::measurement::nanoseconds;
use crate::bench::{Harness, MetadataWriter, Mode, Unit, services};

/// The recovery time of a population that did not recover.
const NOT_RECOVERED: Duration = Duration::from_hours(1);

/// The smallest success rate that Criterion can hold, in percent, in place of zero.
const NONE_SUCCEEDED: f64 = 0.001;

/// Measures the population under each fault, on platforms of ours: faults are not injected into the user's deployment.
pub(super) fn measure(harness: &mut Harness, users: &Runtime, system: &SystemUnderTest) {
    measure_one::<LlmErrors>(harness, users, system);
    measure_one::<LlmHangs>(harness, users, system);
    measure_one::<DatabaseCut>(harness, users, system);
    measure_one::<DatabaseLocked>(harness, users, system);
    measure_one::<SlowReaders>(harness, users, system);
    measure_one::<CacheCleared>(harness, users, system);
}

fn measure_one<F: Fault>(harness: &mut Harness, users: &Runtime, system: &SystemUnderTest) {
    let (metadata, phases, outcome) = (harness.metadata(), phases(harness.mode()), OnceCell::new());
    let outcome = || {
        system.may_break(users);
        outcome.get_or_init(|| {
            let injector =
                FaultInjector::<F>::start().unwrap_or_else(|why| unavailable::<F>(&why, &metadata));
            let recorded = injector.engine().map_or(Ok(()), |engine| metadata.record_engine(engine));
            recorded.unwrap_or_else(|error| panic!("{error}"));
            report::<F>(injector.run(users, phases, true))
        })
    };
    harness.replay(&format!("faults/{}/success_rate", F::NAME), Unit::Percent, |_| {
        vec![outcome().recording.whole().success_percent().max(NONE_SUCCEEDED)]
    });
    harness.replay(&format!("faults/{}/recovery_time", F::NAME), Unit::Time, |_| {
        vec![nanoseconds(outcome().recovery.unwrap_or(NOT_RECOVERED))]
    });
}

fn phases(mode: Mode) -> Phases {
    let [before, fault, after] = match mode {
        _ if is_test_run() => [100, 800, 500],
        Mode::Quick => [300, 700, 1_500],
        Mode::Full => [1_000, 2_000, 4_000],
    };
    let ms = Duration::from_millis;
    Phases { before: ms(before), fault: ms(fault), after: ms(after) }
}

/// Leaves the benchmarks of a fault out that cannot be injected here.
///
/// # Panics
/// `BENCH_REQUIRE` names the engine that it needs.
fn unavailable<F: Fault>(Unavailable { reason, remedy }: &Unavailable, metadata: &MetadataWriter) -> ! {
    let rows = format!("faults/{}/*", F::NAME);
    if let Some(engine) = F::ENGINE.filter(|engine| services::is_required(engine)) {
        let recorded = metadata.record_row_not_run(&rows, reason, remedy);
        recorded.unwrap_or_else(|error| panic!("{error}"));
        panic!("{engine} is required (BENCH_REQUIRE) and missing: {reason}; {remedy}");
    }
    leave_out(metadata, &rows, reason, remedy)
}

/// Prints what the population saw.
fn report<F: Fault>(outcome: FaultOutcome) -> FaultOutcome {
    let whole = outcome.recording.whole();
    let recovered =
        outcome.recovery.map_or("did not recover".to_owned(), |time| format!("recovered in {time:?}"));
    eprintln!("concurrent: {}: {:.2} % succeeded, {recovered}", F::NAME, whole.success_percent());
    if whole.failures > 0 {
        eprintln!("{}", outcome.recording);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::harness::runtime;

    const PHASES: Phases = Phases {
        before: Duration::from_millis(300),
        fault: Duration::from_millis(500),
        after: Duration::from_millis(1_500),
    };

    fn started<F: Fault>() -> FaultInjector<F> {
        FaultInjector::start().unwrap_or_else(|why| panic!("{}: {}", why.reason, why.remedy))
    }

    /// Recovery has more time after a healing: a busy machine is no failure of the parts.
    fn recovers<F: Fault>() {
        let phases = Phases { after: Duration::from_secs(4), ..PHASES };
        let FaultOutcome { recording, recovery } = started::<F>().run(&runtime(), phases, true);
        assert!(recovery.is_some() && recording.whole().success_percent() > 50.0, "{}: {recording}", F::NAME);
    }

    fn does_not_recover_unhealed<F: Fault>() {
        let FaultOutcome { recording, recovery } = started::<F>().run(&runtime(), PHASES, false);
        assert_eq!(recovery, None, "{}: {recording}", F::NAME);
        assert!(recording.whole().failures > 0, "{recording}");
    }

    #[test]
    fn a_database_that_is_cut_off_recovers_when_it_is_healed_and_not_before() {
        recovers::<DatabaseCut>();
        does_not_recover_unhealed::<DatabaseCut>();
    }

    #[test]
    fn slow_readers_lose_messages_and_other_users_see_no_failure() {
        // That messages are lost is the fault's trace, without which this panics.
        let phases = Phases { fault: Duration::from_secs(2), ..PHASES };
        let seen = started::<SlowReaders>().run(&runtime(), phases, true);
        assert!(seen.recovery.is_some() && seen.recording.whole().failures == 0, "{}", seen.recording);
    }

    #[test]
    fn healed_faults_recover() {
        recovers::<LlmErrors>();
        recovers::<DatabaseLocked>();
        recovers::<CacheCleared>();
    }

    #[test]
    fn faults_that_are_not_healed_do_not_recover() {
        does_not_recover_unhealed::<LlmErrors>();
        does_not_recover_unhealed::<LlmHangs>();
        does_not_recover_unhealed::<DatabaseLocked>();
    }

    #[test]
    #[should_panic(expected = "slow_readers left no trace: nothing was tested")]
    fn a_fault_without_a_trace_is_no_test() {
        let mut injector = started::<SlowReaders>();
        injector.release();
        let _ = injector.run(&runtime(), PHASES, true);
    }
}
