//! perfgate's paired test, with its threshold at 2 %.
//!
//! perfgate times whole commands to the millisecond. It is therefore given commands that take the recorded times, one
//! after the other, in a scale in which the first is 200 ms: they wait, so that all rows can be replayed at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::Failure;
use super::homes::Suite;
use super::tally::Compared;

/// What the first value of a row takes when it is replayed, in seconds.
const SCALE: f64 = 0.2;

/// What perfgate says where it found a regression; its exit code is that of every other error.
const REGRESSED: &str = "wall time regression";

/// Waits as long as the first line of `file` says, in seconds, and removes that line.
pub fn replay(file: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(file)?;
    let (first, rest) = text.split_once('\n').ok_or("every value was replayed already")?;
    thread::sleep(Duration::from_secs_f64(first.parse()?));
    Ok(fs::write(file, rest)?)
}

/// The values of one row, as files that are replayed.
struct Row {
    id: String,
    base: PathBuf,
    head: PathBuf,
    pairs: usize,
}

/// Lets perfgate judge all pairs of each row, all rows at once.
pub fn judge(suite: &Suite, head: char) -> Result<Vec<Compared>, Failure> {
    let folder = tempfile::tempdir()?;
    let rows = rows(suite, head, folder.path())?;
    let judged: Vec<_> = thread::scope(|scope| {
        let rows: Vec<_> = rows.iter().map(|row| scope.spawn(|| row.is_regressed())).collect();
        rows.into_iter().map(|row| row.join().expect("a thread that does not panic")).collect()
    });
    let rows = rows.into_iter().zip(judged).map(|(row, judged)| Ok((row.id, judged?)));
    Ok(vec![Compared { rows: rows.collect::<Result<_, Failure>>()? }])
}

fn rows(suite: &Suite, head: char, folder: &Path) -> Result<Vec<Row>, Failure> {
    let (base, head) = (values(suite, 'A')?, values(suite, head)?);
    let pairs = base.len();
    let row = |(number, (id, first)): (usize, &(String, f64))| {
        let write = |side: &str, values: &[Vec<(String, f64)>]| {
            let lines = values.iter().map(|run| format!("{:.6}\n", run[number].1 / first * SCALE));
            let file = folder.join(format!("{number}-{side}"));
            fs::write(&file, lines.collect::<String>()).map(|()| file)
        };
        Ok(Row { id: id.clone(), base: write("base", &base)?, head: write("head", &head)?, pairs })
    };
    base[0].iter().enumerate().map(row).collect()
}

/// The 10th percentile of each row, for each run: the same number that bench-gate judges.
fn values(suite: &Suite, arm: char) -> Result<Vec<Vec<(String, f64)>>, Failure> {
    let run = |block| {
        let rows = suite.rows(arm, block)?;
        Ok(rows.into_iter().map(|row| (row.id, row.p10)).collect())
    };
    (0..suite.blocks()).map(run).collect()
}

impl Row {
    fn is_regressed(&self) -> Result<bool, Failure> {
        let mut perfgate = Command::new("perfgate");
        perfgate.args(["paired", "--name", "row", "--fail-on-regression", "2", "--out"]);
        perfgate.arg(self.base.with_extension("json")).args(["--repeat", &self.pairs.to_string()]);
        perfgate.args(["--baseline", &replaying(&self.base)?, "--current", &replaying(&self.head)?]);
        let output =
            perfgate.output().map_err(|error| format!("perfgate: {error}; cargo install perfgate-cli"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        match (output.status.success(), said.contains(REGRESSED)) {
            (true, _) => Ok(false),
            (false, true) => Ok(true),
            (false, false) => Err(format!("perfgate: {said}").into()),
        }
    }
}

fn replaying(file: &Path) -> Result<String, Failure> {
    Ok(format!("{} replay {}", std::env::current_exe()?.display(), file.display()))
}
