//! Events in the binary format of COPY (<https://www.postgresql.org/docs/current/sql-copy.html>): after a header, each
//! row is the number of its fields and each field its length and its bytes, all integers big-endian.

use std::ops::DerefMut;

use bytes::BufMut;
use sqlx::PgConnection;
use sqlx::postgres::PgCopyIn;

use crate::backend::database::Event;

/// What takes the rows of [`send`], its columns in the order of [`put`].
pub(super) const COPY: &str = "COPY events (id, thread_id, workload, model, input_tokens, output_tokens, latency_ms, \
                               cost_usd, payload, at_us) FROM STDIN (FORMAT binary)";

/// Signature, flags and the length of an extension, of which there is none.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// In place of a number of fields, the end.
const TRAILER: i16 = -1;

const FIELDS: i16 = 10;

/// Bytes in each message: enough that messages are few, and few enough that the server works while the next is made.
const MESSAGE: usize = 64 * 1024;

/// Sends all of `events`, to be finished by the caller.
pub(super) async fn send<C>(copy: &mut PgCopyIn<C>, events: &[Event]) -> Result<(), sqlx::Error>
where
    C: DerefMut<Target = PgConnection>,
{
    let mut message = Vec::with_capacity(MESSAGE + 4 * 1024);
    message.put_slice(HEADER);
    for event in events {
        put(&mut message, event).map_err(|error| sqlx::Error::Encode(error.into()))?;
        if message.len() >= MESSAGE {
            copy.send(message.as_slice()).await?;
            message.clear();
        }
    }
    message.put_i16(TRAILER);
    copy.send(message).await.map(drop)
}

/// A text that is longer than the format can say.
#[derive(Debug, thiserror::Error)]
#[error("event {id} has a text of {length} bytes, and PostgreSQL takes less than 1 GiB")]
struct TooLong {
    id: i64,
    length: usize,
}

fn put(row: &mut Vec<u8>, event: &Event) -> Result<(), TooLong> {
    row.put_i16(FIELDS);
    put_integers(row, [event.id, event.thread_id]);
    [&event.workload, &event.model].iter().try_for_each(|text| put_text(row, text, event.id))?;
    put_integers(row, [event.input_tokens, event.output_tokens]);
    put_integers(row, [event.latency_ms, event.cost_usd].map(|float| float.to_bits().cast_signed()));
    put_text(row, &event.payload, event.id)?;
    put_integers(row, [event.at_us]);
    Ok(())
}

/// Floats are sent as the bits of an integer.
fn put_integers<const COUNT: usize>(row: &mut Vec<u8>, numbers: [i64; COUNT]) {
    for number in numbers {
        row.put_i32(8);
        row.put_i64(number);
    }
}

fn put_text(row: &mut Vec<u8>, text: &str, id: i64) -> Result<(), TooLong> {
    let length = i32::try_from(text.len()).ok().filter(|length| *length < 1 << 30);
    row.put_i32(length.ok_or(TooLong { id, length: text.len() })?);
    row.put_slice(text.as_bytes());
    Ok(())
}
