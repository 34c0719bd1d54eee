//! Engines that were measured, engines that are not available, and `--require`.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::common::{Ended, FACTS, HOME, Project, engine, facts, metric, record, saved, unavailable};
use jsonschema::Validator;
use serde_json::{Value, json};

const REPORT: &str = "performance_benchmark_report";

/// Limits on a read and on a write of two engines, of which `measured` have results and facts.
fn project(measured: &[&str]) -> Project {
    let limits = [1.0, 2.0, 3.0];
    let read = metric("database/{sqlite,postgres}/read", "ms", "lower", limits);
    let project =
        Project::with_limits(&(read + &metric("database/{sqlite,postgres}/write/*", "ms", "lower", limits)));
    for name in measured {
        project.save(&saved(&format!("database/{name}/read")).mean(5e5));
        project.save(&saved(&format!("database/{name}/write/100")).mean(5e5));
    }
    let engines: Vec<_> = measured.iter().map(|name| engine(name, "15.18")).collect();
    project.write(FACTS, facts(&engines, &[]));
    project
}

/// `sqlite` was measured, and `postgres` is not available.
fn without_postgres() -> Project {
    let project = project(&["sqlite"]);
    project.write(FACTS, facts(&[engine("sqlite", "3.51.0")], &[unavailable("database/postgres/*")]));
    project
}

/// What `check` says where `postgres` is required.
fn requiring_postgres(project: &Project) -> Ended {
    project.check(&["--require", "postgres"])
}

#[test]
fn an_engine_that_is_not_to_be_had_is_not_run_and_decides_nothing() {
    let project = without_postgres();
    let ended = project.check(&[]).exits(0);
    ended.prints("database/postgres/*").prints("2 metrics       NOT RUN").prints("Not Run: 2");
    ended.prints("NOT RUN: no server on this machine").prints("help: scripts/engines.sh");
    ended.prints("DATABASE: 2/2 (100.0%), 2 not run").prints("(Pass rate: 100.0%, not all of it run)");
    project.check(&["--quiet"]).exits(0).prints("NOT RUN: no server on this machine");
}

#[test]
fn reports_say_which_engines_were_measured_and_which_were_not() {
    let project = without_postgres();
    project.check(&[]).exits(0).prints("sqlite 3.51.0: throwaway, fsync off");
    let report = project.report(REPORT);
    let not_run = &report["not_run"][0];
    assert_eq!(
        [&not_run["metrics"], &not_run["id"], &report["verdict"]],
        [&json!(2), &json!("database/postgres/*"), &json!("pass"),]
    );
    let engines = [&report["engines"], &report["environment"]["engines"]];
    assert_eq!(engines, [&json!([engine("sqlite", "3.51.0")]), &json!({ "sqlite": "3" })]);
    assert_eq!((&report["summary"]["total"], &report["summary"]["not_run"]), (&json!(4), &json!(2)));
}

#[test]
fn an_engine_without_results_and_without_a_reason_is_missing() {
    let ended = project(&["sqlite"]).check(&[]).exits(2);
    ended.prints("no fresh result for `database/postgres/read`").prints("UNDECIDED");
}

#[test]
fn one_engine_does_not_answer_for_another() {
    let project = project(&["sqlite", "postgres"]);
    project.check(&[]).exits(0);
    fs::remove_dir_all(project.path(HOME).join(saved("database/postgres/read").folder())).expect("a result");
    project.check(&[]).exits(2).prints("no fresh result for `database/postgres/read`");
}

#[test]
fn a_required_engine_that_was_measured_is_no_matter() {
    let project = project(&["sqlite", "postgres"]);
    requiring_postgres(&project).exits(0);
    project.check(&["--require", "postgres,sqlite"]).exits(0);
}

#[test]
fn a_required_engine_that_is_not_to_be_had_fails() {
    let ended = requiring_postgres(&without_postgres()).exits(1);
    ended.prints("postgres is required, and was not measured: no server on this machine; scripts/engines.sh");
    without_postgres().check(&["--require", "sqlite"]).exits(0);
}

#[test]
fn a_required_engine_has_to_have_all_its_results() {
    let project = project(&["sqlite", "postgres"]);
    fs::remove_dir_all(project.path(HOME).join(saved("database/postgres/read").folder())).expect("a result");
    let ended = requiring_postgres(&project).exits(1);
    ended.prints("postgres is required, and was not measured: no fresh result for `database/postgres/read`");
}

#[test]
fn a_required_engine_has_to_be_noted_by_its_bench() {
    let project = project(&["sqlite", "postgres"]);
    project.write(FACTS, facts(&[engine("sqlite", "3.51.0")], &[]));
    requiring_postgres(&project).exits(1).prints("no bench noted which one its results are of");
}

