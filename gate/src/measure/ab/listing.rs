//! Which benchmarks a bench binary holds, as it says itself.

use std::collections::BTreeSet;

/// How Criterion, asked with `--list`, ends the line of a benchmark.
const LISTED: &str = ": benchmark";

/// The ids in what a binary printed when it was asked for a list.
#[must_use]
pub fn ids(output: &[String]) -> Vec<String> {
    let listed = output.iter().filter_map(|line| line.trim_end().strip_suffix(LISTED));
    let mut seen = BTreeSet::new();
    listed.filter(|id| !id.is_empty() && seen.insert(*id)).map(str::to_owned).collect()
}

/// Whether `filter` names the benchmark `id`: it is the whole id or its first parts, and a `*` in it stands for one part.
#[must_use]
pub fn names(filter: &str, id: &str) -> bool {
    let mut parts = id.split('/');
    filter.split('/').all(|wanted| parts.next().is_some_and(|part| wanted == "*" || wanted == part))
}

/// The filter that has Criterion run these benchmarks and no others: a regular expression.
#[must_use]
pub fn pattern(ids: &[&str]) -> String {
    let escaped: Vec<String> = ids.iter().map(|id| escape(id)).collect();
    format!("^(?:{})$", escaped.join("|"))
}

/// `text` as a regular expression that matches it alone.
fn escape(text: &str) -> String {
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
    fn a_list_is_what_criterion_prints_and_nothing_else() {
        let output =
            ["Gnuplot not found", "a/b: benchmark", "a/c d: x: benchmark", "a/b: benchmark", "t: test", ""];
        assert_eq!(ids(&output.map(str::to_owned)), ["a/b", "a/c d: x"]);
    }

    #[test]
    fn a_filter_is_an_id_or_its_first_parts() {
        assert!(["a", "a/b", "a/b/c", "*/b", "a/*/c"].iter().all(|filter| names(filter, "a/b/c")));
        assert!(["b", "a/c", "a/b/c/d", "", "a/", "*/*/d", "a/b/*/*"].iter().all(|it| !names(it, "a/b/c")));
    }

    #[test]
    fn a_pattern_escapes_what_means_something() {
        assert_eq!(pattern(&["a/b"]), "^(?:a/b)$");
        assert_eq!(pattern(&["a+(b)", r"c\d", "é.[x]"]), r"^(?:a\+\(b\)|c\\d|é\.\[x\])$");
    }
}
