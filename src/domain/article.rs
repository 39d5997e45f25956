//! The labels of articles (artikel), paragraphs (lid) and parts (onderdeel) as regulations number them, and the natural
//! order of articles: `25` before `25h` before `26`, `1.5` before `1.50`, `3:4` before `3:10`.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use crate::domain::identifier::pattern;

/// Longest label of an article, in characters.
pub const MAX_LABEL: usize = 40;

/// Numbers with letters (`25h`, `4bis`), capitals with numbers (`A1`, `XIIa`) or a letter, joined by `.`, `:` or `-`; in
/// front of them perhaps the letter of a division (`P 15`). `enig` is the single article of a regulation.
static ARTICLE: LazyLock<Regex> = LazyLock::new(|| {
    const UNIT: &str =
        "(?:[0-9]{1,5}[A-Za-z]{0,8}[0-9]{0,3}[a-z]{0,2}|[A-Z]{1,8}[0-9]{0,5}[a-z]{0,3}|[a-z]{1,2})";
    pattern(&format!(
        "^(?:(?:[A-Z]{{1,8}} )?{UNIT}(?:[.:-]{UNIT})*|enig)$"
    ))
});
static ARTICLE_WORD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:artikel\s*|article\s+|art\.\s*|art\s+)"));
static PARAGRAPH: LazyLock<Regex> = LazyLock::new(|| pattern("^[0-9]{1,3}[a-z]{0,4}$"));
static PARAGRAPH_ORDINAL: LazyLock<Regex> =
    LazyLock::new(|| pattern("^([0-9]{1,3}) ?(?:e|de|ste) lid$"));
static PART: LazyLock<Regex> =
    LazyLock::new(|| pattern("^(?:[A-Za-z]{1,5}[0-9]{0,2}|[0-9]{1,3}[a-z]{0,2})°?$"));
static PART_WORD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:onderdeel\s+|onder\s+|sub\s+|punt\s+|letter\s+|ond\.\s*)"));

const ORDINALS: [&str; 20] = [
    "eerste",
    "tweede",
    "derde",
    "vierde",
    "vijfde",
    "zesde",
    "zevende",
    "achtste",
    "negende",
    "tiende",
    "elfde",
    "twaalfde",
    "dertiende",
    "veertiende",
    "vijftiende",
    "zestiende",
    "zeventiende",
    "achttiende",
    "negentiende",
    "twintigste",
];

/// The label of an article as it is stored: `Artikel 153`, `art. 153` and ` 153 ` become `153`, `P_15` becomes `P 15`.
/// `None` when it is no label.
pub fn parse_article(text: &str) -> Option<String> {
    let text = text.trim().replace('_', " ");
    if text.eq_ignore_ascii_case("enig artikel") || text.eq_ignore_ascii_case("enig") {
        return Some("enig".into());
    }
    let label = ARTICLE_WORD.replace(&text, "");
    let label = label.trim_end_matches('.');
    (label.len() <= MAX_LABEL && ARTICLE.is_match(label)).then(|| label.to_owned())
}

/// The label of a paragraph as it is stored: `lid 2a` becomes `2a`, `eerste lid` and `1e lid` become `1`. `None` when it
/// is no label.
pub fn parse_paragraph(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    if let Some(number) = PARAGRAPH_ORDINAL.captures(&text) {
        return Some(number[1].to_owned());
    }
    let label = text
        .strip_prefix("lid ")
        .or(text.strip_suffix(" lid"))
        .unwrap_or(&text)
        .trim()
        .trim_end_matches('.');
    if let Some(index) = ORDINALS.iter().position(|ordinal| *ordinal == label) {
        return Some((index + 1).to_string());
    }
    PARAGRAPH.is_match(label).then(|| label.to_owned())
}

