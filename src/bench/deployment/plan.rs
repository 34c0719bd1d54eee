//! Operations of a deployment's users, as `[[users.operation]]` of `bench.toml` describes them.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Deserialize;

/// One operation of a mix. Its message is sent first, then its request, and its reply is waited for at the end: a chat
/// joins a room, asks, and hears the answer there.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "OperationToml")]
pub struct Plan {
    /// The name in the mix, and in the ids of benchmarks.
    pub name: String,
    pub(super) percent: f64,
    pub(super) request: Option<PlannedRequest>,
    pub(super) send: Option<String>,
    pub(super) reply: Option<String>,
}

/// A request, and what has to answer it.
#[derive(Debug, Clone)]
pub(super) struct PlannedRequest {
    pub method: Method,
    pub path: String,
    /// The body, and its type.
    pub body: Option<(String, String)>,
    /// The status that is expected. Redirects are not followed.
    pub status: u16,
    pub contains: Option<String>,
}

impl Plan {
    /// Whether it uses the user's WebSocket.
    pub(super) fn talks(&self) -> bool {
        self.send.is_some() || self.reply.is_some()
    }

    /// What it sends, in requests that a cap on their rate counts.
    pub(super) fn requests(&self) -> u32 {
        u32::from(self.request.is_some()) + u32::from(self.send.is_some())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationToml {
    name: String,
    percent: f64,
    method: Option<String>,
    path: Option<String>,
    json: Option<serde_json::Value>,
    text: Option<String>,
    content_type: Option<String>,
    status: Option<Within<100, 599>>,
    contains: Option<String>,
    send: Option<String>,
    reply: Option<String>,
}

/// A number in a range.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "u64")]
pub(super) struct Within<const LEAST: u64, const MOST: u64>(pub u64);

impl<const LEAST: u64, const MOST: u64> TryFrom<u64> for Within<LEAST, MOST> {
    type Error = String;

    fn try_from(given: u64) -> Result<Self, String> {
        let fits = (LEAST..=MOST).contains(&given);
        fits.then_some(Self(given)).ok_or_else(|| format!("{given} is out of range: give {LEAST} to {MOST}"))
    }
}

impl TryFrom<OperationToml> for Plan {
    type Error = String;

    fn try_from(written: OperationToml) -> Result<Self, String> {
        let name = written.name.clone();
        plan(written).map_err(|problem| format!("operation `{name}`: {problem}"))
    }
}

fn plan(written: OperationToml) -> Result<Plan, String> {
    let rest = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-".contains(letter);
    if !written.name.starts_with(|first: char| first.is_ascii_lowercase()) || !written.name.chars().all(rest)
    {
        return Err("its name becomes part of an id: use a-z, 0-9, `_` and `-`, a letter first".to_owned());
    }
    let request = request(&written)?;
    let OperationToml { name, percent, send, reply, .. } = written;
    let plan = Plan { name, percent, request, send, reply };
    let does_something = plan.request.is_some() || plan.talks();
    does_something
        .then_some(plan)
        .ok_or_else(|| "it does nothing: give it a `path` to request, or a message to `send`".to_owned())
}

fn request(written: &OperationToml) -> Result<Option<PlannedRequest>, String> {
    let OperationToml { path, method: name, contains, status, .. } = written;
    let body = body(written)?;
    let Some(path) = path else {
        let needless = name.is_some() || body.is_some() || contains.is_some() || status.is_some();
        return if needless {
            Err("it describes a request and has no `path`: give it one".to_owned())
        } else {
            Ok(None)
        };
    };
    if !path.starts_with('/') || path.contains([' ', '#']) {
        return Err(format!("path {path:?}: begin it with `/`, and write spaces and # as %20 and %23"));
    }
    let (method, contains) = (method(name.as_deref().unwrap_or("GET"))?, contains.clone());
    let status = status.map_or(200, |status| u16::try_from(status.0).unwrap_or_default());
    Ok(Some(PlannedRequest { method, path: path.clone(), body, status, contains }))
}

fn method(name: &str) -> Result<Method, String> {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let known = KNOWN.contains(&name).then(|| Method::from_bytes(name.as_bytes()).ok()).flatten();
    known.ok_or_else(|| format!("unknown method {name:?}: give one of {}", KNOWN.join(", ")))
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
    HeaderValue::from_str(&kind).map_err(|_| format!("content_type {kind:?} is not a header value"))?;
    Ok(Some((text, kind)))
}
