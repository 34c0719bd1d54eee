//! What a bench leaves beside Criterion's results, since Criterion has no place for it: which engines it measured, in
//! which version, and which were not to be had. `docs/formats.md` describes the file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::services::EngineFacts;

/// The folder of the facts in a Criterion home.
const FOLDER: &str = "bench-gate-facts";

const SCHEMA_VERSION: u32 = 1;

/// Why a fact could not be noted.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// The results that are there are of another version of the engine.
    #[error(
        "{} are of {engine} {known}, and this is {engine} {found}: delete them with {}, or set CRITERION_HOME to \
         another folder", results.display(), file.display()
    )]
    OtherVersion {
        /// The folder of the results.
        results: PathBuf,
        /// The facts.
        file: PathBuf,
        /// The engine's name.
        engine: String,
        /// The major version that was measured before.
        known: String,
        /// The one that is there now.
        found: String,
    },
    /// The file cannot be written.
    #[error("{}: cannot write what is known of the engines: {source}; make its folder writable", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The facts of one category. Clones write the same file.
#[derive(Debug, Clone)]
pub struct Facts {
    category: &'static str,
    /// `None` where nothing is to be written.
    home: Option<Arc<OnceLock<PathBuf>>>,
}

/// The file. What stands in it of engines that this process does not touch is kept, since their results are.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema_version: u32,
    engines: Vec<EngineFacts>,
    not_run: Vec<NotRun>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotRun {
    id: String,
    reason: String,
    remedy: String,
}

impl Facts {
    /// Facts of `category` that go where Criterion's results go.
    #[must_use]
    pub fn beside_results(category: &'static str) -> Self {
        Self { category, home: Some(Arc::default()) }
    }

    /// Facts of `category` in the Criterion home `home`.
    #[must_use]
    pub fn in_home(category: &'static str, home: PathBuf) -> Self {
        Self { category, home: Some(Arc::new(OnceLock::from(home))) }
    }

    /// Facts that nobody wants to know: nothing is measured.
    #[must_use]
    pub fn unwritten(category: &'static str) -> Self {
        Self { category, home: None }
    }

    /// Notes that `engine` is about to be measured.
    ///
    /// # Errors
    /// There are results of another major version of it already, or the file cannot be written.
    pub fn note_engine(&self, engine: &EngineFacts) -> Result<(), FactsError> {
        let Some(path) = self.path() else { return Ok(()) };
        let mut file = File::read(&path);
        self.refuse_other_version(&path, &file, engine)?;
        file.forget(&engine.name, &self.all_of(&engine.name));
        file.engines.push(engine.clone());
        file.write(&path)
    }

    /// Notes that the engine `name` is not to be had, why, and what changes that.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note_not_run(&self, name: &str, reason: &str, remedy: &str) -> Result<(), FactsError> {
        let Some(path) = self.path() else { return Ok(()) };
        let mut file = File::read(&path);
        file.forget(name, &self.all_of(name));
        let (id, reason, remedy) = (self.all_of(name), reason.to_owned(), remedy.to_owned());
        file.not_run.push(NotRun { id, reason, remedy });
        file.write(&path)
    }

    /// Notes that the benchmark `id` (without the category) is not run, why, and what changes that.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note_row_not_run(&self, id: &str, reason: &str, remedy: &str) -> Result<(), FactsError> {
        let Some(path) = self.path() else { return Ok(()) };
        let mut file = File::read(&path);
        let id = format!("{}/{id}", self.category);
        file.not_run.retain(|known| known.id != id);
        file.not_run.push(NotRun { id, reason: reason.to_owned(), remedy: remedy.to_owned() });
        file.write(&path)
    }

    fn path(&self) -> Option<PathBuf> {
        let home = self.home.as_ref()?.get_or_init(criterion_home);
        Some(home.join(FOLDER).join(format!("{}.json", self.category)))
    }

    /// Every benchmark of the engine `name`.
    fn all_of(&self, name: &str) -> String {
        format!("{}/{name}/*", self.category)
    }

    fn refuse_other_version(&self, path: &Path, file: &File, engine: &EngineFacts) -> Result<(), FactsError> {
        match file.engines.iter().find(|known| known.name == engine.name) {
            Some(known) if known.major != engine.major => Err(FactsError::OtherVersion {
                results: path.with_file_name("").with_file_name(self.category),
                file: path.to_owned(),
                engine: engine.name.clone(),
                known: known.major.clone(),
                found: engine.major.clone(),
            }),
            _ => Ok(()),
        }
    }
}

impl File {
    /// What is at `path`. What cannot be read cannot be kept: a bench that notes anything writes the file anew.
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_default();
        let file =
            serde_json::from_slice(&bytes).ok().filter(|file: &Self| file.schema_version == SCHEMA_VERSION);
        Self { schema_version: SCHEMA_VERSION, ..file.unwrap_or_default() }
    }

    fn forget(&mut self, engine: &str, id: &str) {
        self.engines.retain(|known| known.name != engine);
        self.not_run.retain(|known| known.id != id);
    }

    /// Replaces what is at `path` in one step.
    fn write(&self, path: &Path) -> Result<(), FactsError> {
        let write = || {
            let folder = path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.persist(path).map(drop).map_err(|error| error.error)
        };
        write().map_err(|source| FactsError::Io { path: path.to_owned(), source })
    }
}

/// Where Criterion keeps its results: the rule that Criterion itself follows.
fn criterion_home() -> PathBuf {
    let named = env::var_os("CRITERION_HOME").map(PathBuf::from);
    named.unwrap_or_else(|| target_folder().unwrap_or_else(|| PathBuf::from("target")).join("criterion"))
}

fn target_folder() -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    if let Some(named) = env::var_os("CARGO_TARGET_DIR") {
        return Some(PathBuf::from(named));
    }
    let mut cargo = std::process::Command::new(env::var_os("CARGO")?);
    let output = cargo.args(["metadata", "--format-version", "1", "--no-deps"]).output().ok()?;
    Some(serde_json::from_slice::<Metadata>(&output.stdout).ok()?.target_directory)
}

#[cfg(test)]
mod tests;
