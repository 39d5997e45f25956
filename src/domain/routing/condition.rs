//! The conditions of a routing rule (voorwaarden): a tree of all, any and not over what a report says. A condition on a
//! regulation looks at one citation at a time, the one that is asked about.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::actor::OrganisationKind;
use crate::domain::article::{natural_cmp, parse_article};
use crate::domain::code::{Code, code_list};
use crate::domain::invalid::FieldError;
use crate::domain::place::RegionKind;
use crate::domain::regulation::RegulationLevel;
use crate::domain::remedy::Remedy;
use crate::domain::routing::{CitedRule, Facts};
use crate::domain::terms;

/// How deep a tree may go; enough for whatever a person can still read.
pub const MOST_DEPTH: usize = 6;

/// How many conditions a rule may have.
pub const MOST_CONDITIONS: usize = 100;

code_list! {
    /// A text of the report that words may stand in (Dutch: veld).
    pub enum TextField {
        /// The title (titel).
        Title = "title",
        /// The description (omschrijving).
        Description = "description",
        /// The effect (gevolg).
        Effect = "effect",
    }
}

/// What must hold for a routing rule (Dutch: voorwaarde).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Regulation(CitedCondition),
    /// Code of a policy domain.
    Domain(String),
    /// Of the rule that is cited.
    Level(RegulationLevel),
    /// Of a municipality of the report; only suggests.
    RegionKind(RegionKind),
    /// Code of a province; only suggests.
    Province(String),
    ReporterKind(OrganisationKind),
    Requested(Remedy),
    /// Only suggests.
    Words(WordsCondition),
}

impl ToSchema for Condition {
    fn name() -> std::borrow::Cow<'static, str> {
        "RoutingCondition".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((T::name().into_owned(), T::schema()));
            T::schemas(schemas);
        }
        add::<CitedCondition>(schemas);
        add::<RegulationLevel>(schemas);
        add::<RegionKind>(schemas);
        add::<OrganisationKind>(schemas);
        add::<Remedy>(schemas);
        add::<WordsCondition>(schemas);
    }
}

/// An object with exactly one property: generators of clients cannot make a choice between objects that refers to itself.
impl PartialSchema for Condition {
    fn schema() -> RefOr<Schema> {
        const ITSELF: &str = "RoutingCondition";
        let described = |to: String, text: &str| {
            RefOr::Ref(
                Ref::builder()
                    .ref_location_from_schema_name(to)
                    .description(Some(text))
                    .build(),
            )
        };
        let list = |text: &str| {
            ArrayBuilder::new()
                .items(Ref::from_schema_name(ITSELF))
                .min_items(Some(1))
                .max_items(Some(MOST_CONDITIONS))
                .description(Some(text))
        };
        let code = |text: &str| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .max_length(Some(60))
                .description(Some(text))
        };
        let refers =
            |name: std::borrow::Cow<'static, str>, text: &str| described(name.into_owned(), text);
        ObjectBuilder::new()
            .description(Some(
                "What must hold for a routing rule (Dutch: voorwaarde): an object with one of these properties.",
            ))
            .property("all", list("Every one of these holds (alle)."))
            .property("any", list("At least one of these holds (minstens een)."))
            .property("not", refers(ITSELF.into(), "This does not hold (niet)."))
            .property(
                "regulation",
                refers(CitedCondition::name(), "This regulation is cited (regeling)."),
            )
            .property(
                "domain",
                code("The report belongs to this policy domain: its code (beleidsterrein)."),
            )
            .property(
                "level",
                refers(
                    RegulationLevel::name(),
                    "The cited rule was made at this level of government (bestuurslaag).",
                ),
            )
            .property(
                "regionKind",
                refers(
                    RegionKind::name(),
                    "A municipality of the report lies in a region of this kind (soort regio); only suggests.",
                ),
            )
            .property(
                "province",
                code("The report is about this province: its code, as PV29 (provincie); only suggests."),
            )
            .property(
                "reporterKind",
                refers(
                    OrganisationKind::name(),
                    "The reporter is an organisation of this kind (soort melder).",
                ),
            )
            .property("requested", refers(Remedy::name(), "The reporter asks for this (gevraagd)."))
            .property(
                "words",
                refers(
                    WordsCondition::name(),
                    "The text has these words (woorden), one after another and in any of their forms; only suggests.",
                ),
            )
            .min_properties(Some(1))
            .max_properties(Some(1))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .examples([serde_json::json!({"regulation": {"id": "BWBR0003420", "articles": ["153-157"]}})])
            .build()
            .into()
    }
}

