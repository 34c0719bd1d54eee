//! The configured runner: the program by which cargo starts what it built (`target.….runner`).
//!
//! Cargo tells of no setting, so its configuration files are read here, in its order, and for this setting alone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use cargo_platform::{Cfg, Platform};
use toml::{Table, Value};

use super::metadata;
use crate::model::error::Error;

/// How benches are started.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Runner {
    /// The environment variable that names the runner, and is stronger than every file.
    pub variable: String,
    /// The program with its arguments; empty where cargo starts the bench itself.
    pub words: Vec<OsString>,
}

impl Runner {
    /// The runner that holds in `folder`.
    ///
    /// # Errors
    /// A configuration file cannot be read, or the compiler does not say which platform it builds for.
    pub fn find(folder: &Path) -> Result<Self, Error> {
        let files = files(folder)?;
        let triple = match target(&files) {
            Some(triple) => triple,
            None => host(folder)?,
        };
        let variable = variable(&triple);
        let words = match std::env::var(&variable) {
            Ok(words) => words.split_whitespace().map(OsString::from).collect(),
            Err(_) => configured(&files, &triple, &|| cfgs(folder, &triple))?.unwrap_or_default(),
        };
        Ok(Self { variable, words })
    }
}

/// A configuration file, and the folder that its paths are relative to.
struct File {
    folder: PathBuf,
    table: Table,
}

/// The configuration files of `folder`, the strongest first: those of the folders above it, then that of the user.
fn files(folder: &Path) -> Result<Vec<File>, Error> {
    let folder = folder.canonicalize().map_err(Error::io("find", folder))?;
    let user = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let user = user.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let above = folder.ancestors().map(|above| above.join(".cargo"));
    let mut folders: Vec<PathBuf> = above.collect();
    folders.extend(user.filter(|user| !folders.contains(user)));
    let read = folders.iter().filter_map(|folder| read(folder).transpose());
    read.collect()
}

fn read(folder: &Path) -> Result<Option<File>, Error> {
    let named = ["config", "config.toml"].map(|name| folder.join(name));
    let Some(path) = named.into_iter().find(|path| path.is_file()) else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let table = text.parse::<Table>();
    let table = table.map_err(|error| Error::Cargo { problem: format!("{}: {error}", path.display()) })?;
    Ok(Some(File { folder: folder.parent().unwrap_or(folder).to_owned(), table }))
}

/// The platform that is built for, where another than the host's is configured.
fn target(files: &[File]) -> Option<String> {
    let configured = |file: &File| match file.table.get("build")?.get("target")? {
        Value::Array(targets) => targets.first()?.as_str().map(str::to_owned),
        target => target.as_str().map(str::to_owned),
    };
    let named = std::env::var("CARGO_BUILD_TARGET").ok();
    named.or_else(|| files.iter().find_map(configured)).filter(|target| target != "host-tuple")
}

fn configured(
    files: &[File],
    triple: &str,
    cfgs: &dyn Fn() -> Result<Vec<Cfg>, Error>,
) -> Result<Option<Vec<OsString>>, Error> {
    let targets =
        |file: &File| file.table.get("target").and_then(Value::as_table).cloned().unwrap_or_default();
    if let Some(exact) = files.iter().find_map(|file| words(&file.folder, targets(file).get(triple)?)) {
        return Ok(Some(exact));
    }
    let platforms = files.iter().flat_map(|file| targets(file).into_iter().map(move |it| (file, it)));
    let of_cfg = |(file, (platform, table)): (&File, (String, Value))| {
        let words = platform.starts_with("cfg(").then(|| words(&file.folder, &table))?;
        Some((platform, words?))
    };
    let by_cfg: Vec<(String, Vec<OsString>)> = platforms.filter_map(of_cfg).collect();
    let cfgs = if by_cfg.is_empty() { Vec::new() } else { cfgs()? };
    let holds = |cfg: &str| Platform::from_str(cfg).is_ok_and(|platform| platform.matches(triple, &cfgs));
    Ok(by_cfg.into_iter().find(|(cfg, _)| holds(cfg)).map(|(_, words)| words))
}

/// The runner in `table`. A program with a slash in its name is relative to `folder`.
fn words(folder: &Path, table: &Value) -> Option<Vec<OsString>> {
    let words: Vec<String> = match table.get("runner")? {
        Value::String(words) => words.split_whitespace().map(str::to_owned).collect(),
        words => words.clone().try_into().ok()?,
    };
    let (program, arguments) = words.split_first()?;
    let program = if program.contains('/') { folder.join(program).into() } else { program.into() };
    Some([program].into_iter().chain(arguments.iter().map(OsString::from)).collect())
}

fn variable(triple: &str) -> String {
    format!("CARGO_TARGET_{}_RUNNER", triple.to_uppercase().replace(['-', '.'], "_"))
}

fn host(folder: &Path) -> Result<String, Error> {
    let said = ask(metadata::cargo().arg("-vV"), folder)?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Error::Cargo { problem: "`cargo -vV` names no host".to_owned() })
}

fn cfgs(folder: &Path, triple: &str) -> Result<Vec<Cfg>, Error> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = ask(Command::new(rustc).args(["--print", "cfg", "--target", triple]), folder)?;
    Ok(said.lines().filter_map(|line| Cfg::from_str(line).ok()).collect())
}

fn ask(command: &mut Command, folder: &Path) -> Result<String, Error> {
    let program = PathBuf::from(command.get_program());
    let output = command.current_dir(folder).output().map_err(Error::io("run", &program))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(files: &[&str]) -> Option<Vec<OsString>> {
        let file = |text: &&str| File { folder: "/p".into(), table: text.parse().unwrap() };
        let files: Vec<File> = files.iter().map(file).collect();
        let cfgs = || Ok(vec![Cfg::from_str("unix").unwrap()]);
        configured(&files, "x86_64-unknown-linux-gnu", &cfgs).unwrap()
    }

    #[test]
    fn the_strongest_runner_holds() {
        let by_cfg = "[target.'cfg(unix)']\nrunner = ['perf', 'stat run']";
        let exact = "[target.x86_64-unknown-linux-gnu]\nrunner = 'tools/run --quiet'";
        let other = "[target.'cfg(windows)']\nrunner = 'wine'";
        assert_eq!(runner(&[by_cfg, exact]), Some(vec!["/p/tools/run".into(), "--quiet".into()]));
        assert_eq!(runner(&[other, by_cfg]), Some(vec!["perf".into(), "stat run".into()]));
        assert_eq!((runner(&[other]), runner(&["[build]"])), (None, None));
    }

    #[test]
    fn the_variable_is_called_as_cargo_calls_it() {
        assert_eq!(variable("x86_64-unknown-linux-gnu"), "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER");
    }
}
