//! ClickHouse's engine as a library: the C interface of `libchdb.so` behind safe types.
//!
//! This is the only module of the workspace with `unsafe` in it; `tests/structure.rs` checks that. Its safety rests on what
//! the library's header (`chdb.h` of chDB 26.7) promises:
//!
//! - connections may be used from any thread, by one call at a time: [`Connection`] is [`Send`] and no more, and each
//!   of its calls borrows it mutably, for as long as the result stream or the insert that it returns is there;
//! - results own their buffers until they are destroyed, which happens once, when they are dropped;
//! - what is passed in is copied, or not used after the call.
//!
//! The library is never unloaded: its threads run until the process ends.

#![expect(unsafe_code, reason = "a C interface; every block says why it is sound")]

mod functions;

use std::ffi::{CString, c_char, c_int};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use super::statement::Statement;
use functions::{Analysis, Functions, Handle, Opaque, Start, text};

/// glibc's `RTLD_DEEPBIND`: the library finds its own allocator and C++ runtime first, whatever this program has.
const RTLD_DEEPBIND: c_int = 8;

/// `CHDB_QUERY_CONTROL`: the statement changes its session (`USE`, `SET`).
const CONTROL: u32 = 3;

/// The engine, with its data in one folder. A process can have one.
pub struct Engine {
    functions: Functions,
    /// `argv` of every connection.
    arguments: [CString; 2],
}

impl Engine {
    /// Loads the library and has it keep its data in `folder`.
    ///
    /// Fails where the file is no such library.
    pub fn load(library: &Path, folder: &Path) -> Result<Arc<Self>, String> {
        let path = format!("--path={}", folder.display());
        let arguments = ["chdb".to_owned(), path].map(CString::new);
        let [Ok(program), Ok(path)] = arguments else {
            return Err("a folder's name with a zero byte".to_owned());
        };
        // SAFETY: runs the initializers of a library that a user or this project's script put there to be run.
        let loaded = unsafe { Library::open(Some(library), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) }
            .map_err(|error| error.to_string())?;
        let functions = Functions::of(&loaded).map_err(|error| error.to_string())?;
        // Never closed: see the head of this file.
        std::mem::forget(loaded);
        // SAFETY: called before any connection is made, as the header asks. SIGTERM has to end this process.
        unsafe { (functions.set_signal_handlers_enabled)(0) };
        Ok(Arc::new(Self { functions, arguments: [program, path] }))
    }

    /// A session of its own: it does not see the settings and the current database of others.
    ///
    /// Fails where the engine does not start, for which it gives no reason.
    pub fn connect(self: &Arc<Self>) -> Result<Connection, String> {
        let mut arguments: Vec<*mut c_char> =
            self.arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
        arguments.push(ptr::null_mut());
        // SAFETY: two strings that end in zero and live for the call, which reads them, and the null after them.
        let handle = unsafe { (self.functions.connect)(2, arguments.as_mut_ptr()) };
        let handle =
            NonNull::new(handle).ok_or("the engine refuses a connection: is its folder writable?")?;
        Ok(Connection { engine: Arc::clone(self), handle })
    }
}

/// A session of the engine.
pub struct Connection {
    engine: Arc<Engine>,
    handle: NonNull<Handle>,
}

// SAFETY: "thread-safe function" is what the header says of every call that takes a connection, as long as calls come
// one at a time; `&mut self` sees to that.
unsafe impl Send for Connection {}

impl Connection {
    fn raw(&self) -> Handle {
        // SAFETY: `chdb_connect` returned this pointer to a handle, which is valid until `drop` closes it.
        unsafe { *self.handle.as_ptr() }
    }

