//! Debian's server.

use std::path::Path;
use std::process::{Child, Command};

use super::{Kind, Server, free_port, spawn, until_ready};

const CONFIG: &str = include_str!("oldest.xml");
const USERS: &str = include_str!("oldest_users.xml");

/// A server with `more` in its configuration.
pub async fn start(more: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let (port, native_port) = (free_port(), free_port());
    configure(folder.path(), more, port, native_port);
    let process = run(folder.path());
    until_ready(port).await;
    Server { kind: Kind::Oldest, port, native_port: Some(native_port), process, folder }
}

pub async fn run_again(server: &mut Server) {
    server.process = run(server.folder.path());
    until_ready(server.port).await;
}

fn run(folder: &Path) -> Child {
    let mut command = Command::new("/usr/sbin/clickhouse-server");
    command.arg(format!("--config-file={}", folder.join("config.xml").display()));
    spawn(&mut command, "apt-get install clickhouse-server, of Debian 12")
}

fn configure(folder: &Path, more: &str, port: u16, native_port: u16) {
    let config = CONFIG
        .replace("<!-- MORE -->", more)
        .replace("FOLDER", folder.to_str().unwrap())
        .replace("NATIVE_PORT", &native_port.to_string())
        .replace("PEER_PORT", &free_port().to_string())
        .replace("PORT", &port.to_string());
    std::fs::write(folder.join("config.xml"), config).unwrap();
    std::fs::write(folder.join("users.xml"), USERS).unwrap();
}
