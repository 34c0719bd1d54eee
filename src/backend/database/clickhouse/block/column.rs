//! The columns of a block, while their values are collected.

use bytes::{BufMut, Bytes, BytesMut};

use super::text::put_text;
use super::words::Words;
use crate::backend::database::Event;
use crate::backend::database::clickhouse::dialect::Dialect;

/// How a column's value is taken from an event.
pub enum Values {
    Integers(fn(&Event) -> i64),
    Numbers(fn(&Event) -> f64),
    /// Few different texts.
    Words(fn(&Event) -> &str),
}

/// Name and values of every column but `payload`.
pub const COLUMNS: [(&str, Values); 9] = [
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

/// The values of a column so far.
pub enum Collected<'a> {
    Integers(fn(&Event) -> i64, BytesMut),
    Numbers(fn(&Event) -> f64, BytesMut),
    Texts(fn(&Event) -> &str, BytesMut),
    Words(fn(&Event) -> &str, Words<'a>),
}

impl<'a> Collected<'a> {
    /// None yet of `rows`. Old servers have words in columns of plain text.
    pub fn new(values: &Values, dialect: Dialect, rows: usize) -> Self {
        let eight_bytes_each = || BytesMut::with_capacity(8 * rows);
        match *values {
            Values::Integers(of) => Self::Integers(of, eight_bytes_each()),
            Values::Numbers(of) => Self::Numbers(of, eight_bytes_each()),
            Values::Words(of) if dialect == Dialect::Modern => Self::Words(of, Words::with_capacity(rows)),
            Values::Words(of) => Self::Texts(of, eight_bytes_each()),
        }
    }

    /// Takes the next values, from `events`.
    pub fn take(&mut self, events: &'a [Event]) {
        match self {
            Self::Integers(of, to) => events.iter().for_each(|event| to.put_i64_le(of(event))),
            Self::Numbers(of, to) => events.iter().for_each(|event| to.put_f64_le(of(event))),
            Self::Texts(of, to) => events.iter().for_each(|event| put_text(of(event), to)),
            Self::Words(of, words) => events.iter().for_each(|event| words.push(of(event))),
        }
    }

    /// Writes the column's type, and what goes before the values, to `head`, and returns the values.
    pub fn whole(self, head: &mut BytesMut) -> Bytes {
        let (kind, values) = match self {
            Self::Integers(_, values) => ("Int64", values),
            Self::Numbers(_, values) => ("Float64", values),
            Self::Texts(_, values) => ("String", values),
            Self::Words(_, words) => {
                put_text("LowCardinality(String)", head);
                return words.whole(head);
            }
        };
        put_text(kind, head);
        values.freeze()
    }
}
