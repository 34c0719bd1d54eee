//! The kept Criterion homes.

use std::fs;
use std::path::{Path, PathBuf};

use bench_gate::{Benchmark, criterion};
use tempfile::TempDir;

use super::Failure;

/// The homes of a suite: `<arm>-<block>`.
pub struct Suite(PathBuf);

/// The suites in `folder` whose names begin so.
pub fn suites(folder: &Path, prefix: &str) -> Result<Vec<Suite>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Failure>>()?;
    let is_one = |path: &PathBuf| {
        path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
    };
    let suites: Vec<_> = paths.into_iter().filter(is_one).map(Suite).collect();
    if suites.is_empty() {
        Err(format!("{}: no {prefix}* in it", folder.display()).into())
    } else {
        Ok(suites)
    }
}

impl Suite {
    /// The home of one run.
    pub fn home(&self, arm: char, block: usize) -> PathBuf {
        self.0.join(format!("{arm}-{block}"))
    }

    /// How many runs each arm has.
    pub fn blocks(&self) -> usize {
        (0..usize::MAX).take_while(|block| self.home('A', *block).is_dir()).count()
    }

    pub fn rows(&self, arm: char, block: usize) -> Result<Vec<Benchmark>, Failure> {
        Ok(criterion::load(&self.home(arm, block), criterion::LATEST)?)
    }

    /// Both runs of a block in one new home, saved as `base` of the name `a` and head of the name `h`: below a folder
    /// `criterion`, where critcmp looks.
    pub fn merged(&self, head: char, block: usize) -> Result<TempDir, Failure> {
        let merged = tempfile::tempdir()?;
        for (arm, name) in [('A', "a"), (head, "h")] {
            let home = self.home(arm, block);
            for row in self.rows(arm, block)? {
                let inside =
                    row.folder.parent().ok_or("a result has a folder")?.strip_prefix(&home)?.to_owned();
                copy(&row.folder, &merged.path().join("criterion").join(inside).join(name))?;
            }
        }
        Ok(merged)
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
