//! What comparisons hold benchmarks to: margins, and what is accepted for a while.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::{Better, IdPattern, Statistic};
use crate::model::unit::{Quantity, Unit};

/// The number that a run gives for a benchmark whose clock measured it, unless its metric says another.
pub const RUN_STATISTIC: Statistic = Statistic::P10;

/// The largest margin that can be meant, in percent.
const MOST_PERCENT: f64 = 1_000.0;

/// The tolerance of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Margin {
    /// A share of the base: 0.02 is two percent.
    Fraction(f64),
    /// What `bench-gate calibrate` found the benchmark to need.
    Auto,
}

/// What one run may differ by from another, as fractions of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChangeLimits {
    /// What is worth a warning.
    pub warning: f64,
    /// What fails.
    pub critical: f64,
}

impl Default for ChangeLimits {
    fn default() -> Self {
        Self { warning: 0.1, critical: 0.25 }
    }
}

/// Text that is no margin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no margin: expected a percentage from 0% to 1000% with its sign, as in \"2%\"{1}")]
pub struct NoMargin(String, &'static str);

/// A percentage with its sign, as a fraction.
///
/// # Errors
/// The text is none, or out of range.
pub fn percent(text: &str) -> Result<f64, NoMargin> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let fit = number.filter(|number| (0.0..=MOST_PERCENT).contains(number));
    fit.map(|number| number / 100.0).ok_or_else(|| NoMargin(text.to_owned(), ""))
}

impl FromStr for Margin {
    type Err = NoMargin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => {
                percent(text).map(Self::Fraction).map_err(|NoMargin(text, _)| NoMargin(text, ", or \"auto\""))
            }
        }
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fraction(fraction) => write!(formatter, "{}%", in_percent(*fraction)),
            Self::Auto => formatter.write_str("auto"),
        }
    }
}

/// In JSON, the fraction or `"auto"`.
impl Serialize for Margin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fraction(fraction) => serializer.serialize_f64(*fraction),
            Self::Auto => serializer.serialize_str("auto"),
        }
    }
}

/// A fraction in percent, without the digits that a division by a hundred leaves.
fn in_percent(fraction: f64) -> f64 {
    (fraction * 1e8).round() / 1e6
}

/// What comparisons hold the benchmarks of one `[[metric]]` to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policy {
    /// The benchmarks that it is about.
    pub id: IdPattern,
    /// Which direction is good.
    pub better: Better,
    /// The number that a run gives.
    pub statistic: Statistic,
    /// The change that is tolerated; `None` leaves it to the command.
    pub margin: Option<Margin>,
    /// The change, as a fraction, that is worth a warning.
    pub soft_margin: Option<f64>,
    /// The change that one run may show against another.
    #[serde(skip)]
    pub change: ChangeLimits,
    /// Whether it fails the comparison that the head has no such benchmark.
    pub required: bool,
}

/// The number that a run gives where none is named: a rate for what is counted in a second, the value itself for what
/// no clock measured, else [`RUN_STATISTIC`].
#[must_use]
pub fn statistic_for(unit: Option<&Unit>) -> Statistic {
    match unit.map(Unit::quantity) {
        Some(Quantity::Rate(_)) => Statistic::Throughput,
        Some(Quantity::Bytes | Quantity::Number) => Statistic::Mean,
        Some(Quantity::Time) | None => RUN_STATISTIC,
    }
}

/// A benchmark that is known to have regressed, or to be gone, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// The benchmark's id.
    pub id: String,
    /// Why.
    pub reason: String,
    /// The last day that it holds.
    pub until: Date,
    /// Where it stands in `thresholds.toml`.
    #[serde(skip)]
    pub line: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_are_percentages_with_their_sign() {
        let margin = |text: &str| text.parse::<Margin>();
        for (text, fraction) in [("2%", 0.02), ("0.5 %", 0.005), ("0%", 0.0), ("1000%", 10.0)] {
            assert_eq!(margin(text), Ok(Margin::Fraction(fraction)), "{text}");
        }
        assert_eq!(margin("auto"), Ok(Margin::Auto));
        for text in ["", "%", "2", "0.02", "-1%", "nan%", "inf%", "1001%", "two%", "2%%", "Auto"] {
            let error = margin(text).unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("\"auto\""), "{error}");
        }
        assert!(percent("auto").is_err());
    }

    #[test]
    fn margins_are_written_as_they_are_read() {
        for text in ["2%", "0.7%", "12.5%", "auto"] {
            assert_eq!(text.parse::<Margin>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_no_clock_measured_gives_its_own_value() {
        let of = |unit: &str| statistic_for(Some(&unit.parse().unwrap()));
        assert_eq!((of("ms"), of("messages/s")), (RUN_STATISTIC, Statistic::Throughput));
        assert_eq!(
            (of("MiB"), of("%"), statistic_for(None)),
            (Statistic::Mean, Statistic::Mean, RUN_STATISTIC)
        );
    }
}
