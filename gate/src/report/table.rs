//! The one width of everything on the console, and how a row of a table fits it.

use std::fmt::Display;
use std::io::{self, Write};

/// The columns that no table goes beyond.
pub(super) const COLUMNS: usize = 80;

/// The indentation of a row, and the space between its name and its cells.
const GAPS: usize = 3;

/// `text` in one line: characters that would break it, or turn it around, are escaped as Rust writes them.
pub(super) fn one_line(text: &str) -> String {
    let is_unsafe =
        |it: char| it.is_control() || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let escaped = |it: char| if is_unsafe(it) { it.escape_default().to_string() } else { it.to_string() };
    text.chars().map(escaped).collect()
}

/// Writes a row: its name on the left, and `cells`, which take `width` columns, on the right. A name that is too long for
/// what is left has a line of its own.
pub(super) fn row(out: &mut dyn Write, name: &str, width: usize, cells: &dyn Display) -> io::Result<()> {
    let (name, name_width) = (one_line(name), COLUMNS - GAPS - width);
    if name.chars().count() > name_width {
        writeln!(out, "  {name}\n  {:name_width$} {cells}", "")
    } else {
        writeln!(out, "  {name:<name_width$} {cells}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str) -> Vec<String> {
        let mut out = Vec::new();
        row(&mut out, name, 20, &"x".repeat(20)).expect("a vector takes everything");
        String::from_utf8(out).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_row_fills_the_columns() {
        assert_eq!(lines("a/b").iter().map(|line| line.chars().count()).collect::<Vec<_>>(), [COLUMNS]);
    }

    #[test]
    fn a_hostile_name_stays_one_line() {
        assert_eq!(lines("a\n::error::b\u{202e}c").len(), 1);
        assert_eq!(one_line("a\nb\u{202e}"), "a\\nb\\u{202e}");
    }

    #[test]
    fn a_long_name_has_a_line_of_its_own() {
        let lines = lines(&"x".repeat(60));
        assert_eq!((lines.len(), lines[1].chars().count()), (2, COLUMNS));
    }
}
