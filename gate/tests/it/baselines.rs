//! Named baselines: listed, shown, exported and imported, beside those that Criterion saved itself.

use crate::common::{Ended, HOME, Project, saved};
use serde_json::{Value, json};

const MAIN: &str = "baselines/main.json";

/// A project whose home has results and a baseline `main` that Criterion saved beside them.
fn saved_by_criterion() -> Project {
    let project = Project::good();
    project.save(&saved("api/health").mean(4e6).spread(1e5).elements(7).under("main"));
    project.save(&saved("cache/hit").mean(80.0).under("main"));
    project
}

/// One that has it as a named baseline as well.
fn named() -> Project {
    let project = saved_by_criterion();
    baseline(&project, &["export", "main", "--output", MAIN]).exits(0);
    project
}

fn baseline(project: &Project, arguments: &[&str]) -> Ended {
    project.gate(&[&["baseline"], arguments, &["--criterion-home", HOME]].concat())
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn an_export_holds_what_criterion_saved() {
    let exported = json_of(&baseline(&saved_by_criterion(), &["export", "main"]).exits(0).stdout);
    assert_eq!((&exported["schema_version"], &exported["name"]), (&json!(1), &json!("main")));
    let results = exported["runs"][0]["results"].as_array().expect("results");
    let health = &results[0];
    assert_eq!([&health["samples"], &health["p10"]], [&json!(10), &json!(4e6)]);
    assert_eq!(
        [&health["estimates"]["mean"], &health["estimates"]["slope"]],
        [&json!({ "point": 4e6, "lower": 3.9e6, "upper": 4.1e6 }), &Value::Null]
    );
    assert_eq!([&health["throughput"], &results[1]["throughput"]], [&json!({ "elements": 7 }), &Value::Null]);
    assert_eq!([&health["id"], &results[1]["id"]], ["api/health", "cache/hit"]);
}

#[test]
fn an_export_of_what_criterion_saved_claims_no_environment() {
    let exported = json_of(&baseline(&saved_by_criterion(), &["export", "main"]).exits(0).stdout);
    let environment = exported["environment"].as_object().expect("an environment");
    let known =
        environment.values().find(|value| !["\"unknown\"", "null", "0", "{}"].contains(&&*value.to_string()));
    assert_eq!(known, None);
}

#[test]
fn an_export_to_a_file_is_the_one_to_standard_output() {
    let project = saved_by_criterion();
    let printed = baseline(&project, &["export", "main"]).exits(0).stdout;
    let silent = baseline(&project, &["export", "main", "-o", "kept/main.json"]).exits(0);
    assert_eq!((silent.stdout.as_str(), project.read("kept/main.json")), ("", printed));
}

#[test]
fn export_and_import_give_back_every_byte() {
    let (source, target) = (named(), Project::empty());
    target.write("exported.json", source.read(MAIN));
    target.gate(&["baseline", "import", "exported.json"]).exits(0).prints(MAIN);
    assert_eq!(target.read(MAIN), source.read(MAIN));
    assert_eq!(target.gate(&["baseline", "export", "main"]).exits(0).stdout, source.read(MAIN));
}

#[test]
fn import_reads_standard_input() {
    let (source, target) = (named(), Project::empty());
    let mut command = target.command(&["baseline", "import", "-"]);
    let ended: Ended = command.write_stdin(source.read(MAIN)).output().unwrap().into();
    ended.exits(0);
    assert_eq!(target.read(MAIN), source.read(MAIN));
}

#[test]
fn import_from_standard_input_refuses_what_is_no_baseline() {
    let target = Project::empty();
    let mut command = target.command(&["baseline", "import", "-"]);
    let ended: Ended = command.write_stdin("{}").output().unwrap().into();
    ended.refuses(&["standard input: not a baseline"], "save the baseline again");
    assert!(target.files().is_empty());
}

#[test]
fn import_replaces_only_by_force() {
    let project = named();
    let other = project.read(MAIN).replace("4000000.0", "4000001.0");
    project.write("other.json", &other);
    let said = ["baselines/main.json: a baseline of that name exists already"];
    project.gate_refuses(&["baseline", "import", "other.json"], &said, "give --force to replace it");
    project.gate(&["baseline", "import", "other.json", "--force"]).exits(0);
    assert_eq!(project.read(MAIN), other);
}

#[test]
fn import_under_another_name_renames_the_baseline_too() {
    let project = named();
    project.gate(&["baseline", "import", MAIN, "--name", "v1.0"]).exits(0).prints("baselines/v1.0.json");
    let renamed = project.read("baselines/v1.0.json");
    assert_eq!(json_of(&renamed)["name"], "v1.0");
    assert_eq!(renamed.replace("v1.0", "main"), project.read(MAIN));
}

#[test]
fn list_shows_both_kinds() {
    let ended = baseline(&named(), &["list"]).exits(0);
    let (named, by_criterion) = ended.stdout.split_once("Saved by Criterion in home:").expect("two lists");
    assert!(named.starts_with("Named baselines in baselines:\n  main "), "{named}");
    assert!(named.contains("2 benchmarks, runs: 1, unknown mode"), "{named}");
    assert_eq!(by_criterion.split_whitespace().collect::<Vec<_>>(), ["main", "2", "benchmarks"]);
}

#[test]
fn list_says_that_there_are_none() {
    let ended = Project::empty().gate(&["baseline", "list", "--criterion-home", HOME]).exits(0);
    assert_eq!(ended.stdout, "Named baselines in baselines:\n  none\nSaved by Criterion in home:\n  none\n");
}

#[test]
fn list_leaves_out_what_criterion_keeps_for_itself() {
    let project = saved_by_criterion();
    project.save(&saved("api/health").under("base"));
    let ended = baseline(&project, &["list"]).exits(0);
    ended.prints("main ").is_silent_about("new ").is_silent_about("base ");
}

#[test]
fn show_gives_environment_and_numbers() {
    let ended = baseline(&named(), &["show", "main"]).exits(0);
    ended.prints("Baseline: main").prints("Rustc:    unknown").prints("Runs:     1");
    ended.prints("api/health").prints("4.00000e6").prints("[3.9000e6 4.1000e6]").prints("nanoseconds");
}

#[test]
fn show_takes_one_that_criterion_saved() {
    baseline(&saved_by_criterion(), &["show", "main"]).exits(0).prints("cache/hit");
}

#[test]
fn a_named_baseline_goes_before_one_of_that_name_that_criterion_saved() {
    let project = named();
    project.save(&saved("api/health").mean(9e6).under("main"));
    let ended = baseline(&project, &["show", "main"]).exits(0);
    ended.prints("4.00000e6").is_silent_about("9.00000e6");
}

#[test]
fn baselines_are_looked_for_where_it_is_said() {
    let project = named();
    project.write("elsewhere/kept.json", project.read(MAIN).replace("\"main\"", "\"kept\""));
    baseline(&project, &["list", "--baselines", "elsewhere"]).exits(0).prints("  kept ");
    baseline(&project, &["show", "kept", "--baselines", "elsewhere"]).exits(0).prints("Baseline: kept");
    baseline(&project, &["show", "kept"]).refuses(&["no baseline `kept`: there are main"], "save one");
}