/// A regulation, or some of its articles (Dutch: regeling of artikelen).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"id": "BWBR0003420", "articles": ["153-157"]}))]
pub struct CitedCondition {
    /// Identifier of the regulation, as BWBR0003420 (kenmerk).
    pub id: String,
    /// Articles (`153`, `3:4`) and ranges of them with both ends in (`153-157`, `2.1-2.9`); none for the whole (artikelen).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub articles: Vec<String>,
}

/// Words that stand in a text (Dutch: woorden).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"phrase": "leerlingenvervoer", "in": ["title", "description"]}))]
pub struct WordsCondition {
    /// A word, or several that follow each other (woorden).
    #[schema(min_length = 1, max_length = 100)]
    pub phrase: String,
    /// Where they may stand; anywhere unless said (velden).
    #[serde(default, rename = "in", skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<TextField>,
}

/// An article, or a range of them with both ends in, in the order in which a regulation numbers them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleRange {
    first: String,
    last: String,
}

impl ArticleRange {
    /// Reads `153`, `153-157`, `3:4` or `3:4-3:10`; none when it is neither, or ends before it begins.
    pub fn parse(text: &str) -> Option<Self> {
        // A range first: an article with a hyphen in it (`7-A`) is no range of two numbers.
        let range = text.split_once('-').and_then(|(first, last)| {
            let (first, last) = (parse_article(first)?, parse_article(last)?);
            let numbers = [&first, &last]
                .iter()
                .all(|label| label.starts_with(|c: char| c.is_ascii_digit()));
            numbers.then_some((first, last))
        });
        let (first, last) = match range {
            Some(ends) => ends,
            None => {
                let one = parse_article(text)?;
                (one.clone(), one)
            }
        };
        (natural_cmp(&first, &last) != Ordering::Greater).then_some(Self { first, last })
    }

    pub fn holds(&self, article: &str) -> bool {
        natural_cmp(&self.first, article) != Ordering::Greater
            && natural_cmp(article, &self.last) != Ordering::Greater
    }

    pub fn is_one(&self) -> bool {
        self.first == self.last
    }

    /// Every article of the other is one of this.
    fn covers(&self, other: &Self) -> bool {
        self.holds(&other.first) && self.holds(&other.last)
    }
}

impl std::fmt::Display for ArticleRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_one() {
            f.write_str(&self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

/// How exactly a rule fits: the narrower its condition on the citation, the higher; then the more it asks besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    pub rank: Rank,
    /// Other conditions that had to hold as well.
    pub besides: usize,
}

/// The narrowest condition that held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Nothing but what the report is not.
    Nothing,
    /// Words of the text, a region or a province.
    Text,
    /// A policy domain, the level of the rule, who reports or what is asked.
    Subject,
    Regulation,
    Articles,
    Article,
}

/// That a condition holds, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    pub specificity: Specificity,
    /// The conditions that held, each by what in the report.
    pub by: Vec<Matched>,
}

/// A part of the report that a condition held by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matched {
    /// The citation, by what people call it.
    Citation(String),
    Level(RegulationLevel),
    Domain(String),
    RegionKind(RegionKind),
    Province(String),
    ReporterKind(OrganisationKind),
    Requested(Remedy),
    Words(String),
}

impl Matched {
    pub fn is_domain(&self, code: &str) -> bool {
        matches!(self, Matched::Domain(domain) if domain == code)
    }
}

impl Fit {
    fn new(rank: Rank, by: Vec<Matched>) -> Self {
        Self {
            specificity: Specificity { rank, besides: 0 },
            by,
        }
    }

    /// A citation of the report, or its level, was among what held.
    pub fn cites(&self) -> bool {
        self.by
            .iter()
            .any(|part| matches!(part, Matched::Citation(_) | Matched::Level(_)))
    }

