//! Why a piece of text is no statement, in words.
//!
//! The grammar says where it stopped and which rules it tried there; this makes a sentence of it, and knows the
//! mistakes that people make often. Changes nothing.

use super::phrase::{
    chunk, claim_form, has_title, is_list_of_strings, near_expected, or, param_type, shorten, shown, slug,
    strange_character, string_in, test_form,
};
use super::tokens::{Token, TokenKind};
use crate::diagnostic::{Diagnostic, Edit, codes};
use crate::source::{FileId, Span};
use crate::syntax::grammar::{Rule, WaveParser, describe};
use crate::syntax::{text, vocabulary, words};
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pairs;

/// Where the grammar stopped, and what it tried there.
pub(super) struct Failure {
    /// The offset in the file.
    pub at: usize,
    /// The rules, in the order of the grammar.
    pub expected: Vec<Rule>,
}

/// Reads one statement and nothing else, from an offset to the end of these tokens.
pub(super) fn read<'s>(text: &'s str, from: usize, tokens: &[Token]) -> Result<Pairs<'s, Rule>, Failure> {
    // The parser looks at all of what it is given, so it is given little, and more when that was not enough.
    let mut count = 32;
    loop {
        let is_all = count >= tokens.len();
        let to = tokens[count.min(tokens.len()) - 1].end;
        let error = match WaveParser::parse(Rule::only, &text[from..to]) {
            Ok(pairs) if is_all => return Ok(pairs),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        count *= 8;
        let Some(error) = error else { continue };
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => from + at,
        };
        if at >= to && !is_all {
            continue;
        }
        let expected = match error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives,
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        // A comment or the end could stand anywhere, and nobody forgets them.
        let expected =
            expected.into_iter().filter(|rule| !matches!(rule, Rule::comment | Rule::EOI)).collect();
        return Err(Failure { at, expected });
    }
}

/// Whether statements of this rule have a body.
pub(super) fn has_body(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::wave | Rule::block | Rule::for_each | Rule::task | Rule::gate | Rule::section | Rule::agent
    )
}

/// The keyword that a piece begins with, of one word or several.
pub(super) fn keyword<'s>(text: &'s str, piece: &[Token]) -> &'s str {
    let word = piece[0].text(text);
    let second = piece.get(1).map(|token| token.text(text));
    match (word, second) {
        ("on", Some("failure")) => "on failure",
        ("on", Some("no-go")) => "on no-go",
        _ => word,
    }
}

/// A statement whose keyword is right and the rest is not.
pub(super) struct Malformed<'a, 's> {
    pub text: &'s str,
    pub file: FileId,
    pub keyword: &'s str,
    /// The tokens from the keyword on.
    pub piece: &'a [Token],
    /// The token where the grammar stopped; none at the end of the piece.
    pub found: Option<usize>,
    pub failure: &'a Failure,
}

