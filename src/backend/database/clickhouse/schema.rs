//! The marker, by which the databases of this program are known, and the migrations, whose version it has.

use std::sync::atomic::{AtomicBool, Ordering};

use super::client::ServerClient;
use super::ddl::{Ddl, MARKER, TABLES};
use crate::backend::database::{Error, now_us};

/// In the rows of versions.
const PROGRAM: &str = "backend-bench";

/// Before the name in the rows of signatures.
const SIGNED: &str = "signed by ";

/// The statements of each version. A new version is a new entry; those that were released stay as they are.
const MIGRATIONS: [fn(&Ddl) -> Vec<String>; 1] = [Ddl::create_events];

/// The version that this program creates.
const VERSION: usize = MIGRATIONS.len();

/// A database of this program, or one that [`migrate`] makes to it.
pub(super) struct OwnedDatabase {
    pub server: ServerClient,
    pub ddl: Ddl,
    /// Whether the marker of this program was found.
    pub checked: AtomicBool,
}

/// What is there before.
enum Found {
    /// No database, or one without tables.
    Nothing,
    /// A database of this program, migrated to a version, with tables that are not of this program.
    Ours {
        version: usize,
        foreign: Vec<String>,
    },
    Foreign {
        tables: Vec<String>,
    },
}

/// Creates what is missing. Every statement can be repeated, so that the next run continues after an interruption.
pub(super) async fn migrate(database: &OwnedDatabase) -> Result<(), Error> {
    let version = match find(database).await? {
        Found::Nothing => {
            run_all(database, &database.ddl.create_marker()).await?;
            0
        }
        Found::Ours { version, .. } if version > VERSION => return Err(newer(database, version)),
        Found::Ours { version, .. } => version,
        Found::Foreign { tables } => return Err(foreign(database, &tables)),
    };
    for (step, migration) in (1..).zip(MIGRATIONS).skip(version) {
        run_all(database, &migration(&database.ddl)).await?;
        mark(database, PROGRAM, step).await?;
    }
    database.checked.store(true, Ordering::Relaxed);
    Ok(())
}

/// Checks, once, that this program made what a query is about to touch.
pub(super) async fn check(database: &OwnedDatabase) -> Result<(), Error> {
    if database.checked.load(Ordering::Relaxed) {
        return Ok(());
    }
    match find(database).await? {
        Found::Ours { version: VERSION, .. } => database.checked.store(true, Ordering::Relaxed),
        Found::Ours { version, .. } if version > VERSION => return Err(newer(database, version)),
        Found::Ours { .. } | Found::Nothing => {
            return Err(unusable(database, "it is not migrated: call `migrate` first".to_owned()));
        }
        Found::Foreign { tables } => return Err(foreign(database, &tables)),
    }
    Ok(())
}

/// Removes the database, where this program made it and it holds nothing else.
pub(super) async fn remove(database: &OwnedDatabase) -> Result<(), Error> {
    match find(database).await? {
        Found::Nothing => return Ok(()),
        Found::Ours { foreign: tables, .. } if tables.is_empty() => {}
        Found::Ours { foreign: tables, .. } | Found::Foreign { tables } => {
            return Err(foreign(database, &tables));
        }
    }
    database.checked.store(false, Ordering::Relaxed);
    run_all(database, &[database.ddl.drop_database()]).await
}

async fn find(database: &OwnedDatabase) -> Result<Found, Error> {
    let query = "SELECT name FROM system.tables WHERE database = ? ORDER BY name";
    let query = database.server.query(query).bind(&database.ddl.database);
    let tables: Vec<String> = database.server.rows("listing tables", &query).await?;
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    if !has_marker(database).await? {
        return Ok(Found::Foreign { tables });
    }
    let foreign = tables.into_iter().filter(|table| !TABLES.contains(&table.as_str())).collect();
    Ok(Found::Ours { version: version(database).await?, foreign })
}

async fn version(database: &OwnedDatabase) -> Result<usize, Error> {
    let query = format!("SELECT max(version) FROM {} WHERE program = ?", database.ddl.table(MARKER));
    let query = database.server.query(&query).bind(PROGRAM);
    Ok(database.server.one::<u32>("reading the schema's version", &query).await? as usize)
}

/// Whether there is a table of the marker's name with the marker's columns.
async fn has_marker(database: &OwnedDatabase) -> Result<bool, Error> {
    let query = "SELECT count() FROM system.columns WHERE database = ? AND table = ? \
                 AND name IN ('program', 'version', 'made_us')";
    let query = database.server.query(query).bind(&database.ddl.database).bind(MARKER);
    Ok(database.server.one::<u64>("looking for the marker", &query).await? == 3)
}

/// Adds a row to the marker.
async fn mark(database: &OwnedDatabase, text: &str, version: usize) -> Result<(), Error> {
    let (marker, text) = (database.ddl.table(MARKER), text.replace('\\', "\\\\").replace('\'', "\\'"));
    run_all(database, &[format!("INSERT INTO {marker} VALUES ('{text}', {version}, {})", now_us())]).await
}

/// A row like those of versions, under another program's name, with version 0.
pub(super) async fn sign(database: &OwnedDatabase, user: &str) -> Result<(), Error> {
    check(database).await?;
    mark(database, &format!("{SIGNED}{user}"), 0).await
}

pub(super) async fn signatures(database: &OwnedDatabase) -> Result<Vec<String>, Error> {
    if !matches!(find(database).await?, Found::Ours { .. }) {
        return Ok(Vec::new());
    }
    let marker = database.ddl.table(MARKER);
    let query = format!("SELECT DISTINCT program FROM {marker} WHERE program LIKE '{SIGNED}%'");
    let rows: Vec<String> =
        database.server.rows("reading signatures", &database.server.query(&query)).await?;
    Ok(rows.iter().filter_map(|row| row.strip_prefix(SIGNED)).map(ToOwned::to_owned).collect())
}

async fn run_all(database: &OwnedDatabase, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        database.server.execute("changing the schema", statement).await?;
    }
    Ok(())
}

fn unusable(database: &OwnedDatabase, reason: String) -> Error {
    Error::Schema { place: database.server.place.clone(), reason }
}

fn newer(database: &OwnedDatabase, version: usize) -> Error {
    unusable(database, format!("it is version {version}, and this program knows {VERSION}"))
}

fn foreign(database: &OwnedDatabase, tables: &[String]) -> Error {
    unusable(database, format!("it has tables that this program did not make ({})", tables.join(", ")))
}
