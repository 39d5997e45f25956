//! Ranking authorities by the words of a report, where no rule is certain: BM25 over what is known of the laws and policy
//! domains of each authority, and of earlier reports that were settled. It only ever suggests, names the words that made
//! it, and is silent when they say too little.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::id::OrganisationId;
use crate::domain::routing::{Because, Decision, Neighbour, Routing, Suggestion};
use crate::domain::terms;

/// How soon the weight of a word that is said often levels off.
const SATURATION: f64 = 1.2;
/// How much a long description counts against itself: little, since a rich one is no worse.
const LENGTH: f64 = 0.2;
/// What a part of a compound weighs beside the word itself: "vervoer" in "leerlingenvervoer".
const PART: f64 = 0.5;
/// Shorter words are no part of a compound: they would be found in everything.
const SHORTEST_PART: usize = 5;
/// What a word of the title weighs beside one of the text.
const TITLE: f64 = 2.0;
/// What the second and the third source of an authority add to the first.
const FURTHER: [f64; 2] = [0.4, 0.2];
/// An authority that scores less than this part of the first is not suggested.
const NEAR: f64 = 0.3;
/// Below this the words say too little: it abstains.
const SURE: f64 = 5.0;
/// As many different words have to speak for an authority,
const WORDS: usize = 2;
/// unless one alone is so rare that it scores this.
const TELLING: f64 = 9.0;
/// Suggestions at most.
const MOST: usize = 5;
/// Words that are named at most.
const NAMED: usize = 6;

/// What is known of one thing that an authority owns.
#[derive(Debug, Clone)]
pub struct Source {
    pub authority: OrganisationId,
    /// What it is called: "policy domain Primary education".
    pub label: Because,
    /// Its names and the usual words about it.
    pub text: String,
}

#[derive(Debug, Clone)]
struct Document {
    authority: OrganisationId,
    label: Because,
    length: f64,
}

/// The sources, made ready.
#[derive(Debug, Clone, Default)]
pub struct Ranker {
    documents: Vec<Document>,
    /// For each term the documents that have it, and how much.
    postings: HashMap<String, Vec<(usize, f64)>>,
    mean_length: f64,
}

/// An authority that the words speak for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    pub authority: OrganisationId,
    pub score: f64,
    /// The words of the report that made it, as they stand there, the weightiest first.
    pub words: Vec<String>,
    /// What of the authority they point at, the likeliest first.
    pub sources: Vec<Because>,
}

/// A word of the report: how much it weighs, and how it stands there.
struct Said {
    weight: f64,
    word: String,
}

impl Ranker {
    pub fn new(sources: impl IntoIterator<Item = Source>) -> Self {
        let mut ranker = Self::default();
        let sources: Vec<(Source, BTreeMap<String, u32>)> = sources
            .into_iter()
            .map(|source| {
                let counted = terms::counted(&source.text);
                (source, counted)
            })
            .collect();
        let known: BTreeSet<&str> = sources
            .iter()
            .flat_map(|(_, counted)| counted.keys().map(String::as_str))
            .collect();
        for (at, (source, counted)) in sources.iter().enumerate() {
            let mut weights: BTreeMap<&str, f64> = BTreeMap::new();
            for (term, times) in counted {
                *weights.entry(term).or_default() += f64::from(*times);
                for part in parts(term, |part| known.contains(part)) {
                    *weights.entry(part).or_default() += PART * f64::from(*times);
                }
            }
            for (term, weight) in &weights {
                let of_term = ranker.postings.entry((*term).to_owned()).or_default();
                of_term.push((at, *weight));
            }
            ranker.documents.push(Document {
                authority: source.authority,
                label: source.label.clone(),
                length: weights.values().sum(),
            });
        }
        let total: f64 = ranker.documents.iter().map(|one| one.length).sum();
        ranker.mean_length = total / (ranker.documents.len().max(1) as f64);
        ranker
    }

