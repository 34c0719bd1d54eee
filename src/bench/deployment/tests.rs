//! File and environment together, and what is refused.

use std::fs;

use super::*;

/// What these variables describe, with `text` as the file.
fn deployment(text: &str, variables: &[(&str, &str)]) -> Result<Deployment, DeploymentError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    fs::write(&path, text).unwrap();
    Deployment::of_variables(|name| match name {
        CONFIG => Some(path.display().to_string()),
        _ => variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
    })
}

fn refused(text: &str) -> String {
    deployment(text, &[]).expect_err(text).to_string()
}

/// A file with one operation, of these lines.
fn operation(lines: &str) -> String {
    format!("schema_version = 1\n\n[[users.operation]]\nname = \"one\"\npercent = 100\n{lines}\n")
}

#[test]
fn the_environment_goes_before_the_file() {
    let text = "schema_version = 1\n[target]\napi_url = \"http://127.0.0.1:1\"\nllm_model = \"m\"\n[users]\ncount = 7\n";
    let made = deployment(text, &[(API_URL, "http://127.0.0.1:2"), ("DATABASE_URL", " ")]).unwrap();
    assert_eq!(made.named(API_URL), Some("http://127.0.0.1:2"));
    assert_eq!((made.named("LLM_MODEL"), made.named("DATABASE_URL")), (Some("m"), None));
    assert!(made.users.count == 7 && made.users.are_ours && made.users.plans.len() == 5);
}

#[test]
fn without_a_file_nothing_is_named_but_by_the_environment() {
    let nothing = Deployment::of_variables(|_| None).unwrap();
    assert!(nothing.named(API_URL).is_none() && nothing.api().unwrap().is_none());
    let missing = Deployment::of_variables(|name| (name == CONFIG).then(|| "/no/such.toml".to_owned()));
    assert!(missing.unwrap_err().to_string().contains("/no/such.toml: cannot read"));
}

#[test]
fn a_wrong_file_is_refused_with_the_line() {
    let cases = [
        ("", "mine.toml:1: missing field `schema_version`"),
        ("schema_version = 2\n", "mine.toml:1: schema_version is 2"),
        ("schema_version = 1\n[target\n", "mine.toml:2: "),
        ("schema_version = 1\n[users]\ncuont = 5\n", "mine.toml:3: unknown field `cuont`"),
        (
            "schema_version = 1\n[target]\napi = \"x\"\n",
            "mine.toml:3: unknown key `api`: the keys are api_url",
        ),
        ("schema_version = 1\n[users]\ncount = 0\n", "mine.toml:3: 0 is out of range: give 1 to 100000"),
        (
            "schema_version = 1\n[users]\ndeadline_ms = 0\n",
            "mine.toml:3: 0 is out of range: give 1 to 600000",
        ),
        ("schema_version = 1\n[users]\nrequests_per_second = 0.0\n", "mine.toml:3: 0 is out of range"),
        ("schema_version = 1\n[users]\nrequests_per_second = nan\n", "NaN is out of range"),
    ];
    for (text, problem) in cases {
        assert!(refused(text).contains(problem), "{text:?}: {}", refused(text));
    }
}

#[test]
fn wrong_operations_are_refused_by_name() {
    let cases = [
        ("", "operation `one`: it does nothing"),
        ("path = \"health\"", "begin it with `/`"),
        ("path = \"/a b\"", "write spaces"),
        ("path = \"/\"\nstatus = 99", "99 is out of range: give 100 to 599"),
        ("path = \"/\"\nmethod = \"get\"", "method \"get\""),
        ("path = \"/\"\ntext = \"a\"\njson = 1", "`json` and `text`"),
        ("path = \"/\"\njson = { at = 2026-01-01 }", "no dates"),
        ("send = \"a\"\nstatus = 200", "has no `path`"),
        ("path = \"/\"\ncontent_type = \"a\"", "no `text`"),
    ];
    for (lines, problem) in cases {
        let error = refused(&operation(lines));
        assert!(error.contains(problem) && error.contains("mine.toml:"), "{lines:?}: {error}");
    }
    assert!(refused(&operation("path = \"/\"").replace("100", "90")).contains("add up to 90 %"));
    assert!(refused(&operation("path = \"/\"").replace("\"one\"", "\"a/b\"")).contains("part of an id"));
}

