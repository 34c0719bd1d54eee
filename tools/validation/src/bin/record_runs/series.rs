//! A recorded suite, as text.

use std::collections::BTreeMap;

use bench_gate::model::environment::Environment;

use super::options::Options;
use super::process::Run;

/// The values of a suite: a line for each row, arm and statistic, with a value for each block.
#[derive(Default)]
pub struct Series(BTreeMap<String, Vec<String>>);

impl Series {
    /// Blocks come in their order, each with one run of every arm.
    pub fn add(&mut self, arm: char, run: &Run) {
        for (class, took) in &run.took {
            self.push(format!("{},{arm},seconds", class.name()), format!("{:.3}", took.as_secs_f64()));
        }
        for row in &run.rows {
            for (statistic, value) in row.statistics() {
                self.push(format!("{},{arm},{statistic}", row.id), format!("{value:.4e}"));
            }
        }
    }

    fn push(&mut self, name: String, value: String) {
        self.0.entry(name).or_default().push(value);
    }

    /// Where and how it was recorded, in lines that begin with `#`; then the values.
    pub fn text(&self, options: &Options) -> String {
        let line = |(name, values): (&String, &Vec<String>)| format!("{name},{}\n", values.join(","));
        head(options) + &self.0.iter().map(line).collect::<String>()
    }
}

fn head(options: &Options) -> String {
    let Options { suite, seed, blocks, slower_cpu, slower_io, load, note, cpu, io, .. } = options;
    let arms: String = options.arms.0.iter().collect();
    format!(
        "# suite {suite}, seed {seed}, {blocks} blocks of {arms}, C slower by {slower_cpu} % (cpu) and {slower_io} % (io), \
         {load} threads of load\n# warm-up and measurement of a row: {:?} and {:?} (cpu), {:?} and {:?} (io)\n# {}\n# {note}\n",
        cpu.warm_up,
        cpu.measurement,
        io.warm_up,
        io.measurement,
        here(),
    )
}

fn here() -> String {
    let Environment { cpu_count, cpu_model, os, rustc, commit, time, .. } = Environment::here(None);
    format!("{cpu_count} x {cpu_model}, {os}, {rustc}, commit {}, {time}", commit.unwrap_or_default())
}