    /// The authorities that the words of a report speak for, the likeliest first; none when they say too little.
    pub fn rank(&self, title: &str, texts: &[&str]) -> Vec<Ranked> {
        let said = self.said(title, texts);
        // For each document its score, and what each word adds.
        let mut scores: BTreeMap<usize, Vec<(f64, &str)>> = BTreeMap::new();
        for (term, Said { weight, word }) in &said {
            let Some(of_term) = self.postings.get(term) else {
                continue;
            };
            let (all, having) = (self.documents.len() as f64, of_term.len() as f64);
            let rarity = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
            for (at, times) in of_term {
                let Some(document) = self.documents.get(*at) else {
                    continue;
                };
                let norm = 1.0 - LENGTH + LENGTH * document.length / self.mean_length;
                let often = times * (SATURATION + 1.0) / (times + SATURATION * norm);
                let adds = rarity * often * weight;
                scores.entry(*at).or_default().push((adds, word));
            }
        }
        let mut of_authority: BTreeMap<OrganisationId, Vec<(f64, usize)>> = BTreeMap::new();
        for (at, adds) in &scores {
            let score = adds.iter().map(|(score, _)| score).sum();
            if let Some(document) = self.documents.get(*at) {
                let own = of_authority.entry(document.authority).or_default();
                own.push((score, *at));
            }
        }
        let mut ranked: Vec<Ranked> = of_authority
            .into_iter()
            .map(|(authority, own)| self.ranked(authority, own, &scores))
            .filter(|one| one.score >= SURE && (one.words.len() >= WORDS || one.score >= TELLING))
            .collect();
        ranked.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(a.authority.cmp(&b.authority))
        });
        let first = ranked.first().map_or(0.0, |first| first.score);
        ranked.retain(|one| one.score >= first * NEAR);
        ranked.truncate(MOST);
        ranked
    }

    fn ranked(
        &self,
        authority: OrganisationId,
        mut own: Vec<(f64, usize)>,
        scores: &BTreeMap<usize, Vec<(f64, &str)>>,
    ) -> Ranked {
        own.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        own.truncate(1 + FURTHER.len());
        let parts = std::iter::once(1.0).chain(FURTHER);
        let score = own.iter().zip(parts).map(|((score, _), part)| score * part);
        let mut words: BTreeMap<&str, f64> = BTreeMap::new();
        for (_, at) in &own {
            for (adds, word) in scores.get(at).into_iter().flatten() {
                let most = words.entry(*word).or_default();
                *most = most.max(*adds);
            }
        }
        let mut words: Vec<(&str, f64)> = words.into_iter().collect();
        words.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        Ranked {
            authority,
            score: score.sum(),
            words: words
                .into_iter()
                .take(NAMED)
                .map(|(word, _)| word.to_owned())
                .collect(),
            sources: own
                .iter()
                .take(2)
                .filter_map(|(_, at)| Some(self.documents.get(*at)?.label.clone()))
                .collect(),
        }
    }

    /// The terms of a report that the sources know, with what they weigh: a word said often weighs more, and not as much
    /// more as it is said. A word that is not known stands for the known words it is made of.
    fn said(&self, title: &str, texts: &[&str]) -> BTreeMap<String, Said> {
        let mut counts: BTreeMap<String, (f64, String)> = BTreeMap::new();
        let all = std::iter::once((title, TITLE)).chain(texts.iter().map(|text| (*text, 1.0)));
        for (text, weight) in all {
            for word in terms::words(text).into_iter().filter(|word| !word.empty) {
                let as_it_stands = text.get(word.at.clone()).unwrap_or_default();
                let mut count = |term: &str, weight: f64| {
                    let entry = counts
                        .entry(term.to_owned())
                        .or_insert_with(|| (0.0, as_it_stands.to_lowercase()));
                    entry.0 += weight;
                };
                if self.postings.contains_key(&word.term) {
                    count(&word.term, weight);
                } else {
                    for part in parts(&word.term, |part| self.postings.contains_key(part)) {
                        count(part, weight * PART);
                    }
                }
            }
        }
        let weighed = |(term, (count, word)): (String, (f64, String))| {
            let weight = if count > 1.0 { 1.0 + count.ln() } else { count };
            (term, Said { weight, word })
        };
        counts.into_iter().map(weighed).collect()
    }
}

/// The longest known words that a compound begins and ends with.
fn parts(term: &str, known: impl Fn(&str) -> bool) -> Vec<&str> {
    // Terms that are no plain letters are numbers and identifiers.
    if !term.is_ascii() || term.len() < 2 * SHORTEST_PART - 2 {
        return Vec::new();
    }
    let beginning = (SHORTEST_PART..term.len())
        .rev()
        .map(|end| &term[..end])
        .find(|part| known(part));
    let ending = (1..=term.len() - SHORTEST_PART)
        .map(|start| &term[start..])
        .find(|part| known(part));
    beginning.into_iter().chain(ending).collect()
}

impl Ranked {
    fn because(&self) -> Because {
        let joined = |pick: fn(&Because) -> &str| {
            let all: Vec<&str> = self.sources.iter().map(pick).collect();
            all.join(", ")
        };
        let words = self.words.join(", ");
        Because {
            nl: format!("woorden als {words} ({})", joined(|one| &one.nl)),
            en: format!("words such as {words} ({})", joined(|one| &one.en)),
        }
    }
}

impl Routing {
    /// Adds who the words speak for to what is left to the desk: behind what the rules suggest, or as another reason for it.
    pub fn with_ranked(mut self, ranked: Vec<Ranked>) -> Self {
        if self.decision == Decision::Auto {
            return self;
        }
        for one in ranked {
            let because = one.because();
            let known = self
                .suggestions
                .iter_mut()
                .find(|suggestion| suggestion.authority == one.authority);
            match known {
                Some(suggestion) => {
                    let said = &mut suggestion.because;
                    said.nl = format!("{}; {}", said.nl, because.nl);
                    said.en = format!("{}; {}", said.en, because.en);
                }
                None => self
                    .suggestions
                    .push(Suggestion::new(one.authority, because)),
            }
        }
        if !self.suggestions.is_empty() {
            self.decision = Decision::Suggested;
        }
        self
    }

