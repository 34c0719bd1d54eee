//! Why two revisions could not be measured against each other: each message beside its remedy.

use std::path::Path;
use std::time::Duration;

/// What keeps `ab` or `calibrate` from measuring. It ends in exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{message}\nhelp: {remedy}")]
pub struct AbError {
    message: String,
    remedy: &'static str,
}

fn error(message: String, remedy: &'static str) -> AbError {
    AbError { message, remedy }
}

impl AbError {
    pub(crate) fn no_git(said: &std::io::Error) -> Self {
        let remedy = "install git, or compare saved results with `bench-gate compare`";
        error(format!("git cannot be run: {said}"), remedy)
    }

    pub(crate) fn no_repository(folder: &Path, said: &str) -> Self {
        let remedy = "start it in a git repository, or compare saved results with `bench-gate compare`";
        error(format!("{}: not in a git repository with files: {said}", folder.display()), remedy)
    }

    pub(crate) fn no_revision(name: &str, said: &str) -> Self {
        let remedy = "name a branch, tag or commit that `git rev-parse` finds; in CI, fetch the whole history \
                      (fetch-depth: 0)";
        error(format!("no revision `{name}`: {said}"), remedy)
    }

    pub(crate) fn no_default_branch() -> Self {
        let remedy = "name the revision to compare with; in CI, fetch the whole history (fetch-depth: 0)";
        error("no default branch: there is no origin/HEAD, main or master".to_owned(), remedy)
    }

    pub(crate) fn nothing_to_judge(head: &str, branch: &str) -> Self {
        let remedy = "name another base, for example HEAD~1; give --base-tip to compare with the branch's last commit, \
                      or `worktree` to judge the files as they are";
        error(format!("{head} has no commit that {branch} lacks: there is no change to judge"), remedy)
    }

    pub(crate) fn ambiguous(word: &str) -> Self {
        let remedy = "write the revision as `refs/heads/NAME`, or name HEAD before the bench target";
        error(format!("`{word}` is a revision and a bench target"), remedy)
    }

    pub(crate) fn no_such_word(word: &str, available: &str) -> Self {
        let remedy = "name one of those, or a revision that `git rev-parse` finds";
        error(format!("`{word}` is neither a revision nor a bench target: there are {available}"), remedy)
    }

    pub(crate) fn dirty(changes: &str) -> Self {
        let remedy = "commit or stash them, say `worktree` to measure the files as they are, or `HEAD` to measure \
                      without them";
        error(format!("files differ from HEAD, which would be measured without them: {changes}"), remedy)
    }

    pub(crate) fn git(action: &str, folder: &Path, said: &str) -> Self {
        let remedy = "correct what git reports; `cargo clean` frees a full disk";
        error(format!("{}: git cannot {action}: {said}", folder.display()), remedy)
    }

    pub(crate) fn submodule(path: &str, commit: &str) -> Self {
        let remedy = "run `git submodule update --init --recursive` and `git fetch --recurse-submodules`";
        error(format!("submodule `{path}`: its commit {commit} is not on this machine"), remedy)
    }

    pub(crate) fn checkouts_inside(folder: &Path) -> Self {
        let remedy = "set XDG_CACHE_HOME to a folder outside of the repository";
        let problem = "inside the repository, whose Cargo configuration both checkouts would inherit";
        error(format!("{}: {problem}", folder.display()), remedy)
    }

    pub(crate) fn outside(name: &str, path: &Path) -> Self {
        let remedy = "move it into the repository, or depend on it by git or by version: a checkout elsewhere cannot \
                      find it";
        error(format!("path dependency `{name}` is outside of the repository: {}", path.display()), remedy)
    }

    pub(crate) fn does_not_build(revision: &str, problem: &str) -> Self {
        let remedy = "correct what cargo reports above, or name another revision";
        error(format!("{revision} does not build: {problem}"), remedy)
    }

    pub(crate) fn no_such_benchmark(filter: &str, available: &str) -> Self {
        let remedy = "give a whole id, its first parts, or `*` for one part; leave --filter out to take all";
        error(format!("no benchmark `{filter}`: there are {available}"), remedy)
    }

    pub(crate) fn shared_id(id: &str, one: &str, other: &str) -> Self {
        let remedy = "rename one of the two benchmarks, or name the bench target to compare";
        error(format!("two bench targets have a benchmark `{id}`: {one} and {other}"), remedy)
    }

    pub(crate) fn nothing_to_compare(reason: &str) -> Self {
        let remedy = "name bench targets that run on Criterion";
        error(format!("no benchmark to compare: {reason}"), remedy)
    }

    pub(crate) fn too_few_pairs(most: usize, rows: usize, fewest: usize) -> Self {
        let remedy = "raise --pairs-max (of `ab`) or --pairs (of `calibrate`), or compare fewer benchmarks with \
                      --filter";
        error(format!("{most} pairs can never decide: {rows} rows need {fewest} at least"), remedy)
    }

    pub(crate) fn no_round(budget: Duration) -> Self {
        let remedy = "raise --budget, lower --pairs, or measure less: name bench targets, or --filter";
        error(format!("no comparison was complete within {budget:?}"), remedy)
    }

    pub(crate) fn base_fails(target: &str, reason: &str, output: &str) -> Self {
        let remedy = "name a base whose benches run, or leave this bench target out";
        error(format!("the base cannot run {target}: {reason}\n{output}"), remedy)
    }

    pub(crate) fn one_deployment(named: &str) -> Self {
        let remedy = "unset it, or name a file without it in BENCH_CONFIG; to compare deployments, measure each with \
                      `bench-gate run` and use `bench-gate compare`";
        let problem = "both revisions would measure the API that runs there, and no difference that is measured \
                       would be theirs";
        error(format!("{named}: {problem}"), remedy)
    }

    pub(crate) fn busy(lock: &Path) -> Self {
        let remedy = "wait until it has ended: two at once measure each other";
        error(format!("{}: another bench-gate measures here", lock.display()), remedy)
    }
}