/// The label of a part as it is stored: `onderdeel b` and `b.` become `b`; `1°` stays so. `None` when it is no label.
pub fn parse_part(text: &str) -> Option<String> {
    // The masculine ordinal sign is often typed for the degree sign.
    let text = text.trim().replace('º', "°");
    let label = PART_WORD.replace(&text, "");
    let label = label.trim_end_matches('.');
    PART.is_match(label).then(|| label.to_owned())
}

/// Orders labels as a reader expects: numbers by their value, everything else by character, what is shorter first.
/// Only equal labels are equal.
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    sort_key(a).cmp(&sort_key(b))
}

/// A key whose order by bytes (collation `C` in PostgreSQL, `BINARY` in SQLite) is that of [`natural_cmp`].
///
/// Each run of digits is preceded by its length, so that a longer number sorts after a shorter one. Leading zeros do not
/// count for the value; how many there were follows the digits, where only a digit can stand for it.
pub fn sort_key(label: &str) -> String {
    let mut key = String::with_capacity(label.len() + 4);
    let mut rest = label;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let digits = &rest[..end];
            let value = digits.trim_start_matches('0');
            push_count(&mut key, value.len());
            key.push_str(value);
            if value.len() < digits.len() {
                push_count(&mut key, digits.len() - value.len());
            }
            rest = &rest[end..];
        } else {
            key.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    key
}

