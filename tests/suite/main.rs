//! One integration binary: each module is a room or a promise, each case a file under `tests/cases/`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "a test that is left out says so")]

mod agents;
mod check;
mod cli;
mod crash;
mod docs;
mod examples;
mod fix;
mod format;
mod generate;
mod glob;
mod grammar;
mod ide;
mod journal;
mod lsp;
mod machine;
mod peers;
mod pre_commit;
mod prove;
mod render;
mod report;
mod run;
mod schedule;
mod soak;
mod syntax;
mod trees;

use std::path::Path;

/// Runs an assertion whose snapshot stands beside the case, named after it.
pub fn beside(case: &Path, assertion: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(case.parent().expect("a case stands in a directory"));
    settings.set_prepend_module_to_snapshot(false);
    settings.remove_snapshot_suffix();
    settings.set_omit_expression(true);
    settings.bind(assertion);
}

/// A case's name: its file's, without the ending.
pub fn stem(case: &Path) -> String {
    case.file_stem().expect("a case has a name").to_string_lossy().into_owned()
}
