//! `bench.toml` as it is written, and its conversion.

mod operation;
mod secret;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::NAMED;
use super::error::DeploymentError;
use super::operation::Plan;
use crate::bench::load::Mix;
use operation::OperationToml;

/// The version of the format that is read.
const SCHEMA_VERSION: u32 = 1;

/// The deployment of our own API, whose users are taken where a file describes none.
const OURS: &str = include_str!("../../../examples/deployment/bench.toml");

/// Users, and milliseconds of thinking and waiting, that can be meant.
const COUNTS: RangeInclusive<u64> = 1..=100_000;
const THINKING: RangeInclusive<u64> = 0..=3_600_000;
const WAITING: RangeInclusive<u64> = 1..=600_000;

/// Requests in a second that can be meant.
const RATES: RangeInclusive<f64> = 0.01..=1_000_000.0;

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
    pub plans: Arc<Vec<Plan>>,
    /// How often they do it.
    pub mix: Arc<Mix>,
    /// Whether this is the mix of our own API, because the file has none.
    pub are_ours: bool,
}

/// What a file says.
pub(super) struct File {
    pub named: BTreeMap<&'static str, String>,
    pub users: Users,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileToml {
    schema_version: Spanned<u32>,
    #[serde(default)]
    target: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    users: UsersToml,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct UsersToml {
    count: Option<Spanned<u64>>,
    think_ms: Option<Spanned<u64>>,
    deadline_ms: Option<Spanned<u64>>,
    requests_per_second: Option<Spanned<f64>>,
    #[serde(default)]
    operation: Vec<Spanned<OperationToml>>,
}

/// What is wrong, and the byte where.
struct Fault {
    offset: usize,
    problem: String,
}

impl Fault {
    fn new(offset: usize, problem: impl Into<String>) -> Self {
        Self { offset, problem: problem.into() }
    }
}

impl File {
    /// Parses and checks `text`, which came from `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, DeploymentError> {
        read(text).map_err(|Fault { offset, problem }| DeploymentError::File {
            path: path.to_owned(),
            line: 1 + text[..offset.min(text.len())].matches('\n').count(),
            problem,
        })
    }

    /// The deployment of our own API.
    pub fn ours() -> Result<Self, DeploymentError> {
        let mut ours = Self::parse(Path::new("examples/deployment/bench.toml"), OURS)?;
        ours.users.are_ours = true;
        Ok(ours)
    }
}

fn read(text: &str) -> Result<File, Fault> {
    secret::refuse(text)?;
    let file: FileToml = toml::from_str(text).map_err(|error| {
        Fault::new(error.span().map_or(0, |span| span.start), error.message().replace('\n', "; "))
    })?;
    check_version(&file.schema_version)?;
    Ok(File { named: named(file.target)?, users: users(&file.users)? })
}

fn check_version(version: &Spanned<u32>) -> Result<(), Fault> {
    if *version.as_ref() == SCHEMA_VERSION {
        return Ok(());
    }
    let problem = format!("schema_version is {}, this program reads {SCHEMA_VERSION}", version.as_ref());
    Err(Fault::new(version.span().start, problem))
}

fn named(
    target: BTreeMap<Spanned<String>, Spanned<String>>,
) -> Result<BTreeMap<&'static str, String>, Fault> {
    let entry = |(key, value): (Spanned<String>, Spanned<String>)| {
        let variable = NAMED.into_iter().find(|name| name.to_ascii_lowercase() == *key.as_ref());
        let known = NAMED.map(str::to_ascii_lowercase).join(", ");
        let unknown =
            || Fault::new(key.span().start, format!("unknown key `{}`: there are {known}", key.as_ref()));
        let variable = variable.ok_or_else(unknown)?;
        secret::refuse_in_url(variable, &value)?;
        Ok((variable, value.into_inner().trim().to_owned()))
    };
    target.into_iter().map(entry).collect()
}

fn users(written: &UsersToml) -> Result<Users, Fault> {
    let ours = written
        .operation
        .is_empty()
        .then(File::ours)
        .transpose()
        .map_err(|error| Fault::new(0, error.to_string()))?;
    let (plans, mix) = match ours {
        Some(ours) => (ours.users.plans, ours.users.mix),
        None => operation::convert(&written.operation)?,
    };
    let milliseconds =
        |key, given, range, default| number(key, given, range, default).map(Duration::from_millis);
    Ok(Users {
        count: usize::try_from(number("count", written.count.as_ref(), COUNTS, 100)?).unwrap_or(usize::MAX),
        think: milliseconds("think_ms", written.think_ms.as_ref(), THINKING, 500)?,
        deadline: milliseconds("deadline_ms", written.deadline_ms.as_ref(), WAITING, 5_000)?,
        cap: written.requests_per_second.as_ref().map(rate).transpose()?,
        plans,
        mix,
        are_ours: written.operation.is_empty(),
    })
}

fn number(
    key: &str,
    given: Option<&Spanned<u64>>,
    range: RangeInclusive<u64>,
    default: u64,
) -> Result<u64, Fault> {
    match given {
        None => Ok(default),
        Some(given) if range.contains(given.as_ref()) => Ok(*given.as_ref()),
        Some(given) => {
            let (given, at) = (given.as_ref(), given.span().start);
            Err(Fault::new(at, format!("{key} = {given}: give {} to {}", range.start(), range.end())))
        }
    }
}

fn rate(given: &Spanned<f64>) -> Result<f64, Fault> {
    if RATES.contains(given.as_ref()) {
        return Ok(*given.as_ref());
    }
    let problem = format!(
        "{} is no cap: give {} to {} requests in a second",
        given.as_ref(),
        RATES.start(),
        RATES.end()
    );
    Err(Fault::new(given.span().start, problem))
}

impl Users {
    /// What a report says of them, in pieces.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        let Self { count, think, deadline, cap, plans, are_ours, .. } = self;
        let names: Vec<_> = plans.iter().map(|plan| plan.name.as_str()).collect();
        let whose = if *are_ours { "the mix of our own API" } else { "a mix of its own" };
        let users = format!("up to {count} users who think {think:?} and wait {deadline:?}");
        let mut said = vec![users, format!("{whose} ({})", names.join(", "))];
        said.extend(cap.map(|cap| format!("at most {cap} requests/s")));
        said
    }
}

#[cfg(test)]
mod tests {
    use super::super::API_URL;
    use super::*;

    #[test]
    fn our_own_file_is_of_this_machine_and_of_five_operations() {
        let ours = File::ours().unwrap();
        assert!(ours.named[API_URL].starts_with("http://127.0.0.1:"), "{:?}", ours.named);
        let names: Vec<_> = ours.users.plans.iter().map(|plan| plan.name.as_str()).collect();
        assert_eq!(names, ["chat", "data_query", "file_upload", "status", "settings"]);
    }
}
