//! What every engine promises, tested by the same functions on each.
//!
//! A new engine implements [`engines::TestEngine`] and gets a module below: `database_contract!` for what
//! `trait Database` promises, `transactional_contract!` in addition if it has transactions and unique keys. What only
//! one engine promises is in its own tests (`tests/postgres.rs`, `tests/sqlite.rs`).

#[path = "database_contract/engines.rs"]
mod engines;
#[path = "database_contract/events.rs"]
mod events;
#[path = "database_contract/transactional.rs"]
mod transactional;

macro_rules! tests {
    ($suite:ident, $engine:ty: $($test:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $test() {
            crate::$suite::$test::<$engine>().await;
        }
    )+};
}

macro_rules! database_contract {
    ($engine:ty) => {
        tests!(events, $engine:
            a_bulk_insert_stores_every_field_of_every_event,
            the_limits_of_every_type_survive,
            a_loaded_corpus_is_the_corpus_and_reads_agree_with_it,
            usage_is_the_sum_of_its_events,
            reads_run_in_parallel,
            a_full_pool_gives_up_in_time_and_names_its_size,
            the_pool_counts_opened_and_reused_connections,
            data_survives_closing_and_migrating_again,
            engine_and_version_are_reported,
        );
    };
}

macro_rules! transactional_contract {
    ($engine:ty) => {
        tests!(transactional, $engine:
            an_insert_is_all_or_nothing_and_names_a_taken_id,
            a_lookup_finds_the_same_prepared_or_not,
            threads_are_kept_in_order,
            messages_are_kept_in_order,
            a_message_needs_its_thread,
            settings_are_put_together_or_not_at_all,
        );
    };
}

mod sqlite {
    database_contract!(crate::engines::SqliteFile);
    transactional_contract!(crate::engines::SqliteFile);
}

mod postgres {
    database_contract!(crate::engines::PostgresSchema);
    transactional_contract!(crate::engines::PostgresSchema);
}
