//! Deliveries a second to 100 connections: the broadcaster, two others, and bare TCP.

use comparisons::fan_out::{PACES, compare};

fn main() {
    PACES.into_iter().for_each(compare);
}
