//! Proofs on commands: text that no shell can read, operators that no shell will read, programs that wait for an
//! answer, redirections to files that are not claimed.
//!
//! Never runs anything: the text is parsed. Knows `sh` and its kin; a plan with another shell is left alone.

use super::Proof;
use super::criteria;
use super::mentions::plain;
use super::messages::criteria as messages;
use super::names::{find, find_in};
use crate::diagnostic::Diagnostic;
use crate::glob::{Paths, Pattern};
use crate::plan::{Action, Command, Part, TaskId, Template, Test};
use crate::source::Span;
use brush_parser::{ParseError, Parser, ParserOptions, Token, TokenizerError};
use std::borrow::Cow;

/// A longer text, or one that nests deeper, is not parsed: a parser that recurses must not be led too deep.
const MOST_BYTES: usize = 32_768;
const MOST_DEPTH: usize = 60;

/// Where a command stands: the span that holds its text, and whether it is the task's own or a criterion's.
struct Place {
    span: Span,
    /// Whether the text lies inside the span, or somewhere behind it in the body.
    is_inside: bool,
}

pub(super) fn check(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    for id in proof.tasks() {
        let task = proof.plan.task(id);
        let place = Place { span: task.span, is_inside: false };
        match &task.action {
            Action::Shell(text) => {
                of_shell(proof, text, &task.shell, &place, findings);
                redirections(proof, id, text, findings);
            }
            Action::Program(words) => of_program(proof, words, &place, findings),
            _ => {}
        }
    }
    for place in criteria::all(proof) {
        let criterion = place.criterion;
        let command = match &criterion.test {
            Test::Runs { command, .. } | Test::ValueOf { command, .. } => command,
            _ => continue,
        };
        let place = Place { span: criterion.span, is_inside: true };
        match command {
            Command::Shell(text) => of_shell(proof, text, &criterion.shell, &place, findings),
            Command::Program(words) => of_program(proof, words, &place, findings),
        }
    }
}

/// The text as the shell gets it, near enough to parse: each value is one quoted word, so a word stands for it.
fn parsable(text: &Template) -> Cow<'_, str> {
    if let Some(whole) = text.whole() {
        return Cow::Borrowed(whole);
    }
    let pieces = text.parts().iter().map(|part| match part {
        Part::Literal(text) => text.as_str(),
        Part::Value(_) | Part::Output(..) => "x",
    });
    pieces.collect()
}

/// Whether the shell is one whose language is known here.
fn is_known_shell(shell: &[String]) -> bool {
    let name = shell.first().map_or("", |program| program.rsplit('/').next().unwrap_or(program));
    matches!(name, "sh" | "bash" | "dash" | "ash" | "ksh")
}

fn of_shell(proof: &Proof, text: &Template, shell: &[String], place: &Place, findings: &mut Vec<Diagnostic>) {
    if !is_known_shell(shell) {
        return;
    }
    let text = parsable(text);
    if is_plain(&text) {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        interactive(proof, &words, place, findings);
        return;
    }
    if let Some(problem) = problem(&text) {
        let line = text.lines().nth(problem.line.saturating_sub(1)).unwrap_or("");
        let span = whereabouts(proof, place, line.trim_end());
        // Point into the line where it is written as it stands.
        let span = match problem.column {
            Some(column) if span != place.span => {
                let offset: usize = line.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
                let width = line[offset..].chars().next().map_or(0, char::len_utf8);
                let start = span.start as usize + offset;
                Span::new(span.file, start, start + width)
            }
            _ => span,
        };
        findings.push(messages::shell_syntax(span, &problem.what, problem.label));
        return;
    }
    for command in simple_commands(&text) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        interactive(proof, &words, place, findings);
    }
}

/// Says of a simple command that it waits for an answer.
fn interactive(proof: &Proof, words: &[&str], place: &Place, findings: &mut Vec<Diagnostic>) {
    if let Some((name, why, instead)) = waits_for_answer(words) {
        let span = whereabouts(proof, place, &name);
        findings.push(messages::interactive_command(span, &name, why, instead));
    }
}

