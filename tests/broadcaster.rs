//! The documented behaviour of the broadcaster, over real sockets.

use std::cell::Cell;
use std::time::Duration;

use backend_bench::backend::broadcaster::{Broadcaster, BroadcasterConfig, BroadcasterStats, SlowConsumer};
use futures_util::{SinkExt, StreamExt};
use serde::{Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

type Client = WebSocketStream<TcpStream>;

/// Far beyond the time of any step: reached only on a failure.
const DEADLINE: Duration = Duration::from_secs(20);

async fn hub(config: BroadcasterConfig) -> (Broadcaster, String) {
    let hub = Broadcaster::new(config);
    let address = hub.listen("127.0.0.1:0").await.unwrap();
    (hub, address.to_string())
}

async fn connect(address: &str) -> Client {
    let socket = TcpStream::connect(address).await.unwrap();
    client_async(format!("ws://{address}"), socket).await.unwrap().0
}

async fn join(address: &str, room: &str) -> Client {
    let mut client = connect(address).await;
    let answer = ask(&mut client, &format!(r#"{{"join":"{room}"}}"#)).await;
    assert_eq!(answer, format!(r#"{{"joined":"{room}"}}"#));
    client
}

async fn receive<S: AsyncRead + AsyncWrite + Unpin>(client: &mut WebSocketStream<S>) -> Message {
    timeout(DEADLINE, client.next()).await.expect("a message in time").expect("an open stream").unwrap()
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(client: &mut WebSocketStream<S>, command: &str) -> String {
    client.send(command.into()).await.unwrap();
    receive(client).await.into_text().unwrap().to_string()
}

async fn close_code(client: &mut Client) -> CloseCode {
    match receive(client).await {
        Message::Close(Some(frame)) => frame.code,
        other => panic!("no close frame with a code, but {other:?}"),
    }
}

/// Repeats `step` until the hub's counters satisfy `reached`.
async fn until(hub: &Broadcaster, reached: impl Fn(BroadcasterStats) -> bool, mut step: impl FnMut()) {
    let reached = async {
        while !reached(hub.stats()) {
            step();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(DEADLINE, reached).await.unwrap_or_else(|_| panic!("stuck at {:?}", hub.stats()));
}

#[tokio::test]
async fn a_message_reaches_its_room_and_no_other() {
    let (hub, address) = hub(BroadcasterConfig::default()).await;
    let mut red = [join(&address, "red").await, join(&address, "red").await];
    let mut blue = join(&address, "blue").await;
    let answer = ask(&mut blue, r#"{"publish":{"room":"red","payload":[1]}}"#).await;
    assert_eq!(answer, r#"{"published":{"room":"red","receivers":2}}"#);
    for client in &mut red {
        assert_eq!(receive(client).await, r#"{"message":{"room":"red","payload":[1]}}"#.into());
    }
    assert_eq!(ask(&mut red[0], r#"{"leave":"red"}"#).await, r#"{"left":"red"}"#);
    assert_eq!((hub.publish("red", &2).unwrap(), hub.publish("green", &3).unwrap()), (1, 0));
}

/// A payload that counts how often it is serialised.
#[derive(Default)]
struct Counted(Cell<u32>);

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.set(self.0.get() + 1);
        serializer.serialize_u32(self.0.get())
    }
}

#[tokio::test]
async fn a_message_is_serialised_once_for_all_its_receivers() {
    let (hub, address) = hub(BroadcasterConfig::default()).await;
    let mut clients = [join(&address, "a").await, join(&address, "a").await, join(&address, "a").await];
    let payload = Counted::default();
    assert_eq!((hub.publish("a", &payload).unwrap(), payload.0.get()), (3, 1));
    for client in &mut clients {
        assert_eq!(receive(client).await, r#"{"message":{"room":"a","payload":1}}"#.into());
    }
    until(&hub, |stats| stats.delivered == 3, || ()).await;
}

#[tokio::test]
async fn a_receiver_that_does_not_read_loses_the_oldest_messages() {
    let (hub, address) = hub(BroadcasterConfig { queue_capacity: 4, ..Default::default() }).await;
    let mut slow = join(&address, "a").await;
    let padding = "x".repeat(256 * 1024);
    until(&hub, |stats| stats.dropped >= 10, || assert_eq!(hub.publish("a", &padding).unwrap(), 1)).await;
    hub.publish("a", "the last").unwrap();
    while receive(&mut slow).await != r#"{"message":{"room":"a","payload":"the last"}}"#.into() {}
    assert_eq!((hub.stats().connections, hub.stats().slow_disconnects), (1, 0));
}

#[tokio::test]
async fn a_receiver_that_does_not_read_is_disconnected_by_the_policy_without_gaps() {
    let slow_consumer = SlowConsumer::Disconnect;
    let config = BroadcasterConfig { queue_capacity: 4, slow_consumer, ..Default::default() };
    let (hub, address) = hub(BroadcasterConfig { close_timeout: Duration::from_millis(10), ..config }).await;
    let _slow = join(&address, "a").await;
    let padding = "x".repeat(256 * 1024);
    let disconnected = |stats: BroadcasterStats| stats.slow_disconnects == 1 && stats.connections == 0;
    until(&hub, disconnected, || drop(hub.publish("a", &padding))).await;
    assert_eq!((hub.publish("a", "late").unwrap(), hub.stats().dropped), (0, 0));
}

#[tokio::test]
async fn a_peer_that_blocks_a_write_is_disconnected() {
    let write_timeout = Duration::from_millis(50);
    let (hub, address) = hub(BroadcasterConfig { write_timeout, ..Default::default() }).await;
    let _unread = join(&address, "a").await;
    let padding = "x".repeat(256 * 1024);
    until(&hub, |stats| stats.unresponsive == 1, || drop(hub.publish("a", &padding))).await;
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_disconnected() {
    let heartbeat = Duration::from_millis(20);
    let (hub, address) = hub(BroadcasterConfig { heartbeat, ..Default::default() }).await;
    let _silent = connect(&address).await;
    until(&hub, |stats| stats.unresponsive == 1 && stats.connections == 0, || ()).await;
}

#[tokio::test]
async fn a_bad_command_is_answered_and_the_connection_goes_on() {
    let (_hub, address) = hub(BroadcasterConfig { max_rooms: 1, ..Default::default() }).await;
    let mut client = join(&address, "a").await;
    for bad in ["", "hello", "[1", r#"{"jion":"a"}"#, r#"{"publish":{"room":"a"}}"#, r#"{"join":"another"}"#]
    {
        let answer = ask(&mut client, bad).await;
        assert!(answer.starts_with(r#"{"error":""#), "{bad} was answered with {answer}");
    }
    client.send(Message::Binary("bytes".into())).await.unwrap();
    assert!(receive(&mut client).await.into_text().unwrap().contains("commands are text"));
    assert_eq!(ask(&mut client, r#""ping""#).await, r#""pong""#);
}

#[tokio::test]
async fn a_command_over_the_limit_ends_its_connection_with_1009() {
    let (hub, address) = hub(BroadcasterConfig { max_message_bytes: 1024, ..Default::default() }).await;
    let mut client = connect(&address).await;
    let longest = format!(r#"{{"echo":"{}"}}"#, "x".repeat(1024 - r#"{"echo":""}"#.len()));
    assert_eq!(ask(&mut client, &longest).await, longest);
    client.send("x".repeat(200_000).into()).await.unwrap();
    assert_eq!(close_code(&mut client).await, CloseCode::Size);
    drop(client);
    until(&hub, |stats| stats.connections == 0, || ()).await;
}

#[tokio::test]
async fn shutdown_closes_connections_ends_every_task_and_frees_the_port() {
    let (hub, address) = hub(BroadcasterConfig::default()).await;
    let (mut client, silent) = (join(&address, "a").await, connect(&address).await);
    let closed = async {
        assert_eq!(close_code(&mut client).await, CloseCode::Away);
        assert!(client.next().await.is_none());
    };
    timeout(DEADLINE, async { tokio::join!(hub.shutdown(), closed) }).await.expect("a shutdown in time");
    assert_eq!((hub.stats().connections, hub.publish("a", "late").unwrap()), (0, 0));
    TcpListener::bind(&address).await.expect("the port is free");
    drop(silent);
}

/// A client of `hub` over a pipe that is shorter than a message, and the task that serves it.
async fn connect_by_narrow_pipe(hub: &Broadcaster) -> (WebSocketStream<DuplexStream>, JoinHandle<()>) {
    let (near, far) = duplex(64);
    let server = WebSocketStream::from_raw_socket(near, Role::Server, Some(hub.websocket_config())).await;
    let hub = hub.clone();
    let serving = tokio::spawn(async move { hub.serve(server).await });
    (WebSocketStream::from_raw_socket(far, Role::Client, None).await, serving)
}

#[tokio::test]
async fn a_stream_upgraded_elsewhere_is_served_until_its_peer_closes() {
    let (mut client, serving) = connect_by_narrow_pipe(&Broadcaster::new(BroadcasterConfig::default())).await;
    assert_eq!(ask(&mut client, r#"{"echo":{"a":1}}"#).await, r#"{"echo":{"a":1}}"#);
    client.close(None).await.unwrap();
    timeout(DEADLINE, serving).await.expect("an end in time").unwrap();
}

/// Messages, answers and pongs wait for the same pipe.
#[tokio::test(flavor = "multi_thread")]
async fn messages_and_answers_arrive_whole_through_a_pipe_shorter_than_a_message() {
    const EACH: usize = 300;
    let hub = Broadcaster::new(BroadcasterConfig::default());
    let (mut client, _) = connect_by_narrow_pipe(&hub).await;
    assert_eq!(ask(&mut client, r#"{"join":"all"}"#).await, r#"{"joined":"all"}"#);
    let received = timeout(DEADLINE, everything_at_once(&hub, client, EACH)).await.expect("an end in time");
    assert_eq!(received, [("messages", EACH), ("echoes", EACH)]);
}

/// Longer than the pipe, whatever the number.
fn long(number: usize) -> String {
    format!("{number:200}")
}

/// The pipe blocks the hub in the middle of its messages when the shutdown begins.
#[tokio::test]
async fn shutdown_sends_all_that_waits_before_it_closes() {
    const MESSAGES: usize = 500;
    let hub = Broadcaster::new(BroadcasterConfig { close_timeout: DEADLINE, ..Default::default() });
    let (mut client, _) = connect_by_narrow_pipe(&hub).await;
    assert_eq!(ask(&mut client, r#"{"join":"all"}"#).await, r#"{"joined":"all"}"#);
    (0..MESSAGES).for_each(|number| assert_eq!(hub.publish("all", &long(number)).unwrap(), 1));
    let receive_all = async {
        let mut received = [("messages", 0), ("echoes", 0)];
        while let Some(message) = client.next().await {
            count(&mut received, &message.expect("a close frame at the end"));
        }
        received[0].1
    };
    let all = timeout(DEADLINE, async { tokio::join!(hub.shutdown(), receive_all) }).await;
    assert_eq!(all.expect("a shutdown in time").1, MESSAGES);
}

/// Sends echoes and pings, publishes a message when the one before has arrived, and counts what arrives.
async fn everything_at_once(
    hub: &Broadcaster,
    client: WebSocketStream<DuplexStream>,
    each: usize,
) -> [(&'static str, usize); 2] {
    let (mut write, mut read) = client.split();
    let send = async {
        for number in 0..each {
            write.send(format!(r#"{{"echo":{number}}}"#).into()).await.unwrap();
            write.send(Message::Ping(number.to_string().into())).await.unwrap();
        }
    };
    let receive = async {
        let mut received = [("messages", 0), ("echoes", 0)];
        let mut published = 0;
        while received.iter().any(|(_, count)| *count < each) {
            if published == received[0].1 && published < each {
                hub.publish("all", &long(published)).unwrap();
                published += 1;
            }
            count(&mut received, &read.next().await.expect("an open stream").expect("a whole frame"));
        }
        received
    };
    tokio::join!(send, receive).1
}

/// Every message and echo arrives, in order. Of pings that wait together, the last may be the only one answered.
fn count(received: &mut [(&str, usize); 2], message: &Message) {
    let [(_, messages), (_, echoes)] = received;
    match message {
        Message::Pong(number) => assert!(number.iter().all(u8::is_ascii_digit), "{number:?}"),
        Message::Close(_) => {}
        Message::Text(text) if text.contains("echo") => {
            assert_eq!(text.as_str(), format!(r#"{{"echo":{echoes}}}"#));
            *echoes += 1;
        }
        other => {
            let payload = long(*messages);
            let message = format!(r#"{{"message":{{"room":"all","payload":"{payload}"}}}}"#);
            assert_eq!(other.to_text().unwrap(), message);
            *messages += 1;
        }
    }
}

#[tokio::test]
async fn a_peer_without_a_handshake_is_disconnected() {
    let handshake_timeout = Duration::from_millis(20);
    let (_hub, address) = hub(BroadcasterConfig { handshake_timeout, ..Default::default() }).await;
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let end = timeout(DEADLINE, socket.read(&mut [0; 16])).await.expect("an end in time");
    assert_eq!(end.unwrap(), 0);
}

#[tokio::test]
async fn an_error_names_the_port_that_is_taken() {
    let (hub, address) = hub(BroadcasterConfig::default()).await;
    let error = hub.listen(address.as_str()).await.unwrap_err().to_string();
    assert!(error.contains(&address) && error.contains("free port"), "{error}");
}
