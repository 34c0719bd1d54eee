//! The load driver: failures are counted by kind, nothing hangs, and a seed repeats what users do.
#![cfg(feature = "backend")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use backend_bench::backend::agent::LatencyProfile;
use backend_bench::bench::Platform;
use backend_bench::bench::load::{
    ApiTarget, ErrorKind, Failure, Operation, Population, Recording, SEED_MIX, Session, Target, closed,
};
use tokio::net::TcpListener;

const POPULATION: Population = Population {
    users: 8,
    think: Duration::from_millis(5),
    duration: Duration::from_millis(300),
    deadline: Duration::from_millis(100),
    seed: 1,
};

async fn load(address: SocketAddr) -> Recording {
    let target = ApiTarget::new(&format!("http://{address}")).expect("a loopback URL");
    closed(POPULATION, Arc::new(target)).await
}

/// The kinds of failure, of which there has to be one for every operation.
fn kinds(recording: &Recording) -> BTreeSet<ErrorKind> {
    let whole = recording.whole();
    assert!(whole.operations > 20 && whole.operations == whole.failures, "{recording}");
    assert!(whole.percentile(1.0) >= POPULATION.deadline, "a failure made a number better: {recording}");
    let (operations, kinds): (BTreeSet<_>, BTreeSet<_>) = recording.failures().into_keys().unzip();
    assert_eq!(operations.len(), 5, "{recording}");
    kinds
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
    let target = Arc::new(ApiTarget::new(&platform.server.url("/")).unwrap());
    let population = Population { deadline: Duration::from_secs(10), ..POPULATION };
    let recording = closed(population, target).await;
    let done = |operation: Operation| recording.of(operation).operations;
    assert!(SEED_MIX.iter().all(|(operation, _)| done(*operation) > 0), "{recording}");
    assert_eq!(recording.whole().failures, 0, "{recording}");
    assert_eq!(
        platform.llm.requests(),
        5 * done(Operation::Chat) as u64,
        "a chat is five stages of the agent"
    );
}

#[tokio::test]
async fn a_server_that_answers_500_is_counted_as_such() {
    let recording = load(server_of(StatusCode::INTERNAL_SERVER_ERROR).await).await;
    assert_eq!(kinds(&recording), BTreeSet::from([ErrorKind::ServerError]), "{recording}");
}

#[tokio::test]
async fn a_server_that_answers_404_or_the_wrong_200_is_counted_as_such() {
    let recording = load(server_of(StatusCode::NOT_FOUND).await).await;
    assert_eq!(kinds(&recording), BTreeSet::from([ErrorKind::ClientError]), "{recording}");
    let recording = load(server_of(StatusCode::OK).await).await;
    assert_eq!(kinds(&recording), BTreeSet::from([ErrorKind::Protocol]), "{recording}");
}

#[tokio::test]
async fn a_server_that_refuses_is_counted_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let recording = load(address).await;
    assert_eq!(kinds(&recording), BTreeSet::from([ErrorKind::Refused]), "{recording}");
}

#[tokio::test]
async fn a_server_that_hangs_runs_into_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let recording = load(address).await;
    assert_eq!(kinds(&recording), BTreeSet::from([ErrorKind::Timeout]), "{recording}");
    assert!(recording.to_string().contains("no answer in 100ms"), "{recording}");
}

#[test]
fn a_target_that_is_no_url_is_refused() {
    for url in ["localhost:80", "nowhere", "ftp://host", ""] {
        let error = ApiTarget::new(url).err().unwrap().to_string();
        assert!(error.contains(&format!("{url:?}")) && error.contains("http://"), "{error}");
    }
}

/// Answers everything at once, and fails settings.
struct Picky;

impl Target for Picky {
    type Session = Self;
    fn session(&self, _: usize) -> Self {
        Self
    }
}

impl Session for Picky {
    async fn prepare(&mut self) {}
    async fn perform(&mut self, operation: Operation) -> Result<(), Failure> {
        match operation {
            Operation::Settings => Err(Failure::new(ErrorKind::ClientError, "picky")),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_seed_gives_each_user_the_same_operations() {
    let operations = |recording: &Recording| {
        let operations: Vec<_> = recording.samples().iter().map(|sample| sample.operation).collect();
        assert_eq!(recording.of(Operation::Settings).failures, recording.whole().failures);
        operations
    };
    let one = Population { users: 1, ..POPULATION };
    let first = operations(&closed(one, Arc::new(Picky)).await);
    let again = operations(&closed(one, Arc::new(Picky)).await);
    let other = operations(&closed(Population { seed: 2, ..one }, Arc::new(Picky)).await);
    let shortest = first.len().min(again.len()).min(other.len());
    assert!(
        shortest > 10 && first[..shortest] == again[..shortest] && first[..shortest] != other[..shortest]
    );
}
