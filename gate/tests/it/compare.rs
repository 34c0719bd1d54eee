//! `bench-gate compare`: what it finds, what it exits with, and what it says.

use crate::common;
use crate::common::{Project, THRESHOLDS};
use serde_json::{Value, json};

const RUNS: u32 = 12;

/// Homes with `effects`, and no thresholds.
fn measured(effects: &[(&str, f64)]) -> Project {
    let project = Project::empty();
    project.save_runs(RUNS, effects);
    project
}

/// The row of `id`.
#[track_caller]
fn row<'a>(comparison: &'a Value, id: &str) -> &'a Value {
    let rows = comparison["rows"].as_array().expect("rows");
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no {id} in {comparison}"))
}

fn policy(text: &str) -> String {
    format!("schema_version = 1\n\n{text}")
}

#[test]
fn a_regression_is_found_beside_rows_that_have_none() {
    let project = measured(&[("api/slow", 1.05), ("api/same", 1.0), ("cache/fast", 0.9)]);
    for paired in [&["--paired"][..], &[]] {
        let comparison = project.compared(RUNS, paired, 1);
        assert_eq!(row(&comparison, "api/slow")["outcome"], "regressed");
        assert_eq!(row(&comparison, "api/same")["outcome"], "unchanged");
        assert_eq!(row(&comparison, "cache/fast")["outcome"], "improved");
        assert_eq!((&comparison["verdict"], &comparison["exit_code"]), (&json!("fail"), &json!(1)));
        assert_eq!(comparison["findings"].as_array().map(Vec::len), Some(1), "{comparison}");
    }
}

#[test]
fn equal_sides_pass_and_say_how_much_they_could_have_seen() {
    let comparison = measured(&[("api/same", 1.0)]).compared(RUNS, &["--paired"], 0);
    let row = row(&comparison, "api/same");
    assert_eq!((&row["outcome"], &row["pairs"]), (&json!("unchanged"), &json!(RUNS)));
    let number = |value: &Value| value.as_f64().expect("a number");
    let [lower, ratio, upper] = [&row["interval"][0], &row["ratio"], &row["interval"][1]].map(number);
    assert!(lower < ratio && ratio < upper && (ratio - 1.0).abs() < 0.01, "{row}");
    assert!((0.02..0.05).contains(&number(&row["detectable"])), "{row}");
    assert_eq!(comparison["control"]["red"], false);
}

#[test]
fn exchanging_the_sides_inverts_the_ratio() {
    let project = measured(&[("api/slow", 1.05)]);
    let there = project.compared(RUNS, &["--paired"], 1);
    let oriented: Vec<String> = Project::compare_arguments(RUNS, RUNS, &["--paired", "--json"])
        .into_iter()
        .map(|it| match it.as_str() {
            "--base" => "--head".to_owned(),
            "--head" => "--base".to_owned(),
            _ => it,
        })
        .collect();
    let ended = project.gate(&oriented.iter().map(String::as_str).collect::<Vec<_>>()).exits(0);
    let back: Value = serde_json::from_str(&ended.stdout).unwrap();
    let ratio = |comparison: &Value| row(comparison, "api/slow")["ratio"].as_f64().unwrap();
    assert!((ratio(&there) * ratio(&back) - 1.0).abs() < 1e-9);
    assert_eq!(row(&back, "api/slow")["outcome"], "improved");
}

