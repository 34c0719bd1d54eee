//! What a request asks for: the statement, its parameters, its session and its formats, from URL, headers and body.

use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Multipart, Query, Request};
use axum::http::{HeaderMap, Method, Uri, header};
use bytes::Bytes;
use futures_util::StreamExt;

use super::blocks::Blocks;
use super::failure::Failure;
use super::sessions::Session;
use super::statement::Kind;

/// The longest statement that is read into memory, with the data that stands in it.
const LONGEST: usize = 256 << 20;

/// What stands in URLs for this server, and is no setting of the engine.
const OURS: [&str; 14] = [
    "query",
    "database",
    "user",
    "password",
    "default_format",
    "decompress",
    "compress",
    "query_id",
    "quota_key",
    "buffer_size",
    "wait_end_of_query",
    "stacktrace",
    "enable_http_compression",
    "client_protocol_version",
];

/// What other servers do and this one does not.
const NOT_HERE: [&str; 2] = ["session_id", "role"];

/// A request, read up to its statement.
pub struct Asked {
    pub session: Session,
    pub parameters: Vec<(String, String)>,
    /// The format of results, and of data that says none, where the statement does not.
    pub format: Option<String>,
    /// The statement, and what of its data stands in the same place.
    pub sql: Vec<u8>,
    /// The rest of the body.
    pub data: Data,
}

/// Names and values of a URL, in their order.
pub fn of_url(uri: &Uri) -> Result<Vec<(String, String)>, Failure> {
    let pairs = Query::try_from_uri(uri).map(|Query(pairs)| pairs);
    pairs.map_err(|error| Failure::new(36, &format!("the URL cannot be read: {error}")))
}

impl Asked {
    /// Reads a request whose URL holds `url`. A user that is `read_only` can neither write nor change settings; with
    /// GET nobody can write.
    pub async fn of(request: Request, url: Vec<(String, String)>, read_only: bool) -> Result<Self, Failure> {
        let mut asked = Self::of_head(url, request.headers())?;
        let get = request.method() == Method::GET;
        if is_form(request.headers()) {
            asked.take_form(request).await?;
        } else {
            asked.data.body = request.into_body().into_data_stream();
            asked.take_body().await?;
        }
        asked.restrict(read_only, get);
        Ok(asked)
    }

    /// What may still be changed is decided by what is set before.
    fn restrict(&mut self, read_only: bool, get: bool) {
        let settings = &mut self.session.settings;
        if read_only {
            settings.insert(0, ("readonly".to_owned(), "1".to_owned()));
        } else if get && !settings.iter().any(|(name, _)| name == "readonly") {
            settings.push(("readonly".to_owned(), "2".to_owned()));
        }
    }

    fn of_head(url: Vec<(String, String)>, headers: &HeaderMap) -> Result<Self, Failure> {
        let format =
            headers.get("x-clickhouse-format").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (session, data) = (Session::default(), Data::none());
        let mut asked = Self { session, parameters: Vec::new(), format, sql: Vec::new(), data };
        url.into_iter().try_for_each(|(name, value)| asked.take(name, value))?;
        Ok(asked)
    }

    fn take(&mut self, name: String, value: String) -> Result<(), Failure> {
        if NOT_HERE.contains(&name.as_str()) || name == "compress" && value == "1" {
            return Err(Failure::new(
                48,
                &format!("this server knows no {name}: use a whole ClickHouse for it"),
            ));
        }
        match name.as_str() {
            "query" => self.sql.extend_from_slice(value.as_bytes()),
            "database" => self.session.database = Some(value).filter(|name| !name.is_empty()),
            "default_format" => self.format = self.format.take().or(Some(value)),
            "decompress" if value == "1" => self.data.packed = Some(Blocks::default()),
            _ if OURS.contains(&name.as_str()) => {}
            _ => match name.strip_prefix("param_") {
                Some(name) => self.parameters.push((name.to_owned(), value)),
                None => self.session.settings.push((name, value)),
            },
        }
        Ok(())
    }

