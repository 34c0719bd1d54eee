//! The socket of one connection, to which two write: the connection's own task, and the courier that brings it messages.
//!
//! A courier never waits: what the socket does not take at once is left to the task, which has a deadline for it. While
//! the task waits for room in the socket, it alone writes.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker, ready};

use futures_util::stream::FusedStream;
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::Error;

use super::member::{Member, Rest};
use super::outbox::Outbox;
use super::stats::Counters;

/// What a stream yields: nothing once it has ended.
pub(super) type Received = Option<Result<Message, Error>>;

/// Bytes that are read at a time to be thrown away.
const THROWN_AWAY: usize = 1024;

pub(super) struct Wire<S>(Mutex<Line<S>>);

struct Line<S> {
    stream: WebSocketStream<S>,
    outbox: Outbox,
    /// Whether the connection's task waits for room in the socket.
    waiting: bool,
    /// Whether either side has said goodbye, after which no message is sent.
    over: bool,
}

/// What a courier left undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// More messages wait than one write takes.
    More,
    /// The socket takes no more now: the connection's task has to go on.
    Stuck,
}

/// A wire as a courier sees it.
pub(super) trait Deliver: fmt::Debug + Send + Sync {
    /// Writes what waits for `member`, as much as one write takes, without waiting for anything.
    fn deliver_now(&self, member: &Member, counters: &Counters) -> Left;
}

impl<S> fmt::Debug for Wire<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Deliver for Wire<S> {
    fn deliver_now(&self, member: &Member, counters: &Counters) -> Left {
        let mut line = self.0.lock();
        if line.waiting {
            return Left::Stuck;
        }
        // Nobody is to be woken: the task, which is told, asks the socket again with its own waker.
        match line.poll_deliver(&mut Context::from_waker(Waker::noop()), member, counters) {
            Poll::Ready(Ok(Rest::Nothing)) => Left::Nothing,
            Poll::Ready(Ok(Rest::More)) => Left::More,
            Poll::Ready(Err(_)) | Poll::Pending => Left::Stuck,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: WebSocketStream<S>) -> Self {
        Self(Mutex::new(Line { stream, outbox: Outbox::default(), waiting: false, over: false }))
    }

    /// What is received next.
    pub async fn next(&self) -> Received {
        poll_fn(|context| self.0.lock().poll_next(context)).await
    }

    /// Has `message` written with the next flush, or before.
    pub async fn feed(&self, message: Message) -> Result<(), Error> {
        let mut message = Some(message);
        let step = |line: &mut Line<S>, context: &mut Context<'_>| {
            ready!(line.stream.poll_ready_unpin(context))?;
            Poll::Ready(message.take().map_or(Ok(()), |message| line.stream.start_send_unpin(message)))
        };
        self.writing(step).await
    }

    pub async fn flush(&self) -> Result<(), Error> {
        self.writing(|line, context| line.stream.poll_flush_unpin(context)).await
    }

    /// Writes `message` and all that was fed.
    pub async fn send(&self, message: Message) -> Result<(), Error> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Writes what waits for `member`, all of it.
    pub async fn deliver(&self, member: &Member, counters: &Counters) -> Result<(), Error> {
        while self.writing(|line, context| line.poll_deliver(context, member, counters)).await? == Rest::More
        {
        }
        Ok(())
    }

    /// Sends no message from now on, but for the rest of one that has been begun.
    pub fn end(&self) {
        let mut line = self.0.lock();
        line.over = true;
        line.outbox.keep_begun();
    }

    /// Reads until the peer has said goodbye too. Where it broke a rule it can no longer be understood: then what it
    /// sends is thrown away, since unread it would reset the connection and take the close frame with it.
    pub async fn see_off(&self) -> Result<(), Error> {
        if self.0.lock().stream.is_terminated() {
            while poll_fn(|context| self.0.lock().poll_throw_away(context)).await? > 0 {}
        }
        while self.next().await.is_some() {}
        Ok(())
    }

