//! In which order the arms of each block run.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::options::Arms;

/// An endless series of blocks. Of each two, the first is random and the second its reverse.
pub fn blocks(arms: &Arms, seed: u64, suite: u64) -> impl Iterator<Item = Vec<char>> {
    let (mut rng, mut arms) = (StdRng::seed_from_u64(seed << 32 | suite), arms.0.clone());
    (0..).map(move |block| {
        if block % 2 == 0 {
            arms.shuffle(&mut rng);
        } else {
            arms.reverse();
        }
        arms.clone()
    })
}
