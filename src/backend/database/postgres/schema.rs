//! The schema, its marker and its versions. What does not carry the marker is not ours, and is left as it is.

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgTransaction};

use super::Postgres;
use super::side::Side;
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

/// Everything that the migrations make, in an order in which it can be dropped.
const TABLES: &str = "DROP TABLE IF EXISTS settings, messages, threads, events";

/// What was found in place of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Nothing,
    Version(usize),
    Foreign(Option<String>),
}

/// Brings the schema to the newest version, and makes it where there is none.
pub(super) async fn migrate(database: &Postgres) -> Result<(), Error> {
    let (primary, schema) = (&database.primary, &*database.schema);
    let found = primary.repeat("migrating", || upgrade(primary, schema)).await?;
    match found {
        Found::Version(version) if version > MIGRATIONS.len() => {
            let known = MIGRATIONS.len();
            Err(unusable(database, format!("it is version {version}, and this program knows {known}")))
        }
        Found::Foreign(comment) => Err(unusable(database, foreign(comment))),
        _ => Ok(()),
    }
}

/// Drops tables and schema where they are ours.
pub(super) async fn remove(database: &Postgres) -> Result<(), Error> {
    let (primary, schema) = (&database.primary, &*database.schema);
    match primary.repeat("removing the schema", || drop_ours(primary, schema)).await {
        Ok(Found::Foreign(comment)) => Err(unusable(database, foreign(comment))),
        Ok(_) => Ok(()),
        Err(Error::Query { source, .. }) if depends(&*source) => {
            Err(unusable(database, format!("it has more in it than this program made ({source})")))
        }
        Err(error) => Err(error),
    }
}

fn unusable(database: &Postgres, reason: String) -> Error {
    Error::Schema { place: format!("{}, schema {}", database.primary.place(), database.schema), reason }
}

fn foreign(comment: Option<String>) -> String {
    let comment = comment.map(|comment| format!(": its comment is {comment:?}")).unwrap_or_default();
    format!("this program did not make it{comment}")
}

/// `dependent_objects_still_exist`.
fn depends(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    error.and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "2BP01")
}

/// An error drops the connection, and with it the transaction.
async fn upgrade(primary: &Side, schema: &str) -> Result<Found, sqlx::Error> {
    let mut connection = primary.pool().acquire().await?;
    let mut transaction = begin(&mut connection, schema).await?;
    let found = look(&mut transaction, schema).await?;
    match found {
        Found::Nothing => {
            run(&mut transaction, format!("CREATE SCHEMA \"{schema}\"")).await?;
            bring_up(&mut transaction, schema, 0).await?;
        }
        Found::Version(version) if version < MIGRATIONS.len() => {
            bring_up(&mut transaction, schema, version).await?;
        }
        _ => {}
    }
    transaction.commit().await?;
    connection.keep();
    Ok(found)
}

async fn bring_up(connection: &mut PgConnection, schema: &str, from: usize) -> Result<(), sqlx::Error> {
    for migration in &MIGRATIONS[from..] {
        run(connection, (*migration).to_owned()).await?;
    }
    let mark = format!("COMMENT ON SCHEMA \"{schema}\" IS '{MARKER}{}'", MIGRATIONS.len());
    run(connection, mark).await
}

/// Not with CASCADE: what others put into the schema, or made of our tables, stops it, and all of it stays.
async fn drop_ours(primary: &Side, schema: &str) -> Result<Found, sqlx::Error> {
    let mut connection = primary.pool().acquire().await?;
    let mut transaction = begin(&mut connection, schema).await?;
    let found = look(&mut transaction, schema).await?;
    if matches!(found, Found::Version(_)) {
        run(&mut transaction, TABLES.to_owned()).await?;
        run(&mut transaction, format!("DROP SCHEMA \"{schema}\"")).await?;
    }
    transaction.commit().await?;
    connection.keep();
    Ok(found)
}

/// A transaction that no other of ours about the same schema runs beside.
async fn begin<'c>(connection: &'c mut PgConnection, schema: &str) -> Result<PgTransaction<'c>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let lock = "SELECT pg_advisory_xact_lock(hashtext('backend-bench'), hashtext($1))";
    sqlx::query(lock).bind(schema).execute(&mut *transaction).await?;
    Ok(transaction)
}

async fn look(connection: &mut PgConnection, schema: &str) -> Result<Found, sqlx::Error> {
    let ask = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1";
    let comment: Option<Option<String>> =
        sqlx::query_scalar(ask).bind(schema).fetch_optional(connection).await?;
    Ok(match comment {
        None => Found::Nothing,
        Some(comment) => match comment.as_deref().and_then(version_in) {
            Some(version) => Found::Version(version),
            None => Found::Foreign(comment),
        },
    })
}

fn version_in(comment: &str) -> Option<usize> {
    comment.strip_prefix(MARKER)?.parse().ok().filter(|version| *version > 0)
}

/// Statements of ours with nothing in them but the name of the schema, which has been checked, and is quoted since it
/// may be a word of SQL.
async fn run(connection: &mut PgConnection, statements: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await.map(drop)
}
