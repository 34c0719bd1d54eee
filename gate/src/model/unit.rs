//! The units of metrics. Criterion stores none, so `thresholds.toml` declares them.

use std::fmt;
use std::str::FromStr;

use super::benchmark::Counted;

/// What kind of quantity a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Stored by Criterion in nanoseconds.
    Time,
    /// So many in each second.
    Rate(Counted),
    /// Bytes.
    Bytes,
    /// Anything else: a number as it is stored (percent, ratio, users).
    Number,
}

impl Quantity {
    /// Whether it is one of something in each second.
    #[must_use]
    pub fn is_rate(self) -> bool {
        matches!(self, Self::Rate(_))
    }
}

/// A unit by name: `s`, `ms`, `%`, `MiB`, `users`, `messages/s`, …
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    name: String,
    quantity: Quantity,
    /// The stored unit in one of these: 1e9 nanoseconds in a second.
    size: f64,
}

const UNITS: [(&str, Quantity, f64); 20] = [
    ("ps", Quantity::Time, 1e-3),
    ("ns", Quantity::Time, 1.0),
    ("us", Quantity::Time, 1e3),
    // The micro sign, and the Greek letter that looks like it.
    ("\u{b5}s", Quantity::Time, 1e3),
    ("\u{3bc}s", Quantity::Time, 1e3),
    ("ms", Quantity::Time, 1e6),
    ("s", Quantity::Time, 1e9),
    ("min", Quantity::Time, 60e9),
    ("bytes", Quantity::Bytes, 1.0),
    ("KiB", Quantity::Bytes, KIB),
    ("MiB", Quantity::Bytes, MIB),
    ("GiB", Quantity::Bytes, GIB),
    ("kB", Quantity::Bytes, 1e3),
    ("MB", Quantity::Bytes, 1e6),
    ("GB", Quantity::Bytes, 1e9),
    ("%", Quantity::Number, 1.0),
    ("x", Quantity::Number, 1.0),
    ("users", Quantity::Number, 1.0),
    ("count", Quantity::Number, 1.0),
    ("cycles", Quantity::Number, 1.0),
];

/// What a rate may count; `/s` follows.
const EVENTS: [(&str, Counted, f64); 33] = [
    ("messages", Counted::Elements, 1.0),
    ("deliveries", Counted::Elements, 1.0),
    ("requests", Counted::Elements, 1.0),
    ("operations", Counted::Elements, 1.0),
    ("records", Counted::Elements, 1.0),
    ("elements", Counted::Elements, 1.0),
    ("queries", Counted::Elements, 1.0),
    ("events", Counted::Elements, 1.0),
    ("items", Counted::Elements, 1.0),
    ("rows", Counted::Elements, 1.0),
    ("msg", Counted::Elements, 1.0),
    ("req", Counted::Elements, 1.0),
    ("ops", Counted::Elements, 1.0),
    ("elem", Counted::Elements, 1.0),
    ("Kelem", Counted::Elements, 1e3),
    ("Melem", Counted::Elements, 1e6),
    ("Gelem", Counted::Elements, 1e9),
    ("bytes", Counted::Bytes, 1.0),
    ("B", Counted::Bytes, 1.0),
    ("KiB", Counted::Bytes, KIB),
    ("MiB", Counted::Bytes, MIB),
    ("GiB", Counted::Bytes, GIB),
    ("TiB", Counted::Bytes, 1024.0 * GIB),
    ("kB", Counted::Bytes, 1e3),
    ("KB", Counted::Bytes, 1e3),
    ("MB", Counted::Bytes, 1e6),
    ("GB", Counted::Bytes, 1e9),
    ("TB", Counted::Bytes, 1e12),
    ("bits", Counted::Bits, 1.0),
    ("bit", Counted::Bits, 1.0),
    ("kbit", Counted::Bits, 1e3),
    ("Mbit", Counted::Bits, 1e6),
    ("Gbit", Counted::Bits, 1e9),
];

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;
const GIB: f64 = 1024.0 * MIB;

