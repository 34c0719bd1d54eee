//! Where rows are measured: pair by pair, until they have as many as are wanted or the time is up.

use std::time::{Duration, Instant};

use super::effort::Effort;
use super::lab::{self, Lab};
use super::row::{Phase, Row, Standing};
use super::schedule::{Arm, Schedule};
use super::series::Series;
use super::shot::{Hit, Miss};
use super::unit::{self, Unit};
use super::watch::{Moment, Watch};
use crate::judge::Failure;
use crate::model::error::Error;

/// The rows, with what they are measured by.
pub struct Stand<'a> {
    /// The bench targets.
    pub lab: Lab<'a>,
    /// The benchmarks that both sides have.
    pub rows: Vec<Row>,
    /// Bench targets of the head that could not run.
    pub failures: Vec<Failure>,
    /// The order.
    pub schedule: Schedule,
    /// What is shown.
    pub watch: Watch<'a>,
}

/// What is measured now.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// Which evidence the runs belong to.
    pub phase: Phase,
    /// The pairs that each row is to have of it.
    pub pairs: usize,
    /// When the time for it is up.
    pub until: Instant,
}

/// What one process is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    unit: &'a Unit,
    arm: Arm,
    /// Benchmarks that the head alone has.
    new: &'a [&'a str],
    /// What such a process took before.
    expected: Option<Duration>,
}

impl Goal {
    fn doing(self) -> &'static str {
        match self.phase {
            Phase::First => "measuring",
            Phase::Confirmation => "confirming",
        }
    }
}

