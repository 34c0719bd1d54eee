//! The bench targets of both sides, and which benchmarks they hold.

use std::time::Duration;

use super::effort::Effort;
use super::error::AbError;
use super::listing;
use super::schedule::Arm;
use super::shot::{self, Hit, Miss, Shot};
use super::surroundings::Surroundings;
use super::unit::Starts;
use crate::judge::Failure;
use crate::measure::run::{BenchBinary, last_lines};
use crate::model::error::Error;

/// A bench target, on the sides that have it.
#[derive(Debug)]
pub struct Bench<'a> {
    /// Its name.
    pub name: &'a str,
    base: Option<&'a BenchBinary>,
    head: Option<&'a BenchBinary>,
    /// What is known of its processes.
    pub starts: Starts,
}

/// Everything that can be measured.
#[derive(Debug)]
pub struct Lab<'a> {
    /// The bench targets, in the order of the head's.
    pub benches: Vec<Bench<'a>>,
    /// What holds for every process.
    pub surroundings: Surroundings<'a>,
}

/// The benchmarks, each with the position of its bench target, by which side has them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Both.
    pub both: Vec<(usize, String)>,
    /// The base alone.
    pub missing: Vec<(usize, String)>,
    /// The head alone.
    pub new: Vec<(usize, String)>,
    /// Bench targets of the head that could not run.
    pub failures: Vec<Failure>,
}

impl<'a> Lab<'a> {
    /// The bench targets of `base` and `head`, whose processes run in `surroundings`.
    #[must_use]
    pub fn new(base: &'a [BenchBinary], head: &'a [BenchBinary], surroundings: Surroundings<'a>) -> Self {
        let find = |side: &'a [BenchBinary], name: &str| side.iter().find(|binary| binary.category == name);
        let gone = base.iter().filter(|binary| find(head, &binary.category).is_none());
        let names = head.iter().chain(gone).map(|binary| binary.category.as_str());
        let benches = names.map(|name| Bench {
            name,
            base: find(base, name),
            head: find(head, name),
            starts: Starts { seconds: 0.0, heeds_filters: true },
        });
        Self { benches: benches.collect(), surroundings }
    }

    /// The seconds that a process needs to start, and whether it heeds filters, of each bench target.
    #[must_use]
    pub fn starts(&self) -> Vec<Starts> {
        self.benches.iter().map(|bench| bench.starts).collect()
    }

    /// Asks every binary what it holds, of which `filter` may leave a part.
    ///
    /// A binary that gives no list is run once to see what it saves.
    ///
    /// # Errors
    /// A bench of the base cannot run, nothing has the name `filter`, there is nothing at all, or a signal interrupted.
    pub fn take_stock(&mut self, filter: Option<&str>) -> Result<Inventory, Error> {
        let mut all = Inventory::default();
        for bench in 0..self.benches.len() {
            let base = self.ids(bench, Arm::Base)?.map_err(|miss| self.base_fails(bench, &miss))?;
            match self.ids(bench, Arm::Head)? {
                Ok(head) => all.add(bench, base, head),
                Err(miss) => all.failures.push(self.failure(bench, &miss)),
            }
        }
        all.only(filter)
    }

    /// The ids of the side `arm`; none where it has no such bench target.
    fn ids(&mut self, bench: usize, arm: Arm) -> Result<Result<Vec<String>, Miss>, Error> {
        let Some(binary) = self.benches[bench].binary(arm) else { return Ok(Ok(Vec::new())) };
        let (ended, elapsed) = shot::list(binary, &self.surroundings)?;
        let ids = if ended.failure.is_none() { listing::ids(&ended.output) } else { Vec::new() };
        if !ids.is_empty() {
            self.benches[bench].starts.seconds = elapsed.as_secs_f64();
            return Ok(Ok(ids));
        }
        self.benches[bench].starts = Starts { seconds: 0.0, heeds_filters: false };
        let hit = self.fire(bench, arm, &[], Effort::default(), None)?;
        Ok(hit.map(|hit| hit.readings.into_keys().collect()))
    }

    /// Runs one process of the bench target at the position `bench`, for the benchmarks `ids`. It took `expected` before.
    ///
    /// # Errors
    /// As `Shot::fire`.
    ///
    /// # Panics
    /// The side has no such bench target.
    pub fn fire(
        &self,
        bench: usize,
        arm: Arm,
        ids: &[&str],
        effort: Effort,
        expected: Option<Duration>,
    ) -> Result<Result<Hit, Miss>, Error> {
        let bench = &self.benches[bench];
        let binary = bench.binary(arm).expect("a bench target that this side has");
        let heeds = bench.starts.heeds_filters;
        let shot = Shot { binary, ids: heeds.then_some(ids), effort: heeds.then_some(effort) };
        shot.fire(&self.surroundings, expected)
    }

