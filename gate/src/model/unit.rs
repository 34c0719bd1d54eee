//! The units of metrics. Criterion stores none, so `thresholds.toml` declares them.

use std::fmt;
use std::str::FromStr;

/// What kind of quantity a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Stored by Criterion in nanoseconds.
    Time,
    /// Events in each second, of which the unit names the event.
    Rate,
    /// Bytes.
    Bytes,
    /// Anything else: a number as it is stored (percent, ratio, users).
    Number,
}

/// A unit by name: `s`, `ms`, `%`, `MiB`, `users`, `messages/s`, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    name: String,
    quantity: Quantity,
    /// The stored unit in one of these: 1e9 nanoseconds in a second.
    size: u64,
}

const UNITS: [(&str, Quantity, u64); 17] = [
    ("ns", Quantity::Time, 1),
    ("us", Quantity::Time, 1_000),
    ("µs", Quantity::Time, 1_000),
    ("ms", Quantity::Time, 1_000_000),
    ("s", Quantity::Time, 1_000_000_000),
    ("min", Quantity::Time, 60_000_000_000),
    ("bytes", Quantity::Bytes, 1),
    ("KiB", Quantity::Bytes, 1 << 10),
    ("MiB", Quantity::Bytes, 1 << 20),
    ("GiB", Quantity::Bytes, 1 << 30),
    ("kB", Quantity::Bytes, 1_000),
    ("MB", Quantity::Bytes, 1_000_000),
    ("GB", Quantity::Bytes, 1_000_000_000),
    ("%", Quantity::Number, 1),
    ("x", Quantity::Number, 1),
    ("users", Quantity::Number, 1),
    ("count", Quantity::Number, 1),
];

/// What a rate may count; `/s` follows.
const EVENTS: [&str; 8] =
    ["messages", "deliveries", "requests", "operations", "records", "elements", "queries", "bytes"];

/// A name that is no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no unit is called {0:?}: use one of {all}", all = Unit::all().join(", "))]
pub struct UnknownUnit(String);

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let made = |quantity, size| Self { name: name.to_owned(), quantity, size };
        if let Some((_, quantity, size)) = UNITS.iter().find(|(known, ..)| *known == name) {
            return Ok(made(*quantity, *size));
        }
        match name.strip_suffix("/s") {
            Some(event) if EVENTS.contains(&event) => Ok(made(Quantity::Rate, 1)),
            _ => Err(UnknownUnit(name.to_owned())),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.name)
    }
}

impl Unit {
    /// The kind of quantity.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// A stored value in this unit.
    #[must_use]
    pub fn from_stored(&self, stored: f64) -> f64 {
        stored / self.size as f64
    }

    /// A value of this unit as it would be stored: nanoseconds, bytes, or the number itself.
    #[must_use]
    pub fn to_stored(&self, value: f64) -> f64 {
        value * self.size as f64
    }

    /// A stored value in words, at a readable scale of the same quantity: `53.1 ms`, `26 GiB`, `1.2 M messages/s`.
    #[must_use]
    pub fn show(&self, stored: f64) -> String {
        match self.quantity {
            Quantity::Time => scaled(stored, &[("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)]),
            Quantity::Bytes => {
                scaled(stored, &[("B", 1.0), ("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)])
            }
            Quantity::Rate => scaled(stored, &[("/s", 1.0), ("K/s", 1e3), ("M/s", 1e6), ("G/s", 1e9)]),
            Quantity::Number => format!("{} {}", fine_digits(stored), self.name),
        }
    }

    /// Every unit's name.
    #[must_use]
    pub fn all() -> Vec<String> {
        let plain = UNITS.iter().map(|(name, ..)| (*name).to_owned());
        plain.chain(EVENTS.iter().map(|event| format!("{event}/s"))).collect()
    }
}

/// `value` at the largest step that leaves it at one or above, with three or four digits.
fn scaled(value: f64, steps: &[(&str, f64)]) -> String {
    let fitting = steps.iter().rev().find(|(_, size)| value >= *size);
    let (name, size) = fitting.unwrap_or(&steps[0]);
    format!("{} {name}", digits(value / size))
}

/// A number with no more digits than are read: `0.0123`, `1.23`, `45.6`, `789`.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 4,
    };
    without_closing_zeros(format!("{value:.decimals$}"))
}

/// More digits where the last ones decide: 99.95 % is not 100 %, nor is a ratio of 1.004 one of 1.
fn fine_digits(value: f64) -> String {
    let decimals = if value.abs() < 10.0 { 3 } else { 2 };
    without_closing_zeros(format!("{value:.decimals$}"))
}

fn without_closing_zeros(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_at_a_readable_scale() {
        let shown = [
            ("s", 53_120_000.0, "53.1 ms"),
            ("s", 30e9, "30 s"),
            ("%", 99.95, "99.95 %"),
            ("%", 87.25, "87.25 %"),
            ("MiB", 209_715_200.0, "200 MiB"),
            ("x", 1.0042, "1.004 x"),
            ("messages/s", 1_234_567.0, "1.23 M/s"),
            ("users", 200.0, "200 users"),
            ("ns", 0.25, "0.25 ns"),
        ];
        for (unit, stored, text) in shown {
            assert_eq!(unit.parse::<Unit>().unwrap().show(stored), text);
        }
    }

    #[test]
    fn a_unit_that_does_not_exist_is_answered_with_those_that_do() {
        let error = "parsec".parse::<Unit>().unwrap_err().to_string();
        assert!(
            error.contains("\"parsec\"") && error.contains("ms") && error.contains("messages/s"),
            "{error}"
        );
        assert!("parsecs/s".parse::<Unit>().is_err());
    }
}
