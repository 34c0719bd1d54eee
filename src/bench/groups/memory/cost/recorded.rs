//! A database that answers what another one answered once, at once and on the thread that asks.

use std::future::ready;
use std::ops::Range;
use std::sync::Arc;

use crate::backend::database::{
    Conversations, Database, Error, Event, Lease, Message, ModelUsage, PoolStats, Role, Settings, Task,
    Thread,
};

/// Rows of the lists that are recorded.
const ROWS: u32 = 10;

/// Recorded answers, in front of the database that gave them.
///
/// SQLite works on threads of its own, and whether an answer is there when it is first looked for, or has to be waited
/// for, is chance: the same request was seen to take 35 to 40 allocations. No count through it is exact.
pub struct Recorded {
    database: Arc<dyn Conversations>,
    version: String,
    threads: Vec<Thread>,
    messages: Vec<Message>,
    settings: Settings,
}

impl Recorded {
    /// Writes a thread with messages and some settings into `database`, and records its answers.
    pub async fn of(database: Arc<dyn Conversations>) -> Result<Self, Error> {
        let thread = database.create_thread("counted").await?.id;
        for number in 0..ROWS {
            database.add_message(thread, Role::User, &format!("message {number}")).await?;
        }
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        database.put_settings(&[set("theme", "\"dark\""), set("retries", "3")].into()).await?;
        Ok(Self {
            version: database.version().await?,
            threads: database.threads(ROWS).await?,
            messages: database.messages(thread, ROWS).await?,
            settings: database.settings().await?,
            database,
        })
    }
}

fn answer<'a, T: Send + 'a>(recorded: T) -> Task<'a, T> {
    Box::pin(ready(Ok(recorded)))
}

impl Database for Recorded {
    fn engine(&self) -> &'static str {
        self.database.engine()
    }

    fn version(&self) -> Task<'_, String> {
        answer(self.version.clone())
    }

    fn migrate(&self) -> Task<'_, ()> {
        self.database.migrate()
    }

    fn insert_events<'a>(&'a self, events: &'a [Event]) -> Task<'a, ()> {
        self.database.insert_events(events)
    }

    fn count_events(&self) -> Task<'_, u64> {
        self.database.count_events()
    }

    fn clear_events(&self) -> Task<'_, ()> {
        self.database.clear_events()
    }

    fn event(&self, id: i64) -> Task<'_, Option<Event>> {
        self.database.event(id)
    }

    fn events_between(&self, range: Range<i64>, limit: u32) -> Task<'_, Vec<Event>> {
        self.database.events_between(range, limit)
    }

    fn usage_between(&self, range: Range<i64>) -> Task<'_, Vec<ModelUsage>> {
        self.database.usage_between(range)
    }

    fn acquire(&self) -> Task<'_, Lease> {
        self.database.acquire()
    }

    fn pool_stats(&self) -> PoolStats {
        self.database.pool_stats()
    }

    fn close(&self) -> Task<'_, ()> {
        self.database.close()
    }
}

impl Conversations for Recorded {
    fn create_thread<'a>(&'a self, title: &'a str) -> Task<'a, Thread> {
        self.database.create_thread(title)
    }

    fn thread(&self, id: i64) -> Task<'_, Option<Thread>> {
        answer(self.threads.iter().find(|thread| thread.id == id).cloned())
    }

    fn threads(&self, _: u32) -> Task<'_, Vec<Thread>> {
        answer(self.threads.clone())
    }

    /// What was written is the last message that was recorded.
    fn add_message<'a>(&'a self, thread_id: i64, role: Role, content: &'a str) -> Task<'a, Message> {
        let last = &self.messages[self.messages.len() - 1];
        answer(Message { thread_id, role, content: content.to_owned(), ..*last })
    }

    fn messages(&self, _: i64, _: u32) -> Task<'_, Vec<Message>> {
        answer(self.messages.clone())
    }

    fn settings(&self) -> Task<'_, Settings> {
        answer(self.settings.clone())
    }

    /// Keeps nothing.
    fn put_settings<'a>(&'a self, _: &'a Settings) -> Task<'a, ()> {
        answer(())
    }
}
