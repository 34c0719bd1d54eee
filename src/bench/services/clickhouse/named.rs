//! The user's own server, by its URL.

use std::time::Duration;

use reqwest::{Client, Url};

use super::{ENGINE, EngineFacts, Service, StartError, VARIABLE, failed};

/// How long it may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Asks the server at `url` for its version.
pub fn server(url: &str) -> Result<Service, StartError> {
    let place = place(url)?;
    let version = ask(url).map_err(|problem| {
        failed(
            format!("{VARIABLE} is set, and the server at {place} does not answer: {problem}"),
            format!("correct it, or unset {VARIABLE} to have a throwaway server started"),
        )
    })?;
    Ok(Service::new(url.to_owned(), facts(version, format!("{VARIABLE} ({place})"), Vec::new()), ()))
}

/// What a report says of a server that says that it is of `version`.
pub fn facts(version: String, origin: String, settings: Vec<String>) -> EngineFacts {
    let major: Vec<&str> = version.split('.').take(2).collect();
    EngineFacts { name: ENGINE.to_owned(), major: major.join("."), version, origin, settings }
}

/// Host and port. Whatever else a URL holds may be secret.
fn place(url: &str) -> Result<String, StartError> {
    let unusable = |problem: String| {
        failed(format!("{VARIABLE} {problem}"), "write it as `http://user:password@host:8123`".to_owned())
    };
    let parsed = Url::parse(url).map_err(|error| unusable(format!("is no URL: {error}")))?;
    match (parsed.scheme(), parsed.host_str(), parsed.port_or_known_default()) {
        ("http" | "https", Some(host), Some(port)) => Ok(format!("{host}:{port}")),
        (scheme, ..) => {
            Err(unusable(format!("has the scheme `{scheme}`, and ClickHouse is asked over http")))
        }
    }
}

/// The version that a server says to be of. On a thread of its own, since the caller may be inside a runtime.
pub fn ask(url: &str) -> Result<String, String> {
    let asked = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(version(url))
    };
    std::thread::scope(|scope| scope.spawn(asked).join())
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
}

async fn version(url: &str) -> Result<String, String> {
    let (status, text) = answer(url).await.map_err(|error| described(&error.without_url()))?;
    let text = text.trim();
    let is_version =
        text.starts_with(|first: char| first.is_ascii_digit()) && text.contains('.') && text.len() < 40;
    if status == 200 && is_version { Ok(text.to_owned()) } else { Err(refused(status, text)) }
}

/// Status and text. The error shows the URL, and with it the password.
async fn answer(url: &str) -> Result<(u16, String), reqwest::Error> {
    let client = Client::builder().timeout(DEADLINE).no_proxy().build()?;
    let query = [("query", "SELECT version()")];
    let answer = client.get(url).query(&query).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

fn refused(status: u16, text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let short: String = first.chars().take(200).collect();
    format!("no version, but status {status} and `{short}`")
}

/// An error with its causes: the last of them says what happened.
fn described(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
