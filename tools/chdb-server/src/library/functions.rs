//! The functions of `libchdb.so` that are used here, as its header declares them.

use std::ffi::{CStr, c_char, c_int, c_void};

use libloading::os::unix::Library;

/// `chdb_result`, `chdb_connection_`, `chdb_insert_stream_`: only ever behind a pointer.
#[repr(C)]
pub(super) struct Opaque {
    _internal: *mut c_void,
}

pub(super) type Handle = *mut Opaque;

/// `chdb_query_n` and `chdb_stream_insert_n`: connection, statement, and format, each text with its length.
pub(super) type Start = unsafe extern "C" fn(Handle, *const c_char, usize, *const c_char, usize) -> Handle;

/// Declares the functions of the library, by the header's names without their prefix, and how they are found in it.
macro_rules! functions {
    ($($name:ident: $type:ty),* $(,)?) => {
        pub(super) struct Functions { $(pub $name: $type),* }

        impl Functions {
            pub fn of(library: &Library) -> Result<Self, libloading::Error> {
                // SAFETY: the types are those of the header's declarations of these names, and the library's version
                // is pinned (scripts/engines/chdb).
                unsafe { Ok(Self { $($name: *library.get(concat!("chdb_", stringify!($name)).as_bytes())?),* }) }
            }
        }
    };
}

functions! {
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut Handle,
    close_conn: unsafe extern "C" fn(*mut Handle),
    set_signal_handlers_enabled: unsafe extern "C" fn(c_int),
    query_n: Start,
    destroy_query_result: unsafe extern "C" fn(Handle),
    stream_insert_n: Start,
    stream_append: unsafe extern "C" fn(Handle, *const c_void, usize) -> c_int,
    stream_done: unsafe extern "C" fn(Handle) -> Handle,
    stream_insert_error: unsafe extern "C" fn(Handle) -> *const c_char,
    destroy_insert_stream: unsafe extern "C" fn(Handle),
    result_buffer: unsafe extern "C" fn(Handle) -> *mut c_char,
    result_length: unsafe extern "C" fn(Handle) -> usize,
    result_error: unsafe extern "C" fn(Handle) -> *const c_char,
}

/// A copy of a text that ends in zero.
///
/// # Safety
/// It is null, or ends in zero and lives for the call.
pub(super) unsafe fn text(text: *const c_char) -> Option<String> {
    // SAFETY: what the caller promises.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
