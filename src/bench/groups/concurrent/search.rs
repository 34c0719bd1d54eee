//! The search for a limit.

/// The largest population that was seen to hold, or `None` where not one user did.
///
/// Tries `populations` in their order, which is rising, until one breaks; then halves the way between the last that
/// held and the first that broke, until that is at most the fraction `within` of the one that held.
pub(super) fn largest(
    populations: &[usize],
    within: f64,
    mut holds: impl FnMut(usize) -> bool,
) -> Option<usize> {
    let mut held = 0;
    let mut broken = None;
    for &population in populations {
        if !holds(population) {
            broken = Some(population);
            break;
        }
        held = population;
    }
    while let Some(middle) = broken.and_then(|broken| between(held, broken, within)) {
        if holds(middle) { held = middle } else { broken = Some(middle) }
    }
    (held > 0).then_some(held)
}

/// A population to try between one that held and one that broke, where they are not close yet.
fn between(held: usize, broken: usize, within: f64) -> Option<usize> {
    let apart = (broken - held) as f64;
    (apart > (held as f64 * within).max(1.0)).then(|| held.midpoint(broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the search finds, and what it tries, where `limit` is the largest that holds.
    fn search(populations: &[usize], limit: usize) -> (Option<usize>, Vec<usize>) {
        search_within(0.2, populations, limit)
    }

    fn search_within(within: f64, populations: &[usize], limit: usize) -> (Option<usize>, Vec<usize>) {
        let mut tried = Vec::new();
        let found = largest(populations, within, |population| {
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
    fn a_coarser_search_ends_sooner() {
        assert_eq!(search_within(0.5, &[100, 200, 400], 260), (Some(200), vec![100, 200, 400, 300]));
        assert_eq!(search_within(0.5, &[100, 200, 400], 310), (Some(300), vec![100, 200, 400, 300]));
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
