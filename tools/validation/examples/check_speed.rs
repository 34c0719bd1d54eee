//! How fast `bench-gate check` judges a tree of 10,000 Criterion results, with critcmp's listing of the same tree
//! beside it, turn by turn in one run.
//!
//! ```text
//! cargo install critcmp
//! cargo build --release && cargo run --release -p validation --example check_speed
//! ```
//!
//! The two do not do the same work: `check` also reads and checks every sample, judges every row by a threshold and
//! prints the whole report; critcmp reads the estimates and prints a line for each.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const RESULTS: usize = 10_000;
const ROUNDS: usize = 15;
const SAMPLES: usize = 100;

/// A metric for each of the hundred groups.
fn thresholds() -> String {
    let metric = |group| {
        format!(
            "[[metric]]\nid = \"group_{group}/*\"\nname = \"all\"\nunit = \"s\"\nbetter = \"lower\"\n\
             baseline = 1\nwarning = 2\ncritical = 3\n"
        )
    };
    "schema_version = 1\n".to_owned() + &(0..RESULTS / 100).map(metric).collect::<Vec<_>>().concat()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let tree = folder.path().join("criterion");
    (0..RESULTS).try_for_each(|number| write_result(&tree, number))?;
    compare(
        &mut check(folder.path(), &tree)?,
        Command::new("critcmp").arg("new").arg("--target-dir").arg(folder.path()),
    )
}

fn check(folder: &Path, tree: &Path) -> Result<Command, Box<dyn Error>> {
    let thresholds = folder.join("thresholds.toml");
    fs::write(&thresholds, self::thresholds())?;
    let mut check = Command::new(bench_gate()?);
    check.args(["check", "--no-save", "--criterion-home"]).arg(tree).arg("--thresholds").arg(&thresholds);
    Ok(check)
}

/// The release binary, built beside this example.
fn bench_gate() -> Result<PathBuf, Box<dyn Error>> {
    let example = std::env::current_exe()?;
    let folder =
        example.parent().and_then(Path::parent).ok_or("an example lies in target/release/examples")?;
    let binary = folder.join("bench-gate");
    binary.is_file().then_some(binary).ok_or_else(|| "build it first: cargo build --release".into())
}

fn compare(check: &mut Command, critcmp: &mut Command) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (our_time, their_time) = (milliseconds(check)?, milliseconds(critcmp)?);
        if round > 0 {
            ours.push(our_time);
            theirs.push(their_time);
        }
    }
    report(ours, theirs);
    Ok(())
}

fn report(ours: Vec<f64>, theirs: Vec<f64>) {
    let ratio = median(theirs.iter().zip(&ours).map(|(their, our)| their / our).collect());
    let (ours, theirs) = (median(ours), median(theirs));
    println!("{RESULTS} results of {SAMPLES} samples, median of {ROUNDS} rounds:");
    println!(
        "  bench-gate check  {ours:>8.1} ms\n  critcmp new       {theirs:>8.1} ms\n  ratio             {ratio:>8.2} x"
    );
}

fn milliseconds(command: &mut Command) -> Result<f64, Box<dyn Error>> {
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).status().map_err(|error| format!("{command:?}: {error}"))?;
    let elapsed = started.elapsed().as_secs_f64() * 1e3;
    if status.success() { Ok(elapsed) } else { Err(format!("{command:?}: {status}").into()) }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A result as Criterion leaves it after a first run: four files in `new/`, and a copy of them in `base/`.
fn write_result(tree: &Path, number: usize) -> std::io::Result<()> {
    let (group, function) = (format!("group_{}", number / 100), format!("function_{number}"));
    let benchmark = tree.join(&group).join(&function);
    ["new", "base"]
        .iter()
        .try_for_each(|saved| write_files(&benchmark.join(saved), &group, &function, number))
}

fn write_files(folder: &Path, group: &str, function: &str, number: usize) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let write = |name: &str, value: serde_json::Value| fs::write(folder.join(name), value.to_string());
    write("benchmark.json", identity(group, function))?;
    write("estimates.json", estimates(number))?;
    write("tukey.json", serde_json::json!([1.0, 2.0, 3.0, 4.0]))?;
    write("sample.json", samples(number))
}

fn identity(group: &str, function: &str) -> serde_json::Value {
    let id = format!("{group}/{function}");
    serde_json::json!({
        "group_id": group, "function_id": function, "value_str": null, "throughput": null,
        "full_id": id, "directory_name": id, "title": id,
    })
}

fn estimates(number: usize) -> serde_json::Value {
    let point = 1_000.123_456_789 + number as f64;
    let estimate = serde_json::json!({
        "confidence_interval": {"confidence_level": 0.95, "lower_bound": point * 0.99, "upper_bound": point * 1.01},
        "point_estimate": point, "standard_error": point / 77.0,
    });
    serde_json::json!({
        "mean": estimate, "median": estimate, "median_abs_dev": estimate, "slope": estimate, "std_dev": estimate,
    })
}

fn samples(number: usize) -> serde_json::Value {
    let iterations: Vec<f64> = (1..=SAMPLES).map(|sample| (sample * 5) as f64).collect();
    let times: Vec<f64> =
        iterations.iter().map(|count| count * (1_000.123_456_789 + number as f64)).collect();
    serde_json::json!({"sampling_mode": "Linear", "iters": iterations, "times": times})
}
