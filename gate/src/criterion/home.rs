//! Where Criterion keeps its results: the rule that Criterion itself follows.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// The folder of Criterion's results: `given`, else `$CRITERION_HOME`, else `criterion` in [`target_folder`].
#[must_use]
pub fn criterion_home(given: Option<&Path>) -> PathBuf {
    let named = given.map(Path::to_owned).or_else(|| env::var_os("CRITERION_HOME").map(PathBuf::from));
    named.unwrap_or_else(|| target_folder().join("criterion"))
}

/// Cargo's target folder: `$CARGO_TARGET_DIR`, else what `cargo metadata` says, else `./target`.
#[must_use]
pub fn target_folder() -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.or_else(ask_cargo).unwrap_or_else(|| PathBuf::from("target"))
}

#[derive(Deserialize)]
struct TargetDirectory {
    target_directory: PathBuf,
}

fn ask_cargo() -> Option<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output =
        Command::new(cargo).args(["metadata", "--format-version", "1", "--no-deps"]).output().ok()?;
    let metadata: TargetDirectory = serde_json::from_slice(&output.stdout).ok()?;
    Some(metadata.target_directory)
}
