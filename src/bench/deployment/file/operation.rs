//! `[[users.operation]]` as it is written.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use toml::Spanned;

use super::Fault;
use crate::bench::deployment::operation::{Http, Plan};
use crate::bench::load::Mix;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationToml {
    name: String,
    percent: f64,
    method: Option<String>,
    path: Option<String>,
    json: Option<serde_json::Value>,
    text: Option<String>,
    content_type: Option<String>,
    status: Option<u16>,
    contains: Option<String>,
    send: Option<String>,
    reply: Option<String>,
}

/// The operations with the mix that they make.
pub(super) fn convert(written: &[Spanned<OperationToml>]) -> Result<(Arc<Vec<Plan>>, Arc<Mix>), Fault> {
    let plan = |it: &Spanned<OperationToml>| plan(it.as_ref()).map_err(|problem| at(it, &problem));
    let plans = written.iter().map(plan).collect::<Result<Vec<_>, _>>()?;
    let shares = written.iter().map(|it| (it.as_ref().name.clone(), it.as_ref().percent));
    let mix = Mix::new(shares).map_err(|error| at(&written[0], &error.to_string()))?;
    Ok((Arc::new(plans), Arc::new(mix)))
}

fn at(written: &Spanned<OperationToml>, problem: &str) -> Fault {
    Fault::new(written.span().start, format!("operation `{}`: {problem}", written.as_ref().name))
}

fn plan(written: &OperationToml) -> Result<Plan, String> {
    let first = |name: &str| name.starts_with(|letter: char| letter.is_ascii_lowercase());
    let rest = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-".contains(letter);
    if !first(&written.name) || !written.name.chars().all(rest) {
        return Err("its name becomes part of an id: use a-z, 0-9, `_` and `-`, a letter first".to_owned());
    }
    let plan = Plan {
        name: written.name.clone(),
        percent: written.percent,
        http: http(written)?,
        send: written.send.clone(),
        reply: written.reply.clone(),
    };
    if plan.http.is_none() && !plan.talks() {
        return Err("it does nothing: give it a `path` to request, or a message to `send`".to_owned());
    }
    Ok(plan)
}

fn http(written: &OperationToml) -> Result<Option<Http>, String> {
    let Some(path) = &written.path else { return without_path(written) };
    let status = written.status.unwrap_or(200);
    match () {
        () if !path.starts_with('/') || path.contains([' ', '#']) => {
            Err(format!("path {path:?} is not one: begin it with `/`, and write spaces and # as %20 and %23"))
        }
        () if !(100..=599).contains(&status) => {
            Err(format!("status {status} is none of HTTP's: give 100 to 599"))
        }
        () => Ok(Some(Http {
            method: method(written.method.as_deref().unwrap_or("GET"))?,
            path: path.clone(),
            body: body(written)?,
            status,
            contains: written.contains.clone(),
        })),
    }
}

fn without_path(written: &OperationToml) -> Result<Option<Http>, String> {
    let keys = [
        ("method", written.method.is_some()),
        ("json", written.json.is_some()),
        ("text", written.text.is_some()),
        ("content_type", written.content_type.is_some()),
        ("status", written.status.is_some()),
        ("contains", written.contains.is_some()),
    ];
    match keys.into_iter().find(|(_, given)| *given) {
        Some((key, _)) => Err(format!("it has `{key}` and no `path` to request: give it one")),
        None => Ok(None),
    }
}

fn method(name: &str) -> Result<Method, String> {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let known = KNOWN.contains(&name).then(|| Method::from_bytes(name.as_bytes()).ok()).flatten();
    known.ok_or_else(|| format!("method {name:?} is none that can be sent: there are {}", KNOWN.join(", ")))
}

/// The body with its type.
fn body(written: &OperationToml) -> Result<Option<(String, String)>, String> {
    let (text, default) = match (&written.json, &written.text) {
        (Some(_), Some(_)) => return Err("it has `json` and `text`: give one of them".to_owned()),
        (None, None) if written.content_type.is_some() => {
            return Err("it has a `content_type` and no `text`: give it a body".to_owned());
        }
        (None, None) => return Ok(None),
        (Some(json), None) => (json.to_string(), "application/json"),
        (None, Some(text)) => (text.clone(), "text/plain; charset=utf-8"),
    };
    if text.contains("$__toml_private_datetime") {
        return Err("JSON has no dates: write the one in `json` as a string".to_owned());
    }
    let kind = written.content_type.clone().unwrap_or_else(|| default.to_owned());
    HeaderValue::from_str(&kind).map_err(|_| format!("content_type {kind:?} cannot be sent"))?;
    Ok(Some((text, kind)))
}
