//! A thresholds file that cannot be meant: each fault is named with its file and line.

use crate::common::{Project, THRESHOLDS, metric};

const CORRECT: &str = "correct that line: docs/formats.md describes every key";

/// The good project's limits: `schema_version` on line 1, the metric's keys from `id` on line 4.
const GOOD: &str = r#"schema_version = 1

[[metric]]
id = "api/health"
name = "Health"
unit = "ms"
better = "lower"
baseline = 10.0
warning = 20.0
critical = 30.0
"#;

/// `GOOD` with `old` replaced by `new` is refused at `line` for `problem`.
#[track_caller]
fn refused(old: &str, new: &str, line: usize, problem: &str) {
    assert!(GOOD.contains(old), "{old:?} is not there to be replaced");
    file_is_refused(&GOOD.replacen(old, new, 1), line, problem);
}

#[track_caller]
fn file_is_refused(text: &str, line: usize, problem: &str) {
    let project = Project::good();
    project.write(THRESHOLDS, text);
    project.check_refuses(&[&format!("{THRESHOLDS}:{line}: "), problem], CORRECT);
    project.gate_refuses(&["thresholds"], &[&format!("{THRESHOLDS}:{line}: ")], CORRECT);
}

#[test]
fn the_file_that_these_tests_break_is_good() {
    let project = Project::good();
    project.write(THRESHOLDS, GOOD).check(&[]).exits(0);
}

#[test]
fn an_unknown_key_at_the_top() {
    refused("\n[[metric]]", "colour = 1\n[[metric]]", 2, "unknown field `colour`");
}

#[test]
fn an_unknown_key_in_a_metric() {
    refused("warning = ", "warnign = ", 9, "unknown field `warnign`");
}

#[test]
fn a_warning_beyond_critical_where_lower_is_better() {
    refused("20.0", "40.0", 3, "lower is better, so baseline <= warning <= critical");
    refused("10.0", "25.0", 3, "metric `api/health` (baseline 25, warning 20, critical 30)");
}

#[test]
fn a_warning_beyond_critical_where_higher_is_better() {
    let higher = |limits| format!("schema_version = 1\n\n{}", metric("a/b", "%", "higher", limits));
    file_is_refused(&higher([90.0, 50.0, 70.0]), 3, "higher is better, so baseline >= warning >= critical");
    file_is_refused(&higher([60.0, 80.0, 70.0]), 3, "metric `a/b` (baseline 60, warning 80, critical 70)");
}

#[test]
fn a_limit_that_is_no_amount() {
    for limit in ["nan", "inf", "0.0", "-1.0"] {
        refused("10.0", limit, 3, "limits must be finite and above zero");
    }
}

#[test]
fn a_limit_that_is_no_number() {
    refused("20.0", "\"twenty\"", 9, "invalid type: string \"twenty\"");
}

#[test]
fn a_duplicate_id() {
    let again = &GOOD[GOOD.find("[[metric]]").unwrap()..];
    file_is_refused(&format!("{GOOD}\n{again}"), 13, "duplicate id `api/health`");
}

#[test]
fn a_unit_that_does_not_exist() {
    refused("\"ms\"", "\"parsec\"", 6, "no unit is called \"parsec\": use one of ps, ns");
}

#[test]
fn a_missing_field() {
    for field in ["id", "name", "unit", "better", "baseline", "warning", "critical"] {
        let kept = GOOD.lines().filter(|line| !line.starts_with(field)).map(|line| format!("{line}\n"));
        file_is_refused(&kept.collect::<String>(), 3, &format!("missing field `{field}`"));
    }
}

#[test]
fn an_unknown_direction_or_statistic() {
    refused("\"lower\"", "\"smaller\"", 7, "unknown variant `smaller`, expected `lower` or `higher`");
    refused("baseline", "statistic = \"p99\"\nbaseline", 8, "unknown variant `p99`");
}

#[test]
fn an_id_that_names_nothing() {
    refused("\"api/health\"", "\"\"", 4, "id `` is empty");
    refused("\"api/health\"", "\"api/h**\"", 4, "has a `**` beside other letters");
}

#[test]
fn a_size_of_zero() {
    refused("baseline", "size = 0\nbaseline", 3, "size must be above zero");
}

#[test]
fn keys_that_do_not_go_together() {
    refused(
        "baseline",
        "statistic = \"throughput\"\nbaseline",
        3,
        "a throughput needs a unit that ends in `/s`",
    );
    refused("baseline", "at_least = 0\nbaseline", 3, "at_least must be above zero");
    refused("baseline", "at_least = 2\nbaseline", 3, "an id without `*` names one benchmark at most");
}

