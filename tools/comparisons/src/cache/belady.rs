//! What no cache can do better: one that knows the future.

use std::collections::{BTreeSet, HashMap};

use super::traces::Request;

/// Which requests of `trace` a cache of `capacity` responses hits that always gives up what is asked for again last
/// (Belady 1966), and does not take in what is asked for again later than all that it holds. Responses are of one size.
pub fn hits(trace: &[Request], capacity: usize) -> Vec<bool> {
    let next = next_uses(trace);
    let mut held = BTreeSet::new();
    let mut hits = Vec::with_capacity(trace.len());
    for (place, request) in trace.iter().enumerate() {
        hits.push(held.remove(&(place, request.number)));
        held.insert((next[place], request.number));
        if held.len() > capacity {
            held.pop_last();
        }
    }
    hits
}

/// For each request, the place of the next one for the same response.
fn next_uses(trace: &[Request]) -> Vec<usize> {
    let mut last = HashMap::new();
    let mut next = vec![usize::MAX; trace.len()];
    for (place, request) in trace.iter().enumerate().rev() {
        if let Some(later) = last.insert(request.number, place) {
            next[place] = later;
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_optimum_is_known_by_hand() {
        let trace = |numbers: &[u64]| {
            numbers.iter().map(|number| Request { number: *number, regular: true }).collect::<Vec<_>>()
        };
        let count = |numbers, capacity| hits(&trace(numbers), capacity).iter().filter(|hit| **hit).count();
        // Of a loop of three, a cache of two keeps two minus the one that passes through.
        assert_eq!(count(&[1, 2, 3, 1, 2, 3, 1, 2, 3], 2), 4);
        assert_eq!(count(&[1, 1, 1, 1], 1), 3);
        assert_eq!(count(&[1, 2, 1, 3, 1, 4, 1], 1), 3);
    }
}
