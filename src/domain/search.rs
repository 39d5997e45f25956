//! What somebody searches for, and where it stands in a text. Search text is never a query language: words are looked up,
//! a phrase between quotation marks stands together, and nothing else means anything.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::terms::{self, Word};

/// Words that are looked up at most.
const MOST: usize = 20;
/// Characters around what was found.
const AROUND: usize = 60;
/// A word of the title says as much as so many of the text.
const TITLE: f64 = 4.0;
/// What a word said again adds (k1 of BM25), and how much a long text takes off (b).
const SATURATION: f64 = 1.2;
const LENGTH: f64 = 0.75;
/// Places that are shown of one field.
const PLACES: usize = 3;

/// What is looked up: each part has to be there, or any of them, the words of a part next to each other. Holds letters and
/// digits alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchQuery {
    pub parts: Vec<Vec<String>>,
    /// One part is enough.
    pub any: bool,
}

impl SearchQuery {
    /// Reads what was typed. Without a word that says something, nothing is found.
    pub fn parse(text: &str) -> Self {
        let mut parts: Vec<Vec<String>> = Vec::new();
        for (nth, piece) in text.split(['"', '“', '”', '„']).enumerate() {
            let said = terms::words(piece).into_iter().filter(|word| !word.empty);
            let said: Vec<String> = said.map(|word| word.term).collect();
            if nth % 2 == 1 {
                parts.push(said);
            } else {
                parts.extend(said.into_iter().map(|term| vec![term]));
            }
        }
        parts.retain(|part| !part.is_empty());
        let mut left = MOST;
        for part in &mut parts {
            part.truncate(left);
            left -= part.len();
        }
        parts.retain(|part| !part.is_empty());
        Self { parts, any: false }
    }

