//! `bench-gate ab`: measures two revisions against each other, and judges the change.

mod sides;
mod verdict;

use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use super::{print, print_written};
use crate::command::cli::AbArgs;
use crate::files::noise::NOISE_FILE;
use crate::files::store;
use crate::judge::run_set::RunSetError;
use crate::measure::ab::deployment;
use crate::measure::ab::git::Repository;
use crate::measure::ab::{
    BASE, BuiltRevision, HEAD, Inventory, Lab, MODE, Place, Prepared, Row, Schedule, Source, Stand, Trial,
    Watch,
};
use crate::measure::run::{BenchBinary, Interrupt, Project};
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::thresholds::policies::Policies;
use sides::Wanted;
use verdict::Measured;

/// Measures what `arguments` name.
pub fn ab(arguments: &AbArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    let policies = check(arguments)?;
    let different_environment = different_noise(arguments, &policies)?;
    let interrupt = Interrupt::on_signals().map_err(Error::io("listen to", Path::new("signals")))?;
    let seed = arguments.effort.seed();
    let job = Job { arguments, policies, different_environment, interrupt, seed, quiet };
    // What a signal ended in the middle fails in its own way.
    job.run(out).map_err(|error| job.interrupt.check().err().unwrap_or(error))
}

/// Makes sure, before any work, that there is something to judge by and a place for the report.
fn check(arguments: &AbArgs) -> Result<Policies, Error> {
    if !arguments.no_save {
        store::check_writable(&arguments.report_dir)?;
    }
    let (named, margin) = (arguments.thresholds.as_deref(), arguments.comparison.margin);
    Policies::found(named, margin, &arguments.baselines.folder)
}

/// How the machine that margins were found on differs from this one.
fn different_noise(arguments: &AbArgs, policies: &Policies) -> Result<Option<String>, Error> {
    let found =
        policies.noise_environment().and_then(|noise| noise.difference(&Environment::here(Some(MODE))));
    let Some(found) = found else { return Ok(None) };
    let difference = RunSetError::DifferentEnvironment {
        what: found.what,
        first: NOISE_FILE.to_owned(),
        one: found.one,
        second: "this machine".to_owned(),
        other: found.other,
    };
    if arguments.comparison.allow_different_environment {
        return Ok(Some(difference.to_string()));
    }
    Err(difference.into())
}

/// All that holds from the beginning to the end.
struct Job<'a> {
    arguments: &'a AbArgs,
    policies: Policies,
    /// How the machine differs from the one whose noise gave the margins, where that is allowed.
    different_environment: Option<String>,
    interrupt: Interrupt,
    seed: u64,
    quiet: bool,
}

/// Both sides, built. Two sides of one revision are one.
struct Sides {
    base: BuiltRevision,
    head: Option<BuiltRevision>,
}

impl Sides {
    fn head(&self) -> &[BenchBinary] {
        &self.head.as_ref().unwrap_or(&self.base).binaries
    }
}

impl Job<'_> {
    fn run(&self, out: &mut dyn Write) -> Result<u8, Error> {
        let (repository, project) = (Repository::here()?, Project::here()?);
        deployment::refuse(&[&project.root])?;
        let wanted = Wanted::new(&repository, &project, self.arguments)?;
        let place = Place::take(&project.target)?;
        let mut log = Log { out: &mut *out, json: self.arguments.json };
        let sides = self.build(&wanted, &place, &repository, &mut Watch::new(&mut log, self.quiet))?;
        let measured = self.measure(&sides, &place, &mut log)?;
        self.conclude(&wanted, measured, out)
    }

    fn build(
        &self,
        wanted: &Wanted,
        place: &Place,
        repository: &Repository,
        watch: &mut Watch<'_>,
    ) -> Result<Sides, Error> {
        let prepare = |name, source: &Source| Prepared::new(place, repository, name, source.clone());
        let base = prepare(BASE, &wanted.base)?;
        let is_other = !wanted.base.is_same(&wanted.head);
        let head = is_other.then(|| prepare(HEAD, &wanted.head)).transpose()?;
        wanted.refuse_unknown(&base, head.as_ref())?;
        let base = self.build_side(base, BASE, wanted, watch)?;
        let head = head.map(|head| self.build_side(head, HEAD, wanted, watch)).transpose()?;
        Ok(Sides { base, head })
    }

    fn build_side(
        &self,
        side: Prepared,
        name: &str,
        wanted: &Wanted,
        watch: &mut Watch<'_>,
    ) -> Result<BuiltRevision, Error> {
        watch.say(&format!("Building the {name}, {}...", side.source));
        let side = side.build(name, &wanted.categories, &self.interrupt)?;
        deployment::refuse(&side.packages())?;
        Ok(side)
    }

    fn measure(&self, sides: &Sides, place: &Place, log: &mut dyn Write) -> Result<Measured, Error> {
        let (effort, started) = (&self.arguments.effort, Instant::now());
        let mut lab = Lab::new(
            &sides.base.binaries,
            sides.head(),
            effort.surroundings(place, &self.interrupt, started)?,
        );
        let inventory = lab.take_stock(self.arguments.filter.as_deref())?;
        let watch = self.announce(log, &inventory, sides);
        let stand = self.stand(lab, &inventory, watch)?;
        let mut trial = Trial::new(stand, self.arguments.comparison.alpha, self.arguments.pairs_max)?;
        let interrupted = stopped(trial.run(&inventory.new))?;
        Ok(Measured { elapsed: started.elapsed(), interrupted, ..self.measured(&trial, &inventory)? })
    }

    fn announce<'a>(&self, log: &'a mut dyn Write, inventory: &Inventory, sides: &Sides) -> Watch<'a> {
        let Inventory { both, new, missing, .. } = inventory;
        let (both, new, missing) = (both.len(), new.len(), missing.len());
        let seconds = self.arguments.effort.budget.as_secs_f64();
        let a_a = "A/A: both sides are one revision, so nothing can have changed. ";
        let a_a = if sides.head.is_none() { a_a } else { "" };
        let mut watch = Watch::new(log, self.quiet);
        watch.say(&format!(
            "{a_a}Measuring for {seconds} s at most: {both} benchmarks on both sides, {new} new, {missing} missing"
        ));
        watch
    }

    /// Where the benchmarks of `inventory` are measured.
    fn stand<'a>(&self, lab: Lab<'a>, inventory: &Inventory, watch: Watch<'a>) -> Result<Stand<'a>, Error> {
        let row = |(bench, id): &(usize, String)| Ok(Row::new(id.clone(), *bench, self.policies.row(id)?));
        Ok(Stand {
            lab,
            rows: inventory.both.iter().map(row).collect::<Result<_, Error>>()?,
            failures: inventory.failures.clone(),
            schedule: Schedule::new(self.seed),
            watch,
        })
    }
}

/// The signal that ended a trial early, if one did.
fn stopped(ended: Result<(), Error>) -> Result<Option<Error>, Error> {
    match ended {
        Err(error @ Error::Interrupted { .. }) => Ok(Some(error)),
        ended => ended.map(|()| None),
    }
}

/// Where progress goes: with JSON on the output, to the error stream.
struct Log<'a> {
    out: &'a mut dyn Write,
    json: bool,
}

impl Write for Log<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.json { io::stderr().write(bytes) } else { self.out.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.json { io::stderr().flush() } else { self.out.flush() }
    }
}