    /// It holds by words, a region or a province alone or among others: a likelihood, never a ground to route.
    pub fn is_guess(&self) -> bool {
        let guess = |part: &Matched| {
            matches!(
                part,
                Matched::Words(_) | Matched::RegionKind(_) | Matched::Province(_)
            )
        };
        self.by.iter().any(guess)
    }

    fn and(mut self, other: Self) -> Self {
        let narrower = self.specificity.rank.max(other.specificity.rank);
        let both = self.by.len() + other.by.len();
        self.by.extend(other.by);
        self.specificity = Specificity {
            rank: narrower,
            besides: both.saturating_sub(1),
        };
        self
    }
}

/// A condition made ready: ranges read, words stemmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Regulation {
        id: String,
        articles: Vec<ArticleRange>,
    },
    Domain(String),
    Level(RegulationLevel),
    RegionKind(RegionKind),
    Province(String),
    ReporterKind(OrganisationKind),
    Requested(Remedy),
    Words {
        phrase: String,
        terms: Vec<String>,
        fields: Vec<TextField>,
    },
}

impl From<&Condition> for Test {
    /// Ranges that cannot be read hold for nothing: they were refused when the rule was written.
    fn from(condition: &Condition) -> Self {
        match condition {
            Condition::All(of) => Test::All(of.iter().map(Test::from).collect()),
            Condition::Any(of) => Test::Any(of.iter().map(Test::from).collect()),
            Condition::Not(of) => Test::Not(Box::new(Test::from(of.as_ref()))),
            Condition::Regulation(cited) if cited.articles.is_empty() => Test::Regulation {
                id: cited.id.clone(),
                articles: Vec::new(),
            },
            Condition::Regulation(cited) => {
                let read = cited
                    .articles
                    .iter()
                    .filter_map(|text| ArticleRange::parse(text));
                match read.collect::<Vec<_>>() {
                    none if none.is_empty() => Test::Any(Vec::new()),
                    articles => Test::Regulation {
                        id: cited.id.clone(),
                        articles,
                    },
                }
            }
            Condition::Domain(code) => Test::Domain(code.clone()),
            Condition::Level(level) => Test::Level(*level),
            Condition::RegionKind(kind) => Test::RegionKind(*kind),
            Condition::Province(code) => Test::Province(code.clone()),
            Condition::ReporterKind(kind) => Test::ReporterKind(*kind),
            Condition::Requested(remedy) => Test::Requested(*remedy),
            Condition::Words(words) => Test::Words {
                phrase: words.phrase.clone(),
                terms: terms_of(&words.phrase),
                fields: if words.fields.is_empty() {
                    TextField::ALL.to_vec()
                } else {
                    words.fields.clone()
                },
            },
        }
    }
}

/// The terms of a text in their order, without those that say nothing.
pub fn terms_of(text: &str) -> Vec<String> {
    let words = terms::words(text).into_iter().filter(|word| !word.empty);
    words.map(|word| word.term).collect()
}