    /// Looks for any of some terms, made by `terms`.
    pub fn any_of(terms: Vec<String>) -> Self {
        Self {
            parts: terms.into_iter().map(|term| vec![term]).collect(),
            any: true,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How well each of some texts fits, of titles and bodies as `terms::indexed` makes them: the higher the better. A part
    /// says more the more often it stands there, in a short text, in a title, and where it stands in few of these texts
    /// (Okapi BM25 among what was found, Robertson and Zaragoza 2009).
    pub fn fits(&self, texts: &[(&str, &str)]) -> Vec<f64> {
        let of_each: Vec<(usize, Vec<f64>)> = texts
            .iter()
            .map(|(title, body)| {
                let title: Vec<&str> = title.split(' ').collect();
                let body: Vec<&str> = body.split(' ').collect();
                let said = self.parts.iter().map(|part| {
                    TITLE * f64::from(times(part, &title)) + f64::from(times(part, &body))
                });
                (title.len() + body.len(), said.collect())
            })
            .collect();
        let all = texts.len() as f64;
        let average = of_each.iter().map(|(words, _)| *words as f64).sum::<f64>() / all;
        let weights: Vec<f64> = (0..self.parts.len())
            .map(|part| {
                let with = of_each.iter().filter(|(_, said)| said[part] > 0.0).count() as f64;
                (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
            })
            .collect();
        of_each
            .iter()
            .map(|(words, said)| {
                let length = 1.0 - LENGTH + LENGTH * *words as f64 / average;
                let saturated = said.iter().map(|n| n / (n + SATURATION * length));
                saturated.zip(&weights).map(|(n, weight)| n * weight).sum()
            })
            .collect()
    }

    fn terms(&self) -> BTreeSet<&str> {
        self.parts.iter().flatten().map(String::as_str).collect()
    }
}

/// How often words stand next to each other in a text.
fn times(part: &[String], text: &[&str]) -> u32 {
    let found = text.windows(part.len()).filter(|words| *words == part);
    u32::try_from(found.count()).unwrap_or(u32::MAX)
}

/// A piece of a text (Dutch: fragment).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fragment {
    /// The text as it stands there (tekst).
    pub text: String,
    /// It is what was searched for (gevonden).
    #[serde(rename = "match")]
    pub matches: bool,
}

/// Where in a field something was found (Dutch: vindplaats).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"field": "description", "fragments": [{"text": "… omdat de ", "match": false}, {"text": "school", "match": true}, {"text": " te klein is …", "match": false}]}))]
pub struct Highlight {
    /// The property, or message (veld).
    pub field: String,
    /// What stands around it and what was found, in order (fragmenten).
    pub fragments: Vec<Fragment>,
}

/// The places of a field that hold words that were searched for; none when there are none.
pub fn highlight(field: &str, text: &str, query: &SearchQuery) -> Option<Highlight> {
    let wanted = query.terms();
    let found: Vec<Word> = terms::words(text)
        .into_iter()
        .filter(|word| wanted.contains(word.term.as_str()))
        .take(PLACES)
        .collect();
    let (first, last) = (found.first()?, found.last()?);
    // One stretch from before the first to behind the last, unless they lie far apart: then that of the first alone.
    let near = last.at.end - first.at.start <= 4 * AROUND;
    let shown: &[Word] = if near { &found } else { &found[..1] };
    let end_of_last = shown.last().map_or(first.at.end, |word| word.at.end);
    let from = start_of(text, first.at.start);
    let to = end_of(text, end_of_last);
    let mut fragments = Vec::new();
    let mut push = |text: String, matches: bool| {
        if !text.is_empty() {
            fragments.push(Fragment { text, matches });
        }
    };
    let mut at = from;
    for (nth, word) in shown.iter().enumerate() {
        let before = &text[at..word.at.start];
        let cut = if nth == 0 && from > 0 { "… " } else { "" };
        push(format!("{cut}{before}"), false);
        push(text[word.at.clone()].to_owned(), true);
        at = word.at.end;
    }
    let cut = if to < text.len() { " …" } else { "" };
    push(format!("{}{cut}", &text[at..to]), false);
    Some(Highlight {
        field: field.to_owned(),
        fragments,
    })
}

/// The beginning of a word some characters before a place.
fn start_of(text: &str, at: usize) -> usize {
    let Some((near, _)) = text[..at].char_indices().rev().nth(AROUND) else {
        return 0;
    };
    text[near..at]
        .find(char::is_whitespace)
        .map_or(near, |blank| near + blank + 1)
}

/// The end of a word some characters behind a place.
fn end_of(text: &str, at: usize) -> usize {
    let Some((far, _)) = text[at..].char_indices().nth(AROUND) else {
        return text.len();
    };
    text[at..at + far]
        .rfind(char::is_whitespace)
        .map_or(at + far, |blank| at + blank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_parts_and_what_is_quoted_is_one() {
        let parts = |text| SearchQuery::parse(text).parts;
        assert_eq!(
            parts("scholen sluiten"),
            [["school"], ["sluit"]].map(|p| p.map(String::from).to_vec())
        );
        assert_eq!(parts("\"kleine scholen\" dorp").len(), 2);
        assert_eq!(parts("“kleine scholen”")[0].len(), 2);
        assert_eq!(parts("de het een \"van de\" 🚌"), Vec::<Vec<String>>::new());
        // An operator is a word, a sign is nothing.
        assert_eq!(parts("norm AND NOT (school*) ^x:y").len(), 5);
        assert_eq!(parts(&"woord ".repeat(500)).len(), MOST);
    }

    #[test]
    fn what_says_it_more_often_in_fewer_words_or_in_its_title_fits_better() {
        let filler = "regel gemeent norm ".repeat(20);
        let often = format!("school bus school {filler}");
        let texts = [
            ("norm", &*filler),
            ("norm", "school regel"),
            ("school", "school regel"),
            ("norm", &often),
            ("", ""),
        ];
        let fits = SearchQuery::parse("school").fits(&texts);
        assert_eq!((fits[0], fits[4]), (0.0, 0.0));
        assert!(
            fits[2] > fits[1] && fits[1] > fits[3] && fits[3] > 0.0,
            "{fits:?}"
        );
        // Next to each other alone is what stands between quotation marks.
        let phrase = SearchQuery::parse("\"school bus\"").fits(&texts);
        assert!(phrase[3] > 0.0 && phrase.iter().filter(|fit| **fit > 0.0).count() == 1);
        // What few of them say says more than what most do.
        let few = SearchQuery::any_of(vec!["norm".into(), "bus".into()]).fits(&texts);
        assert!(few[3] > few[1], "{few:?}");
        assert_eq!(SearchQuery::parse("school").fits(&[]), Vec::<f64>::new());
    }

    #[test]
    fn what_was_found_is_shown_with_what_stands_around_it() {
        let query = SearchQuery::parse("school");
        let long = format!(
            "{} De kleine scholen sluiten. {}",
            "Eerst iets anders. ".repeat(20),
            "En nog wat. ".repeat(20)
        );
        let shown = highlight("description", &long, &query).unwrap().fragments;
        let found: Vec<&str> = shown
            .iter()
            .filter(|f| f.matches)
            .map(|f| f.text.as_str())
            .collect();
        assert_eq!(found, ["scholen"]);
        assert!(shown[0].text.starts_with("… ") && shown[0].text.ends_with("De kleine "));
        assert!(shown[2].text.starts_with(" sluiten.") && shown[2].text.ends_with(" …"));
        assert_eq!(highlight("title", "Een norm", &query), None);
        let whole = highlight("title", "School", &query).unwrap().fragments;
        assert_eq!(
            whole,
            [Fragment {
                text: "School".into(),
                matches: true
            }]
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_it(query in any::<String>(), text in any::<String>()) {
            let query = SearchQuery::parse(&query);
            for term in query.parts.iter().flatten() {
                prop_assert!(!term.is_empty() && term.chars().all(char::is_alphanumeric));
            }
            if let Some(found) = highlight("x", &text, &query) {
                prop_assert!(found.fragments.iter().any(|fragment| fragment.matches));
            }
        }
    }
}
