//! The engines that are servers: the user's, or a throwaway of ours, each with a namespace of its own for every
//! database.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::runtime::Runtime;

use super::engine::{Engine, Opened, Running, Storage};
use super::scratch::answer;
use crate::backend::database::{Error, PoolOptions, Postgres, PreparedStatements};
use crate::bench::services::{self, EngineFacts, Service, StartError};

/// PostgreSQL: `DATABASE_URL`, else a throwaway server.
pub struct PostgresServer;

impl Engine for PostgresServer {
    fn name(&self) -> &'static str {
        "postgres"
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
    fn facts(&self) -> EngineFacts {
        self.0.facts().clone()
    }

    fn open(&self) -> BoxFuture<'static, Opened> {
        let url = self.0.url().to_owned();
        Box::pin(async move {
            let database = Postgres::open(&url, &namespace(), PoolOptions::default()).await;
            let database = Arc::new(answer(database));
            let statements = Some(Arc::clone(&database) as Arc<dyn PreparedStatements>);
            let storage = Box::new(Arc::clone(&database));
            Opened { database, statements, storage }
        })
    }
}

impl Storage for Arc<Postgres> {
    fn remove(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.remove_schema()
    }
}

/// A name that nobody else has: of a schema in PostgreSQL, of a database in ClickHouse.
fn namespace() -> String {
    format!("backend_bench_{:016x}", rand::random::<u64>())
}
