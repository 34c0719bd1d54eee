//! Criterion homes with one run each, made by hand: what a comparison is fed.

use super::{Project, Saved, saved};

/// A benchmark and what the head makes of it: 1.05 is five percent slower.
pub type Effect<'a> = (&'a str, f64);

/// How far runs lie around their middle, as a fraction.
const SPREAD: f64 = 0.004;

/// The value of a run that nothing changed: a millisecond and a little that looks like noise (Weyl's sequence).
pub fn value(id: &str, side: u32, run: u32) -> f64 {
    let seed =
        id.bytes().fold(f64::from(side) * 0.37, |sum, byte| (sum * 1.7 + f64::from(byte)).fract() + 0.1);
    let noise = (seed + f64::from(run) * 0.618_033_988_749_895).fract() - 0.5;
    1e6 * (1.0 + SPREAD * noise)
}

/// The n-th base and head home of a project.
pub fn home(side: &str, run: u32) -> String {
    format!("{side}{run}")
}

/// A result of `id` in the n-th home of `side`.
pub fn result(id: &str, side: &str, run: u32, effect: f64) -> Saved {
    let (number, effect) = if side == "base" { (1, 1.0) } else { (2, effect) };
    saved(id).mean(effect * value(id, number, run)).spread(1e4)
}

impl Project {
    /// Fills `runs` base homes and `runs` head homes with `effects`.
    pub fn save_runs(&self, runs: u32, effects: &[Effect<'_>]) -> &Self {
        for side in ["base", "head"] {
            (0..runs).for_each(|run| self.save_run(side, run, effects));
        }
        self
    }

    /// Adds the benchmark `id` to `runs` base and head homes, with runs that differ far too much for any margin.
    pub fn save_noisy_runs(&self, runs: u32, id: &str) {
        for (run, (side, number)) in (0..runs).flat_map(|run| [("base", 1), ("head", 2)].map(|it| (run, it)))
        {
            let mean = 1e6 + 100.0 * (value(id, number, run) - 1e6);
            self.save_in(&home(side, run), &saved(id).mean(mean).spread(1e4));
        }
    }

    /// Fills one home of `side`.
    pub fn save_run(&self, side: &str, run: u32, effects: &[Effect<'_>]) {
        effects.iter().for_each(|(id, effect)| {
            self.save_in(&home(side, run), &result(id, side, run, *effect));
        });
    }

    /// What `compare` is given for so many homes on either side.
    pub fn compare_arguments(base: u32, head: u32, more: &[&str]) -> Vec<String> {
        let homes = |side: &'static str, runs: u32| {
            (0..runs).flat_map(move |run| [format!("--{side}"), home(side, run)])
        };
        let arguments = std::iter::once("compare".to_owned());
        let arguments = arguments.chain(homes("base", base)).chain(homes("head", head));
        arguments.chain(more.iter().map(|it| (*it).to_owned())).collect()
    }

    /// `bench-gate compare` of so many homes on either side.
    pub fn compare(&self, runs: u32, more: &[&str]) -> super::Ended {
        let arguments = Self::compare_arguments(runs, runs, more);
        self.gate(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The comparison as JSON, after an exit with `code`.
    #[track_caller]
    pub fn compared(&self, runs: u32, more: &[&str], code: i32) -> serde_json::Value {
        let ended = self.compare(runs, &[more, &["--json"]].concat()).exits(code);
        serde_json::from_str(&ended.stdout).expect("a comparison in JSON")
    }

    /// `compare` of so many homes gives up, and leaves every file as it was.
    #[track_caller]
    pub fn compare_refuses(&self, [base, head]: [u32; 2], more: &[&str], said: &[&str], remedy: &str) {
        let arguments = Self::compare_arguments(base, head, more);
        self.gate_refuses(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), said, remedy);
    }
}
