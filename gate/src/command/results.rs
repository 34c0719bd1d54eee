//! The results of a Criterion home, with what the home's own record says of them.

use std::path::{Path, PathBuf};

use crate::criterion;
use crate::files::baseline::Run;
use crate::judge::run_set::RecordedRun;
use crate::judge::{self, Failure, Judgement, Scope};
use crate::measure::cargo;
use crate::measure::run::record::RunRecord;
use crate::model::benchmark::Benchmark;
use crate::model::engine_metadata::EngineMetadata;
use crate::model::environment::{Environment, LazyEnvironment};
use crate::model::error::Error;
use crate::model::filter::IdFilter;
use crate::report::{CategoryTime, Report};
use crate::thresholds::Thresholds;

/// What a Criterion home holds.
pub struct Results {
    /// The home.
    pub home: PathBuf,
    /// Its latest results.
    pub benchmarks: Vec<Benchmark>,
    /// What the run that filled it left, where one of ours did.
    pub record: Option<RunRecord>,
    /// What the benches noted of their engines.
    pub facts: EngineMetadata,
    /// How long the categories took, where this process ran them.
    pub times: Vec<CategoryTime>,
}

impl Results {
    /// Reads `home`. To hold no result at all is no error where the record says why: the report then says it.
    pub fn read(home: &Path, times: Vec<CategoryTime>) -> Result<Self, Error> {
        let record = RunRecord::read(home)?;
        let excused = record.as_ref().is_some_and(|it| !it.failures.is_empty() || !it.left_out.is_empty());
        let facts = EngineMetadata::read(home, record.as_ref().map(RunRecord::fresh_from))?;
        let excused = excused || !facts.unavailable.is_empty();
        let mut benchmarks = match criterion::load(home, criterion::LATEST) {
            Err(Error::EmptyHome { .. }) if excused => Vec::new(),
            loaded => loaded?,
        };
        // What its bench could not run this time is a result of another time.
        benchmarks.retain(|benchmark| !facts.rule_out(&benchmark.id));
        Ok(Self { home: home.to_owned(), benchmarks, record, facts, times })
    }

    /// Judges the results in `scope`, and what of them the record says could not run.
    pub fn judge(&self, thresholds: &Thresholds, mut scope: Scope) -> Result<Judgement, Error> {
        if let Some(record) = &self.record {
            let in_scope = self.benchmarks.iter().filter(|benchmark| scope.holds(&benchmark.id));
            criterion::refuse_stale(in_scope, record.fresh_from())?;
            let is_named = |label: &str| scope.categories.iter().any(|name| cargo::names(name, label));
            let in_scope = |failure: &&Failure| scope.categories.is_empty() || is_named(&failure.category);
            let failures = record.failures.iter().filter(in_scope);
            scope.failures = failures.cloned().collect();
        }
        judge::judge(thresholds, &self.benchmarks, scope)
    }

    /// What is to be judged where `names` are asked for: bench targets with the groups that they hold, and groups.
    #[must_use]
    pub fn scope(&self, names: &[String], filter: Option<&IdFilter>) -> Scope {
        let targets = self.record.iter().flat_map(|record| &record.targets);
        let meant = targets.filter(|it| names.iter().any(|name| cargo::names(name, &it.target)));
        let homes: Vec<PathBuf> = meant.map(|target| self.home.join(&target.home)).collect();
        let is_held = |benchmark: &&Benchmark| homes.iter().any(|home| benchmark.folder.starts_with(home));
        let held = self.benchmarks.iter().filter(is_held).map(|benchmark| benchmark.category().to_owned());
        let (categories, facts) = (names.iter().cloned().chain(held).collect(), self.facts.clone());
        Scope { categories, filter: filter.cloned(), facts, ..Scope::default() }
    }

    /// Fails on the first of `names` that is no bench target here, and that neither a result nor a metric belongs to.
    ///
    /// # Errors
    /// [`Error::NoSuchCategory`], with the groups that there are.
    pub fn refuse_unknown(&self, thresholds: &Thresholds, names: &[String]) -> Result<(), Error> {
        let targets = || self.record.iter().flat_map(|record| &record.targets);
        let is_target = |name: &&String| targets().any(|it| cargo::names(name, &it.target));
        let groups: Vec<String> = names.iter().filter(|name| !is_target(name)).cloned().collect();
        judge::refuse_unknown_categories(thresholds, &self.benchmarks, &groups)
    }

    /// What the bench targets that ran are called.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        self.record.iter().flat_map(|record| &record.targets).map(|target| target.target.clone()).collect()
    }

    /// How much of the project they are, in a line that comes first; empty where no record says it.
    #[must_use]
    pub fn coverage(&self) -> String {
        let line = self.record.as_ref().and_then(RunRecord::coverage);
        line.map_or_else(String::new, |line| line + ".\n")
    }

    /// Where and when they were measured, if the record says so, else this moment and no mode; with the engines.
    pub fn environment(&self) -> LazyEnvironment {
        let (known, engines) = (self.record.as_ref().map(|it| it.environment.clone()), self.facts.majors());
        let environment = move || known.unwrap_or_else(|| Environment::here(None));
        LazyEnvironment::new(Box::new(move || Environment { engines, ..environment() }))
    }

    /// What this run gives a comparison of the benchmarks that `holds` holds; its environment, where the record says it.
    pub fn side_run(&self, origin: &str, holds: impl Fn(&str) -> bool) -> RecordedRun {
        let held: Vec<Benchmark> = self.benchmarks.iter().filter(|it| holds(&it.id)).cloned().collect();
        let engines = self.facts.majors();
        let record = self.record.as_ref();
        let environment = record.map(|record| Environment { engines, ..record.environment.clone() });
        RecordedRun {
            origin: origin.to_owned(),
            folder: None,
            made_apart: false,
            environment: environment.filter(|environment| !environment.is_unknown()),
            started: record.map(RunRecord::started),
            results: Run::of(&held).results,
        }
    }

    /// The report of `judgement`.
    pub fn report<'a>(
        &'a self,
        judgement: &'a Judgement,
        thresholds: &'a Thresholds,
        environment: &'a LazyEnvironment,
    ) -> Report<'a> {
        let Self { home, benchmarks, times, facts, .. } = self;
        let engines = &facts.engines;
        Report { judgement, benchmarks, thresholds, environment, home, times, engines }
    }
}