/// The words that begin or part what is more than a simple command.
const RESERVED: &[&str] = &[
    "if", "then", "elif", "else", "fi", "for", "in", "select", "while", "until", "do", "done", "case",
    "esac", "function", "time", "coproc",
];

/// Whether a text is one simple command in letters that mean nothing to a shell: most are, and need no parser.
fn is_plain(text: &str) -> bool {
    let is_idle = |b: u8| b.is_ascii_alphanumeric() || b" _-./:,@%+".contains(&b);
    text.bytes().all(is_idle) && !text.split(' ').any(|word| RESERVED.contains(&word))
}

fn whereabouts(proof: &Proof, place: &Place, text: &str) -> Span {
    match place.is_inside {
        true => find_in(proof.sources, place.span, text),
        false => find(proof, place.span, text),
    }
}

struct Problem {
    what: String,
    label: &'static str,
    line: usize,
    column: Option<usize>,
}

/// Why the text is no shell command.
fn problem(text: &str) -> Option<Problem> {
    let opening = text.chars().filter(|c| matches!(c, '(' | '{' | '`')).count();
    // `select` is bash's own and unknown to the parser.
    if text.len() > MOST_BYTES || opening > MOST_DEPTH || text.contains("select ") || text.contains('\0') {
        return None;
    }
    let mut reader = text.as_bytes();
    let error = Parser::new(&mut reader, &ParserOptions::default()).parse_program().err()?;
    let last = text.lines().count().max(1);
    let at = |what: &str, label, position: &brush_parser::SourcePosition| Problem {
        what: what.to_owned(),
        label,
        line: position.line,
        column: Some(position.column),
    };
    Some(match error {
        ParseError::Tokenizing { inner, position } => match inner {
            TokenizerError::UnterminatedSingleQuote(p) => at("a `'` is never closed", "opens here", &p),
            TokenizerError::UnterminatedAnsiCQuote(p) => at("a `$'` is never closed", "opens here", &p),
            TokenizerError::UnterminatedDoubleQuote(p) => at("a `\"` is never closed", "opens here", &p),
            TokenizerError::UnterminatedBackquote(p) => at("a backquote is never closed", "opens here", &p),
            TokenizerError::UnterminatedVariable => ends(text, "a `${` is never closed", last),
            TokenizerError::UnterminatedCommandSubstitution | TokenizerError::UnterminatedExpansion => {
                ends(text, "a `$(` is never closed", last)
            }
            // A shell takes a here-document that nothing ends up to the end of the text.
            TokenizerError::UnterminatedHereDocuments(..) => return None,
            TokenizerError::UnterminatedEscapeSequence => return None,
            TokenizerError::UnterminatedExtendedGlob(..) => return None,
            TokenizerError::MissingHereTagForDocumentBody | TokenizerError::MissingHereTag(_) => {
                ends(text, "a `<<` has no word behind it", last)
            }
            TokenizerError::FailedDecoding | TokenizerError::ReadError(_) => {
                let _ = position;
                return None;
            }
        },
        ParseError::ParsingNear(position) => {
            let word = token_at(text, &position);
            match word.as_deref() {
                Some(word) if !word.trim().is_empty() => {
                    at(&format!("`{}` cannot stand there", word.trim()), "not expected here", &position)
                }
                _ => ends(text, &unclosed(text), last),
            }
        }
        ParseError::ParsingAtEndOfInput => ends(text, &unclosed(text), last),
    })
}

fn ends(text: &str, what: &str, line: usize) -> Problem {
    let _ = text;
    Problem { what: what.to_owned(), label: "in this command", line, column: None }
}

fn token_at(text: &str, position: &brush_parser::SourcePosition) -> Option<String> {
    let line = text.lines().nth(position.line.checked_sub(1)?)?;
    let rest: String = line.chars().skip(position.column.checked_sub(1)?).collect();
    let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
    Some(rest[..end.max(1).min(rest.len())].to_owned())
}

