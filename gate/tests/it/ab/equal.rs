//! Both sides are equal but for the commit: packages, configuration, dependencies and files.

use std::fs;
use std::process::Command;

use super::tiny::Tiny;
use crate::common::Project;

/// The arguments of every comparison here.
const SHORT: [&str; 4] = ["first", "--no-save", "--budget", "60s"];

/// The case whose bench is slower with `--cfg slow`.
const FLAGS: &str = "12-ab-base-is-built-with-the-heads-cargo-config";

/// Two packages that have a bench target of one name.
#[test]
fn a_target_is_known_by_its_package() {
    for slower in ["a", "b"] {
        let tiny = Tiny::case("08-ab-leaves-out-same-named-targets");
        let bench = format!("{slower}/benches/bench.rs");
        tiny.0.write(&bench, tiny.0.read(&bench).replace("100.0", "200.0"));
        tiny.commit("slower");
        let ended = tiny.ab(&SHORT).exits(1);
        ended.prints(&format!("{slower}/x REGRESSED")).prints("compared 2 of 2").prints("1 unchanged");
    }
}

#[test]
fn one_id_of_two_targets_is_refused() {
    let tiny = Tiny::case("08-ab-leaves-out-same-named-targets");
    tiny.commit_file("b/benches/bench.rs", tiny.0.read("b/benches/bench.rs").replace("b/x", "a/x"), "twice");
    let ended = tiny.ab(&["twice"]).exits(2);
    assert!(ended.stderr.contains("two bench targets have a benchmark `a/x`"), "{}", ended.stderr);
}

/// What rustup, which may be absent, finds above the folder that it starts in.
const TOOLCHAIN: &str = r#"fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = std::env::current_dir().unwrap();
    if folder.ancestors().any(|it| it.join("rust-toolchain.toml").exists()) {
        println!("cargo:rustc-cfg=slow");
    }
}
"#;

/// The bench is slower where `condition` holds, and the head adds the `file` that makes it hold.
fn head_alone_is_slower(condition: &str, file: &str, contents: &str) {
    let tiny = Tiny::case(FLAGS);
    let bench = tiny.0.read("benches/flags.rs").replace("cfg!(slow)", condition);
    tiny.0.write("build.rs", TOOLCHAIN);
    tiny.commit_file("benches/flags.rs", bench, "before");
    tiny.commit_file(file, contents, "after");
    tiny.ab(&["before", "--no-save", "--budget", "60s"]).exits(1).prints("f/x REGRESSED: +");
    tiny.ab(&["after", "before", "--no-save", "--budget", "60s"]).exits(0).prints("1 improved");
}

#[test]
fn flags_of_the_head_are_not_those_of_the_base() {
    head_alone_is_slower("cfg!(slow)", ".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"slow\"]\n");
}

#[test]
fn a_profile_of_the_head_is_not_that_of_the_base() {
    let profile = "[profile.bench]\ndebug-assertions = true\n";
    head_alone_is_slower("cfg!(debug_assertions)", ".cargo/config.toml", profile);
}

#[test]
fn variables_of_the_head_are_not_those_of_the_base() {
    head_alone_is_slower("option_env!(\"SLOW\").is_some()", ".cargo/config.toml", "[env]\nSLOW = \"1\"\n");
}

#[test]
fn the_toolchain_of_the_head_is_not_that_of_the_base() {
    head_alone_is_slower("cfg!(slow)", "rust-toolchain.toml", "[toolchain]\nchannel = \"stable\"\n");
}

/// A project whose only dependency has two versions on this machine, the later of which is slower; with a lock file that
/// git ignores and that names the earlier.
fn with_two_versions() -> Tiny {
    let tiny = Tiny::case("16-ab-and-a-lock-file-that-git-ignores");
    for (version, nanoseconds) in [("1.0.0", "100.0"), ("1.0.1", "200.0")] {
        let folder = format!("vendor/dependency-{version}");
        let manifest =
            format!("[package]\nname = \"dependency\"\nversion = \"{version}\"\nedition = \"2021\"\n");
        tiny.0.write(format!("{folder}/Cargo.toml"), manifest);
        tiny.0
            .write(format!("{folder}/src/lib.rs"), format!("pub const NANOSECONDS: f64 = {nanoseconds};\n"));
        tiny.0.write(format!("{folder}/.cargo-checksum.json"), "{\"files\":{}}");
    }
    let source = "[source.crates-io]\nreplace-with = \"vendor\"\n[source.vendor]\ndirectory = \"vendor\"\n";
    tiny.commit_file(".cargo/config.toml", source, "vendored");
    lock(&tiny, "1.0.0");
    tiny
}

