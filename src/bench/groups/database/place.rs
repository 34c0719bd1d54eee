//! Where in a table to look, and what has to be found there.

use std::ops::Range;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::backend::database::{Event, ModelUsage, corpus};

/// Events in each range that is read.
pub(super) const READ: u32 = 100;

/// Events that each aggregate adds up.
pub(super) const ADDED_UP: i64 = 500;

/// A place in a table: behind how many events.
#[derive(Clone, Copy)]
pub(super) struct Place(i64);

impl Place {
    /// A random one in a table of `rows` events, as far from its end as an aggregate needs.
    pub(super) fn in_table(rng: &mut StdRng, rows: usize) -> Self {
        let last = i64::try_from(rows).unwrap_or(i64::MAX) - ADDED_UP;
        Self(rng.random_range(0..=last))
    }

    /// The event to look up.
    pub(super) fn id(self) -> i64 {
        self.0 + 1
    }

    /// The times of the events to read or to add up.
    pub(super) fn range(self) -> Range<i64> {
        corpus::window(self.0, ADDED_UP)
    }

    pub(super) fn check_event(self, event: Option<&Event>) {
        assert_eq!(event.map(|event| event.id), Some(self.id()), "the wrong event was found");
    }

    pub(super) fn check_range(self, events: &[Event]) {
        let (first, last) = (self.id(), self.id() + i64::from(READ) - 1);
        let ends = (events.first().map(|event| event.id), events.last().map(|event| event.id));
        assert_eq!(
            (events.len(), ends),
            (READ as usize, (Some(first), Some(last))),
            "the wrong range was read"
        );
    }

    pub(super) fn check_usage(self, usage: &[ModelUsage]) {
        let added_up: i64 = usage.iter().map(|model| model.events).sum();
        assert_eq!(added_up, ADDED_UP, "the wrong events were added up from {}", self.0);
    }
}
