//! In which order the sides run: ABBA, so that a machine that drifts drifts alike for both, and at random, so that
//! nothing that repeats falls in step with it.

use fastrand::Rng;

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arm {
    /// The base.
    Base,
    /// The head.
    Head,
    /// The base once more, for the control of a confirmation.
    Again,
}

impl Arm {
    /// Whether the base's binaries are run.
    #[must_use]
    pub fn is_base(self) -> bool {
        self != Self::Head
    }
}

/// The seeded order of everything.
#[derive(Debug, Clone)]
pub struct Schedule(Rng);

impl Schedule {
    /// The schedule that `seed` gives.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// The order of one block of `pairs` pairs, 1 or 2: `ABBA` or `BAAB`, or its first half.
    pub fn block(&mut self, pairs: usize) -> Vec<Arm> {
        let (first, second) = if self.0.bool() { (Arm::Base, Arm::Head) } else { (Arm::Head, Arm::Base) };
        [first, second, second, first].into_iter().take(2 * pairs.min(2)).collect()
    }

    /// The order of one block with the base twice: the three arms at random, and, where there is a second pair, the same
    /// order backwards.
    pub fn controlled_block(&mut self, pairs: usize) -> Vec<Arm> {
        let mut arms = [Arm::Base, Arm::Head, Arm::Again];
        self.0.shuffle(&mut arms);
        let back = arms.into_iter().rev();
        arms.into_iter().chain(back).take(3 * pairs.min(2)).collect()
    }

    /// Mixes `items`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}

#[cfg(test)]
mod tests {
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
    fn a_controlled_block_has_each_arm_once_a_pair_and_goes_back_the_way_it_came() {
        let mut schedule = Schedule::new(7);
        let blocks: Vec<Vec<Arm>> = (0..50).map(|_| schedule.controlled_block(2)).collect();
        for block in &blocks {
            let mut first = block[..3].to_vec();
            assert!(first.iter().eq(block[3..].iter().rev()), "{block:?}");
            first.sort();
            assert_eq!(first, [Arm::Base, Arm::Head, Arm::Again]);
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
}
