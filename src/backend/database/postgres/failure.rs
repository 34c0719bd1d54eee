//! What PostgreSQL's errors mean. Codes are the server's SQLSTATEs
//! (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::postgres::PgDatabaseError;

use crate::backend::database::Error;

/// Whether a failed operation may have changed the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Unknown,
}

const CHECK_SERVER: &str =
    "check that the server runs and can be reached, then try again; nothing was stored";
const CHECK_DATA: &str = "whether it was carried out is not known: check the data before you repeat it";

impl Effect {
    pub fn remedy(self) -> &'static str {
        match self {
            Self::None => CHECK_SERVER,
            Self::Unknown => CHECK_DATA,
        }
    }
}

/// Whether the connection is gone, rather than the operation wrong.
fn is_lost(error: &sqlx::Error, code: &str) -> bool {
    // Shut down by an administrator, by a crash, and not up yet.
    matches!(error, sqlx::Error::Io(_))
        || matches!(code, "57P01" | "57P02" | "57P03" | "57P05")
        || code.starts_with("08")
}

pub(super) fn explain(
    place: String,
    operation: &'static str,
    limit: Duration,
    error: sqlx::Error,
    effect: Effect,
) -> Error {
    let (code, reason) = (sqlstate(&error), server_message(&error));
    match code.as_str() {
        _ if is_lost(&error, &code) => Error::Lost { place, operation, reason, remedy: effect.remedy() },
        "57014" => Error::Timeout { place, operation, limit },
        "55P03" => Error::Locked { place, operation },
        "42501" | "25006" => Error::Denied { place, operation, reason },
        "53100" => Error::Full { place, operation, reason },
        _ if code.starts_with("22") || code.starts_with("23") => Error::Refused { place, operation, reason },
        _ => Error::Query { place, operation, source: error.into() },
    }
}

fn sqlstate(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned()
}

/// The server's message with its detail, or the error's own. Neither contains a password.
fn server_message(error: &sqlx::Error) -> String {
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
    let (code, reason) = (sqlstate(error), server_message(error));
    let remedy = match (code.as_str(), error) {
        ("28000", _) if reason.ends_with("no encryption") => {
            "set sslmode=require in the URL, with a build that has `--features tls`"
        }
        ("28P01" | "28000", _) => "correct user and password in the URL, or the server's pg_hba.conf",
        ("3D000", _) => "create the database, or correct its name in the URL",
        ("53300", _) => "close other connections, or raise the server's max_connections",
        (_, sqlx::Error::Tls(_)) if !cfg!(feature = "tls") => {
            "build with `--features tls`, or set sslmode in the URL to what the server takes"
        }
        (_, sqlx::Error::Tls(_)) => {
            "set sslmode in the URL to what the server takes, or correct the certificates that it names"
        }
        // How the handshake ends with a certificate that is not trusted.
        (_, sqlx::Error::Io(io)) if io.kind() == ErrorKind::InvalidData => {
            "name its issuer's certificate by sslrootcert in the URL, and the server as its certificate does; or set \
             sslmode=require, which encrypts and checks no certificate"
        }
        (_, sqlx::Error::Io(io)) if io.kind() == ErrorKind::ConnectionRefused => {
            "start the server, or correct host and port in the URL"
        }
        (_, sqlx::Error::Io(_)) => "correct the host in the URL, or check the network to it",
        _ => "check the URL and the server's log",
    };
    Error::Open { place, reason, remedy }
}
