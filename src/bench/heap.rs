//! What work costs in memory, on jemalloc, whose counters tell it.
//!
//! - [`Heap`]: what the process holds.
//! - [`OwnArena`]: what one thread allocates, to the byte and to the allocation.
//! - [`PeakWatch`]: the most that was held while something else went on.
//! - [`Slope`]: how fast a series of measurements rises, with an interval.
//!
//! A binary that uses any of the first three has to run on jemalloc, and is told so where it does not:
//!
//! ```ignore
//! #[global_allocator]
//! static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;
//! ```

mod arena;
mod jemalloc;
mod peak;
mod slope;
mod thread;

pub use arena::{OwnArena, Spent};
pub use jemalloc::Heap;
pub use peak::{Peak, PeakWatch};
pub use slope::Slope;
pub use thread::ThreadHeap;

/// Why reading a counter cannot fail once [`Heap::of_jemalloc`] has shown who allocates.
const JEMALLOC: &str = "jemalloc with statistics";
