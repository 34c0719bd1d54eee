//! Times that a group took itself, and what it replays of them.

use std::time::Duration;

/// What `of` says of each of `samples` stretches of the same length, one after the other. There are as many times as samples
/// at least; those that are too few for another stretch are left out.
pub(super) fn of_stretches(times: &[Duration], samples: usize, of: impl Fn(&[Duration]) -> f64) -> Vec<f64> {
    times.chunks(times.len() / samples).take(samples).map(of).collect()
}

/// Their mean, in nanoseconds.
pub(super) fn mean(times: &[Duration]) -> f64 {
    times.iter().sum::<Duration>().as_secs_f64() * 1e9 / times.len() as f64
}

/// The time that `percent` in a hundred kept to, in nanoseconds.
pub(super) fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) * percent / 100].as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_of_one_length_and_what_is_left_over_is_in_none() {
        let times: Vec<_> = [4, 2, 9, 1, 5, 7, 100].map(Duration::from_nanos).into();
        let near = |found: Vec<f64>, wanted: &[f64]| {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(it, wanted)| (it - wanted).abs() < 1e-6)
        };
        assert!(near(of_stretches(&times, 3, mean), &[3.0, 5.0, 6.0]));
        assert!(near(of_stretches(&times, 2, |times| percentile(times, 50)), &[4.0, 5.0]));
    }
}
