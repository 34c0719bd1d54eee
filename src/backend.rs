//! What is measured: the parts of a backend, each usable on its own.

pub mod agent;
pub mod api;
pub mod broadcaster;
pub mod cache;
pub mod database;
