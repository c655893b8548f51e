//! Commands that need no shell: words that every shell would read as they stand, and hand to a program.
//!
//! Whether the program is there is not asked here: where it is not, the shell has the say.

/// The characters that mean nothing to any shell, anywhere in a word but for `=` in the first and `~` at a word's begin.
fn is_plain(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_-./:,@%+=".contains(char)
}

/// What a shell does itself or reads as its own, by any of sh, bash, dash, ksh and ash. Not `true` and `false`: as
/// programs they do the same.
const OWN: &[&str] = &[
    ".",
    ":",
    "alias",
    "autoload",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "chdir",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "echo",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "in",
    "integer",
    "jobs",
    "kill",
    "let",
    "local",
    "login",
    "logout",
    "mapfile",
    "nameref",
    "newgrp",
    "popd",
    "print",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "stop",
    "suspend",
    "test",
    "then",
    "time",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "whence",
    "while",
];

/// The words that do without the shell what these do with it; none where the shell's reading matters. Only for `sh` with
/// options that change nothing for one command.
pub fn direct(words: &[String]) -> Option<Vec<String>> {
    let [shell, option, text] = words else { return None };
    let is_known = matches!(shell.as_str(), "sh" | "/bin/sh" | "dash" | "/bin/dash");
    if !is_known || !matches!(option.as_str(), "-c" | "-ec" | "-ce") {
        return None;
    }
    let text = text.trim_matches([' ', '\n']);
    let is_simple = text.chars().all(|char| char == ' ' || is_plain(char));
    let direct: Vec<String> = text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let program = direct.first()?;
    let is_program = !program.contains('=') && !OWN.contains(&program.as_str());
    (is_simple && is_program).then_some(direct)
}

/// The program that a text calls when a shell reads it: of one command, however quoted, that no shell does itself. None where only the
/// shell can tell.
pub fn program<'t>(shell: &[String], text: &'t str) -> Option<&'t str> {
    let text = text.trim();
    if !super::is_known(shell) || text.contains(['\n', '|', '&', ';', '(', ')', '<', '>', '`']) {
        return None;
    }
    let program = text.split_whitespace().next()?;
    let is_program = program.chars().all(is_plain) && !program.contains('=') && !OWN.contains(&program);
    is_program.then_some(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Option<String> {
        let words = ["sh", "-ec", text].map(String::from);
        direct(&words).map(|words| words.join("|"))
    }

    #[test]
    fn only_what_no_shell_would_read_otherwise_goes_without() {
        assert_eq!(plain("cargo test --jobs=4  a::b").as_deref(), Some("cargo|test|--jobs=4|a::b"));
        assert_eq!(
            plain("\n ./deploy.sh prod-1 x@y:z/1,2%+ \n").as_deref(),
            Some("./deploy.sh|prod-1|x@y:z/1,2%+")
        );
        assert_eq!(plain("true").as_deref(), Some("true"));
        let read = [
            "",
            " ",
            "A=1 make",
            "echo x",
            "cd x",
            "make; make",
            "make && make",
            "ls *.rs",
            "ls ~",
            "a $B",
            "a `b`",
            "a 'b'",
            "a \"b\"",
            "a > b",
            "a | b",
            "a & b",
            "# a",
            "a # b",
            "a\nb",
            "a\tb",
            "{ a",
            "! a",
            "[ a",
            "a [b]",
            "a {b,c}",
            "a \\b",
            "a (b)",
            "é",
            "exec make",
            "time make",
            "kill 1",
            ". x",
            "a ?",
            "a\0b",
            "a ^b",
        ];
        for text in read {
            assert_eq!(plain(text), None, "{text:?}");
        }
        assert_eq!(direct(&["bash", "-ec", "true"].map(String::from)), None);
        assert_eq!(direct(&["sh", "-xc", "true"].map(String::from)), None);
    }

    #[test]
    fn the_program_of_one_command_is_known() {
        let of = |text: &'static str| program(&["sh".into(), "-ec".into()], text);
        assert_eq!(of("gemini --acp -m \"a b\""), Some("gemini"));
        assert_eq!(of(" /opt/agent --x=$HOME "), Some("/opt/agent"));
        for text in
            ["", "exec agent", "A=1 agent", "agent || other", "$AGENT x", "if x\nthen y\nfi", "\"agent\" x"]
        {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(program(&["python3".into(), "-c".into()], "print x"), None);
    }
}
