//! Input that nothing can be judged by ends in exit 2 with the path and the remedy, and leaves no file behind.

mod baselines;
mod compare;
mod home;
mod policy;
mod results;
mod thresholds;
mod usage;
