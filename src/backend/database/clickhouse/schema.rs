//! The marker that says what is ours, and the migrations, which it counts.

use std::sync::atomic::Ordering;

use super::ClickHouse;
use super::dialect::Dialect;
use super::names::{MARKER, Names, OURS};
use super::server::one;
use crate::backend::database::{Error, now_us};

/// What the marker's rows say.
const PROGRAM: &str = "backend-bench";

/// What its rows of signatures say before the name.
const SIGNED: &str = "signed by ";

/// The statements of each version. A new version is a new line; those that were released stay as they are.
const MIGRATIONS: [fn(&Names, Dialect) -> Vec<String>; 1] = [Names::create_events];

/// The version that this program makes.
const VERSION: usize = MIGRATIONS.len();

/// What is there before.
enum Found {
    /// No database, or one without tables.
    Nothing,
    /// Ours, migrated to a version, with these tables beside our own.
    Ours {
        version: usize,
        strangers: Vec<String>,
    },
    Foreign {
        tables: Vec<String>,
    },
}

/// Makes what is missing. Every statement can be repeated, so that one that broke off is continued the next time.
pub(super) async fn migrate(database: &ClickHouse) -> Result<(), Error> {
    let version = match look(database).await? {
        Found::Nothing => {
            run_all(database, &database.names.create_marker()).await?;
            0
        }
        Found::Ours { version, .. } if version > VERSION => return Err(newer(database, version)),
        Found::Ours { version, .. } => version,
        Found::Foreign { tables } => return Err(foreign(database, &tables)),
    };
    for (step, migration) in (1..).zip(MIGRATIONS).skip(version) {
        run_all(database, &migration(&database.names, database.server.dialect)).await?;
        stamp(database, step).await?;
    }
    database.checked.store(true, Ordering::Relaxed);
    Ok(())
}

/// Makes sure, once, that what a query is about to touch was made by this program.
pub(super) async fn check(database: &ClickHouse) -> Result<(), Error> {
    if database.checked.load(Ordering::Relaxed) {
        return Ok(());
    }
    match look(database).await? {
        Found::Ours { version: VERSION, .. } => database.checked.store(true, Ordering::Relaxed),
        Found::Ours { version, .. } if version > VERSION => return Err(newer(database, version)),
        Found::Ours { .. } | Found::Nothing => {
            return Err(database.unusable("it is not migrated: call `migrate` first".to_owned()));
        }
        Found::Foreign { tables } => return Err(foreign(database, &tables)),
    }
    Ok(())
}

/// Removes the database, where it is ours and holds nothing else.
pub(super) async fn remove(database: &ClickHouse) -> Result<(), Error> {
    match look(database).await? {
        Found::Nothing => return Ok(()),
        Found::Ours { strangers, .. } if strangers.is_empty() => {}
        Found::Ours { strangers: tables, .. } | Found::Foreign { tables } => {
            return Err(foreign(database, &tables));
        }
    }
    database.checked.store(false, Ordering::Relaxed);
    run_all(database, &[database.names.remove(database.server.dialect)]).await
}

async fn look(database: &ClickHouse) -> Result<Found, Error> {
    let tables = tables(database).await?;
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    if !tables.iter().any(|table| table == MARKER) || !is_marker(database).await? {
        return Ok(Found::Foreign { tables });
    }
    let version = version(database).await?;
    let strangers = tables.into_iter().filter(|table| !OURS.contains(&table.as_str())).collect();
    Ok(Found::Ours { version, strangers })
}

async fn tables(database: &ClickHouse) -> Result<Vec<String>, Error> {
    let name = &database.names.database;
    let query = "SELECT name FROM system.tables WHERE database = ? ORDER BY name";
    database
        .server
        .read("looking for tables", |client| client.query(query).bind(name).fetch_all::<String>())
        .await
}

/// Whether the table of that name has our columns.
async fn is_marker(database: &ClickHouse) -> Result<bool, Error> {
    let name = &database.names.database;
    let query = "SELECT count() FROM system.columns WHERE database = ? AND table = ? \
                 AND name IN ('program', 'version', 'made_us')";
    let columns = |client: &clickhouse::Client| one::<u64>(client.query(query).bind(name).bind(MARKER));
    Ok(database.server.read("looking at the marker", columns).await? == 3)
}

async fn version(database: &ClickHouse) -> Result<usize, Error> {
    let marker = database.names.table(MARKER);
    let query = format!("SELECT max(version) FROM {marker} WHERE program = ?");
    let version = |client: &clickhouse::Client| one::<u32>(client.query(&query).bind(PROGRAM));
    Ok(database.server.read("reading the schema's version", version).await? as usize)
}

async fn stamp(database: &ClickHouse, version: usize) -> Result<(), Error> {
    let marker = database.names.table(MARKER);
    run_all(database, &[format!("INSERT INTO {marker} VALUES ('{PROGRAM}', {version}, {})", now_us())]).await
}

/// A row like those of versions, under another program's name, with version 0.
pub(super) async fn sign(database: &ClickHouse, user: &str) -> Result<(), Error> {
    check(database).await?;
    let marker = database.names.table(MARKER);
    let name = user.replace('\\', "\\\\").replace('\'', "\\'");
    run_all(database, &[format!("INSERT INTO {marker} VALUES ('{SIGNED}{name}', 0, {})", now_us())]).await
}

pub(super) async fn signatures(database: &ClickHouse) -> Result<Vec<String>, Error> {
    if !matches!(look(database).await?, Found::Ours { .. }) {
        return Ok(Vec::new());
    }
    let marker = database.names.table(MARKER);
    let query = format!("SELECT DISTINCT program FROM {marker} WHERE program LIKE '{SIGNED}%'");
    let all = |client: &clickhouse::Client| client.query(&query).fetch_all::<String>();
    let signed = database.server.read("reading signatures", all).await?;
    Ok(signed.iter().filter_map(|row| row.strip_prefix(SIGNED)).map(ToOwned::to_owned).collect())
}

async fn run_all(database: &ClickHouse, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        let run = |client: &clickhouse::Client| client.query_raw(statement).execute();
        database.server.write("changing the schema", run).await?;
    }
    Ok(())
}

fn newer(database: &ClickHouse, version: usize) -> Error {
    database.unusable(format!("it is version {version}, and this program knows {VERSION}"))
}

fn foreign(database: &ClickHouse, tables: &[String]) -> Error {
    database.unusable(format!("it has tables that this program did not make ({})", tables.join(", ")))
}
