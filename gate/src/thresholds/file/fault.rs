//! What is wrong in a file of limits, and where.

use std::path::Path;

/// What is wrong, and the byte where.
pub struct Fault {
    /// The byte.
    pub offset: usize,
    /// What is wrong.
    pub problem: String,
}

/// A place in the text, for what is found wrong later.
pub struct SourceText<'a> {
    /// The file that it came from.
    pub path: &'a Path,
    /// The text.
    pub text: &'a str,
}

impl SourceText<'_> {
    /// The line of a byte, from 1.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text[..offset.min(self.text.len())].matches('\n').count()
    }
}
