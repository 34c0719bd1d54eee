//! Secrets that somebody wrote into the file: it is committed and sent around, and they belong in the environment.

use toml::{Spanned, Table, Value};

use super::Fault;

/// Parts of keys that hold secrets.
const SECRET: [&str; 9] =
    ["token", "header", "secret", "password", "passwd", "authorization", "api_key", "apikey", "cookie"];

const REMEDY: &str = "secrets are taken from the environment only: set API_TOKEN to a bearer token, or BENCH_HEADERS to \
                      lines of `Name: value`";

/// Refuses keys that hold secrets, wherever they stand but in bodies. What does not parse is left for the parser.
pub(super) fn refuse(text: &str) -> Result<(), Fault> {
    let Ok(table) = text.parse::<Table>() else { return Ok(()) };
    let Some(key) = secret_key(&table) else { return Ok(()) };
    Err(Fault::new(
        text.find(&key).unwrap_or_default(),
        format!("`{key}` has no place in this file: {REMEDY}"),
    ))
}

fn secret_key(table: &Table) -> Option<String> {
    table.iter().filter(|(key, _)| *key != "json").find_map(|(key, value)| {
        let lower = key.to_ascii_lowercase();
        if SECRET.iter().any(|part| lower.contains(part)) { Some(key.clone()) } else { within(value) }
    })
}

fn within(value: &Value) -> Option<String> {
    match value {
        Value::Table(table) => secret_key(table),
        Value::Array(values) => values.iter().find_map(within),
        _ => None,
    }
}

/// Refuses credentials in a URL, without showing them.
pub(super) fn refuse_in_url(variable: &str, url: &Spanned<String>) -> Result<(), Fault> {
    let text = url.as_ref().to_ascii_lowercase();
    if !text.contains('@') && !text.contains("password=") {
        return Ok(());
    }
    let problem = format!(
        "the URL has a user or a password, which this file must not: set {variable} in the environment instead"
    );
    Err(Fault::new(url.span().start, problem))
}
