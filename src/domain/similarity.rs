//! How alike two reports are, and why: the rules they cite, what they are about, the words they use. Pure and the same
//! wherever it is reckoned.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::actor::Language;
use crate::domain::code::code_list;
use crate::domain::terms;

/// From this score on two reports may be about the same.
pub const SUGGESTED: u32 = 30;

code_list! {
    /// Why two reports may be about the same (Dutch: reden).
    pub enum Likeness {
        /// They cite the same article (zelfde artikel).
        SameArticle = "same_article",
        /// They cite the same regulation (zelfde regeling).
        SameRegulation = "same_regulation",
        /// They are about the same policy domain (zelfde beleidsterrein).
        SameDomain = "same_domain",
        /// They use the same words (zelfde woorden).
        SameWords = "same_words",
    }
}

/// What of a report is compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subject {
    /// How much each term weighs.
    terms: BTreeMap<String, f64>,
    /// Regulation and article.
    rules: BTreeSet<(String, Option<String>)>,
    domains: BTreeSet<String>,
}

/// How alike two are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Percent: what is suggested, and in which order.
    pub score: u32,
    /// Percent of the words, by their weight.
    pub words: u32,
    pub because: Vec<Likeness>,
}

impl Subject {
    /// `rules` are regulation and article.
    pub fn new(
        title: &str,
        texts: &[&str],
        rules: impl IntoIterator<Item = (String, Option<String>)>,
        domains: &[String],
    ) -> Self {
        let mut weights: BTreeMap<String, f64> = BTreeMap::new();
        // A word of the title says more than one of the text; a word said often not as much more as it is said.
        let counted = terms::counted(title)
            .into_iter()
            .map(|(term, n)| (term, 2 * n));
        let of_texts = texts.iter().flat_map(|text| terms::counted(text));
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for (term, n) in counted.chain(of_texts) {
            *counts.entry(term).or_default() += n;
        }
        for (term, n) in counts {
            // A long word says more about what it is about than a short one; a number says little.
            let length = if term.bytes().all(|byte| byte.is_ascii_digit()) {
                0.2
            } else {
                (term.chars().count().min(12) as f64 / 6.0).max(0.5)
            };
            weights.insert(term, (1.0 + f64::from(n).ln()) * length);
        }
        Self {
            terms: weights,
            rules: rules.into_iter().collect(),
            domains: domains.iter().cloned().collect(),
        }
    }

    /// Terms to look for others by, those that weigh most first.
    pub fn heaviest(&self, most: usize) -> Vec<String> {
        let mut all: Vec<(&String, f64)> = self.terms.iter().map(|(t, w)| (t, *w)).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        all.into_iter().take(most).map(|(t, _)| t.clone()).collect()
    }

    /// How alike this is to another; the same the other way round.
    pub fn compare(&self, other: &Subject) -> Alike {
        let words = self.cosine(other);
        let articles = |subject: &Subject| -> BTreeSet<(String, String)> {
            let with =
                |(rule, article): &(String, Option<String>)| Some((rule.clone(), article.clone()?));
            subject.rules.iter().filter_map(with).collect()
        };
        let regulations = |subject: &Subject| -> BTreeSet<String> {
            subject.rules.iter().map(|(rule, _)| rule.clone()).collect()
        };
        let mut because = Vec::new();
        let mut score = 100.0 * (1.6 * words).min(1.0) * 0.6;
        if !articles(self).is_disjoint(&articles(other)) {
            because.push(Likeness::SameArticle);
            score += 30.0;
        } else if !regulations(self).is_disjoint(&regulations(other)) {
            because.push(Likeness::SameRegulation);
            score += 15.0;
        }
        if !self.domains.is_disjoint(&other.domains) {
            because.push(Likeness::SameDomain);
            score += 10.0;
        }
        let words = percent(words);
        if words > 0 {
            because.push(Likeness::SameWords);
        }
        Alike {
            score: percent(score / 100.0),
            words,
            because,
        }
    }

    fn cosine(&self, other: &Subject) -> f64 {
        let length = |subject: &Subject| subject.terms.values().map(|w| w * w).sum::<f64>().sqrt();
        let both: f64 = self
            .terms
            .iter()
            .filter_map(|(term, weight)| Some(weight * other.terms.get(term)?))
            .sum();
        let lengths = length(self) * length(other);
        if lengths > 0.0 { both / lengths } else { 0.0 }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 100"
)]
fn percent(share: f64) -> u32 {
    (100.0 * share).round().clamp(0.0, 100.0) as u32
}

impl Alike {
    /// `zelfde artikel, 78 % gelijk`
    pub fn label(&self, language: Language) -> String {
        let reasons = self.because.iter().filter_map(|reason| match reason {
            Likeness::SameArticle => Some(language.pick("zelfde artikel", "same article")),
            Likeness::SameRegulation => Some(language.pick("zelfde regeling", "same regulation")),
            Likeness::SameDomain => {
                Some(language.pick("zelfde beleidsterrein", "same policy domain"))
            }
            Likeness::SameWords => None,
        });
        let mut parts: Vec<String> = reasons.map(str::to_owned).collect();
        parts.push(format!(
            "{} % {}",
            self.score,
            language.pick("gelijk", "alike")
        ));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn subject(title: &str, text: &str, rules: &[(&str, Option<&str>)]) -> Subject {
        let rules = rules
            .iter()
            .map(|(rule, article)| ((*rule).to_owned(), article.map(str::to_owned)));
        Subject::new(title, &[text], rules, &[])
    }

    #[test]
    fn the_same_is_wholly_alike_and_another_matter_is_not() {
        let school = subject(
            "Opheffingsnorm",
            "De kleine dorpsschool sluit.",
            &[("BWBR0003420", Some("153"))],
        );
        let same = school.compare(&school);
        assert_eq!((same.score, same.words), (90, 100));
        assert_eq!(same.label(Language::Nl), "zelfde artikel, 90 % gelijk");
        assert_eq!(same.label(Language::En), "same article, 90 % alike");
        let bus = subject(
            "Buurtbus",
            "Vrijwilligers rijden een bus.",
            &[("BWBR0011470", Some("76"))],
        );
        let other = school.compare(&bus);
        assert!(
            other.score < SUGGESTED && other.because.is_empty(),
            "{other:?}"
        );
    }

    #[test]
    fn the_rule_and_the_words_each_count() {
        let one = subject(
            "Norm voor kleine scholen",
            "De dorpsschool sluit.",
            &[("BWBR0003420", Some("153"))],
        );
        let words = subject("Kleine scholen", "Een dorpsschool moet sluiten.", &[]);
        let rule = subject("Iets anders", "Over vervoer.", &[("BWBR0003420", None)]);
        assert_eq!(one.compare(&words).because, [Likeness::SameWords]);
        assert_eq!(one.compare(&rule).because, [Likeness::SameRegulation]);
        assert!(one.compare(&words).score > one.compare(&rule).score);
    }

    proptest! {
        #[test]
        fn likeness_has_no_direction(a in "[a-z ]{0,60}", b in "[a-z ]{0,60}") {
            let (a, b) = (subject(&a, &b, &[]), subject(&b, "", &[]));
            prop_assert_eq!(a.compare(&b), b.compare(&a));
            prop_assert!(a.compare(&b).score <= 100);
        }
    }
}
