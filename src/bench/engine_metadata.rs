//! Records beside Criterion's results which engines were measured, and which rows were not run. The format of the file is
//! [`bench_gate::metadata`]'s; when a bench may write it, and what of an earlier bench is kept, belongs here.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::{fs, io};

use bench_gate::metadata::{Engine, MetadataFile, NotRunEngine, criterion_home_of_bench};
use tempfile::NamedTempFile;

/// Why metadata could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// The results that are there are of another version of the engine.
    #[error(
        "{} are of {engine} {known}, and this is {engine} {found}: delete them with {}, or set CRITERION_HOME to \
         another folder", results.display(), file.display()
    )]
    OtherVersion {
        /// The folder of the results.
        results: PathBuf,
        /// The metadata.
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

/// Writes the metadata of one category. Clones write the same file.
#[derive(Debug, Clone)]
pub struct MetadataWriter {
    category: &'static str,
    /// `None` where nothing is to be written.
    home: Option<Arc<OnceLock<PathBuf>>>,
}

impl MetadataWriter {
    /// Metadata of `category`, written where Criterion's results go.
    pub(crate) fn beside_results(category: &'static str) -> Self {
        Self { category, home: Some(Arc::default()) }
    }

    /// Metadata of `category` in the Criterion home `home`.
    #[cfg(test)]
    pub(crate) fn in_home(category: &'static str, home: PathBuf) -> Self {
        Self { category, home: Some(Arc::new(OnceLock::from(home))) }
    }

    /// Metadata of a process that measures nothing: no file is written.
    pub(crate) fn unwritten(category: &'static str) -> Self {
        Self { category, home: None }
    }

    /// Records that `engine` is about to be measured.
    pub(crate) fn record_engine(&self, engine: &Engine) -> Result<(), MetadataError> {
        let Some(path) = self.path() else { return Ok(()) };
        let mut file = kept(&path);
        self.refuse_other_version(&path, &file, engine)?;
        forget(&mut file, &engine.name, &self.all_of(&engine.name));
        file.engines.push(engine.clone());
        write(&file, &path)
    }

    /// Records that the engine `name` is not available, why, and what changes that.
    pub(crate) fn record_not_run(&self, name: &str, reason: &str, remedy: &str) -> Result<(), MetadataError> {
        let Some(path) = self.path() else { return Ok(()) };
        let mut file = kept(&path);
        forget(&mut file, name, &self.all_of(name));
        let (id, reason, remedy) = (self.all_of(name), reason.to_owned(), remedy.to_owned());
        file.not_run.push(NotRunEngine { id, reason, remedy });
        write(&file, &path)
    }

    /// Records that the benchmark `id` (without the category) is not run, why, and what changes that.
    pub(crate) fn record_row_not_run(
        &self,
        id: &str,
        reason: &str,
        remedy: &str,
    ) -> Result<(), MetadataError> {
        let Some(path) = self.path() else { return Ok(()) };
        let mut file = kept(&path);
        let id = format!("{}/{id}", self.category);
        file.not_run.retain(|known| known.id != id);
        file.not_run.push(NotRunEngine { id, reason: reason.to_owned(), remedy: remedy.to_owned() });
        write(&file, &path)
    }

    fn path(&self) -> Option<PathBuf> {
        let home = self.home.as_ref()?.get_or_init(criterion_home_of_bench);
        Some(MetadataFile::path(home, self.category))
    }

    /// Every benchmark of the engine `name`.
    fn all_of(&self, name: &str) -> String {
        format!("{}/{name}/*", self.category)
    }

    fn refuse_other_version(
        &self,
        path: &Path,
        file: &MetadataFile,
        engine: &Engine,
    ) -> Result<(), MetadataError> {
        match file.engines.iter().find(|known| known.name == engine.name) {
            Some(known) if known.major != engine.major => Err(MetadataError::OtherVersion {
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

/// What an earlier process recorded at `path`. What cannot be read cannot be kept.
fn kept(path: &Path) -> MetadataFile {
    MetadataFile::read(path).unwrap_or_default()
}

fn forget(file: &mut MetadataFile, engine: &str, id: &str) {
    file.engines.retain(|known| known.name != engine);
    file.not_run.retain(|known| known.id != id);
}

/// Replaces what is at `path` in one step.
fn write(file: &MetadataFile, path: &Path) -> Result<(), MetadataError> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut temporary = NamedTempFile::new_in(folder)?;
        temporary.write_all(&serde_json::to_vec_pretty(file)?)?;
        temporary.persist(path).map(drop).map_err(|error| error.error)
    };
    write().map_err(|source| MetadataError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(name: &str, version: &str) -> Engine {
        let major = version.split('.').next().unwrap_or_default().to_owned();
        let (name, version, origin) = (name.to_owned(), version.to_owned(), "here".to_owned());
        Engine { name, version, major, origin, settings: vec!["fsync off".to_owned()] }
    }

    /// A home, the metadata of `database` in it, and their file.
    fn metadata() -> (tempfile::TempDir, MetadataWriter, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let metadata = MetadataWriter::in_home("database", home.path().to_owned());
        let path = home.path().join("bench-gate-facts/database.json");
        (home, metadata, path)
    }

    fn recorded(path: &Path) -> (Vec<String>, Vec<String>) {
        let file = MetadataFile::read(path).unwrap();
        let engines =
            file.engines.iter().map(|engine| format!("{} {}", engine.name, engine.version)).collect();
        (engines, file.not_run.into_iter().map(|not_run| not_run.id).collect())
    }

    #[test]
    fn what_an_earlier_process_recorded_of_other_engines_is_kept() {
        let (_home, metadata, path) = metadata();
        metadata.record_engine(&engine("sqlite", "3.51.0")).unwrap();
        metadata.record_not_run("postgres", "none", "get one").unwrap();
        assert_eq!(
            recorded(&path),
            (vec!["sqlite 3.51.0".to_owned()], vec!["database/postgres/*".to_owned()])
        );
        metadata.record_engine(&engine("postgres", "15.18")).unwrap();
        metadata.record_not_run("sqlite", "gone", "get one").unwrap();
        assert_eq!(
            recorded(&path),
            (vec!["postgres 15.18".to_owned()], vec!["database/sqlite/*".to_owned()])
        );
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn results_of_two_major_versions_do_not_meet() {
        let (home, metadata, path) = metadata();
        metadata.record_engine(&engine("postgres", "15.18")).unwrap();
        metadata.record_engine(&engine("postgres", "15.19")).unwrap();
        let error = metadata.record_engine(&engine("postgres", "18.4")).unwrap_err().to_string();
        assert!(error.contains("postgres 15, and this is postgres 18"), "{error}");
        let results = home.path().join("database").display().to_string();
        assert!(error.starts_with(&results) && error.contains(&path.display().to_string()), "{error}");
        assert_eq!(recorded(&path).0, ["postgres 15.19"]);
    }

    #[test]
    fn a_broken_file_is_written_anew() {
        let (_home, metadata, path) = metadata();
        fs::create_dir(path.parent().unwrap()).unwrap();
        for broken in ["", "{\"schema_version\":1", "{\"schema_version\":2,\"engines\":[],\"not_run\":[]}"] {
            fs::write(&path, broken).unwrap();
            metadata.record_engine(&engine("sqlite", "3.51.0")).unwrap();
            assert_eq!(recorded(&path).0, ["sqlite 3.51.0"], "after {broken:?}");
        }
    }

    #[test]
    fn nothing_is_written_where_nothing_is_measured() {
        let metadata = MetadataWriter::unwritten("database");
        metadata.record_engine(&engine("sqlite", "3.51.0")).unwrap();
        metadata.record_not_run("postgres", "none", "get one").unwrap();
        assert_eq!(metadata.path(), None);
    }

    #[test]
    fn a_home_that_cannot_be_written_is_an_error() {
        let file = NamedTempFile::new().unwrap();
        let metadata = MetadataWriter::in_home("database", file.path().join("home"));
        let error = metadata.record_engine(&engine("sqlite", "3.51.0")).unwrap_err().to_string();
        assert!(error.contains("database.json: cannot write"), "{error}");
    }
}
