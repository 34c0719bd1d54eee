//! What the client asks for, it gets.

use std::collections::HashSet;

use super::{Entry, client, count, filled, plain_client, shared};

#[tokio::test]
async fn fifty_thousand_rows_come_back_as_they_went_in() {
    let client = client(shared(), "rows").await;
    filled(&client, "entries", 50_000).await;
    assert_eq!(count(&client, "entries").await, 50_000);
    let mut cursor =
        client.query("SELECT ?fields FROM entries ORDER BY id").fetch::<Entry>().expect("a cursor");
    let mut expected = 0;
    while let Some(entry) = cursor.next().await.expect("a row") {
        assert_eq!(entry, Entry::numbered(expected));
        expected += 1;
    }
    assert_eq!(expected, 50_000);
}

#[tokio::test]
async fn a_large_result_comes_whole() {
    let query = "SELECT number, toString(number) FROM numbers(1000000)";
    let mut cursor = plain_client(shared()).query(query).fetch::<(u64, String)>().expect("a cursor");
    let mut expected = 0;
    while let Some((number, text)) = cursor.next().await.expect("a row") {
        assert!(number == expected && text == number.to_string(), "{number} and {text}, not {expected}");
        expected += 1;
    }
    assert_eq!(expected, 1_000_000);
}

#[tokio::test]
async fn a_result_without_rows_has_its_head_too() {
    let none = plain_client(shared())
        .query("SELECT number FROM numbers(10) WHERE number > 10")
        .fetch_all::<u64>()
        .await;
    assert_eq!(none.expect("a result"), Vec::<u64>::new());
}

#[tokio::test]
async fn settings_and_databases_hold_for_their_request_only() {
    let client = client(shared(), "of_its_own").await;
    let asked = "SELECT toUInt64(getSetting('max_threads')), currentDatabase()";
    let set = client.clone().with_setting("max_threads", "3").query(asked).fetch_one::<(u64, String)>().await;
    assert_eq!(set.expect("a row"), (3, "of_its_own".to_owned()));
    for statement in ["USE system", "SET max_threads = 5", "CREATE TEMPORARY TABLE passing (a UInt8)"] {
        client.query(statement).execute().await.expect("a statement");
    }
    let after: (u64, String) = client.query(asked).fetch_one().await.expect("a row");
    assert!(after.0 != 3 && after.0 != 5 && after.1 == "of_its_own", "{after:?}");
    assert!(
        client.query("SELECT count() FROM passing").fetch_one::<u64>().await.is_err(),
        "a temporary table stayed"
    );
}

#[tokio::test]
async fn data_in_the_statement_is_all_taken() {
    let client = client(shared(), "in_the_statement").await;
    let values: Vec<_> = (0..1_000).map(|id| format!("({id}, 'it''s')")).collect();
    for statement in [
        "CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a",
        &format!("INSERT INTO t VALUES {}", values.join(",\n")),
        "INSERT INTO t SELECT number, 's' FROM numbers(10)",
    ] {
        client.query_raw(statement).execute().await.expect("a statement");
    }
    assert_eq!(count(&client, "t").await, 1_010);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_run_at_the_same_time() {
    let client = plain_client(shared());
    let asked: Vec<_> = (0..40_u64)
        .map(|id| {
            let query = client.query("SELECT ? + max(number) FROM numbers(300000)").bind(id);
            tokio::spawn(async move { query.fetch_one::<u64>().await.expect("a sum") })
        })
        .collect();
    let mut sums = HashSet::new();
    for sum in asked {
        sums.insert(sum.await.expect("no panic"));
    }
    assert_eq!(sums, (0..40).map(|id| id + 299_999).collect());
}
