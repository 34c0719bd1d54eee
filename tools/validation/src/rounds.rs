//! Two things measured turn by turn.

use std::time::Instant;

/// Pairs of values, one of each turn. The first turn warms up.
#[derive(Debug, Default)]
pub struct Rounds {
    pairs: Vec<(f64, f64)>,
}

impl Rounds {
    /// Adds a turn.
    pub fn note(&mut self, ours: f64, theirs: f64) {
        self.pairs.push((ours, theirs));
    }

    /// Prints both medians and the median ratio, in `unit`.
    ///
    /// # Panics
    /// There is no turn after the warm-up.
    pub fn print(&self, title: &str, names: [&str; 2], unit: &str) {
        let of = |value: fn(&(f64, f64)) -> f64| median(self.pairs[1..].iter().map(value).collect());
        println!("{title}:");
        println!("  {:<24}{:>8.1} {unit}", names[0], of(|pair| pair.0));
        println!("  {:<24}{:>8.1} {unit}", names[1], of(|pair| pair.1));
        println!("  {:<24}{:>8.2} x", "ratio", of(|pair| pair.0 / pair.1));
    }
}

/// The upper median.
///
/// # Panics
/// There is no value.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The milliseconds that `work` takes.
///
/// # Errors
/// The work fails.
pub async fn milliseconds<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<f64, E> {
    let started = Instant::now();
    work.await.map(|_| started.elapsed().as_secs_f64() * 1e3)
}
