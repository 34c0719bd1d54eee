//! One engine while it is measured: started once, with tables that its benchmarks share.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::runtime::Runtime;

use super::engine::{Engine, Running};
use super::scratch::{Scratch, answer};
use crate::bench::groups::required;
use crate::bench::services::StartError;
use crate::bench::{Facts, harness};

/// An engine, the runtime on which to work with it, and the tables that have been loaded.
pub(super) struct Stage<'a> {
    engine: &'a dyn Engine,
    pub(super) runtime: &'a Runtime,
    facts: Facts,
    /// By rows. Dropped before the engine that they are in.
    tables: RefCell<BTreeMap<usize, Rc<Scratch<'a>>>>,
    /// `None` inside where it is not to be had.
    running: OnceCell<Option<Box<dyn Running>>>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(engine: &'a dyn Engine, runtime: &'a Runtime, facts: Facts) -> Self {
        Self { engine, runtime, facts, tables: RefCell::default(), running: OnceCell::new() }
    }

    pub(super) fn id(&self, name: &str) -> String {
        format!("{}/{name}", self.engine.name())
    }

    /// Whether it was looked for and is not there.
    pub(super) fn is_not_to_be_had(&self) -> bool {
        matches!(self.running.get(), Some(None))
    }

    /// A database without events, for one benchmark.
    pub(super) fn empty(&self) -> Scratch<'a> {
        self.loaded(0)
    }

    /// A database for one benchmark that holds the first `rows` events of the corpus.
    pub(super) fn loaded(&self, rows: usize) -> Scratch<'a> {
        Scratch::new(self.running(), self.runtime, rows)
    }

    /// A database that holds the first `rows` events of the corpus, loaded once and shared: for reading.
    pub(super) fn table(&self, rows: usize) -> Rc<Scratch<'a>> {
        let found = self.tables.borrow().get(&rows).cloned();
        found.unwrap_or_else(|| {
            let loaded = Rc::new(self.loaded(rows));
            self.tables.borrow_mut().insert(rows, Rc::clone(&loaded));
            loaded
        })
    }

    /// The engine, started when it is first needed. Leaves the benchmark that needs it where it is not to be had.
    fn running(&self) -> &dyn Running {
        match self.running.get_or_init(|| self.start()) {
            Some(running) => &**running,
            None => harness::skip(),
        }
    }

    fn start(&self) -> Option<Box<dyn Running>> {
        match self.engine.start(self.runtime) {
            Ok(running) => {
                answer(self.facts.note_engine(&running.facts()));
                Some(running)
            }
            Err(StartError::NotRun { reason, remedy, .. }) => {
                self.note_not_run(&reason, &remedy);
                None
            }
            Err(failed @ StartError::Failed { .. }) => panic!("{failed}"),
        }
    }

    fn note_not_run(&self, reason: &str, remedy: &str) {
        let name = self.engine.name();
        answer(self.facts.note_not_run(name, reason, remedy));
        assert!(
            !required::names(name),
            "{name} is required (BENCH_REQUIRE), and not to be had: {reason}; {remedy}"
        );
        eprintln!("{name} is NOT RUN: {reason}\n  help: {remedy}");
    }
}

#[cfg(test)]
mod tests;
