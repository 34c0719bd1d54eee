//! Rows that keep one processor busy.

mod bytes;
mod collections;
mod numbers;
mod parts;
mod text;
mod work;

use std::hint::black_box;

use super::slowdown::{CPU_UNITS, Slowdown};
use backend_bench::bench::Harness;
use work::Row;

fn rows() -> impl Iterator<Item = Row> {
    [numbers::ROWS, text::ROWS, bytes::ROWS, collections::ROWS, parts::ROWS].into_iter().flatten().copied()
}

/// Runs every row.
pub(super) fn run(harness: &mut Harness, slowdown: Slowdown) {
    for (name, prepare) in rows() {
        let mut work = None;
        harness.time(&format!("cpu/{name}"), None, |bencher| {
            let work = work.get_or_insert_with(prepare);
            let units = slowdown.of(CPU_UNITS);
            bencher.iter(|| work(black_box(units)));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_35_rows_and_their_work_can_be_done() {
        let names: BTreeSet<_> = rows().map(|(name, _)| name).collect();
        assert_eq!((names.len(), rows().count()), (35, 35));
        rows().for_each(|(_, prepare)| prepare()(3));
    }
}
