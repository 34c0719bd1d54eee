//! One connection: answers its commands, delivers what its rooms publish, and sees it off.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use super::protocol::{Command, Event};
use super::rooms::Membership;
use super::wire::{Received, Wire};

/// Answers that share one flush. They bound how long one direction can keep the other waiting.
const BURST: usize = 128;

/// What a heartbeat is kept within: tokio's timers know neither no time at all nor all of it.
const HEARTBEATS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_hours(24 * 365));

pub(super) struct Connection<S> {
    wire: Arc<Wire<S>>,
    membership: Membership,
}

/// Why a connection is over.
enum Ended {
    /// The peer is gone, with or without a goodbye.
    Gone,
    /// The peer did not read in time, or did not answer a ping.
    Unresponsive,
    /// The peer broke a rule, which it is told.
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

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub fn new(wire: Arc<Wire<S>>, membership: Membership) -> Self {
        Self { wire, membership }
    }

    /// Serves the peer until either side ends it.
    pub async fn run(mut self) {
        let member = Arc::clone(&self.membership.member);
        match member.ended.run_until_cancelled(self.converse()).await {
            Some(Ended::Gone) => {}
            Some(Ended::Unresponsive) => {
                self.membership.hub.counters.unresponsive.fetch_add(1, Relaxed);
            }
            Some(Ended::Refused(code, reason)) => self.dismiss(code, reason).await,
            None if member.is_too_slow() => self.dismiss(CloseCode::Policy, "too slow").await,
            None => self.dismiss(CloseCode::Away, "the server is shutting down").await,
        }
    }

    async fn converse(&mut self) -> Ended {
        let mut heartbeat = heartbeat(self.membership.hub.config.heartbeat);
        let mut heard = true;
        loop {
            let step = tokio::select! {
                received = self.wire.next() => {
                    heard = true;
                    self.in_time(async |this| this.answer(received).await).await
                }
                () = self.membership.member.stuck() => self.in_time(Self::deliver).await,
                _ = heartbeat.tick() => {
                    if mem::take(&mut heard) { self.in_time(Self::ping).await } else { Err(Ended::Unresponsive) }
                }
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    /// A step that writes, within the time for it.
    async fn in_time(&mut self, step: impl AsyncFnOnce(&mut Self) -> Result<(), Ended>) -> Result<(), Ended> {
        let limit = self.membership.hub.config.write_timeout;
        timeout(limit, step(self)).await.unwrap_or(Err(Ended::Unresponsive))
    }

    /// Answers what was received, and what has come in behind it. What that publishes goes out together.
    async fn answer(&mut self, first: Received) -> Result<(), Ended> {
        let answered = self.answer_all(first).await;
        self.membership.hub.couriers.send();
        answered?;
        Ok(self.wire.flush().await?)
    }

    async fn answer_all(&mut self, first: Received) -> Result<(), Ended> {
        let mut next = Some(first);
        for left in (0..BURST).rev() {
            let Some(received) = next.take() else { break };
            if let Some(answer) = self.respond(received)? {
                self.wire.feed(Message::Text(answer)).await?;
            }
            if left > 0 {
                next = self.wire.next().now_or_never();
            }
        }
        Ok(())
    }

    /// Goes on where the courier did not get on.
    async fn deliver(&mut self) -> Result<(), Ended> {
        let counters = &self.membership.hub.counters;
        Ok(self.wire.deliver(&self.membership.member, counters).await?)
    }

    async fn ping(&mut self) -> Result<(), Ended> {
        Ok(self.wire.send(Message::Ping(Bytes::new())).await?)
    }

    /// The answer to a command. Pings and closes are answered by the stream.
    fn respond(&mut self, received: Received) -> Result<Option<Utf8Bytes>, Ended> {
        let event = match received.ok_or(Ended::Gone)?? {
            Message::Text(text) => return self.obey(&text).map(Some),
            Message::Binary(_) => Event::<()>::Error("commands are text messages, not binary ones".into()),
            _ => return Ok(None),
        };
        event.to_text().map(Some).map_err(unwritable)
    }

    fn obey(&mut self, text: &str) -> Result<Utf8Bytes, Ended> {
        let event = serde_json::from_str(text).map_or_else(
            |error| Event::Error(format!("not a command: {error}").into()),
            |command| self.execute(command),
        );
        event.to_text().map_err(unwritable)
    }

    fn execute<'a>(&mut self, command: Command<'a>) -> Event<'a> {
        let failed = |error: &dyn std::error::Error| Event::Error(error.to_string().into());
        match command {
            Command::Join(room) => match self.membership.join(&room) {
                Ok(()) => Event::Joined(room),
                Err(error) => failed(&error),
            },
            Command::Leave(room) => {
                self.membership.leave(&room);
                Event::Left(room)
            }
            Command::Publish { room, payload } => match self.membership.hub.publish(&room, payload) {
                Ok(receivers) => Event::Published { room, receivers },
                Err(error) => failed(&error),
            },
            Command::Echo(payload) => Event::Echo(payload),
            Command::Ping => Event::Pong,
        }
    }

    /// Tells the peer why this is the end, and gives it time for its own goodbye.
    async fn dismiss(self, code: CloseCode, reason: &'static str) {
        let Self { wire, membership } = self;
        let limit = membership.hub.config.close_timeout;
        drop(membership);
        wire.end();
        let goodbye = async {
            wire.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
            wire.see_off().await
        };
        // A peer that takes no goodbye is left without one.
        let _ = timeout(limit, goodbye).await;
    }
}

fn unwritable(_: serde_json::Error) -> Ended {
    Ended::Refused(CloseCode::Error, "the answer has no JSON form")
}

fn heartbeat(period: Duration) -> Interval {
    let period = period.clamp(HEARTBEATS.0, HEARTBEATS.1);
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
