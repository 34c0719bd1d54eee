//! A small Cargo project with bench targets of its own.

use super::{Project, metric};

/// Bench targets that behave as they are called, without Criterion: what they save looks like its.
const BENCH: &str = include_str!("../../fixtures/bench.rs");

const MANIFEST: &str = "[package]\nname = \"tiny\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n\
                        bench = false\n[workspace]\n[profile.bench]\nopt-level = 0\n";

/// A project with the bench targets `names`, each of which has a limit of 10 ms on its benchmark `<name>/a`.
pub fn project(names: &[&str]) -> Project {
    let limits = names.iter().map(|name| metric(&format!("{name}/a"), "ms", "lower", [10.0, 20.0, 30.0]));
    let project = Project::with_limits(&limits.collect::<String>());
    let benches = names.iter().map(|name| format!("[[bench]]\nname = \"{name}\"\nharness = false\n"));
    project.write("Cargo.toml", MANIFEST.to_owned() + &benches.collect::<String>()).write("lib.rs", "");
    for name in names {
        project.write(format!("benches/{name}.rs"), BENCH);
    }
    project
}
