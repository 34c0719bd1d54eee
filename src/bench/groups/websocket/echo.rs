//! Commands whose answers are what was sent.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::client::Client;

/// The text of a message of a chat.
const TEXT: &str = "The quarterly report is ready: costs fell by 4 % while traffic grew by 11 %.";

/// Echo commands, each of which can be told from the others.
pub fn commands(messages: usize) -> Vec<Utf8Bytes> {
    (0..messages).map(|id| format!(r#"{{"echo":{{"id":{id},"text":"{TEXT}"}}}}"#).into()).collect()
}

/// The time that all echoes take together.
pub async fn all(client: &mut Client, commands: &[Utf8Bytes]) -> Duration {
    let started = Instant::now();
    let answers = client.ask_all(commands).await;
    let elapsed = started.elapsed();
    assert!(answers == commands, "the hub echoed something else");
    elapsed
}

/// The time, in nanoseconds, that the share `quantile` of the echoes takes at most, one after the other.
pub async fn percentile(client: &mut Client, commands: &[Utf8Bytes], quantile: f64) -> f64 {
    let mut times = Histogram::<u64>::new(3).expect("three digits are within its range");
    for command in commands {
        let started = Instant::now();
        let answer = client.ask(command.clone()).await;
        times += u64::try_from(started.elapsed().as_nanos()).expect("less than five centuries");
        assert_eq!(answer, *command, "the hub echoed something else");
    }
    times.value_at_quantile(quantile) as f64
}