/// What a text that ends too early, or that has one word too many, lacks.
fn unclosed(text: &str) -> String {
    let mut open: Vec<&str> = Vec::new();
    // Of each that is open, whether its `then` or `do` has come.
    let mut has_body: Vec<bool> = Vec::new();
    let tokens = tokens(text);
    let mut is_command = true;
    for token in &tokens {
        let word = token.to_str();
        match token {
            Token::Operator(..) => {
                match word {
                    "(" => {
                        open.push("(");
                        has_body.push(true);
                    }
                    ")" if open.last() == Some(&"(") => {
                        open.pop();
                        has_body.pop();
                    }
                    _ => {}
                }
                is_command =
                    !matches!(word, "<" | ">" | ">>" | "<<" | "<<-" | ">|" | "<&" | ">&" | "<>" | "&>");
            }
            Token::Word(..) if is_command => {
                match word {
                    "if" | "while" | "until" | "for" | "case" | "{" => {
                        open.push(match word {
                            "if" => "if",
                            "case" => "case",
                            "{" => "{",
                            _ => "do",
                        });
                        has_body.push(matches!(word, "case" | "{"));
                    }
                    "then" | "do" => {
                        if let Some(has_body) = has_body.last_mut() {
                            *has_body = true;
                        }
                    }
                    "fi" | "esac" | "done" | "}" => {
                        let wanted = match word {
                            "fi" => "if",
                            "esac" => "case",
                            "done" => "do",
                            _ => "{",
                        };
                        if open.last() != Some(&wanted) {
                            return format!("`{word}` closes nothing");
                        }
                        open.pop();
                        if has_body.pop() == Some(false) {
                            return match wanted {
                                "if" => "an `if` has no `then`".to_owned(),
                                _ => "a loop has no `do`".to_owned(),
                            };
                        }
                    }
                    _ => {}
                }
                is_command =
                    matches!(word, "if" | "then" | "elif" | "else" | "while" | "until" | "do" | "{" | "!");
            }
            Token::Word(..) => {}
        }
    }
    match (open.last(), tokens.iter().rev().find(|token| token.to_str() != "\n")) {
        (Some(&"if"), _) => "an `if` has no `fi`".to_owned(),
        (Some(&"case"), _) => "a `case` has no `esac`".to_owned(),
        (Some(&"do"), _) => "a loop has no `done`".to_owned(),
        (Some(&"{"), _) => "a `{` has no `}`".to_owned(),
        (Some(_), _) => "a `(` has no `)`".to_owned(),
        (None, Some(Token::Operator(operator, _))) => format!("nothing stands behind `{operator}`"),
        _ => "it ends too early".to_owned(),
    }
}

fn tokens(text: &str) -> Vec<Token> {
    brush_parser::uncached_tokenize_str(text, &brush_parser::TokenizerOptions::default()).unwrap_or_default()
}

/// The words of each simple command of a text that parses, without redirections and leading assignments.
fn simple_commands(text: &str) -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut is_target = false;
    for token in tokens(text) {
        match token {
            Token::Operator(operator, _) => {
                is_target = operator.contains(['<', '>']);
                if !is_target {
                    commands.push(Vec::new());
                }
            }
            Token::Word(..) if is_target => is_target = false,
            Token::Word(word, _) => {
                let command = commands.last_mut().expect("BUG: there is always a last command");
                let is_keyword = matches!(
                    word.as_str(),
                    "if" | "then" | "elif" | "else" | "while" | "until" | "do" | "{" | "!" | "time"
                );
                let is_assignment = word.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                });
                if !(command.is_empty() && (is_keyword || is_assignment)) {
                    command.push(word);
                }
            }
        }
    }
    commands.retain(|command| !command.is_empty());
    commands
}

