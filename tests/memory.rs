//! Memory for real: allocations are counted exactly, one more is seen, and a leak is found where there is one.

use std::hint::black_box;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use backend_bench::bench::groups::memory::cost::CountedOperation;
use backend_bench::bench::groups::memory::leak::{Growth, observe};
use backend_bench::bench::heap::{AllocationCount, Heap, OwnArena, PeakWatch};

#[global_allocator]
static ALLOCATOR: jemallocator::Jemalloc = jemallocator::Jemalloc;

/// What the row `memory/leak/ci_lower` may reach: `baseline` in baselines/thresholds.toml.
const LIMIT_PERCENT: f64 = 0.5;

const OPERATIONS: [CountedOperation; 3] =
    [CountedOperation::ApiRequest, CountedOperation::BroadcastDelivery, CountedOperation::AgentRun];

/// One at a time: what a cache evicts may be freed by any thread that works on any cache of the process (moka's epochs
/// are the process's), and would then be missing in the count of another.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks jemalloc for `bytes`, and frees them.
fn allocate(bytes: usize) {
    drop(black_box(Vec::<u8>::with_capacity(bytes)));
}

const MIB: usize = 1 << 20;

fn leak() {
    black_box(Box::leak(Box::new([1_u8; 64])));
}

#[test]
fn an_arena_counts_what_its_thread_allocates_and_nothing_else() {
    let _turn = alone();
    let arena = OwnArena::of_this_thread();
    let spent = arena.during(|| (0..10).for_each(|_| allocate(100)));
    assert_eq!(
        spent,
        AllocationCount { allocations: 10, bytes: 10 * 112 },
        "100 bytes are of the size class of 112"
    );
    let large = arena.during(|| allocate(1 << 20));
    assert_eq!((large.allocations, large.bytes >= 1 << 20), (1, true));
    let others = arena.during(|| thread::scope(|scope| drop(scope.spawn(|| (0..100).for_each(allocate)))));
    assert!(
        others.allocations < 20,
        "a thread takes a few allocations, and its own are not ours: {others:?}"
    );
}

#[test]
fn counting_twice_gives_the_same_number() {
    let _turn = alone();
    for operation in OPERATIONS {
        assert_eq!(operation.cost(|| ()), operation.cost(|| ()), "{operation:?}");
    }
}

#[test]
fn one_more_allocation_is_seen() {
    let _turn = alone();
    for operation in OPERATIONS {
        let (without, with) = (operation.cost(|| ()), operation.cost(|| allocate(64)));
        let more = (with.allocations - without.allocations, with.bytes - without.bytes);
        assert_eq!(more.0.to_bits(), 1.0_f64.to_bits(), "{operation:?}: {without:?}, then {with:?}");
        assert_eq!(more.1.to_bits(), 64.0_f64.to_bits(), "{operation:?}: {without:?}, then {with:?}");
    }
}

#[test]
fn work_without_a_leak_passes() {
    let _turn = alone();
    let Growth { live, percent } = observe(20, || ());
    assert!(percent.lower <= 0.0 && percent.upper < LIMIT_PERCENT, "{percent:?}: {live:?}");
}

#[test]
fn a_leak_of_64_bytes_an_operation_is_found() {
    let _turn = alone();
    let Growth { live, percent } = observe(20, leak);
    assert!(percent.lower > LIMIT_PERCENT, "{percent:?}: {live:?}");
    let wanted = 100.0 * 64.0 * 1_000.0 / live[0];
    assert!(percent.lower < wanted && wanted < percent.upper, "not {wanted} %: {percent:?}");
}

#[test]
fn a_peak_that_is_gone_again_was_seen() {
    let _turn = alone();
    let heap = Heap::of_jemalloc();
    let before = heap.allocated();
    let watch = PeakWatch::start(heap, Duration::from_millis(1));
    {
        let _held = black_box(vec![1_u8; 64 * MIB]);
        thread::sleep(Duration::from_millis(50));
    }
    let peak = watch.stop();
    assert!(peak.heap >= before + 60 * MIB && peak.resident >= 60 * MIB && peak.rss >= 60 * MIB, "{peak:?}");
}
