//! The trait of all faults.

use std::path::Path;
use std::sync::Arc;

use bench_gate::metadata::Engine;

use crate::backend::database::{Conversations, Database, PoolOptions, Sqlite, corpus};
use crate::bench::Platform;
use crate::bench::platform::{PlatformError, SEED};

/// Events in the database that users query.
const EVENTS: usize = 10_000;

/// Why a fault cannot be injected on this machine.
#[derive(Debug)]
pub(super) struct Unavailable {
    pub reason: String,
    /// The one command that changes it.
    pub remedy: String,
}

/// A fault of one part of a platform.
pub(super) trait Fault: Sized {
    /// Its name in ids.
    const NAME: &'static str;

    /// The engine that it needs, where that is one that a machine may lack.
    const ENGINE: Option<&'static str> = None;

    /// What it needs before there is a platform.
    async fn prepare() -> Result<Self, Unavailable>;

    /// The filled database of the platform, whose file would be `file`.
    async fn database(&self, file: &Path) -> Result<Arc<dyn Conversations>, PlatformError> {
        let database = Sqlite::open(file, PoolOptions::default()).await?;
        fill(&database).await?;
        Ok(Arc::new(database))
    }

    /// Called when the platform has started, on its runtime.
    fn started(&mut self, _: &Platform) {}

    /// The server that the fault is about, where it is one.
    fn engine(&self) -> Option<&Engine> {
        None
    }

    /// Breaks its part.
    async fn inject(&mut self, platform: &Platform);

    /// Makes its part work again.
    async fn heal(&mut self, platform: &Platform);

    /// A count that the fault raises while it lasts.
    fn trace(&self, platform: &Platform) -> u64;

    /// Ends what uses the platform, before that ends.
    fn release(&mut self) {}

    /// Removes what is left, when the platform has ended.
    async fn clean_up(&mut self) {}
}

pub(super) async fn fill(database: &dyn Database) -> Result<(), PlatformError> {
    database.migrate().await?;
    corpus::load(database, SEED, EVENTS).await?;
    Ok(())
}
