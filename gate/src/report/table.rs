//! The one width of everything on the console, and how a row of a table fits it.

use std::fmt::Display;
use std::io::{self, Write};

/// The columns that no table goes beyond.
pub(super) const COLUMNS: usize = 80;

/// The indentation of a row, and the space between its name and its cells.
const GAPS: usize = 3;

/// Writes a row: its name on the left, and `cells`, which take `width` columns, on the right. A name that is too long for
/// what is left has a line of its own.
pub(super) fn row(out: &mut dyn Write, name: &str, width: usize, cells: &dyn Display) -> io::Result<()> {
    let name_width = COLUMNS - GAPS - width;
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
    fn a_long_name_has_a_line_of_its_own() {
        let lines = lines(&"x".repeat(60));
        assert_eq!((lines.len(), lines[1].chars().count()), (2, COLUMNS));
    }
}
