//! The closed model: users who wait for each answer.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp1};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::mix::Mix;
use super::outcome::Sample;
use super::plan::{Load, Population};
use super::progress::SessionProgress;
use super::target::UserSession;
use super::target::attempt;

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

impl<S: UserSession> User<S> {
    pub(super) fn new(load: &Load, population: Population, mix: Arc<Mix>, number: usize, session: S) -> Self {
        let seed = load.seed ^ (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let random = StdRng::seed_from_u64(seed);
        let stay = load.stay(&population, number);
        Self { session, random, mix, think: population.think, deadline: load.deadline, stay }
    }

    /// Thinks and operates in turns as long as it stays.
    pub(super) async fn work(mut self, origin: Instant, mut progress: SessionProgress) -> Vec<Sample> {
        let (begin, end) = (origin + self.stay.0, origin + self.stay.1);
        sleep_until(begin).await;
        loop {
            let next = Instant::now() + self.thought();
            if next < end && !self.think.is_zero() {
                sleep_until(next).await;
            }
            let operation = self.mix.draw(&mut self.random);
            if next >= end || timeout_at(end, self.session.admitted(operation)).await.is_err() {
                return progress.into_samples();
            }
            let now = Instant::now();
            progress.push(attempt(&mut self.session, operation, now, origin, self.deadline).await);
        }
    }

    fn thought(&mut self) -> Duration {
        let times: f64 = Exp1.sample(&mut self.random);
        self.think.mul_f64(times)
    }
}
