//! How often a judge was wrong, and what it found.

use std::collections::BTreeMap;

/// What a judge said of one comparison: whether each row is slower.
#[derive(Default)]
pub struct Compared {
    pub rows: BTreeMap<String, bool>,
}

/// The columns of [`Tally::line`].
pub const HEADING: &str = "\
| Judge | From each side | False rows | Suites with one | +5 % found (cpu) | +10 % found (io) |
|---|---|---|---|---|---|";

/// Of so many, so many.
#[derive(Default)]
struct Share {
    hits: usize,
    of: usize,
}

impl Share {
    fn add(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.of += 1;
    }

    fn text(&self) -> String {
        format!("{:.1} % of {}", 100.0 * self.hits as f64 / self.of.max(1) as f64, self.of)
    }
}

/// All comparisons of one judge.
#[derive(Default)]
pub struct Tally {
    false_rows: Share,
    red: Share,
    found_cpu: Share,
    found_io: Share,
}

impl Tally {
    /// Takes in comparisons of arm A with `head`: B is the same, C is slower.
    pub fn add(&mut self, head: char, comparisons: &[Compared]) {
        for Compared { rows } in comparisons {
            for (id, slower) in rows {
                self.row(head, id).add(*slower);
            }
            if head == 'B' {
                self.red.add(rows.values().any(|slower| *slower));
            }
        }
    }

    fn row(&mut self, head: char, id: &str) -> &mut Share {
        match head {
            'B' => &mut self.false_rows,
            _ if id.starts_with("sensitivity/io/") => &mut self.found_io,
            _ => &mut self.found_cpu,
        }
    }

    pub fn line(&self, judge: &str, runs: &str) -> String {
        let Self { false_rows, red, found_cpu, found_io } = self;
        let shares = [false_rows, red, found_cpu, found_io].map(Share::text);
        format!("| {judge} | {runs} | {} |", shares.join(" | "))
    }
}
