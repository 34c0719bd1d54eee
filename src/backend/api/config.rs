//! What the API allows its clients.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The limits of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// Where to listen; port 0 finds a free one.
    pub address: SocketAddr,
    /// The folder that uploads are stored in; created where it is missing.
    pub uploads: PathBuf,
    /// Bytes of a body, uploads aside.
    pub max_body_bytes: usize,
    /// Bytes of an upload, with what `multipart/form-data` adds.
    pub max_upload_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a request may take, from the end of its head to the start of the answer.
    pub request_timeout: Duration,
    /// How long a connection may take over the head of a request, and so how long it may be idle.
    pub idle_timeout: Duration,
    /// How long [`Server::shutdown`](super::Server::shutdown) waits for requests under way.
    pub shutdown_timeout: Duration,
}

impl ApiConfig {
    /// A free port of the loopback interface; 256 KiB for a body, 10 MiB for an upload, 10 s for either to arrive;
    /// 60 s for a request, 30 s of idleness, 5 s for a shutdown.
    #[must_use]
    pub fn new(uploads: PathBuf) -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            uploads,
            max_body_bytes: 256 * 1024,
            max_upload_bytes: 10 * 1024 * 1024,
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(5),
        }
    }
}