impl<'s> Malformed<'_, 's> {
    fn span(&self, token: &Token) -> Span {
        Span::new(self.file, token.start, token.end)
    }

    /// The end of `agent:` or `agent =`, when the statement is written so.
    pub fn behind_joint(&self) -> Option<usize> {
        let words = self.keyword.split(' ').count();
        let joint = self.piece.get(words)?;
        (self.found == Some(words) && matches!(joint.text(self.text), ":" | "=")).then_some(joint.end)
    }

    /// The one diagnostic for it.
    pub fn diagnostic(&self) -> Diagnostic {
        if matches!(self.keyword, "on" | "may") {
            return self.half_keyword();
        }
        let expected = self.expected();
        let Some(found) = self.found else { return self.missing(&expected) };
        let token = &self.piece[found];
        let place = chunk(self.text, self.file, token);
        let written = self.shown(place);
        let behind = self.behind(found);
        let fact = format!("`{}` needs {}{behind}, found {written}", self.keyword, or(&expected));
        let here = match expected[..] {
            [one] if one.ends_with("s in quotes") => format!("{one} are needed here"),
            [one] if one.len() <= 40 => format!("{one} is needed here"),
            _ => "not expected here".to_owned(),
        };
        let diagnostic = Diagnostic::new(codes::MALFORMED_STATEMENT, fact, place, here);
        self.advise(diagnostic, token, place)
    }

    /// The statement ends too early.
    fn missing(&self, expected: &[&str]) -> Diagnostic {
        let last = &self.piece[self.piece.len() - 1];
        let behind = self.behind(self.piece.len());
        let fact = format!("`{}` needs {}{behind}", self.keyword, or(expected));
        let diagnostic = Diagnostic::new(
            codes::MALFORMED_STATEMENT,
            fact,
            self.span(last),
            "something is missing after this",
        );
        match last.text(self.text) {
            "," => {
                let edits = vec![Edit { span: self.span(last), text: String::new() }];
                diagnostic.help("remove the `,`, or go on after it").fix("remove the `,`", edits, false)
            }
            _ => self.form(diagnostic),
        }
    }

    /// ` after `name``, when the place is not right behind the keyword.
    fn behind(&self, found: usize) -> String {
        let words = self.keyword.split(' ').count();
        if found <= words {
            return String::new();
        }
        let before = self.span(&self.piece[found - 1]);
        format!(" after {}", self.shown(before))
    }

    fn shown(&self, place: Span) -> String {
        shown(&self.text[place.range()])
    }

    /// What was expected, in words, without repeats.
    fn expected(&self) -> Vec<&'static str> {
        let mut words: Vec<&'static str> = Vec::new();
        let tests = [Rule::runs, Rule::exists, Rule::missing, Rule::contains, Rule::lacks, Rule::judged];
        let has_tests = tests.iter().all(|rule| self.failure.expected.contains(rule));
        for rule in &self.failure.expected {
            let word = match rule {
                Rule::string => string_in(self.keyword, self.piece, self.found, self.text),
                Rule::runs
                | Rule::exists
                | Rule::missing
                | Rule::contains
                | Rule::lacks
                | Rule::value_of
                | Rule::value_at
                | Rule::judged
                | Rule::manual
                    if has_tests =>
                {
                    "a test such as `runs \"…\"`"
                }
                rule => describe(*rule),
            };
            // Of a command, the usual way to write it is enough.
            let is_said = *rule == Rule::program && self.expects(Rule::string);
            if !is_said && !words.contains(&word) {
                words.push(word);
            }
        }
        if words.is_empty() {
            words.push("something else");
        }
        words
    }

    fn expects(&self, rule: Rule) -> bool {
        self.failure.expected.contains(&rule)
    }

    /// What to do about it, where that can be told.
    fn advise(&self, diagnostic: Diagnostic, token: &Token, place: Span) -> Diagnostic {
        let written = token.text(self.text);
        let found = self.found.unwrap_or(0);
        if self.behind_joint().is_some() {
            return self.leave_out(diagnostic, token, true);
        }
        if let Some(help) = strange_character(written) {
            return diagnostic.help(help);
        }
        if let Some(mended) = super::order::mended(self.text, self.file, self.piece, found) {
            return mended.advise(diagnostic);
        }
        if token.kind == TokenKind::String
            && (self.expects(Rule::name)
                || self.expects(Rule::reference)
                || self.expects(Rule::criterion_name))
        {
            return self.quoted_name(diagnostic, token, found);
        }
        if token.kind == TokenKind::String
            && (self.expects(Rule::duration) || self.expects(Rule::whole) || self.expects(Rule::amount))
        {
            let inner = written.trim_matches(['"', '\'']);
            if inner.starts_with(|c: char| c.is_ascii_digit() || c == '$') {
                let edits = vec![Edit { span: self.span(token), text: inner.to_owned() }];
                return diagnostic.help(format!("write `{inner}`, without quotes")).fix(
                    "remove the quotes",
                    edits,
                    false,
                );
            }
        }
        if self.expects(Rule::whole)
            && let Some(number) = words::spelled_number(written)
        {
            let edits = vec![Edit { span: self.span(token), text: number.to_string() }];
            return diagnostic.help(format!("write `{number}`")).fix(
                format!("write `{number}`"),
                edits,
                true,
            );
        }
        if self.expects(Rule::equality) && matches!(written, "=" | "is" | "equals") {
            let edits = vec![Edit { span: self.span(token), text: "==".to_owned() }];
            return diagnostic.help("compare with `==`").fix("write `==`", edits, true);
        }
        if self.expects(Rule::comparison) && matches!(written, "=" | "=>" | "≤" | "≥" | "≠") {
            let instead = match written {
                "=" => "==",
                "≤" => "<=",
                "≠" => "!=",
                _ => ">=",
            };
            let edits = vec![Edit { span: self.span(token), text: instead.to_owned() }];
            return diagnostic.help(format!("write `{instead}`")).fix(
                format!("write `{instead}`"),
                edits,
                true,
            );
        }
        if let Some(word) = self.near_word(token) {
            let edits = vec![Edit { span: self.span(token), text: word.clone() }];
            return diagnostic.help(format!("write `{word}`")).fix(format!("write `{word}`"), edits, true);
        }
        let is_bare = match token.kind {
            TokenKind::Word | TokenKind::Number => true,
            TokenKind::String => false,
            TokenKind::Mark => written.starts_with(['.', '/', '*', '~', '$', '-', '@', '!']),
        };
        let is_second_word = found == 2 && has_title(self.keyword) && self.piece[1].kind == TokenKind::Word;
        if self.expects(Rule::string) && is_bare && is_second_word {
            return diagnostic.help("write the title in quotes, or join the words of the name with `-`");
        }
        if self.expects(Rule::string) && is_bare {
            return self.unquoted(diagnostic, token);
        }
        if self.expects(Rule::string) && written == "[" {
            return diagnostic.help("write the list without brackets");
        }
        if self.expects(Rule::param_type) {
            if let Some(instead) = param_type(written) {
                let edits = vec![Edit { span: place, text: instead.to_owned() }];
                return diagnostic.help(format!("write `{instead}`")).fix(
                    format!("write `{instead}`"),
                    edits,
                    true,
                );
            }
            return diagnostic.help(
                "write `text`, `integer`, `number`, `flag`, `duration`, `path` or `one of \"a\", \"b\"`",
            );
        }
        if matches!(written, ":" | "=") {
            return self.leave_out(diagnostic, token, false);
        }
        if written == "]" {
            return diagnostic.help("write `run [\"program\", \"argument\"]`");
        }
        if self.expects(Rule::end_list) && token.kind == TokenKind::String {
            let edits = vec![Edit { span: self.span(&self.piece[found - 1]).at_end(), text: ",".to_owned() }];
            return diagnostic.help("write `,` between the strings").fix("write `,`", edits, true);
        }
        self.form(diagnostic)
    }

    /// A token too many, with the blank before it.
    fn leave_out(&self, diagnostic: Diagnostic, token: &Token, is_safe: bool) -> Diagnostic {
        let help = format!("leave out the `{}`", token.text(self.text));
        let before = self.text[..token.start].ends_with(' ');
        let after = self.text[token.end..].starts_with(' ');
        let start = if before && after { token.start - 1 } else { token.start };
        let edits = vec![Edit { span: Span::new(self.file, start, token.end), text: String::new() }];
        diagnostic.help(help.clone()).fix(help, edits, is_safe)
    }

    /// How the statement is written.
    fn form(&self, diagnostic: Diagnostic) -> Diagnostic {
        let said = self.piece[..self.found.unwrap_or(self.piece.len())].iter().rev();
        let mut said = said.map(|token| token.text(self.text));
        let form = match self.keyword {
            "check" | "criterion" => said.find_map(test_form),
            "assert" => Some(said.find_map(claim_form).unwrap_or("assert a before b")),
            _ => None,
        };
        match form.or(vocabulary::find(self.keyword).map(|word| word.form)) {
            Some(form) => match self.keyword {
                "check" | "criterion" | "assert" => diagnostic.help(format!("write `{form}`")),
                keyword => diagnostic.help(format!("write it as in `{}`", exemplary(keyword, form))),
            },
            None => diagnostic,
        }
    }

    /// `on error stop`, `may write nothing`: the first word of a keyword of several words.
    fn half_keyword(&self) -> Diagnostic {
        let next = self.piece.get(1).filter(|token| token.kind == TokenKind::Word && !token.is_first);
        let last = next.unwrap_or(&self.piece[0]);
        let place = self.span(&self.piece[0]).to(self.span(last));
        let written = &self.text[place.range()];
        let meant = match next.map(|token| token.text(self.text)) {
            _ if self.keyword == "may" => "may change nothing",
            Some(next) if next.contains("go") => "on no-go",
            Some(_) => "on failure",
            None => "on failure` or `on no-go",
        };
        let fix = next.filter(|_| self.keyword == "on").map(|_| (place, meant, false));
        crate::syntax::messages::unknown_word(written, place, Some(meant), fix)
    }

    /// `agent "coder"`, `task "Build it" {`
    fn quoted_name(&self, diagnostic: Diagnostic, token: &Token, found: usize) -> Diagnostic {
        let inner = token.text(self.text).trim_matches(['"', '\'']);
        let has_hole = inner.contains("{{") && text::pattern_length(inner) == Some(inner.len());
        if has_title(self.keyword) && found == 1 && !has_hole {
            let name = slug(inner);
            let name = if name.is_empty() { "name" } else { &name };
            let edits = vec![Edit { span: self.span(token).at_start(), text: format!("{name} ") }];
            return diagnostic
                .help(format!(
                    "write a name before the title: `{} {name} {}`",
                    self.keyword,
                    shorten(token.text(self.text))
                ))
                .fix(format!("name it `{name}`"), edits, false);
        }
        let is_name = |token: &Token| {
            let inner = token.text(self.text).trim_matches(['"', '\'']);
            token.kind == TokenKind::String && text::pattern_length(inner) == Some(inner.len())
        };
        if is_name(token) {
            // The others of a list likewise.
            let list = self.piece[found..].iter().step_by(2).take_while(|token| is_name(token));
            let edits = list.map(|token| Edit {
                span: self.span(token),
                text: token.text(self.text).trim_matches(['"', '\'']).to_owned(),
            });
            return diagnostic.help(format!("write `{inner}`, without quotes")).fix(
                "remove the quotes",
                edits.collect(),
                true,
            );
        }
        diagnostic.help("write a name: letters, digits, `_` and `-`, without quotes")
    }

    /// `run make all`, `writes src/**`
    fn unquoted(&self, diagnostic: Diagnostic, token: &Token) -> Diagnostic {
        let line = &self.text[token.start..self.piece[self.piece.len() - 1].end];
        let line = line[..line.find('\n').unwrap_or(line.len())].trim_end();
        let line = line.strip_suffix(" {").unwrap_or(line);
        if line.contains(['"', '\'', '\\', '#']) {
            return diagnostic.help("write it in quotes");
        }
        if self.keyword == "for" && line.contains("..") {
            return diagnostic.help("write each value out, as in `\"1\", \"2\", \"3\"`: there are no ranges");
        }
        let is_list =
            matches!(self.keyword, "reads" | "writes" | "creates" | "appends" | "forbids" | "allow" | "deny");
        let quoted = if is_list {
            let parts = line.split(',').map(|part| format!("\"{}\"", part.trim()));
            parts.collect::<Vec<String>>().join(", ")
        } else {
            format!("\"{line}\"")
        };
        let span = Span::new(self.file, token.start, token.start + line.len());
        let edits = vec![Edit { span, text: quoted.clone() }];
        diagnostic.help(format!("write {}, in quotes", shown(&quoted))).fix("put it in quotes", edits, false)
    }

    /// One of the words that could stand here, if the token is nearly it.
    fn near_word(&self, token: &Token) -> Option<String> {
        if token.kind != TokenKind::Word {
            return None;
        }
        near_expected(token.text(self.text), &self.failure.expected)
    }
}

