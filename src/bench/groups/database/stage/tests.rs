use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use criterion::Criterion;

use super::super::engine::SqliteFiles;
use super::super::measure;
use super::*;
use crate::bench::Harness;

/// An engine that cannot be started, for a reason.
struct Absent {
    why: StartError,
    asked: Cell<usize>,
}

impl Absent {
    fn because(why: StartError) -> Self {
        Self { why, asked: Cell::new(0) }
    }

    fn not_run() -> Self {
        let (reason, remedy) = ("no server here".to_owned(), "get one".to_owned());
        Self::because(StartError::NotRun { engine: "absent", reason, remedy })
    }

    fn failed() -> Self {
        let (problem, remedy) = ("the URL is wrong".to_owned(), "mend it".to_owned());
        Self::because(StartError::Failed { engine: "absent", problem, remedy })
    }
}

impl Engine for Absent {
    fn name(&self) -> &'static str {
        "absent"
    }

    fn start(&self, _: &Runtime) -> Result<Box<dyn Running>, StartError> {
        self.asked.set(self.asked.get() + 1);
        Err(self.why.clone())
    }
}

/// Measures `engine` into `home`, and returns what it panicked with, where it did.
fn measured(engine: &Absent, home: &Path) -> Option<String> {
    let facts = Facts::in_home("database", home.to_owned());
    let criterion = Criterion::default().output_directory(home).without_plots();
    let mut harness = Harness::for_test("database", criterion, facts);
    let ended = catch_unwind(AssertUnwindSafe(|| measure(&mut harness, engine)));
    ended.err().map(|panic| *panic.downcast::<String>().expect("a message"))
}

fn facts_in(home: &Path) -> String {
    std::fs::read_to_string(home.join("bench-gate-facts/database.json")).unwrap_or_default()
}

#[test]
fn an_engine_that_is_not_to_be_had_is_noted_and_passed_over() {
    let (engine, home) = (Absent::not_run(), tempfile::tempdir().unwrap());
    assert_eq!(measured(&engine, home.path()), None);
    let facts = facts_in(home.path());
    assert!(facts.contains("database/absent/*") && facts.contains("no server here"), "{facts}");
    assert!(!home.path().join("database").exists(), "there is a result");
    assert_eq!(engine.asked.get(), 1, "it was looked for again and again");
}

#[test]
fn an_engine_that_does_not_work_ends_the_group() {
    let home = tempfile::tempdir().unwrap();
    let said = measured(&Absent::failed(), home.path()).expect("a panic");
    assert!(said.contains("the URL is wrong") && said.contains("mend it"), "{said}");
    assert_eq!(facts_in(home.path()), "");
}

#[test]
fn a_table_is_loaded_once_and_shared() {
    let runtime = harness::runtime();
    let stage = Stage::new(&SqliteFiles, &runtime, Facts::unwritten("database"));
    let (one, other) = (stage.table(500), stage.table(500));
    assert!(Rc::ptr_eq(&one, &other) && !Rc::ptr_eq(&one, &stage.table(600)));
    assert_eq!(answer(runtime.block_on(one.database().count_events())), 500);
}
