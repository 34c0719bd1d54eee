//! What a load is sent to: implemented by each API or part that is loaded.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::mix::{Mix, Operation};
use super::outcome::Failure;

/// Something that users can send operations to.
pub trait Target: Send + Sync + 'static {
    /// One user's side of it.
    type Session: UserSession + 'static;

    /// What its users do, and how often.
    fn mix(&self) -> Arc<Mix>;

    /// The session of the user with this number. Connections may be opened later.
    fn session(&self, user: usize) -> Self::Session;
}

/// One user's connections, and what the user does over them.
pub trait UserSession: Send {
    /// Opens what can be opened before the first operation. What fails here is tried again by the operation that
    /// needs it, and counted there.
    fn prepare(&mut self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Waits until `operation` may begin, where something beside the server decides that, such as a cap on the rate of
    /// requests. In the closed model this wait is no part of the latency, as a thought is none. In the open model, whose
    /// operations are due by the clock, it is.
    fn admitted(&mut self, operation: Operation) -> impl Future<Output = ()> + Send {
        let _ = operation;
        std::future::ready(())
    }

    /// Does one operation of the target's mix and checks its answer. May be dropped halfway, at the deadline; the
    /// session is then used on.
    fn perform(&mut self, operation: Operation) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The sessions of so many users, prepared. One that is not ready by the deadline opens its connections when an operation
/// needs them.
pub(super) async fn sessions<T: Target>(target: &T, users: usize, deadline: Duration) -> Vec<T::Session> {
    let prepared = |user| async move {
        let mut session = target.session(user);
        let _ = timeout(deadline, session.prepare()).await;
        session
    };
    join_all((0..users).map(prepared)).await
}
