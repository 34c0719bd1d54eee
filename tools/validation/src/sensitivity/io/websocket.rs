//! Messages through the broadcaster, one after the other.

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::stage::{IoRow, IoWork, Stage};
use backend_bench::bench::groups::websocket::client::HubClient;

pub(super) const ROWS: &[IoRow] =
    &[("websocket_echo", echo::<64>), ("websocket_echo_4k", echo::<4_096>), ("websocket_publish", publish)];

fn connect(stage: &Stage<'_>) -> HubClient {
    stage.runtime.block_on(HubClient::connect(stage.hub))
}

fn echo<const BYTES: usize>(stage: &Stage<'_>) -> IoWork<'static> {
    let command: Utf8Bytes = format!(r#"{{"echo":"{}"}}"#, "x".repeat(BYTES)).into();
    let (mut client, handle) = (connect(stage), stage.handle());
    Box::new(move |units| {
        handle.block_on(async {
            for _ in 0..units {
                assert_eq!(client.ask(command.clone()).await, command, "the hub echoed something else");
            }
        });
    })
}

/// To a room in which the publisher alone is.
fn publish(stage: &Stage<'_>) -> IoWork<'static> {
    let command: Utf8Bytes = r#"{"publish":{"room":"sensitivity","payload":"costs fell by 4 %"}}"#.into();
    let (mut client, handle) = (connect(stage), stage.handle());
    let joined = handle.block_on(client.ask(r#"{"join":"sensitivity"}"#));
    assert_eq!(joined, r#"{"joined":"sensitivity"}"#);
    Box::new(move |units| {
        handle.block_on(async {
            for _ in 0..units {
                let texts = [client.ask(command.clone()).await, client.receive().await];
                assert!(texts.iter().any(|text| text.contains("costs fell")), "{texts:?}");
            }
        });
    })
}
