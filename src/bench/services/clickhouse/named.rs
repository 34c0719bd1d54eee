//! The user's own server, by its URL.

use std::time::Duration;

use reqwest::{Client, Url};

use super::{CLUSTER_VARIABLE, ENGINE, EngineFacts, Service, StartError, VARIABLE, failed, namespace};
use crate::bench::services::apart;

/// How long it may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Asks the server at `url` for its version, and for `cluster` where one is named.
pub fn server(url: &str, cluster: Option<&str>) -> Result<Service, StartError> {
    let place = place(url)?;
    let version = ask(url).map_err(|problem| unanswered(&place, &problem))?;
    let encrypted = url.starts_with("https").then(|| "TLS".to_owned());
    let mut facts = facts(version, format!("{VARIABLE} ({place})"), encrypted.into_iter().collect());
    if let Some(cluster) = cluster {
        facts.settings.push(format!("cluster {cluster}: {}", nodes(url, cluster, &place)?));
        // One machine's numbers are no baseline for a cluster's.
        facts.major.push_str(" on a cluster");
    }
    namespace::remove_abandoned(url, cluster);
    Ok(Service::new(url.to_owned(), facts, ()))
}

fn unanswered(place: &str, problem: &str) -> StartError {
    let remedy = if problem.contains("certificate") {
        "name the certificate of its issuer by SSL_CERT_FILE, and the server in the URL as its certificate does"
            .to_owned()
    } else {
        format!("correct it, or unset {VARIABLE} to have a throwaway server started")
    };
    failed(format!("{VARIABLE} is set, and the server at {place} does not answer: {problem}"), remedy)
}

/// How many there are of what in the cluster.
fn nodes(url: &str, cluster: &str, place: &str) -> Result<String, StartError> {
    let remedy =
        || format!("set {CLUSTER_VARIABLE} to one of `SELECT DISTINCT cluster FROM system.clusters`");
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !cluster.chars().all(allowed) {
        return Err(failed(format!("{CLUSTER_VARIABLE} is {cluster:?}, no name of a cluster"), remedy()));
    }
    let count = format!(
        "SELECT concat('shards ', toString(uniqExact(shard_num)), ', replicas ', toString(count())) \
         FROM system.clusters WHERE cluster = '{cluster}' HAVING count() > 0"
    );
    match apart(query(url, &count)).map_err(|error| error.to_string()).and_then(|asked| asked) {
        Ok(nodes) if nodes.trim().is_empty() => {
            Err(failed(format!("the server at {place} knows no cluster `{cluster}`"), remedy()))
        }
        Ok(nodes) => Ok(nodes.trim().to_owned()),
        Err(problem) => {
            Err(failed(format!("the server at {place} does not tell its clusters: {problem}"), remedy()))
        }
    }
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
        ("https", ..) if !cfg!(feature = "tls") => Err(failed(
            format!("{VARIABLE} is https, and this build has no TLS"),
            "build with `--features tls`".to_owned(),
        )),
        ("http" | "https", Some(host), Some(port)) => Ok(format!("{host}:{port}")),
        (scheme, ..) => {
            Err(unusable(format!("has the scheme `{scheme}`, and ClickHouse is asked over http")))
        }
    }
}

/// The version that a server says to be of.
pub fn ask(url: &str) -> Result<String, String> {
    apart(version(url)).map_err(|error| error.to_string())?
}

/// What the server answers to a `SELECT`.
pub async fn query(url: &str, select: &str) -> Result<String, String> {
    let (status, text) = answer(url, select).await.map_err(|error| described(&error.without_url()))?;
    if status == 200 { Ok(text) } else { Err(refused(status, &text)) }
}

async fn version(url: &str) -> Result<String, String> {
    let asked = answer(url, "SELECT version()").await;
    let (status, text) = asked.map_err(|error| described(&error.without_url()))?;
    let text = text.trim();
    let is_version =
        text.starts_with(|first: char| first.is_ascii_digit()) && text.contains('.') && text.len() < 40;
    if status == 200 && is_version { Ok(text.to_owned()) } else { Err(refused(status, text)) }
}

/// Status and text. The error shows the URL, and with it the password.
async fn answer(url: &str, select: &str) -> Result<(u16, String), reqwest::Error> {
    let client = Client::builder().timeout(DEADLINE).no_proxy().build()?;
    let answer = client.get(url).query(&[("query", select)]).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

fn refused(status: u16, text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let short: String = first.chars().take(200).collect();
    format!("no answer as ClickHouse gives it, but status {status} and `{short}`")
}

/// An error with its causes: the last of them says what happened.
fn described(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
