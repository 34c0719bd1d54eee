//! Threads, messages and settings.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::Postgres;
use super::connections::Connections;
use super::failure::Effect;
use crate::backend::database::{Conversations, Message, Role, Settings, Task, Thread, now_us};

impl Conversations for Postgres {
    fn create_thread<'a>(&'a self, title: &'a str) -> Task<'a, Thread> {
        let work = create_thread(self.primary.pool(), title);
        Box::pin(self.primary.once("creating a thread", async { work.await.map_err(uncertain) }))
    }

    fn thread(&self, id: i64) -> Task<'_, Option<Thread>> {
        Box::pin(self.primary.repeat("looking up a thread", move || by_id(self.primary.pool(), id)))
    }

    fn threads(&self, limit: u32) -> Task<'_, Vec<Thread>> {
        Box::pin(self.primary.repeat("listing threads", move || threads(self.primary.pool(), limit)))
    }

    fn add_message<'a>(&'a self, thread: i64, role: Role, content: &'a str) -> Task<'a, Message> {
        let work = add_message(self.primary.pool(), thread, role, content);
        Box::pin(self.primary.once("adding a message", async { work.await.map_err(uncertain) }))
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

/// Whatever broke the connection, the row may be there.
fn uncertain(error: sqlx::Error) -> (sqlx::Error, Effect) {
    (error, Effect::Unknown)
}

async fn create_thread(pool: &Connections, title: &str) -> Result<Thread, sqlx::Error> {
    const CREATE: &str = "INSERT INTO threads (title, created_us) VALUES ($1, $2) RETURNING id";
    let (created_us, mut connection) = (now_us(), pool.acquire().await?);
    let made = sqlx::query_scalar(CREATE).bind(title).bind(created_us).fetch_one(&mut *connection).await;
    let id = connection.settle(made)?;
    Ok(Thread { id, title: title.to_owned(), created_us })
}

async fn by_id(pool: &Connections, id: i64) -> Result<Option<Thread>, sqlx::Error> {
    const FIND: &str = "SELECT id, title, created_us FROM threads WHERE id = $1";
    let mut connection = pool.acquire().await?;
    let query = sqlx::query(FIND).bind(id).try_map(|row| thread(&row));
    let found = query.fetch_optional(&mut *connection).await;
    connection.settle(found)
}

async fn threads(pool: &Connections, limit: u32) -> Result<Vec<Thread>, sqlx::Error> {
    const LIST: &str = "SELECT id, title, created_us FROM threads ORDER BY id DESC LIMIT $1";
    let mut connection = pool.acquire().await?;
    let query = sqlx::query(LIST).bind(i64::from(limit)).try_map(|row| thread(&row));
    let found = query.fetch_all(&mut *connection).await;
    connection.settle(found)
}

async fn add_message(
    pool: &Connections,
    thread_id: i64,
    role: Role,
    content: &str,
) -> Result<Message, sqlx::Error> {
    const ADD: &str = "INSERT INTO messages (thread_id, role, content, created_us) VALUES ($1, $2, $3, $4) \
                       RETURNING id";
    let (created_us, mut connection) = (now_us(), pool.acquire().await?);
    let query = sqlx::query_scalar(ADD).bind(thread_id).bind(role.name()).bind(content).bind(created_us);
    let added = query.fetch_one(&mut *connection).await;
    let id = connection.settle(added)?;
    Ok(Message { id, thread_id, role, content: content.to_owned(), created_us })
}

async fn messages(pool: &Connections, thread: i64, limit: u32) -> Result<Vec<Message>, sqlx::Error> {
    const LIST: &str = "SELECT id, thread_id, role, content, created_us FROM messages WHERE thread_id = $1 \
                        ORDER BY id DESC LIMIT $2";
    let query = sqlx::query(LIST).bind(thread).bind(i64::from(limit));
    let mut connection = pool.acquire().await?;
    let found = query.try_map(|row| message(&row)).fetch_all(&mut *connection).await;
    let mut found = connection.settle(found)?;
    found.reverse();
    Ok(found)
}

async fn settings(pool: &Connections) -> Result<Settings, sqlx::Error> {
    let query = sqlx::query("SELECT name, value::text FROM settings");
    let mut connection = pool.acquire().await?;
    let query = query.try_map(|row: PgRow| Ok((row.try_get(0)?, row.try_get(1)?)));
    let rows = query.fetch_all(&mut *connection).await;
    connection.settle(rows.map(|rows| rows.into_iter().collect()))
}

/// In one statement, and in the order of names: two at once wait for each other and do not lock each other up.
async fn put_settings(pool: &Connections, settings: &Settings) -> Result<(), sqlx::Error> {
    const PUT: &str = "INSERT INTO settings (name, value) \
                       SELECT name, value::json FROM unnest($1::text[], $2::text[]) AS put (name, value) \
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let (names, values): (Vec<&str>, Vec<&str>) =
        settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).unzip();
    let mut connection = pool.acquire().await?;
    let put = sqlx::query(PUT).bind(names).bind(values).execute(&mut *connection).await;
    connection.settle(put.map(drop))
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
