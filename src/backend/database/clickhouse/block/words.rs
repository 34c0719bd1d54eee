//! A column of few different texts: its dictionary, and for each row a place in that.
//!
//! This is how the Native format has `LowCardinality(String)`:
//! <https://github.com/ClickHouse/ClickHouse/blob/master/src/DataTypes/Serializations/SerializationLowCardinality.cpp>.
//! A server that gets it so makes no dictionary itself.

use std::collections::HashMap;

use bytes::{BufMut, BytesMut};
use foldhash::fast::RandomState;

use super::put_text;

/// The only version of the format: dictionaries come with the rows.
const VERSION: u64 = 1;

/// Says that the dictionary follows, and that it takes the place of the one before.
const OWN_DICTIONARY: u64 = 0x200 | 0x400;

/// The texts of a column, each once.
pub struct Words<'a> {
    texts: Vec<&'a str>,
    /// Of each row.
    places: Vec<u64>,
}

impl<'a> Words<'a> {
    pub fn of(rows: impl Iterator<Item = &'a str>) -> Self {
        let (mut texts, mut known) = (Vec::new(), HashMap::<&str, u64, RandomState>::default());
        let place = |text| {
            *known.entry(text).or_insert_with(|| {
                texts.push(text);
                texts.len() as u64 - 1
            })
        };
        let places = rows.map(place).collect();
        Self { texts, places }
    }

    /// Writes what goes before the places.
    pub fn put_dictionary(&self, to: &mut BytesMut) {
        to.put_u64_le(VERSION);
        // The type of places: 0 for a byte, 1 for two, 2 for four, 3 for eight.
        to.put_u64_le(OWN_DICTIONARY | u64::from(self.width().trailing_zeros()));
        to.put_u64_le(self.texts.len() as u64);
        self.texts.iter().for_each(|text| put_text(text, to));
        to.put_u64_le(self.places.len() as u64);
    }

    /// The place of each row, and the bytes that it takes.
    pub fn places(&self) -> (impl Iterator<Item = u64> + '_, usize) {
        (self.places.iter().copied(), self.width())
    }

    /// The fewest bytes that hold every place.
    fn width(&self) -> usize {
        match self.texts.len() {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            0x1_0001..=0x1_0000_0000 => 4,
            _ => 8,
        }
    }
}
