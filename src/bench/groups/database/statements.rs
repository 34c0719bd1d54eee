//! A statement that the engine keeps, and one that it has to parse and plan.

use std::cell::LazyCell;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::place::Place;
use super::reads::look_up;
use super::scratch::{SEED, answer};
use super::stage::Stage;
use crate::backend::database::PreparedStatements;
use crate::bench::Harness;

/// Rows of the table.
const ROWS: usize = 10_000;

/// `statement/prepared` and `statement/cold`: the same lookups, by the one and by the other.
pub(super) fn statements(harness: &mut Harness, stage: &Stage<'_>) {
    let table = LazyCell::new(|| stage.table(ROWS));
    for (name, kept) in [("statement/prepared", true), ("statement/cold", false)] {
        let mut rng = StdRng::seed_from_u64(SEED);
        harness.time(&stage.id(name), None, |bencher| {
            let statements = table.statements().expect("an engine that says it prepares statements");
            bencher.iter_custom(|iterations| {
                let mut place = || Place::in_table(&mut rng, ROWS);
                (0..iterations).map(|_| stage.runtime.block_on(time(statements, place(), kept))).sum()
            });
        });
    }
}

async fn time(database: &dyn PreparedStatements, place: Place, kept: bool) -> Duration {
    if kept {
        return look_up(database, place).await;
    }
    let start = Instant::now();
    let event = answer(database.event_unprepared(place.id()).await);
    let time = start.elapsed();
    place.check_event(event.as_ref());
    time
}
