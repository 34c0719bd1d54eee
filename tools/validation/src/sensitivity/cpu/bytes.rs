//! Bytes: checksums, encodings, copies.

use std::hash::{DefaultHasher, Hasher};
use std::hint::black_box;

use super::work::{Row, Work, repeat};

pub(super) const ROWS: &[Row] = &[
    ("crc_32", crc),
    ("fnv_1a", fnv),
    ("sip_hash", sip_hash),
    ("base_64", base_64),
    ("copy_4k", copy),
    ("hex", hex),
];

#[expect(clippy::cast_possible_truncation, reason = "a byte is what is left")]
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * at * 31 + at * 7) as u8).collect()
}

/// By table, with the polynomial of Ethernet.
fn crc() -> Work {
    let entry = |byte: u32| {
        (0..8).fold(byte, |rest, _| if rest & 1 == 1 { (rest >> 1) ^ 0xedb8_8320 } else { rest >> 1 })
    };
    let table: Vec<u32> = (0..256).map(entry).collect();
    let data = bytes(256);
    repeat(move || {
        !black_box(&data)
            .iter()
            .fold(!0_u32, |sum, byte| table[((sum ^ u32::from(*byte)) & 0xff) as usize] ^ (sum >> 8))
    })
}

fn fnv() -> Work {
    let data = bytes(64);
    repeat(move || {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        black_box(&data).iter().fold(0xcbf2_9ce4_8422_2325, step)
    })
}

fn sip_hash() -> Work {
    let data = bytes(64);
    repeat(move || {
        let mut hasher = DefaultHasher::new();
        hasher.write(black_box(&data));
        hasher.finish()
    })
}

fn base_64() -> Work {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (data, mut encoded) = (bytes(192), Vec::new());
    repeat(move || {
        encoded.clear();
        for three in black_box(&data).chunks_exact(3) {
            let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
            encoded.extend([18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift & 63) as usize]));
        }
        encoded.len()
    })
}

/// Within one allocation: how far two of them are apart, modulo 4 KiB, is luck, and changes the time many times over.
fn copy() -> Work {
    let mut memory = bytes(4_096 + 6_144);
    repeat(move || {
        let (data, target) = black_box(&mut memory).split_at_mut(6_144);
        target.copy_from_slice(&data[..4_096]);
        target[0]
    })
}

fn hex() -> Work {
    let (data, mut encoded) = (bytes(64), Vec::new());
    repeat(move || {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        encoded.clear();
        let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
        encoded.extend(black_box(&data).iter().flat_map(digits));
        encoded.len()
    })
}
