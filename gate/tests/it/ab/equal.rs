//! Both sides are equal but for the commit: packages, configuration, dependencies and files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::tiny::Tiny;

/// The arguments of every comparison here.
const SHORT: [&str; 4] = ["first", "--no-save", "--budget", "60s"];

fn with(arguments: &[&'static str]) -> Vec<&'static str> {
    [&SHORT, arguments].concat()
}

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
    tiny.0.write("b/benches/bench.rs", tiny.0.read("b/benches/bench.rs").replace("b/x", "a/x"));
    tiny.commit("twice");
    let ended = tiny.ab(&["twice"]).exits(2);
    assert!(ended.stderr.contains("two bench targets have a benchmark `a/x`"), "{}", ended.stderr);
}

/// The bench is slower where `condition` holds, and the head adds the `file` that makes it hold.
fn head_alone_is_slower(condition: &str, file: &str, contents: &str) {
    let tiny = Tiny::case("12-ab-base-is-built-with-the-heads-cargo-config");
    tiny.0.write("benches/flags.rs", tiny.0.read("benches/flags.rs").replace("cfg!(slow)", condition));
    // What rustup, which may be absent, finds above the folder that it starts in.
    let script = "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    \
                  let folder = std::env::current_dir().unwrap();\n    \
                  if folder.ancestors().any(|it| it.join(\"rust-toolchain.toml\").exists()) {\n        \
                  println!(\"cargo:rustc-cfg=slow\");\n    }\n}\n";
    tiny.0.write("build.rs", script);
    tiny.commit("before");
    tiny.0.write(file, contents);
    tiny.commit("after");
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
    tiny.0.write(".cargo/config.toml", source);
    tiny.commit("vendored");
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
    tiny.0.write("README.md", "documentation");
    tiny.commit("documented");
    let ended = tiny.ab(&["first"]).exits(0);
    ended.prints("compared 4 of 4").prints("4 rows are UNCHANGED (identical)").prints("Comparison PASSED");
    assert!(!tiny.0.path("runs").exists(), "something was measured");
}

/// Each side has the binary of its own revision, though both have one name.
#[test]
fn a_binary_that_a_bench_starts_is_that_of_its_side() {
    let tiny = Tiny::case("12-ab-base-is-built-with-the-heads-cargo-config");
    let print = |nanoseconds: &str| format!("fn main() {{ print!(\"{nanoseconds}\"); }}\n");
    tiny.0.write("src/main.rs", print("100.0"));
    let bench = "#[path = \"../save.rs\"]\nmod save;\nfn main() {\n    \
                 let output = std::process::Command::new(env!(\"CARGO_BIN_EXE_p12\")).output().unwrap();\n    \
                 save::bench(\"f/x\", String::from_utf8(output.stdout).unwrap().parse().unwrap());\n}\n";
    tiny.0.write("benches/flags.rs", bench);
    tiny.commit("fast");
    tiny.0.write("src/main.rs", print("150.0"));
    tiny.0.write("src/lib.rs", "pub fn changed() {}\n");
    tiny.commit("slow");
    tiny.ab(&["fast", "--no-save", "--budget", "60s"]).exits(1).prints("f/x REGRESSED: +");
}

#[test]
fn a_path_dependency_outside_of_the_repository_is_refused_by_name() {
    let tiny = Tiny::case("12-ab-base-is-built-with-the-heads-cargo-config");
    let outside = tempfile::tempdir().expect("a folder");
    let package = "[package]\nname = \"elsewhere\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\npath = \"lib.rs\"\n";
    fs::write(outside.path().join("Cargo.toml"), package).expect("a file");
    fs::write(outside.path().join("lib.rs"), "").expect("a file");
    let manifest = tiny.0.read("Cargo.toml");
    let dependency = format!("[dependencies]\nelsewhere = {{ path = {:?} }}\n", outside.path());
    tiny.0.write("Cargo.toml", manifest + &dependency);
    tiny.commit("outside");
    let ended = tiny.ab(&with(&[])).exits(2);
    let said = "path dependency `elsewhere` is outside of the repository";
    assert!(ended.stderr.contains(said) && ended.stderr.contains("by version"), "{}", ended.stderr);
}

#[test]
fn a_submodule_is_filled_from_what_is_in_place() {
    let (tiny, inner) =
        (Tiny::case("12-ab-base-is-built-with-the-heads-cargo-config"), Tiny::new(&["steady"]));
    inner.0.write("nanoseconds", "100.0");
    inner.commit("fast");
    let path = inner.0.path("").display().to_string();
    let allowed = ["-c", "protocol.file.allow=always"];
    tiny.git(&[&allowed[..], &["submodule", "add", "--quiet", &path, "inner"]].concat());
    let bench = tiny
        .0
        .read("benches/flags.rs")
        .replace("if cfg!(slow) { 150.0 } else { 100.0 }", "include!(\"../inner/nanoseconds\")");
    tiny.0.write("benches/flags.rs", bench);
    tiny.commit("fast");
    inner.0.write("nanoseconds", "150.0");
    inner.commit("slow");
    tiny.git(&["-C", "inner", "fetch", "--quiet", "--tags"]);
    tiny.git(&["-C", "inner", "checkout", "--quiet", "slow"]);
    let head = tiny.git(&["-C", "inner", "rev-parse", "HEAD"]);
    tiny.commit("slow");
    tiny.ab(&["fast", "--no-save", "--budget", "60s"]).exits(1).prints("f/x REGRESSED: +");
    assert_eq!(tiny.git(&["-C", "inner", "rev-parse", "HEAD"]), head);
    assert_eq!(tiny.git(&["status", "--porcelain"]), "", "the submodule was changed");
}

#[test]
fn a_commit_of_a_submodule_that_is_not_here_is_refused_by_name() {
    let (tiny, inner) =
        (Tiny::case("12-ab-base-is-built-with-the-heads-cargo-config"), Tiny::new(&["steady"]));
    let path = inner.0.path("").display().to_string();
    tiny.git(&["-c", "protocol.file.allow=always", "submodule", "add", "--quiet", &path, "inner"]);
    let unknown = "160000,1111111111111111111111111111111111111111,inner";
    tiny.git(&["update-index", "--cacheinfo", unknown]);
    let author = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"];
    tiny.git(&[&author[..], &["commit", "--quiet", "--message", "unknown"]].concat());
    let ended = tiny.ab(&["HEAD", "HEAD"]).exits(2);
    assert!(ended.stderr.contains("submodule `inner`: its commit 1111111"), "{}", ended.stderr);
    assert_eq!(tiny.left(), [""; 0]);
}

#[test]
fn no_hook_of_the_repository_runs() {
    let tiny = Tiny::new(&["steady"]);
    let hook = tiny.0.path(".git/hooks/post-checkout");
    tiny.0.write(
        ".git/hooks/post-checkout",
        format!("#!/bin/sh\ntouch '{}'\n", tiny.0.path("tmp/hooked").display()),
    );
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("a program");
    tiny.ab(&["first", "HEAD"]).exits(0);
    assert!(!tiny.0.path("tmp/hooked").exists(), "a hook ran");
}