/// Writes the lock file with this version of the dependency. (`cargo update --precise` changes nothing with vendored ones.)
fn lock(tiny: &Tiny, version: &str) {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(["generate-lockfile", "--offline"]).current_dir(tiny.0.path("")).output();
    assert!(output.expect("cargo runs").status.success());
    let latest = "name = \"dependency\"\nversion = \"1.0.1\"";
    let lock = tiny.0.read("Cargo.lock");
    assert!(lock.contains(latest), "{lock}");
    tiny.0.write("Cargo.lock", lock.replace(latest, &latest.replace("1.0.1", version)));
}

/// Which versions of the dependency the side was built with.
fn versions(tiny: &Tiny, side: &str) -> Vec<String> {
    let folder = tiny.0.path(format!("target/bench-gate/ab/target/{side}/release/deps"));
    let entries = fs::read_dir(folder).expect("compiled dependencies").map(|it| it.expect("an entry").path());
    let of = |path: &std::path::PathBuf| path.extension().is_some_and(|it| it == "d");
    let texts = entries.filter(of).map(|path| fs::read_to_string(path).expect("a list of sources"));
    let mut found: Vec<String> = texts
        .flat_map(|text| {
            let versions = text.split("/dependency-").skip(1).filter_map(|rest| rest.split('/').next());
            let versions = versions.filter(|it| it.starts_with("1.0."));
            versions.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn a_lock_file_that_git_ignores_is_that_of_both_sides() {
    let tiny = with_two_versions();
    tiny.0.write("src/lib.rs", "pub fn changed() {}\n");
    let ended = tiny.ab(&["HEAD", "worktree", "--no-save", "--budget", "60s"]).exits(0);
    ended.prints("1 unchanged").is_silent_about("dependencies differ");
    assert_eq!(
        (versions(&tiny, "base"), versions(&tiny, "head")),
        (vec!["1.0.0".into()], vec!["1.0.0".into()])
    );
}

#[test]
fn versions_that_differ_by_commit_are_named() {
    let tiny = with_two_versions();
    tiny.git(&["add", "--force", "Cargo.lock"]);
    tiny.commit("locked");
    lock(&tiny, "1.0.1");
    tiny.commit("updated");
    let ended = tiny.ab(&["locked", "--no-save", "--budget", "60s"]).exits(1);
    ended.prints("the dependencies differ (Cargo.lock): -dependency 1.0.0, +dependency 1.0.1");
}

#[test]
fn executables_that_are_equal_are_unchanged_and_do_not_run() {
    let tiny = Tiny::new(&["steady", "other"]);
    tiny.commit_file("README.md", "documentation", "documented");
    let ended = tiny.ab(&["first"]).exits(0);
    ended.prints("compared 4 of 4").prints("4 rows are UNCHANGED (identical)").prints("Comparison PASSED");
    assert!(!tiny.0.path("runs").exists(), "something was measured");
}

/// A bench that measures what the binary of its package prints.
const STARTS_A_BINARY: &str = r#"#[path = "../save.rs"]
mod save;
fn main() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_p12")).output().unwrap();
    save::bench("f/x", String::from_utf8(output.stdout).unwrap().parse().unwrap());
}
"#;

/// Each side has the binary of its own revision, though both have one name.
#[test]
fn a_binary_that_a_bench_starts_is_that_of_its_side() {
    let tiny = Tiny::case(FLAGS);
    let print = |nanoseconds: &str| format!("fn main() {{ print!(\"{nanoseconds}\"); }}\n");
    tiny.0.write("benches/flags.rs", STARTS_A_BINARY);
    tiny.commit_file("src/main.rs", print("100.0"), "fast");
    tiny.0.write("src/lib.rs", "pub fn changed() {}\n");
    tiny.commit_file("src/main.rs", print("150.0"), "slow");
    tiny.ab(&["fast", "--no-save", "--budget", "60s"]).exits(1).prints("f/x REGRESSED: +");
}

const ELSEWHERE: &str =
    "[package]\nname = \"elsewhere\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\npath = \"lib.rs\"\n";

#[test]
fn a_path_dependency_outside_of_the_repository_is_refused_by_name() {
    let (tiny, outside) = (Tiny::case(FLAGS), Project::empty());
    outside.write("Cargo.toml", ELSEWHERE).write("lib.rs", "");
    let dependency = format!("[dependencies]\nelsewhere = {{ path = {:?} }}\n", outside.path(""));
    tiny.commit_file("Cargo.toml", tiny.0.read("Cargo.toml") + &dependency, "outside");
    let ended = tiny.ab(&SHORT).exits(2);
    let said = "path dependency `elsewhere` is outside of the repository";
    assert!(ended.stderr.contains(said) && ended.stderr.contains("by version"), "{}", ended.stderr);
}

/// What the case's bench measures.
const SLOW_BY_CFG: &str = "if cfg!(slow) { 150.0 } else { 100.0 }";

/// A repository with another in it, as its submodule `inner`, that says in a file how long the bench takes.
struct WithSubmodule {
    outer: Tiny,
    inner: Tiny,
}

impl WithSubmodule {
    /// The outer one is committed and tagged `fast`.
    fn new() -> Self {
        let (outer, inner) = (Tiny::case(FLAGS), Tiny::new(&["steady"]));
        inner.commit_file("nanoseconds", "100.0", "fast");
        let path = inner.0.path("").display().to_string();
        outer.git(&["-c", "protocol.file.allow=always", "submodule", "add", "--quiet", &path, "inner"]);
        let included =
            outer.0.read("benches/flags.rs").replace(SLOW_BY_CFG, "include!(\"../inner/nanoseconds\")");
        outer.commit_file("benches/flags.rs", included, "fast");
        Self { outer, inner }
    }

    /// Commits that the bench takes longer, in the submodule alone, and checks that out.
    fn slow_down_inside(&self) {
        self.inner.commit_file("nanoseconds", "150.0", "slow");
        self.outer.git(&["-C", "inner", "fetch", "--quiet", "--tags"]);
        self.outer.git(&["-C", "inner", "checkout", "--quiet", "slow"]);
    }

    /// The commit of the submodule that is checked out.
    fn head_inside(&self) -> String {
        self.outer.git(&["-C", "inner", "rev-parse", "HEAD"])
    }
}

#[test]
fn a_submodule_is_filled_from_what_is_in_place() {
    let both = WithSubmodule::new();
    both.slow_down_inside();
    let head = both.head_inside();
    both.outer.commit("slow");
    both.outer.ab(&["fast", "--no-save", "--budget", "60s"]).exits(1).prints("f/x REGRESSED: +");
    assert_eq!(both.head_inside(), head);
    assert_eq!(both.outer.git(&["status", "--porcelain"]), "", "the submodule was changed");
}

#[test]
fn a_commit_of_a_submodule_that_is_not_here_is_refused_by_name() {
    let both = WithSubmodule::new();
    let unknown = "160000,1111111111111111111111111111111111111111,inner";
    both.outer.git(&["update-index", "--cacheinfo", unknown]);
    both.outer.commit_staged("unknown");
    let ended = both.outer.ab(&["HEAD", "HEAD"]).exits(2);
    assert!(ended.stderr.contains("submodule `inner`: its commit 1111111"), "{}", ended.stderr);
    assert_eq!(both.outer.left(), [""; 0]);
}

#[test]
fn no_hook_of_the_repository_runs() {
    let tiny = Tiny::new(&["steady"]);
    let script = format!("#!/bin/sh\ntouch '{}'\n", tiny.0.path("tmp/hooked").display());
    tiny.0.write_program(".git/hooks/post-checkout", &script);
    tiny.ab(&["first", "HEAD"]).exits(0);
    assert!(!tiny.0.path("tmp/hooked").exists(), "a hook ran");
}

/// A head that changes `file` alone, which no build reads.
fn head_alone_has(file: &str, contents: &str) -> crate::common::Ended {
    let tiny = Tiny::new(&["steady", "other"]);
    tiny.commit_file(file, contents, "changed");
    tiny.ab(&["first", "--no-save"])
}

#[test]
fn equal_executables_run_where_a_file_differs_that_a_bench_could_read() {
    head_alone_has("data.txt", "more data").exits(0).is_silent_about("(identical)");
}

#[test]
fn equal_executables_run_where_cargo_starts_them_with_another_environment() {
    head_alone_has(".cargo/config.toml", "[env]\nSLOW = \"1\"\n").exits(0).is_silent_about("(identical)");
}
