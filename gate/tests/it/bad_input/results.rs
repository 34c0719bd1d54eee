//! A result whose files are broken, or hold numbers that no measurement can give.

use std::fs;

use serde_json::{Value, json};

use crate::common::{Project, saved};

const MEASURE_AGAIN: &str = "delete the benchmark's folder and measure it again";

const FILES: [&str; 3] = ["benchmark.json", "estimates.json", "sample.json"];

fn file(name: &str) -> String {
    format!("home/api/health/new/{name}")
}

/// Each of the three files in turn becomes what `change` makes of it, and is refused by name for `problem`.
#[track_caller]
fn each_file_is_refused(change: impl Fn(&str) -> Vec<u8>, problem: &str) {
    for name in FILES {
        let project = Project::good();
        project.write(file(name), change(&project.read(file(name))));
        project.check_refuses(&[&format!("{}: ", file(name)), problem], MEASURE_AGAIN);
    }
}

/// `estimates.json` with `value` at `pointer` is refused for `problem`.
#[track_caller]
fn estimate_is_refused(pointer: &str, value: &str, problem: &str) {
    let mut estimates = saved("api/health").estimates();
    *estimates.pointer_mut(pointer).expect("a number there") = json!("HERE");
    let text = estimates.to_string().replace("\"HERE\"", value);
    let project = Project::good();
    project.write(file(FILES[1]), text);
    project.check_refuses(&[&format!("{}: ", file(FILES[1])), problem], MEASURE_AGAIN);
}

#[track_caller]
fn samples_are_refused(samples: &Value, problem: &str) {
    let project = Project::good();
    project.write(file(FILES[2]), samples.to_string());
    project.check_refuses(&[&format!("{}: ", file(FILES[2])), problem], MEASURE_AGAIN);
}

fn samples(iterations: &[f64], totals: &[f64]) -> Value {
    json!({ "sampling_mode": "Flat", "iters": iterations, "times": totals })
}

#[test]
fn truncated_json() {
    each_file_is_refused(|whole| whole.as_bytes()[..whole.len() / 2].to_vec(), "truncated JSON");
}

#[test]
fn json_without_its_last_byte() {
    each_file_is_refused(|whole| whole.as_bytes()[..whole.len() - 1].to_vec(), "truncated JSON");
}

#[test]
fn an_empty_file() {
    each_file_is_refused(|_| Vec::new(), "empty file, expected JSON");
}

#[test]
fn a_file_that_is_not_utf8() {
    each_file_is_refused(|_| b"{ \"full_id\": \"\xff\xfe\" }".to_vec(), "not UTF-8 at byte 14");
}

#[test]
fn json_of_another_shape() {
    each_file_is_refused(|_| b"[1, 2, 3]".to_vec(), "not Criterion's JSON");
}

#[test]
fn two_documents_in_one_file() {
    each_file_is_refused(|whole| format!("{whole}{whole}").into_bytes(), "trailing characters");
}

#[test]
fn a_missing_file() {
    for name in FILES {
        let project = Project::good();
        fs::remove_file(project.path(file(name))).unwrap();
        let missing = format!("home/api/health/new: incomplete result: `{name}` is missing");
        project.check_refuses(&[&missing], MEASURE_AGAIN);
    }
}

#[test]
fn a_folder_in_the_place_of_a_file() {
    for name in FILES {
        let project = Project::good();
        fs::remove_file(project.path(file(name))).unwrap();
        fs::create_dir(project.path(file(name))).unwrap();
        project.check_refuses(&[&file(name), "cannot read"], "check that the path exists");
    }
}

#[test]
fn a_nan_estimate_which_criterion_writes_as_null() {
    for estimate in ["mean", "median", "std_dev", "median_abs_dev"] {
        estimate_is_refused(&format!("/{estimate}/point_estimate"), "null", "a number is NaN or infinite");
    }
    estimate_is_refused("/mean/confidence_interval/upper_bound", "null", "a number is NaN or infinite");
}

#[test]
fn a_nan_estimate_spelt_out() {
    estimate_is_refused("/mean/point_estimate", "NaN", "not Criterion's JSON");
}

#[test]
fn an_infinite_estimate() {
    estimate_is_refused("/mean/point_estimate", "1e999", "number out of range");
    estimate_is_refused("/mean/confidence_interval/upper_bound", "1e999", "number out of range");
}

#[test]
fn a_negative_estimate() {
    estimate_is_refused("/mean/point_estimate", "-1.0", "mean is -1");
    estimate_is_refused("/median/point_estimate", "-1.0", "median is -1");
    estimate_is_refused("/mean/confidence_interval/lower_bound", "-1.0", "mean is -1");
    estimate_is_refused("/std_dev/point_estimate", "-1.0", "std_dev is -1");
}

#[test]
fn a_zero_estimate() {
    estimate_is_refused("/mean/point_estimate", "0.0", "mean is 0: expected a number above zero");
    estimate_is_refused("/median/point_estimate", "0.0", "median is 0: expected a number above zero");
    estimate_is_refused("/mean/confidence_interval/lower_bound", "0", "mean is 0");
}

#[test]
fn an_interval_upside_down() {
    estimate_is_refused("/mean/confidence_interval/upper_bound", "1.0", "interval of mean is upside down");
}

#[test]
fn an_unfit_slope() {
    let slope = |point: &str| {
        format!(
            r#"{{ "point_estimate": {point}, "standard_error": 0.0,
                 "confidence_interval": {{ "confidence_level": 0.95, "lower_bound": 1, "upper_bound": 2 }} }}"#
        )
    };
    estimate_is_refused("/slope", &slope("0.0"), "slope is 0: expected a number above zero");
    estimate_is_refused("/slope", &slope("-3.0"), "slope is -3");
}

#[test]
fn samples_of_mismatched_lengths() {
    samples_are_refused(&samples(&[1.0, 1.0], &[1.0]), "2 iteration counts for 1 times");
    samples_are_refused(&samples(&[], &[1.0]), "0 iteration counts for 1 times");
}

#[test]
fn no_samples_at_all() {
    samples_are_refused(&samples(&[], &[]), "0 iteration counts for 0 times");
}

#[test]
fn zero_and_negative_samples() {
    samples_are_refused(&samples(&[1.0, 1.0], &[1.0, 0.0]), "a sample is 0");
    samples_are_refused(&samples(&[1.0, 1.0], &[1.0, -2.0]), "a sample is -2");
    samples_are_refused(&samples(&[0.0, 1.0], &[1.0, 1.0]), "a sample is 0");
}

#[test]
fn nan_samples() {
    samples_are_refused(&json!({ "iters": [1.0], "times": [null] }), "a number is NaN or infinite");
}

#[test]
fn a_throughput_of_an_unknown_kind() {
    let project = Project::good();
    let identity = json!({ "full_id": "api/health", "throughput": { "Parsecs": 12 } });
    project.write(file(FILES[0]), identity.to_string());
    project.check_refuses(&[&file(FILES[0]), "unknown variant `Parsecs`"], MEASURE_AGAIN);
}

#[test]
fn one_broken_result_among_good_ones() {
    let project = Project::good();
    project.save(&saved("cache/hit")).write("home/cache/hit/new/sample.json", "");
    project.check_refuses(&["home/cache/hit/new/sample.json: empty file"], MEASURE_AGAIN);
}
