//! What a calibration finds, keeps and refuses.

use serde_json::Value;

use super::tiny::{NOISE, Tiny};

const FILE: &str = "baselines/noise.json";

fn noise(tiny: &Tiny) -> Value {
    serde_json::from_str(&tiny.0.read(FILE)).expect("JSON")
}

fn margin(noise: &Value, id: &str) -> f64 {
    let rows = noise["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row {id} in {noise}"));
    row["margin"].as_f64().expect("a number")
}

#[test]
fn a_noisy_benchmark_gets_a_wider_margin_than_a_steady_one() {
    let tiny = Tiny::new(&["steady", "loud"]);
    tiny.edit("loud", &[(NOISE, "NOISE: f64 = 0.1")]);
    let ended = tiny.calibrate(&["--rounds", "3", "--pairs", "8", "--seed", "7"]).exits(0);
    ended
        .prints("Calibrated 4 benchmarks: 3 comparisons of 8 pairs")
        .prints("False alarms: 0 of 3 comparisons red");
    let found = noise(&tiny);
    assert!(margin(&found, "loud/a") > 4.0 * margin(&found, "steady/a"), "{found}");
    assert_eq!((&found["false_alarms"]["suites"], &found["false_alarms"]["rows"]), (&3.into(), &12.into()));
    assert_eq!(tiny.left(), [""; 0]);
}

#[test]
fn a_margin_that_is_automatic_is_taken_from_it() {
    let tiny = Tiny::new(&["steady"]);
    tiny.calibrate(&["--rounds", "2", "--pairs", "8"]).exits(0);
    let margin = margin(&noise(&tiny), "steady/a");
    let text = tiny.ab(&["HEAD", "worktree", "--margin", "auto", "--json"]).exits(0).stdout;
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["rows"][0]["margin"].as_f64(), Some(margin), "{report}");
}

#[test]
fn what_was_not_measured_again_is_kept() {
    let tiny = Tiny::new(&["steady", "other"]);
    tiny.calibrate(&["--rounds", "1", "--pairs", "8"]).exits(0);
    let before = margin(&noise(&tiny), "other/b");
    tiny.calibrate(&["--rounds", "1", "--pairs", "8", "steady"]).exits(0).is_silent_about("other/b");
    let after = noise(&tiny);
    assert!(
        (margin(&after, "other/b") - before).abs() < 1e-12 && after["rows"].as_array().unwrap().len() == 4
    );
}

#[test]
fn what_can_tell_nothing_is_refused_and_nothing_is_written() {
    let tiny = Tiny::new(&["steady"]);
    for (arguments, said, remedy) in [
        (&["--pairs", "3"][..], "3 pairs can never decide: 2 rows need 7 at least", "raise --pairs"),
        (&["--budget", "1ms"], "no comparison was complete within 1ms", "raise --budget"),
        (&["--filter", "steady/z"], "no benchmark `steady/z`", "give a whole id"),
        (&["nonsense"], "nonsense", "help"),
        (&["--rounds", "0"], "0 is not in 1..=10000", ""),
    ] {
        let ended = tiny.calibrate(arguments).exits(2);
        assert!(
            ended.stderr.contains(said) && ended.stderr.contains(remedy),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
    assert!(!tiny.0.path(FILE).exists() && tiny.left().is_empty(), "{:?}", tiny.left());
}
