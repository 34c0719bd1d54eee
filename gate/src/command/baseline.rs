//! `bench-gate baseline`: list, show, export, import.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::output::print;
use crate::command::cli::{BaselineArgs, BaselineVerb};
use crate::criterion::{self, CriterionHome, Source};
use crate::files::baseline::{Baseline, BaselineName, Measured, Run, Store};
use crate::files::store;
use crate::model::environment::Environment;
use crate::model::error::Error;

/// Does what `verb` says.
pub fn baseline(verb: BaselineVerb, out: &mut dyn Write) -> Result<(), Error> {
    match verb {
        BaselineVerb::List(places) => list(&places, out),
        BaselineVerb::Show { name, places } => print(out, &describe(&find(&name, &places)?)),
        BaselineVerb::Export { name, output, places } => {
            export(&find(&name, &places)?, output.as_deref(), out)
        }
        BaselineVerb::Import { file, name, force, places } => {
            let baseline = renamed(read_exported(&file)?, name);
            let path = Store::new(&places.named.folder).save(&baseline, force)?;
            print(out, &format!("Baseline `{}`: {}\n", baseline.name, path.display()))
        }
    }
}

fn list(places: &BaselineArgs, out: &mut dyn Write) -> Result<(), Error> {
    let store = Store::new(&places.named.folder);
    let named =
        store.names()?.iter().map(|name| Ok(line(&store.load(name)?))).collect::<Result<Vec<_>, Error>>()?;
    let home = criterion::criterion_home(places.criterion_home.as_deref());
    let saved = CriterionHome(&home).saved_sets()?.into_iter();
    let saved: Vec<String> =
        saved.map(|(name, count)| format!("  {name:<20} {count} benchmarks\n")).collect();
    print(out, &section(&format!("Named baselines in {}:", places.named.folder.display()), &named))?;
    print(out, &section(&format!("Saved by Criterion in {}:", home.display()), &saved))
}

fn section(title: &str, lines: &[String]) -> String {
    let lines = if lines.is_empty() { "  none\n".to_owned() } else { lines.concat() };
    format!("{title}\n{lines}")
}

fn line(baseline: &Baseline) -> String {
    let (environment, results) =
        (&baseline.environment, baseline.runs.first().map_or(0, |run| run.results.len()));
    let (name, runs) = (&baseline.name, baseline.runs.len());
    format!(
        "  {name:<20} {results} benchmarks, runs: {runs}, {} mode, {}\n",
        environment.mode, environment.time
    )
}

fn describe(baseline: &Baseline) -> String {
    let environment = &baseline.environment;
    let commit = environment.commit.as_deref().unwrap_or("unknown");
    let head = format!(
        "Baseline: {}\nCPU:      {} x {}\nOS:       {}\nRustc:    {}\nCommit:   {commit}\nTime:     {}\nMode:     {}\nRuns:     {}\n\n",
        baseline.name,
        environment.cpu_count,
        environment.cpu_model,
        environment.os,
        environment.rustc,
        environment.time,
        environment.mode,
        baseline.runs.len(),
    );
    let results = baseline.runs.iter().flat_map(|run| &run.results);
    head + &results.map(describe_result).collect::<String>()
        + "\nMeans as Criterion stored them: nanoseconds for times.\n"
}

fn describe_result(result: &Measured) -> String {
    let mean = result.estimates.mean;
    format!("{:<41} {:>12.5e} [{:.4e} {:.4e}]\n", result.id, mean.point, mean.lower, mean.upper)
}

/// The baseline `name`: a named one, else one that Criterion saved.
pub fn find(name: &BaselineName, places: &BaselineArgs) -> Result<Baseline, Error> {
    let missing = match Store::new(&places.named.folder).load(name) {
        Err(missing @ Error::NoBaseline { .. }) => missing,
        found => return found,
    };
    let home = criterion::criterion_home(places.criterion_home.as_deref());
    match criterion::load(&home, name.as_ref()) {
        Ok(benchmarks) => {
            Ok(Baseline::of_runs(name.clone(), Environment::unknown(), vec![Run::of(&benchmarks)]))
        }
        Err(Error::NoHome { .. } | Error::EmptyHome { .. }) => Err(missing),
        Err(error) => Err(error),
    }
}

fn export(baseline: &Baseline, output: Option<&Path>, out: &mut dyn Write) -> Result<(), Error> {
    match output {
        Some(path) => store::write_json(path, baseline),
        None => print(out, &store::to_json(baseline)),
    }
}

fn read_exported(file: &Path) -> Result<Baseline, Error> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        let source = PathBuf::from("standard input");
        std::io::stdin().read_to_end(&mut bytes).map_err(Error::io("read", &source))?;
        return Baseline::parse(&source, &bytes);
    }
    bytes = fs::read(file).map_err(Error::io("read", file))?;
    Baseline::parse(file, &bytes)
}

fn renamed(baseline: Baseline, name: Option<BaselineName>) -> Baseline {
    let name = name.unwrap_or_else(|| baseline.name.clone());
    Baseline { name, ..baseline }
}