/// Programs that ask or open an editor, with what to write instead.
fn waits_for_answer(words: &[&str]) -> Option<(String, &'static str, &'static str)> {
    let has = |option: &str| words.contains(&option);
    let any = |options: &[&str]| options.iter().any(|option| has(option));
    let short = |letter: char| {
        words
            .iter()
            .any(|word| word.starts_with('-') && !word.starts_with("--") && word[1..].contains(letter))
    };
    let editor = "opens an editor";
    let asks = "asks";
    let name = |count: usize| words[..count].join(" ");
    match *words {
        ["vi" | "vim" | "nvim" | "nano" | "pico", ..]
            if !any(&["-es", "-Es", "-c", "--headless"]) && !short('s') =>
        {
            Some((name(1), editor, "change the file with `sed` or a script"))
        }
        ["top" | "htop", ..] if !short('b') => {
            Some((name(1), "fills a screen until it is told to stop", "use `ps` or `top -b -n 1`"))
        }
        ["git", "rebase", ..] if any(&["-i", "--interactive"]) => {
            Some(("git rebase -i".into(), editor, "rebase without `-i`"))
        }
        ["git", "add", ..] if any(&["-p", "-i", "--patch", "--interactive"]) => {
            Some((name(2), asks, "name the files to add"))
        }
        ["git", "commit", ..]
            if !short('m')
                && !short('F')
                && !short('C')
                && !words.iter().any(|word| {
                    [
                        "--message",
                        "--file",
                        "--no-edit",
                        "--reuse-message",
                        "--fixup",
                        "--dry-run",
                        "--allow-empty-message",
                    ]
                    .iter()
                    .any(|option| word.starts_with(option))
                }) =>
        {
            Some((name(2), editor, "give the message with `-m`"))
        }
        ["docker" | "podman", "run" | "exec", ..]
            if words.iter().take(6).any(|word| matches!(*word, "-it" | "-ti" | "--tty")) =>
        {
            Some((name(2), "wants a terminal", "leave `-t` and `-i` out"))
        }
        ["npm" | "yarn" | "pnpm", "init"] => Some((name(2), asks, "add `-y`")),
        ["apt" | "apt-get", "install" | "upgrade" | "remove" | "dist-upgrade", ..]
            if !short('y')
                && !short('q')
                && !any(&["--yes", "--assume-yes", "-s", "--simulate", "--dry-run"]) =>
        {
            Some((name(2), asks, "add `-y`"))
        }
        ["ssh-keygen", ..] if !short('N') && !short('l') && !short('y') && !short('F') && !short('R') => {
            Some((name(1), asks, "give the passphrase with `-N` and the file with `-f`"))
        }
        ["gh", "auth", "login", ..] if !has("--with-token") => {
            Some((name(3), asks, "use `GH_TOKEN` from a secret"))
        }
        ["passwd", ..] => Some((name(1), asks, "use `chpasswd`")),
        _ => None,
    }
}

fn of_program(proof: &Proof, words: &[Template], place: &Place, findings: &mut Vec<Diagnostic>) {
    let words: Vec<String> = words.iter().map(|word| plain(word).into_owned()).collect();
    let Some(program) = words.first() else { return };
    if matches!(program.as_str(), "expr" | "test" | "[" | "find" | "bash" | "sh" | "echo" | "printf") {
        return;
    }
    let operator = words
        .iter()
        .find(|word| matches!(word.as_str(), "&&" | "||" | "|" | ">" | ">>" | "2>&1" | "2>" | "<" | "&"));
    if let Some(operator) = operator {
        let span = whereabouts(proof, place, &format!("\"{operator}\""));
        findings.push(messages::unread_operator(span, operator, program));
        return;
    }
    let command: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Some((name, why, instead)) = waits_for_answer(&command) {
        let span = whereabouts(proof, place, &words[0]);
        findings.push(messages::interactive_command(span, &name, why, instead));
    }
}

