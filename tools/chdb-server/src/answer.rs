//! How the engine is asked and what is answered: each on a thread of its own, since the engine's calls block.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::failure::Failure;
use super::format;
use super::library::Rows;
use super::request::{Asked, Data};
use super::sessions::Sessions;
use super::statement::{Kind, Statement};

/// How many pieces wait between the engine and the network.
const AHEAD: usize = 4;

/// The format of results where nobody says one.
const DEFAULT: &str = "TabSeparated";

/// Has the engine do what is asked.
pub async fn to(asked: Asked, sessions: Arc<Sessions>) -> Result<Response, Failure> {
    match Kind::of(&asked.sql) {
        Kind::Insert { head, format, data } => insert(asked, Cut { head, format, data }, sessions).await,
        Kind::Select if format::can_be_joined(asked.format.as_deref().unwrap_or(DEFAULT)) => {
            select(asked, sessions).await
        }
        Kind::Select => run(asked, false, sessions).await,
        Kind::Other { temporary } => run(asked, temporary, sessions).await,
    }
}

async fn run(asked: Asked, temporary: bool, sessions: Arc<Sessions>) -> Result<Response, Failure> {
    let answer = spawn_blocking(move || {
        let mut connection = sessions.take(&asked.session)?;
        let (statements, changes) = connection.classify(&asked.sql);
        if statements > 1 {
            return Err(Failure::new(62, "Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)"));
        }
        let answer = connection.run(statement(&asked, DEFAULT))?;
        if !changes && !temporary {
            sessions.give_back(asked.session, connection);
        }
        Ok(Bytes::from_owner(answer))
    });
    finished(answer.await).map(|answer| Body::from(answer).into_response())
}

fn statement<'a>(asked: &'a Asked, default: &'a str) -> Statement<'a> {
    let format = asked.format.as_deref().unwrap_or(default);
    Statement { sql: &asked.sql, format, parameters: &asked.parameters }
}

fn finished<T>(ended: Result<Result<T, Failure>, tokio::task::JoinError>) -> Result<T, Failure> {
    ended.unwrap_or_else(|error| Err(Failure::from(format!("the engine's call did not end: {error}"))))
}

/// Where an `INSERT` is cut.
struct Cut {
    head: usize,
    format: Option<String>,
    data: usize,
}

/// What the thread of an `INSERT` is told. Where it is told no end, the client has gone and nothing is stored.
enum Piece {
    Data(Bytes),
    End,
}

async fn insert(mut asked: Asked, cut: Cut, sessions: Arc<Sessions>) -> Result<Response, Failure> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let behind = Bytes::copy_from_slice(&asked.sql[cut.data.min(asked.sql.len())..]);
    let mut data = std::mem::replace(&mut asked.data, Data::none());
    asked.format = cut.format.or(asked.format);
    asked.sql.truncate(cut.head);
    let stored = spawn_blocking(move || store(asked, &sessions, receiver));
    let (sent, rows) = (send(behind, &mut data, sender).await, finished(stored.await));
    sent.and(rows)
        .map(|rows| [("X-ClickHouse-Summary", format!(r#"{{"written_rows":"{rows}"}}"#))].into_response())
}

/// Hands the data over, until its end or until nobody takes it any more. Then the rest is read all the same, so that a
/// client that is still sending comes to read the answer.
async fn send(behind: Bytes, data: &mut Data, sender: mpsc::Sender<Piece>) -> Result<(), Failure> {
    let mut next = Some(behind);
    while let Some(piece) = next {
        if !piece.is_empty() && sender.send(Piece::Data(piece)).await.is_err() {
            data.drain().await;
            return Ok(());
        }
        next = match data.next().await {
            Ok(next) => next,
            Err(failure) => {
                data.drain().await;
                return Err(failure);
            }
        };
    }
    sender.send(Piece::End).await.ok();
    Ok(())
}

fn store(asked: Asked, sessions: &Sessions, mut data: mpsc::Receiver<Piece>) -> Result<u64, Failure> {
    let mut connection = sessions.take(&asked.session)?;
    let mut insert = connection.insert(statement(&asked, "Values"))?;
    let rows = loop {
        match data.blocking_recv() {
            Some(Piece::Data(piece)) => insert.append(&piece)?,
            Some(Piece::End) => break insert.done()?,
            None => {
                return Err(Failure::new(
                    210,
                    "the client went away before the end of its data (NETWORK_ERROR)",
                ));
            }
        }
    };
    sessions.give_back(asked.session, connection);
    Ok(rows)
}

async fn select(asked: Asked, sessions: Arc<Sessions>) -> Result<Response, Failure> {
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    spawn_blocking(move || {
        if let Err(failure) = read(asked, &sessions, &sender) {
            // Where nobody waits for it any more there is nobody to tell.
            sender.blocking_send(Err(failure)).ok();
        }
    });
    let first = receiver.recv().await.transpose()?;
    let tag = format!("{:016x}", rand::random::<u64>());
    let header = [("X-ClickHouse-Exception-Tag", tag.clone())];
    Ok((header, joined(first, receiver, tag)).into_response())
}

/// The pieces of a result as one body. An error among them is told by the body's end.
fn joined(first: Option<Bytes>, mut receiver: mpsc::Receiver<Result<Bytes, Failure>>, tag: String) -> Body {
    let rest = stream::poll_fn(move |context| receiver.poll_recv(context));
    let pieces = stream::iter(first.map(Ok)).chain(rest);
    Body::from_stream(pieces.map(move |piece| {
        Ok::<_, Infallible>(piece.unwrap_or_else(|failure| failure.at_the_end_of_a_result(&tag)))
    }))
}

/// Sends a result in pieces.
fn read(
    asked: Asked,
    sessions: &Sessions,
    sender: &mpsc::Sender<Result<Bytes, Failure>>,
) -> Result<(), Failure> {
    let mut connection = sessions.take(&asked.session)?;
    let statement = statement(&asked, DEFAULT);
    let Some(sent) = send_pieces(connection.stream(statement)?, statement.format, sender)? else {
        return Ok(());
    };
    if sent == 0 && format::has_head(statement.format) {
        // Without rows there is no piece, and without a piece no head.
        let head = Bytes::from_owner(connection.run(statement)?);
        sender.blocking_send(Ok(head)).ok();
    }
    sessions.give_back(asked.session, connection);
    Ok(())
}

/// Each piece has the head that only the first should have. Returns how many were sent; none, where the client went
/// away and the statement did not come to its end.
fn send_pieces(
    mut rows: Rows<'_>,
    format: &str,
    sender: &mpsc::Sender<Result<Bytes, Failure>>,
) -> Result<Option<usize>, Failure> {
    let unreadable = || Failure::from("a piece of a result does not begin as its format does".to_owned());
    let mut sent = 0;
    while let Some(piece) = rows.next()? {
        let piece = Bytes::from_owner(piece);
        let head = if sent == 0 { 0 } else { format::head_length(format, &piece).ok_or_else(unreadable)? };
        if sender.blocking_send(Ok(piece.slice(head..))).is_err() {
            return Ok(None);
        }
        sent += 1;
    }
    Ok(Some(sent))
}
