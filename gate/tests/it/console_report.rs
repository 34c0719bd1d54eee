//! The whole report of each command on the console, with everything that it can show.

use crate::ab::tiny::{NOISE, Tiny};
use crate::common::{FACTS, Project, THRESHOLDS, engine, facts, metric, saved, sla, unavailable};

/// All four severities, a scaled row, one in doubt, one that did not run, a row without limits, promises that were
/// kept, broken and not run, an engine that was measured and one that was not available.
fn everything() -> Project {
    let scaled = metric("database/insert/*", "s", "lower", [30.0, 45.0, 60.0]).trim_end().to_owned();
    let limits = [
        scaled + "\nsize = 50_000\n\n",
        metric("database/{sqlite,postgres}/read", "ms", "lower", [10.0, 20.0, 30.0]),
        metric("api/health", "ms", "lower", [10.0, 20.0, 30.0]),
        metric("api/upload", "ms", "lower", [10.0, 20.0, 30.0]),
        metric("api/throughput", "requests/s", "higher", [100.0, 50.0, 25.0]),
        metric("api/analytics_query_over_a_year_of_messages", "ms", "lower", [10.0, 20.0, 30.0]),
        metric("cache/hit_rate/*", "%", "higher", [80.0, 60.0, 40.0]),
        metric("memory/peak", "MiB", "lower", [512.0, 768.0, 1024.0]),
        sla("api/health", "< 2 s"),
        sla("api/throughput", ">= 60 requests/s"),
        sla("cache/hit_rate/*", "> 60 %"),
        sla("concurrent/max_users", ">= 100 users"),
    ];
    let project = Project::with_limits(&limits.concat());
    let results = [
        saved("database/insert/25000").mean(20e9).elements(25_000),
        saved("database/sqlite/read").mean(1e6),
        saved("api/health").mean(5.25e6),
        saved("api/upload").mean(31e6).spread(2e6),
        saved("api/throughput").mean(2e9).elements(120),
        saved("api/analytics_query_over_a_year_of_messages").mean(45e6),
        saved("api/settings").mean(123_456.0),
        saved("cache/hit_rate/zipf").mean(87.25),
        saved("cache/hit_rate/scan").mean(60.0),
    ];
    for result in &results {
        project.save(result);
    }
    project.write(FACTS, facts(&[engine("sqlite", "3.51.0")], &[unavailable("database/postgres/*")]));
    project
}

#[test]
fn a_report_shows_everything() {
    let ended = everything().check(&["--no-save"]).exits(1);
    insta::assert_snapshot!(ended.stdout);
}

#[test]
fn a_table_fits_80_columns() {
    let ended = everything().check(&["--no-save"]).exits(1);
    let (tables, _) = ended.stdout.split_once("PERFORMANCE TEST SUMMARY").expect("a summary");
    let wide: Vec<&str> = tables.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(tables.lines().count() > 20 && wide.is_empty(), "over 80 columns:\n{}", wide.join("\n"));
}

#[test]
fn no_line_ends_in_spaces() {
    let ended = everything().check(&["--no-save"]).exits(1);
    let loose: Vec<&str> = ended.stdout.lines().filter(|line| line.ends_with(' ')).collect();
    assert!(loose.is_empty(), "{loose:?}");
}

const RUNS: u32 = 12;

const ACCEPTED: &str = r#"schema_version = 1

[[metric]]
id = "**"
better = "lower"
margin = "2%"

[[accepted]]
id = "cache/known"
reason = "checks more"
until = 2999-12-31
"#;

/// Rows with every outcome, one of them accepted, in twelve runs a side.
fn every_outcome() -> Project {
    let project = Project::empty();
    project.save_runs(
        RUNS,
        &[("api/slow", 1.05), ("api/same", 1.0), ("cache/fast", 0.9), ("cache/known", 1.05)],
    );
    project.save_noisy_runs(RUNS, "api/noisy");
    (0..RUNS).for_each(|run| project.save_run("head", run, &[("api/added", 1.0)]));
    (0..RUNS).for_each(|run| project.save_run("base", run, &[("api/removed", 1.0)]));
    project.write(THRESHOLDS, ACCEPTED);
    project
}

#[test]
fn a_comparison_of_homes_shows_everything() {
    let ended = every_outcome().compare(RUNS, &["--paired"]).exits(1);
    insta::assert_snapshot!(ended.stdout);
}

/// What differs from one run of a command to the next, with what stands for it in a snapshot.
const VARYING: [(&str, &str); 9] = [
    (r"\b[0-9a-f]{9}\b", "[commit]"),
    (r"\d{8}_\d{6}", "[date]"),
    (r"\[\d\d:\d\d:\d\d\]", "[time]"),
    (r"\b\d+(\.\d+)? ?(ms|s|min|h)\b( \d+ ?(ms|s|min)\b)*", "[duration]"),
    (r"processor \d+", "processor [number]"),
    (r"[+-](\d+\.\d)", "±$1"),
    (r"\b\d\d\.\d\b", "00.0"),
    (r"\b\d\.\d\d\b", "0.00"),
    (r"\b\d\.\d\b", "0.0"),
];

#[test]
fn a_comparison_of_revisions_shows_everything() {
    let tiny = Tiny::new(&["steady"]);
    tiny.commit_benchmarks(r#"[("a", 1000.0), ("b", 2400.0), ("c", 1000.0)]"#, "slower");
    let ended = tiny.ab(&["first", "--seed", "7"]).exits(1);
    insta::with_settings!({ filters => VARYING }, { insta::assert_snapshot!(ended.stdout) });
}

#[test]
fn a_calibration_shows_everything() {
    let tiny = Tiny::new(&["steady", "loud"]);
    tiny.edit("loud", &[(NOISE, "NOISE: f64 = 0.04")]);
    let ended = tiny.calibrate(&["--rounds", "3", "--pairs", "8", "--seed", "7"]).exits(0);
    insta::with_settings!({ filters => VARYING }, { insta::assert_snapshot!(ended.stdout) });
}
