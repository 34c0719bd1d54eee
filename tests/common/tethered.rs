//! Servers that end with the test that started them, also where that is killed: a destructor would not run.

use std::process::{Command, Stdio};

/// Becomes the server, whose process id so is the child's. What it leaves beside it waits for the end of a pipe that only
/// the test holds open. (A signal at the parent's death would come at that of the thread, and tests share servers.)
const TETHER: &str = r#"
exec 3<&0 </dev/null
server=$$
{ read -r _ <&3; kill -s KILL "$server"; } >/dev/null 2>&1 &
exec "$@" 3<&-
"#;

/// A command that runs `program`, to which arguments can be added, for as long as this process lives.
pub fn tethered(program: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", TETHER, "tether", program]).stdin(Stdio::piped());
    command
}

#[test]
fn a_server_ends_when_nobody_holds_its_pipe() {
    use std::os::unix::process::ExitStatusExt;
    let mut server = tethered("sleep").arg("1000").spawn().unwrap();
    assert!(server.try_wait().unwrap().is_none());
    // As the kernel does for a process that ends.
    drop(server.stdin.take());
    assert_eq!(server.wait().unwrap().signal(), Some(9));
}
