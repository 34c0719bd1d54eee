//! Which packages, targets and features are meant, in cargo's own words.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// The options of `cargo bench` that choose what is built. Cargo itself gets them as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of cargo")]
#[command(next_help_heading = "What cargo builds")]
pub struct Selection {
    /// Take the benches of this package; once for each [default: what `cargo bench` takes in this folder].
    #[arg(long, short, value_name = "SPEC")]
    pub package: Vec<String>,
    /// Take the benches of every package of the workspace.
    #[arg(long, visible_alias = "all")]
    pub workspace: bool,
    /// With --workspace: all packages but this one; once for each.
    #[arg(long, value_name = "SPEC", requires = "workspace")]
    pub exclude: Vec<String>,
    /// Take this bench target; once for each.
    #[arg(long, value_name = "NAME")]
    pub bench: Vec<String>,
    /// Enable these features.
    #[arg(long, short = 'F', value_name = "FEATURES")]
    pub features: Vec<String>,
    /// Enable all features.
    #[arg(long)]
    pub all_features: bool,
    /// Leave the default features out.
    #[arg(long)]
    pub no_default_features: bool,
    /// Build with this profile [default: bench].
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The project's Cargo.toml.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Fail where Cargo.lock would change.
    #[arg(long)]
    pub locked: bool,
    /// Use no network.
    #[arg(long)]
    pub offline: bool,
}

impl Selection {
    /// What every cargo command takes of it.
    #[must_use]
    pub fn manifest_arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        if let Some(path) = &self.manifest_path {
            arguments.extend(["--manifest-path".into(), path.clone().into_os_string()]);
        }
        arguments.extend(flag("--locked", self.locked));
        arguments.extend(flag("--offline", self.offline));
        arguments
    }

    /// What a build takes of it, but for the profile and the bench targets.
    #[must_use]
    pub fn build_arguments(&self) -> Vec<OsString> {
        let mut arguments = self.manifest_arguments();
        arguments.extend(flag("--workspace", self.workspace));
        arguments.extend(flag("--all-features", self.all_features));
        arguments.extend(flag("--no-default-features", self.no_default_features));
        for (option, values) in
            [("--package", &self.package), ("--exclude", &self.exclude), ("--features", &self.features)]
        {
            arguments.extend(values.iter().flat_map(|value| [option.into(), value.into()]));
        }
        arguments
    }
}

fn flag(name: &str, is_set: bool) -> Option<OsString> {
    is_set.then(|| name.into())
}
