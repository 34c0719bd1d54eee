//! Engines that a run must not do without.

use std::process;

/// The environment variable that names them, with commas between them.
const VARIABLE: &str = "BENCH_REQUIRE";

/// Those that the environment names.
fn named() -> Vec<String> {
    split(&std::env::var(VARIABLE).unwrap_or_default())
}

fn split(names: &str) -> Vec<String> {
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Whether the environment names `engine`.
pub(super) fn names(engine: &str) -> bool {
    named().iter().any(|name| name == engine)
}

/// Ends the process with 2 where the environment names an engine that is not among `known`.
pub(super) fn refuse_unknown(known: &[&str]) {
    if let Some(problem) = unknown(&named(), known) {
        eprintln!("error: {problem}");
        process::exit(2);
    }
}

fn unknown(named: &[String], known: &[&str]) -> Option<String> {
    let unknown = named.iter().find(|name| !known.contains(&name.as_str()))?;
    Some(format!("{VARIABLE} names no engine with {unknown:?}: there are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_unknown_ones_refused() {
        assert_eq!(split(" postgres, clickhouse,,"), ["postgres", "clickhouse"]);
        assert!(split("").is_empty());
        let known = ["sqlite", "postgres"];
        assert_eq!(unknown(&split("postgres,sqlite"), &known), None);
        let problem = unknown(&split("postgres,mysql"), &known).unwrap();
        assert!(problem.contains("\"mysql\": there are sqlite, postgres"), "{problem}");
    }
}
