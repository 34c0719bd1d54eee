//! Another connection holds SQLite's lock for writing.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Error, SqliteConnection};

use super::fault::{Fault, Unavailable};
use crate::bench::Platform;
use crate::bench::platform::DATABASE;

/// The connection with the lock, while the fault lasts.
pub(super) struct DatabaseLocked(Option<SqliteConnection>);

impl Fault for DatabaseLocked {
    const NAME: &'static str = "database_locked";

    async fn prepare() -> Result<Self, Unavailable> {
        Ok(Self(None))
    }

    /// Waits for a writer at work, at most five seconds, the default of sqlx.
    async fn inject(&mut self, platform: &Platform) {
        let file = platform.folder().join(DATABASE);
        let lock = async {
            let mut connection = SqliteConnectOptions::new().filename(file).connect().await?;
            sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
            Ok::<_, Error>(connection)
        };
        self.0 = Some(lock.await.unwrap_or_else(|error| panic!("SQLite cannot be locked: {error}")));
    }

    async fn heal(&mut self, _: &Platform) {
        let Some(mut connection) = self.0.take() else { return };
        let rolled_back = sqlx::query("ROLLBACK").execute(&mut connection).await;
        rolled_back.unwrap_or_else(|error| panic!("SQLite cannot be unlocked: {error}"));
        let _ = connection.close().await;
    }

    fn trace(&self, _: &Platform) -> u64 {
        u64::from(self.0.is_some())
    }
}
