//! What PostgreSQL's errors mean. Codes are the server's SQLSTATEs
//! (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::postgres::PgDatabaseError;

use crate::backend::database::Error;

/// What is known of a failed operation's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It had none, or one that doing it again does not change.
    None,
    /// It may have been carried out.
    Unknown,
}

const RUNS: &str = "check that the server runs and can be reached, then try again; nothing was stored";
const COUNT: &str = "whether it was carried out is not known: look before you repeat it";

/// Whether the connection is gone, rather than the operation wrong.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        // Shut down by an administrator, by a crash, and not up yet.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            matches!(&*code, "57P01" | "57P02" | "57P03" | "57P05") || code.starts_with("08")
        }),
        _ => false,
    }
}

/// Whether a server refuses connections as one does that is starting.
pub(super) fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code == "57P03"),
        _ => false,
    }
}

/// Whether the time is already up, so that trying again would take more than was allowed.
pub(super) fn is_late(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == ErrorKind::TimedOut)
}

/// The server did not even say that it took too long.
pub(super) fn silent(place: &str, operation: &'static str) -> Error {
    let reason = "the server stopped answering".to_owned();
    Error::Lost { place: place.to_owned(), operation, reason, remedy: COUNT }
}

pub(super) fn explain(
    place: String,
    operation: &'static str,
    limit: Duration,
    error: sqlx::Error,
    effect: Effect,
) -> Error {
    if is_lost(&error) {
        let remedy = if effect == Effect::None { RUNS } else { COUNT };
        return Error::Lost { place, operation, reason: words(&error), remedy };
    }
    let code =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned();
    let reason = words(&error);
    match code.as_str() {
        "57014" => Error::Timeout { place, operation, limit },
        "55P03" => Error::Locked { place, operation },
        "42501" | "25006" => Error::Denied { place, operation, reason },
        "53100" => Error::Full { place, operation, reason },
        code if code.starts_with("22") || code.starts_with("23") => {
            Error::Refused { place, operation, reason }
        }
        _ => Error::Query { place, operation, source: error.into() },
    }
}

/// The server's message with its detail, or the error's own words. Neither has a password in it.
pub(super) fn words(error: &sqlx::Error) -> String {
    let server = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    match (server, error) {
        (Some(server), _) => {
            let detail = server.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            format!("{}{detail}", server.message())
        }
        (None, sqlx::Error::Io(error)) => error.to_string(),
        _ => error.to_string(),
    }
}

/// Why a server could not be connected to.
pub(super) fn unopened(place: String, error: &sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    let remedy = match (&*code, error) {
        ("28000", _) if words(error).ends_with("no encryption") => {
            "say sslmode=require in the URL, with a build that has `--features tls`"
        }
        ("28P01" | "28000", _) => "correct user and password in the URL, or the server's pg_hba.conf",
        ("3D000", _) => "create the database, or correct its name in the URL",
        ("53300", _) => "close connections of others, or raise the server's max_connections",
        (_, sqlx::Error::Tls(_)) if !cfg!(feature = "tls") => {
            "build with `--features tls`, or set sslmode in the URL to what the server takes"
        }
        (_, sqlx::Error::Tls(_)) => {
            "set sslmode in the URL to what the server takes, or mend the certificates that it names"
        }
        // How the handshake ends where the certificate is not trusted.
        (_, sqlx::Error::Io(io)) if io.kind() == ErrorKind::InvalidData => {
            "name its issuer's certificate by sslrootcert in the URL, and the server as its certificate does; or say \
             sslmode=require, which encrypts and checks no certificate"
        }
        (_, sqlx::Error::Io(io)) if io.kind() == ErrorKind::ConnectionRefused => {
            "start the server, or correct host and port in the URL"
        }
        (_, sqlx::Error::Io(_)) => "correct the host in the URL, or the network between",
        _ => "check the URL and the server's log",
    };
    Error::Open { place, reason: words(error), remedy }
}
