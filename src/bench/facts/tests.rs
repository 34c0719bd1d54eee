use super::*;

fn engine(name: &str, version: &str) -> EngineFacts {
    let major = version.split('.').next().unwrap_or_default().to_owned();
    let (name, version, origin) = (name.to_owned(), version.to_owned(), "here".to_owned());
    EngineFacts { name, version, major, origin, settings: vec!["fsync off".to_owned()] }
}

/// A home, the facts of `database` in it, and their file.
fn facts() -> (tempfile::TempDir, Facts, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let facts = Facts::in_home("database", home.path().to_owned());
    let path = home.path().join("bench-gate-facts/database.json");
    (home, facts, path)
}

fn noted(path: &Path) -> (Vec<String>, Vec<String>) {
    let file = File::read(path);
    let engines = file.engines.iter().map(|engine| format!("{} {}", engine.name, engine.version)).collect();
    (engines, file.not_run.into_iter().map(|not_run| not_run.id).collect())
}

#[test]
fn what_an_earlier_process_noted_of_other_engines_is_kept() {
    let (_home, facts, path) = facts();
    facts.note_engine(&engine("sqlite", "3.51.0")).unwrap();
    facts.note_not_run("postgres", "none", "get one").unwrap();
    assert_eq!(noted(&path), (vec!["sqlite 3.51.0".to_owned()], vec!["database/postgres/*".to_owned()]));
    facts.note_engine(&engine("postgres", "15.18")).unwrap();
    facts.note_not_run("sqlite", "gone", "get one").unwrap();
    assert_eq!(noted(&path), (vec!["postgres 15.18".to_owned()], vec!["database/sqlite/*".to_owned()]));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn results_of_two_major_versions_do_not_meet() {
    let (home, facts, path) = facts();
    facts.note_engine(&engine("postgres", "15.18")).unwrap();
    facts.note_engine(&engine("postgres", "15.19")).unwrap();
    let error = facts.note_engine(&engine("postgres", "18.4")).unwrap_err().to_string();
    assert!(error.contains("postgres 15, and this is postgres 18"), "{error}");
    let results = home.path().join("database").display().to_string();
    assert!(error.starts_with(&results) && error.contains(&path.display().to_string()), "{error}");
    assert_eq!(noted(&path).0, ["postgres 15.19"]);
}

#[test]
fn a_broken_file_is_written_anew() {
    let (_home, facts, path) = facts();
    fs::create_dir(path.parent().unwrap()).unwrap();
    for broken in ["", "{\"schema_version\":1", "{\"schema_version\":2,\"engines\":[],\"not_run\":[]}"] {
        fs::write(&path, broken).unwrap();
        facts.note_engine(&engine("sqlite", "3.51.0")).unwrap();
        assert_eq!(noted(&path).0, ["sqlite 3.51.0"], "after {broken:?}");
    }
}

#[test]
fn nothing_is_written_where_nothing_is_measured() {
    let facts = Facts::unwritten("database");
    facts.note_engine(&engine("sqlite", "3.51.0")).unwrap();
    facts.note_not_run("postgres", "none", "get one").unwrap();
    assert_eq!(facts.path(), None);
}

#[test]
fn a_home_that_cannot_be_written_is_an_error() {
    let file = NamedTempFile::new().unwrap();
    let facts = Facts::in_home("database", file.path().join("home"));
    let error = facts.note_engine(&engine("sqlite", "3.51.0")).unwrap_err().to_string();
    assert!(error.contains("database.json: cannot write"), "{error}");
}
