//! In which order the sides run, and which rows share a process.
//!
//! The order is ABBA, so that a drift of the machine meets both sides alike, and random, so that nothing periodic
//! falls in step with it.
//!
//! Rows that are measured alone give pairs that are close in time, and can stop one by one. But each process pays for
//! its start, and some benches repeat one recording for each of their rows. So rows are measured alone where that is
//! not much more expensive than together.

use fastrand::Rng;

use super::row::{Arm, SampledRow};

/// How much more expensive than together it may be to measure rows alone.
const ALONE_OVERHEAD: f64 = 1.25;

/// The seeded order of everything.
#[derive(Debug, Clone)]
pub(crate) struct Schedule(Rng);

impl Schedule {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// The order of one block of `pairs` pairs, 1 or 2: `ABBA` or `BAAB`, or its first half.
    pub(crate) fn block(&mut self, pairs: usize) -> Vec<Arm> {
        let (first, second) = if self.0.bool() { (Arm::Base, Arm::Head) } else { (Arm::Head, Arm::Base) };
        [first, second, second, first].into_iter().take(2 * pairs.min(2)).collect()
    }

    /// The order of one block with the control: three arms at random, and the same order backwards for a second pair.
    pub(crate) fn controlled_block(&mut self, pairs: usize) -> Vec<Arm> {
        let mut arms = [Arm::Base, Arm::Head, Arm::Control];
        self.0.shuffle(&mut arms);
        let back = arms.into_iter().rev();
        arms.into_iter().chain(back).take(3 * pairs.min(2)).collect()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}

/// The rows that one process measures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Batch {
    /// The position of the bench target.
    pub(crate) target: usize,
    /// The positions of the rows.
    pub(crate) rows: Vec<usize>,
    /// The seconds that one process will take.
    pub(crate) seconds: f64,
}

/// What is known of a bench target's processes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StartCost {
    /// The seconds that one needs before it measures anything.
    pub(crate) seconds: f64,
    /// Whether it can be asked for some of its rows.
    pub(crate) heeds_filters: bool,
}

/// How the rows at the positions `wanted` are measured, of bench targets with these `starts`.
pub(crate) fn batches(rows: &[SampledRow], wanted: &[usize], starts: &[StartCost]) -> Vec<Batch> {
    let of = |target: usize| {
        let mine = wanted.iter().copied().filter(|row| rows[*row].target == target);
        mine.collect::<Vec<_>>()
    };
    let targets = starts.iter().enumerate().map(|(target, start)| (target, of(target), *start));
    let targets = targets.filter(|(_, mine, _)| !mine.is_empty());
    targets.flat_map(|(target, mine, start)| of_target(rows, target, mine, start)).collect()
}

fn of_target(rows: &[SampledRow], target: usize, mine: Vec<usize>, start: StartCost) -> Vec<Batch> {
    let together = start.seconds + mine.iter().map(|row| rows[*row].among).sum::<f64>();
    let alone = |position: &usize| rows[*position].seconds_alone(start.seconds);
    if !start.heeds_filters {
        let whole = rows.iter().filter(|row| row.target == target).map(|row| row.among).sum::<f64>();
        return vec![Batch { target, rows: mine, seconds: start.seconds + whole }];
    }
    if mine.len() > 1 && mine.iter().map(alone).sum::<f64>() > ALONE_OVERHEAD * together {
        return vec![Batch { target, rows: mine, seconds: together }];
    }
    mine.iter().map(|row| Batch { target, rows: vec![*row], seconds: alone(row) }).collect()
}

/// The rows of the cheapest of `batches` whose processes fit into `seconds` together, if each runs `times` times.
pub(crate) fn affordable(mut batches: Vec<Batch>, times: usize, seconds: f64) -> Vec<usize> {
    batches.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let mut left = seconds;
    batches.retain(|batch| {
        left -= batch.seconds * times as f64;
        left >= 0.0
    });
    batches.into_iter().flat_map(|batch| batch.rows).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::row::tests::policy;
    use super::*;

    #[test]
    fn a_block_is_abba_or_baab_and_both_come() {
        let mut schedule = Schedule::new(7);
        let blocks: Vec<Vec<Arm>> = (0..50).map(|_| schedule.block(2)).collect();
        assert!(blocks.iter().all(|it| it[0] == it[3] && it[1] == it[2] && it[0] != it[1]), "{blocks:?}");
        assert!(blocks.iter().any(|it| it[0] == Arm::Base) && blocks.iter().any(|it| it[0] == Arm::Head));
        assert_eq!(schedule.block(1).len(), 2);
    }

    #[test]
    fn a_controlled_block_has_each_arm_once_a_pair_and_returns_in_reverse_order() {
        let mut schedule = Schedule::new(7);
        let blocks: Vec<Vec<Arm>> = (0..50).map(|_| schedule.controlled_block(2)).collect();
        for block in &blocks {
            let mut first = block[..3].to_vec();
            assert!(first.iter().eq(block[3..].iter().rev()), "{block:?}");
            first.sort();
            assert_eq!(first, [Arm::Base, Arm::Head, Arm::Control]);
        }
        let orders: std::collections::HashSet<_> = blocks.into_iter().collect();
        assert_eq!((orders.len(), schedule.controlled_block(1).len()), (6, 3));
    }

    #[test]
    fn a_seed_gives_one_order() {
        let orders = |seed| {
            let mut schedule = Schedule::new(seed);
            (0..20).flat_map(|_| schedule.block(2)).collect::<Vec<_>>()
        };
        assert_eq!(orders(1), orders(1));
        assert_ne!(orders(1), orders(2));
    }

    /// A row of the first bench target with its seconds among others and alone.
    fn row(among: f64, alone: Option<f64>) -> SampledRow {
        let mut row = SampledRow::new("a/b".to_owned(), 0, policy());
        row.took_among(Duration::from_secs_f64(among));
        alone.into_iter().for_each(|alone| row.took_alone(Duration::from_secs_f64(alone)));
        row
    }

    fn shares(rows: &[SampledRow], seconds: f64, heeds_filters: bool) -> Vec<usize> {
        let wanted: Vec<usize> = (0..rows.len()).collect();
        let batches = batches(rows, &wanted, &[StartCost { seconds, heeds_filters }]);
        batches.iter().map(|batch| batch.rows.len()).collect()
    }

    #[test]
    fn rows_run_alone_if_starts_are_cheap_and_together_if_they_are_not() {
        let rows = [row(0.3, None), row(0.3, None)];
        assert_eq!(shares(&rows, 0.01, true), [1, 1]);
        assert_eq!(shares(&rows, 2.0, true), [2]);
        assert_eq!(shares(&rows, 0.01, false), [2]);
    }

    #[test]
    fn rows_of_one_recording_run_together_once_that_has_shown() {
        assert_eq!(shares(&[row(3.0, None), row(0.01, None)], 0.01, true), [1, 1]);
        assert_eq!(shares(&[row(3.0, Some(3.0)), row(0.01, Some(3.0))], 0.01, true), [2]);
    }

    #[test]
    fn the_cheapest_are_afforded_first() {
        let rows = [row(3.0, None), row(0.2, None), row(0.1, None)];
        let all = batches(&rows, &[0, 1, 2], &[StartCost { seconds: 0.0, heeds_filters: true }]);
        assert_eq!(affordable(all, 10, 4.0), [2, 1]);
    }
}
