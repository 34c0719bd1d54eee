//! The seven bench groups: one module, one category, one process each.
//!
//! They are plain functions of the library, so that the bench binaries stay thin and quick to link, and so that
//! others can run our groups beside their own.

pub mod agent;
pub mod api;
pub mod cache;
pub mod concurrent;
pub mod database;
pub mod memory;
pub mod websocket;
