use std::time::Duration;

use super::*;

const POSTGRES: &str =
    r#"{"name":"postgres","version":"15.18","major":"15","origin":"here","settings":["fsync off"]}"#;

const CLICKHOUSE: &str =
    r#"{"id":"database/clickhouse/*","reason":"no server","remedy":"scripts/engines.sh"}"#;

fn file(engines: &str, not_run: &str) -> String {
    format!(r#"{{"schema_version":1,"engines":[{engines}],"not_run":[{not_run}]}}"#)
}

/// A home with these files of facts.
fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(FOLDER)).unwrap();
    for (name, text) in files {
        fs::write(home.path().join(FOLDER).join(name), text).unwrap();
    }
    home
}

#[test]
fn facts_are_read_as_they_were_noted() {
    let home = home(&[("database.json", &file(POSTGRES, CLICKHOUSE)), ("notes.txt", "not facts")]);
    let facts = EngineMetadata::read(home.path(), None).unwrap();
    assert_eq!(facts.majors(), BTreeMap::from([("postgres".to_owned(), "15".to_owned())]));
    assert_eq!((facts.engines[0].settings.len(), facts.unavailable.len()), (1, 1));
    assert!(facts.rule_out("database/clickhouse/query/1k") && !facts.rule_out("database/clickhouse"));
    assert!(!facts.rule_out("database/postgres/query/1k") && !facts.rule_out("database/clickhouse2/query"));
}

#[test]
fn a_home_without_facts_has_none() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(EngineMetadata::read(home.path(), None).unwrap(), EngineMetadata::default());
}

#[test]
fn facts_of_an_earlier_run_do_not_count() {
    let home = home(&[("database.json", &file(POSTGRES, CLICKHOUSE))]);
    let later = SystemTime::now() + Duration::from_mins(1);
    assert_eq!(EngineMetadata::read(home.path(), Some(later)).unwrap(), EngineMetadata::default());
    let earlier = SystemTime::now() - Duration::from_mins(1);
    assert_eq!(EngineMetadata::read(home.path(), Some(earlier)).unwrap().engines.len(), 1);
}

#[test]
fn two_categories_may_not_have_measured_two_versions() {
    let other = POSTGRES.replace("15", "18");
    let home = home(&[("api.json", &file(&other, "")), ("database.json", &file(POSTGRES, ""))]);
    let error = EngineMetadata::read(home.path(), None).unwrap_err().to_string();
    assert!(error.contains("database.json") && error.contains("postgres is 15 here and 18"), "{error}");
}

#[test]
fn broken_facts_are_refused_by_file_and_reason() {
    let unknown_key = CLICKHOUSE.replace("\"id\"", "\"why\":\"\",\"id\"");
    let cases = [
        (String::new(), "EOF"),
        (file(POSTGRES, CLICKHOUSE)[..40].to_owned(), "EOF"),
        (file(POSTGRES, &unknown_key), "unknown field `why`"),
        (file(&POSTGRES.replace("\"major\":\"15\",", ""), ""), "missing field `major`"),
        (file(&POSTGRES.replace("\"15\"", "\"\""), ""), "without name, version or major"),
        (file("", "").replace(":1", ":2"), "schema_version 2"),
        (file("", &CLICKHOUSE.replace("database/", "cache/")), "not of the category `database`"),
        (file("", &CLICKHOUSE.replace("database/clickhouse/*", "database/*")), "neither an id nor"),
        (file("", &CLICKHOUSE.replace("clickhouse/*", "*/x")), "neither an id nor"),
        (file("", &CLICKHOUSE.replace("no server", " ")), "no reason"),
    ];
    for (text, problem) in cases {
        let error = EngineMetadata::read(home(&[("database.json", &text)]).path(), None).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("database.json") && said.contains(problem), "{said}");
        assert_eq!((error.exit_code(), error.remedy().contains("delete the file")), (2, true));
    }
}
