//! Our driver, in a process of its own as the others are.

use std::sync::Arc;
use std::time::Duration;

use backend_bench::bench::load::{Arrivals, Load, Model, Pacing, Population, Recording, drive};

use tokio::runtime::{Builder, Runtime};

use super::Outcome;
use super::drivers::CONNECTIONS;
use super::get::GetTarget;

/// So many users without a thought.
pub fn closed(url: &str, seconds: u64) -> Outcome<()> {
    let users = Population::new(CONNECTIONS, Duration::ZERO);
    Runtime::new()?.block_on(report(url, Model::Closed(users), seconds))
}

/// Arrivals as regular as oha's, which one thread serves: [`drive`] says what a second one would cost.
pub fn open(url: &str, rate: f64, seconds: u64) -> Outcome<()> {
    let arrivals = Arrivals { rate, pacing: Pacing::Regular, at_once: CONNECTIONS };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(report(url, Model::Open(arrivals), seconds))
}

/// Requests answered in a second, all requests, and two percentiles in seconds: of the response times, counted from
/// when each was due, and of the service times, counted from when it was sent.
async fn report(url: &str, model: Model, seconds: u64) -> Outcome<()> {
    let load = Load::new("load limits", model, Duration::from_secs(seconds));
    let recording: Recording = drive(&load, Arc::new(GetTarget::new(url)?)).await?;
    let whole = recording.whole();
    if whole.failures > 0 {
        return Err(format!("there were failures:\n{recording}").into());
    }
    let [p50, p99] = [50.0, 99.0].map(|percent| whole.percentile(percent).as_secs_f64());
    let [service50, service99] = [50.0, 99.0].map(|percent| whole.service_percentile(percent).as_secs_f64());
    println!("{} {} {p50} {p99} {service50} {service99}", recording.rate(), whole.operations);
    Ok(())
}
