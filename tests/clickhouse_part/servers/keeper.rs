//! A cluster of one node: a ZooKeeper, and a server that keeps its replicas' state there.

use std::process::{Child, Command};

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{Server, free_port, oldest, spawn, until};

const CLUSTER: &str = include_str!("cluster.xml");

/// A running ZooKeeper, which ends when this is dropped.
pub struct Keeper {
    port: u16,
    process: Child,
    _folder: TempDir,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A server whose cluster is called `bench_cluster`.
pub async fn start_cluster() -> (Keeper, Server) {
    let keeper = start_keeper().await;
    let server = oldest::start(&CLUSTER.replace("KEEPER_PORT", &keeper.port.to_string())).await;
    (keeper, server)
}

async fn start_keeper() -> Keeper {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let (config, data) = (folder.path().join("zoo.cfg"), folder.path().join("data"));
    let settings = "tickTime=2000\nadmin.enableServer=false\nclientPortAddress=127.0.0.1\n";
    std::fs::write(&config, format!("{settings}clientPort={port}\ndataDir={}\n", data.display())).unwrap();
    let mut java = Command::new("java");
    java.args(["-Xmx64m", "-cp", "/usr/share/java/*", "org.apache.zookeeper.server.quorum.QuorumPeerMain"]);
    let process = spawn(java.arg(config), "apt-get install zookeeper");
    until("ZooKeeper", async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
    Keeper { port, process, _folder: folder }
}
