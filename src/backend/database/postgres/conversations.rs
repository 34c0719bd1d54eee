//! Threads, messages and settings.

use sqlx::PgPool;

use super::Postgres;
use crate::backend::database::{Conversations, Message, Role, Settings, Task, Thread, now_us};

impl Conversations for Postgres {
    fn create_thread<'a>(&'a self, title: &'a str) -> Task<'a, Thread> {
        Box::pin(self.primary.write("creating a thread", create_thread(self.primary.pool(), title)))
    }

    fn thread(&self, id: i64) -> Task<'_, Option<Thread>> {
        let query = sqlx::query_as("SELECT id, title, created_us FROM threads WHERE id = $1").bind(id);
        Box::pin(self.primary.read("looking up a thread", query.fetch_optional(self.primary.pool())))
    }

    fn threads(&self, limit: u32) -> Task<'_, Vec<Thread>> {
        let query = sqlx::query_as("SELECT id, title, created_us FROM threads ORDER BY id DESC LIMIT $1");
        let work = query.bind(i64::from(limit)).fetch_all(self.primary.pool());
        Box::pin(self.primary.read("listing threads", work))
    }

    fn add_message<'a>(&'a self, thread: i64, role: Role, content: &'a str) -> Task<'a, Message> {
        let work = add_message(self.primary.pool(), thread, role, content);
        Box::pin(self.primary.write("adding a message", work))
    }

    fn messages(&self, thread: i64, limit: u32) -> Task<'_, Vec<Message>> {
        Box::pin(self.primary.read("listing messages", messages(self.primary.pool(), thread, limit)))
    }

    fn settings(&self) -> Task<'_, Settings> {
        Box::pin(self.primary.read("reading settings", settings(self.primary.pool())))
    }

    fn put_settings<'a>(&'a self, settings: &'a Settings) -> Task<'a, ()> {
        Box::pin(self.primary.write("changing settings", put_settings(self.primary.pool(), settings)))
    }
}

async fn create_thread(pool: &PgPool, title: &str) -> Result<Thread, sqlx::Error> {
    const CREATE: &str = "INSERT INTO threads (title, created_us) VALUES ($1, $2) RETURNING id";
    let created_us = now_us();
    let id = sqlx::query_scalar(CREATE).bind(title).bind(created_us).fetch_one(pool).await?;
    Ok(Thread { id, title: title.to_owned(), created_us })
}

async fn add_message(
    pool: &PgPool,
    thread_id: i64,
    role: Role,
    content: &str,
) -> Result<Message, sqlx::Error> {
    const ADD: &str = "INSERT INTO messages (thread_id, role, content, created_us) VALUES ($1, $2, $3, $4) \
                       RETURNING id";
    let created_us = now_us();
    let query = sqlx::query_scalar(ADD).bind(thread_id).bind(role.name()).bind(content).bind(created_us);
    let id = query.fetch_one(pool).await?;
    Ok(Message { id, thread_id, role, content: content.to_owned(), created_us })
}

async fn messages(pool: &PgPool, thread: i64, limit: u32) -> Result<Vec<Message>, sqlx::Error> {
    const LATEST: &str = "SELECT id, thread_id, role, content, created_us FROM messages WHERE thread_id = $1 \
                          ORDER BY id DESC LIMIT $2";
    let mut found: Vec<Message> =
        sqlx::query_as(LATEST).bind(thread).bind(i64::from(limit)).fetch_all(pool).await?;
    found.reverse();
    Ok(found)
}

async fn settings(pool: &PgPool) -> Result<Settings, sqlx::Error> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT name, value::text FROM settings").fetch_all(pool).await?;
    Ok(rows.into_iter().collect())
}

/// In one statement and in the order of names, so that two concurrent ones cannot deadlock.
async fn put_settings(pool: &PgPool, settings: &Settings) -> Result<(), sqlx::Error> {
    const PUT: &str = "INSERT INTO settings (name, value) \
                       SELECT name, value::json FROM unnest($1::text[], $2::text[]) AS put (name, value) \
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let (names, values): (Vec<&str>, Vec<&str>) =
        settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).unzip();
    sqlx::query(PUT).bind(names).bind(values).execute(pool).await.map(drop)
}
