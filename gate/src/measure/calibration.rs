//! The result of measuring one executable against itself in several rounds: how far each benchmark's runs lie apart, the
//! margin that it needs for that, and how often the gate was wrong.

use super::interleave::{Design, Goal, Phase, Sampler};
use crate::files::noise::{FalseAlarms, RowNoise};
use crate::model::error::Error;
use crate::stats::{self, Comparison, Contrast, Outcome, Settings};

/// The share of comparisons in which an unchanged benchmark is to be called so.
const TOLD: f64 = 0.9;

/// What margins are rounded up to: half a percent.
const STEP: f64 = 0.005;

/// Rounds of equal size, each of them one comparison.
pub(crate) struct FixedRounds<'a> {
    calibration: &'a mut Calibration,
    rounds: u32,
    round: u32,
    pairs: usize,
    settings: Settings,
}

impl<'a> FixedRounds<'a> {
    pub(crate) fn new(
        calibration: &'a mut Calibration,
        rounds: u32,
        pairs: usize,
        settings: Settings,
    ) -> Self {
        Self { calibration, rounds, round: 0, pairs, settings }
    }
}

impl Design for FixedRounds<'_> {
    fn next(&mut self, sampler: &mut Sampler<'_>) -> Result<Option<Goal>, Error> {
        let (rows, until) = ((0..sampler.rows.len()).collect(), sampler.deadline());
        let goal = Goal { rows, phase: Phase::First, pairs: self.pairs, until };
        Ok((self.round < self.rounds).then_some(goal))
    }

    fn look(&mut self, sampler: &mut Sampler<'_>, done: bool) -> Result<(), Error> {
        if !done {
            self.round = self.rounds;
            return Ok(());
        }
        let contrasts: Vec<Contrast> = sampler.rows.iter().map(|row| row.contrast(Phase::First)).collect();
        self.calibration.add(&contrasts, &self.settings)?;
        self.round += 1;
        sampler.progress.say(&format!("Round {} of {}", self.round, self.rounds));
        sampler.forget();
        Ok(())
    }
}

/// Comparisons of one executable with itself.
#[derive(Debug, Default)]
pub(crate) struct Calibration {
    alarms: Vec<Comparison>,
    rows: Vec<CalibratedRow>,
    pairs: usize,
}

/// One benchmark, over all comparisons.
#[derive(Debug)]
struct CalibratedRow {
    id: String,
    /// The logarithm of each pair's ratio.
    log_ratios: Vec<f64>,
    /// How far each comparison's interval reaches from no change, as a logarithm.
    reaches: Vec<f64>,
}

impl Calibration {
    /// Takes in one comparison, of all benchmarks.
    pub(crate) fn add(&mut self, contrasts: &[Contrast], settings: &Settings) -> Result<(), Error> {
        // Without a margin no claim cuts an interval: it is as wide as the runs make it.
        let bare: Vec<Contrast> =
            contrasts.iter().map(|contrast| Contrast { margin: 0.0, ..contrast.clone() }).collect();
        let bare = stats::changes(&bare, settings)?;
        if self.rows.is_empty() {
            self.rows = contrasts.iter().map(|contrast| CalibratedRow::new(&contrast.id)).collect();
        }
        for ((row, contrast), change) in self.rows.iter_mut().zip(contrasts).zip(&bare) {
            let Contrast { values, .. } = contrast;
            row.log_ratios.extend(stats::log_ratios(values.base(), values.head()));
            row.reaches.push(change.interval.map_or(f64::INFINITY, |[low, high]| high.ln().max(-low.ln())));
        }
        self.pairs = contrasts.iter().map(|contrast| contrast.values.pairs()).min().unwrap_or_default();
        self.alarms.push(stats::compare(contrasts, settings)?);
        Ok(())
    }

    /// The comparisons so far.
    pub(crate) fn suites(&self) -> usize {
        self.alarms.len()
    }

