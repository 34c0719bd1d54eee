//! `bench-gate ab` on a small git project of its own: what it finds, what it refuses, and what it leaves.

mod base;
mod calibrated;
mod equal;
mod found;
mod interrupted;
mod refused;
pub mod tiny;
