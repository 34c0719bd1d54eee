//! Takes samples of the rows: pair by pair, until they have as many as are wanted or the time is up.

use std::time::{Duration, Instant};

use super::effort::Effort;
use super::process::{ProcessFailure, ProcessResult};
use super::progress::{ProgressLine, ProgressReporter};
use super::row::{Arm, Phase, RowState, SampledRow, Series};
use super::schedule::{self, Batch, Schedule};
use super::targets::{BenchTargets, TargetId};
use crate::judge::Failure;
use crate::model::error::Error;

/// The rows, with everything that takes samples of them.
pub(crate) struct Sampler<'a> {
    pub(crate) targets: BenchTargets<'a>,
    /// The benchmarks that both sides have.
    pub(crate) rows: Vec<SampledRow>,
    /// Bench targets of the head that could not run.
    pub(crate) failures: Vec<Failure>,
    pub(crate) schedule: Schedule,
    pub(crate) progress: ProgressReporter<'a>,
}

/// What is measured next.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    /// The positions of the rows.
    pub(crate) rows: Vec<usize>,
    pub(crate) phase: Phase,
    /// The pairs that each row is to have of that phase.
    pub(crate) pairs: usize,
    /// When the time for it is up.
    pub(crate) until: Instant,
}

/// What one process is asked for.
#[derive(Clone, Copy)]
struct ProcessRequest<'a> {
    batch: &'a Batch,
    arm: Arm,
    /// Benchmarks that the head alone has.
    new: &'a [&'a str],
    /// What such a process took before.
    expected: Option<Duration>,
}

