//! `bench-gate calibrate`: measures the benches of the project in this folder against themselves.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::output::print_written;
use crate::command::cli::CalibrateArgs;
use crate::files::noise::{Noise, SCHEMA_VERSION};
use crate::files::store;
use crate::measure::calibration::{Calibration, FixedRounds};
use crate::measure::cargo::{BuiltTargets, Workspace};
use crate::measure::interleave::checkouts::Checkouts;
use crate::measure::interleave::git::Repository;
use crate::measure::interleave::{
    BenchTargets, MODE, ProcessContext, ProgressReporter, SampledRow, Sampler, Schedule, TargetId, interleave,
};
use crate::measure::process::Interrupt;
use crate::model::environment::Environment;
use crate::model::error::{AbError, Error};
use crate::report::console::calibration;
use crate::stats::{self, Settings};
use crate::thresholds::policies::Policies;

/// Measures what `arguments` name, and keeps what was found.
pub(crate) fn calibrate(arguments: &CalibrateArgs, quiet: bool, out: &mut dyn Write) -> Result<(), Error> {
    let (named, folder) = (arguments.thresholds.as_deref(), &arguments.baselines.folder);
    store::check_writable(folder)?;
    // The margins in force are those at which false alarms are counted.
    let policies = Policies::found(named, arguments.margin, folder)?;
    let interrupt = Interrupt::on_signals().map_err(Error::io("listen to", Path::new("signals")))?;
    let job = CalibrateJob { arguments, policies, interrupt, quiet };
    // A step that a signal interrupted fails in its own way.
    job.run(out).map_err(|error| job.interrupt.check().err().unwrap_or(error))
}

/// What holds from the beginning to the end.
struct CalibrateJob<'a> {
    arguments: &'a CalibrateArgs,
    policies: Policies,
    interrupt: Interrupt,
    quiet: bool,
}

impl CalibrateJob<'_> {
    fn run(&self, out: &mut dyn Write) -> Result<(), Error> {
        let workspace = self.workspace()?;
        let checkouts = Checkouts::take(&Repository::at(&workspace.root), &workspace.target)?;
        ProgressReporter::new(out, self.quiet).say("Building...");
        let built = workspace.build(&self.arguments.categories, &self.interrupt)?;
        let (started, mut calibration) = (Instant::now(), Calibration::default());
        let ended = self.measure(&built, self.context(&checkouts, started)?, out, &mut calibration);
        self.conclude(&calibration, ended, started.elapsed(), out)
    }

    fn workspace(&self) -> Result<Workspace, Error> {
        let workspace = Workspace::open(Path::new("."), &self.arguments.selection, &self.interrupt)?;
        workspace.refuse_unknown(&self.arguments.categories).map(|()| workspace)
    }

    fn context<'a>(
        &'a self,
        checkouts: &'a Checkouts,
        started: Instant,
    ) -> Result<ProcessContext<'a>, Error> {
        let effort = &self.arguments.effort;
        Ok(effort.context(checkouts.scratch(), &self.interrupt, effort.processor()?, started))
    }

    fn measure(
        &self,
        built: &BuiltTargets,
        context: ProcessContext<'_>,
        out: &mut dyn Write,
        calibration: &mut Calibration,
    ) -> Result<(), Error> {
        let mut targets = BenchTargets::new(built, built, context);
        let rows = targets.list(self.arguments.filter.as_ref())?.both;
        let (pairs, budget) = (self.arguments.pairs, self.arguments.effort.budget.as_secs());
        let mut progress = ProgressReporter::new(out, self.quiet);
        progress.say(&format!(
            "Measuring {} benchmarks for {budget} s at most, {pairs} pairs a round",
            rows.len()
        ));
        let mut rounds = FixedRounds::new(calibration, self.arguments.rounds, pairs, self.settings());
        interleave(&mut self.sampler(targets, &rows, progress)?, &mut rounds, &[])
    }

    fn settings(&self) -> Settings {
        Settings { alpha: self.arguments.alpha, looks: None }
    }

    fn sampler<'a>(
        &self,
        targets: BenchTargets<'a>,
        rows: &[TargetId],
        progress: ProgressReporter<'a>,
    ) -> Result<Sampler<'a>, Error> {
        let fewest = stats::fewest_pairs(rows.len(), self.arguments.alpha);
        if self.arguments.pairs < fewest {
            return Err(AbError::too_few_pairs(self.arguments.pairs, rows.len(), fewest).into());
        }
        let row = |(target, id): &TargetId| Ok(SampledRow::new(id.clone(), *target, self.policies.row(id)?));
        let rows = rows.iter().map(row).collect::<Result<_, Error>>()?;
        let schedule = Schedule::new(self.arguments.effort.seed());
        Ok(Sampler { targets, rows, failures: Vec::new(), schedule, progress })
    }

    /// Keeps and reports what is known, also after an interruption.
    fn conclude(
        &self,
        calibration: &Calibration,
        ended: Result<(), Error>,
        elapsed: Duration,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        if calibration.suites() == 0 {
            let budget = self.arguments.effort.budget;
            return Err(ended.err().unwrap_or_else(|| AbError::no_round(budget).into()));
        }
        let noise = self.noise(calibration);
        let path = self.keep(noise.clone())?;
        print_written(out, |text| calibration::write(text, &noise, elapsed, &path))?;
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

    /// Writes `noise`, with the rows of an earlier one that were not measured now.
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
