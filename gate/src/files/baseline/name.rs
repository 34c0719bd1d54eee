//! A baseline's name, which cannot be wrong once it exists.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::error::Error;

/// A name that is safe as a file, as a folder of Criterion's and as an argument.
///
/// Criterion takes any name: `feature/x` nests folders, and `new` empties the files that it would save.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaselineName(String);

/// The folders that Criterion writes of its own.
const RESERVED: [&str; 4] = ["new", "base", "change", "report"];

/// The file beside the baselines that `bench-gate calibrate` writes.
pub const NOISE: &str = "noise";

/// Criterion cuts path components to this many bytes.
const MOST_BYTES: usize = 64;

impl FromStr for BaselineName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match why_not(name) {
            None => Ok(Self(name.to_owned())),
            Some(problem) => Err(Error::BaselineName { name: name.to_owned(), problem }),
        }
    }
}

fn why_not(name: &str) -> Option<&'static str> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    match () {
        () if name.is_empty() => Some("it is empty"),
        () if RESERVED.contains(&name) => Some("Criterion keeps this name for itself"),
        () if name == NOISE => Some("the file of that name is the one that `bench-gate calibrate` writes"),
        () if name.contains(['/', '\\']) => Some("a slash would nest folders"),
        () if name.starts_with('.') || name.contains("..") => {
            Some("it begins with a dot or holds two in a row")
        }
        () if name.len() > MOST_BYTES => Some("it is longer than 64 bytes, where Criterion cuts it"),
        () if !name.chars().all(allowed) => {
            Some("it holds something else than letters, digits, `-`, `_` and `.`")
        }
        () if name.starts_with('-') => Some("it begins with `-`, like an option"),
        () => None,
    }
}

impl TryFrom<String> for BaselineName {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<BaselineName> for String {
    fn from(name: BaselineName) -> Self {
        name.0
    }
}

impl AsRef<str> for BaselineName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaselineName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_do_harm_are_refused() {
        let long = "x".repeat(65);
        for name in [
            "", "new", "base", "change", "report", "noise", "a/b", "..", "a..b", ".hidden", "a b", "é", "-x",
            &long,
        ] {
            let error = name.parse::<BaselineName>().unwrap_err().to_string();
            assert!(error.contains(&format!("{name:?}")), "{error}");
        }
    }

    #[test]
    fn names_that_people_give_are_taken() {
        for name in ["main", "v1.2.3", "feature_x-2", "newer"] {
            assert_eq!(name.parse::<BaselineName>().unwrap().to_string(), name);
        }
    }
}
