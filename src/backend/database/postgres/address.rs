//! A server's URL, which is never shown: it holds the password.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::backend::database::Error;

const FORM: &str = "write it as postgres://user:password@host:port/database, and every character of the password \
                    that is no letter or digit as %XX";

/// A checked URL: how to connect, and what may be said of the place.
pub(super) struct Address {
    pub options: PgConnectOptions,
    pub place: String,
}

impl Address {
    /// Reads `url`. What it leaves out comes from the variables of libpq (`PGHOST`, `PGPASSWORD`, …) and `~/.pgpass`.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let url = url.trim();
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let rest =
            rest.ok_or_else(|| wrong("it does not begin with postgres:// or postgresql://".to_owned()))?;
        if rest.split_once(['/', '?', '#']).is_some_and(|(_, after)| after.contains('@')) {
            // Else the rest of the password would be taken for the database, and shown.
            return Err(wrong("the user or the password has a / ? or # in it".to_owned()));
        }
        let options = PgConnectOptions::from_str(url).map_err(|error| wrong(reason(&error)))?;
        Ok(Self { place: place(&options), options })
    }
}

fn wrong(reason: String) -> Error {
    let place = "the PostgreSQL URL (not shown, it may hold a password)".to_owned();
    Error::Open { place, reason, remedy: FORM }
}

/// What the parser says, without the name of the type around it.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

/// Host, port and database.
fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    match options.get_socket() {
        Some(socket) => format!("{}:{}/{database}", socket.display(), options.get_port()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str) -> String {
        Address::parse(url).err().unwrap_or_else(|| panic!("{url} was taken")).to_string()
    }

    #[test]
    fn a_place_has_host_port_and_database_and_nothing_else() {
        let address =
            Address::parse("postgres://app:se%2Fcret@db.example:6432/events?sslmode=disable").unwrap();
        assert_eq!(address.place, "db.example:6432/events");
        let socket = Address::parse("postgresql://app:secret@%2Frun%2Fpg/events").unwrap();
        assert_eq!(socket.place, "/run/pg:5432/events");
    }

    #[test]
    fn a_wrong_url_is_not_shown() {
        let wrong = [
            ("postgres:/app:secret@localhost/app", "does not begin"),
            ("http://app:secret@localhost/app", "does not begin"),
            ("postgres://app:secret@localhost:70000/app", "port"),
            ("postgres://app:1/secret@localhost/app", "has a /"),
            ("postgres://app:1#secret@localhost/app", "has a /"),
            ("postgres://app:secret@localhost/app?sslmode=secret-ish", "ssl_mode"),
            ("postgres://app:secret@local host/app", ""),
        ];
        for (url, reason) in wrong {
            let error = error(url);
            assert!(
                error.contains(reason) && error.contains("postgres://user:password@host"),
                "{url}: {error}"
            );
            assert!(!error.contains("secret@") && !error.contains(":secret"), "{error}");
        }
    }
}
