//! What users do, and how often.

use std::sync::Arc;

use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;

/// How far from 100 the sum of a mix may be: what is lost in writing a third as 33.3333 three times.
const ROUNDING: f64 = 0.001;

/// One thing that users of a [`Mix`] do, by its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation(u16);

impl Operation {
    /// Its place in the mix, from 0.
    #[must_use]
    pub fn position(self) -> usize {
        usize::from(self.0)
    }
}

/// What the users of a target do: operations by name, each with its share in percent.
///
/// ```
/// use backend_bench::bench::load::Mix;
///
/// let mix = Mix::new([("browse", 90.0), ("buy", 10.0)]).unwrap();
/// assert_eq!(mix.operation("buy").map(|buy| buy.position()), Some(1));
/// assert!(Mix::new([("browse", 90.0), ("buy", 20.0)]).unwrap_err().to_string().contains("110 %"));
/// ```
#[derive(Debug, Clone)]
pub struct Mix {
    names: Vec<String>,
    shares: WeightedIndex<f64>,
}

/// Why operations with their shares are not a mix.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MixError {
    /// There are no operations, or too many.
    #[error("a mix of {0} operations: give 1 to 1000")]
    Count(usize),
    /// A share that is not a positive number.
    #[error("{name:?} has a share of {share} %: give a number above 0, or leave the operation out")]
    Share {
        /// The operation.
        name: String,
        /// Its share, in percent.
        share: f64,
    },
    /// An operation that is there twice, or has no name.
    #[error("{0:?} names more than one operation of the mix, or none: give each a name of its own")]
    Name(String),
    /// The shares do not add up.
    #[error("the shares of the mix add up to {0} %: they have to be 100 % together")]
    Sum(f64),
}

impl Mix {
    /// The mix of these operations, each with its share in percent.
    ///
    /// # Errors
    /// There is no operation, two have one name, a share is not above zero, or the shares do not add up to 100.
    pub fn new<N: Into<String>>(operations: impl IntoIterator<Item = (N, f64)>) -> Result<Self, MixError> {
        let (names, shares): (Vec<String>, Vec<f64>) =
            operations.into_iter().map(|(name, share)| (name.into(), share)).unzip();
        if names.is_empty() || names.len() > 1_000 {
            return Err(MixError::Count(names.len()));
        }
        check_names(&names)?;
        check_shares(&names, &shares)?;
        let shares = WeightedIndex::new(shares).map_err(|_| MixError::Sum(0.0))?;
        Ok(Self { names, shares })
    }

    /// Every operation, in the order in which they were given.
    pub fn operations(&self) -> impl Iterator<Item = Operation> + use<> {
        (0..u16::try_from(self.names.len()).unwrap_or(u16::MAX)).map(Operation)
    }

    /// The operation of this name.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<Operation> {
        self.operations().find(|operation| self.name(*operation) == name)
    }

    /// The name of an operation of this mix; of another mix's, it may be another's or empty.
    #[must_use]
    pub fn name(&self, operation: Operation) -> &str {
        self.names.get(operation.position()).map_or("", String::as_str)
    }

    /// So many operations, which have the shares of the mix as exactly as their number allows, in any stretch of them too:
    /// the multiples of the golden ratio lie evenly in every interval.
    #[must_use]
    pub fn spread(&self, count: usize) -> Arc<[Operation]> {
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let operation = |turn: usize| {
            let mut left = (turn as f64 * GOLDEN).fract() * self.shares.total_weight();
            let mut shares = self.shares.weights();
            let chosen = shares.position(|share| {
                left -= share;
                left < 0.0
            });
            Operation(u16::try_from(chosen.unwrap_or(self.names.len() - 1)).unwrap_or_default())
        };
        (0..count).map(operation).collect()
    }

    /// The next operation of a user.
    pub(super) fn draw(&self, random: &mut StdRng) -> Operation {
        Operation(u16::try_from(self.shares.sample(random)).unwrap_or_default())
    }
}

fn check_names(names: &[String]) -> Result<(), MixError> {
    let repeated = |(at, name): &(usize, &String)| name.trim().is_empty() || names[..*at].contains(name);
    match names.iter().enumerate().find(repeated) {
        None => Ok(()),
        Some((_, name)) => Err(MixError::Name(name.clone())),
    }
}

fn check_shares(names: &[String], shares: &[f64]) -> Result<(), MixError> {
    let is_wrong = |share: f64| !share.is_finite() || share <= 0.0;
    if let Some((name, share)) = names.iter().zip(shares).find(|(_, share)| is_wrong(**share)) {
        return Err(MixError::Share { name: name.clone(), share: *share });
    }
    let sum: f64 = shares.iter().sum();
    if (sum - 100.0).abs() <= ROUNDING { Ok(()) } else { Err(MixError::Sum(sum)) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn operations_come_as_often_as_the_mix_says() {
        let mix = Mix::new([("often", 62.5), ("sometimes", 30.0), ("rarely", 7.5)]).unwrap();
        let mut random = StdRng::seed_from_u64(1);
        let drawn: Vec<_> = (0..10_000).map(|_| mix.draw(&mut random)).collect();
        for (name, expected) in [("often", 6_250), ("sometimes", 3_000), ("rarely", 750)] {
            let operation = mix.operation(name).unwrap();
            let times = drawn.iter().filter(|other| **other == operation).count();
            assert!(times.abs_diff(expected) < 200, "{name}: {times} of {expected}");
            let spread = mix.spread(200).iter().filter(|other| **other == operation).count();
            assert!(spread.abs_diff(expected / 50) <= 2, "{name}: {spread} of {}", expected / 50);
        }
    }

    #[test]
    fn a_wrong_mix_is_refused_with_the_reason() {
        let refused = |operations: &[(&str, f64)]| Mix::new(operations.to_vec()).unwrap_err().to_string();
        assert!(refused(&[]).contains("a mix of 0 operations"));
        assert!(refused(&[("a", 50.0), ("b", 40.0)]).contains("add up to 90 %"));
        assert!(refused(&[("a", 50.0), ("a", 50.0)]).contains("\"a\" names more than one"));
        assert!(refused(&[(" ", 100.0)]).contains("\" \" names"));
        for share in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(refused(&[("a", 100.0), ("b", share)]).contains("\"b\" has a share of"), "{share}");
        }
        assert!(Mix::new([("a", 33.3333), ("b", 33.3333), ("c", 33.3333)]).is_ok());
    }
}
