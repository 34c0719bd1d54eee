//! Servers that do one thing, on a thread of their own.

use std::net::{SocketAddr, TcpListener as Listener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};

/// Answers every request with `status`, and with the headers that it came with; counts them.
pub fn echoing(status: StatusCode) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = Listener::bind("127.0.0.1:0").expect("a port");
    let (address, count) = (listener.local_addr().expect("its address"), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    let answer = move |headers: HeaderMap| {
        counted.fetch_add(1, Ordering::SeqCst);
        let echo = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("nothing");
        std::future::ready((status, format!("you sent {echo}")))
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            listener.set_nonblocking(true).expect("a socket");
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            axum::serve(listener, Router::new().fallback(answer)).await
        })
    });
    (address, count)
}

/// Accepts connections, by the operating system's queue, and never answers.
pub fn silent() -> (SocketAddr, Listener) {
    let listener = Listener::bind("127.0.0.1:0").expect("a port");
    (listener.local_addr().expect("its address"), listener)
}

/// A port without a listener.
pub fn closed() -> SocketAddr {
    silent().0
}
