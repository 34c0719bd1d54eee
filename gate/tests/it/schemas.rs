//! The JSON that the program writes, held against its published schemas, and the schemas against broken JSON.

mod comparison;

use std::fs;
use std::path::Path;

use crate::common::{
    FACTS, HOME, Project, THRESHOLDS, engine, facts, metric, record, saved, sla, unavailable,
};
use jsonschema::Validator;
use serde_json::{Value, json};

const REPORT: &str = "performance_benchmark_report";
const DETAILS: &str = "performance_detailed_results";
const LIMITS: &str = "performance_baselines";
const BASELINE: &str = "named_baseline";

fn schema(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let text = fs::read_to_string(folder.join(format!("{name}.schema.json"))).expect("a schema");
    serde_json::from_str(&text).expect("a schema in JSON")
}

fn validator(name: &str) -> Validator {
    jsonschema::draft202012::new(&schema(name)).expect("a valid schema")
}

#[track_caller]
fn holds(name: &str, document: &Value) {
    let errors: Vec<String> = validator(name)
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name} refuses:\n{}", errors.join("\n"));
}

/// The three reports of `project` after a check that exits with `code`.
#[track_caller]
fn reports(project: &Project, code: i32) -> [(&'static str, Value); 3] {
    project.check(&[]).exits(code);
    [REPORT, DETAILS, LIMITS].map(|kind| (kind, project.report(kind)))
}

#[track_caller]
fn all_hold(project: &Project, code: i32) {
    for (name, document) in reports(project, code) {
        holds(name, &document);
    }
}

/// A project whose report has an entry in every list but that of failures.
fn everything() -> Project {
    let scaled = metric("database/insert/*", "s", "lower", [30.0, 45.0, 60.0]).trim_end().to_owned();
    let limits = [
        scaled + "\nsize = 50_000\nstatistic = \"typical\"\n\n",
        metric("api/health", "ms", "lower", [1.0, 2.0, 3.0]),
        metric("api/throughput", "requests/s", "higher", [100.0, 50.0, 25.0]),
        metric("cache/hit_rate", "%", "higher", [80.0, 60.0, 40.0]),
        sla("concurrent/max_users", ">= 100 users"),
        sla("api/health", "< 2 ms"),
    ];
    let project = Project::with_limits(&limits.concat());
    project.save(&saved("database/insert/25000").mean(20e9).elements(25_000));
    project.save(&saved("api/health").mean(5e6).spread(1e5));
    project.save(&saved("api/throughput").mean(1e9).elements(120).spread(1e7));
    project
        .save(&saved("memory/allocate").bytes(100 << 20))
        .write(FACTS, facts(&[engine("sqlite", "3.51")], &[unavailable("database/postgres/*")]));
    project
}

fn undecided() -> Project {
    let project = Project::good();
    let limits = project.read(THRESHOLDS) + &metric("api/upload", "ms", "lower", [1.0, 2.0, 3.0]);
    project.write(THRESHOLDS, limits);
    project
}

fn exported_baseline(project: &Project) -> Value {
    project.save(&saved("api/health").elements(9).under("main"));
    let ended = project.gate(&["baseline", "export", "main", "--criterion-home", HOME]).exits(0);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[test]
fn the_schemas_are_schemas() {
    for name in [REPORT, DETAILS, LIMITS, BASELINE, "facts", "comparison"] {
        assert_eq!(schema(name)["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(jsonschema::meta::is_valid(&schema(name)), "{name}");
    }
}

#[test]
fn reports_of_a_pass_hold() {
    all_hold(&Project::good(), 0);
}

#[test]
fn reports_of_a_failure_hold() {
    all_hold(&everything(), 1);
}

#[test]
fn undecided_reports_hold() {
    all_hold(&undecided(), 2);
}

#[test]
fn reports_with_nothing_judged_hold() {
    let project = Project::with_limits(&metric("api/upload", "ms", "lower", [1.0, 2.0, 3.0]));
    project.save(&saved("cache/hit"));
    all_hold(&project, 2);
}

#[test]
fn reports_of_a_category_that_could_not_run_hold() {
    let project = Project::good();
    let failure = json!({ "category": "cache", "reason": "exit code 101", "output": ["it broke"] });
    let record = record("2001-01-01T00:00:00Z", &[failure]);
    project.write("home/bench-gate.json", record);
    all_hold(&project, 1);
    assert_eq!(project.report(REPORT)["environment"]["mode"], "quick");
}

#[test]
fn the_printed_limits_hold() {
    let ended = everything().gate(&["thresholds"]).exits(0);
    holds(LIMITS, &serde_json::from_str(&ended.stdout).expect("JSON"));
}

#[test]
fn the_limits_of_this_project_hold() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(THRESHOLDS);
    let project = Project::empty();
    let ended = project.gate(&["thresholds", "--thresholds", &file.to_string_lossy()]).exits(0);
    holds(LIMITS, &serde_json::from_str(&ended.stdout).expect("JSON"));
}

#[test]
fn an_exported_baseline_holds() {
    holds(BASELINE, &exported_baseline(&everything()));
}

/// Every object of `document`, as a pointer to it.
fn objects(document: &Value, pointer: String, found: &mut Vec<String>) {
    match document {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, inner)| objects(inner, format!("{pointer}/{key}"), found));
            found.push(pointer);
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, inner)| objects(inner, format!("{pointer}/{at}"), found));
        }
        _ => {}
    }
}

