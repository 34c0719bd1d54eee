//! A request as the engine needs it: the session, the statement, its format, and the data of an insert.

use axum::body::{Body, BodyDataStream, to_bytes};
use axum::extract::Query;
use axum::http::Uri;
use bytes::Bytes;
use futures_util::StreamExt;

use super::blocks::Blocks;
use super::failure::Failure;
use super::sessions::Session;

/// The longest statement.
const MAX_STATEMENT: usize = 256 << 20;

/// What stands in a URL of the client and is no setting of the engine.
const IGNORED: [&str; 2] = ["query_id", "client_protocol_version"];

/// What a ClickHouse server has and this one does not.
const UNSUPPORTED: [&str; 3] = ["session_id", "role", "compress"];

pub struct Request {
    pub session: Session,
    pub sql: String,
    /// Of the result, or of the rows to insert.
    pub format: String,
    /// The rows of an insert whose statement is in the URL.
    pub data: Option<Data>,
}

impl Request {
    pub async fn from_http(http: axum::extract::Request, read_only: bool) -> Result<Self, Failure> {
        let url = Url::parse(http.uri(), read_only)?;
        let body = http.into_body();
        match url.insert {
            Some(statement) => Self::insert(url.session, &statement, Data::new(body, url.compressed)),
            None => Self::statement(url.session, url.format, body).await,
        }
    }

    fn insert(session: Session, statement: &str, data: Data) -> Result<Self, Failure> {
        let cut = statement.rsplit_once(" FORMAT ");
        let (sql, format) =
            cut.ok_or_else(|| Failure::new(62, "the statement in the URL is no INSERT … FORMAT …"))?;
        Ok(Self { session, sql: sql.to_owned(), format: format.trim().to_owned(), data: Some(data) })
    }

    async fn statement(session: Session, format: Option<String>, body: Body) -> Result<Self, Failure> {
        let too_long = |error| Failure::new(62, &format!("the statement cannot be read: {error}"));
        let sql = to_bytes(body, MAX_STATEMENT).await.map_err(too_long)?;
        let sql = String::from_utf8(sql.into()).map_err(|_| Failure::new(62, "the statement is no UTF-8"))?;
        let format = format.unwrap_or_else(|| "TabSeparated".to_owned());
        Ok(Self { session, sql, format, data: None })
    }
}

/// What a URL holds.
#[derive(Default)]
struct Url {
    session: Session,
    insert: Option<String>,
    format: Option<String>,
    compressed: bool,
}

impl Url {
    fn parse(uri: &Uri, read_only: bool) -> Result<Self, Failure> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
        let pairs = pairs.map_err(|error| Failure::new(36, &format!("the URL cannot be read: {error}")))?;
        let mut url = Self::default();
        pairs.0.into_iter().try_for_each(|(name, value)| url.take(name, value))?;
        url.session.settings.sort();
        if read_only {
            // What may still be set is decided by what is set before.
            url.session.settings.insert(0, ("readonly".to_owned(), "1".to_owned()));
        }
        Ok(url)
    }

    fn take(&mut self, name: String, value: String) -> Result<(), Failure> {
        match name.as_str() {
            "query" => self.insert = Some(value),
            "database" => self.session.database = Some(value).filter(|name| !name.is_empty()),
            "default_format" => self.format = Some(value),
            "decompress" => self.compressed = value == "1",
            name if UNSUPPORTED.contains(&name) => {
                return Err(Failure::new(48, &format!("this server has no {name}: use a ClickHouse server")));
            }
            name if IGNORED.contains(&name) => {}
            _ => self.session.settings.push((name, value)),
        }
        Ok(())
    }
}

/// The rows of an insert, in pieces as they come.
pub struct Data {
    body: BodyDataStream,
    blocks: Option<Blocks>,
}

impl Data {
    fn new(body: Body, compressed: bool) -> Self {
        Self { body: body.into_data_stream(), blocks: compressed.then(Blocks::default) }
    }

    /// The next piece; none at the end. A client that goes away before the end is an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        while let Some(piece) = self.body.next().await {
            let piece =
                piece.map_err(|error| Failure::new(210, &format!("the body ends too early: {error}")))?;
            let Some(blocks) = &mut self.blocks else { return Ok(Some(piece)) };
            let rows = blocks.decompress(&piece)?;
            if !rows.is_empty() {
                return Ok(Some(rows.into()));
            }
        }
        self.blocks.as_ref().map_or(Ok(()), Blocks::end).map(|()| None)
    }

    /// Reads the rest: a client that still sends does not read the answer.
    pub async fn drain(&mut self) {
        while let Some(Ok(_)) = self.body.next().await {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn request(url: &str, body: &'static str, read_only: bool) -> Result<Request, Failure> {
        let http = axum::extract::Request::post(url).body(Body::from(body)).unwrap();
        Request::from_http(http, read_only).await
    }

    #[tokio::test]
    async fn a_statement_has_its_session_and_format() {
        let url = "/?database=d&default_format=RowBinary&max_threads=2&query_id=7&a=1";
        let request = request(url, "SELECT 1", true).await.unwrap_or_else(|failure| panic!("{failure:?}"));
        let settings = [("readonly", "1"), ("a", "1"), ("max_threads", "2")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(request.session, Session { database: Some("d".to_owned()), settings });
        assert_eq!((request.sql.as_str(), request.format.as_str()), ("SELECT 1", "RowBinary"));
        assert!(request.data.is_none());
    }

    #[tokio::test]
    async fn an_insert_has_its_format_and_data() {
        let url = "/?query=INSERT%20INTO%20t(a)%20FORMAT%20RowBinary";
        let request = request(url, "rows", false).await.unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!((request.sql.as_str(), request.format.as_str()), ("INSERT INTO t(a)", "RowBinary"));
        assert_eq!(request.data.unwrap().next().await, Ok(Some("rows".into())));
    }

    #[tokio::test]
    async fn what_this_server_does_not_have_is_refused() {
        for (url, code) in [("/?session_id=1", 48), ("/?compress=1", 48), ("/?query=SELECT%201", 62)] {
            assert_eq!(request(url, "", false).await.err().map(|failure| failure.code), Some(code), "{url}");
        }
    }
}