impl Test {
    /// Whether it holds for a report, asked about one of its citations or about none.
    pub fn fit(&self, cited: Option<&CitedRule>, facts: &Facts) -> Option<Fit> {
        let subject = |holds: bool, by: Matched| holds.then(|| Fit::new(Rank::Subject, vec![by]));
        let guess = |holds: bool, by: Matched| holds.then(|| Fit::new(Rank::Text, vec![by]));
        match self {
            Test::All(of) => of
                .iter()
                .map(|test| test.fit(cited, facts))
                .try_fold(Fit::new(Rank::Nothing, Vec::new()), |all, one| {
                    Some(all.and(one?))
                }),
            // The narrowest of those that hold.
            Test::Any(of) => {
                of.iter()
                    .filter_map(|test| test.fit(cited, facts))
                    .reduce(|best, one| {
                        if one.specificity > best.specificity {
                            one
                        } else {
                            best
                        }
                    })
            }
            Test::Not(of) => match of.fit(cited, facts) {
                Some(_) => None,
                None => Some(Fit::new(Rank::Nothing, Vec::new())),
            },
            Test::Regulation { id, articles } => {
                let cited = cited.filter(|cited| cited.identifier.as_ref() == Some(id))?;
                let by = vec![Matched::Citation(cited.label.clone())];
                if articles.is_empty() {
                    return Some(Fit::new(Rank::Regulation, by));
                }
                let article = cited.article.as_ref()?;
                let holding = articles.iter().filter(|range| range.holds(article));
                let one = holding.map(ArticleRange::is_one).max()?;
                let rank = if one { Rank::Article } else { Rank::Articles };
                Some(Fit::new(rank, by))
            }
            Test::Level(level) => subject(cited?.level == Some(*level), Matched::Level(*level)),
            Test::Domain(code) => {
                subject(facts.domains.contains(code), Matched::Domain(code.clone()))
            }
            Test::ReporterKind(kind) => subject(
                facts.reporter_kind == Some(*kind),
                Matched::ReporterKind(*kind),
            ),
            Test::Requested(remedy) => subject(
                facts.requested.contains(remedy),
                Matched::Requested(*remedy),
            ),
            Test::RegionKind(kind) => guess(
                facts.region_kinds.contains(kind),
                Matched::RegionKind(*kind),
            ),
            Test::Province(code) => guess(
                facts.provinces.contains(code),
                Matched::Province(code.clone()),
            ),
            Test::Words {
                phrase,
                terms,
                fields,
            } => {
                let stands = |field: &TextField| {
                    let text = facts.text.of(*field);
                    !terms.is_empty() && text.windows(terms.len()).any(|window| window == terms)
                };
                guess(fields.iter().any(stands), Matched::Words(phrase.clone()))
            }
        }
    }

    /// The regulations of which one has to be cited for it to hold; none when it can hold without. What a rule set is
    /// indexed by.
    pub fn needs_one_of(&self) -> Option<Vec<&str>> {
        match self {
            Test::Regulation { id, .. } => Some(vec![id]),
            Test::All(of) => of
                .iter()
                .filter_map(Test::needs_one_of)
                .min_by_key(Vec::len),
            Test::Any(of) => {
                let each: Option<Vec<Vec<&str>>> = of.iter().map(Test::needs_one_of).collect();
                each.map(|each| each.concat())
            }
            _ => None,
        }
    }

    /// Whether it may hold by words, a region or a province.
    pub fn guesses(&self) -> bool {
        match self {
            Test::All(of) | Test::Any(of) => of.iter().any(Test::guesses),
            Test::Not(of) => of.guesses(),
            Test::RegionKind(_) | Test::Province(_) | Test::Words { .. } => true,
            _ => false,
        }
    }

    /// Whatever the other holds for, this holds for too: known of a few forms, false where it is not known.
    pub fn covers(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        match (self, other) {
            (Test::All(of), _) => of.iter().all(|part| part.covers(other)),
            (_, Test::Any(of)) if !of.is_empty() => of.iter().all(|part| self.covers(part)),
            (Test::Any(of), _) if of.iter().any(|part| part.covers(other)) => true,
            (_, Test::All(of)) => of.iter().any(|part| self.covers(part)),
            (
                Test::Regulation { id, articles },
                Test::Regulation {
                    id: other_id,
                    articles: others,
                },
            ) => {
                let within = |range: &ArticleRange| articles.iter().any(|own| own.covers(range));
                id == other_id
                    && (articles.is_empty() || (!others.is_empty() && others.iter().all(within)))
            }
            _ => false,
        }
    }

    /// It asks for what cannot be together, so that it never holds: known of a few forms, false where it is not known.
    pub fn is_contradiction(&self) -> bool {
        match self {
            Test::Any(of) => of.iter().all(Test::is_contradiction),
            Test::All(of) => {
                let pairs = |one: &Test| of.iter().any(|other| one.excludes(other));
                of.iter().any(|part| part.is_contradiction() || pairs(part))
            }
            _ => false,
        }
    }