    fn start(&mut self, start: Start, statement: Statement<'_>) -> Handle {
        let (names, values): (Vec<&str>, Vec<&str>) =
            statement.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).unzip();
        let pointers =
            |texts: &[&str]| texts.iter().map(|text| text.as_ptr().cast()).collect::<Vec<*const c_char>>();
        let lengths = |texts: &[&str]| texts.iter().map(|text| text.len()).collect::<Vec<usize>>();
        // SAFETY: every pointer is to as many bytes (or entries) as the length beside it says, all of which live for
        // the call; the header says that none has to end in zero and that none is kept.
        unsafe {
            start(
                self.raw(),
                statement.sql.as_ptr().cast(),
                statement.sql.len(),
                statement.format.as_ptr().cast(),
                statement.format.len(),
                pointers(&names).as_ptr(),
                lengths(&names).as_ptr(),
                pointers(&values).as_ptr(),
                lengths(&values).as_ptr(),
                names.len(),
            )
        }
    }

    /// How many statements `sql` holds (0 where it does not parse), and whether one of them changes the session.
    pub fn classify(&mut self, sql: &[u8]) -> (u32, bool) {
        let mut found = Analysis { struct_size: 16, ..Analysis::default() };
        // SAFETY: the text is as long as said; no target database is passed, as the header allows; `found` has the size
        // that it says.
        unsafe {
            (self.engine.functions.classify_query_n)(
                self.raw(),
                sql.as_ptr().cast(),
                sql.len(),
                ptr::null(),
                0,
                &raw mut found,
            )
        };
        (found.statement_count, found.query_class >= CONTROL)
    }

    /// Executes a statement and returns all of its result.
    ///
    /// Fails with what the engine says against it.
    pub fn run(&mut self, statement: Statement<'_>) -> Result<Answer, String> {
        let handle = self.start(self.engine.functions.query_with_params_n, statement);
        Answer::of(&self.engine, handle)
    }

    /// Starts a `SELECT` whose result comes in pieces.
    ///
    /// Fails with what the engine says against it.
    pub fn stream(&mut self, statement: Statement<'_>) -> Result<Rows<'_>, String> {
        let handle = self.start(self.engine.functions.stream_query_with_params_n, statement);
        let stream = Answer::of(&self.engine, handle)?;
        Ok(Rows { connection: self, stream, over: false })
    }

    /// Starts an `INSERT` whose data comes in pieces.
    ///
    /// Fails with what the engine says against it.
    pub fn insert(&mut self, statement: Statement<'_>) -> Result<Insert<'_>, String> {
        let handle = self.start(self.engine.functions.stream_insert_with_params_n, statement);
        let stream = NonNull::new(handle).ok_or("the engine began no insert")?;
        let insert = Insert { connection: self, stream };
        match insert.error() {
            Some(error) => Err(error),
            None => Ok(insert),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: it was opened by `connect` and is closed once; streams and inserts borrow it, so none is left.
        unsafe { (self.engine.functions.close_conn)(self.handle.as_ptr()) }
    }
}

/// A result, or a piece of one.
pub struct Answer {
    engine: Arc<Engine>,
    handle: NonNull<Opaque>,
}

// SAFETY: a result belongs to nobody but its owner: the header has its functions take nothing but the result.
unsafe impl Send for Answer {}

impl Answer {
    /// Takes a result that a function of the library returned, and with it the duty to destroy it.
    fn of(engine: &Arc<Engine>, handle: Handle) -> Result<Self, String> {
        let handle = NonNull::new(handle).ok_or("the engine returned no result")?;
        let answer = Self { engine: Arc::clone(engine), handle };
        // SAFETY: the result is there until it is dropped below; its error text lives as long and is copied.
        match unsafe { text((engine.functions.result_error)(handle.as_ptr())) } {
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }

    fn raw(&self) -> Handle {
        self.handle.as_ptr()
    }

    /// How many rows the statement wrote.
    pub fn rows_written(&self) -> u64 {
        // SAFETY: the result is there until `drop`.
        unsafe { (self.engine.functions.result_rows_written)(self.raw()) }
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        let functions = &self.engine.functions;
        // SAFETY: the result is there until `drop`; its buffer has the length that it says, lives as long and is not
        // written to.
        unsafe {
            let buffer = (functions.result_buffer)(self.raw());
            let length = (functions.result_length)(self.raw());
            if buffer.is_null() { &[] } else { slice::from_raw_parts(buffer.cast(), length) }
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: it came from the library as ours to destroy, and is destroyed once.
        unsafe { (self.engine.functions.destroy_query_result)(self.raw()) }
    }
}

/// The pieces of a result. Dropped before their end, the statement is cancelled.
pub struct Rows<'a> {
    connection: &'a mut Connection,
    stream: Answer,
    over: bool,
}

impl Rows<'_> {
    /// The next piece; none at the end.
    ///
    /// Fails with what the engine says against it.
    pub fn next(&mut self) -> Result<Option<Answer>, String> {
        let engine = &self.connection.engine;
        // SAFETY: connection and stream are there for as long as this is, and it is the only one to use them.
        let piece =
            unsafe { (engine.functions.stream_fetch_result)(self.connection.raw(), self.stream.raw()) };
        let piece = Answer::of(engine, piece);
        self.over = piece.as_ref().map_or(true, |piece| piece.as_ref().is_empty());
        piece.map(|piece| Some(piece).filter(|_| !self.over))
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        if !self.over {
            // SAFETY: as in `next`; the stream is destroyed after this, by its own `drop`.
            unsafe {
                (self.connection.engine.functions.stream_cancel_query)(
                    self.connection.raw(),
                    self.stream.raw(),
                );
            }
        }
    }
}

/// An `INSERT` that waits for data. Dropped before its end, it is cancelled.
pub struct Insert<'a> {
    connection: &'a mut Connection,
    stream: NonNull<Opaque>,
}

impl Insert<'_> {
    fn error(&self) -> Option<String> {
        // SAFETY: the stream is there until `drop`; its error text lives as long and is copied.
        unsafe { text((self.connection.engine.functions.stream_insert_error)(self.stream.as_ptr())) }
    }

    /// Hands over a piece of the data, which may end anywhere, and waits where the engine is behind.
    ///
    /// Fails with what the engine says against it.
    pub fn append(&mut self, data: &[u8]) -> Result<(), String> {
        let append = self.connection.engine.functions.stream_append;
        // SAFETY: the stream is there until `drop`; the data is as long as said, and the header says that it is copied.
        match unsafe { append(self.stream.as_ptr(), data.as_ptr().cast(), data.len()) } {
            0 => Ok(()),
            _ => Err(self.error().unwrap_or_else(|| "the engine takes no more data".to_owned())),
        }
    }

    /// Ends the data and stores it. Returns the number of rows written, or what the engine says against the data.
    pub fn done(self) -> Result<u64, String> {
        let engine = &self.connection.engine;
        // SAFETY: the stream is there until `drop`, which the header asks for after this as well.
        let result = unsafe { (engine.functions.stream_done)(self.stream.as_ptr()) };
        Answer::of(engine, result).map(|result| result.rows_written())
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: it came from the library as ours to destroy, and is destroyed once, before its connection is closed.
        unsafe { (self.connection.engine.functions.destroy_insert_stream)(self.stream.as_ptr()) }
    }
}
