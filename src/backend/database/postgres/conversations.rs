//! Threads, messages and settings.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};

use super::Postgres;
use super::failure::Effect;
use crate::backend::database::{Conversations, Message, Role, Settings, Task, Thread, now_us};

impl Conversations for Postgres {
    fn create_thread<'a>(&'a self, title: &'a str) -> Task<'a, Thread> {
        let work =
            async move { create_thread(&mut *self.connection().await?, title).await.map_err(uncertain) };
        Box::pin(self.primary.once("creating a thread", work))
    }

    fn thread(&self, id: i64) -> Task<'_, Option<Thread>> {
        const FIND: &str = "SELECT id, title, created_us FROM threads WHERE id = $1";
        let pool = self.primary.pool();
        let work = move || sqlx::query(FIND).bind(id).try_map(|row| thread(&row)).fetch_optional(pool);
        Box::pin(self.primary.repeat("looking up a thread", work))
    }

    fn threads(&self, limit: u32) -> Task<'_, Vec<Thread>> {
        const LIST: &str = "SELECT id, title, created_us FROM threads ORDER BY id DESC LIMIT $1";
        let (pool, limit) = (self.primary.pool(), i64::from(limit));
        let work = move || sqlx::query(LIST).bind(limit).try_map(|row| thread(&row)).fetch_all(pool);
        Box::pin(self.primary.repeat("listing threads", work))
    }

    fn add_message<'a>(&'a self, thread: i64, role: Role, content: &'a str) -> Task<'a, Message> {
        let work = async move {
            add_message(&mut *self.connection().await?, thread, role, content).await.map_err(uncertain)
        };
        Box::pin(self.primary.once("adding a message", work))
    }

    fn messages(&self, thread: i64, limit: u32) -> Task<'_, Vec<Message>> {
        let work = move || messages(self.primary.pool(), thread, limit);
        Box::pin(self.primary.repeat("listing messages", work))
    }

    fn settings(&self) -> Task<'_, Settings> {
        Box::pin(self.primary.repeat("reading settings", || settings(self.primary.pool())))
    }

    /// Setting the same values twice is setting them once, so this is repeated like a read.
    fn put_settings<'a>(&'a self, settings: &'a Settings) -> Task<'a, ()> {
        Box::pin(self.primary.repeat("changing settings", || put_settings(self.primary.pool(), settings)))
    }
}

impl Postgres {
    /// A connection for what is done once. Nothing was sent before there is one, so that may be repeated.
    async fn connection(&self) -> Result<PoolConnection<sqlx::Postgres>, (sqlx::Error, Effect)> {
        self.primary.again(|| self.primary.pool().acquire()).await.map_err(|error| (error, Effect::None))
    }
}

/// Whatever broke the connection, the row may be there.
fn uncertain(error: sqlx::Error) -> (sqlx::Error, Effect) {
    (error, Effect::Unknown)
}

async fn create_thread(connection: &mut PgConnection, title: &str) -> Result<Thread, sqlx::Error> {
    const CREATE: &str = "INSERT INTO threads (title, created_us) VALUES ($1, $2) RETURNING id";
    let created_us = now_us();
    let id = sqlx::query_scalar(CREATE).bind(title).bind(created_us).fetch_one(connection).await?;
    Ok(Thread { id, title: title.to_owned(), created_us })
}

async fn add_message(
    connection: &mut PgConnection,
    thread_id: i64,
    role: Role,
    content: &str,
) -> Result<Message, sqlx::Error> {
    const ADD: &str = "INSERT INTO messages (thread_id, role, content, created_us) VALUES ($1, $2, $3, $4) \
                       RETURNING id";
    let created_us = now_us();
    let query = sqlx::query_scalar(ADD).bind(thread_id).bind(role.name()).bind(content).bind(created_us);
    let id = query.fetch_one(connection).await?;
    Ok(Message { id, thread_id, role, content: content.to_owned(), created_us })
}

async fn messages(pool: &PgPool, thread: i64, limit: u32) -> Result<Vec<Message>, sqlx::Error> {
    const LIST: &str = "SELECT id, thread_id, role, content, created_us FROM messages WHERE thread_id = $1 \
                        ORDER BY id DESC LIMIT $2";
    let query = sqlx::query(LIST).bind(thread).bind(i64::from(limit));
    let mut found = query.try_map(|row| message(&row)).fetch_all(pool).await?;
    found.reverse();
    Ok(found)
}

async fn settings(pool: &PgPool) -> Result<Settings, sqlx::Error> {
    let query = sqlx::query("SELECT name, value::text FROM settings");
    let rows = query.try_map(|row: PgRow| Ok((row.try_get(0)?, row.try_get(1)?))).fetch_all(pool).await?;
    Ok(rows.into_iter().collect())
}

/// In one statement, and in the order of names: two at once wait for each other and do not lock each other up.
async fn put_settings(pool: &PgPool, settings: &Settings) -> Result<(), sqlx::Error> {
    const PUT: &str = "INSERT INTO settings (name, value) \
                       SELECT name, value::json FROM unnest($1::text[], $2::text[]) AS put (name, value) \
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let (names, values): (Vec<&str>, Vec<&str>) =
        settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).unzip();
    sqlx::query(PUT).bind(names).bind(values).execute(pool).await.map(drop)
}

fn thread(row: &PgRow) -> Result<Thread, sqlx::Error> {
    Ok(Thread { id: row.try_get(0)?, title: row.try_get(1)?, created_us: row.try_get(2)? })
}

fn message(row: &PgRow) -> Result<Message, sqlx::Error> {
    let role: String = row.try_get(2)?;
    let unknown = || sqlx::Error::Decode(format!("{role:?} is no role of a message").into());
    Ok(Message {
        id: row.try_get(0)?,
        thread_id: row.try_get(1)?,
        role: Role::from_name(&role).ok_or_else(unknown)?,
        content: row.try_get(3)?,
        created_us: row.try_get(4)?,
    })
}
