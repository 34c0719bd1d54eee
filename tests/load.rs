//! The load driver: failures are counted by kind, nothing hangs, waiting counts, and a seed repeats what users do.

#[path = "load/open_model.rs"]
mod open_model;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use backend_bench::backend::agent::LatencyProfile;
use backend_bench::bench::Platform;
use backend_bench::bench::load::{
    Arrivals, ErrorKind, Failure, Load, Mix, Model, Operation, Pacing, Population, Recording, Surge, Target,
    UserSession, drive,
};
use backend_bench::bench::platform::PlatformApi;
use tokio::net::TcpListener;

const DEADLINE: Duration = Duration::from_millis(100);

/// Eight users, hasty and impatient.
fn population() -> Load {
    let model = Model::Closed(Population::new(8, Duration::from_millis(5)));
    Load { deadline: DEADLINE, ..Load::new("eight users", model, Duration::from_millis(300)) }
}

/// Two hundred arrivals in a second, eight at once.
fn arrivals() -> Load {
    let model = Model::Open(Arrivals { rate: 200.0, pacing: Pacing::Poisson, at_once: 8 });
    Load { model, ..population() }
}

async fn load(load: Load, address: SocketAddr) -> Recording {
    let api = PlatformApi::at(&format!("http://{address}")).expect("a loopback URL");
    drive(&load, Arc::new(api)).await.expect("a load")
}

/// The kinds of failure, of which there has to be one for every operation.
fn kinds(recording: &Recording) -> BTreeSet<ErrorKind> {
    let whole = recording.whole();
    assert!(whole.operations > 20 && whole.operations == whole.failures, "{recording}");
    assert!(whole.percentile(1.0) >= DEADLINE, "a failure made a number better: {recording}");
    assert!(recording.rate() == 0.0, "a failure is no answer: {}", recording.rate());
    let (operations, kinds): (BTreeSet<_>, BTreeSet<_>) = recording.failures().into_keys().unzip();
    assert_eq!(operations.len(), 5, "{recording}");
    kinds
}

/// The kinds of failure that both models see.
async fn seen(address: SocketAddr) -> [BTreeSet<ErrorKind>; 2] {
    let (closed, open) = (load(population(), address).await, load(arrivals(), address).await);
    [kinds(&closed), kinds(&open)]
}

fn both(kind: ErrorKind) -> [BTreeSet<ErrorKind>; 2] {
    [BTreeSet::from([kind]), BTreeSet::from([kind])]
}

async fn server_of(status: StatusCode) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(move || async move { (status, "no") });
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

#[tokio::test]
async fn every_operation_of_the_mix_succeeds_on_our_backend() {
    let platform = Platform::start(LatencyProfile::zero(), 10_000).await.unwrap();
    let api = Arc::new(PlatformApi::at(&platform.server.url("/")).unwrap());
    let population = Load { deadline: Duration::from_secs(10), ..population() };
    let recording = drive(&population, api).await.unwrap();
    let done = |name| recording.of(recording.mix().operation(name).expect("in the mix")).operations;
    let all = ["chat", "data_query", "file_upload", "status", "settings"].map(done);
    assert!(!all.contains(&0) && recording.whole().failures == 0, "{recording}");
    assert_eq!(platform.llm.requests(), 5 * all[0] as u64, "a chat is five stages of the agent");
}

#[tokio::test]
async fn a_server_that_answers_500_is_counted_as_such() {
    let address = server_of(StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(seen(address).await, both(ErrorKind::ServerError));
}

#[tokio::test]
async fn a_server_that_answers_404_or_the_wrong_200_is_counted_as_such() {
    assert_eq!(seen(server_of(StatusCode::NOT_FOUND).await).await, both(ErrorKind::ClientError));
    assert_eq!(seen(server_of(StatusCode::OK).await).await, both(ErrorKind::Protocol));
}

#[tokio::test]
async fn a_server_that_refuses_is_counted_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(seen(address).await, both(ErrorKind::Refused));
}

