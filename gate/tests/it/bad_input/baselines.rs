//! Baseline names that would do harm, and baselines that are missing, empty or broken.

use std::fs;

use serde_json::{Value, json};

use crate::common::{HOME, Project, saved};

const NAMES: &str = "use letters, digits, `-`, `_` and `.`, for example `main`";
const SAVE_ONE: &str = "save one with `bench-gate run --save-baseline NAME`";
const BROKEN: &str = "restore the file, or save the baseline again";
const HARMFUL: [&str; 10] =
    ["feature/x", "..", "../main", "a..b", "new", "base", "change", "report", "", "two words"];

/// A project with one good named baseline, `main`.
fn with_baseline() -> Project {
    let project = Project::good();
    project.save(&saved("api/health").under("main"));
    let export = ["baseline", "export", "main", "--criterion-home", HOME, "-o", "baselines/main.json"];
    project.gate(&export).exits(0);
    fs::remove_dir_all(project.path("home/api/health/main")).unwrap();
    project
}

/// The baseline `main` after `change`, as the file `baselines/main.json`, is refused for `problem` by every verb.
#[track_caller]
fn broken_is_refused(change: impl Fn(&mut Value), problem: &str) {
    let project = with_baseline();
    let mut baseline = serde_json::from_str(&project.read("baselines/main.json")).unwrap();
    change(&mut baseline);
    project.write("baselines/main.json", baseline.to_string());
    let said = ["baselines/main.json: ", problem];
    project.gate_refuses(&["baseline", "show", "main"], &said, BROKEN);
    project.gate_refuses(&["baseline", "list"], &said, BROKEN);
    project.gate_refuses(&["baseline", "import", "baselines/main.json", "--name", "other"], &said, BROKEN);
}

#[test]
fn a_harmful_name_to_save_under() {
    for name in HARMFUL {
        let said = ["--save-baseline", &format!("baseline name {name:?}: ")];
        Project::good().gate_refuses(&["run", "--save-baseline", name], &said, NAMES);
    }
}

#[test]
fn a_harmful_name_to_show_or_export() {
    for name in HARMFUL {
        let said = [format!("baseline name {name:?}: ")];
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        Project::good().gate_refuses(&["baseline", "show", name], &said, NAMES);
        Project::good().gate_refuses(&["baseline", "export", name], &said, NAMES);
    }
}

#[test]
fn a_harmful_name_to_import_under() {
    let project = with_baseline();
    for name in HARMFUL {
        let said = format!("baseline name {name:?}: ");
        project.gate_refuses(&["baseline", "import", "baselines/main.json", "--name", name], &[&said], NAMES);
    }
}

#[test]
fn a_harmful_name_inside_of_a_file() {
    broken_is_refused(|baseline| baseline["name"] = json!("../../etc"), "a slash would nest folders");
}

#[test]
fn a_missing_baseline() {
    for verb in ["show", "export"] {
        let said = ["baselines: no baseline `mian`: there are main"];
        with_baseline().gate_refuses(&["baseline", verb, "mian", "--criterion-home", HOME], &said, SAVE_ONE);
    }
}

#[test]
fn a_missing_baseline_where_there_is_none() {
    let said = ["baselines: no baseline `main`: there are none"];
    Project::empty().gate_refuses(&["baseline", "show", "main"], &said, SAVE_ONE);
}

#[test]
fn a_missing_file_to_import() {
    let said = ["main.json: cannot read"];
    Project::empty().gate_refuses(&["baseline", "import", "main.json"], &said, "check that the path exists");
}

#[test]
fn a_baseline_without_runs() {
    broken_is_refused(|baseline| baseline["runs"] = json!([]), "an empty baseline: it holds no run");
}

#[test]
fn a_baseline_with_a_run_without_results() {
    broken_is_refused(
        |baseline| baseline["runs"] = json!([{ "results": [] }]),
        "one of its runs holds no result",
    );
}

#[test]
fn a_baseline_of_zero_bytes() {
    let project = with_baseline();
    project.write("baselines/main.json", "");
    let said = ["baselines/main.json: empty file, expected a baseline's JSON"];
    project.gate_refuses(&["baseline", "show", "main"], &said, BROKEN);
    project.gate_refuses(&["baseline", "import", "baselines/main.json"], &said, BROKEN);
}

#[test]
fn a_truncated_baseline() {
    let project = with_baseline();
    let whole = project.read("baselines/main.json");
    project.write("baselines/main.json", &whole[..whole.len() / 2]);
    project.gate_refuses(
        &["baseline", "show", "main"],
        &["baselines/main.json: not a baseline: EOF"],
        BROKEN,
    );
}

#[test]
fn a_baseline_of_another_version() {
    broken_is_refused(
        |baseline| baseline["schema_version"] = json!(2),
        "schema_version 2, this program reads 1",
    );
}

#[test]
fn a_baseline_with_an_unknown_or_missing_key() {
    broken_is_refused(|baseline| baseline["colour"] = json!("red"), "unknown field `colour`");
    broken_is_refused(|baseline| drop(baseline["environment"].take()), "not a baseline");
}

#[test]
fn a_baseline_with_numbers_that_no_measurement_gives() {
    for value in [json!(null), json!(-1.0), json!(0.0)] {
        let change = |baseline: &mut Value| {
            baseline["runs"][0]["results"][0]["estimates"]["mean"]["point"] = value.clone();
        };
        broken_is_refused(change, if value.is_null() { "invalid type: null" } else { "not above zero" });
    }
}

#[test]
fn a_baseline_with_one_id_twice() {
    let double = |baseline: &mut Value| {
        let result = baseline["runs"][0]["results"][0].clone();
        baseline["runs"][0]["results"].as_array_mut().unwrap().push(result);
    };
    broken_is_refused(double, "two results with one id `api/health`");
}

#[test]
fn a_baseline_that_criterion_saved_badly() {
    let project = Project::good();
    project.save(&saved("api/health").under("main")).write("home/api/health/main/sample.json", "");
    let said = ["home/api/health/main/sample.json: empty file"];
    project.gate_refuses(&["baseline", "export", "main", "--criterion-home", HOME], &said, "delete");
}
