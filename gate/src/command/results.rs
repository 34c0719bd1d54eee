//! The results of a Criterion home, with what the home's own record says of them.

use std::path::{Path, PathBuf};

use crate::criterion::{self, CriterionHome, SavedResults, Source, UnreadableResult};
use crate::files::baseline::Run;
use crate::judge::run_set::RecordedRun;
use crate::judge::{self, Compared, Failure, Judgement, NotJudged, Scope};
use crate::measure::cargo;
use crate::measure::run::record::RunRecord;
use crate::metadata::EngineMetadata;
use crate::model::benchmark::{Benchmark, category_of};
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
    /// What is there and was not read, counted by reason.
    left_out: NotJudged,
}

impl Results {
    /// Reads `home`. To hold no result at all is no error where the record says why: the report then says it.
    ///
    /// # Errors
    /// Results or what was noted beside them cannot be read.
    pub fn read(home: &Path, times: Vec<CategoryTime>) -> Result<Self, Error> {
        Ok(Self { times, ..Self::of(&CriterionHome(home), home, &[])? })
    }

    /// What `source` holds of the `categories` (of all, if there are none), with what `home` notes of it. Results of
    /// other categories that cannot be read are counted and left out.
    ///
    /// # Errors
    /// As [`Results::read`].
    pub fn of(source: &dyn Source, home: &Path, categories: &[String]) -> Result<Self, Error> {
        let record = RunRecord::read(home)?;
        let facts = EngineMetadata::read(home, record.as_ref().map(RunRecord::fresh_from))?;
        let excused = record.as_ref().is_some_and(|it| !it.failures.is_empty() || !it.left_out.is_empty());
        let found = match source.read(criterion::LATEST) {
            Err(Error::EmptyHome { .. }) if excused || !facts.unavailable.is_empty() => {
                SavedResults::default()
            }
            found => found?,
        };
        let (benchmarks, left_out) =
            in_scope(found, &held(home, record.as_ref(), categories), categories, &facts)?;
        Ok(Self { home: home.to_owned(), benchmarks, record, facts, times: Vec::new(), left_out })
    }

    /// Judges the results in `scope`, and what of them the record says could not run; joined by what `compare` makes of
    /// them where all could.
    ///
    /// # Errors
    /// A result in scope is older than the run, or cannot be judged or compared.
    pub fn judge(
        &self,
        thresholds: &Thresholds,
        mut scope: Scope,
        compare: impl FnOnce(&Scope) -> Result<Option<Compared>, Error>,
    ) -> Result<Judgement, Error> {
        if let Some(record) = &self.record {
            let in_scope = self.benchmarks.iter().filter(|benchmark| scope.holds(&benchmark.id));
            criterion::refuse_stale(in_scope, record.fresh_from())?;
            let is_named = |label: &str| scope.categories.iter().any(|name| cargo::names(name, label));
            let in_scope = |failure: &&Failure| scope.categories.is_empty() || is_named(&failure.category);
            let failures = record.failures.iter().filter(in_scope);
            scope.failures = failures.cloned().collect();
        }
        let comparison = if scope.failures.is_empty() { compare(&scope)? } else { None };
        judge::judge(thresholds, &self.benchmarks, scope, comparison)
    }

    /// What is to be judged where `names` are asked for: bench targets with the groups that they hold, and groups.
    #[must_use]
    pub fn scope(&self, names: &[String], filter: Option<&IdFilter>) -> Scope {
        let homes = held(&self.home, self.record.as_ref(), names);
        let is_held = |benchmark: &&Benchmark| homes.iter().any(|home| benchmark.folder.starts_with(home));
        let held = self.benchmarks.iter().filter(is_held).map(|benchmark| benchmark.category().to_owned());
        let (categories, facts) = (names.iter().cloned().chain(held).collect(), self.facts.clone());
        let left_out = self.left_out.clone();
        Scope { categories, filter: filter.cloned(), facts, left_out, ..Scope::default() }
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

/// The homes in `home` of the bench targets that `names` name.
fn held(home: &Path, record: Option<&RunRecord>, names: &[String]) -> Vec<PathBuf> {
    let targets = record.into_iter().flat_map(|record| &record.targets);
    let meant = targets.filter(|it| names.iter().any(|name| cargo::names(name, &it.target)));
    meant.map(|target| home.join(&target.home)).collect()
}

/// What of `found` can be judged, and what is left out. Of what cannot be read, the results that are in one of `homes`
/// or may be of one of `categories` are an error.
fn in_scope(
    mut found: SavedResults,
    homes: &[PathBuf],
    categories: &[String],
    facts: &EngineMetadata,
) -> Result<(Vec<Benchmark>, NotJudged), Error> {
    let is_elsewhere = |result: &mut UnreadableResult| {
        !homes.iter().any(|home| result.folder.starts_with(home)) && !concerns(result, categories)
    };
    let elsewhere = found.unreadable.extract_if(.., is_elsewhere).count();
    let mut left_out = vec![(elsewhere, "unreadable"), (found.foreign.len(), "of cargo criterion, in CBOR")];
    let mut benchmarks = found.all()?;
    // What its bench could not run this time is a result of another time.
    let outdated = benchmarks.extract_if(.., |benchmark| facts.rule_out(&benchmark.id)).count();
    left_out.push((outdated, "of engines that were not run"));
    Ok((benchmarks, left_out))
}

/// Whether `result` may be one of `categories`, by its id, else by any folder that it is in.
fn concerns(result: &UnreadableResult, categories: &[String]) -> bool {
    let is_of = |category: &String| match &result.id {
        Some(id) => category_of(id) == category,
        None => result.folder.iter().any(|name| criterion::may_hold(&name.to_string_lossy(), category)),
    };
    categories.is_empty() || categories.iter().any(is_of)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::SystemTime;

    use super::*;

    /// A source with two results that cannot be read: of one the id is known, of the other the folder.
    struct Broken;

    impl Source for Broken {
        fn read(&self, _saved: &str) -> Result<SavedResults, Error> {
            let unreadable = |id: Option<&str>, folder: &str| UnreadableResult {
                id: id.map(ToOwned::to_owned),
                folder: PathBuf::from(folder),
                error: Error::CargoCriterion { path: PathBuf::from(folder) },
            };
            let unreadable = vec![unreadable(Some("api/a"), "home/x"), unreadable(None, "home/web_1/b/new")];
            Ok(SavedResults { unreadable, ..SavedResults::default() })
        }

        fn written(&self, _benchmark: &Benchmark) -> Result<SystemTime, Error> {
            Ok(SystemTime::UNIX_EPOCH)
        }

        fn saved_sets(&self) -> Result<BTreeMap<String, usize>, Error> {
            Ok(BTreeMap::new())
        }
    }

    #[test]
    fn what_cannot_be_read_stops_the_categories_that_it_may_be_of() {
        let read = |categories: &[&str]| {
            let categories: Vec<String> = categories.iter().map(ToString::to_string).collect();
            Results::of(&Broken, Path::new("home"), &categories).map(|results| results.left_out[0].0)
        };
        assert_eq!(read(&["cache"]).unwrap(), 2);
        for (categories, named) in [
            (&["api"][..], vec!["home/x"]),
            (&["web?1"], vec!["home/web_1"]),
            (&[], vec!["home/x", "home/web_1"]),
        ] {
            let error = read(categories).unwrap_err().to_string();
            assert!(named.iter().all(|name| error.contains(name)), "{categories:?}: {error}");
        }
    }
}
