//! The load driver: simulated users who work a target, and a record of how long each operation took.
//!
//! There are two models of who asks:
//! - **closed**: each of N users does one operation, thinks, and does the next, so a slow server is asked less often;
//! - **open**: arrivals are due at a rate of their own, most often those of a Poisson process, and a slow server is
//!   asked as often as a fast one.
//!
//! The latency of an operation counts from when it was *due*, and not from when it was sent. In the open model an
//! arrival may have to wait until one of the sessions is free, and that wait is part of what a user would have seen. A
//! driver that leaves it out asks nothing while the server stands still, and shows one slow answer where a thousand users
//! waited: Gil Tene calls it *coordinated omission* ("How NOT to Measure Latency", 2013; the README of
//! [wrk2](https://github.com/giltene/wrk2) has it in writing). [`Sample::waited`] has the wait by itself, and
//! [`Sample::service`] what is left without it, for comparison with drivers that leave it out.
//!
//! Each operation has a deadline, so a server that never answers makes failures and no hang. A failed operation
//! counts with the deadline as its latency: nobody's failure makes a number better.
//!
//! A seed gives the same operations again: in the closed model to each user, with the same thoughts between them; in
//! the open one in all, due at the same times.
//!
//! ```text
//! closed: Population -> User x N ----------\
//!                                           Session (one user's connections to a Target) -> Sample, … -> Recording
//! open:   Arrivals -> Schedule -> Queue ---/
//! ```

mod api;
mod attempt;
mod chat;
mod deadline;
mod get;
mod live;
mod mix;
mod open;
mod open_files;
mod outcome;
mod plan;
mod recording;
mod schedule;
mod user;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use api::{ApiOperation, ApiSession, ApiTarget, SEED_MIX, TargetError};
pub use get::{GetSession, GetTarget};
pub use live::{PROGRESS_PREFIX, PROGRESS_VARIABLE};
pub use mix::{Mix, MixError, Operation};
pub use open_files::raise_open_files;
pub use outcome::{ErrorKind, Failure, Sample};
pub use plan::{Arrivals, Load, LoadError, Model, Pacing, Population, Surge};
pub use recording::{Recording, Stretch};

use self::live::{Live, Progress, Seen};
use self::open::Queue;
use self::schedule::Schedule;
use self::user::User;

/// Something that users can work.
pub trait Target: Send + Sync + 'static {
    /// One user's side of it.
    type Session: Session + 'static;

    /// What its users do, and how often.
    fn mix(&self) -> Arc<Mix>;

    /// The session of the user with this number. Connections may be opened later.
    fn session(&self, user: usize) -> Self::Session;
}

/// One user's connections, and what the user does over them.
pub trait Session: Send {
    /// Opens what can be opened before the first operation. What fails here is tried again by the operation that
    /// needs it, and counted there.
    fn prepare(&mut self) -> impl Future<Output = ()> + Send;

    /// Waits until `operation` may be begun, where something beside the server decides that, as a cap on the rate of
    /// requests does. A user of the closed model is held back by it as by a thought, and so it is no part of the
    /// latency; in the open model, whose operations are due by the clock, it is.
    fn admitted(&mut self, operation: Operation) -> impl Future<Output = ()> + Send {
        let _ = operation;
        std::future::ready(())
    }

    /// Does one operation of the target's mix and checks its answer. May be dropped halfway, at the deadline; the
    /// session is then used on.
    fn perform(&mut self, operation: Operation) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Has the users of `load` work `target`, and returns every operation that was due after the warm-up.
///
/// All prepare their sessions first, then begin together. Meanwhile the error stream says how it stands: each second in
/// place on a terminal, every ten seconds in a log, and in a line each second where [`PROGRESS_VARIABLE`] asks for it.
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

/// [`drive`], which tells `begun` when the sessions are ready and the load begins.
///
/// # Errors
/// As there.
///
/// # Panics
/// A session panicked.
pub async fn drive_from<T: Target>(
    load: &Load,
    target: Arc<T>,
    begun: impl FnOnce(Instant),
) -> Result<Recording, LoadError> {
    load.check()?;
    let sessions = (0..load.users()).map(|user| prepared(load.deadline, target.session(user)));
    let (sessions, mix, live) = (join_all(sessions).await, target.mix(), Live::new(load));
    let origin = Instant::now();
    begun(origin);
    let work = begin(load, &mix, sessions, origin, &live);
    let samples = shown(work, &live, origin).await;
    Ok(Recording::new(load, mix, samples.into_iter().flatten().collect()))
}

/// What comes of `work`, while how it stands is shown.
async fn shown(work: JoinSet<Vec<Sample>>, live: &Live, origin: Instant) -> Vec<Vec<Sample>> {
    let progress = Progress::here();
    let samples = tokio::select! {
        samples = work.join_all() => samples,
        never = progress.follow(live, origin) => match never {},
    };
    progress.end();
    samples
}

/// The work of all `sessions`, which ends with what this returns.
fn begin<S: Session + 'static>(
    load: &Load,
    mix: &Arc<Mix>,
    sessions: Vec<S>,
    origin: Instant,
    live: &Arc<Live>,
) -> JoinSet<Vec<Sample>> {
    let mut work = JoinSet::new();
    match load.model {
        Model::Closed(population) => {
            for (number, session) in sessions.into_iter().enumerate() {
                let user = User::new(load, population, Arc::clone(mix), number, session);
                work.spawn(user.work(origin, Seen::new(live)));
            }
        }
        Model::Open(arrivals) => {
            let schedule = Schedule::new(arrivals, Arc::clone(mix), load.seed, load.length());
            let queue = Arc::new(Queue::new(schedule, origin));
            for session in sessions {
                let seen = Seen::new(live);
                work.spawn(open::serve(Arc::clone(&queue), session, origin, load.deadline, seen));
            }
        }
    }
    work
}

async fn prepared<S: Session>(deadline: Duration, mut session: S) -> S {
    // A session that is not ready in time opens its connections when an operation needs them.
    let _ = tokio::time::timeout(deadline, session.prepare()).await;
    session
}
