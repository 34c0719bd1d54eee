//! The schema, its marker and its versions. A schema without the marker is left as it is.

use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, PgTransaction};

use super::server::PostgresPool;
use crate::backend::database::Error;

/// The marker: a comment on the schema, with the version after it.
const MARKER: &str = "made by backend-bench, version ";

/// Each makes the next version of the one before. Only ever add to them.
const MIGRATIONS: [&str; 2] = [
    "CREATE TABLE events (
        id            bigint           PRIMARY KEY,
        thread_id     bigint           NOT NULL,
        workload      text             NOT NULL,
        model         text             NOT NULL,
        input_tokens  bigint           NOT NULL,
        output_tokens bigint           NOT NULL,
        latency_ms    double precision NOT NULL,
        cost_usd      double precision NOT NULL,
        payload       json             NOT NULL,
        at_us         bigint           NOT NULL
    );
    CREATE INDEX events_by_time ON events (at_us);",
    "CREATE TABLE threads (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        title      text   NOT NULL,
        created_us bigint NOT NULL
    );
    CREATE TABLE messages (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        thread_id  bigint NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
        role       text   NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
        content    text   NOT NULL,
        created_us bigint NOT NULL
    );
    CREATE INDEX messages_by_thread ON messages (thread_id, id);
    CREATE TABLE settings (
        name  text PRIMARY KEY,
        value json NOT NULL
    );",
];

/// Everything that the migrations make, in an order that can be dropped.
const TABLES: &str = "DROP TABLE IF EXISTS settings, messages, threads, events";

/// What was found in place of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Nothing,
    Version(usize),
    Foreign(Option<String>),
}

/// Brings the schema to the newest version, and makes it if it is missing.
pub(super) async fn migrate(server: &PostgresPool, schema: &str) -> Result<(), Error> {
    match server.write("migrating", upgrade(server.pool(), schema)).await? {
        Found::Version(version) if version > MIGRATIONS.len() => {
            let known = MIGRATIONS.len();
            Err(unusable(server, schema, &format!("it is version {version}, and this program knows {known}")))
        }
        Found::Foreign(comment) => Err(foreign(server, schema, comment)),
        _ => Ok(()),
    }
}

/// Drops tables and schema if they are ours.
pub(super) async fn remove(server: &PostgresPool, schema: &str) -> Result<(), Error> {
    match server.write("removing the schema", drop_ours(server.pool(), schema)).await {
        Ok(Found::Foreign(comment)) => Err(foreign(server, schema, comment)),
        Ok(_) => Ok(()),
        Err(Error::Query { source, .. }) if has_dependents(&*source) => {
            Err(unusable(server, schema, &format!("it contains objects of other programs ({source})")))
        }
        Err(error) => Err(error),
    }
}

fn unusable(server: &PostgresPool, schema: &str, reason: &str) -> Error {
    Error::Schema { place: format!("{}, schema {schema}", server.place()), reason: reason.to_owned() }
}

fn foreign(server: &PostgresPool, schema: &str, comment: Option<String>) -> Error {
    let comment = comment.map(|comment| format!(": its comment is {comment:?}")).unwrap_or_default();
    unusable(server, schema, &format!("this program did not make it{comment}"))
}

/// `dependent_objects_still_exist`.
fn has_dependents(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    error
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|error| error.code() == "2BP01")
}

/// An error rolls the transaction back.
async fn upgrade(pool: &PgPool, schema: &str) -> Result<Found, sqlx::Error> {
    let mut transaction = begin(pool, schema).await?;
    let found = look(&mut transaction, schema).await?;
    if found == Found::Nothing {
        run(&mut transaction, format!("CREATE SCHEMA \"{schema}\"")).await?;
    }
    match found {
        Found::Nothing => apply(&mut transaction, schema, &MIGRATIONS).await?,
        Found::Version(version) if version < MIGRATIONS.len() => {
            apply(&mut transaction, schema, &MIGRATIONS[version..]).await?;
        }
        _ => {}
    }
    transaction.commit().await.map(|()| found)
}

async fn apply(connection: &mut PgConnection, schema: &str, migrations: &[&str]) -> Result<(), sqlx::Error> {
    for migration in migrations {
        run(connection, (*migration).to_owned()).await?;
    }
    let mark = format!("COMMENT ON SCHEMA \"{schema}\" IS '{MARKER}{}'", MIGRATIONS.len());
    run(connection, mark).await
}

/// Not with CASCADE: an object that others put into the schema, or made of our tables, prevents it, and all of it stays.
async fn drop_ours(pool: &PgPool, schema: &str) -> Result<Found, sqlx::Error> {
    let mut transaction = begin(pool, schema).await?;
    let found = look(&mut transaction, schema).await?;
    if matches!(found, Found::Version(_)) {
        run(&mut transaction, TABLES.to_owned()).await?;
        run(&mut transaction, format!("DROP SCHEMA \"{schema}\"")).await?;
    }
    transaction.commit().await.map(|()| found)
}

/// A transaction that excludes every other one of ours about the same schema.
async fn begin(pool: &PgPool, schema: &str) -> Result<PgTransaction<'static>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let lock = "SELECT pg_advisory_xact_lock(hashtext('backend-bench'), hashtext($1))";
    sqlx::query(lock).bind(schema).execute(&mut *transaction).await?;
    Ok(transaction)
}

async fn look(connection: &mut PgConnection, schema: &str) -> Result<Found, sqlx::Error> {
    let ask = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1";
    let comment: Option<Option<String>> =
        sqlx::query_scalar(ask).bind(schema).fetch_optional(connection).await?;
    let Some(comment) = comment else { return Ok(Found::Nothing) };
    let version = comment.as_deref().and_then(version_in);
    Ok(version.map_or(Found::Foreign(comment), Found::Version))
}

fn version_in(comment: &str) -> Option<usize> {
    comment.strip_prefix(MARKER)?.parse().ok().filter(|version| *version > 0)
}

/// Runs statements of ours that contain nothing but the name of the schema, which has been checked, and is quoted
/// since it may be a word of SQL.
async fn run(connection: &mut PgConnection, statements: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await.map(drop)
}
