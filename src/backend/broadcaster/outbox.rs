//! Messages as they go over the wire, and those that one connection is writing.
//!
//! A server's frames are not masked (RFC 6455, 5.1), so that a message is the same bytes for everybody. It is framed once,
//! and each connection writes as many as wait for it in one call, from where they lie.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Frames of one write. They bound how long one direction can keep the other waiting.
pub(super) const MOST: usize = 128;

/// A text message in one frame, the last and only one of it.
const TEXT: u8 = 0x81;

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
}

impl Outbox {
    /// Where to put frames.
    pub fn frames(&mut self) -> &mut VecDeque<Bytes> {
        &mut self.frames
    }

    /// Writes all frames.
    pub async fn write<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        while !self.frames.is_empty() {
            let written = poll_fn(|context| {
                let slices = slices(&self.frames);
                Pin::new(&mut *stream).poll_write_vectored(context, &slices[..self.frames.len().min(MOST)])
            });
            match written.await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => self.advance(written),
            }
        }
        stream.flush().await
    }

    /// Writes what is left of a frame that has been begun, and forgets the others.
    pub async fn finish<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        self.frames.truncate(usize::from(self.begun));
        self.write(stream).await
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
        }
    }
}

/// The first frames, as far as one call takes them.
fn slices(frames: &VecDeque<Bytes>) -> [IoSlice<'_>; MOST] {
    let mut frames = frames.iter();
    std::array::from_fn(|_| IoSlice::new(frames.next().map_or(&[], |frame| frame)))
}

#[cfg(test)]
mod tests {
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

    /// Whatever pieces they are written in.
    #[tokio::test]
    async fn frames_are_read_as_what_they_hold() {
        for capacity in [1, 7, 4_096, 1 << 20] {
            let (mut near, far) = duplex(capacity);
            let mut client = WebSocketStream::from_raw_socket(far, Role::Client, None).await;
            let mut outbox = Outbox::default();
            outbox.frames().extend(texts().iter().map(frame));
            let reading = async {
                for text in texts() {
                    let message = futures_util::StreamExt::next(&mut client).await.unwrap().unwrap();
                    assert_eq!(message.into_text().unwrap(), text);
                }
            };
            tokio::join!(async { outbox.write(&mut near).await.unwrap() }, reading);
        }
    }

    #[tokio::test]
    async fn what_was_begun_is_finished_and_nothing_else() {
        let (mut near, mut far) = duplex(5);
        let mut outbox = Outbox::default();
        outbox.frames().extend(["first", "second"].map(|text| frame(&text.into())));
        let stuck = tokio::time::timeout(std::time::Duration::from_millis(10), outbox.write(&mut near)).await;
        assert!(stuck.is_err(), "five bytes are not seven");
        let (mut read, rest) = (Vec::new(), async move { outbox.finish(&mut near).await.unwrap() });
        tokio::join!(async { far.read_to_end(&mut read).await.unwrap() }, rest);
        assert_eq!(read, frame(&"first".into()));
    }
}
