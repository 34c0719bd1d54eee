//! `{sqlite,postgres}` in a metric's id: the same limits for each engine, in a metric of its own, so that one engine's
//! results do not answer for another's.

/// An id for each name between the braces, with the name; the id as it is where there are no braces.
///
/// # Errors
/// What is wrong with the braces, to be put behind the id.
pub fn expand(id: &str) -> Result<Vec<(String, Option<String>)>, &'static str> {
    let parts: Vec<&str> = id.split('/').collect();
    let braced = |part: &&str| part.contains(['{', '}', ',']);
    match parts.iter().filter(|part| braced(part)).count() {
        0 => Ok(vec![(id.to_owned(), None)]),
        1 if braced(&parts[0]) => Err("has braces in its first part, which is the category"),
        1 => names(parts.iter().copied().find(|part| braced(part)).unwrap_or_default())
            .map(|names| names.into_iter().map(|name| named(&parts, name)).collect()),
        _ => Err("has braces (or a comma) in two parts: one at most names engines"),
    }
}

fn named(parts: &[&str], name: &str) -> (String, Option<String>) {
    let part = |part: &&str| if part.starts_with('{') { name.to_owned() } else { (*part).to_owned() };
    (parts.iter().map(part).collect::<Vec<_>>().join("/"), Some(name.to_owned()))
}

fn names(part: &str) -> Result<Vec<&str>, &'static str> {
    let inside = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let inside = inside.ok_or("has braces that do not span a whole part, as `{sqlite,postgres}` does")?;
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

    #[test]
    fn each_engine_has_an_id_of_its_own() {
        let with = |engine: &str| (format!("db/{engine}/query/*"), Some(engine.to_owned()));
        assert_eq!(expand("db/{one, two}/query/*"), Ok(vec![with("one"), with("two")]));
        assert_eq!(expand("db/{one}/query/*"), Ok(vec![with("one")]));
        assert_eq!(expand("db/*/query/*"), Ok(vec![("db/*/query/*".to_owned(), None)]));
    }

    #[test]
    fn braces_that_cannot_be_meant_are_refused() {
        let wrong = [
            ("{a,b}/c", "first part"),
            ("a/{b,c}/{d,e}", "two parts"),
            ("a/{b,c", "whole part"),
            ("a/b,c", "whole part"),
            ("a/x{b,c}", "whole part"),
            ("a/{}", "empty name"),
            ("a/{b,}", "empty name"),
            ("a/{b,*}", "`*`"),
            ("a/{b,{c}", "brace"),
            ("a/{b,b}", "twice"),
        ];
        for (id, problem) in wrong {
            assert!(expand(id).unwrap_err().contains(problem), "{id}: {:?}", expand(id));
        }
    }
}
