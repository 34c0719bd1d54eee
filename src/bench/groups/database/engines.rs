//! Engines that the group can run on: an embedded one, and servers, which are the user's or ephemeral ones of ours.
//!
//! On a server, each database has a namespace of its own.

use std::sync::Arc;

use bench_gate::metadata;
use futures_util::future::BoxFuture;
use tokio::runtime::Runtime;

use crate::backend::database::{Database, Error, PoolOptions, Postgres, PreparedStatements, Sqlite};
use crate::bench::services::postgres::Namespace;
use crate::bench::services::{self, Service, StartError};

/// An engine that may be available here, or not.
pub trait Engine {
    /// The name in the benchmarks' ids.
    fn name(&self) -> &'static str;

    /// Finds it or starts its server. Called when the first benchmark of it runs, outside of `runtime`.
    ///
    /// # Errors
    /// It is not available, or does not work.
    fn start(&self, runtime: &Runtime) -> Result<Box<dyn Running>, StartError>;

    /// Whether it keeps statements prepared, and so has a [`Opened::statements`] to measure.
    fn prepares_statements(&self) -> bool {
        false
    }

    /// Whether it is made for aggregates over events that keep coming in.
    fn is_analytical(&self) -> bool {
        false
    }
}

/// An available engine. An ephemeral server ends when this is dropped.
pub trait Running {
    /// What reports say of it.
    fn metadata(&self) -> metadata::Engine;

    /// An empty database of its own, without a schema yet.
    ///
    /// # Panics
    /// It cannot be opened: a benchmark that cannot run has failed.
    fn open(&self) -> BoxFuture<'static, Opened>;
}

/// Removes what a database stores, and closes its pool.
pub type Remove = Box<dyn FnOnce() -> BoxFuture<'static, Result<(), Error>>>;

/// An open database.
pub struct Opened {
    /// The database.
    pub database: Arc<dyn Database>,
    /// The same, if it keeps statements prepared.
    pub statements: Option<Arc<dyn PreparedStatements>>,
    /// To be called once it is no longer used.
    pub remove: Remove,
}

/// The value, or the end of the benchmark with the error's own message.
pub(super) fn expect_ok<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// SQLite, on files of its own in the folder for temporary files.
pub struct SqliteFiles;

struct SqliteRunning {
    version: String,
}

impl Engine for SqliteFiles {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn start(&self, runtime: &Runtime) -> Result<Box<dyn Running>, StartError> {
        let version = runtime.block_on(async {
            let opened = open_file().await;
            let version = expect_ok(opened.database.version().await);
            expect_ok((opened.remove)().await);
            version
        });
        Ok(Box::new(SqliteRunning { version }))
    }

    fn prepares_statements(&self) -> bool {
        true
    }
}

impl Running for SqliteRunning {
    fn metadata(&self) -> metadata::Engine {
        metadata::Engine {
            name: "sqlite".to_owned(),
            version: self.version.clone(),
            major: self.version.split('.').next().unwrap_or_default().to_owned(),
            origin: "in this process, on a temporary file".to_owned(),
            settings: vec!["WAL".to_owned(), "synchronous NORMAL".to_owned()],
        }
    }

    fn open(&self) -> BoxFuture<'static, Opened> {
        Box::pin(open_file())
    }
}

async fn open_file() -> Opened {
    let folder = tempfile::tempdir()
        .unwrap_or_else(|error| panic!("no temporary folder ({error}): set TMPDIR to a writable one"));
    let opened = Sqlite::open(&folder.path().join("bench.db"), PoolOptions::default()).await;
    let database = Arc::new(expect_ok(opened));
    let (statements, closed) = (Arc::clone(&database), Arc::clone(&database));
    let remove: Remove = Box::new(move || {
        Box::pin(async move {
            // Its threads would write to the folder while it is being removed.
            closed.close().await?;
            drop(folder);
            Ok(())
        })
    });
    Opened { database, statements: Some(statements), remove }
}

/// PostgreSQL: `DATABASE_URL`, else an ephemeral server.
pub struct PostgresServer;

impl Engine for PostgresServer {
    fn name(&self) -> &'static str {
        services::postgres::ENGINE
    }

    fn start(&self, _: &Runtime) -> Result<Box<dyn Running>, StartError> {
        Ok(Box::new(PostgresRunning(services::postgres::start()?)))
    }

    fn prepares_statements(&self) -> bool {
        true
    }
}

struct PostgresRunning(Service);

impl Running for PostgresRunning {
    fn metadata(&self) -> metadata::Engine {
        self.0.metadata().clone()
    }

    fn open(&self) -> BoxFuture<'static, Opened> {
        let url = self.0.url().to_owned();
        Box::pin(async move {
            let namespace = expect_ok(Namespace::claim(&url).await);
            let opened = Postgres::open(&url, namespace.name(), PoolOptions::default()).await;
            let database = Arc::new(expect_ok(opened));
            let (statements, removed) = (Arc::clone(&database), Arc::clone(&database));
            let remove: Remove = Box::new(move || {
                Box::pin(async move {
                    let done = removed.remove_schema().await;
                    removed.close().await?;
                    // Until here its lock says that the schema is in use.
                    drop(namespace);
                    done
                })
            });
            Opened { database, statements: Some(statements), remove }
        })
    }
}

/// ClickHouse: `CLICKHOUSE_URL`, with `CLICKHOUSE_CLUSTER` on all nodes of a cluster; else an ephemeral server.
pub struct ClickHouseServer;

impl Engine for ClickHouseServer {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn start(&self, _: &Runtime) -> Result<Box<dyn Running>, StartError> {
        let service = services::clickhouse::start()?;
        Ok(Box::new(ClickHouseRunning { service, cluster: services::clickhouse::cluster() }))
    }

    fn is_analytical(&self) -> bool {
        true
    }
}

struct ClickHouseRunning {
    service: Service,
    cluster: Option<String>,
}

impl Running for ClickHouseRunning {
    fn metadata(&self) -> metadata::Engine {
        self.service.metadata().clone()
    }

    fn open(&self) -> BoxFuture<'static, Opened> {
        let (url, cluster) = (self.service.url().to_owned(), self.cluster.clone());
        Box::pin(async move {
            let database =
                Arc::new(expect_ok(services::clickhouse::open_namespace(&url, cluster.as_deref()).await));
            let removed = Arc::clone(&database);
            let remove: Remove = Box::new(move || {
                Box::pin(async move {
                    let done = removed.remove_database().await;
                    removed.close().await?;
                    done
                })
            });
            Opened { database, statements: None, remove }
        })
    }
}