impl Sampler<'_> {
    /// When the time is up.
    pub(crate) fn deadline(&self) -> Instant {
        self.targets.deadline()
    }

    /// The time that is left.
    pub(crate) fn left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// Forgets the samples, but not what they cost.
    pub(crate) fn forget(&mut self) {
        self.rows.iter_mut().for_each(|row| row.first = Series::default());
    }

    /// The positions of the rows that want more pairs.
    pub(crate) fn open(&self) -> Vec<usize> {
        (0..self.rows.len()).filter(|row| self.rows[*row].is_open()).collect()
    }

    /// How the rows at the positions `wanted` share processes.
    pub(crate) fn batches(&self, wanted: &[usize]) -> Vec<Batch> {
        schedule::batches(&self.rows, wanted, &self.targets.starts())
    }

    /// Gives every row its first pair, with all rows of a bench target in one process: it shows what each costs. The
    /// benchmarks `new`, which the head alone has, run in the same process, so that they are known to run.
    pub(crate) fn survey(&mut self, new: &[TargetId]) -> Result<(), Error> {
        for target in 0..self.targets.pairs.len() {
            let rows: Vec<usize> =
                (0..self.rows.len()).filter(|row| self.rows[*row].target == target).collect();
            let new: Vec<&str> =
                new.iter().filter(|(at, _)| *at == target).map(|(_, id)| id.as_str()).collect();
            let is_needed = |arm: &Arm| !rows.is_empty() || (!arm.is_base() && !new.is_empty());
            let arms: Vec<Arm> = self.schedule.block(1).into_iter().filter(is_needed).collect();
            let goal = Goal { rows: rows.clone(), phase: Phase::First, pairs: 1, until: self.deadline() };
            self.run_block(&Batch { target, rows, seconds: 0.0 }, &arms, &goal, &new)?;
        }
        Ok(())
    }

    /// Measures until each row of `goal` has its pairs; `false` where the time is up before.
    pub(crate) fn sample(&mut self, goal: &Goal) -> Result<bool, Error> {
        loop {
            let lacks = |row: &&usize| {
                let row = &self.rows[**row];
                row.state != RowState::Failed && row.series(goal.phase).pairs() < goal.pairs
            };
            let lacking: Vec<usize> = goal.rows.iter().filter(lacks).copied().collect();
            if lacking.is_empty() {
                return Ok(true);
            }
            lacking.iter().for_each(|row| self.choose_length(*row));
            if !self.round(&lacking, goal)? {
                return Ok(false);
            }
        }
    }

    fn choose_length(&mut self, row: usize) {
        let row = &mut self.rows[row];
        row.choose_length(self.targets.pairs[row.target].start.seconds);
    }

    /// One block of each batch of the rows `lacking`; `false` where the time is up before the last.
    fn round(&mut self, lacking: &[usize], goal: &Goal) -> Result<bool, Error> {
        let mut batches = self.batches(lacking);
        self.schedule.shuffle(&mut batches);
        for batch in batches {
            let arms = self.arms(goal.pairs - self.pairs(&batch, goal).min(goal.pairs), goal.phase);
            let takes = Duration::from_secs_f64(batch.seconds * arms.len() as f64);
            if Instant::now() + takes > goal.until {
                return Ok(false);
            }
            self.run_block(&batch, &arms, goal, &[])?;
        }
        Ok(true)
    }

    fn arms(&mut self, pairs: usize, phase: Phase) -> Vec<Arm> {
        match phase {
            Phase::First => self.schedule.block(pairs),
            Phase::Confirmation => self.schedule.controlled_block(pairs),
        }
    }

    /// The pairs that every row of `batch` has.
    fn pairs(&self, batch: &Batch, goal: &Goal) -> usize {
        let pairs = batch.rows.iter().map(|row| self.rows[*row].series(goal.phase).pairs());
        pairs.min().unwrap_or_default()
    }

    fn run_block(&mut self, batch: &Batch, arms: &[Arm], goal: &Goal, new: &[&str]) -> Result<(), Error> {
        let mut expected = (batch.seconds > 0.0).then(|| Duration::from_secs_f64(batch.seconds));
        for arm in arms {
            self.targets.check_interrupt()?;
            self.show(batch, goal);
            let request =
                ProcessRequest { batch, arm: *arm, new: if arm.is_base() { &[] } else { new }, expected };
            match self.run_once(request, goal.phase)? {
                Ok(elapsed) => expected = Some(expected.unwrap_or_default().max(elapsed)),
                Err(failure) => return self.fails(request, &failure),
            }
        }
        Ok(())
    }

    /// Runs one process, and returns how long it took.
    fn run_once(
        &mut self,
        request: ProcessRequest<'_>,
        phase: Phase,
    ) -> Result<Result<Duration, ProcessFailure>, Error> {
        let ProcessRequest { batch, arm, new, expected } = request;
        let efforts = batch.rows.iter().map(|row| self.rows[*row].effort);
        let effort = efforts.max_by_key(|effort| effort.measurement).unwrap_or_default();
        let mine = batch.rows.iter().map(|row| self.rows[*row].id.as_str());
        let ids: Vec<&str> = mine.chain(new.iter().copied()).collect();
        let run = self.targets.run(batch.target, arm, &ids, effort, expected)?;
        match run.and_then(|result| result.complete(&ids)) {
            Ok(result) => self.record(batch, arm, phase, &result).map(|()| Ok(result.elapsed)),
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// Keeps what a process measured, and what it took.
    fn record(&mut self, batch: &Batch, arm: Arm, phase: Phase, result: &ProcessResult) -> Result<(), Error> {
        for position in &batch.rows {
            let reading = &result.readings[&self.rows[*position].id];
            let value = reading.measured.number(self.rows[*position].policy.statistic)?;
            self.rows[*position].add(phase, arm, value, reading.variance);
        }
        match batch.rows[..] {
            [row] if self.targets.pairs[batch.target].start.heeds_filters => {
                self.rows[row].took_alone(result.elapsed);
            }
            _ => result.spans().into_iter().for_each(|(id, span)| self.took(batch.target, id, span)),
        }
        Ok(())
    }

    fn took(&mut self, target: usize, id: &str, span: Duration) {
        let rows = self.rows.iter_mut().filter(|row| row.target == target && row.id == id);
        rows.for_each(|row| row.took_among(span));
    }

    /// A bench that fails on the head alone is a finding; one that fails on the base leaves nothing to compare with.
    fn fails(&mut self, request: ProcessRequest<'_>, failure: &ProcessFailure) -> Result<(), Error> {
        let target = request.batch.target;
        if request.arm.is_base() {
            return Err(self.targets.base_fails(target, failure));
        }
        self.check_base(target, request.expected)?;
        self.failures.push(self.targets.failure(target, failure));
        let failed = self.rows.iter_mut().filter(|row| row.target == target);
        failed.for_each(|row| row.state = RowState::Failed);
        Ok(())
    }

    /// Makes sure that the base can run what the head could not.
    fn check_base(&self, target: usize, expected: Option<Duration>) -> Result<(), Error> {
        let mine = self.rows.iter().filter(|row| row.target == target);
        let ids: Vec<&str> = mine.map(|row| row.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let run = self.targets.run(target, Arm::Base, &ids, Effort::default(), expected)?;
        run.map(drop).map_err(|failure| self.targets.base_fails(target, &failure))
    }

    fn show(&mut self, batch: &Batch, goal: &Goal) {
        let what = match batch.rows[..] {
            [row] => self.rows[row].id.as_str(),
            _ => &self.targets.pairs[batch.target].label,
        };
        let doing = match goal.phase {
            Phase::First => "measuring",
            Phase::Confirmation => "confirming",
        };
        let (pairs, open, left) = ((self.pairs(batch, goal) + 1, goal.pairs), self.open().len(), self.left());
        self.progress.show(&ProgressLine { doing, what, pairs, open, left });
    }
}
