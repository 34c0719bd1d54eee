//! One population at work.

use std::cell::OnceCell;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::system::SystemUnderTest;
use crate::bench::heap::Peak;
use crate::bench::load::{Load, Model, Population, Recording, Summary};

/// The seed of what users do.
const SEED: u64 = 5;

/// A service level.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceLevel {
    /// How long 95 of a hundred operations may take.
    pub p95: Duration,
    /// How many in a hundred have to succeed.
    pub success_percent: f64,
}

impl ServiceLevel {
    /// Whether these operations keep it.
    pub(super) fn holds(&self, seen: &Summary) -> bool {
        seen.percentile(95.0) < self.p95 && seen.success_percent() >= self.success_percent
    }
}

/// What all scenarios share.
#[derive(Clone, Copy)]
pub(super) struct Fixture<'s> {
    /// The runtime of the users.
    pub users: &'s Runtime,
    /// What they load.
    pub system: &'s SystemUnderTest,
    /// How long they work before anything is recorded.
    pub warm_up: Duration,
}

impl<'s> Fixture<'s> {
    /// `population` at work for `length`, recorded when it is first needed. `name` is what progress calls it.
    pub(super) fn scenario(self, name: &str, population: Population, length: Duration) -> Scenario<'s> {
        let load = Load {
            warm_up: self.warm_up,
            deadline: self.system.deadline(),
            seed: SEED,
            ..Load::new(format!("concurrent/{name}"), Model::Closed(population), length)
        };
        Scenario { fixture: self, load, recorded: OnceCell::new() }
    }

    /// So many users, who think as long as the system says.
    pub(super) fn population(self, users: usize) -> Population {
        Population::new(users, self.system.think())
    }
}

/// A population that is recorded when it is first needed.
pub(super) struct Scenario<'s> {
    fixture: Fixture<'s>,
    load: Load,
    recorded: OnceCell<(Recording, Option<Peak>)>,
}

impl Scenario<'_> {
    /// What it loads.
    pub(super) fn system(&self) -> &SystemUnderTest {
        self.fixture.system
    }

    /// The most memory that this process held while the recording was made; none, where the system is a deployment, or
    /// nothing is recorded yet.
    pub(super) fn peak(&self) -> Option<Peak> {
        self.recorded.get().and_then(|(_, peak)| *peak)
    }

    /// What the population saw. Failures are printed on stderr.
    ///
    /// # Panics
    /// No operation succeeded.
    pub(super) fn recording(&self) -> &Recording {
        self.recorded(|_| ())
    }

    /// [`Scenario::recording`], which is handed to `note` where it is made only now.
    pub(super) fn recorded(&self, note: impl FnOnce(&Recording)) -> &Recording {
        let (recording, _) = self.recorded.get_or_init(|| {
            let (recording, peak) = self.fixture.system.drive(self.fixture.users, &self.load);
            let whole = recording.whole();
            if whole.failures > 0 {
                eprintln!("{}: users saw failures\n{recording}", self.load.name);
            }
            assert!(
                whole.failures < whole.operations,
                "no operation of {} users succeeded:\n{recording}",
                self.load.users()
            );
            note(&recording);
            (recording, peak)
        });
        recording
    }
}
