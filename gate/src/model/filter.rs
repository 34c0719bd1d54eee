//! `--filter`: the benchmarks that are meant.

use std::str::FromStr;

/// A benchmark's id, or its first parts. A `*` stands for one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdFilter(String);

impl FromStr for IdFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.split('/').any(str::is_empty) {
            return Err("expected an id or its first parts, as in `parse/json` or `parse/*/1000`".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for IdFilter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl IdFilter {
    /// Whether `id` is meant: that of a benchmark, or that of a metric, in which `*` stands for one part too.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        let mut parts = id.split('/');
        let mut is_next =
            |wanted| parts.next().is_some_and(|part| part == wanted || wanted == "*" || part == "*");
        self.0.split('/').all(&mut is_next)
    }

    /// The regular expression by which Criterion runs these benchmarks and no others.
    #[must_use]
    pub fn pattern(&self) -> String {
        let part = |part: &str| if part == "*" { "[^/]*".to_owned() } else { escape(part) };
        let parts: Vec<String> = self.0.split('/').map(part).collect();
        format!("^{}(?:/|$)", parts.join("/"))
    }
}

/// `text` as a regular expression that matches it alone.
#[must_use]
pub fn escape(text: &str) -> String {
    let escaped = |letter: char| {
        let special = r"\.+*?()|[]{}^$".contains(letter);
        special.then_some('\\').into_iter().chain([letter])
    };
    text.chars().flat_map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_an_id_or_its_first_parts() {
        let holds = |filter: &str| filter.parse::<IdFilter>().unwrap().holds("a/b/c");
        assert!(["a", "a/b", "a/b/c", "*/b", "a/*/c"].into_iter().all(holds));
        assert!(!["b", "a/c", "a/b/c/d", "*/*/d", "a/b/*/*"].into_iter().any(holds));
        assert!("a/x".parse::<IdFilter>().unwrap().holds("a/*"));
        assert!(["", "a/", "/a", "a//b"].iter().all(|filter| filter.parse::<IdFilter>().is_err()));
    }

    #[test]
    fn a_pattern_means_the_same_to_criterion() {
        let filter: IdFilter = "a+(b)/*/é.x".parse().unwrap();
        assert_eq!(filter.pattern(), r"^a\+\(b\)/[^/]*/é\.x(?:/|$)");
    }
}
