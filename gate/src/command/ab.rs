//! `bench-gate ab`: measures two revisions against each other, and judges the change.

mod job;
mod report;
mod request;

use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use crate::command::cli::AbArgs;
use crate::measure::cargo::{BuiltTargets, Workspace};
use crate::measure::interleave::checkouts::Checkouts;
use crate::measure::interleave::git::Repository;
use crate::measure::interleave::{
    BASE, BenchTargets, BuiltRevision, HEAD, Inventory, Prepared, ProcessContext, ProgressReporter,
    RevisionSource, SampledRow, Sampler, Schedule, SequentialTest, TargetId, deployment, interleave,
};
use crate::model::error::Error;
use job::AbJob;
use report::AbComparison;
use request::AbRequest;

/// Measures what `arguments` name.
pub(crate) fn ab(arguments: &AbArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    let job = AbJob::new(arguments, quiet)?;
    // A step that a signal interrupted fails in its own way.
    job.run(out).map_err(|error| job.interrupt.check().err().unwrap_or(error))
}

/// Both sides, built. Two sides of one revision are one.
struct BuiltPair {
    base: BuiltRevision,
    head: Option<BuiltRevision>,
}

impl BuiltPair {
    fn head(&self) -> &BuiltTargets {
        &self.head.as_ref().unwrap_or(&self.base).built
    }
}

impl AbJob<'_> {
    fn run(&self, out: &mut dyn Write) -> Result<u8, Error> {
        let (repository, workspace) = (Repository::here()?, self.workspace()?);
        let request = AbRequest::new(&repository, &workspace, self.arguments)?;
        let checkouts = Checkouts::take(&repository, &workspace.target)?;
        let mut log = Log { out: &mut *out, json: self.arguments.json };
        let built = self.build(&request, &checkouts, &workspace.root, &mut log)?;
        let comparison = self.measure(&request, &built, &checkouts, &mut log)?;
        self.report(&request, comparison, out)
    }

    fn workspace(&self) -> Result<Workspace, Error> {
        let workspace = Workspace::open(Path::new("."), &self.arguments.selection, &self.interrupt)?;
        deployment::refuse([workspace.root.as_path()]).map(|()| workspace)
    }

    fn build(
        &self,
        request: &AbRequest,
        checkouts: &Checkouts,
        root: &Path,
        log: &mut dyn Write,
    ) -> Result<BuiltPair, Error> {
        let (base, head) = self.check_out(request, checkouts)?;
        let (base_root, mut progress) = (base.root().to_owned(), ProgressReporter::new(log, self.quiet));
        let base = self.build_side(base, request, &[root], &mut progress)?;
        let head = head.map(|head| self.build_side(head, request, &[root, &base_root], &mut progress));
        Ok(BuiltPair { base, head: head.transpose()? })
    }

    /// Both sides; the base alone where they are one revision.
    fn check_out<'c>(
        &self,
        request: &AbRequest,
        checkouts: &'c Checkouts,
    ) -> Result<(Prepared<'c>, Option<Prepared<'c>>), Error> {
        let prepare = |name, source: &RevisionSource| {
            Prepared::new(checkouts, name, source.clone(), &self.arguments.selection, &self.interrupt)
        };
        let base = prepare(BASE, &request.base)?;
        let is_other = !request.base.is_same(&request.head);
        let head = is_other.then(|| prepare(HEAD, &request.head)).transpose()?;
        request.refuse_unknown(base.labels(), head.as_ref().map(Prepared::labels).unwrap_or_default())?;
        Ok((base, head))
    }

    fn build_side(
        &self,
        side: Prepared<'_>,
        request: &AbRequest,
        locks: &[&Path],
        progress: &mut ProgressReporter<'_>,
    ) -> Result<BuiltRevision, Error> {
        progress.say(&format!("Building the {}...", side.described()));
        side.use_lock(locks)?;
        side.build(&request.targets, &self.interrupt)
    }

    fn measure(
        &self,
        request: &AbRequest,
        built: &BuiltPair,
        checkouts: &Checkouts,
        log: &mut dyn Write,
    ) -> Result<AbComparison, Error> {
        let (arguments, started) = (self.arguments, Instant::now());
        let mut targets =
            BenchTargets::new(&built.base.built, built.head(), self.context(checkouts, started))
                .without_identical(request.code_alone_differs);
        let inventory = targets.list(arguments.filter.as_ref())?;
        let progress = self.announced(log, &inventory, built);
        let measured = self.sample(self.sampler(targets, &inventory, progress)?, &inventory)?;
        let differ = built.head.as_ref().and_then(|head| built.base.changed_dependencies(head));
        Ok(measured.ended(started.elapsed(), differ))
    }

    fn context<'a>(&'a self, checkouts: &'a Checkouts, started: Instant) -> ProcessContext<'a> {
        let effort = &self.arguments.effort;
        effort.context(checkouts.scratch(), &self.interrupt, self.processor, started)
    }

    fn sample(&self, mut sampler: Sampler<'_>, inventory: &Inventory) -> Result<AbComparison, Error> {
        let (alpha, most) = (self.arguments.comparison.alpha, self.arguments.pairs_max);
        let mut test = SequentialTest::new(sampler.rows.len(), alpha, most)?;
        let interrupted = stopped(interleave(&mut sampler, &mut test, &inventory.new))?;
        let comparison = test.comparison(&sampler)?;
        AbComparison::new(&self.policies, &sampler, comparison, inventory, interrupted)
    }

    fn announced<'a>(
        &self,
        log: &'a mut dyn Write,
        inventory: &Inventory,
        built: &BuiltPair,
    ) -> ProgressReporter<'a> {
        let Inventory { both, identical, new, missing, .. } = inventory;
        let [both, identical, new, missing] = [both, identical, new, missing].map(Vec::len);
        let a_a = "A/A: both sides are one revision, so nothing can have changed. ";
        let a_a = if built.head.is_none() { a_a } else { "" };
        let mut progress = ProgressReporter::new(log, self.quiet);
        progress.say(&format!(
            "{a_a}Measuring for {} s at most: {both} benchmarks on both sides, {new} new, {missing} missing, \
             {identical} in identical executables",
            self.arguments.effort.budget.as_secs_f64()
        ));
        progress
    }

    /// What takes samples of the benchmarks of `inventory`.
    fn sampler<'a>(
        &self,
        targets: BenchTargets<'a>,
        inventory: &Inventory,
        progress: ProgressReporter<'a>,
    ) -> Result<Sampler<'a>, Error> {
        let row = |(target, id): &TargetId| Ok(SampledRow::new(id.clone(), *target, self.policies.row(id)?));
        let rows = inventory.both.iter().map(row).collect::<Result<_, Error>>()?;
        let (failures, schedule) = (inventory.failures.clone(), Schedule::new(self.seed));
        Ok(Sampler { targets, rows, failures, schedule, progress })
    }
}

/// The signal that interrupted the measurement, if one did.
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
