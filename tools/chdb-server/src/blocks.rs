//! ClickHouse's compressed blocks, in which clients send the rows of an insert (`decompress=1`): a checksum
//! (`CityHash128` 1.0.2), a header (method, size with the header, size of the content), and the content in LZ4.

use cityhash_rs::cityhash_102_128;

use super::failure::Failure;

const CHECKSUM: usize = 16;
const HEADER: usize = 9;
const LZ4: u8 = 0x82;

/// The largest block, compressed or not. Clients send blocks of less than a megabyte.
const MAX_BLOCK: usize = 256 << 20;

/// Collects the pieces of a body.
#[derive(Default)]
pub struct Blocks {
    collected: Vec<u8>,
}

impl Blocks {
    /// The content of all blocks that are complete with `piece`.
    pub fn decompress(&mut self, piece: &[u8]) -> Result<Vec<u8>, Failure> {
        self.collected.extend_from_slice(piece);
        let (mut content, mut rest) = (Vec::new(), self.collected.as_slice());
        while let Some(size) = size_of_first(rest)? {
            let (block, behind) = rest.split_at(size);
            decompress(block, &mut content)?;
            rest = behind;
        }
        let done = self.collected.len() - rest.len();
        self.collected.drain(..done);
        Ok(content)
    }

    /// Fails where the body ends within a block.
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
    let (compressed, content) = (number(&header[1..5]), number(&header[5..9]));
    if !(HEADER..=MAX_BLOCK).contains(&compressed) || content > MAX_BLOCK {
        return Err(broken("a compressed block has an impossible size"));
    }
    Ok(Some(CHECKSUM + compressed).filter(|size| *size <= bytes.len()))
}

fn decompress(block: &[u8], content: &mut Vec<u8>) -> Result<(), Failure> {
    let (checksum, compressed) = block.split_at(CHECKSUM);
    // The two halves of the hash are stored the other way round.
    if checksum != cityhash_102_128(compressed).rotate_right(64).to_le_bytes() {
        return Err(broken("a compressed block does not have its checksum"));
    }
    if compressed[0] != LZ4 {
        return Err(Failure::new(89, "this server knows no compression but LZ4"));
    }
    let (size, start) = (number(&compressed[5..9]), content.len());
    content.resize(start + size, 0);
    match lz4_flex::block::decompress_into(&compressed[HEADER..], &mut content[start..]) {
        Ok(written) if written == size => Ok(()),
        _ => Err(broken("a compressed block is no LZ4 of the size in its header")),
    }
}

/// Little-endian.
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

    fn block(content: &[u8]) -> Vec<u8> {
        let data = lz4_flex::block::compress(content);
        let mut compressed = vec![LZ4];
        for size in [HEADER + data.len(), content.len()] {
            compressed.extend_from_slice(&u32::try_from(size).unwrap().to_le_bytes());
        }
        compressed.extend_from_slice(&data);
        [&cityhash_102_128(&compressed).rotate_right(64).to_le_bytes()[..], &compressed].concat()
    }

    #[test]
    fn blocks_come_back_however_they_are_cut() {
        let content: Vec<u8> = (0..10_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        let body = [block(&content), block(b"plain"), block(b"")].concat();
        for size in [1, 24, 1000, body.len()] {
            let mut blocks = Blocks::default();
            let found: Vec<u8> =
                body.chunks(size).flat_map(|piece| blocks.decompress(piece).unwrap()).collect();
            assert_eq!(blocks.end(), Ok(()));
            assert_eq!(found, [&content[..], b"plain"].concat(), "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_broken_is_refused() {
        let refused = |body: &[u8]| {
            let mut blocks = Blocks::default();
            blocks.decompress(body).and_then(|_| blocks.end()).unwrap_err().message
        };
        let whole = block(b"some content that is long enough, some content that is long enough");
        assert!(refused(&whole[..whole.len() - 1]).contains("ends within"));
        let changed = [&whole[..whole.len() - 1], &[whole[whole.len() - 1] ^ 1]].concat();
        assert!(refused(&changed).contains("checksum"));
        assert!(refused(&[0xff; 40]).contains("size"));
    }
}
