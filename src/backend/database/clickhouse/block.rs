//! Events as one block of ClickHouse's Native format: column after column, sent in pieces as they fill.
//!
//! The client's own `insert` sends row after row. A server before 20 takes a connection that breaks off between two
//! rows for the end of the insert, and keeps those that came. A block that breaks off lacks columns, which every
//! server refuses. It is also what a server parses fastest, since it keeps columns itself.
//!
//! The format: <https://clickhouse.com/docs/interfaces/formats/Native>.

mod words;

use bytes::{BufMut, BytesMut};
use clickhouse::Client;
use clickhouse::error::Result;
use clickhouse::insert_formatted::InsertFormatted;

use self::words::Words;
use super::dialect::Dialect;
use crate::backend::database::Event;

/// Bytes that are sent at once, compressed where the client is told so.
const PIECE: usize = 256 * 1024;

/// How a column's value is taken from an event.
enum Values {
    Integers(fn(&Event) -> i64),
    Numbers(fn(&Event) -> f64),
    Texts(fn(&Event) -> &str),
    /// Few different texts.
    Words(fn(&Event) -> &str),
}

/// A column's name and values. The longest goes first, so that a server reads it while the others are written.
const COLUMNS: [(&str, Values); 10] = [
    ("payload", Values::Texts(|event| &event.payload)),
    ("id", Values::Integers(|event| event.id)),
    ("thread_id", Values::Integers(|event| event.thread_id)),
    ("workload", Values::Words(|event| &event.workload)),
    ("model", Values::Words(|event| &event.model)),
    ("input_tokens", Values::Integers(|event| event.input_tokens)),
    ("output_tokens", Values::Integers(|event| event.output_tokens)),
    ("latency_ms", Values::Numbers(|event| event.latency_ms)),
    ("cost_usd", Values::Numbers(|event| event.cost_usd)),
    ("at_us", Values::Integers(|event| event.at_us)),
];

/// Inserts `events` into `table`, all or none of them: a block becomes one part of the table, and a part is there or
/// it is not.
pub(super) async fn insert(client: Client, table: &str, dialect: Dialect, events: &[Event]) -> Result<()> {
    let names = COLUMNS.each_ref().map(|(name, _)| *name).join(", ");
    let insert = client.insert_formatted_with(format!("INSERT INTO {table} ({names}) FORMAT Native"));
    let mut block = Block { piece: BytesMut::with_capacity(PIECE + PIECE / 8), insert };
    [COLUMNS.len(), events.len()].into_iter().for_each(|length| put_length(length, &mut block.piece));
    for (name, values) in &COLUMNS {
        put_text(name, &mut block.piece);
        block.column(values, dialect, events).await?;
    }
    block.end().await
}

/// A block on its way.
struct Block {
    /// What is not sent yet.
    piece: BytesMut,
    insert: InsertFormatted,
}

impl Block {
    /// Writes a column's type and values. Texts go as such into the columns of words that an old server has.
    async fn column(&mut self, values: &Values, dialect: Dialect, events: &[Event]) -> Result<()> {
        match values {
            Values::Integers(of) => {
                put_text("Int64", &mut self.piece);
                self.each(events.iter().map(of), |value, to| to.put_i64_le(value)).await
            }
            Values::Numbers(of) => {
                put_text("Float64", &mut self.piece);
                self.each(events.iter().map(of), |value, to| to.put_f64_le(value)).await
            }
            Values::Words(of) if dialect == Dialect::Modern => {
                self.words(&Words::of(events.iter().map(of))).await
            }
            Values::Words(of) | Values::Texts(of) => {
                put_text("String", &mut self.piece);
                self.each(events.iter().map(of), put_text).await
            }
        }
    }

    async fn words(&mut self, words: &Words<'_>) -> Result<()> {
        put_text("LowCardinality(String)", &mut self.piece);
        words.put_dictionary(&mut self.piece);
        let (places, width) = words.places();
        self.each(places, |place, to| to.put_uint_le(place, width)).await
    }

    /// Writes each of `values` by `put`, and sends each piece that is full.
    async fn each<T: Send>(
        &mut self,
        values: impl Iterator<Item = T> + Send,
        put: impl Fn(T, &mut BytesMut) + Send + Sync,
    ) -> Result<()> {
        for value in values {
            put(value, &mut self.piece);
            if self.piece.len() >= PIECE {
                self.insert.send(self.piece.split().freeze()).await?;
                self.piece.reserve(PIECE + PIECE / 8);
            }
        }
        Ok(())
    }

    async fn end(mut self) -> Result<()> {
        self.insert.send(self.piece.freeze()).await?;
        self.insert.end().await
    }
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
