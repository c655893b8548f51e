//! Paths that a prompt names and no claim covers.
//!
//! Knows words, not the disk's rules: it would rather miss a path than take `and/or` for one.

use super::Proof;
use super::messages::files as messages;
use super::names::find;
use super::world::Reach;
use crate::diagnostic::Diagnostic;
use crate::glob::{Paths, Pattern};
use crate::plan::{Action, ClaimKind, OutputSource, Part, TaskId, Template};
use foldhash::fast::RandomState;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

const MOST_PER_TASK: usize = 4;

pub(super) fn check(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    if proof.plan.agents.is_empty() {
        return;
    }
    // The first names of the plan's own paths: what begins so and has a `/` is a path.
    let claims = proof.tasks.claimants.iter().flat_map(|task| &proof.plan.task(*task).claims.claims);
    let roots: HashSet<&str> =
        claims.filter_map(|claim| claim.glob.split_once('/')).map(|(root, _)| root).collect();
    let reach = Reach::new(proof);
    for task in proof.tasks() {
        of_task(proof, task, &roots, &reach, findings);
    }
}

fn of_task(proof: &Proof, id: TaskId, roots: &HashSet<&str>, reach: &Reach, findings: &mut Vec<Diagnostic>) {
    let task = proof.plan.task(id);
    let Action::Prompt(prompt) = &task.action else { return };
    if task.agent.is_none() || !task.claims.is_known {
        return;
    }
    let claims = &task.claims.claims;
    let has_reads = claims.iter().any(|claim| claim.kind == ClaimKind::Reads);
    let mut met = HashSet::new();
    let prompt = plain(prompt);
    let is_title = *prompt == *task.title;
    let is_root = |word: &str| roots.contains(word) || proof.facts.kind(word) == Some(super::Kind::Directory);
    // A title beside a prompt is a short word for it: it may name a path to change, not all that is to be read.
    let mut named: Vec<(Mention, bool)> =
        mentions(&prompt, is_root).into_iter().map(|mention| (mention, is_title)).collect();
    if !is_title {
        named.extend(mentions(&task.title, is_root).into_iter().map(|mention| (mention, true)));
    }
    if named.is_empty() {
        return;
    }
    let outputs = task.outputs.iter().filter_map(|output| match &output.source {
        OutputSource::File(path) => Some(plain(path).into_owned()),
        OutputSource::Stdout => None,
    });
    let covers: Vec<Paths> = claims
        .iter()
        .map(|claim| claim.glob.clone())
        .chain(outputs)
        .filter_map(|glob| Pattern::parse(&glob).ok().map(Paths::of))
        .collect();
    for (mention, is_title) in named {
        // A task that claims no reads may read what it likes.
        let is_sure = mention.use_ == Use::Written || has_reads && !is_title;
        if !is_sure || !met.insert(mention.path) || met.len() > MOST_PER_TASK {
            continue;
        }
        if is_covered(mention.path, &task.directory, &covers) {
            continue;
        }
        // What is only read and is neither there nor written by anyone is an example, or a file elsewhere.
        if mention.use_ != Use::Written && reach.is_surely_nowhere(mention.path) {
            continue;
        }
        let span = find(proof, task.span, mention.path);
        let place = if is_title { "title" } else { "prompt" };
        let own =
            claims.iter().find(|claim| claim.kind.is_write()).or(claims.first()).map(|claim| claim.span);
        let name = proof.names.task(id);
        let is_written = mention.use_ == Use::Written;
        findings.push(messages::uncovered_path(span, name, mention.path, place, is_written, own));
    }
}

fn is_covered(path: &str, directory: &str, covers: &[Paths]) -> bool {
    let mut globs = vec![path.to_owned(), format!("{}/**", path.trim_end_matches('/'))];
    if !directory.is_empty() {
        globs.extend([format!("{directory}/{path}"), format!("{directory}/{path}/**")]);
    }
    if !path.trim_end_matches('/').contains('/') {
        // A bare name may be meant wherever the task works.
        globs.push(format!("**/{path}"));
    }
    let mut paths = globs.iter().filter_map(|glob| Pattern::parse(glob).ok()).map(Paths::of);
    paths.any(|paths| covers.iter().any(|cover| cover.overlaps(&paths)))
}

