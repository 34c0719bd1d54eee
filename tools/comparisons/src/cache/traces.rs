//! Requests: those of the bench group, and loops.

use backend_bench::bench::groups::cache::trace::Trace;

/// A request for the response of that number.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Which response.
    pub number: u64,
    /// Whether it counts: those of a scan do not.
    pub regular: bool,
}

/// A kind of trace.
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// Such a trace, of a seed and so many requests.
    pub of: fn(u64, usize) -> Vec<Request>,
}

/// Zipf's law; the same between scans; loops that are a quarter too long for the cache.
pub const KINDS: [Kind; 3] = [
    Kind { name: "zipf 1.2", of: |seed, requests| of_bench(Trace::zipf(seed), requests) },
    Kind { name: "scan", of: |seed, requests| of_bench(Trace::scan(seed), requests) },
    Kind { name: "loop", of: |seed, requests| looped(seed, requests) },
];

/// Responses of a loop, which the cache cannot hold together.
const LOOP: u64 = 1_250;

fn of_bench(trace: Trace, requests: usize) -> Vec<Request> {
    let request = |request: backend_bench::bench::groups::cache::trace::TraceRequest| Request {
        number: request.number(),
        regular: request.is_regular(),
    };
    trace.take(requests).map(request).collect()
}

fn looped(seed: u64, requests: usize) -> Vec<Request> {
    let numbers = (0..LOOP).cycle().skip(usize::try_from(seed).unwrap_or_default());
    numbers.take(requests).map(|number| Request { number, regular: true }).collect()
}
