//! Engines that the group can run on.

use std::any::Any;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::runtime::Runtime;

use super::scratch::answer;
use crate::backend::database::{Database, Error, PoolOptions, PreparedStatements, Sqlite};
use crate::bench::services::{EngineFacts, StartError};

/// An engine that may be had here, or not.
pub trait Engine {
    /// The name in the benchmarks' ids.
    fn name(&self) -> &'static str;

    /// Makes it ready: finds it, or starts its server. Called when the first benchmark of it runs, outside of `runtime`.
    ///
    /// # Errors
    /// It is not to be had, or does not work.
    fn start(&self, runtime: &Runtime) -> Result<Box<dyn Running>, StartError>;

    /// Whether it keeps statements prepared, and so has a [`Opened::statements`] to measure.
    fn prepares_statements(&self) -> bool {
        false
    }

    /// Whether it is made to take events in while it adds them up.
    fn is_analytical(&self) -> bool {
        false
    }
}

/// An engine that is there. Where it is a server of ours, it ends when this is dropped.
pub trait Running {
    /// What reports say of it.
    fn facts(&self) -> EngineFacts;

    /// An empty database of its own, without a schema yet.
    ///
    /// # Panics
    /// There is none to be had: a benchmark that cannot run has failed.
    fn open(&self) -> BoxFuture<'static, Opened>;
}

/// An open database, with what removes it.
pub struct Opened {
    /// The database.
    pub database: Arc<dyn Database>,
    /// The same, where it keeps statements prepared.
    pub statements: Option<Arc<dyn PreparedStatements>>,
    /// What it is stored in: dropped when the database is closed.
    pub storage: Box<dyn Storage>,
}

/// What an open database is stored in.
pub trait Storage: Any {
    /// Removes what the database stores, while it is open still; does nothing where dropping this does it.
    fn remove(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}

impl Storage for tempfile::TempDir {}

/// SQLite, on files of its own in the folder for temporary files.
pub struct SqliteFiles;

struct Files {
    version: String,
}

impl Engine for SqliteFiles {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn start(&self, runtime: &Runtime) -> Result<Box<dyn Running>, StartError> {
        let version = runtime.block_on(async {
            let opened = open_file().await;
            let version = answer(opened.database.version().await);
            answer(opened.database.close().await);
            version
        });
        Ok(Box::new(Files { version }))
    }

    fn prepares_statements(&self) -> bool {
        true
    }
}

impl Running for Files {
    fn facts(&self) -> EngineFacts {
        let major = self.version.split('.').next().unwrap_or_default().to_owned();
        EngineFacts {
            name: "sqlite".to_owned(),
            version: self.version.clone(),
            major,
            origin: "in this process, on a temporary file".to_owned(),
            settings: vec!["WAL".to_owned(), "synchronous NORMAL".to_owned()],
        }
    }

    fn open(&self) -> BoxFuture<'static, Opened> {
        Box::pin(open_file())
    }
}

/// A database that goes with its folder.
async fn open_file() -> Opened {
    let folder = tempfile::tempdir()
        .unwrap_or_else(|error| panic!("no temporary folder ({error}): set TMPDIR to a writable one"));
    let database = Sqlite::open(&folder.path().join("bench.db"), PoolOptions::default()).await;
    let database = Arc::new(answer(database));
    let statements = Some(Arc::clone(&database) as Arc<dyn PreparedStatements>);
    Opened { database, statements, storage: Box::new(folder) }
}
