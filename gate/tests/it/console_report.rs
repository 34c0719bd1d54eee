//! The whole report on the console, for a small home with everything that a report can show.

use crate::common::{FACTS, Project, engine, facts, metric, saved, sla, unavailable};

/// All four severities, a scaled row, one in doubt, one that did not run, a row without limits, promises that were
/// kept, broken and not run, an engine that was measured and one that was not to be had.
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
