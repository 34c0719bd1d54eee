//! An `[[sla]]`: one requirement, which is kept or broken.

use std::collections::HashSet;

use serde::Deserialize;
use toml::Spanned;

use super::fault::Fault;
use super::named::{Entry, default_statistic, spread};
use crate::model::unit::Unit;
use crate::thresholds::{Better, IdPattern, Metric, MetricLimits, Statistic};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaToml {
    id: Spanned<String>,
    name: String,
    requires: Spanned<String>,
    statistic: Option<Statistic>,
    size: Option<u64>,
    at_least: Option<usize>,
}

/// `< 2 s`: a side, a limit and its unit.
#[derive(Debug, PartialEq)]
struct Requirement {
    better: Better,
    inclusive: bool,
    limit: f64,
    unit: Unit,
}

/// The signs, the longer ones first: the good side, and whether the limit is on it.
const SIGNS: [(&str, Better, bool); 4] = [
    ("<=", Better::Lower, true),
    (">=", Better::Higher, true),
    ("<", Better::Lower, false),
    (">", Better::Higher, false),
];

/// What `item` says: of each engine that its id names in braces, or once.
pub fn convert(item: &Spanned<SlaToml>, seen: &mut HashSet<String>) -> Result<Vec<Entry>, Fault> {
    let (toml, offset) = (item.as_ref(), item.span().start);
    let at_requirement = |problem| Fault { offset: toml.requires.span().start, problem };
    let requirement = parse(toml.requires.as_ref()).map_err(at_requirement)?;
    spread(&toml.id, offset, seen, |id, engine| Entry {
        metric: Some(metric(toml, &requirement, id, engine)),
        policy: None,
    })
}

fn metric(toml: &SlaToml, requirement: &Requirement, id: IdPattern, engine: Option<String>) -> Metric {
    let Requirement { better, inclusive, limit, ref unit } = *requirement;
    Metric {
        id,
        engine,
        name: toml.name.clone(),
        better,
        statistic: toml.statistic.unwrap_or(default_statistic(unit)),
        unit: unit.clone(),
        size: toml.size,
        at_least: toml.at_least.unwrap_or(1),
        limits: MetricLimits::Promised { limit, inclusive },
    }
}

fn parse(text: &str) -> Result<Requirement, String> {
    let wrong = |what: &str| {
        format!(
            "requires = {text:?} {what}: write a sign (<, <=, > or >=), a number and a unit, as in \"< 2 s\" or \">= 99.9 %\""
        )
    };
    let sign = SIGNS.iter().find_map(|(sign, better, inclusive)| {
        text.trim().strip_prefix(sign).map(|rest| (rest.trim(), *better, *inclusive))
    });
    let (rest, better, inclusive) = sign.ok_or_else(|| wrong("has no sign"))?;
    let (number, unit) =
        rest.split_once(char::is_whitespace).ok_or_else(|| wrong("has no unit after a space"))?;
    let limit = number.replace('_', "").parse::<f64>().map_err(|_| wrong("has no number after its sign"))?;
    let unit = unit.trim().parse::<Unit>().map_err(|error| error.to_string())?;
    if limit.is_finite() && limit > 0.0 {
        Ok(Requirement { better, inclusive, limit, unit })
    } else {
        Err(wrong("has a number that is not finite and above zero"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_a_sign_a_number_and_a_unit() {
        let parsed = |text| parse(text).map(|it| (it.better, it.inclusive, it.limit, it.unit.to_string()));
        assert_eq!(parsed("< 2 s"), Ok((Better::Lower, false, 2.0, "s".into())));
        assert_eq!(parsed("<=200 ms"), Ok((Better::Lower, true, 200.0, "ms".into())));
        assert_eq!(parsed(">= 99.9 %"), Ok((Better::Higher, true, 99.9, "%".into())));
        assert_eq!(
            parsed(" > 1_000  requests/s "),
            Ok((Better::Higher, false, 1_000.0, "requests/s".into()))
        );
    }

    #[test]
    fn what_is_no_requirement_is_refused_with_an_example() {
        let refused = [
            ("2 s", "has no sign"),
            ("", "has no sign"),
            ("= 2 s", "has no sign"),
            ("< 2", "has no unit"),
            ("<", "has no unit"),
            ("< two s", "has no number"),
            ("< = 2 s", "has no number"),
            ("< 0 s", "not finite and above zero"),
            ("> -1 %", "not finite and above zero"),
            ("> nan %", "not finite and above zero"),
            ("< inf s", "not finite and above zero"),
            ("< 2 parsec", "no unit is called \"parsec\""),
        ];
        for (text, reason) in refused {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
            assert!(error.contains("as in \"< 2 s\"") || reason.contains("parsec"), "{error}");
        }
    }
}
