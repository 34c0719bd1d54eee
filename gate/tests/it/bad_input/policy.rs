//! Margins and acknowledgements that do not fit what is compared.

use serde_json::{Value, json};

use super::compare::{ONE_ENVIRONMENT, RUNS, SIDES, good, with_records};
use crate::common::{Project, THRESHOLDS, record};

const NOISE: &str = "baselines/noise.json";

/// `compare` with the thresholds `text` is refused for `said`.
#[track_caller]
fn policy_is_refused(text: &str, said: &str, remedy: &str) {
    let project = good();
    project.write(THRESHOLDS, format!("schema_version = 1\n\n{text}"));
    project.compare_refuses(SIDES, &[], &[said], remedy);
}

const METRIC: &str = "[[metric]]\nid = \"api/a\"\nbetter = \"lower\"\nmargin = \"2%\"\n\n";
const CORRECT: &str = "correct that line";

#[test]
fn an_acknowledgement_that_has_expired_or_covers_nothing() {
    let accepted = |id: &str, until: &str| {
        format!("{METRIC}[[accepted]]\nid = \"{id}\"\nreason = \"known\"\nuntil = \"{until}\"\n")
    };
    let said = "baselines/thresholds.toml:9: accepted `api/a` has expired on 2001-02-03";
    policy_is_refused(&accepted("api/a", "2001-02-03"), said, CORRECT);
    policy_is_refused(
        &accepted("api/a", "2999-01-01"),
        "thresholds.toml:9: accepted `api/a` is unchanged",
        CORRECT,
    );
    policy_is_refused(&accepted("api/z", "2999-01-01"), "accepted `api/z` is on neither side", CORRECT);
}

/// Homes that compare well, with an automatic margin and what `noise.json` would say of `id`.
fn automatic(id: &str, margin: f64) -> (Project, String) {
    let project = good();
    project.write(THRESHOLDS, format!("schema_version = 1\n\n{}", METRIC.replace("2%", "auto")));
    let record: Value = serde_json::from_str(&record("2001-01-01T00:00:00Z", &[])).unwrap();
    let rows = json!([{ "id": id, "spread": 0.01, "margin": margin }]);
    let alarms = json!({ "pairs": 12, "alpha": 0.05, "suites": 1, "suites_red": 0, "rows": 1, "rows_regressed": 0,
        "controls_red": 0 });
    let noise = json!({ "schema_version": 1, "environment": record["environment"], "false_alarms": alarms,
        "rows": rows });
    (project, noise.to_string())
}

/// An automatic margin is refused for `said`, with this in `noise.json`.
#[track_caller]
fn noise_is_refused(id: &str, margin: f64, said: &str, remedy: &str) {
    let (project, noise) = automatic(id, margin);
    project.write(NOISE, noise).compare_refuses(SIDES, &[], &[said], remedy);
}

#[test]
fn an_automatic_margin_that_nobody_measured() {
    let said = "baselines/noise.json: cannot read";
    policy_is_refused(&METRIC.replace("2%", "auto"), said, "check that the path exists");
    noise_is_refused(
        "api/z",
        0.1,
        "noise.json has no margin for `api/a`",
        "measure it with `bench-gate calibrate`",
    );
}

#[test]
fn an_automatic_margin_that_is_none() {
    noise_is_refused("api/a", -0.1, "baselines/noise.json: not the noise of benchmarks", "restore the file");
    let (project, noise) = automatic("api/a", 0.1);
    for broken in
        [&noise[..noise.len() / 2], "", &noise.replace("\"schema_version\":1", "\"schema_version\":2")]
    {
        let said = ["baselines/noise.json: not the noise of benchmarks"];
        project.write(NOISE, broken).compare_refuses(SIDES, &[], &said, "restore the file");
    }
}

#[test]
fn an_automatic_margin_of_another_machine() {
    let (project, noise) = automatic("api/a", 0.125);
    project.write(NOISE, &noise);
    with_records(&project, |_| ());
    assert_eq!(project.compared(RUNS, &[], 0)["rows"][0]["margin"], 0.125);
    project.write(NOISE, noise.replace("a processor", "another"));
    let said = ["different processor: noise.json was measured with another"];
    project.compare_refuses(SIDES, &[], &said, ONE_ENVIRONMENT);
}

#[test]
fn a_rate_of_what_counts_nothing() {
    let rate = METRIC.replace("margin", "unit = \"requests/s\"\nmargin");
    policy_is_refused(
        &rate,
        "`api/a` cannot be compared by its throughput",
        "give the benchmark a Throughput",
    );
}