#[test]
fn a_required_engine_outside_of_what_is_judged_fails() {
    let project = project(&["sqlite", "postgres"]);
    project.save(&saved("cache/lookup"));
    let ended = project.check(&["cache", "--require", "postgres"]).exits(1);
    ended.prints("postgres is required, and was not measured: no metric in scope is about it");
}

/// A fault of the database's is about an engine, which its id does not name.
fn cut_off(not_run: &[serde_json::Value]) -> Project {
    let limits = metric("concurrent/faults/cut/success_rate", "%", "higher", [95.0, 90.0, 80.0]);
    let project = Project::with_limits(&limits.replacen("name =", "engine = \"postgres\"\nname =", 1));
    project.save(&saved("concurrent/users").mean(99.0));
    let engines = if not_run.is_empty() { vec![engine("postgres", "15.18")] } else { Vec::new() };
    project.write("home/bench-gate-facts/concurrent.json", facts(&engines, not_run));
    project
}

#[test]
fn a_row_may_be_about_an_engine_that_its_id_does_not_name() {
    let not_run = cut_off(&[unavailable("concurrent/faults/cut/*")]);
    not_run.save(&saved("concurrent/users").mean(99.0));
    let ended = requiring_postgres(&not_run).exits(1);
    ended.prints("postgres is required, and was not measured: no server on this machine; scripts/engines.sh");
    let run = cut_off(&[]);
    requiring_postgres(&run).exits(1).prints("no fresh result for `concurrent/faults/cut/success_rate`");
    run.save(&saved("concurrent/faults/cut/success_rate").mean(99.0));
    requiring_postgres(&run).exits(0);
}

#[test]
fn an_engine_that_nobody_knows_cannot_be_required() {
    for unknown in ["postgress", "read", "", "postgres,mysql"] {
        let arguments = ["check", "--criterion-home", HOME, "--require", unknown];
        project(&["sqlite"]).gate_refuses(
            &arguments,
            &["--require", "there are postgres, sqlite"],
            "name one of those",
        );
    }
}

#[test]
fn results_from_before_an_engine_was_lost_are_not_judged() {
    let project = project(&["sqlite", "postgres"]);
    project.save(&saved("database/postgres/read").mean(9e6));
    project.check(&[]).exits(1);
    project.write(FACTS, facts(&[engine("sqlite", "3.51.0")], &[unavailable("database/postgres/*")]));
    project.check(&[]).exits(0).is_silent_about("CRITICAL").prints("NOT RUN");
}

#[test]
fn facts_from_before_the_run_excuse_nothing() {
    let project = without_postgres();
    project.write("home/bench-gate.json", record("2001-01-01T00:00:00Z", &[]));
    project.check(&[]).exits(0);
    let file = File::options().append(true).open(project.path(FACTS)).expect("the facts");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_hours(250_000)).expect("a time in 1998");
    let ended = project.check(&[]).exits(2);
    ended.prints("no fresh result for `database/postgres/read`").is_silent_about("ENGINES");
}

#[test]
fn broken_facts_are_refused() {
    let project = project(&["sqlite", "postgres"]);
    project.write(FACTS, facts(&[engine("sqlite", "3.51.0")], &[unavailable("cache/postgres/*")]));
    project.check_refuses(&["database.json", "not of the category `database`"], "delete the file");
    project.write(FACTS, "{\"schema_version\":1");
    project.check_refuses(&["database.json", "EOF"], "delete the file");
}

/// The published schema of facts.
fn schema() -> Validator {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/facts.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(file).expect("a schema")).expect("JSON");
    jsonschema::draft202012::new(&schema).expect("a valid schema")
}

#[test]
fn the_schema_takes_what_the_program_reads() {
    let facts = without_postgres().read(FACTS);
    assert!(schema().is_valid(&serde_json::from_str(&facts).expect("JSON")), "{facts}");
}

#[test]
fn the_schema_refuses_broken_facts() {
    let facts: Value = serde_json::from_str(&without_postgres().read(FACTS)).expect("JSON");
    let wrong = [
        ("/schema_version", json!(2)),
        ("/engines", json!(null)),
        ("/engines/0/major", json!(15)),
        ("/engines/0/name", json!("")),
        ("/engines/0", json!({ "name": "sqlite" })),
        ("/not_run/0/id", json!("database")),
        ("/not_run/0/id", json!("database/*/x")),
        ("/not_run/0/reason", json!("")),
    ];
    for (pointer, value) in &wrong {
        let mut broken = facts.clone();
        *broken.pointer_mut(pointer).expect("a value") = value.clone();
        assert!(!schema().is_valid(&broken), "{value} at {pointer}");
    }
}
