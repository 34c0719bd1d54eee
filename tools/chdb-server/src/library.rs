//! ClickHouse's engine as a library: the C interface of `libchdb.so` behind safe types.
//!
//! This is the only module of the workspace with `unsafe` in it; The structure test checks that. Its safety rests on what
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

use functions::{Functions, Handle, Opaque, Start, text};

/// glibc's `RTLD_DEEPBIND`: the library finds its own allocator and C++ runtime first, whatever this program has.
const RTLD_DEEPBIND: c_int = 8;

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

    fn start(&mut self, start: Start, sql: &str, format: &str) -> Handle {
        let (sql_length, format_length) = (sql.len(), format.len());
        // SAFETY: both texts are as long as said and live for the call; the header says that neither has to end in zero
        // and that none is kept.
        unsafe { start(self.raw(), sql.as_ptr().cast(), sql_length, format.as_ptr().cast(), format_length) }
    }

    /// Executes a statement and returns all of its result, or the engine's error.
    pub fn run(&mut self, sql: &str, format: &str) -> Result<Answer, String> {
        let handle = self.start(self.engine.functions.query_n, sql, format);
        Answer::of(&self.engine, handle)
    }

    /// Starts an `INSERT` whose rows come in pieces, or returns the engine's error.
    ///
    /// `sql` ends before `FORMAT`. Rows behind the statement in one call of [`run`](Self::run) are stored in part, without
    /// an error (chDB 26.7).
    pub fn insert(&mut self, sql: &str, format: &str) -> Result<Insert<'_>, String> {
        let handle = self.start(self.engine.functions.stream_insert_n, sql, format);
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

/// A result.
pub struct Answer {
    engine: Arc<Engine>,
    handle: NonNull<Opaque>,
}

// SAFETY: a result depends on nothing else: the functions of the header that take one take nothing but it.
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

    /// Ends the data and stores it, or returns the engine's error.
    pub fn done(self) -> Result<(), String> {
        let engine = &self.connection.engine;
        // SAFETY: the stream is there until `drop`, which the header asks for after this as well.
        let result = unsafe { (engine.functions.stream_done)(self.stream.as_ptr()) };
        Answer::of(engine, result).map(drop)
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: it came from the library as ours to destroy, and is destroyed once, before its connection is closed.
        unsafe { (self.connection.engine.functions.destroy_insert_stream)(self.stream.as_ptr()) }
    }
}
