//! The words of a text as search and comparison see them: lower case, without diacritics, Dutch inflections cut off
//! (Snowball). Both databases index these terms and not the text, so that both find the same.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use icu_normalizer::DecomposingNormalizer;
use snowball_stemmers_rs::{Algorithm, Stemmer};

/// Made anew where the terms of a text would come out otherwise; what was indexed by an earlier one is indexed again.
pub const VERSION: i32 = 1;

/// Longer words are cut: nobody types them, and an index cannot hold them.
const LONGEST: usize = 40;

/// Words that say nothing about what a text is about.
const STOP: &[&str] = &[
    "aan", "al", "alle", "als", "bij", "dan", "dat", "de", "deze", "die", "dit", "door", "een",
    "en", "er", "geen", "haar", "had", "heb", "hebben", "heeft", "het", "hier", "hij", "hun", "ik",
    "in", "is", "je", "kan", "kunnen", "maar", "meer", "men", "met", "moet", "moeten", "na",
    "naar", "niet", "nog", "nu", "of", "om", "omdat", "onder", "ons", "ook", "op", "over", "te",
    "tegen", "tot", "u", "uit", "van", "voor", "waar", "was", "wat", "we", "wel", "werd", "wij",
    "wil", "worden", "wordt", "zal", "ze", "zich", "zij", "zijn", "zo", "zonder", "the", "of",
    "and", "to", "a",
];

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it is indexed: ASCII letters and digits, or letters of another script.
    pub term: String,
    /// Where it stands in the text, in bytes.
    pub at: Range<usize>,
    /// It says nothing about what the text is about.
    pub empty: bool,
}

static DUTCH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::Dutch));

/// The words of a text in their order. What is no letter and no digit parts them; nothing of it comes through.
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, c.is_alphanumeric() || is_mark(c)) {
            (None, true) if !is_mark(c) => start = Some(at),
            (Some(from), false) => {
                start = None;
                let plain = fold(&text[from..at]);
                if !plain.is_empty() {
                    let empty = STOP.contains(&plain.as_str());
                    let term = stem(&plain);
                    found.push(Word {
                        term,
                        at: from..at,
                        empty,
                    });
                }
            }
            _ => {}
        }
    }
    found
}

/// The terms of a text, with a blank between them: what is indexed.
pub fn indexed(text: &str) -> String {
    let terms: Vec<String> = words(text)
        .into_iter()
        .filter(|word| !word.empty)
        .map(|word| word.term)
        .collect();
    terms.join(" ")
}

/// How often each term stands in a text.
pub fn counted(text: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for word in words(text).into_iter().filter(|word| !word.empty) {
        *counts.entry(word.term).or_default() += 1;
    }
    counts
}

/// Combining marks belong to the letter before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Lower case, without diacritics.
fn fold(word: &str) -> String {
    let lower = word.to_lowercase();
    if lower.is_ascii() {
        return lower.chars().take(LONGEST).collect();
    }
    DecomposingNormalizer::new_nfkd()
        .normalize(&lower)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .take(LONGEST)
        .collect()
}

/// Words are stemmed; numbers and identifiers as BWBR0003420 stay as they are.
fn stem(word: &str) -> String {
    if word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        DUTCH.stem(word).into_owned()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_word_in_its_forms_is_one_term() {
        for (one, other) in [
            ("school", "scholen"),
            ("Gemeente", "gemeenten"),
            ("vrijwilliger", "VRIJWILLIGERS"),
            ("privé", "prive"),
            ("coördinatie", "coordinatie"),
            ("ménage", "me\u{301}nage"),
            ("norm", "normen"),
            ("bus", "bussen"),
        ] {
            assert_eq!(indexed(one), indexed(other), "{one} {other}");
        }
        assert_ne!(indexed("school"), indexed("norm"));
    }

    #[test]
    fn identifiers_and_numbers_stay_whole() {
        assert_eq!(
            indexed("BWBR0003420, artikel 153"),
            "bwbr0003420 artikel 153"
        );
        assert_eq!(indexed("art. 3:4 lid 2"), "art 3 4 lid 2");
        assert_eq!(indexed("MKR-2026-000123"), "mkr 2026 000123");
    }

    #[test]
    fn what_says_nothing_is_left_out_and_positions_are_those_of_the_text() {
        let text = "De school is één klas.";
        let words = words(text);
        let shown: Vec<&str> = words.iter().map(|word| &text[word.at.clone()]).collect();
        assert_eq!(shown, ["De", "school", "is", "één", "klas"]);
        assert_eq!(indexed(text), "school klas");
        assert_eq!(indexed("\" OR 1=1; -- * ^ NEAR("), "or 1 1 near");
        assert_eq!(indexed("🚌 → ∞ \0"), "");
    }

    proptest! {
        /// Whatever is typed: terms hold letters and digits alone, and are found where they are said to stand.
        #[test]
        fn terms_are_letters_and_digits(text in any::<String>()) {
            for word in words(&text) {
                prop_assert!(!word.term.is_empty() && word.term.chars().all(char::is_alphanumeric), "{:?}", word);
                prop_assert!(text.get(word.at.clone()).is_some());
            }
        }
    }
}
