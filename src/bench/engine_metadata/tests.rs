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
    let engines = file.engines.iter().map(|engine| format!("{} {}", engine.name, engine.version)).collect();
    (engines, file.not_run.into_iter().map(|not_run| not_run.id).collect())
}

#[test]
fn what_an_earlier_process_recorded_of_other_engines_is_kept() {
    let (_home, metadata, path) = metadata();
    metadata.record_engine(&engine("sqlite", "3.51.0")).unwrap();
    metadata.record_not_run("postgres", "none", "get one").unwrap();
    assert_eq!(recorded(&path), (vec!["sqlite 3.51.0".to_owned()], vec!["database/postgres/*".to_owned()]));
    metadata.record_engine(&engine("postgres", "15.18")).unwrap();
    metadata.record_not_run("sqlite", "gone", "get one").unwrap();
    assert_eq!(recorded(&path), (vec!["postgres 15.18".to_owned()], vec!["database/sqlite/*".to_owned()]));
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
