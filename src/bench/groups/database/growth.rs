//! How much longer a lookup takes in a large table than in a small one.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::place::Place;
use super::reads::look_up;
use super::scratch::{SEED, Scratch};
use super::stage::Stage;
use crate::bench::{Harness, Unit};

/// `query/growth`: the median lookup in the largest table over that in the smallest. The two are asked in turn, so that
/// whatever else the machine does meets both alike.
pub(super) fn growth(harness: &mut Harness, stage: &Stage<'_>) {
    let sizes = harness.sizes();
    let (smallest, largest) = (sizes.query_rows[0].1, sizes.query_rows[sizes.query_rows.len() - 1].1);
    harness.replay(&stage.id("query/growth"), Unit::Ratio, |samples| {
        let (small, large) = (stage.table(smallest), stage.table(largest));
        let mut pair = Pair { small: Looked::at(&small, smallest), large: Looked::at(&large, largest) };
        // One round that counts for nothing: connections and caches are cold.
        let rounds = (0..=samples).map(|_| pair.ratio(stage, sizes.growth_pairs));
        rounds.skip(1).collect()
    });
}

/// A table that is being looked into.
struct Looked<'a> {
    table: &'a Scratch<'a>,
    rows: usize,
    rng: StdRng,
    times: Vec<Duration>,
}

impl<'a> Looked<'a> {
    fn at(table: &'a Scratch<'a>, rows: usize) -> Self {
        Self { table, rows, rng: StdRng::seed_from_u64(SEED), times: Vec::new() }
    }

    fn look_up(&mut self, stage: &Stage<'_>) {
        let place = Place::in_table(&mut self.rng, self.rows);
        self.times.push(stage.runtime.block_on(look_up(self.table.database(), place)));
    }

    /// In seconds.
    fn take_median(&mut self) -> f64 {
        let mut times = std::mem::take(&mut self.times);
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    }
}

struct Pair<'a> {
    small: Looked<'a>,
    large: Looked<'a>,
}

impl Pair<'_> {
    /// The ratio of the medians of `pairs` lookups in each, the order changing from pair to pair.
    fn ratio(&mut self, stage: &Stage<'_>, pairs: usize) -> f64 {
        for pair in 0..pairs {
            let (first, second) = if pair % 2 == 0 {
                (&mut self.small, &mut self.large)
            } else {
                (&mut self.large, &mut self.small)
            };
            first.look_up(stage);
            second.look_up(stage);
        }
        self.large.take_median() / self.small.take_median()
    }
}
