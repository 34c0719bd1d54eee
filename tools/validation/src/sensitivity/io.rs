//! Rows that talk to a server in this process over loopback, or to a database file.

mod database;
mod http;
mod raw;
mod stage;
mod websocket;

use std::cell::LazyCell;
use std::hint::black_box;

use super::slowdown::{IO_UNITS, Slowdown};
use backend_bench::bench::{Harness, harness};
use stage::{IoRow, Stage};

fn rows() -> impl Iterator<Item = IoRow> {
    [http::ROWS, raw::ROWS, websocket::ROWS, database::ROWS].into_iter().flatten().copied()
}

/// Runs every row.
pub(super) fn run(harness: &mut Harness, slowdown: Slowdown) {
    let runtime = harness::runtime();
    let stage = LazyCell::new(|| Stage::start(&runtime));
    for (name, prepare) in rows() {
        let mut work = None;
        harness.time(&format!("io/{name}"), None, |bencher| {
            let work = work.get_or_insert_with(|| prepare(&stage));
            let units = slowdown.of(IO_UNITS);
            bencher.iter(|| work(black_box(units)));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_15_rows_and_their_work_can_be_done() {
        let names: BTreeSet<_> = rows().map(|(name, _)| name).collect();
        assert_eq!((names.len(), rows().count()), (15, 15));
        let runtime = harness::runtime();
        let stage = Stage::start(&runtime);
        rows().for_each(|(_, prepare)| prepare(&stage)(3));
    }
}