    /// The error that a bench of the base could not run.
    #[must_use]
    pub fn base_fails(&self, bench: usize, miss: &Miss) -> Error {
        let (category, reason) = (self.benches[bench].name.to_owned(), miss.reason.clone());
        AbError::BaseFails { category, reason, output: last_lines(&miss.output).join("\n") }.into()
    }

    /// The finding that a bench of the head could not run.
    #[must_use]
    pub fn failure(&self, bench: usize, miss: &Miss) -> Failure {
        let (category, reason) = (self.benches[bench].name.to_owned(), miss.reason.clone());
        Failure { category, reason, output: last_lines(&miss.output) }
    }

    /// Whether a signal came.
    ///
    /// # Errors
    /// One did.
    pub fn check_interrupt(&self) -> Result<(), Error> {
        self.surroundings.interrupt.check()
    }
}

impl Bench<'_> {
    fn binary(&self, arm: Arm) -> Option<&BenchBinary> {
        if arm.is_base() { self.base } else { self.head }
    }
}

impl Inventory {
    fn add(&mut self, bench: usize, base: Vec<String>, head: Vec<String>) {
        let (missing, both): (Vec<String>, Vec<String>) = base.into_iter().partition(|id| !head.contains(id));
        let new = head.into_iter().filter(|id| !both.contains(id)).map(|id| (bench, id));
        self.new.extend(new);
        self.both.extend(both.into_iter().map(|id| (bench, id)));
        self.missing.extend(missing.into_iter().map(|id| (bench, id)));
    }

    /// The part that `filter` names.
    fn only(mut self, filter: Option<&str>) -> Result<Self, Error> {
        let available: Vec<&str> = self.ids().collect();
        let Some(filter) = filter else {
            return if available.is_empty() && self.failures.is_empty() {
                let reason = "no bench target holds one on either side".to_owned();
                Err(AbError::NothingToCompare { reason }.into())
            } else {
                Ok(self)
            };
        };
        if !available.iter().any(|id| listing::names(filter, id)) {
            let (filter, available) = (filter.to_owned(), available.join(", "));
            return Err(AbError::NoSuchBenchmark { filter, available }.into());
        }
        for list in [&mut self.both, &mut self.missing, &mut self.new] {
            list.retain(|(_, id)| listing::names(filter, id));
        }
        Ok(self)
    }

    /// Every id.
    fn ids(&self) -> impl Iterator<Item = &str> {
        [&self.both, &self.missing, &self.new].into_iter().flatten().map(|(_, id)| id.as_str())
    }
}

/// What each benchmark of a process took, from its announcement to the next; all alike, where none was announced.
#[must_use]
pub fn spans(hit: &Hit) -> Vec<(&str, Duration)> {
    let ends = hit.announced.iter().skip(1).map(|(_, at)| *at).chain([hit.elapsed]);
    let announced = hit.announced.iter().zip(ends);
    let known: Vec<_> = announced.map(|((id, at), end)| (id.as_str(), end.saturating_sub(*at))).collect();
    if known.is_empty() {
        let share = hit.elapsed.div_f64(hit.readings.len().max(1) as f64);
        return hit.readings.keys().map(|id| (id.as_str(), share)).collect();
    }
    known
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn inventory() -> Inventory {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let mut inventory = Inventory::default();
        inventory.add(3, ids(&["a/x", "a/y"]), ids(&["a/y", "a/z"]));
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
        assert_eq!(inventory().only(Some("a/z")).unwrap().ids().collect::<Vec<_>>(), ["a/z"]);
        assert_eq!(inventory().only(Some("a")).unwrap().ids().count(), 3);
        let error = inventory().only(Some("b")).unwrap_err().to_string();
        assert!(error.contains("no benchmark `b`: there are a/y, a/x, a/z"), "{error}");
        assert!(Inventory::default().only(None).unwrap_err().to_string().contains("no benchmark to compare"));
    }

    #[test]
    fn spans_reach_from_an_announcement_to_the_next() {
        let seconds = Duration::from_secs;
        let announced = vec![("a".to_owned(), seconds(1)), ("b".to_owned(), seconds(3))];
        let hit = Hit { readings: BTreeMap::new(), elapsed: seconds(10), announced };
        assert_eq!(spans(&hit), [("a", seconds(2)), ("b", seconds(7))]);
    }
}
