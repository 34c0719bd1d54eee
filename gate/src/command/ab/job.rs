//! What holds for a whole `ab`: what was typed, what rows are held to, the processor, the seed.

use std::path::Path;

use crate::command::cli::AbArgs;
use crate::files::noise::NOISE_FILE;
use crate::files::store;
use crate::measure::interleave::MODE;
use crate::measure::process::Interrupt;
use crate::measure::run::Processor;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::error::RunSetError;
use crate::thresholds::policies::Policies;

/// What holds from the beginning to the end.
pub(super) struct AbJob<'a> {
    pub(super) arguments: &'a AbArgs,
    pub(super) policies: Policies,
    /// How the machine differs from the one whose noise gave the margins, where that is allowed.
    pub(super) different_environment: Option<String>,
    pub(super) interrupt: Interrupt,
    pub(super) seed: u64,
    pub(super) processor: Option<Processor>,
    pub(super) quiet: bool,
}

impl<'a> AbJob<'a> {
    /// The job of `arguments`.
    pub(super) fn new(arguments: &'a AbArgs, quiet: bool) -> Result<Self, Error> {
        let policies = check(arguments)?;
        let different_environment = different_noise(arguments, &policies)?;
        let interrupt = Interrupt::on_signals().map_err(Error::io("listen to", Path::new("signals")))?;
        let (seed, processor) = (arguments.effort.seed(), arguments.effort.processor()?);
        Ok(Self { arguments, policies, different_environment, interrupt, seed, processor, quiet })
    }
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
        return Ok(Some(Error::from(difference).message()));
    }
    Err(difference.into())
}
