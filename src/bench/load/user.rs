//! One simulated user.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1};
use tokio::time::{Instant, sleep_until, timeout};

use super::mix::Operation;
use super::outcome::{ErrorKind, Failure, Sample};
use super::{Population, Session};

pub(super) struct User<S> {
    session: S,
    random: StdRng,
    think: Duration,
    deadline: Duration,
}

impl<S: Session> User<S> {
    pub(super) fn new(population: &Population, number: usize, session: S) -> Self {
        let seed = population.seed ^ (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self {
            session,
            random: StdRng::seed_from_u64(seed),
            think: population.think,
            deadline: population.deadline,
        }
    }

    /// Thinks and operates in turns until `duration` after `origin`.
    pub(super) async fn work(mut self, origin: Instant, duration: Duration) -> Vec<Sample> {
        let mut samples = Vec::new();
        loop {
            let next = Instant::now() + self.thought();
            if next >= origin + duration {
                return samples;
            }
            sleep_until(next).await;
            samples.push(self.operate(origin).await);
        }
    }

    fn thought(&mut self) -> Duration {
        let times: f64 = Exp1.sample(&mut self.random);
        self.think.mul_f64(times)
    }

    async fn operate(&mut self, origin: Instant) -> Sample {
        let operation = Operation::draw(&mut self.random);
        let begun = Instant::now();
        let late = || Failure::new(ErrorKind::Timeout, format_args!("no answer in {:?}", self.deadline));
        let outcome = timeout(self.deadline, self.session.perform(operation)).await;
        let failure = outcome.unwrap_or_else(|_| Err(late())).err();
        Sample { operation, begun: begun - origin, latency: begun.elapsed(), failure }
    }
}
