//! Many connections to one broadcaster: what an idle one holds of the heap, and what happens beside them.
//!
//! The clients are a process of their own, so that the heap of this one is the server's, and so that each process has
//! its own limit of open files. What the kernel holds for a socket is in neither heap.

mod clients;
mod room;
mod server;

pub use clients::be_clients;
pub use server::measure;

/// Connections that do nothing.
const IDLE: usize = 10_000;

/// Users that send and receive.
const ACTIVE: usize = 400;

/// The argument with which the process of the clients is started, before the address.
pub const CLIENTS: &str = "--clients";
