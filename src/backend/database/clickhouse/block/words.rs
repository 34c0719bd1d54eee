//! A column of few different texts: its dictionary, and for each row a place in that.
//!
//! This is how the Native format has `LowCardinality(String)`:
//! <https://github.com/ClickHouse/ClickHouse/blob/master/src/DataTypes/Serializations/SerializationLowCardinality.cpp>.
//! A server that gets it so makes no dictionary itself.

use std::collections::HashMap;

use bytes::{BufMut, Bytes, BytesMut};
use foldhash::fast::RandomState;

use super::text::put_text;

/// The only version of the format: dictionaries come with the rows.
const VERSION: u64 = 1;

/// Says that the dictionary follows, and that it takes the place of the one before.
const OWN_DICTIONARY: u64 = 0x200 | 0x400;

/// The texts of a column, each once.
pub struct Words<'a> {
    texts: Vec<&'a str>,
    /// Where each is among them.
    known: HashMap<&'a str, u32, RandomState>,
    /// Of each row.
    places: Vec<u32>,
}

impl<'a> Words<'a> {
    pub fn with_capacity(rows: usize) -> Self {
        Self { texts: Vec::new(), known: HashMap::default(), places: Vec::with_capacity(rows) }
    }

    /// Takes the next row.
    ///
    /// # Panics
    /// With over four billion different texts, which no memory holds.
    pub fn push(&mut self, text: &'a str) {
        let place = *self.known.entry(text).or_insert_with(|| {
            self.texts.push(text);
            u32::try_from(self.texts.len() - 1).expect("four billion texts fit into no memory")
        });
        self.places.push(place);
    }

    /// Writes what goes before the rows to `head`, and returns the place of each row.
    pub fn whole(self, head: &mut BytesMut) -> Bytes {
        let width = self.width();
        head.put_u64_le(VERSION);
        // The type of places: 0 for a byte, 1 for two, 2 for four.
        head.put_u64_le(OWN_DICTIONARY | u64::from(width.trailing_zeros()));
        put_texts(&self.texts, head);
        head.put_u64_le(self.places.len() as u64);
        let mut places = BytesMut::with_capacity(width * self.places.len());
        self.places.iter().for_each(|place| places.put_uint_le(u64::from(*place), width));
        places.freeze()
    }

    /// The fewest bytes that hold every place.
    fn width(&self) -> usize {
        match self.texts.len() {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        }
    }
}

fn put_texts(texts: &[&str], to: &mut BytesMut) {
    to.put_u64_le(texts.len() as u64);
    texts.iter().for_each(|text| put_text(text, to));
}
