//! What a bench records beside Criterion's results, which have no place for it: which engine was measured in which
//! version, and which could not be run.
//!
//! A bench writes a [`MetadataFile`] to `bench-gate-facts/<category>.json` in its [`criterion_home`], and the gate reads it.
//! The format and the place are described here alone. What the gate concludes from them does not belong here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, fs};

use serde::{Deserialize, Serialize};

use crate::model::benchmark::category_of;
use crate::model::error::Error;

/// The folder of the files in a Criterion home.
pub const FOLDER: &str = "bench-gate-facts";

/// The folder of the bench targets' own homes, in the Criterion home of a run: `targets/<package>/<target>`.
pub const TARGETS_FOLDER: &str = "targets";

/// The version of the format.
pub const SCHEMA_VERSION: u32 = 1;

/// An engine that was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Its name, as in the benchmarks' ids.
    pub name: String,
    /// Its version, as it told it itself.
    pub version: String,
    /// The part of the version that comparisons must not mix.
    pub major: String,
    /// Where it came from.
    pub origin: String,
    /// The settings that its numbers depend on.
    pub settings: Vec<String>,
}

/// Benchmarks that could not be run on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotRunEngine {
    /// The benchmarks: an id, or with `/*` at its end every benchmark below.
    pub id: String,
    /// Why not.
    pub reason: String,
    /// The one command that changes it.
    pub remedy: String,
}

impl NotRunEngine {
    /// Whether the benchmark or metric `id` is among those that could not be run.
    #[must_use]
    pub fn covers(&self, id: &str) -> bool {
        match self.id.strip_suffix('*') {
            Some(above) => id.len() > above.len() && id.starts_with(above),
            None => id == self.id,
        }
    }

    fn why_unusable(&self, category: &str) -> Option<String> {
        let id = &self.id;
        let named = id.strip_suffix("/*").unwrap_or(id);
        match () {
            () if category_of(id) != category => Some(format!("`{id}` is not of the category `{category}`")),
            () if !named.contains('/') || named.contains('*') || named.split('/').any(str::is_empty) => {
                Some(format!("`{id}` is neither an id nor one with `/*` behind it"))
            }
            () if self.reason.trim().is_empty() || self.remedy.trim().is_empty() => {
                Some(format!("`{id}` has no reason or no remedy"))
            }
            () => None,
        }
    }
}

/// What the benches of a Criterion home recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineMetadata {
    /// The engines that were measured, by name.
    pub engines: Vec<Engine>,
    /// What could not be run.
    pub unavailable: Vec<NotRunEngine>,
}

/// The file of one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetadataFile {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The engines that were measured.
    pub engines: Vec<Engine>,
    /// What could not be run.
    pub not_run: Vec<NotRunEngine>,
}

impl Default for MetadataFile {
    fn default() -> Self {
        Self { schema_version: SCHEMA_VERSION, engines: Vec::new(), not_run: Vec::new() }
    }
}

impl EngineMetadata {
    /// The metadata in `home` and in the homes of bench targets in it; of a run that began at `since`, what it recorded.
    /// A home without files has none.
    ///
    /// # Errors
    /// A file cannot be read, is malformed or of another version, or two of them disagree on an engine's version.
    pub fn read(home: &Path, since: Option<SystemTime>) -> Result<Self, Error> {
        let mut metadata = Self::default();
        for path in all_files(home)? {
            let written =
                fs::metadata(&path).and_then(|it| it.modified()).map_err(Error::io("read", &path))?;
            if since.is_none_or(|since| written >= since) {
                metadata.add(MetadataFile::read(&path)?).map_err(broken(&path))?;
            }
        }
        metadata.engines.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(metadata)
    }

    fn add(&mut self, file: MetadataFile) -> Result<(), String> {
        self.unavailable.extend(file.not_run);
        for engine in file.engines {
            match self.engines.iter().find(|known| known.name == engine.name) {
                Some(known) if known.major != engine.major => {
                    let (name, one, other) = (&engine.name, &engine.major, &known.major);
                    return Err(format!("{name} is {one} here and {other} in another category"));
                }
                Some(_) => {}
                None => self.engines.push(engine),
            }
        }
        Ok(())
    }

