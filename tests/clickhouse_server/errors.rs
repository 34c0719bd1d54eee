//! What is wrong is told as ClickHouse tells it.

use clickhouse::Client;
use clickhouse::error::Error;

use super::{Entry, client, count, filled, plain_client, shared};

#[track_caller]
fn has_code<T>(code: u32, result: Result<T, Error>) -> String {
    match result {
        Err(Error::BadResponse(text)) if text.contains(&format!("Code: {code}.")) => text,
        Err(other) => panic!("{other:?}, not code {code}"),
        Ok(_) => panic!("no error, but code {code} was expected"),
    }
}

#[tokio::test]
async fn errors_have_their_codes() {
    let client = client(shared(), "errors").await;
    for (code, statement) in [
        (62, "SELEC 1"),
        (60, "SELECT * FROM nowhere"),
        (395, "SELECT throwIf(number = 500000) FROM numbers(1000000)"),
    ] {
        has_code(code, client.query(statement).execute().await);
    }
    has_code(60, client.insert::<Entry>("nowhere").await.map(drop));
}

#[tokio::test]
async fn unknown_settings_and_databases_are_errors() {
    let client = plain_client(shared());
    has_code(115, client.clone().with_setting("no_such_setting", "1").query("SELECT 1").execute().await);
    has_code(81, client.clone().with_database("nowhere").query("SELECT 1").execute().await);
}

#[tokio::test]
async fn what_the_server_does_not_have_is_an_error() {
    let client = plain_client(shared());
    has_code(48, client.clone().with_setting("session_id", "1").query("SELECT 1").execute().await);
    has_code(62, client.query("SELECT {text:String}").param("text", "x").execute().await);
    has_code(48, client.query_raw("INSERT INTO t FORMAT JSONEachRow\n{}").execute().await);
}

#[tokio::test]
async fn the_wrong_user_or_password_is_refused() {
    let right = plain_client(shared());
    for wrong in [right.clone().with_password("wrong"), right.clone().with_user("stranger")] {
        let told = has_code(516, wrong.query("SELECT 1").execute().await);
        assert!(!told.contains("wrong"), "{told}");
    }
    let url = shared().split('@').next_back().expect("a host").to_owned();
    has_code(516, Client::default().with_url(format!("http://{url}")).query("SELECT 1").execute().await);
}

#[tokio::test]
async fn an_insert_that_is_dropped_stores_nothing() {
    let client = client(shared(), "dropped").await;
    filled(&client, "entries", 10).await;
    let mut insert = client.insert::<Entry>("entries").await.expect("an insert");
    for id in 0..30_000 {
        insert.write(&Entry::numbered(id)).await.expect("a row");
    }
    drop(insert);
    assert_eq!(count(&client, "entries").await, 10);
}

#[tokio::test]
async fn data_that_does_not_fit_is_refused_and_the_next_insert_works() {
    let client = client(shared(), "unfit").await;
    filled(&client, "entries", 10).await;
    let mut insert = client.insert_formatted_with("INSERT INTO entries FORMAT RowBinary");
    insert.send(vec![1_u8; 1_000_001].into()).await.ok();
    assert!(insert.end().await.is_err(), "a million ones were taken for rows");
    assert_eq!(count(&client, "entries").await, 10);
    filled(&client, "others", 20_000).await;
    assert_eq!(count(&client, "others").await, 20_000);
}
