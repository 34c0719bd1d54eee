//! A small HTTP server over ClickHouse's engine as a library, for machines that have no ClickHouse. The program
//! `chdb-server` of `backend-bench` is this library's [`main`]; the benches and tests start it.
//!
//! It speaks as much of ClickHouse's HTTP protocol as the official client needs for rows: statements in the body,
//! inserts with the statement in the URL and `RowBinary` rows in the body (plain or in LZ4 blocks), settings, databases,
//! users, and errors with their codes. It has no parameters, sessions, roles, and no compressed results, and refuses
//! what it does not have.

mod answer;
mod blocks;
mod failure;
mod library;
mod request;
mod sessions;
mod users;

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use failure::Failure;
use library::Engine;
use sessions::{Session, Sessions};
use users::Users;

/// The file in the server's folder that lists the users.
pub const USERS: &str = "users";

/// The file in the server's folder with its port, written once it answers.
pub const PORT: &str = "port";

/// How many calls of the engine run at the same time; more wait for their turn.
const MAX_CALLS: usize = 256;

/// Runs the program `chdb-server LIBRARY FOLDER` with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [library, folder] = &arguments[..] else {
        eprintln!("error: usage: chdb-server LIBRARY FOLDER, as the benches call it");
        return ExitCode::from(2);
    };
    match serve(Path::new(library), Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Server {
    users: Users,
    sessions: Arc<Sessions>,
}

/// Serves the engine of `library` on a port of the loopback interface, until the process ends. `folder` has the file of
/// users; the engine's data and the port's number go there.
fn serve(library: &Path, folder: &Path) -> Result<(), String> {
    let users = fs::read_to_string(folder.join(USERS));
    let users = Users::parse(&users.map_err(|error| format!("{}: {error}", folder.join(USERS).display()))?)?;
    let sessions = start_engine(library, folder)
        .map_err(|error| format!("{}: no engine of ClickHouse: {error}", library.display()))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(MAX_CALLS).build();
    let listening = listen(Server { users, sessions: Arc::new(sessions) }, folder);
    runtime.and_then(|runtime| runtime.block_on(listening)).map_err(|error| format!("no port: {error}"))
}

/// The engine starts with its first session.
fn start_engine(library: &Path, folder: &Path) -> Result<Sessions, String> {
    let sessions = Sessions::of(Engine::load(library, &folder.join("data"))?);
    let first = sessions.take(&Session::default()).map_err(|failure| failure.message)?;
    sessions.give_back(Session::default(), first);
    Ok(sessions)
}

async fn listen(server: Server, folder: &Path) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port().to_string();
    let routes = Router::new()
        .route("/", post(handle))
        .route("/ping", get(async || "Ok.\n"))
        .with_state(Arc::new(server));
    // Renamed, so that the file is never read in part.
    fs::write(folder.join("port.new"), port)?;
    fs::rename(folder.join("port.new"), folder.join(PORT))?;
    // Where a connection does not take the option, it is slower.
    axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), routes).await
}

async fn handle(State(server): State<Arc<Server>>, http: Request) -> Result<Response, Failure> {
    let read_only = server.users.authenticate(http.headers())?.read_only;
    let request = request::Request::from_http(http, read_only).await?;
    answer::to(request, Arc::clone(&server.sessions)).await
}