    /// Whether the benchmark `id` was not run: a result under it is an older one.
    #[must_use]
    pub fn rule_out(&self, id: &str) -> bool {
        self.unavailable.iter().any(|unavailable| unavailable.covers(id))
    }

    /// The major version of each engine, by name.
    #[must_use]
    pub fn majors(&self) -> BTreeMap<String, String> {
        self.engines.iter().map(|engine| (engine.name.clone(), engine.major.clone())).collect()
    }
}

fn broken(path: &Path) -> impl Fn(String) -> Error {
    move |problem| Error::BrokenFacts { path: path.to_owned(), problem }
}

/// Every file of facts in `home` and in the homes of bench targets in it, in order.
fn all_files(home: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut homes = vec![home.to_owned()];
    for package in entries(&home.join(TARGETS_FOLDER))? {
        homes.extend(entries(&package)?);
    }
    let files = homes.iter().map(|home| entries(&home.join(FOLDER))).collect::<Result<Vec<_>, _>>()?;
    let is_json = |path: &PathBuf| path.extension().is_some_and(|it| it == "json");
    Ok(files.into_iter().flatten().filter(is_json).collect())
}

/// What `folder` holds, in order; nothing where there is no folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(Error::io("list", folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(Error::io("list", folder))?;
    paths.sort();
    Ok(paths)
}

impl MetadataFile {
    /// The file of `category` in `home`.
    #[must_use]
    pub fn path(home: &Path, category: &str) -> PathBuf {
        home.join(FOLDER).join(format!("{category}.json"))
    }

    /// The file at `path`, whose name is its category.
    ///
    /// # Errors
    /// It cannot be read, is malformed, or is of another version or category.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(Error::io("read", path))?;
        let file: Self = serde_json::from_slice(&bytes).map_err(|error| broken(path)(error.to_string()))?;
        let category = path.file_stem().unwrap_or_default().to_string_lossy();
        match file.why_unusable(&category) {
            None => Ok(file),
            Some(problem) => Err(broken(path)(problem)),
        }
    }

    fn why_unusable(&self, category: &str) -> Option<String> {
        let nameless =
            |engine: &Engine| engine.name.is_empty() || engine.version.is_empty() || engine.major.is_empty();
        match () {
            () if self.schema_version != SCHEMA_VERSION => {
                Some(format!("schema_version {}, this program reads {SCHEMA_VERSION}", self.schema_version))
            }
            () if self.engines.iter().any(nameless) => {
                Some("an engine without name, version or major".to_owned())
            }
            () => self.not_run.iter().find_map(|unavailable| unavailable.why_unusable(category)),
        }
    }
}

/// The folder of Criterion's results: `given`, else `$CRITERION_HOME`, else `criterion` in [`target_folder`].
#[must_use]
pub fn criterion_home(given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| named_home().unwrap_or_else(|| target_folder().join("criterion")), Path::to_owned)
}

/// [`criterion_home`] of a bench, by the rule that Criterion itself follows: it asks the cargo that runs the bench, and
/// no other.
#[must_use]
pub fn criterion_home_of_bench() -> PathBuf {
    let target = || target_folder_by(env::var_os("CARGO"));
    named_home().unwrap_or_else(|| target().join("criterion"))
}

/// Cargo's target folder: `$CARGO_TARGET_DIR`, else what `cargo metadata` says, else `./target`.
#[must_use]
pub fn target_folder() -> PathBuf {
    target_folder_by(Some(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())))
}

fn named_home() -> Option<PathBuf> {
    env::var_os("CRITERION_HOME").map(PathBuf::from)
}

fn target_folder_by(cargo: Option<OsString>) -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.or_else(|| ask(cargo?)).unwrap_or_else(|| PathBuf::from("target"))
}

#[derive(Deserialize)]
struct CargoMetadata {
    target_directory: PathBuf,
}

fn ask(cargo: OsString) -> Option<PathBuf> {
    let output =
        Command::new(cargo).args(["metadata", "--format-version", "1", "--no-deps"]).output().ok()?;
    let metadata: CargoMetadata = serde_json::from_slice(&output.stdout).ok()?;
    Some(metadata.target_directory)
}

#[cfg(test)]
mod tests;
