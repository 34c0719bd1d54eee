//! Events as one block of ClickHouse's Native format: column after column, sent in pieces as they fill.
//!
//! The client's own `insert` sends row after row. A server before 20 takes a connection that breaks off between two
//! rows for the end of the insert, and keeps those that came. A block that breaks off lacks columns, which every
//! server refuses. It is also what a server parses fastest, since it keeps columns itself.
//!
//! The format: <https://clickhouse.com/docs/interfaces/formats/Native>.

use bytes::{BufMut, BytesMut};
use clickhouse::Client;
use clickhouse::error::Result;
use clickhouse::insert_formatted::InsertFormatted;

use crate::backend::database::Event;

/// Bytes that are sent at once, compressed where the client is told so.
const PIECE: usize = 256 * 1024;

/// A column: its name, its type, and how an event's value in it is written.
struct Column(&'static str, &'static str, fn(&Event, &mut BytesMut));

/// Text goes as `String` into columns of `LowCardinality(String)` too: the server makes their dictionaries.
const COLUMNS: [Column; 10] = [
    Column("id", "Int64", |event, to| to.put_i64_le(event.id)),
    Column("thread_id", "Int64", |event, to| to.put_i64_le(event.thread_id)),
    Column("workload", "String", |event, to| put_text(&event.workload, to)),
    Column("model", "String", |event, to| put_text(&event.model, to)),
    Column("input_tokens", "Int64", |event, to| to.put_i64_le(event.input_tokens)),
    Column("output_tokens", "Int64", |event, to| to.put_i64_le(event.output_tokens)),
    Column("latency_ms", "Float64", |event, to| to.put_f64_le(event.latency_ms)),
    Column("cost_usd", "Float64", |event, to| to.put_f64_le(event.cost_usd)),
    Column("payload", "String", |event, to| put_text(&event.payload, to)),
    Column("at_us", "Int64", |event, to| to.put_i64_le(event.at_us)),
];

/// Inserts `events` into `table`, all or none of them: a block becomes one part of the table, and a part is there or
/// it is not.
pub(super) async fn insert(client: Client, table: &str, events: &[Event]) -> Result<()> {
    let names = COLUMNS.map(|Column(name, ..)| name).join(", ");
    let mut insert = client.insert_formatted_with(format!("INSERT INTO {table} ({names}) FORMAT Native"));
    let mut piece = BytesMut::with_capacity(PIECE + PIECE / 8);
    [COLUMNS.len(), events.len()].into_iter().for_each(|length| put_length(length, &mut piece));
    for column in &COLUMNS {
        send(column, events, &mut piece, &mut insert).await?;
    }
    insert.send(piece.freeze()).await?;
    insert.end().await
}

/// Writes a column, and sends each piece that is full.
async fn send(
    &Column(name, kind, put): &Column,
    events: &[Event],
    piece: &mut BytesMut,
    insert: &mut InsertFormatted,
) -> Result<()> {
    put_text(name, piece);
    put_text(kind, piece);
    for event in events {
        put(event, piece);
        if piece.len() >= PIECE {
            insert.send(piece.split().freeze()).await?;
            piece.reserve(PIECE + PIECE / 8);
        }
    }
    Ok(())
}

fn put_text(text: &str, to: &mut BytesMut) {
    put_length(text.len(), to);
    to.put_slice(text.as_bytes());
}

/// Seven bits in each byte, the lowest first; the eighth says that more follow (LEB128).
fn put_length(mut length: usize, to: &mut BytesMut) {
    while length >= 0x80 {
        to.put_u8(low_bits(length) | 0x80);
        length >>= 7;
    }
    to.put_u8(low_bits(length));
}

#[expect(clippy::cast_possible_truncation, reason = "the mask leaves seven bits")]
fn low_bits(length: usize) -> u8 {
    (length & 0x7f) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_leb128() {
        let written = |length| {
            let mut bytes = BytesMut::new();
            put_length(length, &mut bytes);
            bytes.to_vec()
        };
        assert_eq!(written(0), [0]);
        assert_eq!(written(127), [127]);
        assert_eq!(written(128), [0x80, 1]);
        assert_eq!(written(624_485), [0xe5, 0x8e, 0x26]);
    }
}
