//! Statistics of times that a group took itself, in nanoseconds.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The statistic `of` of each of `samples` stretches of the same length, one after the other. There are at least as many
/// times as samples; those that are too few for another stretch are left out.
pub(super) fn of_stretches(times: &[Duration], samples: usize, of: impl Fn(&[Duration]) -> f64) -> Vec<f64> {
    times.chunks(times.len() / samples).take(samples).map(of).collect()
}

/// Their mean.
pub(super) fn mean(times: &[Duration]) -> f64 {
    nanoseconds(times.iter().sum::<Duration>()) / times.len() as f64
}

/// The time that `percent` in a hundred kept to, to three digits.
pub(super) fn percentile(times: &[Duration], percent: u8) -> f64 {
    let mut histogram = Histogram::<u64>::new(3).expect("three digits are in hdrhistogram's range");
    times.iter().for_each(|time| histogram += u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    histogram.value_at_quantile(f64::from(percent) / 100.0) as f64
}

pub(super) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_of_one_length_and_the_rest_is_in_none() {
        let times: Vec<_> = [4, 2, 9, 1, 5, 7, 100].map(Duration::from_nanos).into();
        let near = |found: Vec<f64>, wanted: &[f64]| {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(it, wanted)| (it - wanted).abs() < 1e-6)
        };
        assert!(near(of_stretches(&times, 3, mean), &[3.0, 5.0, 6.0]));
        assert!(near(of_stretches(&times, 2, |times| percentile(times, 50)), &[4.0, 5.0]));
    }
}
