//! `bench-gate check`: judges what is there.

use std::io::Write;

use super::against::Against;
use super::output::{check_report_folder, conclude, not_compared, print};
use super::results::Results;
use crate::command::cli::CheckArgs;
use crate::criterion::{self, CriterionHome};
use crate::judge::{Judgement, Scope};
use crate::model::error::Error;
use crate::thresholds::Thresholds;

/// Judges the Criterion home that `arguments` name.
pub fn check(arguments: &CheckArgs, quiet: bool, out: &mut dyn Write) -> Result<u8, Error> {
    check_report_folder(&arguments.judging)?;
    let thresholds = Thresholds::found(arguments.judging.thresholds.path.as_deref())?;
    thresholds.refuse_unknown_engines(&arguments.judging.require)?;
    let home = criterion::criterion_home(arguments.criterion_home.as_deref());
    let results = Results::of(&CriterionHome(&home), &home, &arguments.categories)?;
    results.refuse_unknown(&thresholds, &arguments.categories)?;
    conclude_check(arguments, quiet, out, &thresholds, &results)
}

fn conclude_check(
    arguments: &CheckArgs,
    quiet: bool,
    out: &mut dyn Write,
    thresholds: &Thresholds,
    results: &Results,
) -> Result<u8, Error> {
    let (judgement, environment) = (judge(arguments, thresholds, results)?, results.environment());
    print(out, &results.coverage())?;
    let code =
        conclude(&results.report(&judgement, thresholds, &environment), &arguments.judging, quiet, out)?;
    print(out, &if quiet { String::new() } else { not_compared(&arguments.against, &judgement) })
        .map(|()| code)
}

fn judge(arguments: &CheckArgs, thresholds: &Thresholds, results: &Results) -> Result<Judgement, Error> {
    let home = arguments.criterion_home.as_deref();
    let against = Against::load(&arguments.against, thresholds, &arguments.baselines, home)?;
    let scope = results.scope(&arguments.categories, arguments.filter.as_ref());
    let scope = Scope { required: arguments.judging.require.clone(), ..scope };
    results.judge(thresholds, scope, |scope| {
        let compare = |against: Against| {
            let run = results.side_run(&results.home.display().to_string(), |id| scope.holds(id));
            against.compare(vec![run], &results.facts, |id| scope.holds(id))
        };
        against.map(compare).transpose()
    })
}
