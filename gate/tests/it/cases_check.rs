//! Homes and limits as projects really have them, each of which was once judged wrongly, with what is alike.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use crate::common::{Ended, HOME, Project, THRESHOLDS, metric, saved};

fn check(project: &Project, thresholds: &str) -> Ended {
    project.check(&["--no-save", "--thresholds", thresholds])
}

/// A project whose results are `ids`, a millisecond each, and whose limits are about `patterns`.
fn named(ids: &[&str], patterns: &[&str]) -> Project {
    let limits = patterns.iter().map(|pattern| {
        let metric = metric("ID", "ms", "lower", [2.0, 3.0, 4.0]);
        metric.replace("id = \"ID\"", &format!("id = {pattern:?}"))
    });
    let project = Project::with_limits(&limits.collect::<String>());
    for (at, id) in ids.iter().enumerate() {
        project.save(&saved(id).in_directory(&format!("d{at}")));
    }
    project
}

#[test]
fn an_id_with_a_comma_or_braces_is_named_as_it_is() {
    let project = Project::case("01-id-cannot-be-named");
    check(&project, "comma.toml").exits(0).prints("sum/u64, 1024 rows").prints("INFO");
    check(&project, "braces.toml").exits(0).prints("parse/Options { strict: true }").prints("INFO");
}

#[test]
fn an_id_with_letters_of_patterns_is_named_with_backslashes() {
    let ids = ["GET /users/{id}", "a/x * y", "/front//double/", "**", "C:\\dir/new", "two\nlines"];
    let patterns =
        ["GET /users/\\{id}", "a/x \\* y", "/front//double/", "\\*\\*", "C:\\dir/new", "two\nlines"];
    named(&ids, &patterns).check(&[]).exits(0).prints("judged 6 of 6, left out 0").prints("INFO: 6");
}

#[test]
fn a_star_reaches_over_letters_parts_and_everything() {
    let ids = ["api/a/b", "api/100", "web/100"];
    for (pattern, judged) in
        [("*", 3), ("**", 3), ("*/100", 2), ("api/**", 2), ("api/1*", 1), ("**/b", 1), ("api/*", 1)]
    {
        named(&ids, &[pattern]).check(&["--no-save"]).prints(&format!("judged {judged} of 3"));
    }
}

#[test]
fn the_most_specific_pattern_alone_judges() {
    let limits = metric("**", "ms", "lower", [0.1, 0.2, 0.3])
        + &metric("api/*", "ms", "lower", [0.1, 2.0, 3.0])
        + &metric("api/a", "ms", "lower", [2.0, 3.0, 4.0]);
    let project = Project::with_limits(&limits);
    project
        .save(&saved("api/a"))
        .save(&saved("api/b"))
        .check(&[])
        .exits(0)
        .prints("INFO: 1")
        .prints("LOW: 1");
    project.save(&saved("web/a")).check(&[]).exits(1).prints("web/a is CRITICAL");
}

#[test]
fn a_pattern_that_matches_nothing_is_answered_with_the_nearest_ids() {
    let ended = named(&["GET /users/{id}", "cache/hit"], &["GET /users/{id}"]).check(&[]).exits(2);
    ended.prints("no fresh result for `GET /users/id`").prints("there is `GET /users/\\{id}`");
    ended.is_silent_about("`cache/hit`");
}

#[test]
fn an_accepted_id_may_hold_a_star() {
    let project = Project::empty();
    let accepted = "[[accepted]]\nid = \"mul/a * b\"\nreason = \"known\"\nuntil = 2999-01-01\n";
    project.write(
        THRESHOLDS,
        format!("schema_version = 1\n{accepted}{}", metric("mul/*", "ms", "lower", [2.0, 3.0, 4.0])),
    );
    for run in 0..8_u32 {
        for (side, factor) in [("base", 1.0), ("head", 1.5)] {
            let mean = factor * 1e6 * (1.0 + f64::from(run * 7 % 8) / 1e3);
            project.save_in(
                &format!("{side}{run}"),
                &saved("mul/a * b").in_directory("mul/a _ b").mean(mean).spread(1e3),
            );
        }
    }
    project.compare(8, &[]).exits(0).prints("a accepted in thresholds.toml").prints("mul/a * b until");
}

#[test]
fn bytes_are_judged_where_elements_and_bytes_are_declared() {
    let project = Project::case("02-elements-and-bytes-judged-as-elements");
    check(&project, "thresholds.toml").exits(0).prints("999 MB/s").prints("INFO");
}

#[test]
fn a_rate_of_another_kind_than_the_declared_one_is_refused() {
    let project = Project::case("04-rate-of-the-wrong-kind-passes");
    let said = ["metric `p/x` cannot judge `p/x`", "bytes/s", "declares 1000000 elements an iteration"];
    check(&project, "thresholds.toml").refuses(&said, "the metric in thresholds.toml");
}

#[test]
fn every_unit_judges_what_is_declared_in_its_kind_and_nothing_else() {
    let declared = [json!({ "Elements": 1_000 }), json!({ "Bytes": 1_000 }), json!({ "Bits": 8_001 })];
    let units = [
        ("elem/s", [true, false, false]),
        ("ops/s", [true, false, false]),
        ("Kelem/s", [true, false, false]),
        ("bytes/s", [false, true, true]),
        ("KiB/s", [false, true, true]),
        ("bits/s", [false, true, true]),
    ];
    for (unit, fits) in units {
        for (throughput, fits) in declared.iter().zip(fits) {
            let project = Project::with_limits(&metric("p/x", unit, "higher", [3e-9, 2e-9, 1e-9]));
            project.save(&saved("p/x").throughput(throughput));
            assert_eq!(
                project.check(&["--no-save"]).code,
                Some(if fits { 0 } else { 2 }),
                "{unit}, {throughput}"
            );
        }
    }
}

