//! Which word was meant: misspellings, and what other tools call the same thing.
//!
//! Knows words, not text around them.

use super::vocabulary::{self, Place};

/// A word of the language that was probably meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suggestion {
    /// The keyword; `on failure` and the like in full.
    pub keyword: &'static str,
    /// Whether the word is this one but for its spelling, so that mending it is safe.
    pub is_misspelling: bool,
}

/// The word that `written` is likely to stand for, in that body.
pub(super) fn suggest(written: &str, place: Place) -> Option<Suggestion> {
    let folded = written.to_lowercase().replace('_', "-");
    // In another case, or with another joint: `Task`, `on-failure`.
    let exact = vocabulary::WORDS.iter().find(|word| word.keyword.replace(' ', "-") == folded);
    if let Some(word) = exact {
        return Some(Suggestion { keyword: word.keyword, is_misspelling: true });
    }
    if let Some((_, keyword)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == folded) {
        return Some(Suggestion { keyword, is_misspelling: false });
    }
    let candidates = vocabulary::WORDS.iter().map(|word| (word.keyword, word.may_stand_in(place)));
    let keyword = nearest(&folded, candidates)?;
    Some(Suggestion { keyword, is_misspelling: true })
}

/// The candidate nearest to `written`, if one is near; of equally near ones that of the same letters, then a preferred one.
pub(super) fn nearest<'w>(
    written: &str,
    candidates: impl IntoIterator<Item = (&'w str, bool)>,
) -> Option<&'w str> {
    // No word of the language is so long, and the measure takes the product of the lengths.
    if written.len() > 40 {
        return None;
    }
    let length = written.chars().count();
    let near = candidates.into_iter().filter_map(|(word, is_preferred)| {
        let distance = strsim::osa_distance(written, word);
        let is_near = distance <= 1 && length >= 3 || distance * 3 <= length.min(word.len());
        // Two letters that have changed places say more than where a word may stand: `taks` is `task`, not `tags`.
        let rank = distance * 4 + usize::from(!is_anagram(written, word)) * 2 + usize::from(!is_preferred);
        is_near.then_some((rank, word))
    });
    near.min().map(|(_, word)| word)
}

/// The unit that a name such as `timeout_ms` puts into the word.
pub(super) fn timeout_unit(written: &str) -> Option<&'static str> {
    let rest = written.strip_prefix("timeout")?.trim_start_matches(['_', '-']);
    Some(match rest {
        "ms" | "Ms" | "millis" => "ms",
        "seconds" | "secs" | "sec" | "s" => "s",
        "minutes" | "mins" | "min" | "m" => "m",
        "hours" | "h" => "h",
        _ => return None,
    })
}

/// Whether both have the same letters.
fn is_anagram(one: &str, other: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    one.len() == other.len() && sorted(one) == sorted(other)
}

/// The whole number that a word says.
pub(super) fn spelled_number(word: &str) -> Option<usize> {
    const NAMES: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    NAMES.iter().position(|name| name.eq_ignore_ascii_case(word))
}

