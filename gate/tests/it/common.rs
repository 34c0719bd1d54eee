//! What the gate's integration tests share: a project folder with a Criterion home made by hand, and the program.

#![allow(dead_code, reason = "each test crate includes all of this and uses a part")]

pub mod runs;
mod saved;
pub mod tiny;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

pub use saved::{Saved, saved};

/// The project's Criterion home.
pub const HOME: &str = "home";

/// Where its limits are, and where the program looks for them unless told otherwise.
pub const THRESHOLDS: &str = "baselines/thresholds.toml";

/// Variables that would lead the program elsewhere, or paint what it prints.
const UNWANTED: [&str; 10] = [
    "API_URL",
    "WS_URL",
    "BENCH_CONFIG",
    "CRITERION_HOME",
    "CARGO_TARGET_DIR",
    "BENCH_MODE",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
];

/// One metric of `thresholds.toml`: limits are baseline, warning, critical.
pub fn metric(id: &str, unit: &str, better: &str, limits: [f64; 3]) -> String {
    let [baseline, warning, critical] = limits;
    format!(
        "[[metric]]\nid = \"{id}\"\nname = \"The {id}\"\nunit = \"{unit}\"\nbetter = \"{better}\"\n\
         baseline = {baseline:?}\nwarning = {warning:?}\ncritical = {critical:?}\n\n"
    )
}

/// One service level of `thresholds.toml`.
pub fn sla(id: &str, requires: &str) -> String {
    format!("[[sla]]\nid = \"{id}\"\nname = \"The {id}\"\nrequires = \"{requires}\"\n\n")
}

/// The record of a run in quick mode that began at `started`, with its `failures`.
pub fn record(started: &str, failures: &[serde_json::Value]) -> String {
    let environment = serde_json::json!({
        "cpu_model": "a processor", "cpu_count": 2, "os": "a system", "rustc": "rustc 1.94.0", "commit": null,
        "time": started, "mode": "quick",
    });
    serde_json::json!({
        "schema_version": 1, "started": started, "environment": environment, "failures": failures,
    })
    .to_string()
}

/// Where the facts of the category `database` are in a project's home.
pub const FACTS: &str = "home/bench-gate-facts/database.json";

/// What a bench noted of its engines.
pub fn facts(engines: &[serde_json::Value], not_run: &[serde_json::Value]) -> String {
    serde_json::json!({ "schema_version": 1, "engines": engines, "not_run": not_run }).to_string()
}

/// An engine that was measured.
pub fn engine(name: &str, version: &str) -> serde_json::Value {
    let major = version.split('.').next();
    serde_json::json!({
        "name": name, "version": version, "major": major, "origin": "throwaway", "settings": ["fsync off"],
    })
}

/// Benchmarks that could not be run.
pub fn unavailable(id: &str) -> serde_json::Value {
    serde_json::json!({ "id": id, "reason": "no server on this machine", "remedy": "scripts/engines.sh" })
}

/// How the program ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ended {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The program gave up before it judged: exit 2, nothing but the reason and the remedy said.
    #[track_caller]
    pub fn refuses(self, said: &[&str], remedy: &str) -> Self {
        let ended = self.exits(2);
        assert_eq!(ended.stdout, "");
        let (problem, help) = ended.stderr.split_once("help: ").unwrap_or((&ended.stderr, ""));
        for text in said {
            assert!(problem.contains(text), "no {text:?} in:\n{}", ended.stderr);
        }
        assert!(help.contains(remedy), "no {remedy:?} as the remedy in:\n{}", ended.stderr);
        ended
    }

    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "no {text:?} in:\n{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn is_silent_about(&self, text: &str) -> &Self {
        assert!(!self.stdout.contains(text), "{text:?} in:\n{}", self.stdout);
        self
    }
}

/// A folder that the program runs in.
pub struct Project {
    root: TempDir,
}

impl Project {
    /// An empty one: no home, no limits.
    pub fn empty() -> Self {
        Self { root: tempfile::tempdir().expect("a temporary folder") }
    }

