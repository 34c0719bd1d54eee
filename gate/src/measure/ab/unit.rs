//! Which rows share a process.
//!
//! Rows that are measured alone give pairs that are close in time, and drop out one by one. But each process pays for
//! its start, and benches that make one recording for several rows make it again for each. So rows are measured alone
//! where that is not much dearer than together.

use super::row::Row;

/// How much dearer than together it may be to measure rows alone.
const WORTH: f64 = 1.25;

/// The rows that one process measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// The position of the bench target.
    pub bench: usize,
    /// The positions of the rows.
    pub rows: Vec<usize>,
    /// The seconds that one process will take.
    pub seconds: f64,
}

/// What is known of a bench target's processes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Starts {
    /// The seconds that one needs before it measures anything.
    pub seconds: f64,
    /// Whether it can be asked for some of its rows.
    pub heeds_filters: bool,
}

/// How the rows at the positions `wanted` are measured, of bench targets with these `starts`.
#[must_use]
pub fn units(rows: &[Row], wanted: &[usize], starts: &[Starts]) -> Vec<Unit> {
    let of =
        |bench: usize| wanted.iter().copied().filter(|row| rows[*row].bench == bench).collect::<Vec<_>>();
    starts
        .iter()
        .enumerate()
        .flat_map(|(bench, start)| match of(bench) {
            mine if mine.is_empty() => Vec::new(),
            mine => of_bench(rows, bench, mine, *start),
        })
        .collect()
}

fn of_bench(rows: &[Row], bench: usize, mine: Vec<usize>, start: Starts) -> Vec<Unit> {
    let among = |position: &usize| rows[*position].seconds_among();
    let together = start.seconds + mine.iter().map(among).sum::<f64>();
    let alone = |position: &usize| rows[*position].seconds_alone(start.seconds);
    if !start.heeds_filters {
        let whole = rows.iter().filter(|row| row.bench == bench).map(Row::seconds_among).sum::<f64>();
        return vec![Unit { bench, rows: mine, seconds: start.seconds + whole }];
    }
    if mine.len() > 1 && mine.iter().map(alone).sum::<f64>() > WORTH * together {
        return vec![Unit { bench, rows: mine, seconds: together }];
    }
    mine.iter().map(|row| Unit { bench, rows: vec![*row], seconds: alone(row) }).collect()
}

/// The cheapest of `units` whose processes fit into `seconds` together, if each runs `times` times.
#[must_use]
pub fn affordable(mut units: Vec<Unit>, times: usize, seconds: f64) -> Vec<Unit> {
    units.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let mut left = seconds;
    units.retain(|unit| {
        left -= unit.seconds * times as f64;
        left >= 0.0
    });
    units
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::row::tests::policy;
    use super::*;

    /// A row of the first bench target with its seconds among others and alone.
    fn row(among: f64, alone: Option<f64>) -> Row {
        let mut row = Row::new("a/b".to_owned(), 0, policy());
        row.took_among(Duration::from_secs_f64(among));
        alone.into_iter().for_each(|alone| row.took_alone(Duration::from_secs_f64(alone)));
        row
    }

    fn shares(rows: &[Row], start: f64, heeds_filters: bool) -> Vec<usize> {
        let wanted: Vec<usize> = (0..rows.len()).collect();
        let units = units(rows, &wanted, &[Starts { seconds: start, heeds_filters }]);
        units.iter().map(|unit| unit.rows.len()).collect()
    }

    #[test]
    fn cheap_starts_have_rows_measured_alone_and_dear_ones_together() {
        let rows = [row(0.3, None), row(0.3, None)];
        assert_eq!(shares(&rows, 0.01, true), [1, 1]);
        assert_eq!(shares(&rows, 2.0, true), [2]);
        assert_eq!(shares(&rows, 0.01, false), [2]);
    }

    #[test]
    fn rows_of_one_recording_are_measured_together_once_that_has_shown() {
        assert_eq!(shares(&[row(3.0, None), row(0.01, None)], 0.01, true), [1, 1]);
        assert_eq!(shares(&[row(3.0, Some(3.0)), row(0.01, Some(3.0))], 0.01, true), [2]);
    }

    #[test]
    fn the_cheapest_are_afforded_first() {
        let rows = [row(3.0, None), row(0.2, None), row(0.1, None)];
        let all = units(&rows, &[0, 1, 2], &[Starts { seconds: 0.0, heeds_filters: true }]);
        let kept = affordable(all, 10, 4.0);
        assert_eq!(kept.iter().flat_map(|unit| unit.rows.clone()).collect::<Vec<_>>(), [2, 1]);
    }
}
