//! What the syntax says: one constructor a message.

use super::ast::{Name, Statement, StatementKind};
use super::vocabulary::{Place, Word};
use crate::diagnostic::{Diagnostic, Edit, codes};
use crate::source::{FileId, Span};

fn edit(span: Span, text: impl Into<String>) -> Vec<Edit> {
    vec![Edit { span, text: text.into() }]
}

/// A `\` before something that is no escape.
pub(super) fn bad_escape(written: &str, place: Span) -> Diagnostic {
    let diagnostic = if written == "\\" {
        Diagnostic::new(
            codes::BAD_ESCAPE,
            "a `\\` at the end of a line escapes nothing",
            place,
            "nothing to escape",
        )
    } else if written.starts_with("\\u") {
        let message = format!("`{written}` is no character");
        return Diagnostic::new(codes::BAD_ESCAPE, message, place, "no character has this number")
            .help("write the number of a character in hexadecimal, as in `\\u{1F30A}`");
    } else {
        Diagnostic::new(codes::BAD_ESCAPE, format!("`{written}` is no escape"), place, "not an escape")
    };
    let escaped = format!("\\{written}");
    diagnostic
        .help("write `\\\\` for a backslash, or quote with `'`, where every character stands for itself")
        .fix("write a backslash", edit(place, escaped), false)
}

/// A `{{` that is no hole.
pub(super) fn bad_hole(written: &str, place: Span) -> Diagnostic {
    let message = if written == "{{" {
        "`{{` opens a hole that does not end".to_owned()
    } else {
        format!("`{written}` is no hole")
    };
    Diagnostic::new(codes::BAD_HOLE, message, place, "a hole holds a name: `{{name}}` or `{{task.output}}`")
        .help("write `\\{{` for two braces, or quote with `'`, where every character stands for itself")
        .fix("write two braces", edit(place.at_start(), "\\"), false)
}

/// `endpoint-{{ name }}`: in a name, a hole has no blanks.
pub(super) fn blank_in_name_hole(name: &Name<'_>) -> Diagnostic {
    let message = format!("`{}` has blanks in it", name.text);
    let without = name.text.replace(' ', "");
    Diagnostic::new(codes::BAD_HOLE, message, name.span(), "a name has no blanks, in its holes neither")
        .help(format!("write `{without}`"))
        .fix("remove the blanks", edit(name.span(), without), true)
}

/// A line of a block string that is indented less than the closing quotes.
pub(super) fn ragged_block(place: Span, quotes: Span) -> Diagnostic {
    let message = "a line of a block string is indented less than its closing quotes";
    Diagnostic::new(codes::RAGGED_BLOCK, message, place, "this line begins too far left")
        .label(quotes, "this indentation is taken off every line")
        .help("indent the line as deep as the closing quotes, with the same blanks or tabs")
}

/// A number that is none, or of the wrong kind.
pub(super) fn bad_number(written: &str, place: Span, wanted: &str, instead: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::BAD_NUMBER,
        format!("`{written}` is not {wanted}"),
        place,
        format!("{wanted} is needed"),
    );
    match instead {
        Some(instead) => diagnostic.help(format!("write `{instead}`")).fix(
            format!("write `{instead}`"),
            edit(place, instead),
            true,
        ),
        None if wanted == "a number" => diagnostic.help("write digits, as in `42`, `0.8` or `5%`"),
        None => diagnostic.help("write digits only, as in `42`"),
    }
}

/// A count below zero.
pub(super) fn negative_count(written: &str, place: Span) -> Diagnostic {
    Diagnostic::new(
        codes::BAD_NUMBER,
        format!("`{written}` is negative"),
        place,
        "a whole number from 0 is needed",
    )
    .help("write a whole number from 0")
}

/// A number beyond what can be counted exactly.
pub(super) fn number_too_large(written: &str, place: Span) -> Diagnostic {
    Diagnostic::new(codes::BAD_NUMBER, format!("`{written}` is too large"), place, "larger than 2^53")
        .help("write a smaller number")
}

/// A length of time that is not written as one.
pub(super) fn bad_duration(written: &str, place: Span, instead: Option<&str>) -> Diagnostic {
    if let Some(instead) = instead {
        let message = format!("`{written}` is not how a length of time is written");
        return Diagnostic::new(codes::BAD_DURATION, message, place, format!("this is `{instead}`"))
            .help(format!("write `{instead}`"))
            .fix(format!("write `{instead}`"), edit(place, instead), true);
    }
    let digits = written.bytes().all(|b| b.is_ascii_digit());
    let (message, label) = if digits {
        (format!("`{written}` has no unit"), "seconds, minutes or hours?")
    } else {
        (format!("`{written}` is no length of time"), "a length of time is needed")
    };
    let diagnostic = Diagnostic::new(codes::BAD_DURATION, message, place, label);
    if written.contains(' ') {
        diagnostic.help("write a range with two dots, as in `20m..40m`, or one length, as in `1h30m`")
    } else if digits && written.len() < 12 {
        diagnostic.help(format!("write `{written}s`, `{written}m` or `{written}h`"))
    } else {
        diagnostic
            .help("write whole numbers with `d`, `h`, `m`, `s` or `ms`, the longest first, as in `1h30m`")
    }
}

