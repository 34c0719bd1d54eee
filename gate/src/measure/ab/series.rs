//! The runs of one row.

use super::schedule::Arm;
use crate::stats::{self, Values};

/// One number for each run, by arm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    base: Vec<f64>,
    head: Vec<f64>,
    again: Vec<f64>,
}

impl Series {
    /// Adds a run of `arm`.
    pub fn push(&mut self, arm: Arm, value: f64) {
        match arm {
            Arm::Base => self.base.push(value),
            Arm::Head => self.head.push(value),
            Arm::Again => self.again.push(value),
        }
    }

    /// The pairs that are whole.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.base.len().min(self.head.len())
    }

    /// The base against the head.
    #[must_use]
    pub fn change(&self) -> Values {
        let pairs = self.pairs();
        Values::Paired { base: self.base[..pairs].to_vec(), head: self.head[..pairs].to_vec() }
    }

    /// The base against itself.
    #[must_use]
    pub fn control(&self) -> Values {
        let pairs = self.base.len().min(self.again.len());
        Values::Paired { base: self.base[..pairs].to_vec(), head: self.again[..pairs].to_vec() }
    }

    /// The logarithm of head over base of each pair.
    #[must_use]
    pub fn log_ratios(&self) -> Vec<f64> {
        stats::log_ratios(&self.base, &self.head)
    }

    /// The runs of the base.
    #[must_use]
    pub fn base(&self) -> &[f64] {
        &self.base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_is_half_there_is_left_out() {
        let mut series = Series::default();
        for (arm, value) in [(Arm::Base, 1.0), (Arm::Head, 2.0), (Arm::Base, 3.0), (Arm::Again, 4.0)] {
            series.push(arm, value);
        }
        assert_eq!(series.change(), Values::Paired { base: vec![1.0], head: vec![2.0] });
        assert_eq!(series.control(), Values::Paired { base: vec![1.0], head: vec![4.0] });
    }
}
