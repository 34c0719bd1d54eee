//! Integers and floating-point numbers.

use std::hint::black_box;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, LogNormal};

use super::work::{Row, SEED, Work, repeat};

pub(super) const ROWS: &[Row] = &[
    ("mix_64", mix),
    ("random_64", random),
    ("log_normal", log_normal),
    ("sine_series", sine),
    ("dot_product", dot_product),
    ("matrix_8x8", matrix),
    ("polynomial", polynomial),
    ("greatest_divisor", greatest_divisor),
];

/// One step of `SplitMix64` (Steele, Lea & Flood 2014).
fn mix() -> Work {
    let mut state = SEED;
    repeat(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

fn random() -> Work {
    let mut rng = StdRng::seed_from_u64(SEED);
    repeat(move || rng.next_u64())
}

fn log_normal() -> Work {
    let mut rng = StdRng::seed_from_u64(SEED);
    let distribution = LogNormal::new(6.0, 0.8).expect("a finite mean and a positive spread");
    repeat(move || distribution.sample(&mut rng))
}

fn sine() -> Work {
    let mut angle = 0.5_f64;
    repeat(move || {
        angle = (angle * 1.7 + 0.3).sin() + (angle.abs() + 1.0).ln();
        angle
    })
}

fn floats(count: usize) -> Vec<f64> {
    let mut rng = StdRng::seed_from_u64(SEED);
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn dot_product() -> Work {
    let (left, right) = (floats(256), floats(256));
    repeat(move || {
        black_box(&left).iter().zip(black_box(&right)).map(|(one, other)| one * other).sum::<f64>()
    })
}

fn matrix() -> Work {
    let (left, right) = (floats(64), floats(64));
    repeat(move || {
        let (left, right) = (black_box(&left), black_box(&right));
        let cell =
            |at: usize| (0..8).map(|inner| left[at / 8 * 8 + inner] * right[inner * 8 + at % 8]).sum::<f64>();
        std::array::from_fn::<f64, 64, _>(cell)
    })
}

/// Horner's rule: each step waits for the one before.
fn polynomial() -> Work {
    let coefficients = floats(16);
    let mut at = 0.5_f64;
    repeat(move || {
        at = coefficients.iter().fold(0.0, |sum, coefficient| sum * at + coefficient).clamp(-0.9, 0.9);
        at
    })
}

/// Euclid's algorithm.
fn greatest_divisor() -> Work {
    let mut rng = StdRng::seed_from_u64(SEED);
    let pairs: Vec<(u64, u64)> = (0..64).map(|_| (rng.random(), rng.random())).collect();
    let mut turn = 0;
    repeat(move || {
        turn = (turn + 1) % pairs.len();
        let (mut larger, mut smaller) = pairs[turn];
        while smaller > 0 {
            (larger, smaller) = (smaller, larger % smaller);
        }
        larger
    })
}
