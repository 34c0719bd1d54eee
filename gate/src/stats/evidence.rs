//! What the runs of one row say about its change, whatever the method.

/// Evidence about the logarithm of a ratio, zero where nothing changed.
pub trait Evidence {
    /// The most likely value.
    fn estimate(&self) -> f64;

    /// The probability of evidence this strong where the change is `limit` or less (one-sided).
    fn above(&self, limit: f64) -> f64;

    /// The probability of evidence this strong where the change is `limit` or more (one-sided).
    fn below(&self, limit: f64) -> f64;

    /// The interval that misses the change with a probability of `tail` at most on either side; an end is infinite
    /// where the data cannot bound it.
    fn interval(&self, tail: f64) -> [f64; 2];

    /// The standard error of the estimate.
    fn standard_error(&self) -> f64;
}
