//! How much load, of which model, and for how long.

use std::time::Duration;

/// The most arrivals a second: nothing in one process keeps up with more.
const MOST_ARRIVALS: f64 = 1_000_000.0;

/// A load: who asks, how long, and what is too late.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// What progress and reports call it.
    pub name: String,
    /// Who asks.
    pub model: Model,
    /// How long the load runs before anything is recorded: connections open, caches and pools fill.
    pub warm_up: Duration,
    /// How long operations are begun, and recorded, after that. Those under way at the end are waited for, up to
    /// their deadline.
    pub duration: Duration,
    /// The longest an operation may take.
    pub deadline: Duration,
    /// The seed of what is done and when.
    pub seed: u64,
}

/// Who asks: a closed or an open population.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Model {
    /// A number of users who wait for each answer before they think of the next thing. A slow server is asked less
    /// often.
    Closed(Population),
    /// Arrivals at a rate of their own, however the server does.
    Open(Arrivals),
}

/// A number of users, each with one operation at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Population {
    /// How many users there are.
    pub users: usize,
    /// The mean of the time between a user's operations, which is exponentially distributed. Zero is no pause.
    pub think: Duration,
    /// More users, who come and go again.
    pub surge: Option<Surge>,
}

/// Users who come to a population after a while, and work for a part of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surge {
    /// How many come.
    pub users: usize,
    /// When they begin, counted from the end of the warm-up.
    pub after: Duration,
    /// How long they begin operations.
    pub lasting: Duration,
}

impl Population {
    /// A population of constant size.
    #[must_use]
    pub fn new(users: usize, think: Duration) -> Self {
        Self { users, think, surge: None }
    }

    /// All users, those included who come later.
    pub(super) fn most(&self) -> usize {
        self.users + self.surge.map_or(0, |surge| surge.users)
    }
}

/// Operations that are due at times of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrivals {
    /// The mean number of arrivals in a second.
    pub rate: f64,
    /// How they are spread.
    pub pacing: Pacing,
    /// How many operations may be under way at once: sessions, and so connections. An arrival that finds all of them
    /// busy waits its turn, and its wait is part of its latency.
    pub at_once: usize,
}

/// How arrivals are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pacing {
    /// As from many users who do not know of each other: the times between arrivals are exponentially distributed.
    Poisson,
    /// As from a clock: the times between arrivals are equal.
    Regular,
}

/// Why a load cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There are no users.
    #[error("a load of zero users: give 1 or more")]
    NoUsers,
    /// There are no sessions.
    #[error("arrivals of which zero may be under way at once: give 1 or more")]
    NoneAtOnce,
    /// A rate that is not a positive number.
    #[error("{0} arrivals in a second are no rate: give a number above 0 and up to {MOST_ARRIVALS}")]
    Rate(f64),
    /// No time to do anything in.
    #[error("a load whose {0} is zero: give it time")]
    NoTime(&'static str),
}

impl Load {
    /// A load of this model for `duration`, without a warm-up, with a deadline of ten seconds and a seed of one.
    #[must_use]
    pub fn new(name: impl Into<String>, model: Model, duration: Duration) -> Self {
        let deadline = Duration::from_secs(10);
        Self { name: name.into(), model, warm_up: Duration::ZERO, duration, deadline, seed: 1 }
    }

    /// How many users there are at most, or operations under way.
    #[must_use]
    pub fn users(&self) -> usize {
        match self.model {
            Model::Closed(population) => population.most(),
            Model::Open(arrivals) => arrivals.at_once,
        }
    }

    /// How long operations are begun.
    pub(super) fn length(&self) -> Duration {
        self.warm_up + self.duration
    }

    /// From when to when, since the beginning of the load, the user with this number works.
    pub(super) fn stay(&self, population: &Population, user: usize) -> (Duration, Duration) {
        match population.surge {
            Some(surge) if user >= population.users => {
                let begin = self.warm_up + surge.after;
                (begin, (begin + surge.lasting).min(self.length()))
            }
            _ => (Duration::ZERO, self.length()),
        }
    }

    /// # Errors
    /// The load would do nothing, or never end.
    pub(super) fn check(&self) -> Result<(), LoadError> {
        match self.model {
            Model::Closed(population) if population.users == 0 => Err(LoadError::NoUsers),
            Model::Open(arrivals) if arrivals.at_once == 0 => Err(LoadError::NoneAtOnce),
            Model::Open(arrivals) if !is_rate(arrivals.rate) => Err(LoadError::Rate(arrivals.rate)),
            _ if self.duration.is_zero() => Err(LoadError::NoTime("duration")),
            _ if self.deadline.is_zero() => Err(LoadError::NoTime("deadline")),
            _ => Ok(()),
        }
    }
}

fn is_rate(rate: f64) -> bool {
    rate > 0.0 && rate <= MOST_ARRIVALS
}
