//! What `cargo metadata` and the manifests tell: packages, their bench targets, and which of them a selection takes.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::selection::Selection;
use crate::measure::process::{self, Interrupt};
use crate::model::error::Error;

/// A workspace.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    packages: Vec<Package>,
    workspace_default_members: Vec<String>,
    /// Its target folder.
    pub target_directory: PathBuf,
    /// The folder of its `Cargo.toml`.
    pub workspace_root: PathBuf,
}

/// A package.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    id: String,
    /// Its name.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    targets: Vec<Target>,
}

/// A target of a package.
#[derive(Debug, Clone, Deserialize)]
pub struct Target {
    kind: Vec<String>,
    /// Its name.
    pub name: String,
    /// Its main file.
    pub src_path: PathBuf,
    /// The features without which cargo leaves it out.
    #[serde(default, rename = "required-features")]
    pub required_features: Vec<String>,
}

impl Target {
    /// Whether it is a bench target.
    #[must_use]
    pub fn is_bench(&self) -> bool {
        self.kind.iter().any(|kind| kind == "bench")
    }

    /// The harness that it is written for, where that is another than Criterion: then it saves no Criterion result.
    #[must_use]
    pub fn other_harness(&self) -> Option<&'static str> {
        const HARNESSES: [(&str, &str); 7] = [
            ("divan::", "divan"),
            ("gungraun::", "gungraun"),
            ("iai_callgrind::", "iai-callgrind"),
            ("iai::", "iai"),
            ("tango_bench::", "tango"),
            ("bencher::", "bencher"),
            ("#[bench]", "libtest"),
        ];
        let source = std::fs::read_to_string(&self.src_path).unwrap_or_default();
        let found = HARNESSES.iter().find(|(text, _)| source.contains(text));
        found.filter(|_| !source.contains("criterion")).map(|(_, name)| *name)
    }
}

impl Package {
    /// Its bench targets.
    pub fn benches(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| target.is_bench())
    }

    /// Whether `--bench '*'` takes the bench targets that `cargo bench` takes by itself, which builds more than these.
    /// It also takes those with `bench = false`, and refuses those whose features are not enabled.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.benches().all(|bench| bench.required_features.is_empty()) && !leaves_out(&self.manifest_path)
    }

    fn is_named_by(&self, spec: &str) -> bool {
        let last = spec.rsplit(['#', '/']).next().unwrap_or(spec);
        self.id == spec || matches(last.split('@').next().unwrap_or(last), &self.name)
    }
}

impl Metadata {
    /// The workspace of the folder `folder`, or of the manifest that `selection` names there.
    ///
    /// # Errors
    /// There is no cargo or no project there, or a signal interrupted.
    pub fn read(folder: &Path, selection: &Selection, interrupt: &Interrupt) -> Result<Self, Error> {
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--no-deps"]).args(selection.manifest_arguments());
        let ended = process::run(command.current_dir(folder), interrupt, &mut |_| {})?;
        let (json, messages): (Vec<&String>, Vec<&String>) =
            ended.output.iter().partition(|line| line.starts_with('{'));
        let metadata = json.first().and_then(|json| serde_json::from_str(json).ok());
        let problem = || messages.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
        metadata.ok_or_else(|| Error::Cargo { problem: problem() })
    }

    /// The packages that cargo takes where it is given `selection`.
    #[must_use]
    pub fn selected(&self, selection: &Selection) -> Vec<Package> {
        let named = |specs: &[String], package: &Package| specs.iter().any(|spec| package.is_named_by(spec));
        let is_selected = |package: &&Package| match (selection.workspace, selection.package.is_empty()) {
            (true, _) => !named(&selection.exclude, package),
            (false, false) => named(&selection.package, package),
            (false, true) => self.workspace_default_members.contains(&package.id),
        };
        self.packages.iter().filter(is_selected).cloned().collect()
    }
}

/// The cargo that started this program, else the one that is installed.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Whether the manifest has a bench target with `bench = false`, of which `cargo metadata` says nothing.
fn leaves_out(manifest: &Path) -> bool {
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    let manifest = text.parse::<toml::Table>().unwrap_or_default();
    let benches = manifest.get("bench").and_then(toml::Value::as_array);
    benches
        .into_iter()
        .flatten()
        .any(|bench| bench.get("bench").and_then(toml::Value::as_bool) == Some(false))
}

/// Whether `name` has the form `pattern`, in which `*` stands for any text and `?` for a letter.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (mut letters, mut rest) = (pattern.chars(), name.chars());
    match letters.next() {
        None => name.is_empty(),
        Some('*') => {
            let later = letters.as_str();
            name.char_indices().any(|(at, _)| matches(later, &name[at..])) || matches(later, "")
        }
        Some(letter) => {
            rest.next().is_some_and(|other| letter == '?' || letter == other)
                && matches(letters.as_str(), rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str) -> Package {
        let id = format!("path+file:///w/{name}#{name}@0.1.0");
        let targets = serde_json::json!([{ "kind": ["lib"], "name": name, "src_path": "lib.rs" }]);
        let package = serde_json::json!({
            "id": id, "name": name, "manifest_path": "/nowhere/Cargo.toml", "targets": targets,
        });
        serde_json::from_value(package).unwrap()
    }

    #[test]
    fn packages_are_named_as_cargo_names_them() {
        let names = |selection: Selection| {
            let metadata = Metadata {
                packages: vec![package("core"), package("core-io"), package("tool")],
                workspace_default_members: vec![package("tool").id],
                target_directory: PathBuf::new(),
                workspace_root: PathBuf::new(),
            };
            metadata.selected(&selection).into_iter().map(|package| package.name).collect::<Vec<_>>()
        };
        assert_eq!(names(Selection::default()), ["tool"]);
        for (spec, found) in [
            ("core", 1),
            ("core@0.1.0", 1),
            ("core*", 2),
            ("?ool", 1),
            ("path+file:///w/core#core@0.1.0", 1),
            ("c", 0),
        ] {
            let package = vec![spec.to_owned()];
            assert_eq!(names(Selection { package, ..Selection::default() }).len(), found, "{spec}");
        }
        let exclude = vec!["core-*".to_owned()];
        assert_eq!(names(Selection { workspace: true, exclude, ..Selection::default() }), ["core", "tool"]);
    }

    #[test]
    fn a_harness_is_told_by_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let src_path = folder.path().join("bench.rs");
        let target =
            Target { kind: Vec::new(), name: String::new(), src_path, required_features: Vec::new() };
        for (source, harness) in [
            ("fn main() { divan::main(); }", Some("divan")),
            ("#[bench]\nfn a(b: &mut Bencher) {}", Some("libtest")),
            ("use criterion::criterion_main; // not divan::main", None),
            ("fn main() {}", None),
        ] {
            std::fs::write(&target.src_path, source).unwrap();
            assert_eq!(target.other_harness(), harness, "{source}");
        }
    }
}
