//! An `[[accepted]]`: what is known to be worse or gone, why, and until when.

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use super::fault::{Fault, SourceText};
use crate::thresholds::Accepted;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedToml {
    id: Spanned<String>,
    reason: Spanned<String>,
    until: Spanned<DateToml>,
}

/// A date as TOML writes it, or as a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum DateToml {
    Written(String),
    Native(toml::value::Datetime),
}

/// The entries of `list`, each with its line.
pub fn convert(list: Vec<AcceptedToml>, source: &SourceText<'_>) -> Result<Vec<Accepted>, Fault> {
    let mut all: Vec<Accepted> = Vec::new();
    for toml in list {
        let offset = toml.id.span().start;
        let accepted = convert_one(toml, source)?;
        if all.iter().any(|other| other.id == accepted.id) {
            return Err(Fault { offset, problem: format!("`{}` is accepted twice", accepted.id) });
        }
        all.push(accepted);
    }
    Ok(all)
}

fn convert_one(toml: AcceptedToml, source: &SourceText<'_>) -> Result<Accepted, Fault> {
    let fault = |offset: usize, problem: &str| Err(Fault { offset, problem: problem.to_owned() });
    let (id_offset, reason_offset) = (toml.id.span().start, toml.reason.span().start);
    let (id, reason) = (toml.id.into_inner(), toml.reason.into_inner());
    match () {
        () if id.is_empty() => fault(id_offset, "an acknowledgement names one benchmark, by its whole id"),
        () if reason.trim().is_empty() => fault(reason_offset, "an acknowledgement needs a reason"),
        () => Ok(Accepted { id, reason, until: date(toml.until)?, line: source.line(id_offset) }),
    }
}

fn date(toml: Spanned<DateToml>) -> Result<Date, Fault> {
    let offset = toml.span().start;
    let text = match toml.into_inner() {
        DateToml::Written(text) => text,
        DateToml::Native(date) => date.to_string(),
    };
    let whole = text.len() == "2027-01-31".len();
    let parsed = text.parse::<Date>().ok().filter(|_| whole);
    parsed.ok_or_else(|| Fault { offset, problem: format!("{text:?} is no date: expected YYYY-MM-DD") })
}
