//! The hub's promises, over real sockets.

use std::cell::Cell;
use std::time::Duration;

use backend_bench::backend::broadcaster::{Broadcaster, BroadcasterConfig, BroadcasterStats, SlowConsumer};
use futures_util::{SinkExt, StreamExt};
use serde::{Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

type Client = WebSocketStream<TcpStream>;

/// Far beyond what any step takes: reached only where a promise is broken.
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

/// Does `step` until the hub has counted what `reached` waits for.
async fn until(hub: &Broadcaster, reached: impl Fn(BroadcasterStats) -> bool, mut step: impl FnMut()) {
    let reached = async {
        while !reached(hub.stats()) {
            step();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(DEADLINE, reached).await.unwrap_or_else(|_| panic!("stuck at {:?}", hub.stats()));
}

fn nothing() {}

#[tokio::test]
async fn a_message_reaches_its_room_and_no_other() {
    let (hub, address) = hub(BroadcasterConfig::default()).await;
    let (mut red, mut other_red) = (join(&address, "red").await, join(&address, "red").await);
    let mut blue = join(&address, "blue").await;
    let answer = ask(&mut blue, r#"{"publish":{"room":"red","payload":[1]}}"#).await;
    assert_eq!(answer, r#"{"published":{"room":"red","receivers":2}}"#);
    for client in [&mut red, &mut other_red] {
        assert_eq!(receive(client).await, r#"{"message":{"room":"red","payload":[1]}}"#.into());
    }
    assert_eq!(ask(&mut red, r#"{"leave":"red"}"#).await, r#"{"left":"red"}"#);
    assert_eq!((hub.publish("red", &2).unwrap(), hub.publish("green", &3).unwrap()), (1, 0));
}

/// Counts how often it is written.
#[derive(Default)]
struct Written(Cell<u32>);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.set(self.0.get() + 1);
        serializer.serialize_u32(self.0.get())
    }
}

#[tokio::test]
async fn a_message_is_written_once_for_all_its_receivers() {
    let (hub, address) = hub(BroadcasterConfig::default()).await;
    let mut clients = [join(&address, "a").await, join(&address, "a").await, join(&address, "a").await];
    let payload = Written::default();
    assert_eq!((hub.publish("a", &payload).unwrap(), payload.0.get()), (3, 1));
    for client in &mut clients {
        assert_eq!(receive(client).await, r#"{"message":{"room":"a","payload":1}}"#.into());
    }
    until(&hub, |stats| stats.delivered == 3, nothing).await;
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
async fn a_receiver_that_does_not_read_is_disconnected_where_gaps_are_not_wanted() {
    let close_timeout = Duration::from_millis(10);
    let slow_consumer = SlowConsumer::Disconnect;
    let (hub, address) =
        hub(BroadcasterConfig { queue_capacity: 4, slow_consumer, close_timeout, ..Default::default() })
            .await;
    let _slow = join(&address, "a").await;
    let padding = "x".repeat(256 * 1024);
    until(&hub, |stats| stats.slow_disconnects == 1, || drop(hub.publish("a", &padding))).await;
    until(&hub, |stats| stats.connections == 0, nothing).await;
    assert_eq!((hub.publish("a", "anybody?").unwrap(), hub.stats().dropped), (0, 0));
}

#[tokio::test]
async fn a_peer_that_holds_up_a_write_is_let_go() {
    let write_timeout = Duration::from_millis(50);
    let (hub, address) = hub(BroadcasterConfig { write_timeout, ..Default::default() }).await;
    let _unread = join(&address, "a").await;
    let padding = "x".repeat(256 * 1024);
    until(&hub, |stats| stats.unresponsive == 1, || drop(hub.publish("a", &padding))).await;
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_let_go() {
    let heartbeat = Duration::from_millis(20);
    let (hub, address) = hub(BroadcasterConfig { heartbeat, ..Default::default() }).await;
    let _silent = connect(&address).await;
    until(&hub, |stats| stats.unresponsive == 1 && stats.connections == 0, nothing).await;
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
    until(&hub, |stats| stats.connections == 0, nothing).await;
}

#[tokio::test]
async fn shutdown_says_goodbye_ends_every_task_and_frees_the_port() {
    let (hub, address) = hub(BroadcasterConfig::default()).await;
    let (mut client, silent) = (join(&address, "a").await, connect(&address).await);
    let goodbye = async {
        assert_eq!(close_code(&mut client).await, CloseCode::Away);
        assert!(client.next().await.is_none());
    };
    timeout(DEADLINE, async { tokio::join!(hub.shutdown(), goodbye) }).await.expect("a shutdown in time");
    assert_eq!((hub.stats().connections, hub.publish("a", "anybody?").unwrap()), (0, 0));
    TcpListener::bind(&address).await.expect("the port is free");
    drop(silent);
}

#[tokio::test]
async fn streams_upgraded_elsewhere_are_served_too() {
    let hub = Broadcaster::new(BroadcasterConfig::default());
    let (near, far) = duplex(4096);
    let server = WebSocketStream::from_raw_socket(near, Role::Server, Some(hub.websocket_config())).await;
    let mut client = WebSocketStream::from_raw_socket(far, Role::Client, None).await;
    let talk = async {
        assert_eq!(ask(&mut client, r#"{"echo":{"a":1}}"#).await, r#"{"echo":{"a":1}}"#);
        client.close(None).await.unwrap();
    };
    timeout(DEADLINE, async { tokio::join!(hub.serve(server), talk) }).await.expect("an end in time");
}

/// A client of `hub` by a pipe that takes less than a message at a time.
async fn by_a_narrow_pipe(hub: &Broadcaster) -> WebSocketStream<DuplexStream> {
    let (near, far) = duplex(64);
    let server = WebSocketStream::from_raw_socket(near, Role::Server, Some(hub.websocket_config())).await;
    let hub = hub.clone();
    tokio::spawn(async move { hub.serve(server).await });
    WebSocketStream::from_raw_socket(far, Role::Client, None).await
}

/// While messages, answers and pongs all want to be written.
#[tokio::test(flavor = "multi_thread")]
async fn messages_and_answers_come_whole_where_half_a_message_is_taken_at_a_time() {
    const EACH: usize = 300;
    let hub = Broadcaster::new(BroadcasterConfig::default());
    let mut client = by_a_narrow_pipe(&hub).await;
    assert_eq!(ask(&mut client, r#"{"join":"all"}"#).await, r#"{"joined":"all"}"#);
    let received = timeout(DEADLINE, everything_at_once(&hub, client, EACH)).await.expect("an end in time");
    assert_eq!(received, [("messages", EACH), ("echoes", EACH)]);
    hub.shutdown().await;
}

/// Longer than the pipe takes, however little the number is.
fn long(number: usize) -> String {
    format!("{number:200}")
}

/// Asks and pings, publishes a message when the one before has come, and counts what comes, each kind in its order.
async fn everything_at_once<S>(
    hub: &Broadcaster,
    client: WebSocketStream<S>,
    each: usize,
) -> [(&'static str, usize); 2]
where
    S: AsyncRead + AsyncWrite + Unpin,
{
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

/// Messages and echoes come all and in order; of pings that wait together, the last may be the one that is answered.
fn count(received: &mut [(&str, usize); 2], message: &Message) {
    let [(_, messages), (_, echoes)] = received;
    match message {
        Message::Pong(number) => assert!(number.iter().all(u8::is_ascii_digit), "{number:?}"),
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
async fn a_peer_that_makes_no_handshake_is_let_go() {
    let handshake_timeout = Duration::from_millis(20);
    let (_hub, address) = hub(BroadcasterConfig { handshake_timeout, ..Default::default() }).await;
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let end = timeout(DEADLINE, socket.read(&mut [0; 16])).await.expect("an end in time");
    assert_eq!(end.unwrap(), 0);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let (hub, address) = hub(BroadcasterConfig::default()).await;
    let error = hub.listen(address.as_str()).await.unwrap_err().to_string();
    assert!(error.contains(&address) && error.contains("free port"), "{error}");
}