#[test]
fn several_homes_may_follow_one_flag() {
    let project = Project::empty();
    project.save_runs(8, &[("api/same", 1.0)]);
    let homes = |side: &str| (0..8).map(|run| format!("{side}{run}")).collect::<Vec<_>>();
    let (base, head) = (homes("base"), homes("head"));
    let arguments = [&["compare", "--base"], &*refs(&base), &["--head"], &*refs(&head)].concat();
    project.gate(&arguments).exits(0).prints("head: 8 runs, base: 8 runs");
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn a_margin_on_the_command_line_is_for_rows_without_one() {
    let project = measured(&[("api/slow", 1.05), ("api/other", 1.05)]);
    project.compare(RUNS, &["--margin", "10%"]).exits(0);
    let text = "[[metric]]\nid = \"api/slow\"\nbetter = \"lower\"\nmargin = \"2%\"\n";
    let comparison = project.write("limits.toml", policy(text)).compared(
        RUNS,
        &["--margin", "10%", "--thresholds", "limits.toml"],
        1,
    );
    assert_eq!(row(&comparison, "api/slow")["outcome"], "regressed");
    assert_eq!(row(&comparison, "api/other")["outcome"], "unchanged");
    assert_eq!(
        (&row(&comparison, "api/other")["margin"], &comparison["settings"]["margin"]),
        (&json!(0.1), &json!(0.1))
    );
}

#[test]
fn thresholds_of_the_folder_are_taken_where_they_are() {
    let project = measured(&[("api/slow", 1.05)]);
    project.compare(RUNS, &[]).exits(1);
    let text = "[[metric]]\nid = \"api/*\"\nbetter = \"higher\"\nmargin = \"2%\"\n";
    let comparison = project.write(THRESHOLDS, policy(text)).compared(RUNS, &[], 0);
    assert_eq!(row(&comparison, "api/slow")["outcome"], "improved", "more is better");
}

#[test]
fn rates_are_compared_where_the_metric_is_one() {
    let project = Project::empty();
    for run in 0..RUNS {
        for side in ["base", "head"] {
            let result = common::runs::result("api/rate", side, run, 1.05).elements(50);
            project.save_in(&common::runs::home(side, run), &result);
        }
    }
    let text = "[[metric]]\nid = \"api/rate\"\nbetter = \"higher\"\nunit = \"requests/s\"\nmargin = \"2%\"\n";
    let comparison = project.write(THRESHOLDS, policy(text)).compared(RUNS, &[], 1);
    let row = row(&comparison, "api/rate");
    assert_eq!((&row["outcome"], &row["statistic"]), (&json!("regressed"), &json!("throughput")));
    assert!(row["ratio"].as_f64().is_some_and(|ratio| (0.94..0.96).contains(&ratio)), "{row}");
}

#[test]
fn the_statistic_is_the_metrics() {
    let project = measured(&[("api/a", 1.0)]);
    for statistic in ["p10", "median", "mean", "typical"] {
        let text = format!("[[metric]]\nid = \"api/a\"\nbetter = \"lower\"\nstatistic = \"{statistic}\"\n");
        let comparison = project.write(THRESHOLDS, policy(&text)).compared(RUNS, &[], 0);
        assert_eq!(row(&comparison, "api/a")["statistic"], statistic);
    }
}

#[test]
fn a_new_benchmark_fails_nothing() {
    let project = measured(&[("api/same", 1.0)]);
    (0..RUNS).for_each(|run| project.save_run("head", run, &[("api/new", 1.0)]));
    let comparison = project.compared(RUNS, &[], 0);
    let row = row(&comparison, "api/new");
    assert_eq!((&row["outcome"], &row["ratio"]), (&json!("new"), &Value::Null));
}

#[test]
fn a_dropped_benchmark_fails_where_it_is_required() {
    let project = measured(&[("api/same", 1.0)]);
    (0..RUNS).for_each(|run| project.save_run("base", run, &[("api/old", 1.0)]));
    let ended = project.compare(RUNS, &[]).exits(1);
    ended.prints("api/old is MISSING: the head has no such benchmark").prints("1 missing, 1 unchanged");
    let optional = "[[metric]]\nid = \"api/old\"\nbetter = \"lower\"\nrequired = false\n";
    project.write(THRESHOLDS, policy(optional)).compare(RUNS, &[]).exits(0).prints("1 missing");
}

#[test]
fn what_is_accepted_does_not_fail_and_is_shown() {
    let project = measured(&[("api/slow", 1.05)]);
    let text = "[[metric]]\nid = \"api/*\"\nbetter = \"lower\"\nmargin = \"2%\"\n\n\
                [[accepted]]\nid = \"api/slow\"\nreason = \"checks more\"\nuntil = 2999-12-31\n";
    let comparison = project.write(THRESHOLDS, policy(text)).compared(RUNS, &[], 0);
    let row = row(&comparison, "api/slow");
    let covered = json!({ "id": "api/slow", "reason": "checks more", "until": "2999-12-31" });
    assert_eq!((&row["outcome"], &row["accepted"]), (&json!("regressed"), &covered));
    let ended = project.compare(RUNS, &[]).exits(0);
    ended.prints("a REGRESSED").prints("api/slow until 2999-12-31: checks more").prints("PASSED");
}

#[test]
fn a_soft_margin_warns_and_fails_nothing() {
    let project = measured(&[("api/slow", 1.03)]);
    let text = "[[metric]]\nid = \"api/*\"\nbetter = \"lower\"\nmargin = \"5%\"\nsoft_margin = \"1%\"\n";
    project.write(THRESHOLDS, policy(text));
    assert_eq!(row(&project.compared(RUNS, &[], 0), "api/slow")["warning"], true);
    project.compare(RUNS, &[]).exits(0).prints("beyond the soft margin").prints("w UNCHANGED");
}

/// Homes whose runs differ far too much for any margin.
fn noisy() -> Project {
    let project = Project::empty();
    project.save_noisy_runs(RUNS, "api/noisy");
    project
}

#[test]
fn inconclusive_rows_are_listed_with_what_they_need_and_are_no_pass_alone() {
    let ended = noisy().compare(RUNS, &[]).exits(3);
    ended.prints("INCONCLUSIVE").prints("what would probably decide them").prints("runs a side (it has 12)");
    ended.prints("or a margin of").prints("0 of 1 rows could be decided");
    let ended = noisy().compare(RUNS, &["--strict"]).exits(3);
    ended.prints("api/noisy is INCONCLUSIVE").prints("UNDECIDED: the data do not tell");
    let comparison = noisy().compared(RUNS, &["--strict"], 3);
    assert_eq!((&comparison["verdict"], &comparison["exit_code"]), (&json!("undecided"), &json!(3)));
}

#[test]
fn a_red_null_control_leaves_everything_open() {
    let project = measured(&[("api/slow", 1.05)]);
    for run in 0..RUNS {
        let drift = if run % 2 == 0 { 1.0 } else { 1.2 };
        project.save_in(&format!("base{run}"), &common::runs::result("api/drifts", "head", run, drift));
        project.save_in(&format!("head{run}"), &common::runs::result("api/drifts", "base", run, 1.0));
    }
    let comparison = project.compared(RUNS, &[], 3);
    assert_eq!(comparison["control"]["differing"], json!(["api/drifts"]));
    project.compare(RUNS, &[]).exits(3).prints("null control is RED").prints("unfit to compare on");
}

#[test]
fn one_run_on_a_side_is_judged_by_the_others_spread_and_said() {
    let project = measured(&[("api/slow", 1.3)]);
    let arguments = Project::compare_arguments(RUNS, 1, &[]);
    let ended = project.gate(&refs(&arguments)).exits(1);
    ended.prints("head is one run, evidence of one: judged by how 12 of base differ");
}

#[test]
fn results_saved_by_criterion_under_a_name_are_taken_by_that_name() {
    let project = Project::empty();
    for run in 0..RUNS {
        let home = common::runs::home("base", run);
        project.save_in(&home, &common::runs::result("api/a", "base", run, 1.0).under("before"));
        project.save_in(&home, &common::runs::result("api/a", "head", run, 1.05));
    }
    let homes: Vec<String> = (0..RUNS).map(|run| format!("base{run}")).collect();
    let sides = [&["compare", "--base"], &*refs(&homes), &["--head"], &*refs(&homes)].concat();
    let arguments = [&sides[..], &["--base-name", "before", "--paired"]].concat();
    project.gate(&arguments).exits(1).prints("api/a REGRESSED");
}

#[test]
fn a_table_fits_80_columns() {
    let long = "database/postgres/concurrent_reads_of_everything/10";
    let ended = measured(&[("api/slow", 1.05), (long, 25.0), ("cache/fast", 0.1)]);
    let ended = ended.compare(RUNS, &["--paired"]).exits(1);
    let (tables, _) = ended.stdout.split_once("Compared:").expect("a summary");
    let wide: Vec<&str> = tables.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(tables.lines().count() > 10 && wide.is_empty(), "over 80 columns:\n{}", wide.join("\n"));
}

#[test]
fn quiet_prints_the_verdict_and_what_it_rests_on() {
    let quiet = measured(&[("api/slow", 1.05), ("api/same", 1.0)]).compare(RUNS, &["-q"]).exits(1);
    quiet.is_silent_about("Compared:").prints("api/slow REGRESSED").prints("FAILED");
    assert_eq!(quiet.stdout.lines().count(), 2, "{}", quiet.stdout);
}
