//! The comparison of what `check` and `run` judge with a baseline.

use super::baseline::find;
use super::comparison::compared;
use crate::command::cli::{AgainstArgs, BaselineArgs, BaselinesFolder, ComparisonArgs};
use crate::judge::Compared;
use crate::judge::run_set::{self, Pairing, RecordedRun, RunSet};
use crate::metadata::EngineMetadata;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::thresholds::Thresholds;
use crate::thresholds::policies::Policies;

/// A baseline, and how it is to be compared with.
pub struct Against {
    base: RunSet,
    policies: Policies,
    comparison: ComparisonArgs,
}

impl Against {
    /// The baseline that `arguments` name, if they do: a named one, else one that Criterion saved.
    ///
    /// # Errors
    /// There is none of that name, or a margin is `auto` and was not measured.
    pub fn load(
        arguments: &AgainstArgs,
        thresholds: &Thresholds,
        baselines: &BaselinesFolder,
        criterion_home: Option<&std::path::Path>,
    ) -> Result<Option<Self>, Error> {
        let Some(name) = &arguments.baseline else { return Ok(None) };
        let (named, criterion_home) = (baselines.clone(), criterion_home.map(ToOwned::to_owned));
        let base = RunSet::from_baseline(find(name, &BaselineArgs { named, criterion_home })?);
        let margin = arguments.comparison.margin;
        let policies = Policies::new(thresholds.clone(), margin, &baselines.folder)?;
        Ok(Some(Self { base, policies, comparison: arguments.comparison.clone() }))
    }

    /// Refuses, before minutes are spent on them, `runs` that could not be compared in any case.
    ///
    /// # Errors
    /// Another environment would stand against this one.
    pub fn refuse_in_advance(&self, runs: usize, environment: &Environment) -> Result<(), Error> {
        let run = RecordedRun {
            origin: "this run".to_owned(),
            folder: None,
            made_apart: false,
            environment: Some(environment.clone()),
            started: None,
            results: Vec::new(),
        };
        let head = RunSet { name: "this run".to_owned(), runs: vec![run; runs] };
        match run_set::different_environment(&self.base, &head) {
            Some(difference) if !self.comparison.allow_different_environment => Err(difference.into()),
            _ => Ok(()),
        }
    }

    /// Compares the `runs`, as far as `holds` reaches, but for what cannot run on this machine.
    ///
    /// # Errors
    /// They cannot be compared.
    pub fn compare(
        mut self,
        runs: Vec<RecordedRun>,
        facts: &EngineMetadata,
        holds: impl Fn(&str) -> bool,
    ) -> Result<Compared, Error> {
        let name = if runs.len() == 1 { "this run" } else { "these runs" };
        let mut head = RunSet { name: name.to_owned(), runs };
        let ruled_out = self.base.ids().into_iter().filter(|id| holds(id) && facts.rule_out(id)).count();
        [&mut self.base, &mut head]
            .into_iter()
            .for_each(|it| it.retain(|id| holds(id) && !facts.rule_out(id)));
        let note = format!("{ruled_out} benchmarks of the baseline are left out: NOT RUN here");
        let note = (ruled_out > 0).then_some(note);
        compared(&self.base, &head, Pairing::Unpaired, &self.policies, &self.comparison, note)
    }
}
