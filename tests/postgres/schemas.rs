//! A schema of ours is made, brought up to date and removed; whatever is not ours stays as it was.

use backend_bench::backend::database::{Conversations, Database, Error, PoolOptions, Postgres};

use crate::common::{database, events, number, run, shared, unique};

async fn open(schema: &str) -> Postgres {
    Postgres::open(shared(), schema, PoolOptions::default()).await.unwrap()
}

/// How many tables a schema has.
async fn tables(schema: &str) -> i64 {
    number(shared(), &format!("SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}'")).await
}

#[tokio::test]
async fn migrating_again_keeps_the_data_and_removing_takes_all_of_it() {
    let database = database(PoolOptions::default()).await;
    database.insert_events(&events(10)).await.unwrap();
    database.close().await.unwrap();
    assert!(database.count_events().await.is_err());
    let again = open(database.schema()).await;
    again.migrate().await.unwrap();
    assert_eq!((again.count_events().await.unwrap(), tables(again.schema()).await), (10, 4));
    assert_removable(&again).await;
}

/// Twice, since what is gone already is no error.
async fn assert_removable(database: &Postgres) {
    database.remove_schema().await.unwrap();
    database.remove_schema().await.unwrap();
    assert_eq!(tables(database.schema()).await, 0);
}

#[tokio::test]
async fn an_earlier_version_is_brought_up_to_date_with_its_data() {
    let database = database(PoolOptions::default()).await;
    database.insert_events(&events(10)).await.unwrap();
    let schema = database.schema();
    let back = format!(
        "DROP TABLE {schema}.messages, {schema}.threads, {schema}.settings;
         COMMENT ON SCHEMA {schema} IS 'made by backend-bench, version 1'"
    );
    run(shared(), &back).await;
    database.migrate().await.unwrap();
    database.create_thread("after").await.unwrap();
    assert_eq!((database.count_events().await.unwrap(), tables(schema).await), (10, 4));
}

#[tokio::test]
async fn many_may_migrate_at_once() {
    let schema = unique("at_once");
    let (first, second) = (open(&schema).await, open(&schema).await);
    let (one, two, three) = tokio::join!(first.migrate(), second.migrate(), first.migrate());
    one.and(two).and(three).unwrap();
    assert_eq!(tables(&schema).await, 4);
}

#[tokio::test]
async fn a_schema_that_is_not_ours_is_left_alone() {
    let cases = [
        ("", "did not make it"),
        ("COMMENT ON SCHEMA {} IS 'made by hand'", "made by hand"),
        ("COMMENT ON SCHEMA {} IS 'made by backend-bench, version x'", "did not make it"),
        ("COMMENT ON SCHEMA {} IS 'made by backend-bench, version 0'", "did not make it"),
    ];
    for (comment, reason) in cases {
        let schema = unique("foreign");
        let table =
            format!("CREATE TABLE {schema}.events (mine int); INSERT INTO {schema}.events VALUES (7)");
        let comment = comment.replace("{}", &schema);
        run(shared(), &format!("CREATE SCHEMA {schema}; {table}; {comment}")).await;
        assert_untouched(&schema, reason).await;
    }
}

async fn assert_untouched(schema: &str, reason: &str) {
    let database = open(schema).await;
    for refused in [database.migrate().await, database.remove_schema().await] {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Schema { .. }), "{error}");
        assert!(error.to_string().contains(reason) && error.to_string().contains(schema), "{error}");
    }
    assert_eq!(number(shared(), &format!("SELECT sum(mine) FROM {schema}.events")).await, 7);
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_left_alone() {
    let database = database(PoolOptions::default()).await;
    let schema = database.schema();
    run(shared(), &format!("COMMENT ON SCHEMA {schema} IS 'made by backend-bench, version 99'")).await;
    let error = database.migrate().await.unwrap_err();
    assert!(matches!(error, Error::Schema { .. }) && error.to_string().contains("version 99"), "{error}");
    assert_eq!(tables(schema).await, 4);
}

#[tokio::test]
async fn what_others_put_into_our_schema_keeps_all_of_it() {
    let additions = [
        "CREATE TABLE {}.notes (x int)",
        "CREATE VIEW public.view_of_{} AS SELECT id FROM {}.events",
        "CREATE FUNCTION {}.one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ];
    for addition in additions {
        let database = database(PoolOptions::default()).await;
        database.insert_events(&events(3)).await.unwrap();
        run(shared(), &addition.replace("{}", database.schema())).await;
        let error = database.remove_schema().await.unwrap_err();
        assert!(
            matches!(error, Error::Schema { .. }) && error.to_string().contains("objects of other programs"),
            "{error}"
        );
        assert_eq!(database.count_events().await.unwrap(), 3);
    }
}

#[tokio::test]
async fn tables_of_our_names_elsewhere_are_neither_read_nor_written() {
    run(shared(), "CREATE TABLE public.events (mine int); INSERT INTO public.events VALUES (1), (2)").await;
    let database = database(PoolOptions::default()).await;
    database.insert_events(&events(5)).await.unwrap();
    database.clear_events().await.unwrap();
    database.remove_schema().await.unwrap();
    assert_eq!(number(shared(), "SELECT count(*) FROM public.events").await, 2);
    assert!(database.count_events().await.is_err());
}

#[tokio::test]
async fn a_name_that_needs_quoting_is_refused() {
    for name in ["", "Upper", "a-b", "a b", "1st", "pg_own", "a;drop", "é", &"a".repeat(64)] {
        let error = Postgres::open(shared(), name, PoolOptions::default()).await.unwrap_err();
        assert!(error.to_string().contains("cannot name a schema"), "{name}: {error}");
    }
}
