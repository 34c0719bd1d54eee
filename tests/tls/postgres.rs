//! PostgreSQL over TLS.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use backend_bench::backend::database::postgres::survey;
use backend_bench::backend::database::{PoolOptions, Postgres};
use backend_bench::bench::services::Service;
use backend_bench::bench::services::postgres::{PostgresSources, start_from};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::certificate::Certificate;
use crate::keeps_events;

fn ephemeral() -> Service {
    start_from(&PostgresSources { url: None, ..PostgresSources::of_this_machine() })
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A server that takes encrypted connections, with its certificate.
async fn encrypted() -> (Service, Certificate) {
    let (service, certificate) = (ephemeral(), Certificate::make());
    encrypt(service.url(), &certificate).await;
    (service, certificate)
}

/// Makes the server take encrypted connections too.
async fn encrypt(url: &str, certificate: &Certificate) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let data: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await.unwrap();
    put(&certificate.path(), &Path::new(&data).join("server.crt"));
    put(&certificate.key(), &Path::new(&data).join("server.key"));
    for statement in ["ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    }
    // The setting is in force when the next connection has it.
    let mut tries = 0..1_000;
    while survey(&format!("{url}?sslmode=require")).await.is_err() {
        assert!(tries.next().is_some(), "the server takes no encrypted connection");
    }
}

/// Only the server's user may read a key.
fn put(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    fs::set_permissions(to, Permissions::from_mode(0o600)).unwrap();
    let owner = fs::metadata(to.parent().unwrap()).unwrap();
    chown(to, Some(owner.uid()), Some(owner.gid())).unwrap();
}

async fn refused(url: &str) -> String {
    survey(url).await.expect_err("it was taken").to_string()
}

#[tokio::test]
async fn events_go_through_tls_and_the_report_says_so() {
    let (service, certificate) = encrypted().await;
    let url = format!("{}?sslmode=verify-full&sslrootcert={}", service.url(), certificate.path().display());
    let metadata = survey(&url).await.unwrap();
    assert!(metadata.settings.iter().any(|setting| setting.starts_with("TLS (TLSv1")), "{metadata:?}");
    let database = Postgres::open(&url, "encrypted", PoolOptions::default()).await.unwrap();
    keeps_events(&database).await;
}

#[tokio::test]
async fn who_is_not_trusted_is_refused() {
    let (service, certificate) = encrypted().await;
    let untrusted = refused(&format!("{}?sslmode=verify-full", service.url())).await;
    assert!(untrusted.contains("certificate") && untrusted.contains("sslrootcert"), "{untrusted}");
    let named = format!("{}?sslmode=verify-full&sslrootcert={}", service.url(), certificate.path().display());
    let another = refused(&named.replace("127.0.0.1", "localhost")).await;
    assert!(another.contains("not valid for name"), "{another}");
    assert!(survey(service.url()).await.is_ok());
}

#[tokio::test]
async fn who_speaks_no_tls_is_refused() {
    let service = ephemeral();
    let plain = refused(&format!("{}?sslmode=require", service.url())).await;
    assert!(plain.contains("does not support TLS") && plain.contains("set sslmode"), "{plain}");
}