impl Stand<'_> {
    /// When the time is up.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.lab.surroundings.deadline
    }

    /// The time that is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// Forgets what was measured, but not what it costs.
    pub fn begin_anew(&mut self) {
        self.rows.iter_mut().for_each(|row| row.first = Series::default());
    }

    /// The positions of the rows that want more pairs.
    #[must_use]
    pub fn open(&self) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| row.is_open()).map(|(position, _)| position).collect()
    }

    /// How the rows at the positions `wanted` share processes.
    #[must_use]
    pub fn units(&self, wanted: &[usize]) -> Vec<Unit> {
        unit::units(&self.rows, wanted, &self.lab.starts())
    }

    /// Gives every row its first pair, with all rows of a bench target in one process: it shows what each costs. The
    /// benchmarks `new`, which the head alone has, run on the way, so that they are known to run.
    ///
    /// # Errors
    /// A bench of the base cannot run, a row gives no value, or a signal interrupted.
    pub fn survey(&mut self, new: &[(usize, String)]) -> Result<(), Error> {
        let goal = Goal { phase: Phase::First, pairs: 1, until: self.deadline() };
        for bench in 0..self.lab.benches.len() {
            let rows = (0..self.rows.len()).filter(|row| self.rows[*row].bench == bench).collect();
            let unit = Unit { bench, rows, seconds: 0.0 };
            let new: Vec<&str> =
                new.iter().filter(|(at, _)| *at == bench).map(|(_, id)| id.as_str()).collect();
            let arms = self.schedule.block(1);
            let arms =
                arms.into_iter().filter(|arm| !unit.rows.is_empty() || (!arm.is_base() && !new.is_empty()));
            self.run_block(&unit, &arms.collect::<Vec<_>>(), goal, &new)?;
        }
        Ok(())
    }

    /// Measures the rows at the positions `wanted` until each has the pairs of `goal`; `false` where the time is up
    /// before.
    ///
    /// # Errors
    /// As [`Stand::survey`].
    pub fn measure(&mut self, wanted: &[usize], goal: Goal) -> Result<bool, Error> {
        loop {
            let lacks = |row: &&usize| {
                let row = &self.rows[**row];
                row.standing != Standing::Failed && row.series(goal.phase).pairs() < goal.pairs
            };
            let lacking: Vec<usize> = wanted.iter().filter(lacks).copied().collect();
            if lacking.is_empty() {
                return Ok(true);
            }
            lacking.iter().for_each(|row| self.tune(*row));
            if !self.round(&lacking, goal)? {
                return Ok(false);
            }
        }
    }

    fn tune(&mut self, row: usize) {
        let row = &mut self.rows[row];
        row.choose_length(self.lab.benches[row.bench].starts.seconds);
    }

    /// One block of each unit of the rows `lacking`; `false` where the time is up on the way.
    fn round(&mut self, lacking: &[usize], goal: Goal) -> Result<bool, Error> {
        let mut units = self.units(lacking);
        self.schedule.shuffle(&mut units);
        for unit in units {
            let has = unit.rows.iter().map(|row| self.rows[*row].series(goal.phase).pairs()).min();
            let arms = self.arms(goal.pairs - has.unwrap_or_default().min(goal.pairs), goal.phase);
            let ends = Duration::from_secs_f64(unit.seconds * arms.len() as f64);
            if Instant::now() + ends > goal.until {
                return Ok(false);
            }
            self.run_block(&unit, &arms, goal, &[])?;
        }
        Ok(true)
    }

    fn arms(&mut self, pairs: usize, phase: Phase) -> Vec<Arm> {
        match phase {
            Phase::First => self.schedule.block(pairs),
            Phase::Confirmation => self.schedule.controlled_block(pairs),
        }
    }

    fn run_block(&mut self, unit: &Unit, arms: &[Arm], goal: Goal, new: &[&str]) -> Result<(), Error> {
        let mut expected = (unit.seconds > 0.0).then(|| Duration::from_secs_f64(unit.seconds));
        for arm in arms {
            self.lab.check_interrupt()?;
            self.show(unit, goal);
            let asked = Asked { unit, arm: *arm, new: if arm.is_base() { &[] } else { new }, expected };
            match self.run_once(asked, goal.phase)? {
                Ok(elapsed) => expected = Some(expected.unwrap_or_default().max(elapsed)),
                Err(miss) => return self.fails(asked, &miss),
            }
        }
        Ok(())
    }

    /// Runs one process, and returns how long it took.
    fn run_once(&mut self, asked: Asked<'_>, phase: Phase) -> Result<Result<Duration, Miss>, Error> {
        let Asked { unit, arm, new, expected } = asked;
        let efforts = unit.rows.iter().map(|row| self.rows[*row].effort);
        let effort = efforts.max_by_key(|effort| effort.measurement).unwrap_or_default();
        let mine = unit.rows.iter().map(|row| self.rows[*row].id.as_str());
        let ids: Vec<&str> = mine.chain(new.iter().copied()).collect();
        let fired = self.lab.fire(unit.bench, arm, &ids, effort, expected)?;
        match fired.and_then(|hit| complete(hit, &ids)) {
            Ok(hit) => self.note(unit, arm, phase, &hit).map(|()| Ok(hit.elapsed)),
            Err(miss) => Ok(Err(miss)),
        }
    }

    /// Keeps what a process measured, and what it took.
    fn note(&mut self, unit: &Unit, arm: Arm, phase: Phase, hit: &Hit) -> Result<(), Error> {
        for position in &unit.rows {
            let reading = &hit.readings[&self.rows[*position].id];
            let value = reading.measured.number(self.rows[*position].policy.statistic)?;
            self.rows[*position].add(phase, arm, value, reading.variance);
        }
        match unit.rows[..] {
            [row] if self.lab.benches[unit.bench].starts.heeds_filters => {
                self.rows[row].took_alone(hit.elapsed);
            }
            _ => lab::spans(hit).into_iter().for_each(|(id, span)| self.took(id, span)),
        }
        Ok(())
    }

    fn took(&mut self, id: &str, span: Duration) {
        self.rows.iter_mut().filter(|row| row.id == id).for_each(|row| row.took_among(span));
    }

    /// A bench that fails on the head alone is a finding; one that fails on the base leaves nothing to compare with.
    fn fails(&mut self, asked: Asked<'_>, miss: &Miss) -> Result<(), Error> {
        let bench = asked.unit.bench;
        if asked.arm.is_base() {
            return Err(self.lab.base_fails(bench, miss));
        }
        self.check_base(asked)?;
        self.failures.push(self.lab.failure(bench, miss));
        let failed = self.rows.iter_mut().filter(|row| row.bench == bench);
        failed.for_each(|row| row.standing = Standing::Failed);
        Ok(())
    }

    /// Makes sure that the base can run what the head could not.
    fn check_base(&self, asked: Asked<'_>) -> Result<(), Error> {
        let bench = asked.unit.bench;
        let mine = self.rows.iter().filter(|row| row.bench == bench);
        let ids: Vec<&str> = mine.map(|row| row.id.as_str()).collect();
        if !ids.is_empty()
            && let Err(miss) = self.lab.fire(bench, Arm::Base, &ids, Effort::default(), asked.expected)?
        {
            return Err(self.lab.base_fails(bench, &miss));
        }
        Ok(())
    }

    fn show(&mut self, unit: &Unit, goal: Goal) {
        let what = match unit.rows[..] {
            [row] => self.rows[row].id.as_str(),
            _ => self.lab.benches[unit.bench].name,
        };
        let has = unit.rows.iter().map(|row| self.rows[*row].series(goal.phase).pairs()).min();
        let pairs = (has.unwrap_or_default() + 1, goal.pairs);
        let (open, left) = (self.open().len(), self.left());
        self.watch.show(&Moment { doing: goal.doing(), what, pairs, open, left });
    }
}

/// `hit`, if it holds a result for each of `ids`: Criterion drops what it cannot store.
fn complete(hit: Hit, ids: &[&str]) -> Result<Hit, Miss> {
    match ids.iter().find(|id| !hit.readings.contains_key(**id)) {
        None => Ok(hit),
        Some(id) => {
            Err(Miss { reason: format!("it saved no Criterion result for `{id}`"), output: Vec::new() })
        }
    }
}
