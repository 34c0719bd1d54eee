//! How much slower the rows are to be.

use std::str::FromStr;

/// Units of work in an iteration of a `cpu` row without a slow-down.
pub const CPU_UNITS: u32 = 100;

/// Units of work in an iteration of an `io` row without a slow-down.
pub const IO_UNITS: u32 = 10;

/// The environment variable that says how many percent more units of work each iteration does; only this group reads
/// it.
pub const SLOWDOWN_VARIABLE: &str = "SENSITIVITY_SLOWDOWN";

/// The most that can be asked for, in percent.
const MOST: u32 = 1_000;

/// The percentage by which the rows are slower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slowdown(u32);

/// A value of [`SLOWDOWN_VARIABLE`] that is no slow-down.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{SLOWDOWN_VARIABLE}={0:?} is no slow-down: set it to a whole number of percent from 0 to {MOST}, or unset it"
)]
pub struct SlowdownError(String);

impl FromStr for Slowdown {
    type Err = SlowdownError;

    fn from_str(text: &str) -> Result<Self, SlowdownError> {
        let percent = text.parse().ok().filter(|percent| *percent <= MOST);
        percent.map(Self).ok_or_else(|| SlowdownError(text.to_owned()))
    }
}

impl Slowdown {
    /// The slow-down that the environment asks for; none where it says nothing.
    ///
    /// # Errors
    /// The variable is set to something else than a slow-down.
    pub fn from_env() -> Result<Self, SlowdownError> {
        std::env::var_os(SLOWDOWN_VARIABLE).map_or(Ok(Self(0)), |value| value.to_string_lossy().parse())
    }

    /// The units of an iteration that has `units` without a slow-down.
    ///
    /// # Panics
    /// It would be no whole number of them: the slow-down would be another than the one asked for.
    #[must_use]
    pub fn of(self, units: u32) -> u32 {
        let Self(percent) = self;
        let more = units * percent;
        assert!(
            more.is_multiple_of(100),
            "{percent} % of the {units} units of an iteration are no whole number: set {SLOWDOWN_VARIABLE} to a \
             multiple of {}",
            100 / units
        );
        units + more / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_become_units() {
        let units = |percent: &str, units| percent.parse::<Slowdown>().map(|slowdown| slowdown.of(units));
        assert_eq!([units("0", 10), units("5", 100), units("10", 10)], [Ok(10), Ok(105), Ok(11)]);
    }

    #[test]
    #[should_panic(
        expected = "5 % of the 10 units of an iteration are no whole number: set SENSITIVITY_SLOWDOWN to a multiple of 10"
    )]
    fn what_is_no_whole_number_of_units_is_refused() {
        let _ = "5".parse::<Slowdown>().unwrap().of(10);
    }

    #[test]
    fn what_is_no_percentage_is_refused() {
        for wrong in ["fast", "-5", "5%", "", "1001", "4294967295"] {
            let error = wrong.parse::<Slowdown>().unwrap_err().to_string();
            assert!(error.contains(&format!("SENSITIVITY_SLOWDOWN={wrong:?}")), "{error}");
        }
    }
}
