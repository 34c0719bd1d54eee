//! The closed model: users who wait for each answer.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1};
use tokio::time::{Instant, sleep_until};

use super::Session;
use super::attempt::attempt;
use super::deadline::Deadline;
use super::live::Seen;
use super::mix::Mix;
use super::outcome::Sample;
use super::plan::{Load, Population};

/// One simulated user.
pub(super) struct User<S> {
    session: S,
    random: StdRng,
    mix: Arc<Mix>,
    think: Duration,
    deadline: Duration,
    /// From when to when it works, counted from the beginning of the load.
    stay: (Duration, Duration),
}

impl<S: Session> User<S> {
    pub(super) fn new(load: &Load, population: Population, mix: Arc<Mix>, number: usize, session: S) -> Self {
        let seed = load.seed ^ (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let random = StdRng::seed_from_u64(seed);
        let stay = load.stay(&population, number);
        Self { session, random, mix, think: population.think, deadline: load.deadline, stay }
    }

    /// Thinks and operates in turns as long as it stays.
    pub(super) async fn work(mut self, origin: Instant, mut seen: Seen) -> Vec<Sample> {
        sleep_until(origin + self.stay.0).await;
        let (mut leaving, mut limit) = (Deadline::new(origin + self.stay.1), Deadline::new(origin));
        loop {
            let next = Instant::now() + self.thought();
            if next >= origin + self.stay.1 {
                return seen.into_samples();
            }
            if !self.think.is_zero() {
                sleep_until(next).await;
            }
            let operation = self.mix.draw(&mut self.random);
            if leaving.hold(self.session.admitted(operation)).await.is_none() {
                return seen.into_samples();
            }
            let now = Instant::now();
            seen.push(attempt(&mut self.session, operation, now, origin, self.deadline, &mut limit).await);
        }
    }

    fn thought(&mut self) -> Duration {
        let times: f64 = Exp1.sample(&mut self.random);
        self.think.mul_f64(times)
    }
}
