//! Ids in `thresholds.toml`: the whole id of one benchmark, or a pattern that names several.

use std::cmp::Reverse;
use std::fmt;
use std::str::Split;

use serde::{Serialize, Serializer};

/// The benchmarks that an entry of `thresholds.toml` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdPattern {
    written: String,
    parts: Vec<Part>,
    /// The id, where it is one and no pattern.
    exact: Option<String>,
}

/// What stands between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// This text.
    Literal(String),
    /// One part that has these texts in order, with anything where a `*` stands between them.
    Stars(Vec<String>),
    /// `**`: one or more parts.
    Several,
}

impl IdPattern {
    /// An id for each engine that `written` names in braces, with the engine; else the id that it is.
    ///
    /// # Errors
    /// What is wrong with it, to be put behind the id.
    pub fn expand(written: &str) -> Result<Vec<(Self, Option<String>)>, &'static str> {
        let parts: Vec<&str> = written.split('/').collect();
        let braced = parts.iter().filter(|part| inside_braces(part).is_some()).count();
        let Some((at, inside)) =
            parts.iter().enumerate().find_map(|(at, part)| Some((at, inside_braces(part)?)))
        else {
            return Ok(vec![(Self::parse(written)?, None)]);
        };
        match (at, braced) {
            (0, _) => Err("has braces as its first part, which is the category: write `\\{` for a brace"),
            (_, 2..) => Err("has braces in two parts: one at most names engines; write `\\{` for a brace"),
            _ => engines(inside)?.into_iter().map(|engine| Self::with_engine(&parts, at, engine)).collect(),
        }
    }

    fn with_engine(parts: &[&str], at: usize, engine: &str) -> Result<(Self, Option<String>), &'static str> {
        let written = [&parts[..at], &[engine], &parts[at + 1..]].concat().join("/");
        Ok((Self::parse(&written)?, Some(engine.to_owned())))
    }

    fn parse(written: &str) -> Result<Self, &'static str> {
        let parts = match written {
            "" => return Err("is empty"),
            "*" => vec![Part::Several],
            _ => written.split('/').map(Part::parse).collect::<Result<Vec<_>, _>>()?,
        };
        let texts = parts.iter().map(|part| match part {
            Part::Literal(text) => Some(text.as_str()),
            Part::Stars(_) | Part::Several => None,
        });
        let exact = texts.collect::<Option<Vec<_>>>().map(|texts| texts.join("/"));
        Ok(Self { written: written.to_owned(), parts, exact })
    }

    /// `id` as `thresholds.toml` names that benchmark and no other.
    #[must_use]
    pub fn quoted(id: &str) -> String {
        let quote = |part: &str| {
            let quoted = part.replace('\\', "\\\\").replace('*', "\\*");
            if inside_braces(part).is_some() { format!("\\{quoted}") } else { quoted }
        };
        id.split('/').map(quote).collect::<Vec<_>>().join("/")
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The first part, where that is no pattern.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        match self.parts.first() {
            Some(Part::Literal(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether it is the id of one benchmark, and no pattern.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.exact.is_some()
    }

    /// Whether it names the benchmark `id`.
    #[must_use]
    pub fn matches(&self, id: &str) -> bool {
        match &self.exact {
            Some(exact) => exact == id,
            None => all_match(&self.parts, id.split('/')),
        }
    }

    /// How much it leaves open, part by part: of two that name a benchmark, the one that comes first in this order holds.
    #[must_use]
    pub fn openness(&self) -> impl Ord + use<> {
        let openness = |part: &Part| match part {
            Part::Literal(_) => (0, Reverse(0)),
            Part::Stars(texts) => (1, Reverse(texts.iter().map(String::len).sum::<usize>())),
            Part::Several => (2, Reverse(0)),
        };
        self.parts.iter().map(openness).chain([(3, Reverse(0))]).collect::<Vec<_>>()
    }
}

impl fmt::Display for IdPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl Serialize for IdPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl Part {
    /// A backslash takes the meaning from a star, a brace or a backslash, and stands for itself before anything else.
    fn parse(written: &str) -> Result<Self, &'static str> {
        let (mut texts, mut text, mut rest) = (Vec::new(), String::new(), written.chars().peekable());
        while let Some(letter) = rest.next() {
            match letter {
                '*' => texts.push(std::mem::take(&mut text)),
                '\\' => text.push(rest.next_if(|it| "*{}\\".contains(*it)).unwrap_or(letter)),
                _ => text.push(letter),
            }
        }
        texts.push(text);
        match texts.len() {
            _ if written == "**" => Ok(Self::Several),
            _ if texts.windows(3).any(|texts| texts[1].is_empty()) => {
                Err("has a `**` beside other letters: it stands alone between slashes")
            }
            1 => Ok(Self::Literal(texts.remove(0))),
            _ => Ok(Self::Stars(texts)),
        }
    }

    fn matches(&self, part: &str) -> bool {
        match self {
            Self::Literal(text) => text == part,
            Self::Stars(texts) => has_in_order(texts, part),
            Self::Several => true,
        }
    }
}

fn all_match(pattern: &[Part], mut parts: Split<'_, char>) -> bool {
    match pattern.split_first() {
        None => parts.next().is_none(),
        Some((Part::Several, rest)) => {
            while parts.next().is_some() {
                if all_match(rest, parts.clone()) {
                    return true;
                }
            }
            false
        }
        Some((part, rest)) => parts.next().is_some_and(|text| part.matches(text)) && all_match(rest, parts),
    }
}

/// Whether `part` begins with the first of `texts`, ends with the last, and has the others in order between them.
fn has_in_order(texts: &[String], part: &str) -> bool {
    let [first, middle @ .., last] = texts else { return false };
    let Some(mut rest) = part.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()))
    else {
        return false;
    };
    middle.iter().all(|text| {
        let found = rest.find(text.as_str());
        rest = found.map_or("", |at| &rest[at + text.len()..]);
        found.is_some()
    })
}

