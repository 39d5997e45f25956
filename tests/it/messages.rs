//! Every code that the service answers with has words in Dutch and in English.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use meldpunt::http::messages::{DETAILS, FIELDS};
use regex::Regex;

use crate::architecture::{source_files, string_arguments};

#[test]
fn every_code_in_the_source_has_words() {
    let mut problems = BTreeSet::new();
    let mut faults = BTreeSet::new();
    for file in source_files() {
        let text = file.without_tests();
        for call in [
            "Unauthenticated",
            "Forbidden",
            "Conflict",
            "OAuth",
            "Guard",
            "row",
        ] {
            problems.extend(last_literal(&text, call));
        }
        for call in ["FieldError::new", "Error::field", "fault"] {
            faults.extend(last_literal(&text, call));
        }
    }
    assert!(
        problems.len() > 15,
        "the scan finds too little: {problems:?}"
    );
    assert!(faults.len() > 15, "the scan finds too little: {faults:?}");
    assert_known(&problems, DETAILS);
    assert_known(&faults, FIELDS);
}

#[test]
fn no_words_are_left_of_a_code_that_is_gone() {
    let source: String = source_files()
        .iter()
        .filter(|file| file.name != "http/messages.rs")
        .map(|file| file.without_tests())
        .collect();
    let gone: Vec<&str> = DETAILS
        .iter()
        .chain(FIELDS)
        .map(|words| words.0)
        .filter(|code| !source.contains(&format!("\"{code}\"")))
        .collect();
    assert!(gone.is_empty(), "nothing answers with {gone:?}");
}

#[test]
fn no_code_has_words_twice_or_none() {
    for table in [DETAILS, FIELDS] {
        let mut seen = BTreeSet::new();
        for (code, nl, en) in table {
            assert!(seen.insert(code), "{code} stands there twice");
            let code_like = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(code.chars().all(code_like), "{code}");
            for words in [nl, en] {
                assert!(
                    words.ends_with(['.', '?']) && words.len() > 5,
                    "{code}: {words}"
                );
            }
            assert_ne!(nl, en, "{code}");
            assert_eq!(gaps(nl), gaps(en), "{code}");
        }
    }
}

fn gaps(words: &str) -> BTreeSet<String> {
    static GAP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{([a-z_]+)\}").unwrap());
    GAP.captures_iter(words).map(|c| c[1].to_owned()).collect()
}

fn assert_known(used: &BTreeSet<String>, table: &[(&str, &str, &str)]) {
    let missing: Vec<&String> = used
        .iter()
        .filter(|code| !table.iter().any(|words| words.0 == code.as_str()))
        .collect();
    assert!(missing.is_empty(), "no words for {missing:?}");
}

/// The last argument of every call of this name, where it is a literal that looks like a code.
fn last_literal(text: &str, call: &str) -> Vec<String> {
    static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new("^\"([a-z][a-z0-9_]*)\"$").unwrap());
    string_arguments(text, call)
        .iter()
        .filter_map(|arguments| arguments.last())
        .filter_map(|last| CODE.captures(last).map(|found| found[1].to_owned()))
        .collect()
}