/// A template's text, the outputs of other tasks left blank.
pub(super) fn plain(template: &Template) -> Cow<'_, str> {
    if let Some(whole) = template.whole() {
        return Cow::Borrowed(whole);
    }
    let mut text = String::new();
    for part in template.parts() {
        match part {
            Part::Literal(piece) | Part::Value(piece) => text.push_str(piece),
            Part::Output(..) => text.push(' '),
        }
    }
    Cow::Owned(text)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Written,
    Read,
    Unsaid,
}

#[derive(Debug, PartialEq, Eq)]
struct Mention<'t> {
    path: &'t str,
    use_: Use,
}

const EXTENSIONS: &[&str] = &[
    "rs", "py", "ts", "tsx", "jsx", "mjs", "cjs", "js", "go", "java", "kt", "kts", "swift", "c", "h", "cc",
    "cpp", "hpp", "cs", "rb", "php", "ex", "exs", "scala", "clj", "hs", "ml", "zig", "lua", "sql", "sh",
    "bash", "ps1", "html", "css", "scss", "vue", "svelte", "md", "mdx", "rst", "txt", "toml", "yaml", "yml",
    "json", "jsonl", "json5", "xml", "csv", "tsv", "proto", "graphql", "tf", "lock", "ini", "cfg", "conf",
    "wave", "ipynb", "parquet", "svg", "tex", "bib",
];

const WRITE_WORDS: &[&str] = &[
    "write",
    "writes",
    "create",
    "creates",
    "add",
    "adds",
    "edit",
    "edits",
    "update",
    "updates",
    "modify",
    "modifies",
    "implement",
    "fix",
    "fixes",
    "change",
    "changes",
    "generate",
    "generates",
    "append",
    "save",
    "extend",
    "refactor",
    "rewrite",
    "rename",
    "delete",
    "remove",
    "put",
    "record",
    "replace",
    "into",
    "migrate",
    "convert",
    "move",
    "correct",
    "repair",
    "improve",
    "adapt",
    "adjust",
    "wire",
];

const READ_WORDS: &[&str] = &[
    "read", "reads", "follow", "follows", "see", "use", "using", "uses", "from", "per", "consult", "like",
    "against", "compare", "import", "load", "parse", "study", "inspect", "review", "check", "run", "on",
    "of", "under", "with", "by", "via",
];

const NOT_WORDS: &[&str] = &[
    "not",
    "don't",
    "never",
    "without",
    "except",
    "nor",
    "avoid",
    "untouched",
    "than",
    "instead",
    "e.g.",
    "example",
];

/// What a word says of the paths behind it.
#[derive(Clone, Copy)]
enum Word {
    Writes,
    Reads,
    Denies,
}

/// The longest of the words.
const LONGEST: usize = 9;

static WORDS: LazyLock<HashMap<&[u8], Word, RandomState>> = LazyLock::new(|| {
    let all = [(WRITE_WORDS, Word::Writes), (READ_WORDS, Word::Reads), (NOT_WORDS, Word::Denies)];
    all.into_iter().flat_map(|(words, says)| words.iter().map(move |word| (word.as_bytes(), says))).collect()
});

/// What a word says, in whatever case it is written.
fn word(word: &str) -> Option<Word> {
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..word.len())?;
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    WORDS.get(&*lower).copied()
}

/// The words of a text that are paths, each with what seems to be done with it. `is_root` knows the first names of paths.
fn mentions<'t>(text: &'t str, is_root: impl Fn(&str) -> bool) -> Vec<Mention<'t>> {
    let mut found = Vec::new();
    let mut said = Use::Unsaid;
    let mut is_denied = false;
    for line in text.lines() {
        // A sentence goes on over a line break, but not over an empty line or into the next point of a list.
        let start = line.trim_start();
        if start.is_empty()
            || start.starts_with(['-', '*', '+', '#'])
            || start.starts_with(|c: char| c.is_ascii_digit())
        {
            said = Use::Unsaid;
            is_denied = false;
        }
        for raw in line.split([' ', '\t', '(', ')', '`', '"', '\'', ',', ';', '|', '=', '<', '>']) {
            if let Some(path) = path(raw, &is_root) {
                if !is_denied {
                    found.push(Mention { path, use_: said });
                }
            } else {
                let bare =
                    raw.trim_matches(|c| matches!(c, '.' | ':' | '!' | '?' | '*')).trim_end_matches("'s");
                match word(bare) {
                    Some(Word::Denies) => is_denied = true,
                    Some(Word::Writes) => said = Use::Written,
                    Some(Word::Reads) => said = Use::Read,
                    None => {}
                }
            }
            if raw.ends_with(['.', ':', '!', '?']) && !raw.ends_with("..") {
                said = Use::Unsaid;
                is_denied = false;
            }
        }
    }
    found
}

