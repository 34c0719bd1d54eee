//! `bench-gate calibrate`: measures the benches of the project in this folder against themselves.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::print_written;
use crate::command::cli::CalibrateArgs;
use crate::files::noise::{Noise, SCHEMA_VERSION};
use crate::files::store;
use crate::measure::ab::{AbError, Goal, Lab, MODE, Phase, Place, Row, Schedule, Stand, Surroundings, Watch};
use crate::measure::calibration::Calibration;
use crate::measure::run::{self, BenchBinary, Interrupt, Project};
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::report::console::calibration;
use crate::stats::{self, Contrast, Settings};
use crate::thresholds::policies::Policies;

/// Measures what `arguments` name, and keeps what was found.
pub fn calibrate(arguments: &CalibrateArgs, quiet: bool, out: &mut dyn Write) -> Result<(), Error> {
    let (named, folder) = (arguments.thresholds.as_deref(), &arguments.baselines.folder);
    store::check_writable(folder)?;
    // The margins in force are those at which false alarms are counted.
    let policies = Policies::found(named, arguments.margin, folder)?;
    let interrupt = Interrupt::on_signals().map_err(Error::io("listen to", Path::new("signals")))?;
    let job = Job { arguments, policies, interrupt, quiet };
    // What a signal ended in the middle fails in its own way.
    job.run(out).map_err(|error| job.interrupt.check().err().unwrap_or(error))
}

/// All that holds from the beginning to the end.
struct Job<'a> {
    arguments: &'a CalibrateArgs,
    policies: Policies,
    interrupt: Interrupt,
    quiet: bool,
}

impl Job<'_> {
    fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        let project = Project::here()?;
        let place = Place::take(&project.target)?;
        Watch::new(out, self.quiet).say("Building...");
        let binaries = run::build(&project, &self.arguments.categories, &self.interrupt)?;
        let (started, mut calibration) = (Instant::now(), Calibration::default());
        let surroundings = self.arguments.effort.surroundings(&place, &self.interrupt, started)?;
        let ended = self.measure(&binaries, surroundings, Watch::new(out, self.quiet), &mut calibration);
        self.conclude(&calibration, ended, started, out)
    }

    fn measure<'a>(
        &self,
        binaries: &'a [BenchBinary],
        surroundings: Surroundings<'a>,
        watch: Watch<'a>,
        calibration: &mut Calibration,
    ) -> Result<(), Error> {
        let mut lab = Lab::new(binaries, binaries, surroundings);
        let rows = lab.take_stock(self.arguments.filter.as_deref())?.both;
        let mut stand = self.stand(lab, &rows, watch)?;
        let (budget, pairs) = (self.arguments.effort.budget.as_secs(), self.arguments.pairs);
        stand.watch.say(&format!(
            "Measuring {} benchmarks for {budget} s at most, {pairs} pairs a round",
            rows.len()
        ));
        self.rounds(&mut stand, calibration)
    }

    fn stand<'a>(
        &self,
        lab: Lab<'a>,
        rows: &[(usize, String)],
        watch: Watch<'a>,
    ) -> Result<Stand<'a>, Error> {
        let (most, alpha) = (self.arguments.pairs, self.arguments.alpha);
        let fewest = stats::fewest_pairs(rows.len(), alpha);
        if most < fewest {
            return Err(AbError::TooFewPairs { most, rows: rows.len(), fewest }.into());
        }
        let row = |(bench, id): &(usize, String)| Ok(Row::new(id.clone(), *bench, self.policies.row(id)?));
        let rows = rows.iter().map(row).collect::<Result<_, Error>>()?;
        let schedule = Schedule::new(self.arguments.effort.seed());
        Ok(Stand { lab, rows, failures: Vec::new(), schedule, watch })
    }

    /// As many comparisons as are wanted, or as there is time for.
    fn rounds(&self, stand: &mut Stand<'_>, calibration: &mut Calibration) -> Result<(), Error> {
        let (pairs, until) = (self.arguments.pairs, stand.deadline());
        let (all, settings): (Vec<usize>, _) = ((0..stand.rows.len()).collect(), self.settings());
        stand.survey(&[])?;
        for round in 1..=self.arguments.rounds {
            let done = stand.measure(&all, Goal { phase: Phase::First, pairs, until })?;
            if !done {
                break;
            }
            let contrasts: Vec<Contrast> = stand.rows.iter().map(|row| row.contrast(Phase::First)).collect();
            calibration.add(&contrasts, &settings)?;
            stand.watch.say(&format!("Round {round} of {}", self.arguments.rounds));
            stand.begin_anew();
        }
        Ok(())
    }

    fn settings(&self) -> Settings {
        Settings { alpha: self.arguments.alpha, looks: None }
    }

    /// Keeps and says what is known, also where a signal ended it early.
    fn conclude(
        &self,
        calibration: &Calibration,
        ended: Result<(), Error>,
        started: Instant,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        if calibration.suites() == 0 {
            let budget = self.arguments.effort.budget;
            return Err(ended.err().unwrap_or_else(|| AbError::NoRound { budget }.into()));
        }
        let noise = self.noise(calibration);
        let path = self.keep(noise.clone())?;
        print_written(out, |text| calibration::write(text, &noise, started.elapsed(), &path))?;
        ended
    }

    fn noise(&self, calibration: &Calibration) -> Noise {
        Noise {
            schema_version: SCHEMA_VERSION,
            environment: Environment::here(Some(MODE)),
            false_alarms: calibration.false_alarms(self.arguments.alpha),
            rows: calibration.rows(),
        }
    }

    /// Writes `noise`, with what an earlier one says of benchmarks that were not measured now.
    fn keep(&self, mut noise: Noise) -> Result<PathBuf, Error> {
        let folder = &self.arguments.baselines.folder;
        let earlier = if Noise::path(folder).exists() { Some(Noise::load(folder)?) } else { None };
        let is_ours = |earlier: &Noise| earlier.environment.difference(&noise.environment).is_none();
        let others = earlier.filter(is_ours).map(|earlier| earlier.rows).unwrap_or_default();
        let is_new = |id: &str| noise.rows.iter().all(|row| row.id != id);
        let others: Vec<_> = others.into_iter().filter(|row| is_new(&row.id)).collect();
        noise.rows.extend(others);
        noise.save(folder)
    }
}
