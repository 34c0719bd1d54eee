//! The comparison: what `compare --json` prints.

use serde_json::{Value, json};

use super::{holds, is_strict, refuses};
use crate::common::{Project, THRESHOLDS, record, runs};

const COMPARISON: &str = "comparison";
const RUNS: u32 = 8;

const POLICY: &str = "schema_version = 1\n\n[[metric]]\nid = \"api/*\"\nbetter = \"lower\"\nmargin = \"2%\"\n\
                      soft_margin = \"1%\"\n\n[[accepted]]\nid = \"api/known\"\nreason = \"r\"\nuntil = \"2999-01-01\"\n";

/// Homes with every outcome but inconclusive, records and an acknowledgement.
fn everything() -> Project {
    let project = Project::empty();
    project.save_runs(RUNS, &[("api/slow", 1.2), ("api/known", 1.2), ("api/same", 1.0), ("cache/fast", 0.8)]);
    (0..RUNS).for_each(|run| project.save_run("base", run, &[("api/old", 1.0)]));
    (0..RUNS).for_each(|run| project.save_run("head", run, &[("api/new", 1.0)]));
    for (hour, side) in ["base", "head"].iter().enumerate() {
        for run in 0..RUNS {
            let record = record(&format!("2001-01-01T0{hour}:00:0{run}Z"), &[]);
            project.write(format!("{}/bench-gate.json", runs::home(side, run)), record);
        }
    }
    project.write(THRESHOLDS, POLICY);
    project
}

#[test]
fn a_comparison_holds() {
    holds(COMPARISON, &everything().compared(RUNS, &[], 1));
}

#[test]
fn a_comparison_that_passes_or_stays_open_holds() {
    let project = Project::empty();
    project.save_runs(RUNS, &[("api/same", 1.0)]);
    holds(COMPARISON, &project.compared(RUNS, &["--paired"], 0));
    let open = project.compared(RUNS, &["--strict", "--margin", "0.1%"], 3);
    holds(COMPARISON, &open);
    assert_eq!(open["rows"][0]["outcome"], "inconclusive");
}

#[test]
fn the_comparison_schema_is_strict() {
    is_strict(COMPARISON, &everything().compared(RUNS, &[], 1));
}

#[test]
fn the_comparison_schema_refuses_a_broken_comparison() {
    let comparison = everything().compared(RUNS, &[], 1);
    let wrong: [(&str, Value); 15] = [
        ("/schema_version", json!(2)),
        ("/kind", json!("performance_baselines")),
        ("/verdict", json!("pass")),
        ("/exit_code", json!(0)),
        ("/settings/alpha", json!(1)),
        ("/settings/margin", json!("2%")),
        ("/base/runs", json!([])),
        ("/control/red", json!(true)),
        ("/summary/total", json!(-1)),
        ("/rows/0/outcome", json!("IMPROVED")),
        ("/rows/0/ratio", json!(0)),
        ("/rows/0/interval", json!([1.0])),
        ("/rows/0/interval", json!([-1.0, 1.0])),
        ("/rows/0/margin", json!(null)),
        ("/rows/0/accepted", json!("yes")),
    ];
    for (pointer, value) in &wrong {
        refuses(COMPARISON, &comparison, pointer, value);
    }
}
