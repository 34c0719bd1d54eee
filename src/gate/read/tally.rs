//! A list of numbers that is counted and checked while it is read, and not kept.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// What a list of samples comes to.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    /// How many numbers there were.
    pub count: usize,
    /// The first that no sample can be: not finite, zero or below.
    pub unfit: Option<f64>,
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Counter)
    }
}

struct Counter;

impl<'de> Visitor<'de> for Counter {
    type Value = Tally;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tally, A::Error> {
        let mut tally = Tally::default();
        while let Some(value) = list.next_element::<f64>()? {
            tally.count += 1;
            let unfit = !value.is_finite() || value <= 0.0;
            tally.unfit = tally.unfit.or(unfit.then_some(value));
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_unfit_number_is_kept() {
        let tally: Tally = serde_json::from_str("[1.0, 0.0, -3.5]").unwrap();
        assert_eq!(tally, Tally { count: 3, unfit: Some(0.0) });
        assert!(serde_json::from_str::<Tally>("[null]").is_err());
    }
}
