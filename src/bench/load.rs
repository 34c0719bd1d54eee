//! The load driver: simulated users who work an API and note how long each operation took.
//!
//! The model is closed: each of N users does one operation, thinks, and does the next, so a slow server is asked
//! less often (an open model, with arrivals at a rate of their own, would keep asking). Each operation has a
//! deadline, so a server that never answers makes failures and no hang. A failed operation counts with the deadline
//! as its latency: nobody's failure makes a number better.
//!
//! Users are seeded: the same seed gives each user the same operations and the same thoughts between them.
//!
//! ```text
//! Population -> User x N -> Session (one user's connections to a Target) -> Sample, Sample, … -> Recording
//! ```

mod api;
mod chat;
mod mix;
mod open_files;
mod outcome;
mod recording;
mod user;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

pub use api::{ApiSession, ApiTarget, TargetError};
pub use mix::{Operation, SEED_MIX};
pub use open_files::raise_open_files;
pub use outcome::{ErrorKind, Failure, Sample};
pub use recording::{Recording, Stretch};

use self::user::User;

/// A population of simulated users, and how they work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Population {
    /// How many users there are.
    pub users: usize,
    /// The mean of the time between a user's operations, which is exponentially distributed.
    pub think: Duration,
    /// How long operations are begun. Those under way at the end are waited for, up to their deadline.
    pub duration: Duration,
    /// The longest an operation may take.
    pub deadline: Duration,
    /// The seed of what users do and think.
    pub seed: u64,
}

/// Something that users can work.
pub trait Target: Send + Sync + 'static {
    /// One user's side of it.
    type Session: Session;

    /// The session of the user with this number. Connections may be opened later.
    fn session(&self, user: usize) -> Self::Session;
}

/// One user's connections, and what the user does over them.
pub trait Session: Send {
    /// Opens what can be opened before the first operation. What fails here is tried again by the operation that
    /// needs it, and counted there.
    fn prepare(&mut self) -> impl Future<Output = ()> + Send;

    /// Does one operation and checks its answer. May be dropped halfway, at the deadline; the session is then used on.
    fn perform(&mut self, operation: Operation) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Has `population` work `target`, and returns every operation begun in its time.
///
/// All users prepare their sessions first, then begin together, each with a thought.
///
/// # Panics
/// A session panicked.
pub async fn closed<T: Target>(population: Population, target: Arc<T>) -> Recording {
    let sessions = (0..population.users).map(|user| prepared(population.deadline, target.session(user)));
    let sessions = join_all(sessions).await;
    let origin = Instant::now();
    let user = |(number, session)| {
        tokio::spawn(User::new(&population, number, session).work(origin, population.duration))
    };
    let work = join_all(sessions.into_iter().enumerate().map(user)).await;
    let samples = work.into_iter().flat_map(|samples| samples.expect("a simulated user does not panic"));
    Recording::new(population.duration, population.deadline, samples.collect())
}

async fn prepared<S: Session>(deadline: Duration, mut session: S) -> S {
    // A session that is not ready in time opens its connections when an operation needs them.
    let _ = tokio::time::timeout(deadline, session.prepare()).await;
    session
}
