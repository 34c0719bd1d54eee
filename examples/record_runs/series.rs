//! A recorded suite, as text.

use std::fmt::Write;

use backend_bench::gate::environment::Environment;

use super::options::Options;
use super::process::{Row, Run};

/// The runs of a suite, in the order in which they were made.
#[derive(Default)]
pub struct Series {
    runs: Vec<(char, u32, Run)>,
}

impl Series {
    pub fn add(&mut self, arm: char, block: u32, run: Run) {
        self.runs.push((arm, block, run));
    }

    /// Where and how it was recorded and what each process took, in lines that begin with `#`; then the values.
    pub fn text(&self, options: &Options) -> String {
        let mut text = head(options);
        for (arm, block, run) in &self.runs {
            for (class, took) in &run.took {
                line(
                    &mut text,
                    format_args!("# process,{},{arm},{block},{:.3}", class.name(), took.as_secs_f64()),
                );
            }
        }
        text.push_str("row,arm,block,p10,median,mean,min\n");
        for (arm, block, run) in &self.runs {
            run.rows.iter().for_each(|row| line(&mut text, format_args!("{}", values(row, *arm, *block))));
        }
        text
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("a string takes whatever is written");
}

fn head(options: &Options) -> String {
    let Options { suite, seed, blocks, slower_cpu, slower_io, load, note, .. } = options;
    let (here, arms) = (Environment::here(None), options.arms.0.iter().collect::<String>());
    let (cpu, io) = (options.cpu, options.io);
    format!(
        "# suite {suite}, seed {seed}, {blocks} blocks of {arms}, C slower by {slower_cpu} % (cpu) and {slower_io} % (io), \
         {load} threads of load\n# warm-up and measurement of a row: {:?} and {:?} (cpu), {:?} and {:?} (io)\n\
         # {} x {}, {}, {}, commit {}, {}\n# {note}\n# process,class,arm,block,seconds\n",
        cpu.warm_up,
        cpu.measurement,
        io.warm_up,
        io.measurement,
        here.cpu_count,
        here.cpu_model,
        here.os,
        here.rustc,
        here.commit.as_deref().unwrap_or("unknown"),
        here.time,
    )
}

/// Six digits are far below the noise of any run.
fn values(row: &Row, arm: char, block: u32) -> String {
    let Row { id, p10, median, mean, least } = row;
    format!("{id},{arm},{block},{p10:.5e},{median:.5e},{mean:.5e},{least:.5e}")
}
