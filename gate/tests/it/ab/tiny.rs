//! A small project in git, whose benches are simulated.

use std::fs;
use std::path::PathBuf;
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

/// Who commits.
pub const AUTHOR: [&str; 4] = ["-c", "user.name=A test", "-c", "user.email=test@example.org"];

/// A project in a git repository, and a cache folder outside of it. What it measures has no noise that matters, unless a
/// test adds some.
pub struct Tiny(pub Project, TempDir);

impl Tiny {
    /// One with the bench targets `names`, committed and tagged `first`.
    pub fn new(names: &[&str]) -> Self {
        let project = Project::empty();
        let benches = names.iter().map(|name| format!("[[bench]]\nname = \"{name}\"\nharness = false\n"));
        project.write("Cargo.toml", MANIFEST.to_owned() + &benches.collect::<String>()).write("lib.rs", "");
        for name in names {
            project.write(format!("benches/{name}.rs"), BENCH);
        }
        Self::committed(project)
    }

    /// The case `name`, committed and tagged `first`.
    pub fn case(name: &str) -> Self {
        Self::committed(Project::case(name))
    }

    fn committed(project: Project) -> Self {
        let tiny = Self(project, tempfile::tempdir().expect("a cache folder"));
        tiny.0.write(".gitignore", "target\ntest_reports\nCargo.lock\n/runs\n/tmp\n/pids*\n");
        tiny.git(&["init", "--quiet", "--initial-branch", "main"]);
        tiny.commit("first");
        tiny
    }

    /// Writes the source of the bench target `name`, with each pair's first text replaced by its second.
    pub fn edit(&self, name: &str, changes: &[(&str, &str)]) {
        let edited = changes.iter().fold(BENCH.to_owned(), |source, (from, to)| {
            assert!(source.contains(from), "the bench has no {from:?}");
            source.replace(from, to)
        });
        self.0.write(format!("benches/{name}.rs"), edited);
    }

    /// Commits the bench `steady` with these benchmarks, and tags it.
    pub fn commit_benchmarks(&self, benchmarks: &str, tag: &str) {
        self.edit("steady", &[(BENCHMARKS, benchmarks)]);
        self.commit(tag);
    }

    /// Commits everything, with this file, and tags it.
    pub fn commit_file(&self, inner: &str, contents: impl AsRef<[u8]>, tag: &str) {
        self.0.write(inner, contents);
        self.commit(tag);
    }

    /// Commits everything, and tags it.
    pub fn commit(&self, tag: &str) {
        self.git(&["add", "--all"]);
        self.commit_staged(tag);
    }

    /// Commits what is staged, and tags it.
    pub fn commit_staged(&self, tag: &str) {
        self.git(&[&AUTHOR[..], &["commit", "--quiet", "--message", tag]].concat());
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

    /// `bench-gate calibrate`.
    pub fn calibrate(&self, arguments: &[&str]) -> Ended {
        self.gate(&[&["calibrate"], arguments].concat()).output().expect("the program runs").into()
    }

    /// `bench-gate ab`, ready to run.
    pub fn command(&self, arguments: &[&str]) -> assert_cmd::Command {
        self.gate(&[&["ab"], arguments].concat())
    }

    /// The program, with its temporary files in the project.
    fn gate(&self, arguments: &[&str]) -> assert_cmd::Command {
        fs::create_dir_all(self.0.path("tmp")).expect("a folder");
        let mut command = self.0.command(arguments);
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
