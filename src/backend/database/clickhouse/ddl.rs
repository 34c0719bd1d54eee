//! The names of the tables and the statements that create, empty and remove them, on one server or on a cluster.

use crate::backend::database::Error;

/// The table whose presence says that this program made the database.
pub(super) const MARKER: &str = "backend_bench_marker";

/// The table that every query names. On a cluster it distributes over [`SHARD`].
pub(super) const EVENTS: &str = "events";

/// The rows of one shard of a cluster.
pub(super) const SHARD: &str = "events_of_shard";

/// Every table that a migration may have made.
pub(super) const TABLES: [&str; 3] = [MARKER, EVENTS, SHARD];

/// Databases of the server itself.
const RESERVED: [&str; 3] = ["default", "information_schema", "system"];

/// A database, and the cluster that it is on.
#[derive(Debug, Clone)]
pub(super) struct Ddl {
    pub database: String,
    pub cluster: Option<String>,
}

impl Ddl {
    /// Accepts names that need no escape in statements and in paths of Keeper.
    pub fn new(database: &str, cluster: Option<&str>) -> Result<Self, Error> {
        let plain = |name: &str| {
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            !name.is_empty() && name.len() <= 63 && name.chars().all(allowed)
        };
        let reserved = RESERVED.iter().any(|name| database.eq_ignore_ascii_case(name));
        if reserved || !plain(database) {
            let remedy =
                "name a database of its own: letters, digits and `_`, at most 63, and not the server's";
            return Err(unusable("database", database, remedy));
        }
        match cluster {
            Some(cluster) if !plain(&cluster.replace('-', "_")) => {
                let remedy = "name one of `system.clusters`: letters, digits, `_` and `-`";
                Err(unusable("cluster", cluster, remedy))
            }
            _ => Ok(Self { database: database.to_owned(), cluster: cluster.map(ToOwned::to_owned) }),
        }
    }

    pub fn table(&self, table: &str) -> String {
        format!("`{}`.`{table}`", self.database)
    }

    fn on_cluster(&self) -> String {
        self.cluster.as_ref().map(|cluster| format!(" ON CLUSTER `{cluster}`")).unwrap_or_default()
    }

    fn create(&self, table: &str) -> String {
        format!("CREATE TABLE IF NOT EXISTS {}{}", self.table(table), self.on_cluster())
    }

    /// `{shard}` and `{replica}` are macros of each server's configuration.
    fn merge_tree(&self, path: &str, replica: &str) -> String {
        let replicated = |_| {
            let database = &self.database;
            format!("ReplicatedMergeTree('/clickhouse/backend_bench/{database}/{path}', '{replica}')")
        };
        self.cluster.as_ref().map_or_else(|| "MergeTree".to_owned(), replicated)
    }

    /// Creates the database and the marker, which all nodes of a cluster share.
    pub(crate) fn create_marker(&self) -> Vec<String> {
        let (columns, engine) = (
            "(program String, version UInt32, made_us Int64)",
            self.merge_tree("marker", "{shard}-{replica}"),
        );
        vec![
            format!("CREATE DATABASE IF NOT EXISTS `{}`{}", self.database, self.on_cluster()),
            format!("{} {columns} ENGINE = {engine} ORDER BY version", self.create(MARKER)),
        ]
    }

    /// Creates the table of events.
    ///
    /// Rows are ordered by id, so that a lookup reads one granule. Ids rise with time, so the least and the greatest
    /// time of each granule are enough to choose the granules of a range.
    pub(crate) fn create_events(&self) -> Vec<String> {
        let columns = "(id Int64, thread_id Int64, workload LowCardinality(String), model LowCardinality(String), \
                       input_tokens Int64, output_tokens Int64, latency_ms Float64, cost_usd Float64, \
                       payload String, at_us Int64, INDEX events_by_time at_us TYPE minmax GRANULARITY 1)";
        let engine = self.merge_tree("{shard}/events", "{replica}");
        let stored = format!("{columns} ENGINE = {engine} ORDER BY id SETTINGS index_granularity = 256");
        let Some(cluster) = &self.cluster else { return vec![format!("{} {stored}", self.create(EVENTS))] };
        let distributed = format!("Distributed(`{cluster}`, `{}`, `{SHARD}`, id)", self.database);
        vec![
            format!("{} {stored}", self.create(SHARD)),
            format!("{} AS {} ENGINE = {distributed}", self.create(EVENTS), self.table(SHARD)),
        ]
    }

    /// Removes every event, on every shard.
    pub(crate) fn truncate_events(&self) -> String {
        let table = if self.cluster.is_some() { SHARD } else { EVENTS };
        format!("TRUNCATE TABLE {}{}", self.table(table), self.on_cluster())
    }

    /// Removes the database. `SYNC` waits until the replicas' paths in Keeper are free again.
    pub(crate) fn drop_database(&self) -> String {
        format!("DROP DATABASE IF EXISTS `{}`{} SYNC", self.database, self.on_cluster())
    }
}

fn unusable(kind: &str, name: &str, remedy: &'static str) -> Error {
    Error::Open {
        place: format!("the {kind} `{name}`"),
        reason: "its name cannot be used".to_owned(),
        remedy,
    }
}
