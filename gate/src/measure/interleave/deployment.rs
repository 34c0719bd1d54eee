//! A running deployment, which both sides would measure alike.

use std::path::{Path, PathBuf};
use std::{env, fs};

use toml::Table;

use crate::model::error::AbError;
use crate::model::error::Error;

/// The variables that lead the benches of both sides to one backend. In a file they are keys of `[target]`, in small
/// letters. A database's is not among them: it is the same for both sides, and not what is compared.
const VARIABLES: [&str; 2] = ["API_URL", "WS_URL"];

/// The variable that names the file, and the file that is read where it names none.
const CONFIG: &str = "BENCH_CONFIG";
const FILE: &str = "bench.toml";

/// Fails where the environment, or the file that benches read in one of `folders`, leads both sides to one deployment.
/// A file that cannot be read is left to the benches, which refuse it.
pub(crate) fn refuse<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    if let Some(name) = VARIABLES.into_iter().find(|name| variable(name).is_some()) {
        return Err(AbError::one_deployment(&format!("{name} is set")).into());
    }
    let file = variable(CONFIG).map_or_else(|| PathBuf::from(FILE), PathBuf::from);
    let named = folders.into_iter().find_map(|folder| named_in(&folder.join(&file)));
    named.map_or(Ok(()), |named| Err(AbError::one_deployment(&named).into()))
}

/// Which key of the file `path` names a deployment.
fn named_in(path: &Path) -> Option<String> {
    let file = fs::read_to_string(path).ok()?.parse::<Table>().ok()?;
    let target = file.get("target")?.as_table()?;
    let is_named =
        |key: &str| target.get(key).and_then(toml::Value::as_str).is_some_and(|it| !it.trim().is_empty());
    let key = VARIABLES.map(str::to_ascii_lowercase).into_iter().find(|key| is_named(key))?;
    Some(format!("{} names target.{key}", path.display()))
}
