//! The load driver: simulated users who send operations to a target, and a record of how long each operation took.
//!
//! There are three models:
//! - **closed**: each of N users does one operation, thinks, and does the next, so a slow server is asked less often;
//! - **open**: arrivals are due at a rate of their own, most often those of a Poisson process, and a slow server is
//!   asked as often as a fast one;
//! - **batch** ([`Batch`]): a fixed list of operations that N users work off without a pause.
//!
//! The latency of an operation counts from when it was *due*, and not from when it was sent. In the open model an
//! arrival may have to wait until a session is free, and that wait is part of what a user would have seen. A driver that
//! leaves it out asks nothing while the server stands still, and shows one slow answer where a thousand users waited. Gil
//! Tene calls this *coordinated omission* ("How NOT to Measure Latency", 2013; see also the README of
//! [wrk2](https://github.com/giltene/wrk2)). [`Sample::waited`] is the wait by itself, and [`Sample::service`] the rest,
//! for comparison with drivers that leave the wait out.
//!
//! Each operation has a deadline, so a server that never answers makes failures and no hang. A failed operation counts
//! with the deadline as its latency, so that no failure makes a number better. A seed gives the same operations again:
//! in the closed model to each user, in the open model in all, due at the same times.
//!
//! ```text
//! closed: Population -> User x N ----------\
//! open:   Arrivals -> Schedule -> Queue ----> UserSession (one user's connections to a Target) -> Sample, … -> Recording
//! batch:  operations -----------------------/
//! ```
//!
//! What a user sends belongs to a [`Target`], and not here.

mod batch;
mod mix;
mod open;
mod plan;
mod progress;
mod recording;
mod target;

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use self::open::{Queue, Schedule};
use self::progress::{Progress, SessionProgress};
use self::target::attempt;

pub use batch::Batch;
pub(crate) use batch::one_by_one;
pub use mix::{Mix, MixError, Operation};
pub use plan::{Arrivals, Load, LoadError, Model, Pacing, Population, Surge};
pub use recording::{Recording, Summary};
pub use target::{ErrorKind, Failure, Sample, Target, UserSession};

/// Runs `load` on `target`, and returns every operation that was due after the warm-up.
///
/// All users prepare their sessions first, then begin together. Meanwhile the error stream shows progress.
///
/// On a runtime of several threads, tokio wakes one more whenever one has found work. At a rate that one thread can serve,
/// answers of microseconds are seen sooner on a runtime of one (`docs/performance.md`).
///
/// # Errors
/// The load would do nothing or never end: no users, no rate, no time.
///
/// # Panics
/// A session panicked.
pub async fn drive<T: Target>(load: &Load, target: Arc<T>) -> Result<Recording, LoadError> {
    drive_from(load, target, |_| ()).await
}

/// [`drive`], which calls `begun` when the sessions are ready and the load begins.
pub(crate) async fn drive_from<T: Target>(
    load: &Load,
    target: Arc<T>,
    begun: impl FnOnce(Instant),
) -> Result<Recording, LoadError> {
    load.check()?;
    let sessions = target::sessions(&*target, load.users(), load.deadline).await;
    let (progress, origin) = (Progress::new(load), Instant::now());
    begun(origin);
    let work = begin(load, &target.mix(), sessions, origin, &progress);
    let samples = tokio::select! {
        samples = work.join_all() => samples,
        never = progress.show(origin) => match never {},
    };
    Ok(Recording::new(load, target.mix(), samples.into_iter().flatten().collect()))
}

/// Starts a task for each session.
fn begin<S: UserSession + 'static>(
    load: &Load,
    mix: &Arc<Mix>,
    sessions: Vec<S>,
    origin: Instant,
    progress: &Arc<Progress>,
) -> JoinSet<Vec<Sample>> {
    let mut work = JoinSet::new();
    match load.model {
        Model::Closed(population) => {
            for (number, session) in sessions.into_iter().enumerate() {
                let user = User::new(load, population, Arc::clone(mix), number, session);
                work.spawn(user.work(origin, SessionProgress::new(progress)));
            }
        }
        Model::Open(arrivals) => {
            let schedule = Schedule::new(arrivals, Arc::clone(mix), load.seed, load.length());
            let queue = Arc::new(Queue::new(schedule, origin));
            for session in sessions {
                let progress = SessionProgress::new(progress);
                work.spawn(open::serve(Arc::clone(&queue), session, origin, load.deadline, progress));
            }
        }
    }
    work
}

/// One simulated user.
struct User<S> {
    session: S,
    random: StdRng,
    mix: Arc<Mix>,
    think: Duration,
    deadline: Duration,
    /// From when to when it works, counted from the beginning of the load.
    stay: (Duration, Duration),
}

impl<S: UserSession> User<S> {
    fn new(load: &Load, population: Population, mix: Arc<Mix>, number: usize, session: S) -> Self {
        let seed = load.seed ^ (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let random = StdRng::seed_from_u64(seed);
        let stay = load.stay(&population, number);
        Self { session, random, mix, think: population.think, deadline: load.deadline, stay }
    }

    /// Thinks and operates in turns as long as it stays.
    async fn work(mut self, origin: Instant, mut progress: SessionProgress) -> Vec<Sample> {
        let (begin, end) = (origin + self.stay.0, origin + self.stay.1);
        sleep_until(begin).await;
        loop {
            let next = Instant::now() + self.thought();
            if next < end && !self.think.is_zero() {
                sleep_until(next).await;
            }
            let operation = self.mix.draw(&mut self.random);
            if next >= end || timeout_at(end, self.session.admitted(operation)).await.is_err() {
                return progress.into_samples();
            }
            let now = Instant::now();
            progress.push(attempt(&mut self.session, operation, now, origin, self.deadline).await);
        }
    }

    fn thought(&mut self) -> Duration {
        let times: f64 = Exp1.sample(&mut self.random);
        self.think.mul_f64(times)
    }
}