    /// The two never hold together.
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Test::Not(not), held) | (held, Test::Not(not)) => not.covers(held),
            (Test::Level(one), Test::Level(two)) => one != two,
            (Test::ReporterKind(one), Test::ReporterKind(two)) => one != two,
            (
                Test::Regulation { id, articles },
                Test::Regulation {
                    id: other_id,
                    articles: others,
                },
            ) => {
                let meets = |one: &ArticleRange, two: &ArticleRange| {
                    one.holds(&two.first) || two.holds(&one.first)
                };
                let apart = !articles.is_empty()
                    && !others.is_empty()
                    && !articles
                        .iter()
                        .any(|one| others.iter().any(|two| meets(one, two)));
                id != other_id || apart
            }
            _ => false,
        }
    }
}

/// What is wrong with the form of a condition; `pointer` says where it stands. Whether what it names exists is for who
/// knows.
pub fn faults(condition: &Condition, pointer: &str) -> Vec<FieldError> {
    let mut found = Vec::new();
    let mut count = 0;
    look(condition, pointer, 1, &mut count, &mut found);
    if count > MOST_CONDITIONS {
        found.push(FieldError::new(pointer, "too_many").with("limit", MOST_CONDITIONS));
    }
    if found.is_empty() && Test::from(condition).is_contradiction() {
        found.push(FieldError::new(pointer, "never_holds"));
    }
    found
}

fn look(
    condition: &Condition,
    pointer: &str,
    depth: usize,
    count: &mut usize,
    found: &mut Vec<FieldError>,
) {
    *count += 1;
    if depth > MOST_DEPTH {
        found.push(FieldError::new(pointer, "too_deep").with("limit", MOST_DEPTH));
        return;
    }
    match condition {
        Condition::All(of) | Condition::Any(of) => {
            let name = if matches!(condition, Condition::All(_)) {
                "all"
            } else {
                "any"
            };
            if of.is_empty() {
                found.push(FieldError::new(format!("{pointer}/{name}"), "required"));
            }
            for (at, part) in of.iter().enumerate() {
                look(
                    part,
                    &format!("{pointer}/{name}/{at}"),
                    depth + 1,
                    count,
                    found,
                );
            }
        }
        Condition::Not(of) => look(of, &format!("{pointer}/not"), depth + 1, count, found),
        Condition::Regulation(cited) => {
            for (at, text) in cited.articles.iter().enumerate() {
                if ArticleRange::parse(text).is_none() {
                    let place = format!("{pointer}/regulation/articles/{at}");
                    found.push(FieldError::new(place, "bad_article_range"));
                }
            }
        }
        Condition::Words(words) => {
            let place = format!("{pointer}/words/phrase");
            if terms_of(&words.phrase).is_empty() {
                found.push(FieldError::new(place, "no_words"));
            }
        }
        _ => {}
    }
}

impl Condition {
    /// Each condition of the tree that names something, with where it stands.
    pub fn leaves<'a>(&'a self, pointer: &str) -> Vec<(String, &'a Condition)> {
        match self {
            Condition::All(of) | Condition::Any(of) => {
                let name = if matches!(self, Condition::All(_)) {
                    "all"
                } else {
                    "any"
                };
                of.iter()
                    .enumerate()
                    .flat_map(|(at, part)| part.leaves(&format!("{pointer}/{name}/{at}")))
                    .collect()
            }
            Condition::Not(of) => of.leaves(&format!("{pointer}/not")),
            leaf => vec![(pointer.to_owned(), leaf)],
        }
    }

    /// The regulations that stand in it, as a filter of lists has them.
    pub fn regulations(&self) -> Vec<&str> {
        self.named(|leaf| match leaf {
            Condition::Regulation(cited) => Some(cited.id.as_str()),
            _ => None,
        })
    }

    /// The policy domains that stand in it.
    pub fn domains(&self) -> Vec<&str> {
        self.named(|leaf| match leaf {
            Condition::Domain(code) => Some(code.as_str()),
            _ => None,
        })
    }

    fn named<'a>(&'a self, pick: impl Fn(&'a Condition) -> Option<&'a str>) -> Vec<&'a str> {
        let leaves = self.leaves("");
        let mut named: Vec<&str> = leaves.iter().filter_map(|(_, leaf)| pick(leaf)).collect();
        named.sort_unstable();
        named.dedup();
        named
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
