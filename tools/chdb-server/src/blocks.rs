//! ClickHouse's own compressed blocks, in which clients send the data of an `INSERT` (`decompress=1`): a checksum
//! (ClickHouse's version of `CityHash128`, 1.0.2), a header (method, size with the header, size of the content), and the
//! content.

use cityhash_rs::cityhash_102_128;

use super::failure::Failure;

const CHECKSUM: usize = 16;
const HEADER: usize = 9;
const UNCOMPRESSED: u8 = 0x02;
const LZ4: u8 = 0x82;

/// The largest block that is taken, packed and unpacked. Clients send blocks of less than a megabyte.
const LARGEST: usize = 256 << 20;

/// Collects pieces of a body and unpacks the blocks that are whole.
#[derive(Default)]
pub struct Blocks {
    collected: Vec<u8>,
}

impl Blocks {
    pub fn push(&mut self, piece: &[u8]) {
        self.collected.extend_from_slice(piece);
    }

    /// The content of all blocks that are whole.
    pub fn unpack(&mut self) -> Result<Vec<u8>, Failure> {
        let mut content = Vec::new();
        let mut rest = self.collected.as_slice();
        while let Some(size) = size_of_first(rest)? {
            let (block, behind) = rest.split_at(size);
            unpack(block, &mut content)?;
            rest = behind;
        }
        let left = self.collected.len() - rest.len();
        self.collected.drain(..left);
        Ok(content)
    }

    /// Says that the body is over.
    pub fn end(&self) -> Result<(), Failure> {
        if self.collected.is_empty() {
            Ok(())
        } else {
            Err(broken("the body ends within a compressed block"))
        }
    }
}

/// The size of the first block with its checksum, where all of it is there.
fn size_of_first(bytes: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(header) = bytes.get(CHECKSUM..CHECKSUM + HEADER) else { return Ok(None) };
    let (packed, content) = (number(&header[1..5]), number(&header[5..9]));
    if !(HEADER..=LARGEST).contains(&packed) || content > LARGEST {
        return Err(broken("a compressed block says that it is too large, or smaller than its header"));
    }
    Ok(Some(CHECKSUM + packed).filter(|size| *size <= bytes.len()))
}

fn unpack(block: &[u8], content: &mut Vec<u8>) -> Result<(), Failure> {
    let (checksum, packed) = block.split_at(CHECKSUM);
    // The two halves of the hash are stored the other way round.
    if checksum != cityhash_102_128(packed).rotate_right(64).to_le_bytes() {
        return Err(broken("a compressed block does not have its checksum"));
    }
    let (size, data, start) = (number(&packed[5..9]), &packed[HEADER..], content.len());
    match packed[0] {
        UNCOMPRESSED => content.extend_from_slice(data),
        LZ4 => {
            content.resize(start + size, 0);
            let written = lz4_flex::block::decompress_into(data, &mut content[start..]);
            if written.ok() != Some(size) {
                return Err(broken("a compressed block is no LZ4 of the size that it says"));
            }
        }
        other => {
            return Err(Failure::new(
                89,
                &format!("method {other:#x} of compression is not known here: use LZ4"),
            ));
        }
    }
    Ok(())
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// `CANNOT_DECOMPRESS`.
fn broken(problem: &str) -> Failure {
    Failure::new(271, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(method: u8, content: &[u8]) -> Vec<u8> {
        let data = if method == LZ4 { lz4_flex::block::compress(content) } else { content.to_vec() };
        let mut packed = vec![method];
        for size in [HEADER + data.len(), content.len()] {
            packed.extend_from_slice(&u32::try_from(size).expect("a small block").to_le_bytes());
        }
        packed.extend_from_slice(&data);
        let mut block = cityhash_102_128(&packed).rotate_right(64).to_le_bytes().to_vec();
        block.extend_from_slice(&packed);
        block
    }

    #[test]
    fn blocks_come_back_however_they_are_cut() {
        let content: Vec<u8> = (0..10_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        let body = [block(LZ4, &content), block(UNCOMPRESSED, b"plain"), block(LZ4, b"")].concat();
        for piece in [1, 24, 1000, body.len()] {
            let (mut blocks, mut found) = (Blocks::default(), Vec::new());
            for piece in body.chunks(piece) {
                blocks.push(piece);
                found.extend(blocks.unpack().expect("whole blocks"));
            }
            blocks.end().expect("nothing left");
            assert_eq!(found, [&content[..], b"plain"].concat(), "in pieces of {piece}");
        }
    }

    fn refused(body: &[u8]) -> String {
        let mut blocks = Blocks::default();
        blocks.push(body);
        blocks.unpack().and_then(|_| blocks.end()).expect_err("a broken body").message
    }

    #[test]
    fn what_is_broken_is_refused() {
        let whole = block(LZ4, b"some content that is long enough, some content that is long enough");
        assert!(refused(&whole[..whole.len() - 1]).contains("ends within"));
        assert!(refused(&whole[..3]).contains("ends within"));
        let changed = |at: usize| {
            let mut body = whole.clone();
            body[at] ^= 1;
            refused(&body)
        };
        assert!(changed(0).contains("checksum") && changed(whole.len() - 1).contains("checksum"));
        assert!(refused(&[0xff; 40]).contains("too large"));
        assert!(refused(&block(0x90, b"zstd")).contains("0x90"));
    }
}