/// Files that a command with claims writes by `>` or `>>` and does not claim.
fn redirections(proof: &Proof, id: TaskId, text: &Template, findings: &mut Vec<Diagnostic>) {
    let task = proof.plan.task(id);
    let claims: Vec<_> = task.claims.claims.iter().filter(|claim| claim.kind.is_write()).collect();
    let is_constant = text.parts().iter().all(|part| matches!(part, Part::Literal(_)));
    if claims.is_empty() || !is_constant || !is_known_shell(&task.shell) {
        return;
    }
    let text = plain(text);
    if is_plain(&text) {
        return;
    }
    let tokens = tokens(&text);
    // Behind a `cd` or in a function nobody knows from here where a file lies.
    if tokens
        .iter()
        .any(|token| matches!(token.to_str(), "cd" | "pushd" | "eval" | "ssh" | "docker" | "(" | ")"))
    {
        return;
    }
    for pair in tokens.windows(2) {
        let [Token::Operator(operator, _), Token::Word(target, _)] = pair else { continue };
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        if !matches!(operator.as_str(), ">" | ">>" | ">|" | "&>")
            || target.starts_with(['/', '-'])
            || !target.chars().all(is_plain)
        {
            continue;
        }
        let path = match task.directory.as_str() {
            "" => target.clone(),
            directory => format!("{directory}/{target}"),
        };
        let Some(file) = Pattern::exactly(&path).map(Paths::of) else { continue };
        let is_claimed = claims.iter().any(|claim| {
            Pattern::parse(&claim.glob).map_or(true, |pattern| Paths::of(pattern).overlaps(&file))
        });
        if !is_claimed {
            let span = find(proof, task.span, target);
            findings.push(messages::undeclared_write(
                span,
                proof.names.task(id),
                &path,
                claims.first().map(|claim| claim.span),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shells_read_is_read() {
        for text in [
            "cargo test && echo ok",
            "for f in *; do echo $f; done",
            "cat <<EOF\nhi\nEOF\n",
            "[[ -f x && $a =~ ^(b|c)$ ]]",
            "diff <(ls) <(ls x)",
            "echo ${x//a/b} ${x:-y} $((1 + 2)) `date`",
            "case $x in a) echo;; *) ;; esac",
            "a=(1 2 3)",
            "! grep -q 'todo!\\(' src",
            "f() { echo; }; f",
            "echo 'it'\\''s' # it's fine",
            "set -e\nif [ -f x ]; then\n  :\nfi\n",
            "",
            "while read -r l; do :; done < x",
            "cmd 2>&1 | tee log &",
            "cat <<EOF\nopen",
            "python3 - <<'PY'\nprint(\"it's\")\nPY",
        ] {
            assert!(problem(text).is_none(), "{text}: {}", problem(text).map(|p| p.what).unwrap_or_default());
        }
    }

    #[test]
    fn what_they_do_not_read_says_why() {
        for (text, what) in [
            ("echo 'abc", "a `'` is never closed"),
            ("echo \"abc", "a `\"` is never closed"),
            ("if true; then echo; ", "an `if` has no `fi`"),
            ("for x in a; do echo", "a loop has no `done`"),
            ("if true; fi", "an `if` has no `then`"),
            ("while true; done", "a loop has no `do`"),
            ("test -f x &&", "nothing stands behind `&&`"),
            ("echo $(ls", "a `$(` is never closed"),
            ("a | | b", "`|` cannot stand there"),
            ("echo )", "`)` cannot stand there"),
            ("echo a; done", "`done` closes nothing"),
            ("( echo", "a `(` has no `)`"),
        ] {
            assert_eq!(problem(text).expect(text).what, what, "{text}");
        }
    }

    #[test]
    fn a_plain_command_is_what_the_parser_makes_of_it() {
        for text in ["", "true", "cargo test --all", " git  commit -a", "make -j2 a/b.o x:y 100% c++ a,b @x"]
        {
            assert!(is_plain(text) && problem(text).is_none(), "{text}");
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let commands: Vec<Vec<&str>> = if words.is_empty() { vec![] } else { vec![words] };
            assert_eq!(simple_commands(text), commands, "{text}");
        }
        for text in ["a; b", "time x", "A=1 b", "a && b", "echo *", "echo done", "a\nb", "(a)", "é"] {
            assert!(!is_plain(text), "{text}");
        }
    }

    #[test]
    fn editors_and_questions_are_known() {
        let waits = |text: &str| {
            let waits = |command: &Vec<String>| {
                waits_for_answer(&command.iter().map(String::as_str).collect::<Vec<_>>()).is_some()
            };
            simple_commands(text).iter().any(waits)
        };
        for text in [
            "git commit",
            "cd x && git commit -a",
            "apt-get install jq",
            "docker run -it x",
            "A=1 vim x",
            "npm init",
        ] {
            assert!(waits(text), "{text}");
        }
        for text in [
            "git commit -m x",
            "git commit -am x",
            "apt-get install -y jq",
            "docker run x",
            "echo vim",
            "npm init -y",
            "npm init vite",
        ] {
            assert!(!waits(text), "{text}");
        }
    }
}
