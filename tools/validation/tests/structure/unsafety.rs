//! Where `unsafe` stands, and what is said of it.

/// The only package that may have unsafe code: the C interface of ClickHouse's engine.
pub const PACKAGE: &str = "chdb-server";

/// Whether the word stands in the code: not in a comment, a text or a longer word.
pub fn has_unsafe(source: &str) -> bool {
    fn any(tokens: proc_macro2::TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Group(group) => any(group.stream()),
            proc_macro2::TokenTree::Ident(word) => word == "unsafe",
            _ => false,
        })
    }
    any(source.parse().expect("source that parses"))
}

/// The lines that open an unsafe block, or are an unsafe `impl`, without a comment `SAFETY:` above their statement.
pub fn unargued(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let opens =
        |line: &str| !line.contains('"') && (line.contains("unsafe {") || line.starts_with("unsafe impl"));
    let argued =
        |at: usize| lines[at.saturating_sub(4)..at].iter().any(|line| line.starts_with("// SAFETY:"));
    (0..lines.len()).filter(|at| opens(lines[*at]) && !argued(*at)).map(|at| lines[at].to_owned()).collect()
}

#[test]
fn unsafe_code_is_found_and_has_to_be_argued() {
    assert!(has_unsafe("fn a() { b(unsafe { c() }) }"));
    assert!(!has_unsafe("// unsafe\nfn unsafe_a() { \"unsafe\"; }"));
    assert_eq!(unargued("fn a() {\n unsafe { b() }\n}"), ["unsafe { b() }"]);
    assert!(unargued("fn a() {\n // SAFETY: b is safe.\n unsafe { b() }\n}").is_empty());
}
