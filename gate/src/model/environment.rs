//! Where and when results were measured: what has to be equal before two of them may be compared.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;

use serde::{Deserialize, Serialize};

/// What is written where the machine does not tell.
const UNKNOWN: &str = "unknown";

/// The machine, the toolchain and the moment of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The processor's model name.
    pub cpu_model: String,
    /// Processors that this process may use.
    pub cpu_count: usize,
    /// Operating system and architecture: `Debian GNU/Linux 12 (bookworm), x86_64`.
    pub os: String,
    /// `rustc --version`.
    pub rustc: String,
    /// The commit that was measured, with `-dirty` where files differ from it; `None` outside of git.
    pub commit: Option<String>,
    /// When, in RFC 3339.
    pub time: String,
    /// `quick`, `full`, or `unknown` if no run record names the mode.
    pub mode: String,
    /// The major version of each database engine that was measured, by name: `postgres` to `15`.
    #[serde(default)]
    pub engines: BTreeMap<String, String>,
}

/// An environment that is looked up when it is first used: to ask rustc and git takes longer than to judge.
pub type LazyEnvironment = LazyCell<Environment, Box<dyn FnOnce() -> Environment>>;

impl Environment {
    /// [`Environment::here`], when it is needed.
    #[must_use]
    pub fn when_needed(mode: Option<&str>) -> LazyEnvironment {
        let mode = mode.map(str::to_owned);
        LazyCell::new(Box::new(move || Self::here(mode.as_deref())))
    }

    /// The environment of this process, now, for a run in `mode`.
    #[must_use]
    pub fn here(mode: Option<&str>) -> Self {
        Self {
            cpu_model: cpu_model().unwrap_or_else(|| UNKNOWN.to_owned()),
            cpu_count: thread::available_parallelism().map_or(1, usize::from),
            os: format!("{}, {}", os_name(), std::env::consts::ARCH),
            rustc: output_of("rustc", &["--version"]).unwrap_or_else(|| UNKNOWN.to_owned()),
            commit: commit(),
            time: jiff::Timestamp::now()
                .round(jiff::Unit::Second)
                .map_or_else(|_| UNKNOWN.to_owned(), |now| now.to_string()),
            mode: mode.unwrap_or(UNKNOWN).to_owned(),
            engines: BTreeMap::new(),
        }
    }

    /// The environment of results that Criterion saved: it notes none, so nothing is known of it.
    #[must_use]
    pub fn unknown() -> Self {
        let unknown = || UNKNOWN.to_owned();
        let (cpu_model, os, rustc, time, mode) = (unknown(), unknown(), unknown(), unknown(), unknown());
        Self { cpu_model, cpu_count: 0, os, rustc, commit: None, time, mode, engines: BTreeMap::new() }
    }
}

/// What keeps two environments from being compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub what: &'static str,
    /// In the one.
    pub one: String,
    /// In the other.
    pub other: String,
}

impl Environment {
    /// What of that which has to be equal before two results are compared differs; what is unknown of either does not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let count = |environment: &Self| match environment.cpu_count {
            0 => UNKNOWN.to_owned(),
            count => count.to_string(),
        };
        let fields = [
            ("processor", self.cpu_model.clone(), other.cpu_model.clone()),
            ("number of processors", count(self), count(other)),
            ("toolchain", self.rustc.clone(), other.rustc.clone()),
            ("mode", self.mode.clone(), other.mode.clone()),
        ];
        let engines = self.engines.iter().filter_map(|(name, version)| {
            let major = |version: &String| format!("{name} {version}");
            Some(("engine", major(version), major(other.engines.get(name)?)))
        });
        let differs =
            |(_, one, other): &(&str, String, String)| one != other && one != UNKNOWN && other != UNKNOWN;
        let first = fields.into_iter().chain(engines).find(differs);
        first.map(|(what, one, other)| Difference { what, one, other })
    }

    /// Whether nothing is known that would have to be equal.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        let fields = [&self.cpu_model, &self.rustc, &self.mode];
        fields.iter().all(|field| *field == UNKNOWN) && self.engines.is_empty()
    }
}

fn cpu_model() -> Option<String> {
    let linux = || {
        let info = fs::read_to_string("/proc/cpuinfo").ok()?;
        let (_, rest) = info.lines().find(|line| line.starts_with("model name"))?.split_once(':')?;
        Some(rest.trim().to_owned())
    };
    linux().or_else(|| output_of("sysctl", &["-n", "machdep.cpu.brand_string"]))
}

fn os_name() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let pretty = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    pretty.map_or_else(|| std::env::consts::OS.to_owned(), |name| name.trim_matches('"').to_owned())
}

fn commit() -> Option<String> {
    let commit = output_of("git", &["rev-parse", "HEAD"])?;
    let changes = output_of("git", &["status", "--porcelain"])?;
    Some(if changes.is_empty() { commit } else { format!("{commit}-dirty") })
}

/// What a program prints, trimmed; `None` where it is not there or fails.
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_toolchain_and_mode_have_to_be_equal_and_nothing_else() {
        let here = Environment::here(Some("quick"));
        let later = Environment { commit: None, time: "2001-01-01T00:00:00Z".into(), ..here.clone() };
        assert_eq!(here.difference(&later), None);
        let others = [
            ("processor", Environment { cpu_model: "another".into(), ..here.clone() }),
            ("number of processors", Environment { cpu_count: here.cpu_count + 1, ..here.clone() }),
            ("toolchain", Environment { rustc: "rustc 1.0.0".into(), ..here.clone() }),
            ("mode", Environment { mode: "full".into(), ..here.clone() }),
        ];
        for (what, other) in others {
            assert_eq!(here.difference(&other).map(|it| it.what), Some(what));
        }
        assert_eq!(here.difference(&Environment::unknown()), None);
        assert!(Environment::unknown().is_unknown() && !here.is_unknown());
    }

    #[test]
    fn engines_have_to_be_equal_where_both_have_them() {
        let here = Environment::here(Some("quick"));
        let with = |version: &str| Environment {
            engines: [("postgres".to_owned(), version.to_owned())].into(),
            ..here.clone()
        };
        assert_eq!(with("15").difference(&with("16")).map(|it| it.other), Some("postgres 16".into()));
        assert_eq!(with("15").difference(&here), None);
    }

    #[test]
    fn the_machine_is_described() {
        let here = Environment::here(Some("quick"));
        assert!(here.cpu_count >= 1 && here.rustc.starts_with("rustc "), "{here:?}");
        assert!(here.time.ends_with('Z') && here.mode == "quick", "{here:?}");
    }
}
