//! The search for a limit.

/// How close the search comes: it ends when the smallest that broke is at most a fifth above the largest that held.
const RESOLUTION: usize = 5;

/// The largest population that was seen to hold, or `None` where not one user did.
///
/// Tries `populations` in their order, which is rising, until one breaks; then halves the way between the last that
/// held and the first that broke.
pub(super) fn largest(populations: &[usize], mut holds: impl FnMut(usize) -> bool) -> Option<usize> {
    let mut held = 0;
    let mut broken = None;
    for &population in populations {
        if !holds(population) {
            broken = Some(population);
            break;
        }
        held = population;
    }
    while let Some(middle) = broken.and_then(|broken| between(held, broken)) {
        if holds(middle) { held = middle } else { broken = Some(middle) }
    }
    (held > 0).then_some(held)
}

/// A population to try between one that held and one that broke, where they are not close yet.
fn between(held: usize, broken: usize) -> Option<usize> {
    (broken - held > (held / RESOLUTION).max(1)).then(|| held.midpoint(broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the search finds, and what it tries, where `limit` is the largest that holds.
    fn search(populations: &[usize], limit: usize) -> (Option<usize>, Vec<usize>) {
        let mut tried = Vec::new();
        let found = largest(populations, |population| {
            tried.push(population);
            population <= limit
        });
        (found, tried)
    }

    #[test]
    fn the_limit_is_bisected_between_the_last_that_held_and_the_first_that_broke() {
        assert_eq!(search(&[25, 100, 400], 260), (Some(250), vec![25, 100, 400, 250, 325, 287]));
        assert_eq!(search(&[10, 25], 24), (Some(21), vec![10, 25, 17, 21]));
    }

    #[test]
    fn what_never_breaks_is_the_largest_tried() {
        assert_eq!(search(&[25, 50, 100], 1_000), (Some(100), vec![25, 50, 100]));
    }

    #[test]
    fn a_first_population_that_breaks_is_searched_below() {
        assert_eq!(search(&[25, 50], 3).0, Some(3));
        assert_eq!(search(&[25, 50], 1).0, Some(1));
        assert_eq!(search(&[25, 50], 0).0, None);
    }
}
