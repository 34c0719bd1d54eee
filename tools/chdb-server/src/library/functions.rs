//! The functions of `libchdb.so` that are used here, as its header declares them.

use std::ffi::{CStr, c_char, c_int, c_void};

use libloading::os::unix::Library;

/// `chdb_result`, `chdb_connection_`, `chdb_insert_stream_`: only ever behind a pointer.
#[repr(C)]
pub(super) struct Opaque {
    _internal: *mut c_void,
}

pub(super) type Handle = *mut Opaque;

/// The form that `chdb_query_with_params_n` and its two siblings share: connection, statement, format (each with its
/// length), and names and values of the parameters (each as an array of pointers and one of lengths).
pub(super) type Start = unsafe extern "C" fn(
    Handle,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> Handle;

/// `chdb_query_analysis_v1`.
#[repr(C)]
#[derive(Default)]
pub(super) struct Analysis {
    pub struct_size: u32,
    pub statement_count: u32,
    pub flags: u32,
    pub query_class: u32,
}

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
    classify_query_n: unsafe extern "C" fn(Handle, *const c_char, usize, *const c_char, usize, *mut Analysis) -> c_int,
    query_with_params_n: Start,
    stream_query_with_params_n: Start,
    stream_fetch_result: unsafe extern "C" fn(Handle, Handle) -> Handle,
    stream_cancel_query: unsafe extern "C" fn(Handle, Handle),
    destroy_query_result: unsafe extern "C" fn(Handle),
    stream_insert_with_params_n: Start,
    stream_append: unsafe extern "C" fn(Handle, *const c_void, usize) -> c_int,
    stream_done: unsafe extern "C" fn(Handle) -> Handle,
    stream_insert_error: unsafe extern "C" fn(Handle) -> *const c_char,
    destroy_insert_stream: unsafe extern "C" fn(Handle),
    result_buffer: unsafe extern "C" fn(Handle) -> *mut c_char,
    result_length: unsafe extern "C" fn(Handle) -> usize,
    result_rows_written: unsafe extern "C" fn(Handle) -> u64,
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
