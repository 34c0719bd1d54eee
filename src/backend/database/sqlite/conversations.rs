//! Threads, messages and settings.

use sqlx::SqlitePool;

use super::Sqlite;
use crate::backend::database::{Conversations, Message, Role, Settings, Task, Thread, now_us};

impl Conversations for Sqlite {
    fn create_thread<'a>(&'a self, title: &'a str) -> Task<'a, Thread> {
        Box::pin(self.write("creating a thread", create_thread(self.pool(), title)))
    }

    fn thread(&self, id: i64) -> Task<'_, Option<Thread>> {
        let query = sqlx::query_as("SELECT id, title, created_us FROM threads WHERE id = ?").bind(id);
        Box::pin(self.run("looking up a thread", query.fetch_optional(self.pool())))
    }

    fn threads(&self, limit: u32) -> Task<'_, Vec<Thread>> {
        let query = sqlx::query_as("SELECT id, title, created_us FROM threads ORDER BY id DESC LIMIT ?");
        Box::pin(self.run("listing threads", query.bind(limit).fetch_all(self.pool())))
    }

    fn add_message<'a>(&'a self, thread: i64, role: Role, content: &'a str) -> Task<'a, Message> {
        Box::pin(self.write("adding a message", add_message(self.pool(), thread, role, content)))
    }

    fn messages(&self, thread: i64, limit: u32) -> Task<'_, Vec<Message>> {
        Box::pin(self.run("listing messages", messages(self.pool(), thread, limit)))
    }

    fn settings(&self) -> Task<'_, Settings> {
        Box::pin(self.run("reading settings", settings(self.pool())))
    }

    fn put_settings<'a>(&'a self, settings: &'a Settings) -> Task<'a, ()> {
        Box::pin(self.write("changing settings", put_settings(self.pool(), settings)))
    }
}

async fn create_thread(pool: &SqlitePool, title: &str) -> Result<Thread, sqlx::Error> {
    let created_us = now_us();
    let query =
        sqlx::query("INSERT INTO threads (title, created_us) VALUES (?, ?)").bind(title).bind(created_us);
    let id = query.execute(pool).await?.last_insert_rowid();
    Ok(Thread { id, title: title.to_owned(), created_us })
}

async fn add_message(
    pool: &SqlitePool,
    thread_id: i64,
    role: Role,
    content: &str,
) -> Result<Message, sqlx::Error> {
    let created_us = now_us();
    let query =
        sqlx::query("INSERT INTO messages (thread_id, role, content, created_us) VALUES (?, ?, ?, ?)");
    let query = query.bind(thread_id).bind(role.name()).bind(content).bind(created_us);
    let id = query.execute(pool).await?.last_insert_rowid();
    Ok(Message { id, thread_id, role, content: content.to_owned(), created_us })
}

async fn messages(pool: &SqlitePool, thread: i64, limit: u32) -> Result<Vec<Message>, sqlx::Error> {
    const LATEST: &str = "SELECT id, thread_id, role, content, created_us FROM messages WHERE thread_id = ? \
                          ORDER BY id DESC LIMIT ?";
    let mut found: Vec<Message> = sqlx::query_as(LATEST).bind(thread).bind(limit).fetch_all(pool).await?;
    found.reverse();
    Ok(found)
}

async fn settings(pool: &SqlitePool) -> Result<Settings, sqlx::Error> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT name, value FROM settings").fetch_all(pool).await?;
    Ok(rows.into_iter().collect())
}

async fn put_settings(pool: &SqlitePool, settings: &Settings) -> Result<(), sqlx::Error> {
    const PUT: &str = "INSERT INTO settings (name, value) VALUES (?, ?) \
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    for (name, value) in settings {
        sqlx::query(PUT).bind(name).bind(value).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}
