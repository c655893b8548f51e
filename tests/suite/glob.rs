//! Path patterns: what they match, what two of them share, and that both agree with a matcher too simple to be wrong.

use proptest::prelude::*;
use wavec::glob::{ErrorKind, Paths, Pattern};

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn shared(a: &str, b: &str) -> Option<String> {
    Paths::of(pattern(a)).intersection(&Paths::of(pattern(b)))
}

#[test]
fn patterns_match_as_documented() {
    for (text, yes, no) in [
        ("src/*.rs", &["src/a.rs", "src/.rs"][..], &["src/a/b.rs", "src/a.rsx", "a.rs"][..]),
        ("src/**", &["src/a", "src/a/b"], &["src", "srcs/a"]),
        ("src/", &["src/a", "src/a/b/c"], &["src"]),
        ("./src//lib.rs", &["src/lib.rs", "./src/lib.rs"], &["lib.rs"]),
        ("**/mod.rs", &["mod.rs", "a/mod.rs", "a/b/mod.rs"], &["amod.rs", "a/xmod.rs"]),
        ("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["ab", "a/xb", "b"]),
        ("a**b", &["ab", "axb"], &["a/b"]),
        ("**", &["a", "a/b", ".git/config"], &["../a"]),
        ("[a-c]?[!x]", &["abc", "c1é"], &["abx", "dbc", "ab"]),
        ("[]a]", &["]", "a"], &["b"]),
        ("{a,b/c,}d", &["ad", "b/cd", "d"], &["a", "b/c"]),
        ("x{1,{2,3}/y}", &["x1", "x2/y", "x3/y"], &["x2"]),
        (r"\*\{a", &["*{a"], &["xa"]),
        ("src/../lib/a", &["lib/a"], &["src/lib/a"]),
        ("../a/*", &["../a/b"], &["a/b", "../../a/b"]),
        (".", &["a", "a/b"], &["../a"]),
        ("日本/*", &["日本/語"], &["日/本"]),
    ] {
        let pattern = pattern(text);
        yes.iter().for_each(|path| assert!(pattern.matches(path), "{text} should match {path}"));
        no.iter().for_each(|path| assert!(!pattern.matches(path), "{text} should not match {path}"));
    }
}

#[test]
fn what_is_no_pattern_says_where() {
    for (text, kind, range) in [
        ("", ErrorKind::Empty, 0..0),
        ("/etc/passwd", ErrorKind::Absolute, 0..11),
        ("src/[ab", ErrorKind::UnclosedClass, 4..5),
        ("a[x/y]", ErrorKind::SlashInClass, 3..4),
        ("a[z-b]", ErrorKind::BackwardRange, 2..5),
        ("a/{b,c", ErrorKind::UnclosedBrace, 2..3),
        ("a}b", ErrorKind::UnopenedBrace, 1..2),
        ("a\\", ErrorKind::TrailingEscape, 1..2),
        ("*/../b", ErrorKind::Parent, 0..6),
    ] {
        let error = Pattern::parse(text).unwrap_err();
        assert_eq!((error.kind, error.range), (kind, range), "{text}");
    }
    assert_eq!(Pattern::parse(&"{a,b}".repeat(20)).unwrap_err().kind, ErrorKind::TooLarge);
}

#[test]
fn witnesses_read_like_paths() {
    for (a, b, path) in [
        ("src/api/**", "src/**/mod.rs", Some("src/api/mod.rs")),
        ("src/**/*.rs", "src/api/", Some("src/api/x.rs")),
        ("src/*", "src/lib.rs", Some("src/lib.rs")),
        ("a/**/b", "**/c/**", Some("a/c/b")),
        ("**", "src/", Some("src/x")),
        ("[a-m]*", "[k-z]*", Some("kx")),
        ("src/*.rs", "src/*.ts", None),
        ("src/a/**", "src/b/**", None),
        ("docs/*.md", "docs/*/*.md", None),
        ("*.rs", "*", Some("x.rs")),
        ("{a,b}/x", "{b,c}/*", Some("b/x")),
        ("../lib/**", "**", None),
        ("../**/a", "../lib/*", Some("../lib/a")),
    ] {
        assert_eq!(shared(a, b).as_deref(), path, "{a} and {b}");
        assert_eq!(shared(b, a).as_deref().is_some(), path.is_some(), "{b} and {a}");
    }
}

#[test]
fn exceptions_are_taken_out_exactly() {
    let all = Paths::parse("src/**", &["src/api/**", "src/*.rs"]).unwrap();
    assert_eq!(all.intersection(&Paths::parse("src/api/*", &[]).unwrap()), None);
    assert_eq!(all.intersection(&Paths::parse("**/mod.rs", &[]).unwrap()).as_deref(), Some("src/x/mod.rs"));
    assert_eq!(Paths::parse("src/*", &["**"]).unwrap().witness(), None);
    assert_eq!(Paths::parse("src/[ab]", &["src/a", "src/b"]).unwrap().witness(), None);
    assert_eq!(Paths::parse("src/[a-c]", &["src/a", "src/c"]).unwrap().witness().as_deref(), Some("src/b"));
    let (one, two) = (pattern("src/*.rs"), pattern("src/**"));
    assert_eq!(Paths::of(one.clone()).difference(&[&two]), None);
    assert_eq!(Paths::of(two).difference(&[&one]).as_deref(), Some("src/x"));
    for (inner, outer, is_within) in [
        ("src/*", "src/**", true),
        ("src/**", "src/**", true),
        ("src", "src/**", false),
        ("sr*", "src/**", false),
        ("srcs/*", "src/**", false),
        ("src/[ab]/{c,d}", "src/**", true),
        ("a/*", "**", true),
        ("{../a,b}/*", "**", false),
        ("src/*/a", "src/*/**", true),
        ("src/x*", "src/x**", true),
        ("src/x/a", "src/x**", false),
    ] {
        let (inner, outer) = (Paths::of(pattern(inner)), pattern(outer));
        assert_eq!(inner.is_within(&[&outer]), is_within, "{inner:?} {outer:?}");
        assert_eq!(inner.difference(&[&outer]).is_none(), is_within, "{inner:?} {outer:?}");
    }
}

#[test]
fn a_walk_enters_only_where_something_may_match() {
    let pattern = pattern("src/*/api/**/*.rs");
    assert_eq!((pattern.literal(), pattern.literal_prefix()), (None, "src"));
    ["", ".", "src", "src/x", "src/x/api", "./src/x/api/y/"]
        .iter()
        .for_each(|dir| assert!(pattern.may_match_below(dir)));
    ["lib", "src/x/y", "sr"].iter().for_each(|dir| assert!(!pattern.may_match_below(dir)));
    let file = Pattern::parse("src/lib.rs").unwrap();
    assert_eq!((file.literal(), file.literal_prefix()), (Some("src/lib.rs"), "src"));
    assert!(!file.may_match_below("src/lib.rs"));
    assert_eq!(Pattern::parse("{src/a,src/b}/x").unwrap().literal_prefix(), "src");
    assert!(Pattern::exactly("a[1]{x}*").unwrap().matches("a[1]{x}*"));
}

#[test]
fn a_file_system_without_case_sees_more() {
    let folded = pattern("Src/[A-C]*.MD").folded();
    assert!(folded.matches("src/bx.md") && !folded.matches("src/dx.md"));
    let (a, b) = (Paths::of(pattern("docs/README.md")), Paths::of(pattern("docs/*e.md")));
    assert!(!a.overlaps(&b));
    assert_eq!(a.folded().intersection(&b.folded()).as_deref(), Some("docs/readme.md"));
}

#[test]
fn a_hard_pattern_is_answered_in_time() {
    let a = Paths::of(pattern(&"*a".repeat(60)));
    let b = Paths::of(pattern(&"a*".repeat(60)));
    assert!(a.overlaps(&b));
    let many =
        Paths::parse("**/*a????????????????????", &["**/*a???????????????", "**/*b?????????????"]).unwrap();
    let _ = many.witness();
}

/// Braces written out, then parts matched one by one, characters one by one.
fn naive(pattern: &str, path: &str) -> bool {
    if let Some(open) = pattern.find('{') {
        let close = open + pattern[open..].find('}').unwrap();
        return pattern[open + 1..close]
            .split(',')
            .any(|choice| naive(&format!("{}{choice}{}", &pattern[..open], &pattern[close + 1..]), path));
    }
    let pattern = pattern
        .strip_suffix(".")
        .filter(|rest| rest.is_empty() || rest.ends_with("/"))
        .map_or(pattern, |rest| if rest.is_empty() { "./" } else { rest });
    let pattern = if pattern.ends_with('/') { format!("{pattern}**") } else { pattern.to_owned() };
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let names: Vec<&str> = path.split('/').collect();
    !names.iter().any(|name| matches!(*name, "" | "." | "..")) && naive_parts(&parts, &names)
}

fn naive_parts(parts: &[&str], names: &[&str]) -> bool {
    match parts {
        [] => names.is_empty(),
        ["**"] => !names.is_empty(),
        ["**", rest @ ..] => {
            naive_parts(rest, names) || (!names.is_empty() && naive_parts(parts, &names[1..]))
        }
        [part, rest @ ..] => {
            let part: Vec<char> = part.chars().collect();
            names.first().is_some_and(|name| {
                naive_name(&part, &name.chars().collect::<Vec<_>>()) && naive_parts(rest, &names[1..])
            })
        }
    }
}

fn naive_name(part: &[char], name: &[char]) -> bool {
    match part {
        [] => name.is_empty(),
        ['*', rest @ ..] => naive_name(rest, name) || (!name.is_empty() && naive_name(part, &name[1..])),
        ['[', '!', c, ']', rest @ ..] => name.first().is_some_and(|n| n != c) && naive_name(rest, &name[1..]),
        ['[', a, '-', b, ']', rest @ ..] => {
            name.first().is_some_and(|n| a <= n && n <= b) && naive_name(rest, &name[1..])
        }
        ['?', rest @ ..] => !name.is_empty() && naive_name(rest, &name[1..]),
        [c, rest @ ..] => name.first() == Some(c) && naive_name(rest, &name[1..]),
    }
}

fn a_pattern() -> impl Strategy<Value = String> {
    let name = prop::collection::vec(
        prop_oneof![
            4 => Just("a"), 4 => Just("b"), 1 => Just("A"), 1 => Just("."), 2 => Just("*"), 1 => Just("?"),
            1 => Just("[a-b]"), 1 => Just("[!a]"), 1 => Just("{a,b}"), 1 => Just("{,a/b}"),
        ],
        1..4,
    )
    .prop_map(|atoms| atoms.concat());
    let part = prop_oneof![4 => name, 1 => Just("**".to_owned())];
    (prop::collection::vec(part, 1..4), any::<bool>())
        .prop_map(|(parts, is_directory)| parts.join("/") + if is_directory { "/" } else { "" })
        // What the naive matcher leaves out: leading `/` by an empty choice, and `..`.
        .prop_filter("plain", |text| {
            Pattern::parse(text).is_ok()
                && !text.contains("..")
                && !text.contains("{,a/b}{")
                && !text.contains(".{")
        })
}

fn paths() -> Vec<String> {
    let names = ["a", "b", "A", "ab", "ba", "aa", "a.b", ".a", "c"];
    let mut paths: Vec<String> = names.iter().map(ToString::to_string).collect();
    for a in names {
        for b in names {
            paths.push(format!("{a}/{b}"));
            paths.push(format!("{a}/{b}/{a}"));
            paths.push(format!("a/{a}/{b}/b"));
        }
    }
    paths
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matching_agrees_with_the_naive_matcher(text in a_pattern()) {
        let pattern = pattern(&text);
        for path in paths() {
            prop_assert_eq!(pattern.matches(&path), naive(&text, &path), "{} on {}", &text, &path);
            if pattern.matches(&path) {
                prop_assert!(path.starts_with(pattern.literal_prefix()));
                let mut dir = path.as_str();
                while let Some((above, _)) = dir.rsplit_once('/') {
                    prop_assert!(pattern.may_match_below(above));
                    dir = above;
                }
            }
        }
    }

    #[test]
    fn a_witness_is_in_both_and_none_means_none(a in a_pattern(), b in a_pattern(), except in prop::option::of(a_pattern())) {
        let except: Vec<&str> = except.iter().map(String::as_str).collect();
        let one = Paths::parse(&a, &except).unwrap();
        let two = Paths::of(pattern(&b));
        let witness = one.intersection(&two);
        prop_assert_eq!(witness.is_some(), one.overlaps(&two));
        match witness {
            Some(path) => prop_assert!(naive(&a, &path) && naive(&b, &path) && !except.iter().any(|e| naive(e, &path)), "{}", path),
            None => prop_assert!(!paths().iter().any(|path| one.matches(path) && two.matches(path))),
        }
        prop_assert_eq!(one.is_empty(), one.witness().is_none());
        let left = one.difference(&[&two.pattern]);
        prop_assert_eq!(left.is_none(), one.is_within(&[&two.pattern]));
        match left {
            Some(path) => prop_assert!(one.matches(&path) && !two.matches(&path)),
            None => prop_assert!(paths().iter().all(|path| !one.matches(path) || two.matches(path))),
        }
        let (one, two) = (one.folded(), two.folded());
        for path in paths() {
            let lower = path.to_lowercase();
            prop_assert!(!naive(&b, &path) || two.matches(&lower), "{} {}", &b, &path);
        }
        prop_assert_eq!(one.intersection(&two).is_some(), one.overlaps(&two));
    }

    #[test]
    fn any_text_is_a_pattern_or_an_error_in_it(text in ".{0,30}") {
        if let Err(error) = Pattern::parse(&text) {
            prop_assert!(text.get(error.range).is_some());
        }
    }
}
