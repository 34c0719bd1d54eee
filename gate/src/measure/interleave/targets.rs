//! The bench targets of both sides, and which benchmarks they hold.
//!
//! A bench target is known by its package and its name, a benchmark by its target and its id.

use std::collections::BTreeMap;
use std::time::Duration;

use super::effort::Effort;
use super::pair::{TargetPair, pairs};
use super::process::{self, ProcessContext, ProcessFailure, ProcessResult, ProcessRun};
use super::row::Arm;
use super::schedule::StartCost;
use crate::judge::Failure;
use crate::measure::cargo::{BuiltTargets, LeftOut};
use crate::measure::run::last_lines;
use crate::model::error::AbError;
use crate::model::error::Error;
use crate::model::filter::IdFilter;

/// How Criterion, asked with `--list`, ends the line of a benchmark.
const LISTED: &str = ": benchmark";

/// Everything that can be measured.
#[derive(Debug)]
pub(crate) struct BenchTargets<'a> {
    /// In the order of the head's.
    pub(crate) pairs: Vec<TargetPair<'a>>,
    /// Those that one side could not build, or that are not Criterion's.
    pub(crate) left_out: Vec<LeftOut>,
    failures: Vec<Failure>,
    context: ProcessContext<'a>,
    /// Whether no file differs that a bench could read when it runs.
    code_alone_changed: bool,
}

/// A benchmark's id, with the position of its bench target.
pub(crate) type TargetId = (usize, String);

/// The benchmarks, by which side has them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inventory {
    /// Both, in executables that differ.
    pub(crate) both: Vec<TargetId>,
    /// Both, in executables that are equal byte for byte: no measurement could show a change.
    pub(crate) identical: Vec<TargetId>,
    /// The base alone.
    pub(crate) missing: Vec<TargetId>,
    /// The head alone.
    pub(crate) new: Vec<TargetId>,
    /// Bench targets of the head that could not run.
    pub(crate) failures: Vec<Failure>,
}

impl<'a> BenchTargets<'a> {
    /// The bench targets of `base` and `head`.
    ///
    /// One that the head cannot build any more is a finding; one that the base cannot build is left out.
    pub(crate) fn new(base: &'a BuiltTargets, head: &'a BuiltTargets, context: ProcessContext<'a>) -> Self {
        let (broken, mut left_out) = left_out_of_head(base, head);
        let others =
            base.left_out.iter().filter(|out| head.left_out.iter().all(|it| it.target != out.target));
        left_out.extend(others.cloned());
        let is_out =
            |label: &String| [&broken, &left_out].into_iter().flatten().any(|out| out.target == *label);
        let pairs = pairs(&base.targets, &head.targets).filter(|pair| !is_out(&pair.label)).collect();
        let failures = broken.into_iter().map(failure).collect();
        Self { pairs, left_out, failures, context, code_alone_changed: false }
    }

    /// The same, where executables that are equal need not run, because nothing else of the two sides differs that a
    /// bench could read.
    pub(crate) fn without_identical(self, code_alone_changed: bool) -> Self {
        Self { code_alone_changed, ..self }
    }

    /// What a process costs to start, of each bench target.
    pub(crate) fn starts(&self) -> Vec<StartCost> {
        self.pairs.iter().map(|pair| pair.start).collect()
    }

    /// When the time is up.
    pub(crate) fn deadline(&self) -> std::time::Instant {
        self.context.deadline
    }

    /// Fails once a signal has come.
    pub(crate) fn check_interrupt(&self) -> Result<(), Error> {
        self.context.interrupt.check()
    }

    /// Asks every executable for its benchmarks, of which `filter` may leave a part.
    ///
    /// An executable that gives no list runs once, to see what it saves.
    pub(crate) fn list(&mut self, filter: Option<&IdFilter>) -> Result<Inventory, Error> {
        let mut all = Inventory { failures: self.failures.clone(), ..Inventory::default() };
        for target in 0..self.pairs.len() {
            let base = self.ids(target, Arm::Base)?.map_err(|failure| self.base_fails(target, &failure))?;
            match self.ids(target, Arm::Head)? {
                Ok(head) => {
                    let is_identical = self.code_alone_changed && self.pairs[target].is_identical();
                    all.add(target, base, head, is_identical);
                }
                Err(failure) => all.failures.push(self.failure(target, &failure)),
            }
        }
        let all = all.only(filter)?;
        self.refuse_shared_ids(&all).map(|()| all)
    }

    /// A benchmark is reported by its id alone, so two bench targets with one id could not be told apart.
    fn refuse_shared_ids(&self, inventory: &Inventory) -> Result<(), Error> {
        for of_one_side in [&inventory.missing, &inventory.new] {
            let mut seen = BTreeMap::new();
            for (target, id) in [&inventory.both, &inventory.identical, of_one_side].into_iter().flatten() {
                if let Some(other) = seen.insert(id, target).filter(|other| *other != target) {
                    let (one, other) = (&self.pairs[*other].label, &self.pairs[*target].label);
                    return Err(AbError::shared_id(id, one, other).into());
                }
            }
        }
        Ok(())
    }

