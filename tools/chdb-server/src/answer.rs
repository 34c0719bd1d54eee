//! Runs a request on the engine. Its calls block, so each runs on a thread of its own.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::failure::Failure;
use super::request::{Data, Request};
use super::sessions::Sessions;

/// How many pieces of an insert wait between the network and the engine.
const AHEAD: usize = 4;

pub async fn to(mut request: Request, sessions: Arc<Sessions>) -> Result<Response, Failure> {
    match request.data.take() {
        Some(data) => insert(request, data, sessions).await,
        None => run(request, sessions).await,
    }
}

/// Only a session that just read is as it was before, and is used again.
async fn run(request: Request, sessions: Arc<Sessions>) -> Result<Response, Failure> {
    refuse_data_in_statement(&request.sql)?;
    let ended = spawn_blocking(move || {
        let mut connection = sessions.take(&request.session)?;
        let answer = connection.run(&request.sql, &request.format)?;
        if ["SELECT", "DESCRIBE"].iter().any(|word| begins_with(&request.sql, word)) {
            sessions.give_back(request.session, connection);
        }
        Ok(Bytes::from_owner(answer))
    });
    finished(ended.await).map(|answer| Body::from(answer).into_response())
}

/// The engine stores only a part of data that stands behind a statement, and does not report it.
fn refuse_data_in_statement(sql: &str) -> Result<(), Failure> {
    if begins_with(sql, "INSERT") && sql.to_ascii_uppercase().contains(" FORMAT ") {
        return Err(Failure::new(48, "put the INSERT … FORMAT … into the URL, and its data into the body"));
    }
    Ok(())
}

fn begins_with(sql: &str, word: &str) -> bool {
    sql.trim_start().get(..word.len()).is_some_and(|first| first.eq_ignore_ascii_case(word))
}

fn finished<T>(ended: Result<Result<T, Failure>, tokio::task::JoinError>) -> Result<T, Failure> {
    ended.unwrap_or_else(|error| Err(Failure::from(format!("the engine's call did not end: {error}"))))
}

/// What the thread of an insert gets. Without an end the client has gone, and nothing is stored.
enum Piece {
    Data(Bytes),
    End,
}

async fn insert(request: Request, mut data: Data, sessions: Arc<Sessions>) -> Result<Response, Failure> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let stored = spawn_blocking(move || store(request, &sessions, receiver));
    let sent = send(&mut data, sender).await;
    let stored = finished(stored.await);
    data.drain().await;
    sent.and(stored).map(IntoResponse::into_response)
}

/// Hands the data over, until its end or until the engine takes no more.
async fn send(data: &mut Data, sender: mpsc::Sender<Piece>) -> Result<(), Failure> {
    while let Some(piece) = data.next().await? {
        if sender.send(Piece::Data(piece)).await.is_err() {
            return Ok(());
        }
    }
    // The engine's own error is reported where it has gone.
    sender.send(Piece::End).await.ok();
    Ok(())
}

fn store(request: Request, sessions: &Sessions, mut data: mpsc::Receiver<Piece>) -> Result<(), Failure> {
    let mut connection = sessions.take(&request.session)?;
    let mut insert = connection.insert(&request.sql, &request.format)?;
    loop {
        match data.blocking_recv() {
            Some(Piece::Data(piece)) => insert.append(&piece)?,
            Some(Piece::End) => break insert.done()?,
            None => return Err(Failure::new(210, "the client went away before the end of its data")),
        }
    }
    sessions.give_back(request.session, connection);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_behind_a_statement_is_refused() {
        let code = |sql| refuse_data_in_statement(sql).err().map(|failure| failure.code);
        assert_eq!(code(" insert into t format JSONEachRow\n{}"), Some(48));
        for sql in
            ["INSERT INTO t VALUES (1)", "SELECT 1 FORMAT JSON", "INSERT INTO t SELECT formatRow('CSV', 1)"]
        {
            assert_eq!(code(sql), None, "{sql}");
        }
    }
}
