//! What proves the judge: rows whose slow-down is known, and runs that were recorded of them.

#![forbid(unsafe_code)]

pub mod recorded;
pub mod rounds;
pub mod sensitivity;
