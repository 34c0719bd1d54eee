//! `bench-gate ab` on a small git project of its own: what it finds, what it refuses, and what it leaves.

#![cfg(feature = "gate")]

mod calibrated;
#[path = "../common/mod.rs"]
mod common;
mod found;
mod interrupted;
mod refused;
mod tiny;
