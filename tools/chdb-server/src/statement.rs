//! What a request's text asks for, read as far as this server has to know it: the engine parses it again.

/// A statement without the data of an `INSERT`.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// In SQL; of an `INSERT` only what stands before `FORMAT` or `VALUES`.
    pub sql: &'a [u8],
    /// Of the result, or of the data that is to be inserted.
    pub format: &'a str,
    /// Names and values of what stands in it as `{name:Type}`.
    pub parameters: &'a [(String, String)],
}

/// The kinds of statements that the engine has different calls for.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `SELECT` that does not say how its result is to be written.
    Select,
    /// An `INSERT` that brings its data.
    Insert {
        /// Where the statement ends, without `FORMAT` or `VALUES`.
        head: usize,
        /// The format that it names.
        format: Option<String>,
        /// Where the data begins that stands behind it.
        data: usize,
    },
    /// Everything else.
    Other {
        /// Whether it makes a temporary table, which belongs to its session.
        temporary: bool,
    },
}

impl Kind {
    /// Reads the words of `sql` that stand outside of parentheses, quotes and comments.
    pub fn of(sql: &[u8]) -> Self {
        let mut words = Words { sql, position: 0, depth: 0 };
        match words.next().map(|(_, word)| word.to_ascii_uppercase()).as_deref() {
            Some(b"INSERT") => Self::insert(words),
            Some(b"SELECT" | b"WITH") if !words.any(|(_, word)| is_any(word, &["FORMAT", "INTO"])) => {
                Self::Select
            }
            _ => Self::Other { temporary: words.any(|(_, word)| is_any(word, &["TEMPORARY"])) },
        }
    }

    fn insert(mut words: Words<'_>) -> Self {
        while let Some((start, word)) = words.next() {
            if is_any(word, &["SELECT", "WITH", "INFILE"]) {
                return Self::Other { temporary: false };
            }
            if is_any(word, &["VALUES"]) {
                return Self::Insert { head: start, format: Some("Values".to_owned()), data: words.position };
            }
            if is_any(word, &["FORMAT"]) {
                let format = words.next().map(|(_, name)| String::from_utf8_lossy(name).into_owned());
                return Self::Insert { head: start, format, data: words.after_blank() };
            }
        }
        Self::Insert { head: words.sql.len(), format: None, data: words.sql.len() }
    }
}

fn is_any(word: &[u8], wanted: &[&str]) -> bool {
    wanted.iter().any(|wanted| word.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// The words of a statement with their places.
struct Words<'a> {
    sql: &'a [u8],
    position: usize,
    depth: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.position;
            match *self.sql.get(start)? {
                quote @ (b'\'' | b'"' | b'`') => self.skip_quoted(quote),
                b'-' if self.follows(b"--") => self.skip_past(b"\n"),
                b'/' if self.follows(b"/*") => self.skip_past(b"*/"),
                b'(' => (self.depth, self.position) = (self.depth + 1, start + 1),
                b')' => (self.depth, self.position) = (self.depth.saturating_sub(1), start + 1),
                byte if is_word(byte) => {
                    let length = self.sql[start..].iter().take_while(|byte| is_word(**byte)).count();
                    self.position += length;
                    if self.depth == 0 {
                        return Some((start, &self.sql[start..start + length]));
                    }
                }
                _ => self.position += 1,
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Words<'_> {
    fn follows(&self, text: &[u8]) -> bool {
        self.sql[self.position..].starts_with(text)
    }

    /// Behind the closing quote. A doubled quote opens the next text at once, which comes to the same.
    fn skip_quoted(&mut self, quote: u8) {
        self.position += 1;
        while let Some(byte) = self.sql.get(self.position) {
            self.position += if *byte == b'\\' { 2 } else { 1 };
            if *byte == quote {
                return;
            }
        }
    }

    fn skip_past(&mut self, end: &[u8]) {
        let found = self.sql[self.position..].windows(end.len()).position(|window| window == end);
        self.position = found.map_or(self.sql.len(), |found| self.position + found + end.len());
    }

    /// Where ClickHouse has data begin behind the name of its format: after blanks, and after one end of line.
    fn after_blank(&self) -> usize {
        let rest = &self.sql[self.position.min(self.sql.len())..];
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let line_end = [&b"\r\n"[..], b"\n"].into_iter().find(|end| rest[blanks..].starts_with(end));
        self.position + blanks + line_end.map_or(0, <[u8]>::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(sql: &[u8]) -> (&[u8], Option<String>, &[u8]) {
        match Kind::of(sql) {
            Kind::Insert { head, format, data } => (&sql[..head], format, &sql[data..]),
            other => panic!("{other:?} for {}", String::from_utf8_lossy(sql)),
        }
    }

    #[test]
    fn an_insert_is_cut_before_its_format_and_behind_it() {
        let (head, format, data) = insert(b"INSERT INTO t(a, `format`) FORMAT RowBinary");
        assert_eq!(
            (head, format.as_deref(), data),
            (&b"INSERT INTO t(a, `format`) "[..], Some("RowBinary"), &b""[..])
        );
        let (_, format, data) = insert(b"insert into t format CSV \r\n\n1,2\n");
        assert_eq!((format.as_deref(), data), (Some("CSV"), &b"\n1,2\n"[..]));
        let (head, format, data) = insert(b"INSERT INTO t VALUES (1, 'FORMAT')");
        assert_eq!(
            (head, format.as_deref(), data),
            (&b"INSERT INTO t "[..], Some("Values"), &b" (1, 'FORMAT')"[..])
        );
        assert_eq!(insert(b"INSERT INTO t (a)"), (&b"INSERT INTO t (a)"[..], None, &b""[..]));
    }

    #[test]
    fn data_may_be_anything() {
        let (_, format, data) = insert(b"INSERT INTO t FORMAT RowBinary\n\xff\0'(");
        assert_eq!((format.as_deref(), data), (Some("RowBinary"), &b"\xff\0'("[..]));
    }

    #[test]
    fn words_in_quotes_comments_and_parentheses_do_not_count() {
        for sql in [
            "SELECT 'FORMAT', \"FORMAT\", `a\\`FORMAT` FROM t",
            "/* FORMAT */ SELECT 1 -- FORMAT\n",
            "WITH (SELECT 1 FORMAT JSON) AS x SELECT x",
            "select 'it''s FORMAT'",
        ] {
            assert_eq!(Kind::of(sql.as_bytes()), Kind::Select, "{sql}");
        }
    }

    #[test]
    fn what_is_neither_is_told_apart() {
        for sql in [
            "SELECT 1 FORMAT JSON",
            "CREATE TABLE t (a UInt8)",
            "INSERT INTO t SELECT 1",
            "(SELECT 1)",
            "",
            "'",
        ] {
            assert_eq!(Kind::of(sql.as_bytes()), Kind::Other { temporary: false }, "{sql}");
        }
        assert_eq!(Kind::of(b"CREATE TEMPORARY TABLE t (a UInt8)"), Kind::Other { temporary: true });
    }
}
