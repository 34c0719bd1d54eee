//! The house rules, read off the tree: small files, small functions, and what each hall may import.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

const MOST_LINES: usize = 300;
const MOST_STATEMENTS: usize = 8;

/// Every Rust file of the crate.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "benches", "tests", "examples"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 20, "the walk found only {} files: it looks in the wrong place", files.len());
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("a readable folder").path()) {
        match entry.extension() {
            _ if entry.is_dir() => collect(&entry, files),
            Some(extension) if extension == "rs" => files.push(entry),
            _ => {}
        }
    }
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The functions with too many statements at their top level, by name.
#[derive(Default)]
struct LongFunctions(Vec<String>);

impl LongFunctions {
    fn in_source(source: &str) -> Vec<String> {
        let mut found = Self::default();
        found.visit_file(&syn::parse_file(source).expect("source that parses"));
        found.0
    }

    fn note(&mut self, name: &syn::Ident, block: &syn::Block) {
        if block.stmts.len() > MOST_STATEMENTS {
            self.0.push(format!("{name} has {} statements", block.stmts.len()));
        }
    }
}

impl<'ast> Visit<'ast> for LongFunctions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note(&item.sig.ident, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.sig.ident, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        item.default.iter().for_each(|block| self.note(&item.sig.ident, block));
        visit::visit_trait_item_fn(self, item);
    }
}

/// The halls that a source file of `hall` names but may not.
fn forbidden_imports(hall: &str, source: &str) -> Vec<String> {
    let forbidden: &[&str] = match hall {
        "backend" => &["bench", "gate"],
        "bench" => &["gate"],
        "gate" => &["backend", "bench"],
        _ => &[],
    };
    let names = |other: &&&str| {
        ["crate", "backend_bench", "super::super"]
            .iter()
            .any(|root| source.contains(&format!("{root}::{other}::")))
    };
    forbidden.iter().filter(names).map(|other| format!("{hall} imports {other}")).collect()
}

fn hall_of(file: &Path) -> String {
    let inside =
        file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap_or(Path::new("other"));
    let first = inside.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
    first.unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// Every complaint of `rule` about any file, with the file's name.
fn complaints(rule: impl Fn(&Path, &str) -> Vec<String>) -> Vec<String> {
    let about = |file: &PathBuf| {
        let name = file.display().to_string();
        rule(file, &read(file))
            .into_iter()
            .map(move |complaint| format!("{name}: {complaint}"))
            .collect::<Vec<_>>()
    };
    sources().iter().flat_map(about).collect()
}

fn too_long(source: &str) -> Vec<String> {
    let lines = source.lines().count();
    if lines > MOST_LINES { vec![format!("{lines} lines")] } else { Vec::new() }
}

#[test]
fn no_file_is_over_300_lines() {
    let found = complaints(|_, source| too_long(source));
    assert!(found.is_empty(), "split these files:\n{}", found.join("\n"));
}

#[test]
fn no_function_has_over_8_top_level_statements() {
    let found = complaints(|_, source| LongFunctions::in_source(source));
    assert!(found.is_empty(), "split these functions:\n{}", found.join("\n"));
}

#[test]
fn data_walks_through_the_halls_in_one_direction() {
    let found = complaints(|file, source| forbidden_imports(&hall_of(file), source));
    assert!(found.is_empty(), "mend these imports:\n{}", found.join("\n"));
}

#[test]
fn the_rules_catch_what_they_forbid() {
    assert_eq!(too_long(&"\n".repeat(301)), ["301 lines"]);
    assert!(too_long(&"\n".repeat(300)).is_empty());
    let nine = format!("impl X {{ fn long() {{ {} }} }} fn short() {{}}", "a();".repeat(9));
    assert_eq!(LongFunctions::in_source(&nine), ["long has 9 statements"]);
    assert_eq!(forbidden_imports("backend", "use crate::bench::Harness;"), ["backend imports bench"]);
    assert_eq!(forbidden_imports("gate", "crate::backend::cache::X"), ["gate imports backend"]);
    assert!(forbidden_imports("bench", "use crate::backend::cache;").is_empty());
    assert_eq!(hall_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gate.rs")), "gate");
}