/// A length of time that nobody will live to see.
pub(super) fn endless_duration(written: &str, place: Span) -> Diagnostic {
    let message = format!("`{written}` is too long");
    Diagnostic::new(codes::BAD_DURATION, message, place, "more than a hundred years")
        .help("write a length of time of at most `36525d`, a hundred years")
}

/// An amount that is neither money nor tokens.
pub(super) fn bad_amount(written: &str, place: Span) -> Diagnostic {
    let message = format!("`{written}` is neither money nor tokens");
    Diagnostic::new(codes::BAD_AMOUNT, message, place, "an amount is needed")
        .help("write dollars, as in `$40` or `$0.50`, or tokens, as in `200k tokens` or `2M tokens`")
}

/// Something inside a statement that is said twice.
pub(super) fn said_twice(word: &str, place: Span) -> Diagnostic {
    Diagnostic::new(codes::MALFORMED_STATEMENT, format!("`{word}` is said twice"), place, "the second time")
        .help("keep one of them")
}

/// A string that nobody closed.
pub(super) fn unclosed_string(opening: Span, quotes: &str, end: Span) -> Diagnostic {
    let (message, help) = if quotes.len() == 3 {
        (
            format!("a block string is never closed with `{quotes}`"),
            format!("write `{quotes}` on a line of its own behind the text"),
        )
    } else {
        (
            "a string is not closed on its line".to_owned(),
            format!("write `{quotes}` at its end, or `{}` around a text of several lines", quotes.repeat(3)),
        )
    };
    let diagnostic = Diagnostic::new(codes::UNCLOSED_STRING, message, opening, "it begins here").help(help);
    if quotes.len() == 1 { diagnostic.fix("close the string", edit(end, quotes), false) } else { diagnostic }
}

/// Bodies that nobody closed; the innermost first.
pub(super) fn unclosed_braces(places: &[Span], count: usize) -> Diagnostic {
    let message = match count {
        1 => "a `{` is never closed".to_owned(),
        count => format!("{count} of the `{{` are never closed"),
    };
    let mut diagnostic = Diagnostic::new(codes::UNCLOSED_BRACE, message, places[0], "this body has no end");
    for place in &places[1..] {
        diagnostic = diagnostic.label(*place, "nor has this one");
    }
    diagnostic.help("write `}` where the body ends")
}

/// A `}` that closes nothing.
pub(super) fn stray_brace(place: Span) -> Diagnostic {
    Diagnostic::new(codes::STRAY_BRACE, "a `}` closes nothing", place, "no body is open here")
        .help("remove it, or open the body that it should close")
}

/// Bodies deeper in each other than wavec reads.
pub(super) fn nested_too_deep(place: Span, limit: usize) -> Diagnostic {
    let message = format!("bodies stand in each other more than {limit} deep");
    Diagnostic::new(codes::NESTED_TOO_DEEP, message, place, "this body and what it holds are not read")
        .help("take some of the blocks apart, or name them and order them with `after`")
}

/// A `\u{0}`.
pub(super) fn null_escape(written: &str, place: Span) -> Diagnostic {
    Diagnostic::new(
        codes::NULL_BYTE,
        format!("`{written}` is a byte of value zero"),
        place,
        "no text can hold it",
    )
    .help("remove it, or let the command make it, as in `printf '\\0'`")
}

/// A byte of value zero.
pub(super) fn null_byte(place: Span, count: usize) -> Diagnostic {
    let message = match count {
        1 => "the text has a byte of value zero".to_owned(),
        count => format!("the text has {count} bytes of value zero"),
    };
    Diagnostic::new(codes::NULL_BYTE, message, place, "here is the first")
        .help("remove it; if the file is no text, give wavec another one")
}

/// A text larger than offsets can count.
pub(super) fn text_too_long(file: FileId) -> Diagnostic {
    let place = Span::new(file, 0, 0);
    Diagnostic::new(codes::MALFORMED_STATEMENT, "the text is larger than 4 GB", place, "it is not read")
        .help("divide the plan, and bring the parts together with `use`")
}

