//! One population at work.

use std::cell::OnceCell;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::place::Place;
use crate::bench::heap::Peak;
use crate::bench::load::{Load, Model, Population, Recording};

/// The seed of what users do.
const SEED: u64 = 5;

/// Who works where.
#[derive(Clone, Copy)]
pub(super) struct Stage<'s> {
    /// The runtime of the users.
    pub users: &'s Runtime,
    /// What they work.
    pub place: &'s Place,
    /// How long they work before anything is recorded.
    pub warm_up: Duration,
}

impl<'s> Stage<'s> {
    /// `population` at work for `length`, recorded when somebody first asks. `name` is what progress calls it.
    pub(super) fn scenario(self, name: &str, population: Population, length: Duration) -> Scenario<'s> {
        let load = Load {
            warm_up: self.warm_up,
            deadline: self.place.deadline(),
            seed: SEED,
            ..Load::new(format!("concurrent/{name}"), Model::Closed(population), length)
        };
        Scenario { stage: self, load, recorded: OnceCell::new() }
    }

    /// So many users, who think as long as the place says.
    pub(super) fn population(self, users: usize) -> Population {
        Population::new(users, self.place.think())
    }
}

/// A population that is recorded when somebody first asks.
pub(super) struct Scenario<'s> {
    stage: Stage<'s>,
    load: Load,
    recorded: OnceCell<(Recording, Option<Peak>)>,
}

impl Scenario<'_> {
    /// Where it is.
    pub(super) fn place(&self) -> &Place {
        self.stage.place
    }

    /// The most memory that this process held while the recording was made; none, where what was worked is elsewhere, or
    /// nothing is recorded yet.
    pub(super) fn peak(&self) -> Option<Peak> {
        self.recorded.get().and_then(|(_, peak)| *peak)
    }

    /// What the population saw. Failures are told on stderr.
    ///
    /// # Panics
    /// No operation succeeded.
    pub(super) fn recording(&self) -> &Recording {
        self.recorded(|_| ())
    }

    /// [`Scenario::recording`], which is handed to `note` where it is made only now.
    pub(super) fn recorded(&self, note: impl FnOnce(&Recording)) -> &Recording {
        let (recording, _) = self.recorded.get_or_init(|| {
            let (recording, peak) = self.stage.place.drive(self.stage.users, &self.load);
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
