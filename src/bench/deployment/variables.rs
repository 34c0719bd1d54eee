//! The environment variables that describe a deployment.

/// The variable that names the file.
pub const CONFIG: &str = "BENCH_CONFIG";

/// The variable by which the user says that the target is theirs.
pub(crate) const IS_MINE: &str = "BENCH_TARGET_IS_MINE";

/// The base of the API.
pub(crate) const API_URL: &str = "API_URL";

/// The WebSocket.
pub(crate) const WS_URL: &str = "WS_URL";

/// Where secrets belong.
pub(crate) const SECRET_REMEDY: &str = "secrets are taken from the environment only: set API_TOKEN to a bearer token, or \
                             BENCH_HEADERS to lines of `Name: value`";

/// What can be named in the file's `[target]`, in small letters there.
pub(crate) const NAMED: [&str; 7] =
    [API_URL, WS_URL, "DATABASE_URL", "CLICKHOUSE_URL", "CLICKHOUSE_CLUSTER", "LLM_BASE_URL", "LLM_MODEL"];
