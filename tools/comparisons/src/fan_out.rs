//! A message to many connections: how many deliveries a second, by several ways to the same bytes.
//!
//! Receivers are the same for all: tasks on a thread of their own that read bytes and compare them with what is expected,
//! byte by byte. A round begins when the first message is published, and ends when the last byte was read.

mod batched;
mod fast;
mod naive;
mod ours;
mod raw;
mod receivers;

use std::time::Instant;

use tokio::runtime::{Builder, Runtime};

use crate::turns::{in_turns, median, ratio};
use receivers::Receivers;

/// Connections.
const CONNECTIONS: usize = 100;

/// What is published.
const PAYLOAD: &str = "The quarterly report is ready: costs fell by 4 % while traffic grew by 11 %.";

/// The room that everybody is in.
const ROOM: &str = "fan out";

/// Rounds, after one that is not counted.
const ROUNDS: usize = 21;

/// One way to send messages to all connections.
trait Contestant {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Has `messages` messages sent to every connection.
    fn publish(&mut self, messages: usize);
}

/// How messages come.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// What it is called.
    pub name: &'static str,
    /// Messages that are published without waiting.
    pub at_once: usize,
    /// Such bursts in a round.
    pub bursts: usize,
}

/// The two extremes: no receiver waits, or each waits for all.
pub const PACES: [Pace; 2] = [
    Pace { name: "500 messages at once", at_once: 500, bursts: 1 },
    Pace { name: "one message after the other", at_once: 1, bursts: 300 },
];

/// The text of each message, whoever sends it.
fn text() -> String {
    format!(r#"{{"message":{{"room":"{ROOM}","payload":"{PAYLOAD}"}}}}"#)
}

/// The bytes of each message: a frame of a server, with a payload of less than 126 bytes or of up to 64 KiB (RFC 6455,
/// 5.2).
fn frame() -> Vec<u8> {
    let text = text();
    let length = u16::try_from(text.len()).expect("a short text");
    let head = match u8::try_from(length) {
        Ok(short @ ..126) => vec![0x81, short],
        _ => [&[0x81, 126][..], &length.to_be_bytes()].concat(),
    };
    [head, text.into_bytes()].concat()
}

/// A runtime for the side that sends.
fn server() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads")
}

/// Measures all contestants at `pace`, and prints deliveries a second and their ratios to the limit.
pub fn compare(pace: Pace) {
    let mut contestants = contestants();
    let count = contestants.len();
    let mut round = |contestant: usize| {
        let (contestant, receivers) = &mut contestants[contestant];
        deliveries_per_second(contestant.as_mut(), receivers, pace)
    };
    let _warm_up = in_turns(1, count, &mut round);
    let rates = in_turns(ROUNDS, count, &mut round);
    println!("{} to {CONNECTIONS} connections, median of {ROUNDS} rounds:", pace.name);
    for ((contestant, _), rate) in contestants.iter().zip(&rates) {
        println!("  {:<44}{}", contestant.name(), compared(rate, limit(&rates)));
    }
}

/// The faster of the last two, which write raw TCP by one thread and by two.
fn limit(rates: &[Vec<f64>]) -> &[f64] {
    let [.., one, two] = rates else { panic!("fewer than two contestants") };
    if median(one) > median(two) { one } else { two }
}

fn compared(rate: &[f64], limit: &[f64]) -> String {
    format!("{:>10.0} deliveries/s  {:>6.2} of the limit", median(rate), ratio(rate, limit))
}

/// The raw ones come last.
fn contestants() -> Vec<(Box<dyn Contestant>, Receivers)> {
    fn boxed<C: Contestant + 'static>(
        (contestant, receivers): (C, Receivers),
    ) -> (Box<dyn Contestant>, Receivers) {
        (Box::new(contestant), receivers)
    }
    vec![
        boxed(ours::Ours::start()),
        boxed(naive::Naive::start()),
        boxed(batched::Batched::start()),
        boxed(fast::Fast::start()),
        boxed(raw::Raw::start(1)),
        boxed(raw::Raw::start(2)),
    ]
}

fn deliveries_per_second(contestant: &mut dyn Contestant, receivers: &Receivers, pace: Pace) -> f64 {
    let bytes = (frame().len() * CONNECTIONS * pace.at_once) as u64;
    let started = Instant::now();
    for _ in 0..pace.bursts {
        let expected = receivers.expect(bytes);
        contestant.publish(pace.at_once);
        expected.wait();
    }
    (CONNECTIONS * pace.at_once * pace.bursts) as f64 / started.elapsed().as_secs_f64()
}