/// Words that the language has, but not to begin a statement with.
const INNER: &[(&str, &str)] = &[
    ("any", "after any of a, b"),
    ("backoff", "retries 3 backoff 5s"),
    ("by", "approve \"Ship it?\" by \"who\""),
    ("contains", "check \"title\" contains 'regex' in \"glob\""),
    ("except", "writes \"src/**\" except \"src/gen/**\""),
    ("exists", "check \"title\" exists \"glob\""),
    ("exits", "check \"title\" runs \"make\" exits 0"),
    ("feedback", "retries 2 feedback"),
    ("finished", "after finished a"),
    ("judged", "check \"title\" judged by AGENT \"question\""),
    ("lacks", "check \"title\" lacks 'regex' in \"glob\""),
    ("manual", "check \"title\" manual"),
    ("missing", "check \"title\" missing \"glob\""),
    ("nothing", "writes nothing"),
    ("otherwise", "approve \"Ship it?\" within 4h otherwise stop"),
    ("overlaps", "wave tuning overlaps wiring { … }"),
    ("prints", "check \"title\" runs \"make\" prints 'regex'"),
    ("runs", "check \"title\" runs \"make\""),
    ("value", "check \"title\" value \"file.json\" at \"/pointer\" < 5"),
    ("within", "check \"title\" runs \"make\" within 10m"),
];

/// A statement that begins with a word that the language does not have. `meant` is the keyword it probably stands
/// for; what to put where, and whether that is safe.
pub(super) fn unknown_word(
    word: &str,
    place: Span,
    meant: Option<&str>,
    fix: Option<(Span, &str, bool)>,
) -> Diagnostic {
    if let (None, Some((_, form))) = (meant, INNER.iter().find(|(inner, _)| *inner == word)) {
        let message = format!("`{word}` begins no statement, it stands inside one");
        return Diagnostic::new(codes::UNKNOWN_WORD, message, place, "not at the beginning")
            .help(format!("write it as in `{form}`"));
    }
    let message = format!("`{word}` is not a word of the language");
    let diagnostic = Diagnostic::new(codes::UNKNOWN_WORD, message, place, "unknown word");
    let diagnostic = match meant {
        Some(meant) => diagnostic.help(format!("write `{meant}`")),
        None if matches!(word, "name" | "title" | "label") => {
            diagnostic.help("write name and title behind the keyword, as in `task build \"Build it\"`")
        }
        None => diagnostic.help("begin with a word that the language has, or make it a comment with `#`"),
    };
    match fix {
        Some((span, text, is_safe)) => diagnostic.fix(format!("write `{text}`"), edit(span, text), is_safe),
        None => diagnostic,
    }
}

/// A statement that stands where it cannot.
pub(super) fn misplaced(word: &Word, statement: &Statement<'_>, place: Place) -> Diagnostic {
    let is_declaration = matches!(statement.kind, StatementKind::Agent { .. });
    let what =
        if is_declaration { "an `agent` with a body".to_owned() } else { format!("`{}`", word.keyword) };
    let message = format!("{what} cannot stand in {}", place.phrase());
    let diagnostic = Diagnostic::new(codes::MISPLACED_STATEMENT, message, statement.keyword(), "not here");
    match (word.keyword, place) {
        ("check", Place::Task | Place::Wave | Place::File) => diagnostic.help("put it into `success { … }`"),
        ("check", _) => diagnostic.help("put it into a `gate`, or into the `success` of a task or wave"),
        ("run", Place::Success | Place::Gate | Place::Preflight) => {
            diagnostic.help("write `check \"title\" runs \"command\"`")
        }
        (
            "run" | "prompt" | "wait" | "approve",
            Place::File | Place::Wave | Place::Parallel | Place::Serial,
        ) => diagnostic.help(format!("put it into a task: `task NAME {{ {} }}`", word.form)),
        ("gate", Place::Parallel) => {
            diagnostic.help("put it at the end of the wave, or into a `serial` block")
        }
        ("wave", _) => diagnostic.help("move it to the plan itself, or make it a `parallel` block"),
        ("task", Place::Task) => diagnostic.help("put both tasks into a `serial` or `parallel` block"),
        _ if is_declaration => diagnostic.help("declare it in the plan itself, and write `agent NAME` here"),
        _ => diagnostic.help(format!("move it to {}", word.belongs())),
    }
}

/// A statement that its body has already.
pub(super) fn repeated(word: &Word, place: Span, first: Span, body: Place) -> Diagnostic {
    let body = match body {
        Place::File => "the file",
        body => body.phrase(),
    };
    let message = format!(
        "`{}` is said twice in {}",
        word.keyword,
        body.replacen("an ", "one ", 1).replacen("a ", "one ", 1)
    );
    Diagnostic::new(codes::REPEATED_STATEMENT, message, place, "the second time")
        .label(first, "the first time")
        .help("keep one of them")
}