    /// One with `limits`, and no home yet.
    pub fn with_limits(limits: &str) -> Self {
        let project = Self::empty();
        project.write(THRESHOLDS, format!("schema_version = 1\n\n{limits}"));
        project
    }

    /// One benchmark `api/health` that takes 5 ms, well within its limits.
    pub fn good() -> Self {
        let project = Self::with_limits(&metric("api/health", "ms", "lower", [10.0, 20.0, 30.0]));
        project.save(&saved("api/health").mean(5e6));
        project
    }

    /// The files of `tests/cases/<name>`, with the module that its benches save a result by.
    pub fn case(name: &str) -> Self {
        let project = Self::empty();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name), &project.path(""));
        project.write("save.rs", include_str!("../cases/save.rs"));
        project
    }

    pub fn path(&self, inner: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(inner)
    }

    /// Writes a file, making its folders.
    pub fn write(&self, inner: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> &Self {
        let path = self.path(inner);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        fs::write(&path, contents).expect("a file");
        self
    }

    /// Writes a program that can be started.
    pub fn write_program(&self, inner: &str, script: &str) -> &Self {
        self.write(inner, script);
        fs::set_permissions(self.path(inner), fs::Permissions::from_mode(0o755)).expect("a program");
        self
    }

    pub fn read(&self, inner: impl AsRef<Path>) -> String {
        let path = self.path(inner);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Saves a result in the project's home, as Criterion would.
    pub fn save(&self, result: &Saved) -> &Self {
        self.save_in(HOME, result)
    }

    /// Saves a result in the home `home`.
    pub fn save_in(&self, home: &str, result: &Saved) -> &Self {
        let folder = Path::new(home).join(result.folder());
        for (name, json) in result.files() {
            self.write(folder.join(name), json);
        }
        self
    }

    /// The program with `arguments`, ready to run in this folder with nothing in its way.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench-gate"));
        command.args(arguments).current_dir(self.root.path());
        for name in UNWANTED {
            command.env_remove(name);
        }
        command
    }

    pub fn gate(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().expect("the program runs").into()
    }

    /// `bench-gate check` on the project's home.
    pub fn check(&self, arguments: &[&str]) -> Ended {
        self.gate(&[&["check", "--criterion-home", HOME], arguments].concat())
    }

    /// The program gives up, and leaves every file as it was.
    #[track_caller]
    pub fn gate_refuses(&self, arguments: &[&str], said: &[&str], remedy: &str) {
        let before = self.files();
        self.gate(arguments).refuses(said, remedy);
        let after = self.files();
        let same = |path: &&PathBuf| before.get(*path) == after.get(*path);
        let changed: Vec<&PathBuf> = before.keys().chain(after.keys()).filter(|it| !same(it)).collect();
        assert!(changed.is_empty(), "written, changed or removed: {changed:?}");
    }

    /// [`Self::gate_refuses`] of `bench-gate check` on the project's home.
    #[track_caller]
    pub fn check_refuses(&self, said: &[&str], remedy: &str) {
        self.gate_refuses(&["check", "--criterion-home", HOME], said, remedy);
    }

    /// Every file of the project with its contents.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.root.path(), &mut files);
        files
    }

    /// The names of the reports, in order.
    pub fn reports(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("test_reports")) else { return Vec::new() };
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> = entries.map(|it| name(it).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The first report whose name begins with `kind`, as JSON.
    #[track_caller]
    pub fn report(&self, kind: &str) -> serde_json::Value {
        let names = self.reports();
        let name = names.iter().find(|name| name.starts_with(kind)).expect("a report of that kind");
        serde_json::from_str(&self.read(Path::new("test_reports").join(name))).expect("a report in JSON")
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a readable folder").map(|entry| entry.expect("an entry")) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { fs::copy(&from, &to).map(|_| ()).expect("a copy") }
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).expect("a readable file"));
        }
    }
}
