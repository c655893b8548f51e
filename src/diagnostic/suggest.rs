//! The nearest of the known words to one that is not known, for "did you mean".
//!
//! Knows words only: what they name is for the caller.

/// How many words a list of near names holds at most.
const MOST: usize = 3;

/// The known word that `word` most likely meant; none when nothing is near enough.
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    ranked(word, known).into_iter().next().map(|(_, candidate)| candidate)
}

/// Up to three known words near to `word`, the nearest first.
pub fn near<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Vec<&'w str> {
    ranked(word, known).into_iter().take(MOST).map(|(_, candidate)| candidate).collect()
}

fn ranked<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Vec<(usize, &'w str)> {
    let folded = word.to_lowercase();
    let length = folded.chars().count();
    let reach = match length {
        0..=2 => 1,
        3..=5 => 2,
        _ => length / 3,
    };
    let mut found: Vec<(usize, &'w str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            // Far apart in length is far apart in letters: most of a large plan ends here.
            let is_part = length >= 3 && (other.starts_with(&folded) || other.ends_with(&folded));
            if !is_part && other.chars().count().abs_diff(length) > reach {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&folded, &other);
            let is_whole_change = distance >= length.max(other.chars().count());
            match (is_part, distance <= reach && !is_whole_change) {
                (_, true) => Some((distance, candidate)),
                // `schema` for `schema-tables`: after whatever differs by a letter.
                (true, false) => Some((reach + 1 + other.len(), candidate)),
                (false, false) => None,
            }
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_comes_first_and_strangers_do_not_come() {
        let known = ["retries", "reads", "run", "workers"];
        assert_eq!(nearest("retrys", known), Some("retries"));
        assert_eq!(nearest("RUN", known), Some("run"));
        assert_eq!(nearest("completely-else", known), None);
        assert_eq!(nearest("x", ["y", "z"]), None);
        assert_eq!(near("schema", ["schema-b", "schema-a", "client"]), ["schema-a", "schema-b"]);
    }
}
