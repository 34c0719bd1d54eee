//! The house rules, read off the tree: small files, small functions, and what each hall may import.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

const MOST_LINES: usize = 300;
const MOST_STATEMENTS: usize = 8;

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// Every Rust file of the workspace.
fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["src", "benches", "tests", "examples", "gate", "tools"] {
        collect(&root().join(folder), &mut files);
    }
    assert!(files.len() > 20, "the walk found only {} files: it looks in the wrong place", files.len());
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("a readable folder").path()) {
        match entry.extension() {
            // The comparisons of `examples` are a workspace of their own, with a target folder.
            _ if entry.is_dir() && entry.ends_with("target") => {}
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
        "backend" => &["bench"],
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
    let inside = file.strip_prefix(root().join("src")).unwrap_or(Path::new("other")).to_owned();
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

/// The one module with `unsafe` in it: the C interface of ClickHouse's engine.
const UNSAFE: &str = "tools/chdb-server/src/library";

/// Whether the word stands in code: not in a comment, a text or a longer word.
fn has_unsafe(tokens: proc_macro2::TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Group(group) => has_unsafe(group.stream()),
        proc_macro2::TokenTree::Ident(word) => word == "unsafe",
        _ => false,
    })
}

fn code(source: &str) -> proc_macro2::TokenStream {
    source.parse().expect("source that parses")
}

#[test]
fn only_one_module_has_unsafe_in_it() {
    let allowed = root().join(UNSAFE);
    let is_allowed = |file: &Path| file.with_extension("") == allowed || file.starts_with(&allowed);
    let found: Vec<PathBuf> = sources().into_iter().filter(|file| has_unsafe(code(&read(file)))).collect();
    let elsewhere: Vec<&PathBuf> = found.iter().filter(|file| !is_allowed(file)).collect();
    assert!(elsewhere.is_empty(), "write these without `unsafe`: {elsewhere:?}");
    assert_eq!(found.len(), 2, "the rule looks for {UNSAFE}.rs and what it is made of: {found:?}");
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    let allowed = root().join(UNSAFE);
    for file in [allowed.with_extension("rs"), allowed.join("functions.rs")] {
        let found = unargued(&read(&file));
        assert!(found.is_empty(), "{}: no SAFETY before {found:?}", file.display());
    }
}

/// The lines that open an unsafe block, or are an unsafe `impl`, without a comment `SAFETY:` above their statement.
fn unargued(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let opens = |line: &str| line.contains("unsafe {") || line.starts_with("unsafe impl");
    let argued =
        |at: usize| lines[at.saturating_sub(4)..at].iter().any(|line| line.starts_with("// SAFETY:"));
    (0..lines.len()).filter(|at| opens(lines[*at]) && !argued(*at)).map(|at| lines[at].to_owned()).collect()
}

#[test]
fn the_rules_about_unsafe_catch_what_they_forbid() {
    assert!(has_unsafe(code("fn a() { b(unsafe { c() }) }")));
    assert!(!has_unsafe(code("// unsafe\nfn unsafe_a() { \"unsafe\"; }")));
    assert_eq!(unargued("fn a() {\n unsafe { b() }\n}"), ["unsafe { b() }"]);
    assert!(unargued("fn a() {\n // SAFETY: b is safe.\n unsafe { b() }\n}").is_empty());
}

#[test]
fn the_rules_catch_what_they_forbid() {
    assert_eq!(too_long(&"\n".repeat(301)), ["301 lines"]);
    assert!(too_long(&"\n".repeat(300)).is_empty());
    let nine = format!("impl X {{ fn long() {{ {} }} }} fn short() {{}}", "a();".repeat(9));
    assert_eq!(LongFunctions::in_source(&nine), ["long has 9 statements"]);
    assert_eq!(forbidden_imports("backend", "use crate::bench::Harness;"), ["backend imports bench"]);
    assert!(forbidden_imports("bench", "use crate::backend::cache;").is_empty());
    assert_eq!(hall_of(&root().join("src/bench.rs")), "bench");
}
