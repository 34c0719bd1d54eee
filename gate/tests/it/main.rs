//! The program from outside: one test binary, so that it is linked once.

mod ab;
mod against;
mod bad_input;
mod baselines;
mod cases;
mod cases_check;
mod check;
mod common;
mod compare;
mod console_report;
mod engines;
mod own_limits;
mod properties;
mod run;
mod schemas;