/// Writes a count in digits such that counts order by bytes and none is the beginning of another: 0 to 8 as one digit,
/// then a 9 for each further eight.
fn push_count(key: &mut String, mut count: usize) {
    while count > 8 {
        key.push('9');
        count -= 8;
    }
    key.push(char::from(b'0' + count as u8));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn articles_are_normalised() {
        for (text, label) in [
            ("153", "153"),
            (" 153 ", "153"),
            ("artikel 153", "153"),
            ("Artikel153", "153"),
            ("ARTIKEL 153.", "153"),
            ("art. 153", "153"),
            ("art.153", "153"),
            ("Art 153", "153"),
            ("3:4", "3:4"),
            ("1.50", "1.50"),
            ("25h", "25h"),
            ("2.3.5", "2.3.5"),
            ("7:670b", "7:670b"),
            ("8.19a", "8.19a"),
            ("4bis", "4bis"),
            ("P_15", "P 15"),
            ("P 15", "P 15"),
            ("artikel P 15", "P 15"),
            ("XII A", "XII A"),
            ("IV", "IV"),
            ("A", "A"),
            ("I-1", "I-1"),
            ("10a.1", "10a.1"),
            ("Enig artikel", "enig"),
        ] {
            assert_eq!(parse_article(text).as_deref(), Some(label), "{text}");
        }
    }

    #[test]
    fn what_is_no_article_is_refused() {
        for text in [
            "",
            " ",
            "artikel",
            "art.",
            "artikelen 3 en 4",
            "3 en 4",
            "153, eerste lid",
            "hoofdstuk 3",
            "153\n",
            "1\"onclick",
            "<script>",
            "1'--",
            "1\u{0}",
            "1&lid=2",
            "1#x",
            "3::4",
            ".5",
            "٣",
            "1%20",
            "../1",
            &"1.".repeat(30),
            &"1".repeat(41),
        ] {
            // Surrounding white space is trimmed, a line break included.
            let expected = (text == "153\n").then(|| "153".to_owned());
            assert_eq!(parse_article(text), expected, "{text:?}");
        }
    }

    #[test]
    fn paragraphs_are_normalised() {
        for (text, label) in [
            ("1", "1"),
            ("2a", "2a"),
            ("lid 3", "3"),
            ("Lid 3", "3"),
            ("Eerste lid", "1"),
            ("eerste", "1"),
            ("twintigste lid", "20"),
            ("achtste", "8"),
            ("1e lid", "1"),
            ("2de lid", "2"),
            ("8ste lid", "8"),
            ("1e", "1e"),
            ("1.", "1"),
        ] {
            assert_eq!(parse_paragraph(text).as_deref(), Some(label), "{text}");
        }
        for text in [
            "", "lid", "eerst", "1,2", "1 en 2", "a", "<b>", "1\n2", "1000",
        ] {
            assert_eq!(parse_paragraph(text), None, "{text:?}");
        }
        for (index, ordinal) in ORDINALS.iter().enumerate() {
            let expected = (index + 1).to_string();
            assert_eq!(parse_paragraph(&format!("{ordinal} lid")), Some(expected));
        }
    }

    #[test]
    fn parts_are_normalised() {
        for (text, label) in [
            ("a", "a"),
            ("a.", "a"),
            ("aa", "aa"),
            ("onderdeel b", "b"),
            ("Onderdeel b.", "b"),
            ("onder c", "c"),
            ("sub d", "d"),
            ("1°", "1°"),
            ("1º", "1°"),
            ("1°.", "1°"),
            ("2", "2"),
            ("viii", "viii"),
            ("C", "C"),
        ] {
            assert_eq!(parse_part(text).as_deref(), Some(label), "{text}");
        }
        for text in [
            "",
            ".",
            "onderdeel",
            "a, onder 2",
            "a;b",
            "<a>",
            "a\u{0}",
            "\"",
            "°",
        ] {
            assert_eq!(parse_part(text), None, "{text:?}");
        }
    }

    #[test]
    fn labels_order_naturally() {
        let ordered = [
            "1", "1.5", "1.50", "1.50a", "1.51", "1a", "2", "2.3.5", "2.3.10", "3", "3:4", "3:4a",
            "3:10", "9", "10", "25", "25h", "25i", "26", "100", "A", "P 2", "P 15", "enig",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(natural_cmp(a, b), i.cmp(&j), "{a} {b}");
            }
        }
    }

    /// The order without keys: runs of digits against each other by value, everything else by character.
    fn reference_cmp(a: &str, b: &str) -> Ordering {
        fn runs(text: &str) -> Vec<(char, Option<u64>)> {
            let chars: Vec<char> = text.chars().collect();
            chars
                .chunk_by(|x, y| x.is_ascii_digit() && y.is_ascii_digit())
                .map(|run| (run[0], run.iter().collect::<String>().parse().ok()))
                .collect()
        }
        let (a, b) = (runs(a), runs(b));
        let differing = a.iter().zip(&b).map(|(x, y)| match (x.1, y.1) {
            (Some(v), Some(w)) => v.cmp(&w),
            _ => x.0.cmp(&y.0),
        });
        differing
            .into_iter()
            .find(|order| order.is_ne())
            .unwrap_or(a.len().cmp(&b.len()))
    }

    proptest! {
        #[test]
        fn keys_tell_labels_apart(a in "\\PC{0,12}", b in "\\PC{0,12}") {
            prop_assert_eq!(a == b, sort_key(&a) == sort_key(&b));
        }

        #[test]
        fn order_is_that_of_numbers_and_characters(
            a in "([1-9][0-9]{0,2}|[A-Z] [1-9])([.:][1-9][0-9]?){0,2}[a-z]?",
            b in "([1-9][0-9]{0,2}|[A-Z] [1-9])([.:][1-9][0-9]?){0,2}[a-z]?",
        ) {
            prop_assert_eq!(natural_cmp(&a, &b), reference_cmp(&a, &b));
        }

        #[test]
        fn values_decide(a in 0..u64::MAX, b in 0..u64::MAX) {
            prop_assert_eq!(natural_cmp(&a.to_string(), &b.to_string()), a.cmp(&b));
        }

        #[test]
        fn normalising_again_changes_nothing(text in "\\PC{0,20}|[0-9]{1,4}[a-z]{0,3}|[A-Z]_[0-9]{1,2}") {
            for parse in [parse_article, parse_paragraph, parse_part] {
                if let Some(label) = parse(&text) {
                    prop_assert_eq!(parse(&label), Some(label.clone()));
                }
            }
        }
    }
}
