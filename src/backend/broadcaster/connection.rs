//! The task of one connection, the only one that reads and writes its socket: it answers commands, sends what waits in
//! the queue, probes a silent peer, and closes.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::future::poll_fn;
use futures_util::stream::FusedStream;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, copy, sink};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use super::hub::{Hub, Registration};
use super::protocol::{Command, ServerEvent};

/// Messages or answers that share one flush. It bounds how long one direction keeps the other waiting.
const BATCH: usize = 256;

/// The limits of a heartbeat: tokio's timers take neither zero nor the longest duration.
const HEARTBEATS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_hours(24 * 365));

type Received = Option<Result<Message, Error>>;

pub(super) struct WebSocketConnection<S> {
    stream: WebSocketStream<S>,
    registration: Registration,
}

/// Why a connection is over.
enum Ended {
    /// The peer is gone, with or without a close frame.
    Gone,
    /// The peer did not read in time, or did not answer a ping.
    Unresponsive,
    /// The peer broke a rule, and is told which.
    Refused(CloseCode, &'static str),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Self::Refused(CloseCode::Size, "the message is too long"),
            Error::Utf8(_) => Self::Refused(CloseCode::Invalid, "the text is not UTF-8"),
            Error::Protocol(_) => Self::Refused(CloseCode::Protocol, "the frame breaks RFC 6455"),
            _ => Self::Gone,
        }
    }
}

impl From<serde_json::Error> for Ended {
    fn from(_: serde_json::Error) -> Self {
        Self::Refused(CloseCode::Error, "the answer has no JSON form")
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketConnection<S> {
    pub fn new(stream: WebSocketStream<S>, hub: Arc<Hub>) -> Self {
        Self { stream, registration: Registration::new(hub) }
    }

    /// Serves the peer until either side ends it.
    pub async fn run(mut self) {
        let subscriber = Arc::clone(&self.registration.subscriber);
        match subscriber.ended.run_until_cancelled(self.serve()).await {
            Some(Ended::Gone) => {}
            Some(Ended::Unresponsive) => {
                self.registration.hub.counters.unresponsive.fetch_add(1, Relaxed);
            }
            Some(Ended::Refused(code, reason)) => self.close(code, reason).await,
            None if subscriber.queue.has_overflowed() => self.close(CloseCode::Policy, "too slow").await,
            None => self.close(CloseCode::Away, "the server is shutting down").await,
        }
    }

    async fn serve(&mut self) -> Ended {
        let mut heartbeat = heartbeat(self.registration.hub.config.heartbeat);
        let mut heard = true;
        loop {
            let step = tokio::select! {
                received = self.stream.next() => {
                    heard = true;
                    self.in_time(async |this| this.answer(received).await).await
                }
                () = self.registration.subscriber.queue.ready() => self.in_time(Self::deliver).await,
                _ = heartbeat.tick() => {
                    if mem::take(&mut heard) { self.in_time(Self::ping).await } else { Err(Ended::Unresponsive) }
                }
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    /// Limits a step that writes to the write timeout.
    async fn in_time(&mut self, step: impl AsyncFnOnce(&mut Self) -> Result<(), Ended>) -> Result<(), Ended> {
        let limit = self.registration.hub.config.write_timeout;
        timeout(limit, step(self)).await.unwrap_or(Err(Ended::Unresponsive))
    }

    /// Sends a batch of what waits in the queue, with one flush.
    async fn deliver(&mut self) -> Result<(), Ended> {
        let mut sent = 0;
        while sent < BATCH {
            // The stream has room before the queue gives a message away: a cancelled delivery loses none.
            poll_fn(|context| self.stream.poll_ready_unpin(context)).await?;
            let Some(message) = self.registration.subscriber.queue.pop() else { break };
            self.stream.feed(Message::Text(message)).await?;
            sent += 1;
        }
        self.stream.flush().await?;
        self.registration.hub.counters.delivered.fetch_add(sent as u64, Relaxed);
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Ended> {
        Ok(self.stream.send(Message::Ping(Bytes::new())).await?)
    }

    /// Answers `first` and what has arrived behind it, with one flush.
    async fn answer(&mut self, first: Received) -> Result<(), Ended> {
        let mut next = Some(first);
        for left in (0..BATCH).rev() {
            let Some(received) = next.take() else { break };
            if let Some(answer) = self.respond(received)? {
                self.stream.feed(Message::Text(answer)).await?;
            }
            if left > 0 {
                next = self.stream.next().now_or_never();
            }
        }
        Ok(self.stream.flush().await?)
    }

    /// The answer to a command. The stream answers pings and closes.
    fn respond(&mut self, received: Received) -> Result<Option<Utf8Bytes>, Ended> {
        let event = match received.ok_or(Ended::Gone)?? {
            Message::Text(text) => return Ok(Some(self.obey(&text)?)),
            Message::Binary(_) => {
                ServerEvent::<()>::Error("commands are text messages, not binary ones".into())
            }
            _ => return Ok(None),
        };
        Ok(Some(event.to_text()?))
    }

    fn obey(&mut self, text: &str) -> Result<Utf8Bytes, serde_json::Error> {
        let event = serde_json::from_str(text).map_or_else(
            |error| ServerEvent::Error(format!("not a command: {error}").into()),
            |command| self.execute(command),
        );
        event.to_text()
    }

    fn execute<'a>(&mut self, command: Command<'a>) -> ServerEvent<'a> {
        let failed = |error: &dyn std::error::Error| ServerEvent::Error(error.to_string().into());
        match command {
            Command::Join(room) => match self.registration.join(&room) {
                Ok(()) => ServerEvent::Joined(room),
                Err(error) => failed(&error),
            },
            Command::Leave(room) => {
                self.registration.leave(&room);
                ServerEvent::Left(room)
            }
            Command::Publish { room, payload } => match self.registration.hub.publish(&room, payload) {
                Ok(receivers) => ServerEvent::Published { room, receivers },
                Err(error) => failed(&error),
            },
            Command::Echo(payload) => ServerEvent::Echo(payload),
            Command::Ping => ServerEvent::Pong,
        }
    }

    /// Leaves the rooms, sends what waits and then the reason, and waits for the peer's close frame.
    async fn close(mut self, code: CloseCode, reason: &'static str) {
        self.registration.leave_all();
        let limit = self.registration.hub.config.close_timeout;
        let frame = CloseFrame { code, reason: reason.into() };
        // A peer that does not take its close frame in time is left without one.
        let _ = timeout(limit, self.drain_close(frame)).await;
    }

    async fn drain_close(&mut self, frame: CloseFrame) -> Result<(), Ended> {
        while !self.registration.subscriber.queue.is_empty() {
            self.deliver().await?;
        }
        let readable = !self.stream.is_terminated();
        self.stream.send(Message::Close(Some(frame))).await?;
        if readable {
            while self.stream.next().await.is_some() {}
        } else {
            // Bytes left unread would reset the connection before the peer reads its close frame.
            copy(self.stream.get_mut(), &mut sink()).await.map_err(|_| Ended::Gone)?;
        }
        Ok(())
    }
}

fn heartbeat(period: Duration) -> Interval {
    let period = period.clamp(HEARTBEATS.0, HEARTBEATS.1);
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
