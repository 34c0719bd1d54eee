//! What the server is: its version, and what can be asked of that.

use std::time::Duration;

use clickhouse::Client;

/// The oldest that this was tried on.
const OLDEST: Version = Version(18, 16);

/// Since then everything that [`Dialect::Modern`] uses is there and stable.
const MODERN: Version = Version(22, 3);

/// Year and month, near enough: `18.16.1` is (18, 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

/// How to speak to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// From 18.16 on: no check of column types by the client (the formats with names and types are younger), no
    /// skip index, no dictionary-coded strings, times as plain integers, whole answers instead of streams.
    Classic,
    /// From 22.3 on.
    Modern,
}

impl Dialect {
    /// How to speak to a server of this version.
    ///
    /// # Errors
    /// It is too old, or no version.
    pub fn of(version: &str) -> Result<Self, String> {
        let mut numbers = version.trim().split('.').map_while(|number| number.parse().ok());
        let (Some(year), Some(month)) = (numbers.next(), numbers.next()) else {
            return Err("it answered, but not as a ClickHouse server does".to_owned());
        };
        match Version(year, month) {
            found if found >= MODERN => Ok(Self::Modern),
            found if found >= OLDEST => Ok(Self::Classic),
            _ => Err(format!(
                "its version is {version}, and the oldest that works is {}.{}",
                OLDEST.0, OLDEST.1
            )),
        }
    }

    /// Tells `client` how to speak.
    pub fn set_up(self, client: Client) -> Client {
        match self {
            // No setting but a parameter of the request. Without it an error in the middle of an answer would be
            // text among the rows.
            Self::Classic => client.with_validation(false).with_setting("wait_end_of_query", "1"),
            Self::Modern => client.with_validation(true),
        }
    }

    /// What to set for each statement, where the user may change settings: that the server gives up what this side
    /// no longer waits for, that it writes inserts when they come instead of collecting them (its default since
    /// 26.3), and on a cluster that it answers when the shards have the rows, and asks the replica that it wrote to.
    pub fn settings(self, limit: Duration, clustered: bool) -> Vec<(&'static str, String)> {
        let seconds = limit.as_secs_f64();
        let (whole, on) = (seconds.ceil().to_string(), || "1".to_owned());
        let mut settings = match self {
            Self::Classic => vec![("max_execution_time", whole.clone())],
            Self::Modern => {
                vec![("max_execution_time", seconds.to_string()), ("async_insert", "0".to_owned())]
            }
        };
        if clustered {
            settings.extend([
                ("distributed_ddl_task_timeout", whole),
                ("insert_distributed_sync", on()),
                ("load_balancing", "in_order".to_owned()),
            ]);
        }
        if clustered && self == Self::Modern {
            settings.push(("optimize_skip_unused_shards", on()));
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_follows_from_the_version() {
        assert_eq!(Dialect::of("18.16.1"), Ok(Dialect::Classic));
        assert_eq!(Dialect::of("21.8.14.5"), Ok(Dialect::Classic));
        assert_eq!(Dialect::of("22.3.2.1"), Ok(Dialect::Modern));
        assert_eq!(Dialect::of("26.7.2.1-testing\n"), Ok(Dialect::Modern));
    }

    #[test]
    fn what_is_too_old_or_no_version_is_refused() {
        let reason = Dialect::of("1.1.54394").unwrap_err();
        assert!(reason.contains("1.1.54394") && reason.contains("18.16"), "{reason}");
        assert!(Dialect::of("18.15.9").unwrap_err().contains("oldest"));
        for answer in ["", "<html>", "18", "x.y"] {
            assert!(Dialect::of(answer).unwrap_err().contains("not as a ClickHouse"), "{answer}");
        }
    }
}
