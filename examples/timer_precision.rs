//! How precise the timers of tokio and `async-io` are, for the choice of the simulated model's.
//!
//! ```text
//! cargo run --release --example timer_precision
//! ```
//!
//! Each stream waits for 100 times that are 5 ms apart. The deviation is that of a gap from 5 ms. The quietest of 15
//! rounds is printed: other work on the machine delays both timers alike.

use std::time::{Duration, Instant};

use backend_bench::bench::harness;
use futures_util::future::join_all;

const GAP: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, Debug)]
enum TimerKind {
    Tokio,
    AsyncIo,
}

impl TimerKind {
    async fn wait_until(self, time: Instant) {
        match self {
            Self::Tokio => tokio::time::sleep_until(time.into()).await,
            Self::AsyncIo => drop(async_io::Timer::at(time).await),
        }
    }

    async fn stream(self, mut due: Instant) -> Vec<Duration> {
        self.wait_until(due).await;
        let (mut before, mut deviations) = (Instant::now(), Vec::new());
        for _ in 0..100 {
            due += GAP;
            self.wait_until(due).await;
            let now = Instant::now();
            deviations.push((now - before).abs_diff(GAP));
            before = now;
        }
        deviations
    }

    /// Median, 99th percentile and maximum of a round. Streams start 37 µs apart.
    async fn round(self, streams: u32) -> [Duration; 3] {
        let start = |stream| Instant::now() + GAP + Duration::from_micros(37) * stream;
        let tasks = join_all((0..streams).map(|stream| tokio::spawn(self.stream(start(stream))))).await;
        let mut all: Vec<_> = tasks.into_iter().flat_map(|task| task.expect("a stream ends")).collect();
        all.sort_unstable();
        [50, 99, 100].map(|percent| all[(all.len() - 1) * percent / 100])
    }
}

fn main() {
    let runtime = harness::runtime();
    for kind in [TimerKind::Tokio, TimerKind::AsyncIo] {
        for streams in [1, 100] {
            let rounds = (0..15).map(|_| runtime.block_on(kind.round(streams)));
            let [median, p99, max] = rounds.min_by_key(|round| round[1]).expect("15 rounds");
            println!("{kind:?}, {streams} streams: p50 {median:.1?}, p99 {p99:.1?}, max {max:.1?}");
        }
    }
}
