//! A small HTTP server over ClickHouse's engine as a library, for machines that have no ClickHouse. The program
//! `chdb-server` of `backend-bench` is this library's [`main`]; the benches and tests start it.
//!
//! It speaks ClickHouse's HTTP protocol as far as clients of the benches need it: results in pieces, data of an
//! `INSERT` in pieces and in compressed blocks, parameters, settings, databases, users, errors with their codes, also
//! in the middle of a result. It has no sessions over several requests, no roles, and no compressed results; it says
//! so where it is asked for them.

mod answer;
mod blocks;
mod failure;
mod format;
mod library;
mod request;
mod sessions;
mod statement;
mod users;

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use failure::Failure;
use library::Engine;
use request::Asked;
use sessions::{Session, Sessions};
use users::Users;

/// The file in the server's folder that lists who may ask.
pub const USERS: &str = "users";

/// The file in the server's folder that tells its port, once it can be asked.
pub const PORT: &str = "port";

/// How many calls of the engine run at the same time; more wait for their turn.
const MOST_CALLS: usize = 256;

/// The most that a form may hold.
const LARGEST_FORM: usize = 64 << 20;

struct Front {
    users: Users,
    sessions: Arc<Sessions>,
}

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

/// Serves the engine of `library` on a port of the loopback interface, until the process is ended. `folder` has the
/// file of users; the engine's data and the port's number go there.
fn serve(library: &Path, folder: &Path) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(MOST_CALLS).build();
    let runtime = runtime.map_err(|error| format!("no threads: {error}"))?;
    let users = fs::read_to_string(folder.join(USERS));
    let users = Users::read(&users.map_err(|error| format!("{}: {error}", folder.join(USERS).display()))?)?;
    let engine = Engine::load(library, &folder.join("data"))
        .map_err(|error| format!("{}: no engine of ClickHouse: {error}", library.display()))?;
    let front = Front { users, sessions: Arc::new(Sessions::of(engine)) };
    front.start_engine()?;
    runtime.block_on(listen(front, folder)).map_err(|error| format!("no port: {error}"))
}

impl Front {
    /// The engine starts with its first session.
    fn start_engine(&self) -> Result<(), String> {
        let first = self.sessions.take(&Session::default()).map_err(|failure| failure.message)?;
        self.sessions.give_back(Session::default(), first);
        Ok(())
    }

    async fn answer(&self, request: Request) -> Result<Response, Failure> {
        let url = request::of_url(request.uri())?;
        let user = self.users.admit(request.headers(), &url)?;
        let asked = Asked::of(request, url, user.read_only).await?;
        if asked.sql.is_empty() {
            return Ok("Ok.\n".into_response());
        }
        answer::to(asked, Arc::clone(&self.sessions)).await
    }
}

async fn listen(front: Front, folder: &Path) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port().to_string();
    let answer =
        |State(front): State<Arc<Front>>, request: Request| async move { front.answer(request).await };
    let routes = Router::new()
        .route("/", any(answer))
        .route("/ping", get(async || "Ok.\n"))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .with_state(Arc::new(front));
    // Renamed, so that whoever waits for it does not read half of it.
    fs::write(folder.join("port.new"), port)?;
    fs::rename(folder.join("port.new"), folder.join(PORT))?;
    // Where a connection does not take the option, it is slower.
    axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), routes).await
}
