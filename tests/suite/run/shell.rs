//! Values in shell text, held against real shells: each arrives as it is, and nothing of it is executed.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use proptest::prelude::*;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use wavec::shell::{Hazard, Piece, check, fill, is_known};

use crate::run::backend::Place;

/// `a{{}}b` as pieces, each `{{}}` a value.
fn pieces<'a>(template: &'a str, values: &[&'a str]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    for (index, text) in template.split("{{}}").enumerate() {
        if index > 0 {
            pieces.push(Piece::Value(values[(index - 1) % values.len()]));
        }
        pieces.push(Piece::Text(text));
    }
    pieces
}

#[test]
fn a_value_is_quoted_for_its_place() {
    let with = |template: &str| fill(pieces(template, &["it's"])).unwrap();
    assert_eq!(with("echo {{}}"), r"echo 'it'\''s'");
    assert_eq!(with("echo a{{}}b"), r"echo a'it'\''s'b");
    assert_eq!(with("echo 'a {{}} b'"), r"echo 'a it'\''s b'");
    assert_eq!(with(r#"echo "a {{}} b""#), r#"echo "a "'it'\''s'" b""#);
    assert_eq!(with(r#"echo "$(cat {{}})""#), r#"echo "$(cat 'it'\''s')""#);
    assert_eq!(with(r#"echo "$(cat "{{}}")""#), r#"echo "$(cat ""'it'\''s'"")""#);
    assert_eq!(with("echo $'a {{}} b'"), r"echo $'a ''it'\''s'' b'");
    assert_eq!(with("a=1 && b={{}}; # it's"), r"a=1 && b='it'\''s'; # it's");
    assert_eq!(fill(pieces("echo {{}}", &[""])).unwrap(), "echo ''");
}

#[test]
fn a_value_is_refused_where_no_quoting_is_safe() {
    use Hazard::*;
    for (template, hazard) in [
        ("echo `cat {{}}`", Backticks),
        ("echo \"`cat {{}}`\"", Backticks),
        ("cat <<EOF\n{{}}\nEOF", HereDocument),
        ("cat <<-'EOF' > out\n\ta {{}}\n\tEOF", HereDocument),
        ("cat <<{{}}\na\n", HereDocumentEnd),
        ("cat <<E{{}}\na\n", HereDocumentEnd),
        ("echo $(({{}} + 1))", Arithmetic),
        ("echo \"$((1 + {{}}))\"", Arithmetic),
        ("(({{}} > 1))", Arithmetic),
        ("for ((i = 0; i < {{}}; i++)); do :; done", Arithmetic),
        ("a[{{}}]=1", Subscript),
        ("a[\"{{}}\"]=1", Subscript),
        ("a=([{{}}]=1)", Subscript),
        ("[[ {{}} -eq 1 ]]", NumberTest),
        ("[[ 1 -eq {{}} ]]", Code),
        ("if [[ a == b && \"{{}}\" -lt 2 ]]; then :; fi", NumberTest),
        ("echo ${x:-{{}}}", Parameter),
        ("echo \"${x#{{}}}\"", Parameter),
        ("echo a # {{}}", Comment),
        ("#{{}}", Comment),
        ("echo \\{{}}", Backslash),
        ("echo \"\\{{}}\"", Backslash),
        ("echo ${{}}", Dollar),
        ("echo $'a {{}}\\n'", AnsiQuotes),
        ("echo $'\\{{}}'", AnsiQuotes),
        ("eval {{}}", Code),
        ("cd x && eval \"echo {{}}\"", Code),
        ("trap 'rm {{}}' EXIT", Code),
        ("if let {{}}; then :; fi", Code),
        (">x eval {{}}", Code),
        ("FOO=1 eval {{}}", Code),
        ("sh -c 'echo {{}}'", Code),
        ("docker run x /bin/bash -euc \"echo {{}}\"", Code),
        ("[ -v {{}} ]", Code),
        ("printf -v {{}} x", Code),
        ("declare -i n={{}}", Code),
        ("alias a='echo \"'\necho {{}}", Unsure),
        ("echo $(case x in x) echo;; esac) {{}}", Unsure),
        ("echo $(ca\\\nse x in x) echo;; esac) {{}}", Unsure),
        ("x=(({{}}))", Unsure),
        ("x=(a; {{}})", Unsure),
        ("echo $'it\\'s' {{}}", Unsure),
        ("echo \"${x:-'}'}\" {{}}", Unsure),
        ("echo $[1] {{}}", Unsure),
        ("echo ${ cmd; } {{}}", Unsure),
        ("echo $((cmd) | x) {{}}", Unsure),
        ("echo $(cat <<EOF\n)\nEOF\n) {{}}", Unsure),
        ("cat <<EOF\na\\\nEOF\nEOF\necho {{}}", Unsure),
        ("cat <<EOF\n`\nEOF\necho {{}}", Unsure),
        ("cat <<EOF\n$(echo ')'\nEOF\necho {{}}", Unsure),
        ("cat <<\"E F\"\nE F\necho {{}}", Unsure),
    ] {
        let refusal = check(pieces(template, &["x"]));
        assert_eq!(refusal.map_err(|refusal| refusal.hazard), Err(hazard), "{template}");
    }
    assert_eq!(fill(pieces("echo {{}} {{}}", &["a", "b\0"])).unwrap_err().value, 1);
}

#[test]
fn a_value_stands_where_it_is_safe() {
    for template in [
        "cat <<EOF > {{}}\nit's \"\nEOF\necho {{}}",
        "cat <<A; cat <<'B'\na'\nA\nb\"\nB\necho {{}}",
        "sh -c 'echo \"$1\"' sh {{}}",
        "for ((i = 0; i < 3; i++)); do echo {{}}; done",
        "echo $((1 + (2 * x))) ${#x} ${x%.*} ${x:-${y}} {{}}",
        "case {{}} in a) echo;; *) echo {{}};; esac",
        "[ {{}} = prod ] && [[ {{}} == prod ]]",
        "echo a#b {{}} $# \"$\" $$ {{}}",
        "make a && \\\n  make {{}}",
        "make a &&\\\nmake {{}} # done",
        "(cd {{}} && ls) | { read line; echo {{}}; }",
        "local x={{}}; export y={{}}",
        "./deploy.sh {{}} 2>&1 >{{}} <{{}}",
        "{{}}/bin/tool --{{}}={{}}",
        "a=({{}} {{}}); cat < <(ls {{}}) <<<{{}}",
        "git commit -m \"it's {{}}\" -m 'a \"{{}}\"'",
    ] {
        assert_eq!(check(pieces(template, &["x"])), Ok(()), "{template}");
    }
}

#[test]
fn only_shells_that_are_known_are_trusted() {
    let known = |text: &str| is_known(&text.split(' ').map(String::from).collect::<Vec<_>>());
    for shell in ["sh -ec", "bash -euo pipefail -c", "/usr/bin/env bash -c", "zsh -c", "busybox sh -c"] {
        assert!(known(shell), "{shell}");
    }
    for shell in ["fish -c", "python3 -c", "pwsh -c", "env", "nu"] {
        assert!(!known(shell), "{shell}");
    }
}

/// Carries shell text out in a directory of its own, where no program is to be found.
fn carry_out(shell: &str, directory: &Path, text: &str) -> Output {
    let mut command = Command::new(format!("/bin/{shell}"));
    command.args(["-c", text, shell, "first", "second"]);
    command.current_dir(directory).env_clear().env("PATH", "/nowhere").stdin(Stdio::null()).output().unwrap()
}

fn shells() -> Vec<&'static str> {
    ["sh", "bash", "dash"].into_iter().filter(|shell| Path::new("/bin").join(shell).exists()).collect()
}

/// Every shell does with the value what it does with the harmless word in its place, and executes nothing of it.
fn assert_arrives(template: &str, value: &str) -> Result<(), TestCaseError> {
    const WORD: &str = "QwordQ";
    // A substitution takes line breaks away from the end.
    let value = &format!("{value}Q");
    let Ok(filled) = fill(pieces(template, &[value])) else { return Ok(()) };
    let plain = fill(pieces(template, &[WORD])).unwrap();
    for shell in shells() {
        let place = Place::new();
        let other = Place::new();
        let expected = carry_out(shell, place.path(), &plain);
        let output = carry_out(shell, other.path(), &filled);
        let canary = other.path().join("canary").exists();
        prop_assert!(!canary, "{shell} executed a value:\n{filled}");
        let text = String::from_utf8_lossy(&expected.stdout).replace(WORD, value);
        let printed = String::from_utf8_lossy(&output.stdout);
        prop_assert_eq!(text, printed, "{}:\n{}\nagainst:\n{}", shell, filled, plain);
    }
    Ok(())
}

/// Values that would love to be executed.
fn value() -> impl Strategy<Value = String> {
    let parts = [
        "a",
        " ",
        "'",
        "\"",
        "\\",
        "`",
        "$",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "#",
        "\n",
        "\t",
        ";",
        "&",
        "|",
        "<",
        ">",
        "*",
        "?",
        "~",
        "!",
        "=",
        "-",
        "é",
        "中",
        ": >canary",
        "$(: >canary)",
        "`: >canary`",
        "';: >canary;'",
        "\";: >canary;\"",
        "'\\'';: >canary;'",
        "\n: >canary\n",
        ");: >canary;(",
        "x[$(: >canary)]",
        "$x",
        "EOF\n",
        "%s",
        "\\n",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..6).prop_map(|parts| parts.concat())
}

/// Text that a person might write, each statement printing what it got.
fn likely() -> impl Strategy<Value = String> {
    let statements = [
        "p {{}}",
        "p a{{}}b {{}}",
        "p '{{}}' 'a {{}} b'",
        "p \"{{}}\" \"a $x {{}} b\"",
        "p \"$(p {{}})\"",
        "p \"$(p \"a {{}} $(p '{{}}')\")\"",
        "p $'a {{}} b' {{}}",
        "p $'a\\tb' {{}}",
        "p \"a\\\"{{}}\\$ b\"",
        "x={{}}; p \"$x\"",
        "x=\"${x:-y}\" y={{}}; p \"$x$y\"",
        "p $# a#b {{}} # it's a \"comment",
        "case {{}} in {{}}) p same;; *) p other;; esac",
        "for x in {{}} b{{}}; do p \"$x\"; done",
        "( p {{}} ) && { p {{}}; } || p no",
        "if [ {{}} = b ]; then p b; else p {{}}; fi",
        "p {{}} >{{}}; p \"$(p <'a')\"",
        "p $((1 + 2)) {{}} \"$((z))\"",
        "f() { p \"$@\"; }; f {{}} \"{{}}\"",
        "p \\\n  {{}} \\\n  'b'",
        "while read -r x; do p \"$x\" {{}}; done <<EOF\nit's \"$x\" $(p a)\nEOF\np {{}}",
        "p \"`p \"a\"`\" {{}}",
        "p \"$\"{{}}\"$\"",
        "p *{{}} ~{{}} {a,{{}}} [a]{{}}",
    ];
    prop::collection::vec(prop::sample::select(statements.to_vec()), 1..4).prop_map(|lines| lines.join("\n"))
}

/// Soup of everything that shells read in a special way.
fn soup() -> impl Strategy<Value = String> {
    let parts = [
        "{{}}",
        "{{}}",
        "{{}}",
        "p ",
        "p ",
        " ",
        " ",
        "a",
        "'",
        "'",
        "\"",
        "\"",
        "\\",
        "$",
        "$(",
        ")",
        "(",
        "((",
        "))",
        "${",
        "}",
        "$'",
        "$\"",
        "`",
        "#",
        "\n",
        ";",
        "&&",
        "|",
        "<<EOF",
        "\nEOF\n",
        "<<'EOF'",
        "<",
        ">",
        "case ",
        " in ",
        "esac",
        ";;",
        "=",
        "x",
        "$x",
        "[",
        "]",
        "[[ ",
        " ]]",
        "{ ",
        "; }",
        "\\\n",
        "eval ",
        "if ",
        "; then ",
        "; fi",
        "!",
        "~",
        "*",
        "-",
        "$((",
        "$[",
        "<(",
        "<<<",
        "<<-",
        "x=(",
        "for x in ",
        "; do ",
        "; done",
        "${x:-",
        "${x#",
        "trap ",
        "=~",
        "alias ",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 1..14).prop_map(|parts| parts.concat())
}

/// Few, for each starts shells; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100)
}

const PRELUDE: &str = "p() { printf '<%s>' \"$@\"; }; x=1\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_arrives_in_likely_text(template in likely(), value in value()) {
        assert_arrives(&format!("{PRELUDE}{template}"), &value)?;
    }

    #[test]
    fn a_value_arrives_in_any_text_that_is_taken(template in soup(), value in value()) {
        // Arithmetic on a variable that holds a value is the author's own doing.
        assert_arrives(&format!("{PRELUDE}readonly x\n{template}"), &value)?;
    }

    #[test]
    fn no_text_makes_the_reading_panic(template in "\\PC*(\\{\\{\\}\\}\\PC*){0,4}", value in "\\PC*") {
        let _ = fill(pieces(&template, &[&value]));
    }
}
