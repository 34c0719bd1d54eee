//! `bench-gate`.
fn main() {}
