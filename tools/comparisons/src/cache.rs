//! The response cache against the cache that it is made of, and its hit rate against others and against the optimum.

mod belady;
mod caches;
mod lookup;
mod traces;

pub use lookup::compare_lookups;

use tokio::runtime::Builder;

use caches::Caches;
use traces::Request;

/// Responses that fit into a cache: a tenth of those that a Zipf trace asks for.
const CAPACITY: usize = 1_000;

/// Requests of a trace, of which the first fifth is not counted.
const REQUESTS: usize = 250_000;

/// Traces of each kind, each of a seed of its own.
const SEEDS: u64 = 5;

/// Prints the hit rate of each cache on each kind of trace.
///
/// # Panics
/// There is no poller for a runtime.
pub fn compare_hit_rates() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a poller");
    println!(
        "Hits of regular requests, {CAPACITY} of 10,000 responses kept, mean of {SEEDS} traces of {REQUESTS}:"
    );
    print!("  {:<10}", "trace");
    Caches::NAMES.iter().chain(["optimum"].iter()).for_each(|name| print!("{name:>15}"));
    println!();
    for kind in traces::KINDS {
        print!("  {:<10}", kind.name);
        let rates: Vec<Vec<f64>> = (1..=SEEDS)
            .map(|seed| {
                let trace = (kind.of)(seed, REQUESTS);
                let mut rates = runtime.block_on(Caches::new(CAPACITY).hit_rates(&trace));
                rates.push(counted(&trace, &belady::hits(&trace, CAPACITY)));
                rates
            })
            .collect();
        let mean = |cache: usize| rates.iter().map(|rates| rates[cache]).sum::<f64>() / rates.len() as f64;
        (0..rates[0].len()).for_each(|cache| print!("{:>13.2} %", mean(cache)));
        println!();
    }
}

/// The percentage of regular requests of `trace` that were hits, the first fifth left out.
fn counted(trace: &[Request], hits: &[bool]) -> f64 {
    let regular = trace.iter().zip(hits).skip(trace.len() / 5).filter(|(request, _)| request.regular);
    let (count, hits) =
        regular.fold((0_u32, 0_u32), |(count, hits), (_, hit)| (count + 1, hits + u32::from(*hit)));
    100.0 * f64::from(hits) / f64::from(count)
}
