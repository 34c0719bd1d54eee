//! The schema and its version, which SQLite keeps in the file's header.

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::Sqlite;
use crate::backend::database::Error;

/// The version that [`SCHEMA`] makes.
const VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE events (
        id            INTEGER PRIMARY KEY,
        thread_id     INTEGER NOT NULL,
        workload      TEXT    NOT NULL,
        model         TEXT    NOT NULL,
        input_tokens  INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        latency_ms    REAL    NOT NULL,
        cost_usd      REAL    NOT NULL,
        payload       TEXT    NOT NULL,
        at_us         INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX events_by_time ON events (at_us);

    CREATE TABLE threads (
        id         INTEGER PRIMARY KEY,
        title      TEXT    NOT NULL,
        created_us INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE messages (
        id         INTEGER PRIMARY KEY,
        thread_id  INTEGER NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
        role       TEXT    NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
        content    TEXT    NOT NULL,
        created_us INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX messages_by_thread ON messages (thread_id, id);

    CREATE TABLE settings (
        name  TEXT PRIMARY KEY,
        value TEXT NOT NULL CHECK (json_valid(value))
    ) STRICT, WITHOUT ROWID;
";

/// Creates the schema in an empty database, and leaves one of this version as it is.
pub(super) async fn migrate(database: &Sqlite) -> Result<(), Error> {
    let found =
        database.write("migrating", async { create(&mut *database.pool().acquire().await?).await }).await?;
    let unusable = |reason| Err(Error::Schema { place: database.place(), reason });
    match found {
        Found::Empty | Found::Version(VERSION) => Ok(()),
        Found::Version(version) => {
            unusable(format!("it is version {version}, and this program knows {VERSION}"))
        }
        Found::Foreign => unusable("it contains tables that this program did not make".to_owned()),
    }
}

/// What was in the database before.
enum Found {
    Empty,
    Version(i64),
    Foreign,
}

async fn create(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found = look(&mut transaction).await?;
    if matches!(found, Found::Empty) {
        sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
        let stamp = format!("PRAGMA user_version = {VERSION}");
        sqlx::raw_sql(AssertSqlSafe(stamp)).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(found)
}

async fn look(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
    let version = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(connection).await?;
    Ok(match (version, tables) {
        (0, 0) => Found::Empty,
        (0, _) => Found::Foreign,
        (version, _) => Found::Version(version),
    })
}
