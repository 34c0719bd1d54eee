//! What this server has to know of ClickHouse's formats: how pieces of a result become one result.

/// Whether pieces in `format`, behind their heads, make a result when they are joined.
pub fn can_be_joined(format: &str) -> bool {
    has_head(format) || matches!(format, "RowBinary" | "JSONEachRow" | "Native" | "LineAsString")
}

/// Whether results begin with the names of their columns.
pub fn has_head(format: &str) -> bool {
    texts_of_a_column(format) > 0
}

/// How many texts a head has for each column.
fn texts_of_a_column(format: &str) -> u64 {
    match format {
        "RowBinaryWithNames" => 1,
        "RowBinaryWithNamesAndTypes" => 2,
        _ => 0,
    }
}

/// How long the head of a result is; none where it ends before its head does.
pub fn head_length(format: &str, result: &[u8]) -> Option<usize> {
    let texts = texts_of_a_column(format);
    if texts == 0 {
        return Some(0);
    }
    let mut rest = result;
    let columns = number(&mut rest)?;
    for _ in 0..columns.checked_mul(texts)? {
        let length = number(&mut rest)?;
        rest = rest.get(usize::try_from(length).ok()?..)?;
    }
    Some(result.len() - rest.len())
}

/// An unsigned number in LEB128: seven bits in each byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_as_long_as_its_names_and_types() {
        let result = b"\x02\x01a\x02bc\x06UInt64\x06Stringrows";
        assert_eq!(head_length("RowBinaryWithNamesAndTypes", result), Some(result.len() - 4));
        assert_eq!(head_length("RowBinaryWithNames", result), Some(6));
        assert_eq!(head_length("RowBinary", result), Some(0));
        let long = [&[1, 0x80, 0x01][..], &[b'n'; 128], b"rows"].concat();
        assert_eq!(head_length("RowBinaryWithNames", &long), Some(long.len() - 4));
    }

    #[test]
    fn a_head_that_is_not_whole_has_no_length() {
        for cut in
            [&b""[..], b"\x02\x01a", b"\x01\x05ab", b"\x80", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert_eq!(head_length("RowBinaryWithNamesAndTypes", cut), None, "{cut:?}");
        }
    }
}
