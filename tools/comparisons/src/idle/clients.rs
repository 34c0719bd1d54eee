//! The other side: a process that connects, and does what it is told.

use std::io::stdin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::{sleep, sleep_until};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::{ACTIVE, IDLE};
use crate::turns::median;

type Client = WebSocketStream<TcpStream>;

/// How long active users are at work, and how often each of them sends.
const WORK: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_millis(100);

const ECHO: &str = r#"{"echo":"The quarterly report is ready: costs fell by 4 %."}"#;

/// Connects to `address` as it is told on stdin, and answers each line with one on stdout. The process has its limit of
/// open files from the one that started it.
///
/// # Panics
/// The server refuses a connection or ends one.
pub fn be_clients(address: &str) {
    let runtime = Runtime::new().expect("threads");
    let mut held = Vec::new();
    for order in stdin().lines() {
        let answer = match order.expect("a server that tells what to do").as_str() {
            "idle" => {
                held = runtime.block_on(connect(address, IDLE));
                format!("{} connected", held.len())
            }
            _ => runtime.block_on(work(address, &mut held)),
        };
        // The server's side of the last handshakes has to come to rest.
        runtime.block_on(async { sleep(Duration::from_millis(500)).await });
        println!("{answer}");
    }
}

async fn connect(address: &str, count: usize) -> Vec<Client> {
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = TcpStream::connect(address).await.expect("a connection");
        socket.set_nodelay(true).expect("a socket option");
        let config = WebSocketConfig::default().read_buffer_size(1024);
        let url = format!("ws://{address}");
        clients.push(client_async_with_config(url, socket, Some(config)).await.expect("a handshake").0);
    }
    clients
}

/// What active users see who each send a message now and then and wait for its echo; they stay, with the others in
/// `held`.
async fn work(address: &str, held: &mut Vec<Client>) -> String {
    let clients = connect(address, ACTIVE).await;
    let until = Instant::now() + WORK;
    let tasks =
        clients.into_iter().enumerate().map(|(number, client)| tokio::spawn(user(client, number, until)));
    let done = join_all(tasks).await.into_iter().map(|task| task.expect("a user at work"));
    let (clients, times): (Vec<Client>, Vec<Vec<f64>>) = done.unzip();
    held.extend(clients);
    summary(times.concat())
}

fn summary(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let p99 = times[times.len() * 99 / 100];
    format!("{} round trips in {WORK:?}: median {:.2} ms, p99 {p99:.2} ms", times.len(), median(&times))
}

/// The round trips of a user, in milliseconds, each from the moment at which it was to begin.
async fn user(mut client: Client, number: usize, until: Instant) -> (Client, Vec<f64>) {
    let mut times = Vec::new();
    let mut at = Instant::now() + EVERY.mul_f64(number as f64 / ACTIVE as f64);
    while at < until {
        sleep_until(at.into()).await;
        client.send(ECHO.into()).await.expect("a server that listens");
        let answer = client.next().await.expect("an answer").expect("an answer");
        assert_eq!(answer.to_text().expect("a text"), ECHO);
        times.push(at.elapsed().as_secs_f64() * 1e3);
        at += EVERY;
    }
    (client, times)
}