    /// Adds who settled reports like it to what is left to the desk, as `with_ranked` does.
    pub fn with_neighbours(mut self, found: Vec<(OrganisationId, Neighbour)>) -> Self {
        if self.decision == Decision::Auto {
            return self;
        }
        for (authority, neighbour) in found {
            let known = self
                .suggestions
                .iter()
                .position(|suggestion| suggestion.authority == authority);
            let at = known.unwrap_or(self.suggestions.len());
            if known.is_none() {
                let nothing = Because {
                    nl: String::new(),
                    en: String::new(),
                };
                self.suggestions.push(Suggestion::new(authority, nothing));
            }
            if let Some(suggestion) = self.suggestions.get_mut(at) {
                suggestion.neighbours.push(neighbour);
            }
        }
        for suggestion in &mut self.suggestions {
            let (nl, en) = match suggestion.neighbours.len() {
                0 => continue,
                1 => (
                    "lijkt op een melding die daar is afgehandeld".to_owned(),
                    "like a report that was settled there".to_owned(),
                ),
                count => (
                    format!("lijkt op {count} meldingen die daar zijn afgehandeld"),
                    format!("like {count} reports that were settled there"),
                ),
            };
            let said = &mut suggestion.because;
            for (text, more) in [(&mut said.nl, nl), (&mut said.en, en)] {
                if !text.is_empty() {
                    text.push_str("; ");
                }
                text.push_str(&more);
            }
        }
        if !self.suggestions.is_empty() {
            self.decision = Decision::Suggested;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation(number: u128) -> OrganisationId {
        OrganisationId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn ranker() -> Ranker {
        let source = |number, label: &str, text: &str| Source {
            authority: organisation(number),
            label: Because {
                nl: label.into(),
                en: label.into(),
            },
            text: text.into(),
        };
        let of_all = [
            source(
                1,
                "onderwijs",
                "basisschool school leerling leerlingenvervoer bekostiging norm",
            ),
            source(2, "vervoer", "openbaar vervoer bus buslijn taxi chauffeur"),
            source(3, "zorg", "huisarts apotheek geneesmiddel zorg norm"),
            source(3, "wmo", "hulp huishouden scootmobiel mantelzorg"),
        ];
        // As many others as make a word telling.
        let fillers =
            (10..90).map(|number| source(number, "overig", &format!("zaak{number} norm")));
        Ranker::new(of_all.into_iter().chain(fillers))
    }

    #[test]
    fn the_words_decide_and_are_named() {
        let ranked = ranker().rank(
            "De school moet dicht",
            &["Onze basisscholen hebben te weinig leerlingen."],
        );
        assert_eq!(ranked[0].authority, organisation(1));
        assert_eq!(
            ranked[0].words,
            ["school", "leerlingen", "basisscholen"].map(str::to_owned)
        );
        assert_eq!(ranked[0].sources[0].nl, "onderwijs");
    }

    #[test]
    fn compounds_are_taken_apart_both_ways() {
        // The source has the compound, the report its parts; and the other way round.
        let ranked = ranker().rank(
            "Vervoer",
            &["Leerlingen gaan met een schoolbus en met buurtvervoer naar de chauffeur"],
        );
        let found: Vec<_> = ranked.iter().map(|one| one.authority).collect();
        assert!(found.contains(&organisation(2)), "{ranked:?}");
        assert!(parts("buurtvervoer", |part| part == "vervoer").contains(&"vervoer"));
    }

    #[test]
    fn it_is_silent_when_the_words_say_too_little() {
        assert_eq!(
            ranker().rank("Een regel knelt", &["Wij willen graag iets anders."]),
            []
        );
        assert_eq!(ranker().rank("", &[]), []);
        // One word alone is not enough.
        assert_eq!(ranker().rank("norm", &[]), []);
    }

    #[test]
    fn it_adds_to_what_rules_suggest_and_never_decides() {
        let ranked = ranker().rank("School en leerling", &["leerlingenvervoer basisschool"]);
        assert!(!ranked.is_empty());
        let routing = Routing {
            decision: Decision::None,
            lead: None,
            contributors: Vec::new(),
            explanation: Because {
                nl: String::new(),
                en: String::new(),
            },
            suggestions: Vec::new(),
            rule: None,
            considered: Vec::new(),
            watchers: Vec::new(),
            priority: None,
            deadline_profile: None,
            terms: None,
            may_be_split: false,
        };
        let added = routing.clone().with_ranked(ranked.clone());
        assert_eq!((added.decision, added.lead), (Decision::Suggested, None));
        assert!(
            added.suggestions[0]
                .because
                .en
                .starts_with("words such as ")
        );
        let decided = Routing {
            decision: Decision::Auto,
            ..routing
        };
        assert_eq!(decided.clone().with_ranked(ranked), decided);
    }
}
