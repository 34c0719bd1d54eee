//! What a row of the processor is.

use std::hint::black_box;

/// Does so many units of prepared work.
pub(super) type Work = Box<dyn FnMut(u32)>;

/// A row: its name, and what prepares its work.
pub(super) type Row = (&'static str, fn() -> Work);

/// The seed of whatever a row works on.
pub(super) const SEED: u64 = 20;

/// The number of units is known at run time only, so that more of them run the same machine code.
pub(super) fn repeat<T>(mut unit: impl FnMut() -> T + 'static) -> Work {
    Box::new(move |units| {
        for _ in 0..units {
            black_box(unit());
        }
    })
}
