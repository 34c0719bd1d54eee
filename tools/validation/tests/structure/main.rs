//! The house rules, checked on the source of every package: small files and functions, one name for one type, no
//! import circles, the direction of dependencies, and where `unsafe` is allowed.

mod functions;
mod imports;
mod modules;
mod unsafety;

use std::path::Path;

use modules::{Package, packages};

const MOST_LINES: usize = 300;

/// A file with fewer lines whose items have one user belongs into that user's file.
const FEWEST_LINES: usize = 40;

/// What `rule` finds in the files of every package, with the file's name before it.
fn findings(rule: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let packages = packages();
    let sources = packages.iter().flat_map(|package| &package.files);
    sources
        .flat_map(|file| {
            let name = file.path.display().to_string();
            rule(&file.source).into_iter().map(move |finding| format!("{name}: {finding}"))
        })
        .collect()
}

fn too_long(source: &str) -> Vec<String> {
    let lines = source.lines().count();
    if lines > MOST_LINES { vec![format!("{lines} lines")] } else { Vec::new() }
}

/// What `rule` finds in the library of each package.
fn package_findings(rule: impl Fn(&Package) -> Vec<String>) -> Vec<String> {
    let named = |package: &Package| {
        let name = package.name.clone();
        rule(package).into_iter().map(move |finding| format!("{name}: {finding}")).collect::<Vec<_>>()
    };
    packages().iter().flat_map(named).collect()
}

#[track_caller]
fn holds(findings: &[String], remedy: &str) {
    assert!(findings.is_empty(), "{remedy}:\n{}", findings.join("\n"));
}

#[test]
fn no_file_is_over_300_lines() {
    holds(&findings(too_long), "split these files");
    assert_eq!(too_long(&"\n".repeat(301)), ["301 lines"]);
    assert!(too_long(&"\n".repeat(300)).is_empty());
}

#[test]
fn no_function_has_over_8_statements() {
    holds(&findings(functions::too_many_statements), "split these functions");
}

#[test]
fn no_import_circles() {
    holds(&package_findings(imports::circles), "let these modules depend on each other in one direction");
}

#[test]
fn no_two_types_of_a_package_have_one_name() {
    holds(&package_findings(modules::twin_types), "give these types names of their own");
}

#[test]
fn no_small_file_has_a_single_user() {
    holds(
        &package_findings(|package| imports::small_with_one_user(package, FEWEST_LINES)),
        "move what is in these files into the file that uses it",
    );
}

#[test]
fn the_parts_do_not_know_how_they_are_measured() {
    let backend = Path::new("src/backend");
    let packages = packages();
    let files = packages.iter().flat_map(|package| &package.files);
    let found: Vec<String> = files
        .filter(|file| file.path.starts_with(backend) && file.source.contains("crate::bench"))
        .map(|file| file.path.display().to_string())
        .collect();
    holds(&found, "remove what these files import from src/bench");
}

/// Where a file of the benches names something of the gate that is not in its module `metadata`.
fn beyond_metadata(source: &str) -> Vec<String> {
    let is_metadata = |rest: &&str| {
        let after = rest.strip_prefix("::metadata");
        after.is_some_and(|after| !after.starts_with(|next: char| next == '_' || next.is_alphanumeric()))
    };
    let named = source.split("bench_gate").skip(1).filter(|rest| !is_metadata(rest));
    named.map(|rest| format!("bench_gate{}", rest.lines().next().unwrap_or_default())).collect()
}

#[test]
fn the_benches_use_the_metadata_of_the_gate_and_nothing_else_of_it() {
    let packages = packages();
    let files = packages.iter().flat_map(|package| &package.files);
    let found: Vec<String> = files
        .filter(|file| file.path.starts_with("src"))
        .flat_map(|file| beyond_metadata(&file.source))
        .collect();
    holds(&found, "let src/ use bench_gate::metadata alone");
    assert!(beyond_metadata("use bench_gate::metadata::Engine; bench_gate::metadata;").is_empty());
    let others = "use bench_gate::judge::judge;\nuse bench_gate::metadata_file;\nuse bench_gate as gate;";
    assert_eq!(beyond_metadata(others).len(), 3);
}

#[test]
fn only_the_engine_front_has_unsafe_code() {
    let found: Vec<String> = packages()
        .iter()
        .filter(|package| package.name != unsafety::PACKAGE)
        .flat_map(|package| &package.files)
        .filter(|file| unsafety::has_unsafe(&file.source))
        .map(|file| file.path.display().to_string())
        .collect();
    holds(&found, "write these files without `unsafe`");
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    holds(&findings(unsafety::unargued), "write a `// SAFETY:` comment above these");
}