#[test]
fn bits_are_not_cut_to_bytes() {
    let project = Project::with_limits(&metric("p/x", "bits/s", "higher", [6.5e3, 6e3, 5e3]));
    project.save(&saved("p/x").throughput(&json!({ "Bits": 7 }))).check(&[]).exits(0).prints("7 kbit/s");
}

#[test]
fn both_micro_signs_and_the_units_of_criterions_console_are_known() {
    for unit in ["\u{b5}s", "\u{3bc}s"] {
        let project = Project::with_limits(&metric("p/x", unit, "lower", [2e3, 3e3, 4e3]));
        project.save(&saved("p/x")).check(&[]).exits(0).prints("INFO");
    }
    let project = Project::with_limits(&metric("p/x", "ps", "lower", [2e9, 3e9, 4e9]));
    project.save(&saved("p/x")).check(&[]).exits(0).prints("INFO");
}

#[test]
fn criterion_up_to_0_3_2_is_read() {
    let project = Project::case("13-old-criterion-called-not-criterion");
    check(&project, "thresholds.toml").exits(0).prints("g/a").prints("1 µs").prints("INFO");
}

#[test]
fn results_of_cargo_criterion_are_refused_by_name_or_counted() {
    let project = Project::with_limits(&metric("api/health", "ms", "lower", [2.0, 3.0, 4.0]));
    project.write("home/data/main/api/health/benchmark.cbor", [0xa1]);
    project.write("home/data/main/api/health/measurement_1.cbor", [0xa1]);
    project
        .check_refuses(&["data/main/api/health: a result of `cargo criterion`", "CBOR"], "run `cargo bench`");
    let ended = project.save(&saved("api/health")).check(&[]).exits(0);
    ended.prints("judged 1 of 2, left out 1 (1 of cargo criterion, in CBOR)");
}

/// A good project whose folder `inner` of the home is moved elsewhere, with a link in its place.
fn linked(inner: &str) -> Project {
    let project = Project::good();
    let (there, elsewhere) = (project.path(HOME).join(inner), project.path("elsewhere"));
    fs::rename(&there, &elsewhere).expect("a folder");
    symlink(&elsewhere, &there).expect("a link");
    project
}

#[test]
fn links_to_folders_are_followed() {
    for inner in ["api", "api/health", "api/health/new"] {
        linked(inner).check(&[]).exits(0).prints("judged 1 of 1");
    }
    let project = linked("api/health");
    let sample = project.path("elsewhere/new/sample.json");
    fs::write(sample, "").expect("a file");
    project.check_refuses(&["home/api/health/new/sample.json: empty file"], "measure it again");
}

#[test]
fn links_that_lead_nowhere_or_back_are_refused_by_name() {
    let project = Project::good();
    symlink(project.path("gone"), project.path("home/api/lost")).expect("a link");
    project.check(&[]).refuses(&["home/api/lost: cannot list: No such file"], "check that the path exists");
    fs::remove_file(project.path("home/api/lost")).expect("the link");
    symlink(project.path(HOME), project.path("home/api/loop")).expect("a link");
    project.check(&[]).refuses(&["home/api/loop: this link leads back"], "remove the link");
}

/// A good project with two results of `cache` that cannot be read, of one of which not even the id.
fn half_readable() -> Project {
    let project = Project::good();
    project.save(&saved("cache/hit")).write("home/cache/hit/new/sample.json", "");
    project.save(&saved("cache/miss")).write("home/cache/miss/new/benchmark.json", "{");
    project
}

#[test]
fn all_unreadable_results_are_listed_at_once() {
    let said =
        ["home/cache/hit/new/sample.json: empty file", "home/cache/miss/new/benchmark.json: truncated"];
    half_readable().check_refuses(&said, "measure it again");
}

#[test]
fn an_unreadable_result_does_not_stop_what_was_asked_for_by_name() {
    let ended = half_readable().check(&["api"]).exits(0);
    ended.prints("judged 1 of 3, left out 2 (2 unreadable)");
    half_readable().check(&["api", "cache"]).refuses(&["2 results cannot be judged"], "measure it again");
}

#[test]
fn without_a_file_of_limits_values_have_units_and_nothing_passes() {
    let project = Project::empty();
    project.save(&saved("p/a").mean(16.7)).save(&saved("p/b").bytes(250_000));
    let both = json!({ "ElementsAndBytes": { "elements": 1_000, "bytes": 1_000_000 } });
    let ended = project.save(&saved("p/c").throughput(&both)).check(&["--no-save"]).exits(2);
    ended.prints("judged 0 of 3, left out 3 (3 without a limit)").prints("16.7 ns");
    ended.prints("250 MB/s").prints("1 M/s, 1 GB/s").is_silent_about("e1");
    ended.prints("nothing was judged: no limit is about these results").prints("--baseline NAME");
}

#[test]
fn a_file_of_limits_that_is_named_has_to_be_there() {
    let arguments = ["check", "--criterion-home", HOME, "--thresholds", "none.toml"];
    Project::good().gate_refuses(&arguments, &["none.toml: cannot read"], "check that the path exists");
}
