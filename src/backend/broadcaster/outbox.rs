//! Messages as they go over the wire, and those that one connection is writing.
//!
//! A server's frames are not masked (RFC 6455, 5.1), so that a message is the same bytes for everybody. It is framed once,
//! and as many as wait for a connection are written to it in one call.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Bytes of one write, where messages are not longer. They bound how long one direction can keep the other waiting.
pub(super) const WRITE: usize = 32 * 1024;

/// A text message in one frame, the last and only one of it.
const TEXT: u8 = 0x81;

thread_local! {
    /// Where frames are collected: copied, short ones cost less than a slice each of a vectored write.
    static COLLECTED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The frame of a text message (RFC 6455, 5.2).
pub(super) fn frame(text: &Utf8Bytes) -> Bytes {
    let length = text.len();
    let mut frame = Vec::with_capacity(length + 10);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => frame.extend([TEXT, short]),
        (_, Ok(middle)) => {
            frame.extend([TEXT, 126]);
            frame.extend(middle.to_be_bytes());
        }
        _ => {
            frame.extend([TEXT, 127]);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(text.as_bytes());
    frame.into()
}

/// Frames that are being written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    frames: VecDeque<Bytes>,
    /// Whether a part of the first one has been written: nothing else may be before the rest of it is.
    begun: bool,
    /// Frames that have been written and not been counted yet.
    written: u64,
}

impl Outbox {
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Moves frames from the front of `queue` to the end of this, as many as one write takes, and one at least.
    pub fn fill(&mut self, queue: &mut VecDeque<Bytes>) {
        let mut bytes = 0;
        while let Some(frame) = queue.pop_front_if(|frame| bytes == 0 || bytes + frame.len() <= WRITE) {
            bytes += frame.len();
            self.frames.push_back(frame);
        }
    }

    #[cfg(test)]
    pub fn into_frames(self) -> Vec<Bytes> {
        self.frames.into()
    }

    /// How many frames have been written since this was asked last.
    pub fn take_written(&mut self) -> u64 {
        mem::take(&mut self.written)
    }

    /// Forgets all frames but one that has been begun.
    pub fn keep_begun(&mut self) {
        self.frames.truncate(usize::from(self.begun));
    }

    /// Writes all frames. After [`Poll::Pending`], another call goes on.
    pub fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            match ready!(self.poll_once(context, stream))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.advance(written),
            }
        }
        Pin::new(stream).poll_flush(context)
    }

    fn poll_once<S: AsyncWrite + Unpin>(
        &self,
        context: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        if let (1, Some(frame)) = (self.frames.len(), self.frames.front()) {
            return Pin::new(stream).poll_write(context, frame);
        }
        COLLECTED.with_borrow_mut(|collected| {
            collected.clear();
            self.frames.iter().for_each(|frame| collected.extend_from_slice(frame));
            Pin::new(stream).poll_write(context, collected)
        })
    }

    fn advance(&mut self, mut written: usize) {
        self.begun = false;
        while let Some(first) = self.frames.front_mut().filter(|_| written > 0) {
            if written < first.len() {
                first.advance(written);
                self.begun = true;
                return;
            }
            written -= first.len();
            self.frames.pop_front();
            self.written += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, duplex};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    fn texts() -> Vec<Utf8Bytes> {
        [0, 1, 125, 126, 127, 65_535, 65_536, 100_000]
            .map(|length| "é".repeat(length / 2) + &"x".repeat(length % 2))
            .map(Utf8Bytes::from)
            .to_vec()
    }

    fn filled(texts: &[Utf8Bytes]) -> Outbox {
        Outbox { frames: texts.iter().map(frame).collect(), ..Outbox::default() }
    }

    async fn write<S: AsyncWrite + Unpin>(outbox: &mut Outbox, stream: &mut S) {
        poll_fn(|context| outbox.poll_write(context, stream)).await.unwrap();
    }

    /// Whatever pieces they are written in.
    #[tokio::test]
    async fn frames_are_read_as_what_they_hold() {
        for capacity in [1, 7, 4_096, 1 << 20] {
            let (mut near, far) = duplex(capacity);
            let mut client = WebSocketStream::from_raw_socket(far, Role::Client, None).await;
            let mut outbox = filled(&texts());
            let reading = async {
                for text in texts() {
                    let message = futures_util::StreamExt::next(&mut client).await.unwrap().unwrap();
                    assert_eq!(message.into_text().unwrap(), text);
                }
            };
            tokio::join!(write(&mut outbox, &mut near), reading);
            assert_eq!((outbox.take_written(), outbox.take_written()), (texts().len() as u64, 0));
        }
    }

    #[tokio::test]
    async fn what_was_begun_is_finished_and_nothing_else() {
        let (mut near, mut far) = duplex(5);
        let mut outbox = filled(&["first".into(), "second".into()]);
        let stuck = poll_fn(|context| Poll::Ready(outbox.poll_write(context, &mut near))).await;
        assert!(stuck.is_pending(), "five bytes are not seven");
        outbox.keep_begun();
        let (mut read, rest) = (Vec::new(), async move { write(&mut outbox, &mut near).await });
        tokio::join!(async { far.read_to_end(&mut read).await.unwrap() }, rest);
        assert_eq!(read, frame(&"first".into()));
    }

    #[test]
    fn a_write_takes_what_fits_and_one_frame_at_least() {
        let mut queue: VecDeque<Bytes> =
            [WRITE + 1, 1, WRITE - 1, 1].map(|length| vec![0; length].into()).into();
        let mut frames = Vec::new();
        while !queue.is_empty() {
            let mut outbox = Outbox::default();
            outbox.fill(&mut queue);
            frames.push(outbox.frames.len());
        }
        assert_eq!(frames, [1, 2, 1]);
    }
}
