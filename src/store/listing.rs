//! What the lists of reference data share: words to look for, a day to hold on, and a limit.

use chrono::NaiveDate;

diesel::define_sql_function! {
    /// In lower case; on SQLite the letters A to Z alone.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// What part of a list is asked for.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Words that a name or code must contain, in whatever case.
    pub words: Option<String>,
    /// Only what holds on this day; none: whatever ever held.
    pub valid_on: Option<NaiveDate>,
    pub limit: i64,
}

impl Listing {
    /// The pattern of a LIKE that looks for the words in text in lower case; a wildcard typed by a user is a letter like
    /// any other.
    pub(super) fn pattern(&self) -> Option<String> {
        self.words.as_deref().map(contains)
    }
}

fn contains(words: &str) -> String {
    format!("%{}%", escaped(&words.trim().to_lowercase()))
}

/// The pattern of a LIKE for a code in a JSON array of codes.
pub(super) fn element(code: &str) -> String {
    format!("%{}%", escaped(&serde_json::Value::from(code).to_string()))
}

fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_letters() {
        assert_eq!(contains(" Wet 50%_\\ "), "%wet 50\\%\\_\\\\%");
        assert_eq!(element("onderwijs-po"), "%\"onderwijs-po\"%");
        assert_eq!(element("a_b"), "%\"a\\_b\"%");
    }
}