#[tokio::test]
async fn a_server_that_hangs_runs_into_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    assert_eq!(seen(address).await, both(ErrorKind::Timeout));
    let recording = load(population(), address).await;
    assert!(recording.to_string().contains("no answer in 100ms"), "{recording}");
}

#[tokio::test]
async fn a_load_that_does_nothing_is_refused_with_the_remedy() {
    let closed = |users| Model::Closed(Population::new(users, Duration::ZERO));
    let open = |rate, at_once| Model::Open(Arrivals { rate, pacing: Pacing::Poisson, at_once });
    let load = |model| Load { model, ..population() };
    let refused = [
        (load(closed(0)), "zero users: give 1 or more"),
        (load(open(0.0, 1)), "0 arrivals in a second are no rate: give a number above 0"),
        (load(open(-1.0, 1)), "-1 arrivals"),
        (load(open(f64::NAN, 1)), "NaN arrivals"),
        (load(open(f64::INFINITY, 1)), "inf arrivals"),
        (load(open(1.0, 0)), "zero may be under way at once: give 1 or more"),
        (Load { duration: Duration::ZERO, ..population() }, "whose duration is zero: give it time"),
        (Load { deadline: Duration::ZERO, ..population() }, "whose deadline is zero: give it time"),
    ];
    for (load, reason) in refused {
        let error = drive(&load, Arc::new(Picky::new())).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

/// Answers everything at once, and fails one of two operations.
#[derive(Clone)]
struct Picky(Arc<Mix>);

impl Picky {
    fn new() -> Self {
        Self(Arc::new(Mix::new([("liked", 60.0), ("disliked", 40.0)]).unwrap()))
    }

    fn disliked(&self) -> Operation {
        self.0.operation("disliked").unwrap()
    }
}

impl Target for Picky {
    type Session = Self;

    fn mix(&self) -> Arc<Mix> {
        Arc::clone(&self.0)
    }

    fn session(&self, _: usize) -> Self {
        self.clone()
    }
}

impl UserSession for Picky {
    async fn perform(&mut self, operation: Operation) -> Result<(), Failure> {
        if operation == self.disliked() {
            return Err(Failure::new(ErrorKind::ClientError, "picky"));
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_seed_gives_each_user_the_same_operations() {
    async fn operations(seed: u64) -> Vec<Operation> {
        let model = Model::Closed(Population::new(1, Duration::from_millis(5)));
        let recording = drive(&Load { model, seed, ..population() }, Arc::new(Picky::new())).await.unwrap();
        assert_eq!(recording.of(Picky::new().disliked()).failures, recording.whole().failures);
        recording.samples().iter().map(|sample| sample.operation).collect()
    }
    let (first, again, other) = (operations(1).await, operations(1).await, operations(2).await);
    let shortest = first.len().min(again.len()).min(other.len());
    assert!(
        shortest > 10 && first[..shortest] == again[..shortest] && first[..shortest] != other[..shortest]
    );
}

#[tokio::test]
async fn a_surge_comes_and_goes() {
    let (after, lasting) = (Duration::from_millis(100), Duration::from_millis(100));
    let surge = Some(Surge { users: 40, after, lasting });
    let model = Model::Closed(Population { surge, ..Population::new(4, Duration::from_millis(5)) });
    let recording = drive(&Load { model, ..population() }, Arc::new(Picky::new())).await.unwrap();
    let thirds: Vec<usize> = recording.windows(3).iter().map(|third| third.operations).collect();
    assert!(thirds[1] > 3 * thirds[0] && thirds[1] > 3 * thirds[2], "{thirds:?}");
}

#[tokio::test]
async fn nothing_of_the_warm_up_is_recorded_in_either_model() {
    for load in [population(), arrivals()] {
        let whole = Load { warm_up: Duration::ZERO, duration: Duration::from_millis(600), ..load.clone() };
        let half = Load { warm_up: Duration::from_millis(300), ..load };
        let (whole, half) = (
            drive(&whole, Arc::new(Picky::new())).await.unwrap().whole().operations,
            drive(&half, Arc::new(Picky::new())).await.unwrap().whole().operations,
        );
        assert!(half > 20 && whole > half + 20, "{half} of {whole}");
    }
}