    /// A step of the connection's task that writes: after the rest of what has been begun.
    async fn writing<T>(
        &self,
        mut step: impl FnMut(&mut Line<S>, &mut Context<'_>) -> Poll<Result<T, Error>>,
    ) -> Result<T, Error> {
        poll_fn(|context| {
            let mut line = self.0.lock();
            let done = match line.poll_outbox(context) {
                Poll::Ready(Ok(())) => step(&mut line, context),
                Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
                Poll::Pending => Poll::Pending,
            };
            line.waiting = done.is_pending();
            done
        })
        .await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// The stream answers pings and closes while it reads. Where a courier has left a message half written, nothing
    /// may come in between: then there is nothing to read until the task, which has been told, has written the rest.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Received> {
        if !self.outbox.is_empty() {
            return Poll::Pending;
        }
        let received = ready!(self.stream.poll_next_unpin(context));
        self.over |= !matches!(&received, Some(Ok(message)) if !message.is_close());
        Poll::Ready(received)
    }

    fn poll_outbox(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.outbox.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.outbox.poll_write(context, self.stream.get_mut())
    }

    /// What the stream has to say itself goes first, and in whole.
    fn poll_deliver(
        &mut self,
        context: &mut Context<'_>,
        member: &Member,
        counters: &Counters,
    ) -> Poll<Result<Rest, Error>> {
        if self.over {
            return Poll::Ready(Ok(Rest::Nothing));
        }
        ready!(self.poll_outbox(context))?;
        ready!(self.stream.poll_flush_unpin(context))?;
        let rest = member.take(&mut self.outbox);
        let written = self.poll_outbox(context);
        counters.delivered.fetch_add(self.outbox.take_written(), Relaxed);
        ready!(written)?;
        Poll::Ready(Ok(rest))
    }

    fn poll_throw_away(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut buffer = [0; THROWN_AWAY];
        let mut read = ReadBuf::new(&mut buffer);
        ready!(Pin::new(self.stream.get_mut()).poll_read(context, &mut read))?;
        Poll::Ready(Ok(read.filled().len()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_util::sync::CancellationToken;

    use super::super::config::BroadcasterConfig;
    use super::super::outbox::frame;
    use super::*;

    /// Bytes that the pipe takes.
    const PIPE: usize = 16;

    /// A ping with no payload, as a client sends it: masked, with a mask of zeros (RFC 6455, 5.3); and its answer.
    const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
    const PONG: [u8; 2] = [0x8A, 0];

    struct Half {
        wire: Arc<Wire<DuplexStream>>,
        member: Arc<Member>,
        far: DuplexStream,
        message: Vec<u8>,
    }

    /// A message of which the courier could write as much as the pipe takes.
    async fn half() -> Half {
        let (near, far) = duplex(PIPE);
        let wire = Arc::new(Wire::new(WebSocketStream::from_raw_socket(near, Role::Server, None).await));
        let (config, ended) = (BroadcasterConfig::default(), CancellationToken::new());
        let member = Arc::new(Member::new(0, &config, ended, Arc::clone(&wire) as _, Arc::default()));
        let message = frame(&"two and a half pipes, and all at once".into());
        assert!(member.offer(message.clone(), &Counters::default()));
        assert_eq!(wire.deliver_now(&member, &Counters::default()), Left::Stuck);
        Half { wire, member, far, message: message.into() }
    }

    async fn read(far: &mut DuplexStream, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        far.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn nothing_comes_into_a_message_half_written() {
        let Half { wire, member, mut far, message } = half().await;
        far.write_all(&PING).await.unwrap();
        let begun = read(&mut far, PIPE).await;
        assert!(wire.next().now_or_never().is_none(), "the answer to a ping would be next");
        let (counters, rest) = (Counters::default(), message.len() - PIPE);
        let (delivered, rest) = tokio::join!(wire.deliver(&member, &counters), read(&mut far, rest));
        assert_eq!((delivered.is_ok(), [begun, rest].concat()), (true, message));
        assert!(wire.next().await.is_some_and(|ping| ping.is_ok_and(|ping| ping.is_ping())));
    }

    #[tokio::test]
    async fn an_answer_waits_for_the_rest_of_a_message() {
        let Half { wire, mut far, message, .. } = half().await;
        let pong = wire.send(Message::Pong(b""[..].into()));
        let (sent, read) = tokio::join!(pong, read(&mut far, message.len() + PONG.len()));
        assert_eq!((sent.is_ok(), read), (true, [&message, &PONG[..]].concat()));
    }

    #[tokio::test]
    async fn while_the_task_waits_for_the_socket_the_courier_leaves_it_alone() {
        let Half { wire, member, mut far, .. } = half().await;
        let counters = Counters::default();
        assert!(wire.deliver(&member, &counters).now_or_never().is_none());
        read(&mut far, PIPE).await;
        assert_eq!(wire.deliver_now(&member, &counters), Left::Stuck);
        assert_eq!(counters.read().delivered, 0);
    }

    #[tokio::test]
    async fn after_a_goodbye_no_message_is_sent_but_the_rest_of_one() {
        let Half { wire, member, mut far, message } = half().await;
        wire.end();
        assert!(member.offer(message.clone().into(), &Counters::default()));
        let goodbye = wire.send(Message::Close(None));
        let (sent, read) = tokio::join!(goodbye, read(&mut far, message.len() + 2));
        assert_eq!((sent.is_ok(), read), (true, [&message[..], &[0x88, 0]].concat()));
        assert_eq!(wire.deliver_now(&member, &Counters::default()), Left::Nothing);
    }
}
