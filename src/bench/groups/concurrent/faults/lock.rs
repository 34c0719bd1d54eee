//! Somebody else who writes to a SQLite file and does not come to an end.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

/// The lock for writing, until it is released or dropped.
pub(super) struct Lock(SqliteConnection);

impl Lock {
    /// Waits for whoever writes now, at most five seconds, as sqlx does.
    ///
    /// # Errors
    /// The file cannot be opened, or stays locked.
    pub async fn take(file: &Path) -> Result<Self, sqlx::Error> {
        let mut connection = SqliteConnectOptions::new().filename(file).connect().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
        Ok(Self(connection))
    }

    /// # Errors
    /// SQLite refuses to end what it began.
    pub async fn release(mut self) -> Result<(), sqlx::Error> {
        sqlx::query("ROLLBACK").execute(&mut self.0).await?;
        self.0.close().await
    }
}
