//! Texts with holes: what a message says, and which literals of the source make it up.
//!
//! `…` stands for a part that varies: in a row of the index because it is written so, in a literal because
//! `format!` fills a hole there.

use std::collections::BTreeSet;

/// What a hole is written as.
pub const HOLE: char = '…';

/// A literal as the index writes it: holes for `format!` are `…`, line breaks are spaces.
pub fn of_literal(literal: &str) -> String {
    let mut text = String::new();
    let mut characters = literal.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' | '}' if characters.peek() == Some(&character) => {
                characters.next();
                text.push(character);
            }
            '{' => {
                characters.by_ref().find(|&it| it == '}');
                text.push(HOLE);
            }
            character => text.push(character),
        }
    }
    tidy(&text)
}

/// The text with single spaces and without holes that stand side by side.
pub fn tidy(text: &str) -> String {
    let mut tidy = String::new();
    for character in text.chars() {
        let character = if character.is_whitespace() { ' ' } else { character };
        let repeats = matches!(character, ' ' | HOLE) && tidy.ends_with(character);
        if !repeats {
            tidy.push(character);
        }
    }
    tidy.trim_matches(|character: char| character == ' ').to_owned()
}

/// The letters that don't vary.
pub fn letters(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphabetic()).count()
}

/// Whether `text` is `pattern` with anything in the pattern's holes.
pub fn matches(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split(HOLE).collect();
    fill(&parts, text, &mut |_| true)
}

/// Whether `text` is a literal, whose holes vary or are filled by literals in turn. Puts the places of the
/// literals that take part into `used`.
pub fn is_made_of(text: &str, literals: &[String], used: &mut BTreeSet<usize>) -> bool {
    let mut is_made = false;
    for (index, literal) in literals.iter().enumerate() {
        let parts: Vec<&str> = literal.split(HOLE).collect();
        // A literal of holes alone says nothing.
        if parts.iter().all(|part| part.trim().is_empty()) {
            continue;
        }
        let mut inside = BTreeSet::new();
        let fills = fill(&parts, text, &mut |filling| {
            let filling = filling.trim();
            filling.chars().all(|character| character == HOLE)
                || is_made_of(filling, literals, &mut inside)
        });
        if fills {
            is_made = true;
            used.insert(index);
            used.extend(inside);
        }
    }
    is_made
}

/// Whether `text` is the `parts` with something between them that `suits` says yes to.
fn fill(parts: &[&str], text: &str, suits: &mut dyn FnMut(&str) -> bool) -> bool {
    let [first, rest @ ..] = parts else { return text.is_empty() };
    let Some(text) = text.strip_prefix(first) else { return false };
    fill_rest(rest, text, suits)
}

fn fill_rest(parts: &[&str], text: &str, suits: &mut dyn FnMut(&str) -> bool) -> bool {
    let [next, rest @ ..] = parts else { return text.is_empty() };
    if rest.is_empty() {
        return text.strip_suffix(next).is_some_and(suits);
    }
    let places: Vec<usize> = text.match_indices(next).map(|(place, _)| place).collect();
    places.into_iter().any(|place| {
        // First what follows: it is cheaper than looking into the hole.
        fill_rest(rest, &text[place + next.len()..], suits) && suits(&text[..place])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_made(text: &str, literals: &[&str]) -> Option<Vec<usize>> {
        let literals: Vec<String> = literals.iter().map(|&it| of_literal(it)).collect();
        let mut used = BTreeSet::new();
        is_made_of(text, &literals, &mut used).then(|| used.into_iter().collect())
    }

    #[test]
    fn a_literal_s_holes_are_shown_and_its_doubled_braces_are_single() {
        assert_eq!(of_literal("no {what} in {:?}: `{{ … }}`\n"), "no … in …: `{ … }`");
    }

    #[test]
    fn a_pattern_matches_with_anything_in_its_holes() {
        assert!(matches("… is no …", "seven is no seed"));
        assert!(!matches("… is no …", "seven is a seed"));
        assert!(!matches("no …", "is no seed"));
    }

    #[test]
    fn a_message_may_be_made_of_several_literals() {
        let literals =
            ["asyncio: {message}", "{}: {panicked}", "{} panicked: {}", "unhandled panic"];
        let made = is_made("asyncio: unhandled panic: … panicked: …", &literals);
        assert_eq!(made, Some(vec![0, 1, 2, 3]));
    }

    #[test]
    fn a_word_that_no_literal_has_is_found() {
        let literals = ["asyncio: {message}", "unhandled panic"];
        assert_eq!(is_made("asyncio: unhandled error", &literals), None);
        assert_eq!(is_made("asyncio: … panic", &literals), None);
    }

    #[test]
    fn a_literal_must_be_there_to_its_end() {
        assert_eq!(is_made("the future is done", &["the future is done already"]), None);
    }
}
