//! The packages of the workspace, their files, and what each file defines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A package with its Rust files.
pub struct Package {
    pub name: String,
    /// Every Rust file, tests and benches included.
    pub files: Vec<SourceFile>,
}

/// A Rust file.
pub struct SourceFile {
    /// From the workspace's folder.
    pub path: PathBuf,
    pub source: String,
    /// The path of its module below the package's library (`["judge", "row"]`); `None` outside of the library.
    pub module: Option<Vec<String>>,
}

/// The packages of the workspace, by folder, each with the folders that its Rust files are in.
const PACKAGES: [(&str, &str, &[&str]); 4] = [
    ("backend-bench", "", &["src", "benches", "tests", "examples"]),
    ("bench-gate", "gate", &["src", "tests"]),
    ("chdb-server", "tools/chdb-server", &["src", "tests"]),
    ("validation", "tools/validation", &["src", "benches", "tests", "examples"]),
];

/// All packages of the workspace.
pub fn packages() -> Vec<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace");
    let package = |(name, folder, inner): &(&str, &str, &[&str])| {
        let mut files = Vec::new();
        inner.iter().for_each(|inner| collect(&root, &root.join(folder).join(inner), &mut files));
        let library = Path::new(folder).join("src");
        let files = files.into_iter().map(|path| SourceFile::read(&root, path, &library)).collect();
        Package { name: (*name).to_owned(), files }
    };
    let packages: Vec<Package> = PACKAGES.iter().map(package).collect();
    for Package { name, files } in &packages {
        assert!(files.len() > 3, "only {} files in {name}: the walk looks in the wrong place", files.len());
    }
    packages
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    entries.sort();
    for entry in entries {
        match entry.extension() {
            // Projects that tests build are not ours to hold to the rules.
            _ if entry.is_dir() && entry.ends_with("cases") => {}
            _ if entry.is_dir() => collect(root, &entry, files),
            Some(extension) if extension == "rs" => {
                files.push(entry.strip_prefix(root).expect("a file of the workspace").to_owned());
            }
            _ => {}
        }
    }
}

impl SourceFile {
    fn read(root: &Path, path: PathBuf, library: &Path) -> Self {
        let source = fs::read_to_string(root.join(&path))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let module = path.strip_prefix(library).ok().and_then(module_of);
        Self { path, source, module }
    }
}

/// The module of a file at `path` below `src`; `None` for a program's own files.
fn module_of(path: &Path) -> Option<Vec<String>> {
    let mut parts: Vec<String> = path
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    match parts.first()?.as_str() {
        "bin" | "main" => None,
        "lib" => Some(Vec::new()),
        _ => {
            parts.retain(|part| part != "mod");
            Some(parts)
        }
    }
}

/// The names of types that a package defines more than once, where others than the file itself can see them.
pub fn twin_types(package: &Package) -> Vec<String> {
    let mut defined: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in package.files.iter().filter(|file| file.module.is_some()) {
        for name in visible_types(&file.source) {
            defined.entry(name).or_default().insert(file.path.display().to_string());
        }
    }
    let twins = defined.into_iter().filter(|(_, files)| files.len() > 1);
    twins
        .map(|(name, files)| format!("{name}: {}", files.into_iter().collect::<Vec<_>>().join(", ")))
        .collect()
}

fn visible_types(source: &str) -> Vec<String> {
    let file = syn::parse_file(source).expect("source that parses");
    let visible =
        file.items.iter().filter_map(type_name).filter(|(vis, _)| !matches!(vis, syn::Visibility::Inherited));
    visible.map(|(_, name)| name).collect()
}

fn type_name(item: &syn::Item) -> Option<(&syn::Visibility, String)> {
    match item {
        syn::Item::Struct(item) => Some((&item.vis, item.ident.to_string())),
        syn::Item::Enum(item) => Some((&item.vis, item.ident.to_string())),
        syn::Item::Trait(item) => Some((&item.vis, item.ident.to_string())),
        syn::Item::Type(item) => Some((&item.vis, item.ident.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, source: &str) -> SourceFile {
        let module = module_of(Path::new(path));
        SourceFile { path: path.into(), source: source.to_owned(), module }
    }

    #[test]
    fn a_name_that_two_files_define_is_found() {
        let files =
            vec![file("a.rs", "pub struct X; struct Y;"), file("b.rs", "pub(crate) enum X {} struct Y;")];
        assert_eq!(twin_types(&Package { name: "p".to_owned(), files }), ["X: a.rs, b.rs"]);
    }

    #[test]
    fn a_module_is_named_by_its_file() {
        assert_eq!(module_of(Path::new("judge/row.rs")).unwrap(), ["judge", "row"]);
        assert_eq!(module_of(Path::new("lib.rs")), Some(Vec::new()));
        assert_eq!((module_of(Path::new("main.rs")), module_of(Path::new("bin/a.rs"))), (None, None));
    }
}