    /// A form has the same names as a URL.
    async fn take_form(&mut self, request: Request) -> Result<(), Failure> {
        let broken = |error: String| Failure::new(36, &format!("the form cannot be read: {error}"));
        let mut form =
            Multipart::from_request(request, &()).await.map_err(|error| broken(error.to_string()))?;
        while let Some(field) = form.next_field().await.map_err(|error| broken(error.to_string()))? {
            let name = field.name().unwrap_or_default().to_owned();
            let value = field.text().await.map_err(|error| broken(error.to_string()))?;
            self.take(name, value)?;
        }
        Ok(())
    }

    /// Unless the URL has an `INSERT`, whose data the body is, the body belongs to the statement.
    async fn take_body(&mut self) -> Result<(), Failure> {
        if matches!(Kind::of(&self.sql), Kind::Insert { .. }) {
            return Ok(());
        }
        while let Some(piece) = self.data.next().await? {
            if self.sql.len() + piece.len() > LONGEST {
                return Err(Failure::new(
                    62,
                    "the statement is longer than 256 MB: put an INSERT into the URL",
                ));
            }
            self.sql.extend_from_slice(&piece);
        }
        Ok(())
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// A body, unpacked.
pub struct Data {
    body: BodyDataStream,
    packed: Option<Blocks>,
}

impl Data {
    /// The next piece; none at the end.
    ///
    /// Fails where the client goes away before that (`NETWORK_ERROR`), or where what it sends cannot be unpacked.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        while let Some(piece) = self.body.next().await {
            let piece =
                piece.map_err(|error| Failure::new(210, &format!("the body ends too early: {error}")))?;
            let Some(blocks) = &mut self.packed else { return Ok(Some(piece)) };
            blocks.push(&piece);
            let content = blocks.unpack()?;
            if !content.is_empty() {
                return Ok(Some(content.into()));
            }
        }
        self.packed.as_ref().map_or(Ok(()), Blocks::end).map(|()| None)
    }

    /// No body.
    pub fn none() -> Self {
        Self { body: Body::empty().into_data_stream(), packed: None }
    }

    /// Reads what is left, so that a client that is still sending comes to read the answer.
    pub async fn drain(&mut self) {
        while let Some(Ok(_)) = self.body.next().await {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(url: &str, body: &'static str) -> Result<Asked, Failure> {
        let request = Request::post(url).body(Body::from(body)).expect("a request");
        let pairs = of_url(request.uri())?;
        Asked::of(request, pairs, false).await
    }

    #[tokio::test]
    async fn a_url_is_taken_apart() {
        let url =
            "/?database=d&default_format=RowBinary&max_threads=2&param_x=a%20b&query_id=7&query=SELECT%201";
        let asked = asked(url, " + 1").await.expect("a request");
        let settings = vec![("max_threads".to_owned(), "2".to_owned())];
        assert_eq!(asked.session, Session { database: Some("d".to_owned()), settings });
        assert_eq!(asked.parameters, [("x".to_owned(), "a b".to_owned())]);
        assert_eq!((asked.format.as_deref(), &asked.sql[..]), (Some("RowBinary"), &b"SELECT 1 + 1"[..]));
    }

    #[tokio::test]
    async fn the_body_of_an_insert_in_the_url_is_its_data() {
        let mut asked = asked("/?query=INSERT%20INTO%20t%20FORMAT%20CSV", "1,2\n").await.expect("a request");
        assert_eq!(asked.sql, b"INSERT INTO t FORMAT CSV");
        assert_eq!(asked.data.next().await.expect("a piece").as_deref(), Some(&b"1,2\n"[..]));
        assert_eq!(asked.data.next().await.expect("the end"), None);
    }

    #[tokio::test]
    async fn what_this_server_does_not_do_is_refused() {
        for url in ["/?session_id=1", "/?role=r", "/?compress=1"] {
            assert_eq!(asked(url, "SELECT 1").await.err().map(|failure| failure.code), Some(48), "{url}");
        }
        let failure =
            asked("/?decompress=1", "no block at all, and long enough to have a header").await.err();
        assert_eq!(failure.map(|failure| failure.code), Some(271));
    }
}
