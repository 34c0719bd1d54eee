//! Reports for people, in tables of 80 columns. With `quiet`, only the verdict and what keeps it from being a pass.

pub(crate) mod calibration;
mod comparison;
mod judgement;

use std::io::{self, Write};

use super::{Exporter, Report};
use crate::judge::Compared;

/// The console.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    /// Whether only the verdict is written.
    pub(crate) quiet: bool,
}

impl Exporter for Console {
    fn judgement(&self, out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
        if !self.quiet {
            judgement::write_tables(out, report)?;
        }
        judgement::write_verdict(out, report)
    }

    fn comparison(&self, out: &mut dyn Write, compared: &Compared) -> io::Result<()> {
        if !self.quiet {
            comparison::write_first_line(out, compared)?;
            comparison::write_tables(out, compared)?;
            comparison::write_summary(out, compared)?;
            writeln!(out)?;
        }
        comparison::write_verdict(out, compared)
    }
}
