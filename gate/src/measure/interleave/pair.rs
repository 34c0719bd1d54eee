//! A bench target on the sides that have it, and whether both sides of it are the same.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use super::row::Arm;
use super::schedule::StartCost;
use crate::measure::cargo::BenchTarget;

/// A bench target, on the sides that have it.
#[derive(Debug)]
pub(crate) struct TargetPair<'a> {
    pub(crate) label: String,
    base: Option<&'a BenchTarget>,
    head: Option<&'a BenchTarget>,
    /// What is known of its processes.
    pub(crate) start: StartCost,
}

/// The bench targets of both sides, in the order of the head's.
pub(super) fn pairs<'a>(
    base: &'a [BenchTarget],
    head: &'a [BenchTarget],
) -> impl Iterator<Item = TargetPair<'a>> {
    let find = |side: &'a [BenchTarget], of: &BenchTarget| {
        side.iter().find(|it| (&it.package, &it.name) == (&of.package, &of.name))
    };
    let gone = base.iter().filter(move |target| find(head, target).is_none());
    head.iter().chain(gone).map(move |target| TargetPair {
        label: target.label(),
        base: find(base, target),
        head: find(head, target),
        start: StartCost { seconds: 0.0, heeds_filters: true },
    })
}

impl TargetPair<'_> {
    /// The target of the side `arm`.
    pub(super) fn side(&self, arm: Arm) -> Option<&BenchTarget> {
        if arm.is_base() { self.base } else { self.head }
    }

    /// Whether both sides have executables of their own that are equal byte for byte. One executable that serves both
    /// sides is measured: that is how the machine is tried.
    pub(super) fn is_identical(&self) -> bool {
        let Some((base, head)) = self.base.zip(self.head) else { return false };
        if !Self::starts_alike(base, head) {
            return false;
        }
        let (base, head) = (&base.executable, &head.executable);
        base != head && matches!((fs::read(base), fs::read(head)), (Ok(one), Ok(other)) if one == other)
    }

    /// Whether cargo starts both with one runner and one environment, but for the folder of the side and what describes
    /// the package.
    fn starts_alike(base: &BenchTarget, head: &BenchTarget) -> bool {
        let of_head = |value: &OsString| value.to_string_lossy().replace("/base", "/head");
        let variables = |target: &BenchTarget| {
            let matters =
                |(name, _): &&(OsString, OsString)| !name.to_string_lossy().starts_with("CARGO_PKG_");
            let variables = target.env.iter().filter(matters);
            variables.map(|(name, value)| (name.clone(), of_head(value))).collect::<BTreeMap<_, _>>()
        };
        base.runner == head.runner && variables(base) == variables(head)
    }
}
