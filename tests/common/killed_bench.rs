//! A bench at work on a server of the user's, for the tests that kill it: this test program once more, as a process that
//! runs the test `abandoned::bench_that_is_killed` and no other.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Makes the process that [`Bench::on`] starts different from one that runs all tests.
const BENCH: &str = "BACKEND_BENCH_TEST_OF_ABANDONED_NAMESPACES";

/// What it says once it is at work.
const AT_WORK: &str = "at work";

/// A bench at work, killed with its owner.
pub struct Bench(Child);

impl Bench {
    /// One on the server at `url`, which `variable` names to it.
    pub fn on(variable: &str, url: &str) -> Self {
        let mut bench = Command::new(std::env::current_exe().unwrap());
        bench.args(["--exact", "abandoned::bench_that_is_killed", "--ignored", "--nocapture"]);
        let mut bench = bench.env(BENCH, "1").env(variable, url).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(bench.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(AT_WORK)), "the bench did not get to work");
        Self(bench)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).unwrap();
    }
}

/// Whether this process is such a bench.
pub fn is_this() -> bool {
    std::env::var_os(BENCH).is_some()
}

/// Says that it is at work, and waits to be killed.
pub fn wait_to_be_killed() {
    println!("{AT_WORK}");
    std::thread::sleep(std::time::Duration::from_mins(10));
}