/// What else a thing is called in other tools and plans, with `-` for `_`.
const SYNONYMS: &[(&str, &str)] = &[
    ("depends", "after"),
    ("depends-on", "after"),
    ("dependson", "after"),
    ("dependencies", "after"),
    ("needs", "after"),
    ("requires", "after"),
    ("blocked-by", "after"),
    ("waits-for", "after"),
    ("command", "run"),
    ("commands", "run"),
    ("cmd", "run"),
    ("exec", "run"),
    ("execute", "run"),
    ("script", "run"),
    ("bash", "run"),
    ("sh", "run"),
    ("step", "task"),
    ("steps", "task"),
    ("job", "task"),
    ("jobs", "task"),
    ("todo", "task"),
    ("action", "task"),
    ("subtask", "task"),
    ("phase", "wave"),
    ("stage", "wave"),
    ("milestone", "wave"),
    ("sprint", "wave"),
    ("epic", "wave"),
    ("workflow", "plan"),
    ("pipeline", "plan"),
    ("project", "plan"),
    ("files", "writes"),
    ("file", "writes"),
    ("modifies", "writes"),
    ("edits", "writes"),
    ("touches", "writes"),
    ("owns", "writes"),
    ("deletes", "writes"),
    ("inputs", "reads"),
    ("input", "reads"),
    ("produces", "creates"),
    ("generates", "creates"),
    ("artifact", "output"),
    ("artifacts", "output"),
    ("outputs", "output"),
    ("retry", "retries"),
    ("attempts", "retries"),
    ("max-retries", "retries"),
    ("max-attempts", "retries"),
    ("timeout-ms", "timeout"),
    ("timeout-seconds", "timeout"),
    ("timeout-minutes", "timeout"),
    ("time-limit", "timeout"),
    ("deadline", "timeout"),
    ("concurrency", "workers"),
    ("max-workers", "workers"),
    ("parallelism", "workers"),
    ("max-parallel", "workers"),
    ("threads", "workers"),
    ("concurrent", "parallel"),
    ("concurrently", "parallel"),
    ("group", "parallel"),
    ("block", "parallel"),
    ("sequence", "serial"),
    ("sequential", "serial"),
    ("seq", "serial"),
    ("foreach", "for"),
    ("for-each", "for"),
    ("each", "for"),
    ("loop", "for"),
    ("matrix", "for"),
    ("repeat", "for"),
    ("if", "when"),
    ("unless", "when"),
    ("environment", "env"),
    ("variables", "env"),
    ("export", "env"),
    ("cwd", "directory"),
    ("workdir", "directory"),
    ("working-directory", "directory"),
    ("dir", "directory"),
    ("chdir", "directory"),
    ("description", "because"),
    ("desc", "because"),
    ("note", "because"),
    ("reason", "because"),
    ("rationale", "because"),
    ("why", "because"),
    ("import", "use"),
    ("include", "use"),
    ("extends", "use"),
    ("var", "param"),
    ("let", "param"),
    ("const", "param"),
    ("variable", "param"),
    ("argument", "param"),
    ("parameter", "param"),
    ("option", "param"),
    ("llm", "model"),
    ("provider", "driver"),
    ("tools", "allow"),
    ("allowed-tools", "allow"),
    ("disallowed-tools", "deny"),
    ("duration", "estimate"),
    ("eta", "estimate"),
    ("effort", "estimate"),
    ("verify", "check"),
    ("test", "check"),
    ("tests", "check"),
    ("validate", "check"),
    ("expect", "check"),
    ("ensure", "check"),
    ("must", "check"),
    ("checkpoint", "gate"),
    ("acceptance", "success"),
    ("done", "success"),
    ("postcondition", "success"),
    ("precondition", "preflight"),
    ("setup", "preflight"),
    ("always", "finally"),
    ("cleanup", "finally"),
    ("teardown", "finally"),
    ("undo", "rollback"),
    ("revert", "rollback"),
    ("on-error", "on failure"),
    ("onfailure", "on failure"),
    ("continue-on-error", "on failure"),
    ("on-nogo", "on no-go"),
    ("sleep", "wait"),
    ("delay", "wait"),
    ("pause", "wait"),
    ("ask", "approve"),
    ("confirm", "approve"),
    ("approval", "approve"),
    ("review", "approve"),
    ("lock", "uses"),
    ("locks", "uses"),
    ("mutex", "uses"),
    ("semaphore", "resource"),
    ("label", "tags"),
    ("labels", "tags"),
    ("assignee", "agent"),
    ("owner", "agent"),
    ("role", "agent"),
    ("message", "prompt"),
    ("instruction", "prompt"),
    ("goal", "prompt"),
    ("objective", "prompt"),
    ("weight", "priority"),
    ("ticket", "id"),
    ("issue", "id"),
    ("price", "cost"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_synonym_stands_for_a_keyword_and_is_none() {
        for (synonym, keyword) in SYNONYMS {
            assert!(vocabulary::find(keyword).is_some(), "{keyword}");
            assert!(!vocabulary::is_keyword(synonym), "{synonym}");
        }
    }

    #[test]
    fn misspelled_words_are_recognised_and_strange_ones_are_not() {
        let suggested = |word| suggest(word, Place::Task).map(|found| found.keyword);
        for (word, keyword) in [
            ("retrys", "retries"),
            ("Task", "task"),
            ("on_failure", "on failure"),
            ("estimte", "estimate"),
            ("promt", "prompt"),
            ("depends_on", "after"),
            ("wirtes", "writes"),
        ] {
            assert_eq!(suggested(word), Some(keyword), "{word}");
        }
        assert_eq!(suggest("taks", Place::File).map(|found| found.keyword), Some("task"));
        for word in ["frobnicate", "the", "a", "x", "", "of", "und"] {
            assert_eq!(suggested(word), None, "{word}");
        }
    }
}
