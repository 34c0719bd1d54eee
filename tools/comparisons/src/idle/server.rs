//! The side whose heap is measured.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use backend_bench::backend::broadcaster::{Broadcaster, BroadcasterConfig};
use backend_bench::bench::heap::Heap;
use tokio::runtime::Runtime;

use super::room::make_room;
use super::{ACTIVE, CLIENTS, IDLE};

/// Another process of this program, as the clients, which does what it is told a line at a time.
struct Clients {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

/// Prints bytes of heap for each connection, idle ones first and then active ones beside them, and what the active ones
/// saw.
///
/// # Errors
/// The system does not allow this process as many connections.
///
/// # Panics
/// The clients' process fails.
pub fn measure() -> Result<(), String> {
    make_room()?;
    let (heap, runtime) = (Heap::of_jemalloc(), Runtime::new().expect("threads"));
    let hub = Broadcaster::new(BroadcasterConfig::default());
    let address = runtime.block_on(hub.listen("127.0.0.1:0")).expect("a port on loopback");
    let (mut clients, before) = (Clients::start(&address.to_string()), heap.allocated());
    clients.order("idle");
    report(&mut clients, &hub, [before, heap.allocated()], heap);
    Ok(())
}

fn report(clients: &mut Clients, hub: &Broadcaster, [before, idle]: [usize; 2], heap: Heap) {
    assert_eq!(hub.stats().connections, IDLE as u64);
    println!("{IDLE} idle connections: {} bytes of heap each", (idle - before) / IDLE);
    let answer = clients.order("active");
    let active = heap.allocated().saturating_sub(idle);
    assert_eq!(hub.stats().connections, (IDLE + ACTIVE) as u64, "connections were lost");
    println!("{ACTIVE} active users beside them: {} bytes of heap each", active / ACTIVE);
    println!("  {answer}");
}

impl Clients {
    fn start(address: &str) -> Self {
        let program = std::env::current_exe().expect("a program");
        let mut command = Command::new(program);
        command.args([CLIENTS, address]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a process");
        let (orders, answers) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        Self { child, orders, answers: BufReader::new(answers).lines() }
    }

    /// What they answer when they have done `what`.
    fn order(&mut self, what: &str) -> String {
        writeln!(self.orders, "{what}").expect("clients that listen");
        self.answers.next().expect("clients that go on").expect("clients that answer")
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
