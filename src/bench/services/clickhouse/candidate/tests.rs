//! Which of several is taken, and what is said where there is none.

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

/// A machine with the programs and the library that a test puts there.
struct Machine(TempDir);

impl Machine {
    fn empty() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn sources(&self) -> Sources {
        let folder = |name: &str| self.0.path().join(name);
        Sources {
            url: None,
            cluster: None,
            path: vec![folder("bin")],
            fetched: folder("chdb"),
            programs: vec![folder("target")],
        }
    }

    fn write(&self, inner: &str, content: &str) {
        let path = self.0.path().join(inner);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
    }

    fn server(self, name: &str, said: &str) -> Self {
        self.write(&format!("bin/{name}"), &format!("#!/bin/sh\necho '{said}'\n"));
        self
    }

    fn library(self, version: &str) -> Self {
        self.write("chdb/libchdb.so", "1234");
        self.write("chdb/complete", &format!("@chdb/lib-linux-x64-gnu@{version}\n4 libchdb.so\n"));
        self.write("target/chdb-server", "");
        self
    }

    fn newest(&self) -> Result<String, StartError> {
        let newest = Candidate::newest(&self.sources())?;
        let version = newest.version.map_or("of no version".to_owned(), |version| format!("{:?}", version.0));
        Ok(format!("{} {version}", newest.path.file_name().expect("a name").display()))
    }
}

/// What the server of 2018 says, and others do of themselves.
const OLD: &str = "Unknown option specified: version";

#[test]
fn the_newest_is_taken() {
    let old = Machine::empty().server("clickhouse-server", OLD);
    assert_eq!(old.newest().as_deref(), Ok("clickhouse-server of no version"));
    let both = old.library("26.7.3-stable.1");
    assert_eq!(both.newest().as_deref(), Ok("libchdb.so [26, 7, 3]"));
    let three = both.server("clickhouse", "ClickHouse server version 26.9.1.7 (official build).");
    assert_eq!(three.newest().as_deref(), Ok("clickhouse [26, 9, 1, 7]"));
}

#[test]
fn of_equals_the_server_is_taken() {
    let both =
        Machine::empty().library("26.7.3").server("clickhouse-server", "ClickHouse server version 26.7.3");
    assert_eq!(both.newest().as_deref(), Ok("clickhouse-server [26, 7, 3]"));
}

#[test]
fn without_any_the_command_is_named() {
    let none = Machine::empty().newest().expect_err("no engine");
    assert!(
        matches!(&none, StartError::NotRun { remedy, .. } if remedy.contains("scripts/engines.sh")),
        "{none}"
    );
}

#[test]
fn half_a_library_is_a_failure() {
    for (file, content) in
        [("chdb/libchdb.so", "123"), ("chdb/complete", ""), ("chdb/complete", "@chdb/x@26.7.3\n")]
    {
        let half = Machine::empty().library("26.7.3");
        half.write(file, content);
        let failed = half.newest().expect_err("half a library");
        assert!(
            matches!(failed, StartError::Failed { .. }) && failed.to_string().contains("not whole"),
            "{failed}"
        );
    }
}

#[test]
fn a_library_without_its_program_is_a_failure() {
    let machine = Machine::empty().library("26.7.3");
    fs::remove_dir_all(machine.0.path().join("target")).expect("a folder");
    let failed = machine.newest().expect_err("no program");
    assert!(failed.to_string().contains("cargo build --bin chdb-server"), "{failed}");
}

#[test]
fn versions_are_read_from_what_programs_say() {
    let read = |text| Version::in_text(text).map(|version| version.0);
    assert_eq!(read("ClickHouse server version 24.3.1.2672 (official build)."), Some(vec![24, 3, 1, 2672]));
    assert_eq!(read("26.7.3-stable.1"), Some(vec![26, 7, 3]));
    assert_eq!(read("no version 7"), None);
    assert!(Version::in_text("26.10.1") > Version::in_text("26.9.9"));
}
