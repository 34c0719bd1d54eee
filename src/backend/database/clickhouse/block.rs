//! Events as one block of ClickHouse's Native format: column after column, sent in pieces as they fill.
//!
//! The client's own `insert` sends row after row. A server before 20 takes a connection that breaks off between two
//! rows for the end of the insert, and keeps those that came. A block that breaks off lacks columns, which every
//! server refuses. It is also what a server parses fastest, since it keeps columns itself.
//!
//! The format: <https://clickhouse.com/docs/interfaces/formats/Native>.

mod column;
mod text;
mod words;

use bytes::{Bytes, BytesMut};
use clickhouse::Client;
use clickhouse::error::Result;
use clickhouse::insert_formatted::InsertFormatted;

use self::column::{COLUMNS, Collected};
use self::text::{put_length, put_text};
use super::dialect::Dialect;
use crate::backend::database::Event;

/// Bytes that are sent at once, compressed where the client is told so.
const PIECE: usize = 256 * 1024;

/// Events that are taken at once: few enough that they are still in a processor's cache when the last column takes
/// its values from them.
const GROUP: usize = 512;

/// Inserts `events` into `table`, all or none of them: a block becomes one part of the table, and a part is there or
/// it is not.
///
/// The payloads, which are most of it, are sent as they are written; the other columns are collected meanwhile.
pub(super) async fn insert(client: Client, table: &str, dialect: Dialect, events: &[Event]) -> Result<()> {
    let names = COLUMNS.each_ref().map(|(name, _)| *name).join(", ");
    let statement = format!("INSERT INTO {table} (payload, {names}) FORMAT Native");
    let mut insert = client.insert_formatted_with(statement);
    let mut columns = COLUMNS.each_ref().map(|(_, values)| Collected::new(values, dialect, events.len()));
    send_payloads(events, &mut columns, &mut insert).await?;
    for ((name, _), column) in COLUMNS.iter().zip(columns) {
        send_column(name, column, &mut insert).await?;
    }
    insert.end().await
}

async fn send_payloads<'a>(
    events: &'a [Event],
    columns: &mut [Collected<'a>],
    insert: &mut InsertFormatted,
) -> Result<()> {
    let mut piece = BytesMut::with_capacity(PIECE + PIECE / 8);
    [columns.len() + 1, events.len()].into_iter().for_each(|length| put_length(length, &mut piece));
    ["payload", "String"].into_iter().for_each(|text| put_text(text, &mut piece));
    for group in events.chunks(GROUP) {
        group.iter().for_each(|event| put_text(&event.payload, &mut piece));
        columns.iter_mut().for_each(|column| column.take(group));
        if piece.len() >= PIECE {
            insert.send(piece.split().freeze()).await?;
            piece.reserve(PIECE + PIECE / 8);
        }
    }
    insert.send(piece.freeze()).await
}

async fn send_column(name: &str, column: Collected<'_>, insert: &mut InsertFormatted) -> Result<()> {
    let mut head = BytesMut::new();
    put_text(name, &mut head);
    let mut values: Bytes = column.whole(&mut head);
    insert.send(head.freeze()).await?;
    while !values.is_empty() {
        insert.send(values.split_to(values.len().min(PIECE))).await?;
    }
    Ok(())
}