/// The steps at which values are shown, from the finest.
type Steps = &'static [(&'static str, f64)];

const TIMES: Steps = &[("ps", 1e-3), ("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
const SIZES: Steps = &[("B", 1.0), ("KiB", KIB), ("MiB", MIB), ("GiB", GIB)];
const ELEMENTS: Steps = &[("/s", 1.0), ("K/s", 1e3), ("M/s", 1e6), ("G/s", 1e9)];
const BYTES: Steps = &[("B/s", 1.0), ("kB/s", 1e3), ("MB/s", 1e6), ("GB/s", 1e9)];
const BITS: Steps = &[("bit/s", 1.0), ("kbit/s", 1e3), ("Mbit/s", 1e6), ("Gbit/s", 1e9)];

/// A name that is no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no unit is called {0:?}: use one of {all}", all = Unit::all().join(", "))]
pub struct UnknownUnit(String);

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let plain = UNITS.iter().find(|(known, ..)| *known == name);
        let plain = plain.map(|(_, quantity, size)| (*quantity, *size));
        let rate = || {
            let event = name.strip_suffix("/s")?;
            let (_, counted, size) = EVENTS.iter().find(|(known, ..)| *known == event)?;
            Some((Quantity::Rate(*counted), *size))
        };
        let (quantity, size) = plain.or_else(rate).ok_or_else(|| UnknownUnit(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), quantity, size })
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
        stored / self.size
    }

    /// A value of this unit as it would be stored: nanoseconds, bytes, or the number itself.
    #[must_use]
    pub fn to_stored(&self, value: f64) -> f64 {
        value * self.size
    }

    /// A stored value in words, at a readable scale of the same quantity: `53.1 ms`, `26 GiB`, `1.2 M/s`.
    #[must_use]
    pub fn show(&self, stored: f64) -> String {
        match self.quantity {
            Quantity::Number => format!("{} {}", fine_digits(stored), self.name),
            quantity => show(quantity, stored),
        }
    }

    /// Every unit's name.
    #[must_use]
    pub fn all() -> Vec<String> {
        let plain = UNITS.iter().map(|(name, ..)| (*name).to_owned());
        plain.chain(EVENTS.iter().map(|(event, ..)| format!("{event}/s"))).collect()
    }
}

/// A stored value of `quantity` in words, at a readable scale.
#[must_use]
pub fn show(quantity: Quantity, stored: f64) -> String {
    match quantity {
        Quantity::Time => scaled(stored, TIMES),
        Quantity::Bytes => scaled(stored, SIZES),
        Quantity::Rate(Counted::Elements) => scaled(stored, ELEMENTS),
        Quantity::Rate(Counted::Bytes) => scaled(stored, BYTES),
        Quantity::Rate(Counted::Bits) => scaled(stored, BITS),
        Quantity::Number => fine_digits(stored),
    }
}

/// `value` at the largest step that leaves it at one or above, with three or four digits.
fn scaled(value: f64, steps: Steps) -> String {
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
            ("KiB/s", 1_000_000_000.0, "1 GB/s"),
            ("bits/s", 2_000_000.0, "2 Mbit/s"),
            ("users", 200.0, "200 users"),
            ("ns", 0.25, "250 ps"),
        ];
        for (unit, stored, text) in shown {
            assert_eq!(unit.parse::<Unit>().unwrap().show(stored), text);
        }
    }

    #[test]
    fn a_value_is_stored_by_the_size_of_its_unit() {
        let stored = |unit: &str| unit.parse::<Unit>().unwrap().to_stored(2.0);
        let sizes = [
            ("\u{b5}s", 2e3),
            ("\u{3bc}s", 2e3),
            ("KiB/s", 2048.0),
            ("GB/s", 2e9),
            ("elem/s", 2.0),
            ("Mbit/s", 2e6),
            ("cycles", 2.0),
            ("ps", 0.002),
        ];
        assert!(sizes.iter().all(|(unit, size)| (stored(unit) - size).abs() < 1e-12));
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
