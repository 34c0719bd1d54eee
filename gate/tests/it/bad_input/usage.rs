//! Arguments that are none, and folders that reports cannot be written into.

use crate::common::{HOME, Project};

const CHECK: [&str; 3] = ["check", "--criterion-home", HOME];
const NAME_ANOTHER: &str = "check that the path exists and that you may use it, or name another";

#[test]
fn a_file_in_the_place_of_the_report_folder() {
    let project = Project::good();
    project.write("test_reports", "not a folder");
    project.check_refuses(&["test_reports: cannot make the folder"], NAME_ANOTHER);
}

#[test]
fn a_file_in_the_way_to_the_report_folder() {
    let project = Project::good();
    project.write("reports", "not a folder");
    let arguments = [&CHECK[..], &["--report-dir", "reports/today"]].concat();
    project.gate_refuses(&arguments, &["reports/today: cannot make the folder"], NAME_ANOTHER);
}

#[test]
fn a_file_in_the_place_of_the_report_folder_is_no_matter_where_none_is_written() {
    let project = Project::good();
    project.write("test_reports", "not a folder").check(&["--no-save"]).exits(0);
}

#[test]
fn a_folder_in_the_place_of_a_report() {
    let project = Project::good();
    project.write("test_reports/performance_baselines.json/in_the_way", "");
    project.check_refuses(&["performance_baselines.json: cannot write"], NAME_ANOTHER);
}

#[test]
fn a_file_in_the_place_of_the_baselines_folder() {
    let project = Project::good();
    project.save(&crate::common::saved("api/health").under("main")).write("kept", "not a folder");
    let arguments = ["baseline", "export", "main", "--criterion-home", HOME, "-o", "kept/main.json"];
    project.gate_refuses(&arguments, &["kept: cannot make the folder"], NAME_ANOTHER);
}

#[test]
fn unknown_flags_verbs_and_values() {
    for arguments in [&["check", "--fast"][..], &["judge"], &["check", "--color", "mauve"], &[]] {
        let project = Project::good();
        let ended = project.gate(arguments).exits(2);
        assert!(ended.stderr.contains("--help") || ended.stderr.contains("Usage"), "{}", ended.stderr);
        assert!(ended.stdout.is_empty() && project.reports().is_empty(), "{}", ended.stdout);
    }
}
