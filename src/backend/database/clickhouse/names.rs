//! The names of what is ours, and the statements that make and remove it.

use super::dialect::Dialect;
use crate::backend::database::Error;

/// The table whose presence says that a database is ours.
pub(super) const MARKER: &str = "backend_bench_marker";

/// The table that every query names: of rows, or on a cluster of the shards that hold them.
pub(super) const EVENTS: &str = "events";

/// The rows of one shard.
pub(super) const SHARD: &str = "events_of_shard";

/// Every table that a migration may have made.
pub(super) const OURS: [&str; 3] = [MARKER, EVENTS, SHARD];

/// Databases of the server itself.
const RESERVED: [&str; 3] = ["default", "information_schema", "system"];

/// A database, and the cluster that it is on.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub database: String,
    pub cluster: Option<String>,
}

impl Names {
    /// Both names checked, so that they can stand in statements and in paths of Keeper.
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
            Some(cluster) if !plain(&cluster.replace('-', "_")) => Err(unusable(
                "cluster",
                cluster,
                "name one of `system.clusters`: letters, digits, `_` and `-`",
            )),
            _ => Ok(Self { database: database.to_owned(), cluster: cluster.map(ToOwned::to_owned) }),
        }
    }

    pub fn table(&self, table: &str) -> String {
        format!("`{}`.`{table}`", self.database)
    }

    /// Where the statements of a cluster run.
    fn everywhere(&self) -> String {
        self.cluster.as_ref().map(|cluster| format!(" ON CLUSTER `{cluster}`")).unwrap_or_default()
    }

    /// Makes the database and the marker, which all nodes of a cluster share.
    pub fn create_marker(&self) -> Vec<String> {
        let everywhere = self.everywhere();
        let engine = self.merge_tree("marker", "{shard}-{replica}");
        let marker = self.table(MARKER);
        vec![
            format!("CREATE DATABASE IF NOT EXISTS `{}`{everywhere}", self.database),
            format!(
                "CREATE TABLE IF NOT EXISTS {marker}{everywhere} \
                 (program String, version UInt32, made_us Int64) ENGINE = {engine} ORDER BY version"
            ),
        ]
    }

    /// Makes the table of events.
    ///
    /// Rows are ordered by id: each lookup reads one granule, whose size bounds its cost whatever the table's. Ids
    /// rise with time, so that the least and the greatest time of each granule say which ones a range needs.
    pub fn create_events(&self, dialect: Dialect) -> Vec<String> {
        let (word, by_time) = match dialect {
            Dialect::Classic => ("String", ""),
            Dialect::Modern => {
                ("LowCardinality(String)", ", INDEX events_by_time at_us TYPE minmax GRANULARITY 1")
            }
        };
        let columns = format!(
            "(id Int64, thread_id Int64, workload {word}, model {word}, input_tokens Int64, output_tokens Int64, \
             latency_ms Float64, cost_usd Float64, payload String, at_us Int64{by_time})"
        );
        let engine = self.merge_tree("{shard}/events", "{replica}");
        let ordered = format!("{columns} ENGINE = {engine} ORDER BY id SETTINGS index_granularity = 256");
        let everywhere = self.everywhere();
        let create = |table| format!("CREATE TABLE IF NOT EXISTS {}{everywhere}", self.table(table));
        match &self.cluster {
            None => vec![format!("{} {ordered}", create(EVENTS))],
            Some(cluster) => vec![
                format!("{} {ordered}", create(SHARD)),
                format!(
                    "{} AS {} ENGINE = Distributed(`{cluster}`, `{}`, `{SHARD}`, id)",
                    create(EVENTS),
                    self.table(SHARD),
                    self.database
                ),
            ],
        }
    }

    /// `{shard}` and `{replica}` are macros of each server's configuration.
    fn merge_tree(&self, path: &str, replica: &str) -> String {
        match self.cluster {
            None => "MergeTree".to_owned(),
            Some(_) => format!(
                "ReplicatedMergeTree('/clickhouse/backend_bench/{}/{path}', '{replica}')",
                self.database
            ),
        }
    }

    /// Removes every event, on every shard.
    ///
    /// 18.16 locks a replicated table that is truncated, and then waits for its own clean-up of old parts, which waits
    /// for that lock. All parts are in one partition, and it drops that without the lock.
    pub fn clear_events(&self, dialect: Dialect) -> String {
        let clustered = self.cluster.is_some();
        let (table, everywhere) = (self.table(if clustered { SHARD } else { EVENTS }), self.everywhere());
        if clustered && dialect == Dialect::Classic {
            format!("ALTER TABLE {table}{everywhere} DROP PARTITION tuple()")
        } else {
            format!("TRUNCATE TABLE {table}{everywhere}")
        }
    }

    /// Removes the database. On a cluster it waits for that, or the paths in Keeper would still be taken.
    pub fn remove(&self, dialect: Dialect) -> String {
        let wait = if dialect == Dialect::Modern { " SYNC" } else { "" };
        format!("DROP DATABASE IF EXISTS `{}`{}{wait}", self.database, self.everywhere())
    }
}

fn unusable(what: &str, name: &str, remedy: &'static str) -> Error {
    Error::Open {
        place: format!("the {what} `{name}`"),
        reason: "its name cannot be used".to_owned(),
        remedy,
    }
}
