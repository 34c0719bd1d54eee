//! The engines that are servers: the user's, or a throwaway of ours, each with a namespace of its own for every
//! database.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::runtime::Runtime;

use super::engine::{Engine, Opened, Running, Storage};
use super::scratch::answer;
use crate::backend::database::{ClickHouse, Error, PoolOptions, Postgres, PreparedStatements};
use crate::bench::services::clickhouse::namespace;
use crate::bench::services::postgres::Namespace;
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
            let namespace = answer(Namespace::claim(&url).await);
            let database = Postgres::open(&url, namespace.name(), PoolOptions::default()).await;
            let database = Arc::new(answer(database));
            let statements = Some(Arc::clone(&database) as Arc<dyn PreparedStatements>);
            let storage = Box::new(Claimed { database: Arc::clone(&database), namespace });
            Opened { database, statements, storage }
        })
    }
}

/// A schema that is this process's for as long as it lives.
struct Claimed {
    database: Arc<Postgres>,
    #[expect(dead_code, reason = "held for the lock")]
    namespace: Namespace,
}

impl Storage for Claimed {
    fn remove(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.database.remove_schema()
    }
}

/// ClickHouse: `CLICKHOUSE_URL`, with `CLICKHOUSE_CLUSTER` on all nodes of a cluster; else a throwaway server.
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
    fn facts(&self) -> EngineFacts {
        self.service.facts().clone()
    }

    fn open(&self) -> BoxFuture<'static, Opened> {
        let (url, cluster) = (self.service.url().to_owned(), self.cluster.clone());
        Box::pin(async move {
            let database = Arc::new(answer(namespace::open(&url, cluster.as_deref()).await));
            let storage = Box::new(Arc::clone(&database));
            Opened { database, statements: None, storage }
        })
    }
}

impl Storage for Arc<ClickHouse> {
    fn remove(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.remove_database())
    }
}
