//! Measuring in turns: what drifts falls on all of them.

/// `rounds` rounds, in each of which every one of `contestants` has its turn, beginning with another one each time.
/// A value for each contestant and round.
pub fn in_turns(rounds: usize, contestants: usize, mut measure: impl FnMut(usize) -> f64) -> Vec<Vec<f64>> {
    let mut measured = vec![Vec::with_capacity(rounds); contestants];
    for round in 0..rounds {
        for turn in 0..contestants {
            let contestant = (round + turn) % contestants;
            measured[contestant].push(measure(contestant));
        }
    }
    measured
}

/// The median.
///
/// # Panics
/// There are no values.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The median of the ratios of values that were measured in the same round.
///
/// # Panics
/// There are no rounds.
#[must_use]
pub fn ratio(one: &[f64], other: &[f64]) -> f64 {
    median(&one.iter().zip(other).map(|(one, other)| one / other).collect::<Vec<_>>())
}