/// The statement as one writes it: an example says more than a form with places to fill.
fn exemplary(keyword: &str, form: &str) -> String {
    let example = match keyword {
        "plan" => "plan release \"Release it\"",
        "task" => "task build \"Build it\"",
        "wave" => "wave one \"The first\" { … }",
        "agent" => "agent coder",
        "param" => "param env text = \"staging\"",
        "secret" => "secret token from env \"TOKEN\"",
        "resource" => "resource gpu 2",
        "for" => "for name in \"a\", \"b\" { … }",
        "workers" => "workers 4",
        "instances" => "instances 2",
        "timeout" => "timeout 30m",
        "estimate" => "estimate 20m..40m",
        "wait" => "wait 30m",
        "retries" => "retries 2 backoff 30s feedback",
        "priority" => "priority 5",
        "uses" => "uses gpu 2",
        "env" => "env MODE \"fast\"",
        "output" => "output verdict from \"review.md\"",
        "approve" => "approve \"Ship it?\" within 4h otherwise stop",
        "on failure" => "on failure stop",
        "on no-go" => "on no-go retry up to 2",
        "when" => "when env == \"prod\"",
        "after" => "after a, b",
        _ => form,
    };
    example.to_owned()
}

/// More text behind a statement that could end before it.
pub(super) fn trailing(
    text: &str,
    file: FileId,
    keyword: &str,
    tokens: &[Token],
    at: usize,
    expected: &[Rule],
) -> Diagnostic {
    let token = &tokens[at];
    let written = token.text(text);
    let place = chunk(text, file, token);
    let fact = format!("{} does not belong to `{keyword}`", shown(&text[place.range()]));
    let diagnostic = Diagnostic::new(codes::MALFORMED_STATEMENT, fact, place, "not expected here");
    let span = Span::new(file, token.start, token.end);
    if let Some(help) = strange_character(written) {
        return diagnostic.help(help);
    }
    if token.kind == TokenKind::Word
        && let Some(word) = near_expected(written, expected)
    {
        let edits = vec![Edit { span, text: word.clone() }];
        return diagnostic.help(format!("write `{word}`")).fix(format!("write `{word}`"), edits, true);
    }
    if expected.contains(&Rule::dots) && matches!(written, "-" | "to" | "...") {
        return diagnostic.help("write a range with two dots, as in `20m..40m`");
    }
    match written {
        "," if tokens.len() > at + 1 => return diagnostic.help("end the statement with a line break or `;`"),
        "," => {
            let edits = vec![Edit { span, text: String::new() }];
            return diagnostic.help("remove the `,`").fix("remove the `,`", edits, true);
        }
        "//" | "/*" | "--" => return diagnostic.help("begin a comment with `#`"),
        "{" => return diagnostic.help(format!("write `{keyword}` without a body")),
        _ => {}
    }
    if keyword == "param" && written == "=" {
        return diagnostic.help("write the default before the description");
    }
    if keyword == "budget" || keyword == "cost" {
        return diagnostic.help("write an amount such as `$40` or `200k tokens`, and `,` before the next");
    }
    if keyword == "run" && matches!(token.kind, TokenKind::String) {
        return diagnostic
            .help("write one command in one string, or a list: `run [\"program\", \"argument\"]`");
    }
    let insert = |diagnostic: Diagnostic, what: &str| {
        let edits = vec![Edit { span: span.at_start(), text: ", ".to_owned() }];
        // Before the blank, not behind it.
        let edits = if text[..token.start].ends_with(' ') {
            vec![Edit { span: Span::new(file, token.start - 1, token.start), text: edits[0].text.clone() }]
        } else {
            edits
        };
        diagnostic.help(format!("write `,` between {what}")).fix("write `,`", edits, true)
    };
    if token.kind == TokenKind::String && (is_list_of_strings(keyword) || keyword == "param") {
        return insert(diagnostic, "the strings");
    }
    if token.kind == TokenKind::Word && matches!(keyword, "after" | "tags" | "uses") {
        return insert(diagnostic, "the names");
    }
    if token.kind == TokenKind::Word && has_title(keyword) && expected.contains(&Rule::string) {
        return diagnostic.help("write the title in quotes, or join the words of the name with `-`");
    }
    let mut words: Vec<&str> = Vec::new();
    for rule in expected {
        let word = match rule {
            Rule::string if matches!(keyword, "task" | "plan") => "a title in quotes",
            rule => describe(*rule),
        };
        if word.starts_with('`') || *rule == Rule::string {
            words.push(word);
        }
    }
    words.dedup();
    if words.is_empty() || words.len() > 5 {
        diagnostic.help("begin the next statement with its keyword, or remove this")
    } else {
        diagnostic.help(format!("write {}, or begin the next statement", or(&words)))
    }
}

/// Text that begins with no word at all.
pub(super) fn no_word(text: &str, place: Span) -> Diagnostic {
    let written = &text[place.range()];
    let diagnostic =
        |fact: String, here: &str| Diagnostic::new(codes::MALFORMED_STATEMENT, fact, place, here);
    if let Some(help) = strange_character(written) {
        return diagnostic(
            format!("{} begins no statement", shown(written)),
            "a statement begins with a word",
        )
        .help(help);
    }
    match written {
        "//" | "/*" => diagnostic(format!("`{written}` begins no comment"), "not a comment")
            .help("begin a comment with `#`"),
        "{" => diagnostic("a `{` has no statement before it".to_owned(), "whose body is this?")
            .help("write a statement such as `task NAME` or `parallel` before it"),
        "-" | "*" => diagnostic(format!("`{written}` begins no statement"), "a list needs no bullets")
            .help("write statements: `task build \"Build it\"`"),
        _ => diagnostic(format!("{} begins no statement", shown(written)), "a statement begins with a word")
            .help("begin with a word that the language has"),
    }
}
