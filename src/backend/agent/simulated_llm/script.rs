//! What is streamed, and when.

use std::vec::IntoIter;

use bytes::Bytes;
use tokio::time::Instant;

use super::fault::Fault;
use super::protocol::{DONE, Events};

/// The events of one answer.
#[derive(Debug)]
pub(super) struct Script {
    /// All that are left, one after the other.
    bytes: Bytes,
    /// When each of them is due, and its length.
    events: IntoIter<(Instant, usize)>,
    /// Whether silence follows, and not the end.
    pub(super) silent: bool,
}

impl Script {
    /// The answer of `tokens` to `prompt`, each due at its time: whole, or as far as `fault` lets it come.
    pub(super) fn new(
        events: &Events,
        prompt: &str,
        tokens: &[&str],
        times: &[Instant],
        fault: Option<Fault>,
    ) -> Self {
        let mut script = Writer { bytes: Vec::with_capacity(256 * (tokens.len() + 2)), events: Vec::new() };
        let broken = matches!(fault, Some(Fault::CutOff | Fault::HangMidway));
        let heard = if broken { tokens.len() / 2 } else { tokens.len() };
        for (token, time) in tokens.iter().zip(times).take(heard) {
            script.write(*time, |bytes| events.piece(token, bytes));
        }
        if let Some(end) = times.last().filter(|_| !broken) {
            script.write(*end, |bytes| events.finish(prompt, tokens.len(), bytes));
            script.write(*end, |bytes| bytes.extend_from_slice(DONE));
        }
        let Writer { bytes, events } = script;
        Self { bytes: bytes.into(), events: events.into_iter(), silent: fault == Some(Fault::HangMidway) }
    }

    /// When the next event is due; none after the last.
    pub(super) fn due(&self) -> Option<Instant> {
        self.events.as_slice().first().map(|(time, _)| *time)
    }

    /// Takes out the events that are due at `now`: what comes at one time goes out together.
    pub(super) fn take_due(&mut self, now: Instant) -> Bytes {
        let due = self.events.as_slice().iter().take_while(|(time, _)| *time <= now).count();
        let length = self.events.by_ref().take(due).map(|(_, length)| length).sum();
        self.bytes.split_to(length)
    }
}

/// A script while it is written.
struct Writer {
    bytes: Vec<u8>,
    events: Vec<(Instant, usize)>,
}

impl Writer {
    fn write(&mut self, time: Instant, append: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        append(&mut self.bytes);
        self.events.push((time, self.bytes.len() - before));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// An answer of four tokens, one each second, of which the last two come together.
    fn script(start: Instant, fault: Option<Fault>) -> Script {
        let times = [0, 1, 2, 2].map(|seconds| start + Duration::from_secs(seconds));
        Script::new(&Events::new(), "Hello?", &["a", " b", " c", " d"], &times, fault)
    }

    /// What is sent, in one frame at each time at which something is due.
    fn frames(mut script: Script) -> Vec<String> {
        let frame = |script: &mut Script| script.due().map(|due| script.take_due(due));
        let frames = std::iter::from_fn(|| frame(&mut script));
        frames.map(|frame| String::from_utf8(frame.to_vec()).unwrap()).collect()
    }

    #[test]
    fn what_is_due_at_one_time_goes_out_together_and_nothing_before() {
        let frames = frames(script(Instant::now(), None));
        let events: Vec<_> = frames.iter().map(|frame| frame.matches("data: ").count()).collect();
        assert_eq!(events, [1, 1, 4], "two tokens, the finish and the end last: {frames:?}");
        assert!(frames[1].contains("\" b\"") && frames[2].ends_with("data: [DONE]\n\n"), "{frames:?}");
    }

    #[test]
    fn a_broken_answer_has_its_first_half_and_no_finish() {
        for (fault, silent) in [(Fault::CutOff, false), (Fault::HangMidway, true)] {
            let script = script(Instant::now(), Some(fault));
            assert_eq!(script.silent, silent);
            let text = frames(script).concat();
            assert!(text.contains("\" b\"") && !text.contains("\" c\"") && !text.contains("stop"), "{text}");
        }
    }
}
