//! The diagnostics of this room, a constructor each.

use crate::diagnostic::codes::{self, Code};
use crate::diagnostic::{Diagnostic, Edit, suggest};
use crate::source::Span;

/// An allowance that silences nothing.
pub fn unused_allowance(code: Code, span: Span) -> Diagnostic {
    let message = format!("there is no `{}` here to allow", code.name());
    Diagnostic::new(codes::UNUSED_ALLOWANCE, message, span, "nothing here has this code")
        .help("remove the allowance, or move it above the item that it is for")
}

/// An allowance of what no plan may contain.
pub fn not_allowable(code: Code, span: Span) -> Diagnostic {
    let message = format!("`{}` cannot be allowed: the plan does not run until it is mended", code.name());
    Diagnostic::new(codes::UNUSED_ALLOWANCE, message, span, "this allowance has no effect")
        .help("remove the allowance")
}

/// An allowance without a reason.
pub fn unexplained_allowance(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::UNEXPLAINED_ALLOWANCE,
        "an allowance does not say why",
        span,
        "no reason in quotes after it",
    )
    .help("say why it may stand: `# wavec: allow(code) \"the reason\"`")
}

/// A comment to wavec that it does not understand.
pub fn unknown_directive(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::UNKNOWN_DIRECTIVE,
        "a comment to wavec says nothing that it knows",
        span,
        "not `allow(code) \"why\"`",
    )
    .help("write `# wavec: allow(code) \"the reason\"`")
}

/// A code that the catalogue does not have.
pub fn unknown_code(name: &str, span: Span) -> Diagnostic {
    let near = suggest::nearest(name, codes::ALL.iter().map(|code| code.name()));
    let diagnostic = Diagnostic::new(
        codes::UNKNOWN_CODE,
        format!("there is no diagnostic `{name}`"),
        span,
        "not in the list of `wavec explain`",
    );
    match near {
        Some(near) => diagnostic.help(format!("write `{near}`")).fix(
            format!("write `{near}`"),
            vec![Edit { span, text: near.to_string() }],
            true,
        ),
        None => diagnostic.help("look the code up with `wavec explain`"),
    }
}