    /// The ids of the side `arm`; none where it has no such bench target.
    fn ids(&mut self, target: usize, arm: Arm) -> Result<Result<Vec<String>, ProcessFailure>, Error> {
        let Some(executable) = self.pairs[target].side(arm) else { return Ok(Ok(Vec::new())) };
        let (ended, elapsed) = process::list(executable, &self.context)?;
        let ids = if ended.failure.is_none() { listed(&ended.output) } else { Vec::new() };
        if !ids.is_empty() {
            self.pairs[target].start.seconds = elapsed.as_secs_f64();
            return Ok(Ok(ids));
        }
        self.pairs[target].start = StartCost { seconds: 0.0, heeds_filters: false };
        let result = self.run(target, arm, &[], Effort::default(), None)?;
        Ok(result.map(|result| result.readings.into_keys().collect()))
    }

    /// Runs one process of the bench target at the position `target`, for the benchmarks `ids`. It took `expected`
    /// before.
    pub(crate) fn run(
        &self,
        target: usize,
        arm: Arm,
        ids: &[&str],
        effort: Effort,
        expected: Option<Duration>,
    ) -> Result<Result<ProcessResult, ProcessFailure>, Error> {
        let pair = &self.pairs[target];
        let target = pair.side(arm).expect("a bench target that this side has");
        let heeds = pair.start.heeds_filters;
        let run = ProcessRun { target, ids: heeds.then_some(ids), effort: heeds.then_some(effort) };
        run.run(&self.context, expected)
    }

    /// The error that a bench of the base could not run.
    pub(crate) fn base_fails(&self, target: usize, failure: &ProcessFailure) -> Error {
        let output = last_lines(&failure.output).join("\n");
        AbError::base_fails(&self.pairs[target].label, &failure.reason, &output).into()
    }

    /// The finding that a bench of the head could not run.
    pub(crate) fn failure(&self, target: usize, failure: &ProcessFailure) -> Failure {
        let (category, reason) = (self.pairs[target].label.clone(), failure.reason.clone());
        Failure { category, reason, output: last_lines(&failure.output) }
    }
}

fn failure(LeftOut { target: category, reason }: LeftOut) -> Failure {
    Failure { category, reason, output: Vec::new() }
}

/// What the head leaves out: that which the base has, and the rest.
fn left_out_of_head(base: &BuiltTargets, head: &BuiltTargets) -> (Vec<LeftOut>, Vec<LeftOut>) {
    let is_in = |label: &str| base.targets.iter().any(|target| target.label() == label);
    head.left_out.iter().cloned().partition(|out| is_in(&out.target))
}

impl Inventory {
    fn add(&mut self, target: usize, base: Vec<String>, head: Vec<String>, is_identical: bool) {
        let (missing, both): (Vec<String>, Vec<String>) = base.into_iter().partition(|id| !head.contains(id));
        let new = head.into_iter().filter(|id| !both.contains(id)).map(|id| (target, id));
        self.new.extend(new);
        self.missing.extend(missing.into_iter().map(|id| (target, id)));
        let shared = if is_identical { &mut self.identical } else { &mut self.both };
        shared.extend(both.into_iter().map(|id| (target, id)));
    }

    /// The part that `filter` names.
    fn only(mut self, filter: Option<&IdFilter>) -> Result<Self, Error> {
        let available: Vec<&str> = self.all().map(|(_, id)| id.as_str()).collect();
        let Some(filter) = filter else {
            return if available.is_empty() && self.failures.is_empty() {
                Err(AbError::nothing_to_compare("no bench target holds one on either side").into())
            } else {
                Ok(self)
            };
        };
        if !available.iter().any(|id| filter.holds(id)) {
            return Err(AbError::no_such_benchmark(&filter.to_string(), &available.join(", ")).into());
        }
        for list in [&mut self.both, &mut self.identical, &mut self.missing, &mut self.new] {
            list.retain(|(_, id)| filter.holds(id));
        }
        Ok(self)
    }

    fn all(&self) -> impl Iterator<Item = &TargetId> {
        [&self.both, &self.identical, &self.missing, &self.new].into_iter().flatten()
    }
}

/// The ids in what an executable printed when it was asked for a list.
fn listed(output: &[String]) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let listed = output.iter().filter_map(|line| line.trim_end().strip_suffix(LISTED));
    listed.filter(|id| !id.is_empty() && seen.insert(*id)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory() -> Inventory {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let mut inventory = Inventory::default();
        inventory.add(3, ids(&["a/x", "a/y"]), ids(&["a/y", "a/z"]), false);
        inventory
    }

    #[test]
    fn a_benchmark_of_one_side_is_missing_or_new() {
        let one = |id: &str| vec![(3, id.to_owned())];
        let Inventory { both, missing, new, .. } = inventory();
        assert_eq!((both, missing, new), (one("a/y"), one("a/x"), one("a/z")));
    }

    #[test]
    fn a_filter_leaves_a_part_and_never_nothing() {
        let only = |filter: &str| inventory().only(Some(&filter.parse().unwrap()));
        assert_eq!(only("a/z").unwrap().all().collect::<Vec<_>>(), [&(3, "a/z".to_owned())]);
        assert_eq!(only("a").unwrap().all().count(), 3);
        let error = only("b").unwrap_err().to_string();
        assert!(error.contains("no benchmark `b`: there are a/y, a/x, a/z"), "{error}");
        assert!(Inventory::default().only(None).unwrap_err().to_string().contains("no benchmark to compare"));
    }

    #[test]
    fn a_list_is_what_criterion_prints_and_nothing_else() {
        let output =
            ["Gnuplot not found", "a/b: benchmark", "a/c d: x: benchmark", "a/b: benchmark", "t: test", ""];
        assert_eq!(listed(&output.map(str::to_owned)), ["a/b", "a/c d: x"]);
    }
}
