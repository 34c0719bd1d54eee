//! The Cargo project whose benches are run: what cargo says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::measure::process::{self as child, Interrupt};
use crate::model::error::Error;

/// A Cargo project and its bench targets.
#[derive(Debug, Clone)]
pub struct Project {
    /// The names of its bench targets, in the order in which they run.
    pub benches: Vec<String>,
    /// The folder of its `Cargo.toml`, or of its workspace's.
    pub root: PathBuf,
    /// Its target folder.
    pub target: PathBuf,
    /// The package ids that are built.
    pub packages: Vec<String>,
}

/// A bench target, built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchBinary {
    /// The target's name.
    pub category: String,
    /// The file to run.
    pub executable: PathBuf,
    /// The folder of its package, where cargo would run it.
    pub package: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_default_members: Vec<String>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
    #[serde(default, rename = "required-features")]
    required_features: Vec<String>,
}

/// The one kind of message that matters of those that `cargo --message-format=json` prints.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
    manifest_path: PathBuf,
    target: Target,
}

impl Metadata {
    /// The packages that `cargo bench` would take in `folder`: that of the folder, else the workspace's default members.
    fn selected(&self, folder: &Path) -> Vec<&Package> {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let holds =
            |package: &&Package| package.manifest_path.parent().is_some_and(|it| folder.starts_with(it));
        let deepest =
            self.packages.iter().filter(holds).max_by_key(|package| package.manifest_path.as_os_str().len());
        match deepest {
            Some(package) if folder != self.workspace_root => vec![package],
            _ => {
                let is_default = |package: &&Package| self.workspace_default_members.contains(&package.id);
                self.packages.iter().filter(is_default).collect()
            }
        }
    }
}

impl Target {
    fn is_bench(&self) -> bool {
        self.kind.iter().any(|kind| kind == "bench")
    }
}

impl Package {
    /// The names of the bench targets that are built without asking for more features: cargo refuses the others.
    fn benches(&self) -> Vec<String> {
        let enabled = self.default_features();
        let is_built = |target: &&Target| {
            target.required_features.iter().all(|wanted| enabled.contains(wanted.as_str()))
        };
        let benches = self.targets.iter().filter(|target| target.is_bench()).filter(is_built);
        benches.map(|target| target.name.clone()).collect()
    }

    fn default_features(&self) -> BTreeSet<&str> {
        let (mut enabled, mut found) = (BTreeSet::new(), vec!["default"]);
        while let Some(feature) = found.pop() {
            if enabled.insert(feature) {
                found.extend(self.features.get(feature).into_iter().flatten().map(String::as_str));
            }
        }
        enabled
    }
}

impl Project {
    /// The project of the current folder.
    ///
    /// # Errors
    /// There is no cargo or no project here, or it has no bench target.
    pub fn here() -> Result<Self, Error> {
        let project = Self::at(Path::new("."))?;
        if project.benches.is_empty() {
            return Err(Error::Cargo { problem: "this project has no [[bench]] target".to_owned() });
        }
        Ok(project)
    }

    /// The project of the folder `folder`, with or without bench targets.
    ///
    /// # Errors
    /// There is no cargo or no project there.
    pub fn at(folder: &Path) -> Result<Self, Error> {
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(folder);
        let output = command.output();
        let output = output.map_err(Error::io("run", "cargo".as_ref()))?;
        let problem = || Error::Cargo { problem: String::from_utf8_lossy(&output.stderr).trim().to_owned() };
        let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|_| problem())?;
        let selected = metadata.selected(folder);
        let packages = selected.iter().map(|package| package.id.clone()).collect();
        let benches = selected.into_iter().flat_map(Package::benches).collect();
        Ok(Self { benches, root: metadata.workspace_root, target: metadata.target_directory, packages })
    }

    /// The same project with its bench targets in the order of `categories`, and those that are not among them last.
    #[must_use]
    pub fn in_order_of(mut self, categories: &[&str]) -> Self {
        let rank = |bench: &String| categories.iter().position(|category| category == bench);
        self.benches.sort_by_key(|bench| rank(bench).unwrap_or(usize::MAX));
        self
    }

    /// Fails on the first of `categories` that is no bench target.
    ///
    /// # Errors
    /// [`Error::NoSuchCategory`].
    pub fn refuse_unknown(&self, categories: &[String]) -> Result<(), Error> {
        match categories.iter().find(|category| !self.benches.contains(category)) {
            None => Ok(()),
            Some(unknown) => Err(Error::NoSuchCategory {
                place: self.root.join("Cargo.toml").display().to_string(),
                wanted: unknown.clone(),
                available: self.benches.join(", "),
            }),
        }
    }
}

/// Builds the bench targets `categories` (all of them if it is empty), in the project's order.
///
/// # Errors
/// Cargo cannot be run or fails, in which case its own messages are on the error stream already.
pub fn build(
    project: &Project,
    categories: &[String],
    interrupt: &Interrupt,
) -> Result<Vec<BenchBinary>, Error> {
    let mut command = cargo();
    command
        .args(["bench", "--no-run", "--message-format=json-render-diagnostics", "--target-dir"])
        .arg(&project.target)
        .current_dir(&project.root);
    let wanted = if categories.is_empty() { &project.benches } else { categories };
    for package in &project.packages {
        command.args(["--package", package]);
    }
    for category in wanted {
        command.args(["--bench", category]);
    }
    let mut binaries = Vec::new();
    let ended =
        child::run(&mut command, interrupt, &mut |line| match serde_json::from_str::<Artifact>(line) {
            Ok(artifact) => binaries.extend(bench_binary(artifact)),
            Err(_) if line.starts_with('{') => {}
            Err(_) => eprintln!("{line}"),
        })?;
    binaries.sort_by_key(|binary| project.benches.iter().position(|bench| *bench == binary.category));
    match ended.failure {
        None => Ok(binaries),
        Some(reason) => Err(Error::Cargo { problem: format!("the benches do not build: {reason}") }),
    }
}

fn bench_binary(artifact: Artifact) -> Option<BenchBinary> {
    let package = artifact.manifest_path.parent().unwrap_or(Path::new(".")).to_owned();
    let (category, executable) =
        (artifact.target.is_bench().then_some(artifact.target.name)?, artifact.executable?);
    Some(BenchBinary { category, executable, package })
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benches_that_need_more_than_the_default_features_are_left_out() {
        let bench = |name: &str, wanted: &[&str]| serde_json::json!({"kind": ["bench"], "name": name, "required-features": wanted});
        let package = serde_json::json!({
            "id": "a", "manifest_path": "/a/Cargo.toml", "features": {"default": ["all"], "all": ["parts", "dep:moka"], "parts": [], "more": ["parts"]},
            "targets": [
                bench("plain", &[]), bench("by_default", &["parts", "all"]), bench("on_request", &["parts", "more"]),
                {"kind": ["lib"], "name": "no_bench"},
            ],
        });
        let package: Package = serde_json::from_value(package).unwrap();
        assert_eq!(package.benches(), ["plain", "by_default"]);
    }
}
