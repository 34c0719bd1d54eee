//! Many requests at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;

use super::endpoint::{Endpoint, Target};

/// Of 20 requests: reads and writes of conversations for the most part, as in an application that people use.
const MIX: [Endpoint; 20] = {
    use Endpoint::{Agent, Analytics, Files, Health, Messages, Settings, Threads};
    [
        Threads, Messages, Analytics, Threads, Settings, Messages, Threads, Analytics, Messages, Files,
        Threads, Messages, Analytics, Threads, Agent, Settings, Messages, Threads, Analytics, Health,
    ]
};

/// What came of a batch.
pub(super) struct Batch {
    /// The time until all of it was answered.
    pub time: Duration,
    /// The time of each request, from sending it to the end of its answer.
    pub latencies: Vec<Duration>,
}

/// Sends `requests` of the mix, `at_once` under way until there are none left. Their bodies are checked afterwards.
pub(super) async fn batch(target: &Target, requests: usize, at_once: usize) -> Batch {
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let clients = (0..at_once).map(|_| tokio::spawn(work_off(target.clone(), Arc::clone(&next), requests)));
    let worked_off = join_all(clients).await;
    let time = start.elapsed();
    let latencies: Vec<Duration> = worked_off
        .into_iter()
        .flat_map(|answers| answers.unwrap_or_else(|error| panic!("{error}")))
        .map(|answer| answer.checked(target))
        .collect();
    assert_eq!(latencies.len(), requests, "some are missing");
    Batch { time, latencies }
}

/// What one request was answered, and how long it took.
struct Answer {
    endpoint: Endpoint,
    body: Bytes,
    latency: Duration,
}

impl Answer {
    /// How long it took, if it is right.
    fn checked(self, target: &Target) -> Duration {
        target.check(self.endpoint, &self.body);
        self.latency
    }
}

/// One client: takes the next request as soon as it has the answer to its last.
async fn work_off(target: Target, next: Arc<AtomicUsize>, requests: usize) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(requests);
    loop {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        if turn >= requests {
            return answers;
        }
        let endpoint = MIX[turn % MIX.len()];
        let request = target.request(endpoint, turn as u64);
        let sent = Instant::now();
        let body = target.send(endpoint, request).await;
        answers.push(Answer { endpoint, body, latency: sent.elapsed() });
    }
}
