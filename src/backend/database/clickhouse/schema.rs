//! The marker, by which the databases of this program are known, and the migrations, whose version it has.

use std::sync::atomic::{AtomicBool, Ordering};

use super::client::BoundedClient;
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

/// A database on a server.
pub(super) struct Schema {
    pub server: BoundedClient,
    pub ddl: Ddl,
    /// Whether the marker was found.
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
pub(super) async fn migrate(schema: &Schema) -> Result<(), Error> {
    let version = match find(schema).await? {
        Found::Nothing => {
            run_all(schema, &schema.ddl.create_marker()).await?;
            0
        }
        Found::Ours { version, .. } if version > VERSION => return Err(newer(schema, version)),
        Found::Ours { version, .. } => version,
        Found::Foreign { tables } => return Err(foreign(schema, &tables)),
    };
    for (step, migration) in (1..).zip(MIGRATIONS).skip(version) {
        run_all(schema, &migration(&schema.ddl)).await?;
        mark(schema, PROGRAM, step).await?;
    }
    schema.checked.store(true, Ordering::Relaxed);
    Ok(())
}

/// Checks, once, that this program made what a query is about to touch.
pub(super) async fn check(schema: &Schema) -> Result<(), Error> {
    if schema.checked.load(Ordering::Relaxed) {
        return Ok(());
    }
    match find(schema).await? {
        Found::Ours { version: VERSION, .. } => schema.checked.store(true, Ordering::Relaxed),
        Found::Ours { version, .. } if version > VERSION => return Err(newer(schema, version)),
        Found::Ours { .. } | Found::Nothing => {
            return Err(unusable(schema, "it is not migrated: call `migrate` first".to_owned()));
        }
        Found::Foreign { tables } => return Err(foreign(schema, &tables)),
    }
    Ok(())
}

/// Removes the database, where this program made it and it holds nothing else.
pub(super) async fn remove(schema: &Schema) -> Result<(), Error> {
    match find(schema).await? {
        Found::Nothing => return Ok(()),
        Found::Ours { foreign: tables, .. } if tables.is_empty() => {}
        Found::Ours { foreign: tables, .. } | Found::Foreign { tables } => {
            return Err(foreign(schema, &tables));
        }
    }
    schema.checked.store(false, Ordering::Relaxed);
    run_all(schema, &[schema.ddl.drop_database()]).await
}

async fn find(schema: &Schema) -> Result<Found, Error> {
    let query = "SELECT name FROM system.tables WHERE database = ? ORDER BY name";
    let query = schema.server.query(query).bind(&schema.ddl.database);
    let tables: Vec<String> = schema.server.rows("listing tables", &query).await?;
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    if !has_marker(schema).await? {
        return Ok(Found::Foreign { tables });
    }
    let foreign = tables.into_iter().filter(|table| !TABLES.contains(&table.as_str())).collect();
    Ok(Found::Ours { version: version(schema).await?, foreign })
}

async fn version(schema: &Schema) -> Result<usize, Error> {
    let query = format!("SELECT max(version) FROM {} WHERE program = ?", schema.ddl.table(MARKER));
    let query = schema.server.query(&query).bind(PROGRAM);
    Ok(schema.server.one::<u32>("reading the schema's version", &query).await? as usize)
}

/// Whether there is a table of the marker's name with the marker's columns.
async fn has_marker(schema: &Schema) -> Result<bool, Error> {
    let query = "SELECT count() FROM system.columns WHERE database = ? AND table = ? \
                 AND name IN ('program', 'version', 'made_us')";
    let query = schema.server.query(query).bind(&schema.ddl.database).bind(MARKER);
    Ok(schema.server.one::<u64>("looking for the marker", &query).await? == 3)
}

/// Adds a row to the marker.
async fn mark(schema: &Schema, text: &str, version: usize) -> Result<(), Error> {
    let (marker, text) = (schema.ddl.table(MARKER), text.replace('\\', "\\\\").replace('\'', "\\'"));
    run_all(schema, &[format!("INSERT INTO {marker} VALUES ('{text}', {version}, {})", now_us())]).await
}

/// A row like those of versions, under another program's name, with version 0.
pub(super) async fn sign(schema: &Schema, user: &str) -> Result<(), Error> {
    check(schema).await?;
    mark(schema, &format!("{SIGNED}{user}"), 0).await
}

pub(super) async fn signatures(schema: &Schema) -> Result<Vec<String>, Error> {
    if !matches!(find(schema).await?, Found::Ours { .. }) {
        return Ok(Vec::new());
    }
    let marker = schema.ddl.table(MARKER);
    let query = format!("SELECT DISTINCT program FROM {marker} WHERE program LIKE '{SIGNED}%'");
    let rows: Vec<String> = schema.server.rows("reading signatures", &schema.server.query(&query)).await?;
    Ok(rows.iter().filter_map(|row| row.strip_prefix(SIGNED)).map(ToOwned::to_owned).collect())
}

async fn run_all(schema: &Schema, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        schema.server.execute("changing the schema", statement).await?;
    }
    Ok(())
}

fn unusable(schema: &Schema, reason: String) -> Error {
    Error::Schema { place: schema.server.place.clone(), reason }
}

fn newer(schema: &Schema, version: usize) -> Error {
    unusable(schema, format!("it is version {version}, and this program knows {VERSION}"))
}

fn foreign(schema: &Schema, tables: &[String]) -> Error {
    unusable(schema, format!("it has tables that this program did not make ({})", tables.join(", ")))
}