/// The path in a word, when it surely is one.
fn path<'t>(raw: &'t str, is_root: &impl Fn(&str) -> bool) -> Option<&'t str> {
    // Most words are soon told: a path has a directory or an ending.
    if !raw.bytes().any(|byte| matches!(byte, b'/' | b'.')) {
        return None;
    }
    if raw.contains("://") || raw.contains("{{") || raw.contains('@') {
        return None;
    }
    let word = raw
        .trim_start_matches(['[', '{'])
        .trim_start_matches("./")
        .trim_end_matches([':', '.', '!', '?', ']', '}']);
    let word = word.split_once('#').map_or(word, |(path, _)| path);
    // `src/lib.rs:12` and `src/lib.rs:12-20`
    let word = match word.split_once(':') {
        Some((path, line)) if line.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':')) => path,
        Some(_) => return None,
        None => word,
    };
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '*' | '+');
    if word.is_empty()
        || !word.chars().all(is_plain)
        || word.starts_with(['/', '-', '.', '*', '+'])
        || word.contains("//")
    {
        return None;
    }
    let name = word.rsplit('/').next().unwrap_or(word);
    let has_extension = name.rsplit_once('.').is_some_and(|(stem, extension)| {
        let is_word = stem.chars().any(char::is_alphabetic) || stem.contains('*');
        EXTENSIONS.contains(&extension) && is_word && !stem.starts_with('.')
    });
    match word.split_once('/') {
        Some((root, rest)) => (is_root(root) && (has_extension || !rest.is_empty() || word.ends_with('/'))
            || has_extension && root.chars().next().is_some_and(char::is_alphanumeric))
        .then_some(word),
        // `Node.js` is no file; `.c` and `.h` alone are too short to be sure.
        None => (has_extension
            && !name.contains('*')
            && !(name.ends_with(".js") && name.starts_with(char::is_uppercase))
            && name.len() > 4)
            .then_some(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(&str, Use)> {
        mentions(text, |root| matches!(root, "src" | "docs")).into_iter().map(|m| (m.path, m.use_)).collect()
    }

    #[test]
    fn the_words_are_told_apart() {
        let lists = [WRITE_WORDS, READ_WORDS, NOT_WORDS];
        assert_eq!(lists.iter().flat_map(|list| *list).map(|word| word.len()).max(), Some(LONGEST));
        assert_eq!(WORDS.len(), lists.iter().map(|list| list.len()).sum::<usize>(), "a word says one thing");
        assert!(matches!(word("Writes"), Some(Word::Writes)) && word("and").is_none() && word("").is_none());
    }

    #[test]
    fn paths_are_told_from_prose() {
        assert_eq!(
            all("Write src/api/charge.rs on top of src/client. Follow `src/api/README.md`."),
            [
                ("src/api/charge.rs", Use::Written),
                ("src/client", Use::Read),
                ("src/api/README.md", Use::Read)
            ]
        );
        assert_eq!(
            all("Fix the errors, then migrate\nthe models in src/config/ to it.\n- See docs/a.md"),
            [("src/config/", Use::Written), ("docs/a.md", Use::Read)]
        );
        assert_eq!(all("Do not touch src/main.rs, never edit Cargo.toml!"), []);
        assert_eq!(
            all(
                "Use Node.js and/or TCP/IP, v1.2, e.g. https://a.org/b.md, input/output, a@b.rs, 3.5, /etc/x.md"
            ),
            []
        );
        assert_eq!(
            all("See src/lib.rs:12-20 and docs/**/*.md"),
            [("src/lib.rs", Use::Read), ("docs/**/*.md", Use::Read)]
        );
        assert_eq!(all("Set x to 3 in config/training.json"), [("config/training.json", Use::Unsaid)]);
        assert_eq!(all("package.json: update it"), [("package.json", Use::Unsaid)]);
        assert_eq!(all("the src/ directory, `{{x}}/y.rs`"), [("src/", Use::Unsaid)]);
    }
}
