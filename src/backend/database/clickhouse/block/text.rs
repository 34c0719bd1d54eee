//! Texts and lengths, as the Native format has them.

use bytes::{BufMut, BytesMut};

/// A text after its length in bytes.
pub(super) fn put_text(text: &str, to: &mut BytesMut) {
    put_length(text.len(), to);
    to.put_slice(text.as_bytes());
}

/// Seven bits in each byte, the lowest first; the eighth says that more follow (LEB128).
pub(super) fn put_length(mut length: usize, to: &mut BytesMut) {
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