#[test]
fn secrets_in_a_file_are_refused_and_not_shown() {
    let cases = [
        "[target]\napi_token = \"hunter2\"\n",
        "[headers]\nX-Key = \"hunter2\"\n",
        "[target]\ndatabase_url = \"postgres://me:hunter2@localhost/db\"\n",
        "[target]\nclickhouse_url = \"http://localhost:8123/?password=hunter2\"\n",
    ];
    for lines in cases {
        let error = refused(&format!("schema_version = 1\n{lines}"));
        assert!(error.contains("environment") && error.contains("mine.toml:"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let body = operation("path = \"/\"\njson = { password = \"{user}\" }");
    assert!(deployment(&body, &[]).is_ok(), "a body is not a header");
}

#[test]
fn load_leaves_this_machine_only_where_the_user_declared_it() {
    let text = operation("path = \"/\"");
    let stranger = [(API_URL, "http://192.0.2.1"), ("DATABASE_URL", "postgres://a:b@192.0.2.1/db")];
    let made = deployment(&text, &stranger).unwrap();
    for error in [made.api().unwrap_err(), made.refuse_strangers(&["DATABASE_URL"]).unwrap_err()] {
        assert!(error.to_string().contains("--target-is-mine"), "{error}");
    }
    let mine = deployment(&text, &[&stranger[..], &[(IS_MINE, "1")]].concat()).unwrap();
    assert!(mine.api().unwrap().is_some() && mine.refuse_strangers(&["DATABASE_URL"]).is_ok());
}

#[test]
fn a_websocket_has_to_be_of_this_machine_too() {
    let elsewhere = [(API_URL, "http://127.0.0.1:1"), (WS_URL, "ws://192.0.2.1/ws")];
    let api = |lines: &str| deployment(&operation(lines), &elsewhere).unwrap().api();
    for lines in ["send = \"hello\"", "path = \"/\""] {
        assert!(api(lines).unwrap_err().to_string().contains("WS_URL: 192.0.2.1"), "{lines}");
    }
    let alone = deployment(&operation("path = \"/\""), &elsewhere[1..]).unwrap();
    assert!(matches!(alone.api(), Err(DeploymentError::NoApi)));
}

#[test]
fn a_deployment_has_a_websocket_where_it_is_named_or_users_talk() {
    let named = (WS_URL, "ws://127.0.0.1:1/ws");
    let has = |lines: &str, more: &[(&'static str, &str)]| {
        let variables = [&[(API_URL, "http://127.0.0.1:1")][..], more].concat();
        deployment(&operation(lines), &variables).unwrap().api().unwrap().unwrap().has_socket()
    };
    assert!(has("send = \"hello\"", &[]) && has("path = \"/\"", &[named]) && !has("path = \"/\"", &[]));
}

#[test]
fn reports_say_what_is_measured_and_no_secret() {
    let text = "schema_version = 1\n[users]\nrequests_per_second = 20.0\n";
    let made = deployment(text, &[(API_URL, "http://127.0.0.1:1/base/"), ("API_TOKEN", "hunter2")]).unwrap();
    let metadata = made.api().unwrap().unwrap().metadata();
    assert_eq!(
        (metadata.major.as_str(), metadata.origin.as_str()),
        ("127.0.0.1:1", "API_URL (http://127.0.0.1:1/base)")
    );
    let all = format!("{metadata:?} {made:?}");
    assert!(
        all.contains("at most 20 requests/s") && all.contains("WebSocket ws://127.0.0.1:1/base/ws"),
        "{all}"
    );
    assert!(all.contains("authorization (not shown)") && !all.contains("hunter2"), "{all}");
}
