//! A small project in git, whose benches are simulated.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::common::{Ended, Project};

const BENCH: &str = include_str!("../../fixtures/simulated_bench.rs");

const MANIFEST: &str = "[package]\nname = \"tiny\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n\
                        bench = false\n[workspace]\n[profile.bench]\nopt-level = 0\n";

/// The benchmarks of a bench target, as its source has them.
pub const BENCHMARKS: &str = r#"[("a", 1000.0), ("b", 2000.0)]"#;

/// How far its noise reaches.
pub const NOISE: &str = "NOISE: f64 = 0.002";

/// Which of its processes hangs.
pub const HANGS_AT: &str = "HANGS_AT: u64 = u64::MAX";

/// Where the small projects of known problems are.
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");

/// A project in a git repository, and a cache folder outside of it. What it measures has no noise that matters, unless a
/// test adds some.
pub struct Tiny(pub Project, TempDir);

impl Tiny {
    /// One with the bench targets `names`, committed and tagged `first`.
    pub fn new(names: &[&str]) -> Self {
        let tiny = Self::empty();
        let benches = names.iter().map(|name| format!("[[bench]]\nname = \"{name}\"\nharness = false\n"));
        tiny.0.write("Cargo.toml", MANIFEST.to_owned() + &benches.collect::<String>()).write("lib.rs", "");
        names.iter().for_each(|name| tiny.edit(name, &[]));
        tiny.0.write(".gitignore", "/target\n/test_reports\n/Cargo.lock\n/runs\n/tmp\n/pids*\n");
        tiny.git(&["init", "--quiet", "--initial-branch", "main"]);
        tiny.commit("first");
        tiny
    }

    /// The case `name`, committed and tagged `first`.
    pub fn case(name: &str) -> Self {
        let tiny = Self::empty();
        copy(&Path::new(CASES).join(name), &tiny.0.path(""));
        tiny.0.write("save.rs", include_str!("../../cases/save.rs"));
        tiny.0.write(".gitignore", "target\ntest_reports\nCargo.lock\n/runs\n/tmp\n");
        tiny.git(&["init", "--quiet", "--initial-branch", "main"]);
        tiny.commit("first");
        tiny
    }

    fn empty() -> Self {
        Self(Project::empty(), tempfile::tempdir().expect("a cache folder"))
    }

    /// Writes the source of the bench target `name`, with each pair's first text replaced by its second.
    pub fn edit(&self, name: &str, changes: &[(&str, &str)]) {
        let edited = changes.iter().fold(BENCH.to_owned(), |source, (from, to)| {
            assert!(source.contains(from), "the bench has no {from:?}");
            source.replace(from, to)
        });
        self.0.write(format!("benches/{name}.rs"), edited);
    }

    /// Commits everything, and tags it.
    pub fn commit(&self, tag: &str) {
        self.git(&["add", "--all"]);
        let author = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"];
        self.git(&[&author[..], &["commit", "--quiet", "--message", tag]].concat());
        self.git(&["tag", tag]);
    }

    /// Runs git, and returns what it prints.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").args(arguments).current_dir(self.0.path("")).output().expect("git");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// `bench-gate ab`.
    pub fn ab(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().expect("the program runs").into()
    }

    /// `bench-gate ab`, with its temporary files in the project.
    pub fn command(&self, arguments: &[&str]) -> assert_cmd::Command {
        fs::create_dir_all(self.0.path("tmp")).expect("a folder");
        let mut command = self.0.command(&[&["ab"], arguments].concat());
        command.envs(self.environment());
        command
    }

    /// The variables that keep every file of the program in the project or in its cache folder, and CI out.
    pub fn environment(&self) -> [(&'static str, PathBuf); 5] {
        [
            ("SIMULATED_RUNS", self.0.path("runs")),
            ("TMPDIR", self.0.path("tmp")),
            ("XDG_CACHE_HOME", self.1.path().to_owned()),
            ("GITHUB_REF", PathBuf::new()),
            ("GITHUB_BASE_REF", PathBuf::new()),
        ]
    }

    /// The processes that have measured so far.
    pub fn runs(&self) -> u64 {
        self.0.read("runs").parse().expect("a number")
    }

    /// What is kept of a comparison where nothing should be: checkouts, and what git knows of them, temporary files.
    pub fn left(&self) -> Vec<String> {
        let names = |folder: PathBuf| -> Vec<String> {
            let entries = fs::read_dir(folder).into_iter().flatten();
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
        };
        let mut left = names(self.0.path("target/bench-gate/ab"));
        left.retain(|name| name != "target" && name != "lock");
        left.extend(names(self.0.path("tmp")));
        left.extend(names(self.1.path().join("bench-gate")));
        left.extend(self.git(&["worktree", "list"]).lines().skip(1).map(str::to_owned));
        left
    }
}

/// Copies the files of the folder `from`.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry").path();
        let to = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            fs::create_dir_all(&to).expect("a folder");
            copy(&entry, &to);
        } else {
            fs::copy(&entry, &to).expect("a copy");
        }
    }
}
