//! Collections, and what they allocate.

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hint::black_box;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::work::{Row, SEED, Work, repeat};

pub(super) const ROWS: &[Row] = &[
    ("sort_64", sort),
    ("binary_search", binary_search),
    ("hash_map_look_up", hash_map_look_up),
    ("hash_map_fill", hash_map_fill),
    ("btree_look_up", btree_look_up),
    ("btree_replace", btree_replace),
    ("heap_sort", heap_sort),
];

fn numbers(count: usize) -> Vec<u64> {
    let mut rng = StdRng::seed_from_u64(SEED);
    (0..count).map(|_| rng.random()).collect()
}

/// Calls `unit` with each of the numbers in turn.
fn each_of<T>(numbers: Vec<u64>, mut unit: impl FnMut(u64) -> T + 'static) -> Work {
    let mut turn = 0;
    repeat(move || {
        turn = (turn + 1) % numbers.len();
        unit(numbers[turn])
    })
}

fn sort() -> Work {
    let (unsorted, mut sorted) = (numbers(64), Vec::new());
    repeat(move || {
        sorted.clone_from(black_box(&unsorted));
        sorted.sort_unstable();
        sorted[0]
    })
}

fn binary_search() -> Work {
    let mut sorted = numbers(4_096);
    sorted.sort_unstable();
    each_of(numbers(4_096), move |number| sorted.binary_search(&number))
}

fn key(number: u64) -> String {
    format!("/api/threads/{number:020}/messages")
}

fn hash_map_look_up() -> Work {
    let keys: Vec<_> = numbers(1_000).into_iter().map(key).collect();
    let map: HashMap<_, _> = keys.iter().cloned().zip(0_u32..).collect();
    let mut turn = 0;
    repeat(move || {
        turn = (turn + 1) % keys.len();
        map.get(black_box(&keys[turn])).copied()
    })
}

fn hash_map_fill() -> Work {
    each_of(numbers(1_000), |number| (0..16).map(|step| (number ^ step, step)).collect::<HashMap<_, _>>())
}

fn btree_look_up() -> Work {
    let map: BTreeMap<_, _> = numbers(1_000).into_iter().zip(0_u32..).collect();
    each_of(numbers(1_000), move |number| map.get(&number).copied())
}

fn btree_replace() -> Work {
    let mut map: BTreeMap<_, _> = numbers(1_000).into_iter().zip(0_u32..).collect();
    each_of(numbers(1_000), move |number| {
        let value = map.remove(&number);
        map.insert(number, value.unwrap_or_default() + 1)
    })
}

fn heap_sort() -> Work {
    let unsorted = numbers(32);
    repeat(move || BinaryHeap::from(black_box(&unsorted).clone()).into_sorted_vec())
}