/// What `part` has in its braces, where they span all of it.
fn inside_braces(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}').filter(|inside| !inside.ends_with('\\'))
}

fn engines(inside: &str) -> Result<Vec<&str>, &'static str> {
    let names: Vec<&str> = inside.split(',').map(str::trim).collect();
    let twice = (1..names.len()).any(|at| names[..at].contains(&names[at]));
    match () {
        () if names.iter().any(|name| name.is_empty()) => Err("has an empty name between its braces"),
        () if names.iter().any(|name| name.contains(['{', '}', '*'])) => {
            Err("has a brace or a `*` between its braces")
        }
        () if twice => Err("has one name twice between its braces"),
        () => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(written: &str) -> IdPattern {
        IdPattern::parse(written).unwrap()
    }

    #[test]
    fn stars_stand_for_letters_of_one_part_for_parts_and_for_all() {
        let named = [
            ("api/*/x", vec!["api/a/x", "api//x"], vec!["api/x", "api/a/b/x", "api/a/x/y", "web/a/x", ""]),
            ("*/x", vec!["a/x", "/x"], vec!["x", "a/b/x"]),
            ("a/1*", vec!["a/1", "a/100"], vec!["a/21", "a/1/0"]),
            ("a/*b*c", vec!["a/bc", "a/1b2bc"], vec!["a/b", "a/cb", "a/bcd"]),
            ("a/aa*aa", vec!["a/aaaa"], vec!["a/aaa"]),
            ("a/**", vec!["a/b", "a/b/c", "a/"], vec!["a", "b/a"]),
            ("**/p95", vec!["a/p95", "a/b/p95"], vec!["p95", "a/p95/b"]),
            ("a/**/z", vec!["a/b/z", "a/b/c/z"], vec!["a/z", "a/b/z/c"]),
            ("*", vec!["a", "a/b", "", "/a//b/"], vec![]),
            ("**", vec!["a", "a/b/c", "//"], vec![]),
        ];
        for (written, yes, no) in named {
            assert!(yes.iter().all(|id| pattern(written).matches(id)), "{written} names {yes:?}");
            assert!(!no.iter().any(|id| pattern(written).matches(id)), "{written} names none of {no:?}");
        }
    }

    #[test]
    fn every_id_can_be_named_and_names_itself_alone() {
        let ids = [
            "sum/u64, 1024 rows",
            "parse/Options { strict: true }",
            "GET /users/{id}",
            "{a,b}/c",
            "mul/a * b",
            "**/x",
            "*",
            "/leading",
            "trailing//",
            "two\nlines",
            "back\\slash/\\*",
            "u128[max]/itoa",
        ];
        for id in ids {
            let quoted = IdPattern::quoted(id);
            let [(pattern, None)] = &IdPattern::expand(&quoted).unwrap()[..] else { panic!("{quoted}") };
            assert!(pattern.is_exact() && pattern.matches(id), "{quoted}");
            assert!(!ids.iter().any(|other| other != &id && pattern.matches(other)), "{quoted}");
        }
        assert_eq!(IdPattern::quoted("sum/u64, 1024 rows"), "sum/u64, 1024 rows");
    }

    #[test]
    fn the_most_specific_comes_first() {
        let rising = ["a/b/c", "a/b/c*", "a/b/*", "a/b*/c", "a/*/c", "a/**/c", "a/**", "*/b/c", "**"];
        assert!(rising.is_sorted_by(|one, other| pattern(one).openness() < pattern(other).openness()));
    }

    #[test]
    fn each_engine_has_an_id_of_its_own() {
        let ids = |written| {
            let all = IdPattern::expand(written).unwrap();
            all.into_iter().map(|(id, engine)| (id.written, engine.unwrap_or_default())).collect::<Vec<_>>()
        };
        let with = |engine: &str| (format!("db/{engine}/query/*"), engine.to_owned());
        assert_eq!(ids("db/{one, two}/query/*"), [with("one"), with("two")]);
        assert_eq!(ids("db/{one}/query/*"), [with("one")]);
        assert_eq!(ids("db/*/query/*"), [("db/*/query/*".to_owned(), String::new())]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let wrong = [
            ("{a,b}/c", "first part"),
            ("a/{b,c}/{d,e}", "two parts"),
            ("a/{}", "empty name"),
            ("a/{b,}", "empty name"),
            ("a/{b,*}", "`*`"),
            ("a/{b,{c}", "brace"),
            ("a/{b,b}", "twice"),
            ("a/b**", "stands alone"),
            ("a/***", "stands alone"),
            ("", "empty"),
        ];
        for (id, problem) in wrong {
            assert!(IdPattern::expand(id).unwrap_err().contains(problem), "{id}");
        }
    }
}