#[test]
fn an_engine_that_is_no_name() {
    refused("baseline", "engine = \" \"\nbaseline", 8, "metric `api/health`: engine is empty");
    refused("baseline", "engine = \"one,two\"\nbaseline", 8, "engine is not one name");
    let braced = "[[metric]]\nid = \"a/{b,c}\"\nengine = \"b\"\nname = \"n\"\nunit = \"s\"\nbetter = \"lower\"\nbaseline = 1\nwarning = 2\ncritical = 3\n";
    file_is_refused(&format!("schema_version = 1\n{braced}"), 4, "the id names engines in braces");
    let unlimited = "[[metric]]\nid = \"a/b\"\nengine = \"b\"\nbetter = \"lower\"\nmargin = \"2%\"\n";
    file_is_refused(&format!("schema_version = 1\n{unlimited}"), 2, "engine says what limits judge");
}

#[test]
fn no_metric_at_all() {
    file_is_refused("schema_version = 1\n", 1, "nothing would be judged");
}

#[test]
fn a_wrong_or_missing_schema_version() {
    refused("schema_version = 1", "schema_version = 2", 1, "schema_version is 2, this program reads 1");
    refused("schema_version = 1\n", "", 1, "missing field `schema_version`");
}

#[test]
fn a_pass_rate_that_is_no_percentage() {
    for rate in ["101.0", "-1.0", "nan"] {
        refused("\n[[", &format!("min_pass_rate = {rate}\n[["), 2, "expected 0 to 100 percent");
    }
}

#[test]
fn text_that_is_not_toml() {
    refused("baseline = 10.0", "baseline = = 10.0", 8, "");
    file_is_refused("", 1, "missing field `schema_version`");
}

#[test]
fn a_file_that_is_not_utf8() {
    let project = Project::good();
    let bytes = GOOD.replace("Health", "H\u{1}lth").into_bytes();
    let broken: Vec<u8> = bytes.into_iter().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
    project.write(THRESHOLDS, broken);
    project.check_refuses(&[&format!("{THRESHOLDS}:5: "), "not UTF-8"], CORRECT);
}

#[test]
fn engines_that_cannot_be_meant() {
    refused("api/health\"", "{api,web}/health\"", 4, "braces as its first part, which is the category");
    refused("api/health\"", "api/{one,one}\"", 4, "id `api/{one,one}` has one name twice");
    refused("api/health\"", "api/{one,two}/{a,b}\"", 4, "has braces in two parts");
    let twice =
        GOOD.replacen("api/health", "api/{one,two}", 1) + &metric("api/two", "ms", "lower", [1.0, 2.0, 3.0]);
    file_is_refused(&twice, 12, "duplicate id `api/two`");
}

/// A good file with one promise, from line 12 on.
fn promise(keys: &str) -> String {
    format!("{GOOD}\n[[sla]]\nid = \"api/health\"\nname = \"Health\"\n{keys}\n")
}

#[test]
fn a_promise_that_cannot_be_meant() {
    let cases = [
        ("requires = \"2 s\"", 15, "requires = \"2 s\" has no sign: write a sign"),
        ("requires = \"< 2\"", 15, "has no unit after a space"),
        ("requires = \"< 2 parsec\"", 15, "no unit is called \"parsec\""),
        ("requires = \"< 0 s\"", 15, "not finite and above zero"),
        ("requires = 2", 15, "invalid type: integer `2`"),
        ("", 12, "missing field `requires`"),
        ("requires = \"< 2 s\"\nmargin = \"2%\"", 16, "unknown field `margin`"),
        ("requires = \"< 2 s\"\nbaseline = 2", 16, "unknown field `baseline`"),
        ("requires = \"< 2 s\"\nat_least = 2", 12, "an id without `*` names one benchmark at most"),
        (
            "requires = \"< 2 s\"\nstatistic = \"throughput\"",
            12,
            "a throughput needs a unit that ends in `/s`",
        ),
        (
            "requires = \"< 2 s\"\n[[sla]]\nid = \"api/health\"\nname = \"n\"\nrequires = \"< 3 s\"",
            17,
            "duplicate id",
        ),
    ];
    for (keys, line, problem) in cases {
        file_is_refused(&promise(keys), line, problem);
    }
}
