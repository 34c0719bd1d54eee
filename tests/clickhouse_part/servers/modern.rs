//! The engine of today, as `chdb-server` serves it.

use std::path::Path;
use std::process::{Child, Command};

use backend_bench::bench::services::fetched_folder;

use super::{Kind, Server, spawn, until};

pub async fn start() -> Server {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("users"), "bench s@ecret\nreader s@ecret readonly\n").unwrap();
    let process = run(folder.path());
    let port = port(folder.path()).await;
    Server { kind: Kind::Modern, port, native_port: None, process, folder }
}

/// On another port, which the server chooses.
pub async fn run_again(server: &mut Server) {
    server.process = run(server.folder.path());
    server.port = port(server.folder.path()).await;
}

fn run(folder: &Path) -> Child {
    let library = fetched_folder().join("chdb/libchdb.so");
    assert!(library.is_file(), "no {}: run `scripts/engines.sh clickhouse`", library.display());
    std::fs::remove_file(folder.join("port")).ok();
    spawn(Command::new(env!("CARGO_BIN_EXE_chdb-server")).arg(library).arg(folder), "build it")
}

/// The port that it tells once it can be asked.
async fn port(folder: &Path) -> u16 {
    let told = async || std::fs::read_to_string(folder.join("port")).ok()?.trim().parse().ok();
    until("port of chdb-server", told).await
}
