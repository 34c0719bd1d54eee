//! `bench.toml`: its format, read by serde. Operations are in `plan.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::error::DeploymentError;
use super::error::{NAMED, SECRET_REMEDY};
use super::plan::{Plan, Within};
use crate::bench::load::Mix;

/// The deployment of our own API, whose users are taken where a file describes none.
const OURS: &str = include_str!("../../../examples/deployment/bench.toml");

const OURS_PATH: &str = "examples/deployment/bench.toml";

/// Parts of keys that hold secrets.
const SECRETS: [&str; 8] =
    ["token", "header", "secret", "passw", "authorization", "api_key", "apikey", "cookie"];

/// What users do, and how many of them there may be.
#[derive(Debug, Clone)]
pub struct Users {
    /// The most users that work at the same time.
    pub count: usize,
    /// The mean of a user's time between operations.
    pub think: Duration,
    /// The longest an operation may take.
    pub deadline: Duration,
    /// The most requests that all of them together send in a second.
    pub cap: Option<f64>,
    /// What they do, in the order of the mix.
    pub plans: Arc<[Plan]>,
    /// How often they do it.
    pub mix: Arc<Mix>,
    /// Whether this is the mix of our own API, because the file has none.
    pub are_ours: bool,
}

/// The content of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeploymentFile {
    #[serde(rename = "schema_version")]
    _version: SchemaVersion,
    #[serde(default)]
    target: BTreeMap<Variable, PublicUrl>,
    #[serde(default)]
    users: UsersToml,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UsersToml {
    count: Within<1, 100_000>,
    think_ms: Within<0, 3_600_000>,
    deadline_ms: Within<1, 600_000>,
    requests_per_second: Option<Rate>,
    operation: Vec<Plan>,
}

impl Default for UsersToml {
    fn default() -> Self {
        let (count, think_ms, deadline_ms) = (Within(100), Within(500), Within(5_000));
        Self { count, think_ms, deadline_ms, requests_per_second: None, operation: Vec::new() }
    }
}

/// The version of the format.
#[derive(Deserialize)]
#[serde(try_from = "u64")]
struct SchemaVersion;

impl TryFrom<u64> for SchemaVersion {
    type Error = String;

    fn try_from(given: u64) -> Result<Self, String> {
        (given == 1).then_some(Self).ok_or_else(|| format!("schema_version is {given}, this program reads 1"))
    }
}

/// Requests in a second.
#[derive(Deserialize)]
#[serde(try_from = "f64")]
struct Rate(f64);

impl TryFrom<f64> for Rate {
    type Error = String;

    fn try_from(given: f64) -> Result<Self, String> {
        let fits = (0.01..=1_000_000.0).contains(&given);
        fits.then_some(Self(given)).ok_or_else(|| format!("{given} is out of range: give 0.01 to 1000000"))
    }
}

/// A variable that the file can set, in small letters there: its place in [`NAMED`].
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct Variable(usize);

impl TryFrom<String> for Variable {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        let variable = NAMED.iter().position(|name| name.to_ascii_lowercase() == key);
        let known = || NAMED.map(str::to_ascii_lowercase).join(", ");
        variable.map(Self).ok_or_else(|| format!("unknown key `{key}`: the keys are {}", known()))
    }
}

/// A URL or name without credentials: the file is committed and sent around.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct PublicUrl(String);

impl TryFrom<String> for PublicUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, &'static str> {
        let lower = url.to_ascii_lowercase();
        if lower.contains('@') || lower.contains("password=") {
            return Err("the URL has a user or a password: set its variable in the environment instead");
        }
        Ok(Self(url.trim().to_owned()))
    }
}

impl DeploymentFile {
    /// Parses and checks `text`, which came from `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, DeploymentError> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let mut problem = error.message().replace('\n', "; ");
            if problem.starts_with("unknown") && SECRETS.iter().any(|part| problem.contains(part)) {
                problem = format!("{problem}; {SECRET_REMEDY}");
            }
            let line = 1 + text[..offset.min(text.len())].matches('\n').count();
            DeploymentError::File { path: path.to_owned(), line, problem }
        })
    }

    /// The deployment of our own API.
    pub fn ours() -> Result<Self, DeploymentError> {
        Self::parse(Path::new(OURS_PATH), OURS)
    }

    /// What the file names, by variable.
    pub fn named(&self) -> BTreeMap<&'static str, String> {
        self.target.iter().map(|(variable, url)| (NAMED[variable.0], url.0.clone())).collect()
    }

    /// Its users, with the operations of our own API where it has none. Without a `path` the file is our own.
    pub fn users(self, path: Option<&Path>) -> Result<Users, DeploymentError> {
        let UsersToml { count, think_ms, deadline_ms, requests_per_second, operation } = self.users;
        let are_ours = path.is_none() || operation.is_empty();
        let plans = if operation.is_empty() { Self::ours()?.users.operation } else { operation };
        let mix = Mix::new(plans.iter().map(|plan| (plan.name.clone(), plan.percent)));
        let refused = |error| DeploymentError::Operations {
            path: path.unwrap_or(Path::new(OURS_PATH)).to_owned(),
            error,
        };
        Ok(Users {
            count: usize::try_from(count.0).unwrap_or(usize::MAX),
            think: Duration::from_millis(think_ms.0),
            deadline: Duration::from_millis(deadline_ms.0),
            cap: requests_per_second.map(|rate| rate.0),
            mix: Arc::new(mix.map_err(refused)?),
            plans: plans.into(),
            are_ours,
        })
    }
}
