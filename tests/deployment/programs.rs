//! The programs that the tests start: our API by itself, and benches.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use backend_bench::bench::deployment::{CONFIG, Deployment};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The file that users start from.
pub const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/deployment/bench.toml");

/// How long a program may take over anything.
const PATIENCE: Duration = Duration::from_mins(2);

/// Variables that would lead a bench elsewhere.
const UNWANTED: [&str; 10] = [
    "API_URL",
    "WS_URL",
    "API_TOKEN",
    "BENCH_HEADERS",
    "BENCH_CONFIG",
    "BENCH_TARGET_IS_MINE",
    "DATABASE_URL",
    "CLICKHOUSE_URL",
    "LLM_BASE_URL",
    "CRITERION_HOME",
];

/// The deployment of the example, with these variables.
pub fn deployment(variables: &[(&str, &str)]) -> Deployment {
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, it)| (*it).to_owned());
    let config = |name: &str| (name == CONFIG).then(|| EXAMPLE.to_owned());
    Deployment::of_variables(|name| variable(name).or_else(|| config(name)))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// What Cargo built of our examples and benches.
pub struct Programs(Vec<PathBuf>);

impl Programs {
    /// Builds them, with the profile of the tests: little is left to build.
    pub fn get() -> &'static Self {
        static BUILT: OnceLock<Programs> = OnceLock::new();
        BUILT.get_or_init(|| {
            let mut cargo = Command::new(env!("CARGO"));
            let benches = ["api", "concurrent", "database", "websocket"];
            cargo.args(["build", "--example=serve", "--message-format=json", "--quiet"]);
            cargo
                .args(benches.map(|bench| format!("--bench={bench}")))
                .current_dir(env!("CARGO_MANIFEST_DIR"));
            cargo.args(if cfg!(feature = "tls") { &["--features=tls"][..] } else { &[] });
            let output = cargo.output().expect("cargo runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Self(String::from_utf8_lossy(&output.stdout).lines().filter_map(executable).collect())
        })
    }

    fn program(&self, name: &str) -> &Path {
        let named = |path: &&PathBuf| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file == name || file.rsplit_once('-').is_some_and(|(stem, _)| stem == name)
        };
        self.0.iter().find(named).unwrap_or_else(|| panic!("no {name} among {:?}", self.0))
    }

    /// Runs a bench in quick mode with nothing in its way, and waits until it ends.
    pub fn bench(&self, name: &str, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Output {
        let mut command = Command::new(self.program(name));
        for name in UNWANTED {
            command.env_remove(name);
        }
        command.args(arguments).env("BENCH_MODE", "quick").current_dir(std::env::temp_dir());
        change(&mut command);
        command.output().expect("the bench runs")
    }
}

/// The program that a line of Cargo's is about.
fn executable(line: &str) -> Option<PathBuf> {
    let artifact: serde_json::Value = serde_json::from_str(line).ok()?;
    artifact["executable"].as_str().map(PathBuf::from)
}

/// Our API as a process of its own, killed with its owner.
pub struct Served {
    pub url: String,
    process: Child,
    scratch: TempDir,
}

impl Served {
    pub fn start() -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(Programs::get().program("serve"));
        command.env("TMPDIR", scratch.path()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the example starts");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let line = output.lines().next().expect("a line").expect("UTF-8");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("it said {line:?}"));
        Self { url: url.to_owned(), process, scratch }
    }

    pub fn websocket(&self) -> String {
        format!("{}/ws", self.url.replacen("http", "ws", 1))
    }

    /// Ends as SIGTERM asks it to: well, with its port closed and its folder empty.
    pub fn ends_and_leaves_nothing(mut self) {
        let process = Pid::from_raw(self.process.id().cast_signed()).expect("a process");
        kill_process(process, Signal::TERM).expect("it takes the signal");
        let begun = Instant::now();
        let status = loop {
            match self.process.try_wait().expect("its status") {
                Some(status) => break status,
                None => assert!(begun.elapsed() < PATIENCE, "it does not end"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{status}");
        let left: Vec<_> = self.scratch.path().read_dir().expect("its folder").collect();
        assert!(left.is_empty(), "it left {left:?}");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