/// `document` with the object at `pointer` changed.
fn changed(
    document: &Value,
    pointer: &str,
    change: impl FnOnce(&mut serde_json::Map<String, Value>),
) -> Value {
    let mut document = document.clone();
    change(document.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object"));
    document
}

/// No object of `document` may have a key more or a key less.
fn is_strict(name: &str, document: &Value) {
    let (validator, mut pointers) = (validator(name), Vec::new());
    objects(document, String::new(), &mut pointers);
    for pointer in &pointers {
        let more = changed(document, pointer, |fields| drop(fields.insert("unknown".into(), json!(1))));
        assert!(!validator.is_valid(&more), "{name} takes an unknown key in {pointer:?}");
        // The engines of an environment are by name: there is no key that has to be there.
        let by_name = pointer.ends_with("/environment/engines");
        let keys = document.pointer(pointer).and_then(Value::as_object).expect("an object").keys();
        for key in keys.filter(|_| !by_name) {
            let less = changed(document, pointer, |fields| drop(fields.remove(key)));
            assert!(!validator.is_valid(&less), "{name} does without {pointer}/{key}");
        }
    }
}

#[test]
fn schemas_refuse_unknown_and_missing_keys_everywhere() {
    for (name, document) in reports(&everything(), 1) {
        is_strict(name, &document);
    }
    is_strict(BASELINE, &exported_baseline(&everything()));
}

/// `document` with `value` at `pointer` is refused.
#[track_caller]
fn refuses(name: &str, document: &Value, pointer: &str, value: &Value) {
    let mut broken = document.clone();
    *broken.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")) = value.clone();
    assert!(!validator(name).is_valid(&broken), "{name} takes {value} at {pointer}");
}

#[test]
fn the_report_schema_refuses_a_broken_report() {
    let [(_, report), ..] = reports(&everything(), 1);
    let wrong = [
        ("/schema_version", json!(2)),
        ("/kind", json!("performance_detailed_results")),
        ("/verdict", json!("maybe")),
        ("/verdict", json!("pass")),
        ("/exit_code", json!(0)),
        ("/summary/passed", json!(-1)),
        ("/summary/pass_rate", json!(101)),
        ("/metrics/0/severity", json!("FATAL")),
        ("/metrics/0/passed", json!(false)),
        ("/metrics/0/value", json!(null)),
        ("/metrics/0/limits/better", json!("smaller")),
        ("/environment/time", json!("yesterday")),
        ("/environment/mode", json!("fast")),
        ("/environment/engines/sqlite", json!(3)),
        ("/environment/engines/sqlite", json!("")),
        ("/engines/0/settings", json!("fsync off")),
        ("/not_run/0/id", json!("*")),
        ("/not_run/0/remedy", json!("")),
        ("/missing/0/kind", json!("wish")),
        ("/sla/0/kept", json!("yes")),
        ("/sla/0/promise/inclusive", json!(null)),
        ("/sla/0/promise/limit", json!(0)),
        ("/summary/service_level/broken", json!(-1)),
        ("/comparison", json!({})),
    ];
    for (pointer, value) in &wrong {
        refuses(REPORT, &report, pointer, value);
    }
}

#[test]
fn the_details_schema_refuses_broken_details() {
    let [_, (_, details), _] = reports(&everything(), 1);
    let wrong = [
        ("/schema_version", json!("1")),
        ("/kind", json!(REPORT)),
        ("/benchmarks/0/written", json!("now")),
        ("/benchmarks/0/throughput", json!({ "parsecs": 12 })),
        ("/benchmarks/0/estimates/mean/point", json!(0)),
        ("/benchmarks/0/estimates/std_dev/point", json!(-1)),
        ("/benchmarks/0/iterations", json!([])),
        ("/benchmarks/0/totals/0", json!(-1)),
    ];
    for (pointer, value) in &wrong {
        refuses(DETAILS, &details, pointer, value);
    }
}

#[test]
fn the_limits_schema_refuses_broken_limits() {
    let [.., (_, limits)] = reports(&everything(), 1);
    let wrong = [
        ("/schema_version", json!(0)),
        ("/min_pass_rate", json!(-1)),
        ("/policies/0/margin", json!("2%")),
        ("/metrics/0/baseline", json!(0)),
        ("/sla/0/limit", json!("2 s")),
        ("/metrics/0/statistic", json!("p99")),
        ("/metrics/0/size", json!(0)),
    ];
    for (pointer, value) in &wrong {
        refuses(LIMITS, &limits, pointer, value);
    }
}

#[test]
fn the_baseline_schema_refuses_a_broken_baseline() {
    let baseline = exported_baseline(&everything());
    let wrong = [
        ("/schema_version", json!(2)),
        ("/runs", json!([])),
        ("/runs/0/results", json!([])),
        ("/runs/0/results/0/samples", json!(0)),
        ("/runs/0/results/0/estimates/mean/point", json!(-1)),
        ("/runs/0/results/0/p10", json!(null)),
    ];
    for (pointer, value) in &wrong {
        refuses(BASELINE, &baseline, pointer, value);
    }
    for name in ["feature/x", "..", "a..b", "new", "base", "change", "report", "noise", "", "-x", ".x"] {
        refuses(BASELINE, &baseline, "/name", &json!(name));
    }
}