    /// How often the gate was wrong.
    pub(crate) fn false_alarms(&self, alpha: f64) -> FalseAlarms {
        let regressed =
            |suite: &Comparison| suite.rows.iter().filter(|row| row.outcome == Outcome::Regressed).count();
        let is_unfit = |suite: &&Comparison| suite.control.as_ref().is_some_and(stats::Control::is_red);
        FalseAlarms {
            pairs: self.pairs,
            alpha,
            suites: self.suites(),
            suites_red: self.alarms.iter().filter(|suite| regressed(suite) > 0).count(),
            rows: self.suites() * self.rows.len(),
            rows_regressed: self.alarms.iter().map(regressed).sum(),
            controls_red: self.alarms.iter().filter(is_unfit).count(),
        }
    }

    /// What was found of each benchmark whose runs bound it.
    pub(crate) fn rows(&self) -> Vec<RowNoise> {
        self.rows.iter().filter_map(CalibratedRow::noise).collect()
    }
}

impl CalibratedRow {
    fn new(id: &str) -> Self {
        Self { id: id.to_owned(), log_ratios: Vec::new(), reaches: Vec::new() }
    }

    /// The two runs of a pair have one expectation, so half of their squared difference estimates the variance of a run.
    fn noise(&self) -> Option<RowNoise> {
        let squares: f64 = self.log_ratios.iter().map(|ratio| ratio * ratio).sum();
        let spread = (squares / (2.0 * self.log_ratios.len() as f64)).sqrt();
        let mut reaches = self.reaches.clone();
        reaches.sort_by(f64::total_cmp);
        let told = (TOLD * reaches.len() as f64).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let reach = reaches.get((told as usize).saturating_sub(1))?.exp_m1();
        let margin = (reach / STEP - 1e-6).ceil().max(0.0) * STEP;
        (spread.is_finite() && margin.is_finite()).then(|| RowNoise { id: self.id.clone(), spread, margin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Values;
    use crate::thresholds::Better;

    /// A suite of two benchmarks: one that is the same each time, and one whose head is `ratio` times its base in every
    /// other pair and the other way round in the rest.
    fn suite(ratio: f64) -> [Contrast; 2] {
        let contrast = |id: &str, ratio: f64| {
            let (base, head) =
                (0..12).map(|pair| if pair % 2 == 0 { (1.0, ratio) } else { (ratio, 1.0) }).unzip();
            let values = Values::Paired { base, head };
            Contrast { id: id.to_owned(), better: Better::Lower, margin: 0.02, values }
        };
        [contrast("a/equal", 1.0), contrast("a/apart", ratio)]
    }

    fn calibration(suites: &[[Contrast; 2]]) -> Calibration {
        let mut calibration = Calibration::default();
        suites.iter().for_each(|suite| calibration.add(suite, &Settings::default()).unwrap());
        calibration
    }

    #[test]
    fn a_spread_is_that_of_runs_and_a_margin_holds_what_they_do() {
        let rows = calibration(&[suite(1.1), suite(1.1)]).rows();
        assert_eq!((rows[0].spread, rows[0].margin), (0.0, 0.0));
        assert!((rows[1].spread - 1.1_f64.ln() / 2.0_f64.sqrt()).abs() < 1e-12, "{rows:?}");
        let steps = rows[1].margin / STEP;
        assert!(rows[1].margin >= 0.03 && (steps - steps.round()).abs() < 1e-9, "{rows:?}");
    }

    #[test]
    fn one_unlucky_suite_of_ten_makes_no_margin() {
        let mut suites = vec![suite(1.001); 9];
        suites.push(suite(2.0));
        assert!(calibration(&suites).rows()[1].margin <= STEP);
        suites.push(suite(2.0));
        assert!(calibration(&suites).rows()[1].margin > 0.1);
    }

    #[test]
    fn a_regression_of_one_executable_is_a_false_alarm() {
        let mut regressed = suite(1.0);
        regressed[1].values = Values::Paired { base: vec![1.0; 12], head: vec![1.1; 12] };
        let alarms = calibration(&[suite(1.0), regressed]).false_alarms(0.05);
        assert_eq!((alarms.suites, alarms.suites_red, alarms.rows, alarms.rows_regressed), (2, 1, 4, 1));
        assert_eq!((alarms.pairs, alarms.controls_red), (12, 0));
    }
}
