//! A cluster of one node: Debian's ZooKeeper, and a server that keeps its replicas' state there.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::servers::{Server, free_port, start_oldest_in};
use crate::tethered::tethered;

/// What the cluster is called.
pub const CLUSTER: &str = "bench-cluster";

const REMEDY: &str = "scripts/engines.sh --cluster installs it";

const CONFIG: &str = include_str!("cluster.xml");

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

/// The folders above the queue of a cluster's statements, and the queue: what a server makes in a new ZooKeeper.
const QUEUE: u32 = 3;

/// A server with a cluster of which it is the only node.
pub async fn start_cluster() -> (Keeper, Server) {
    let keeper = start_keeper().await;
    let empty = keeper.nodes().await;
    let config = CONFIG.replace("KEEPER_PORT", &keeper.port.to_string()).replace("CLUSTER", CLUSTER);
    let server = start_oldest_in(tempfile::tempdir().unwrap(), &config).await;
    // 18.16 answers to requests before that, and a statement for the cluster then kills it.
    keeper.wait_for_nodes(empty + QUEUE).await;
    (keeper, server)
}

async fn start_keeper() -> Keeper {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let (config, data) = (folder.path().join("zoo.cfg"), folder.path().join("data"));
    let settings = "tickTime=2000\nadmin.enableServer=false\nclientPortAddress=127.0.0.1\n";
    std::fs::write(&config, format!("{settings}clientPort={port}\ndataDir={}\n", data.display())).unwrap();
    let mut keeper = Keeper { port, process: run(&config), _folder: folder };
    keeper.wait_until_ready().await;
    keeper
}

fn run(config: &Path) -> Child {
    let mut java = tethered("java");
    java.args(["-Xmx128m", "-cp", "/usr/share/java/zookeeper.jar"]);
    java.arg("org.apache.zookeeper.server.ZooKeeperServerMain").arg(config);
    java.stdout(Stdio::null()).stderr(Stdio::null());
    java.spawn().unwrap()
}

impl Keeper {
    /// What it says of itself. It takes connections before it serves them, and a server of ClickHouse 18.16 that finds
    /// it so does not recover.
    async fn mode(&self) -> std::io::Result<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await?;
        connection.write_all(b"srvr").await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// How many nodes it keeps.
    async fn nodes(&self) -> u32 {
        let said = self.mode().await.unwrap();
        let count = said.lines().find_map(|line| line.strip_prefix("Node count: "));
        count
            .and_then(|count| count.trim().parse().ok())
            .unwrap_or_else(|| panic!("no count of nodes: {said}"))
    }

    async fn wait_for_nodes(&self, count: u32) {
        for _ in 0..400 {
            if self.nodes().await >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server made no queue in ZooKeeper within 20 s");
    }

    async fn wait_until_ready(&mut self) {
        for _ in 0..600 {
            // One that comes too early may never be answered.
            let mode = timeout(Duration::from_millis(500), self.mode()).await;
            if matches!(mode, Ok(Ok(answer)) if answer.contains("Mode: standalone")) {
                return;
            }
            assert!(self.process.try_wait().unwrap().is_none(), "ZooKeeper ended: {REMEDY}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("ZooKeeper did not get ready within 30 s");
    }
}
