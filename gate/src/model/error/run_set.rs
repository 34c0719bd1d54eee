//! Why runs are no evidence.

use std::path::PathBuf;

/// What keeps runs from being compared. All of it ends in exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum RunSetError {
    /// One process would be counted as two.
    #[error(
        "{first} and {second} are one run, counted twice: {why}\n\
         help: give each run a process and a home of its own; where the values of a benchmark repeat by nature, measure with `bench-gate run`, whose record tells runs apart"
    )]
    OneRunTwice {
        /// Where the one comes from.
        first: String,
        /// Where the other comes from.
        second: String,
        /// What gives them away.
        why: String,
    },
    /// As many runs on both sides are needed.
    #[error(
        "--paired: {base} base runs and {head} head runs: the n-th of each belong together\n\
         help: give as many --head as --base, in the same order, or leave out --paired"
    )]
    UnequalPairs {
        /// How many there are of the base.
        base: usize,
        /// How many there are of the head.
        head: usize,
    },
    /// One id, two sizes.
    #[error(
        "different sizes of `{id}`: {first} measured {one} in each iteration, {second} {other}\n\
         help: measure both sides with one size, or give the sizes ids of their own"
    )]
    DifferentSize {
        /// The benchmark.
        id: String,
        /// A run.
        first: String,
        /// What it declared.
        one: String,
        /// Another run.
        second: String,
        /// What that declared.
        other: String,
    },
    /// Some runs of one side have a benchmark, and others have not.
    #[error(
        "`{id}` is not in every run of the {side}: {with} has it, {without} has not\n\
         help: measure the same benchmarks in every run, or leave that run out"
    )]
    Incomplete {
        /// The benchmark.
        id: String,
        /// The side.
        side: String,
        /// A run that has it.
        with: String,
        /// A run that has not.
        without: String,
    },
    /// Two environments whose results are not comparable.
    #[error(
        "different {what}: {first} was measured with {one}, {second} with {other}\n\
         help: measure both sides in one environment, or give --allow-different-environment"
    )]
    DifferentEnvironment {
        /// What differs.
        what: &'static str,
        /// A run.
        first: String,
        /// Its environment's.
        one: String,
        /// Another run.
        second: String,
        /// Its environment's.
        other: String,
    },
    /// A run in which a category could not run to its end.
    #[error("{}: not a whole run: category {category} could not run: {reason}\n\
         help: repair the benchmark and measure again, or leave that run out", path.display())]
    FailedRun {
        /// The home.
        path: PathBuf,
        /// The category.
        category: String,
        /// How it ended.
        reason: String,
    },
    /// A metric compares rates, and the benchmark counts nothing.
    #[error(
        "`{id}` cannot be compared by its throughput: it declares none\n\
         help: give the benchmark a Throughput, or its metric another statistic"
    )]
    NoThroughput {
        /// The benchmark.
        id: String,
    },
    /// `margin = "auto"` without a measured margin.
    #[error(
        "margin = \"auto\": noise.json has no margin for `{id}`\n\
         help: measure it with `bench-gate calibrate`, or write a margin like \"2%\""
    )]
    NoNoise {
        /// The benchmark.
        id: String,
    },
}
