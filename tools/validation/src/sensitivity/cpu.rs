//! Rows that keep one processor busy.

mod bytes;
mod collections;
mod numbers;
mod parts;
mod text;

use std::hint::black_box;

use super::{CPU_UNITS, Slowdown};
use backend_bench::bench::Harness;

/// Does so many units of prepared work.
type Work = Box<dyn FnMut(u32)>;

/// A row: its name, and what prepares its work.
type Row = (&'static str, fn() -> Work);

/// The seed of whatever a row works on.
const SEED: u64 = 20;

/// The number of units is known at run time only, so that more of them run the same machine code.
fn repeat<T>(mut unit: impl FnMut() -> T + 'static) -> Work {
    Box::new(move |units| {
        for _ in 0..units {
            black_box(unit());
        }
    })
}

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
