//! The judge on simulated runs whose change is known: how often it is wrong, and what must not matter to it.
//!
//! Rates are those of seeded simulations, so they are the same each time. What they are held against is the stated
//! error rate plus three standard errors of a rate of so many trials.
// Without optimisation they take ten minutes: `scripts/test.sh` runs them with it.
#![cfg(not(debug_assertions))]

mod coverage;
mod invariance;
mod looks;
mod world;
