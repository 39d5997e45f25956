//! The facts the service starts with: who owns which rule, which municipalities, provinces and
//! regions exist, and the routing rules that follow from that.
//!
//! The data lies in `data/*.json`, one record a line, each file with its source and year (see
//! `data/README.md`). It is embedded in the binary and parsed on each call, so load it once: the
//! store seeds its tables from here, and from then on the tables are the truth.
//!
//! Codes tie the files together: a ministry's key (`OCW`), a CBS code (`GM1714`, `PV29`), a region
//! (`KR-…`, `AR-…`), a domain (`onderwijs-po`), a BWB id or a CELEX number. Enumerations are plain
//! text here and become types where they are used. The tests below hold all of this together;
//! broken data cannot be built into a release that passed them.

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Where the facts of one file come from; shown wherever the licence asks for attribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub file: &'static str,
    pub source: String,
    pub year: u16,
}

/// A ministry (ministerie) of the division of tasks since 2 July 2024.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ministry {
    /// Our key, the one all other files use.
    pub code: String,
    pub abbreviation: String,
    /// The full Dutch name, "Ministerie van …".
    pub name: String,
    pub name_en: String,
    /// TOOI code, `mnre0000`.
    pub tooi: String,
    /// Codes of the policy domains it leads.
    pub domains: Vec<String>,
    /// Other and former names and abbreviations.
    pub aliases: Vec<String>,
    /// First day under this name; empty if it existed before the division of 2024.
    pub valid_from: Option<NaiveDate>,
}

/// A standard text (standaardtekst), with gaps as `{reference}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StandardText {
    pub action: String,
    pub outcome: Option<String>,
    /// `nl` or `en`.
    pub language: String,
    pub name: String,
    pub text: String,
}

/// A province (provincie).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Province {
    pub code: String,
    pub name: String,
    /// TOOI code, `pv00`.
    pub tooi: String,
    pub aliases: Vec<String>,
}

/// A municipality (gemeente), of 2025 or ended since 2018.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Municipality {
    pub code: String,
    pub name: String,
    /// Of an ended municipality: the province of its successors.
    pub province_code: String,
    /// Known only for those created since 2018.
    pub valid_from: Option<NaiveDate>,
    /// The first day it no longer existed.
    pub valid_until: Option<NaiveDate>,
    /// Where an ended municipality went; several if it was divided.
    pub successors: Vec<String>,
}

/// A decline region (krimpregio) or anticipating region (anticipeerregio): a label, never a legal fact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Region {
    pub code: String,
    /// `decline` or `anticipating`.
    pub kind: String,
    pub name: String,
    pub aliases: Vec<String>,
    pub province_codes: Vec<String>,
    pub municipality_codes: Vec<String>,
    pub valid_from: NaiveDate,
    pub source: String,
    /// How sure the list of municipalities is: `high`, `medium` or `low`.
    pub confidence: String,
    pub note: Option<String>,
}

/// A policy domain (beleidsterrein) and its one lead ministry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Domain {
    pub code: String,
    pub label: String,
    pub label_en: String,
    pub lead_ministry: String,
}

/// A regulation (regeling) with a known identifier.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Regulation {
    pub identifier: String,
    /// `bwb` or `celex`: what the identifier is.
    pub register: String,
    pub title: String,
    pub short_title: String,
    pub aliases: Vec<String>,
    /// `act`, `order_in_council`, `ministerial_regulation`, `eu_regulation`, `eu_directive` or `bill`.
    pub kind: String,
    /// `national` or `eu`.
    pub level: String,
    /// The ministry that owns it; none for a rule of the EU.
    pub owner: Option<String>,
    /// Other ministries concerned; for a rule of the EU the Dutch points of contact, first one first.
    pub contacts: Vec<String>,
    pub domains: Vec<String>,
    /// Known only for some recent acts.
    pub valid_from: Option<NaiveDate>,
    /// The first day it no longer applied.
    pub valid_until: Option<NaiveDate>,
    /// What takes its place, wholly or largely, if that is in the list.
    pub successor: Option<String>,
    /// False: do not show the identifier as certain.
    pub verified: bool,
    /// In Dutch.
    pub note: Option<String>,
}

/// A routing rule that follows from the facts. Numbers never change; new rules get the next one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutingRule {
    /// Also its order among rules that are equally specific.
    pub number: u32,
    #[serde(default)]
    pub regulation: Option<String>,
    /// Articles and ranges of them; none for the whole.
    #[serde(default)]
    pub articles: Vec<String>,
    #[serde(default)]
    pub domain: Option<String>,
    pub lead: String,
    pub contributors: Vec<String>,
    /// `auto`, or `suggest`: the desk decides.
    pub mode: String,
    /// Reads on after what matched: "WPO artikel 153 → OCW, eigenaar van de regeling".
    pub explanation_nl: String,
    pub explanation_en: String,
}

/// An invented example of a report, with the ministry that should get it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SampleReport {
    pub id: String,
    /// `normal`, `hard` (its words point at the wrong ministry), `duplicate` or `no_owner`.
    pub kind: String,
    pub title: String,
    pub description: String,
    pub domains: Vec<String>,
    /// The first is the primary one.
    pub regulations: Vec<SampleCitation>,
    pub municipality: String,
    pub effect: String,
    pub proposed_solution: String,
    /// None where no ministry owns the rule.
    pub expected_lead: Option<String>,
    pub expected_involved: Vec<String>,
    /// Who owns the rule: `national`, `province`, `municipality` or `eu`.
    pub owner_level: String,
    pub duplicate_of: Option<String>,
}

/// One citation of a [`SampleReport`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SampleCitation {
    pub citation: String,
    pub article: Option<String>,
}

/// The form every data file has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataFile<T> {
    source: String,
    year: u16,
    #[serde(default, rename = "note")]
    _note: Option<String>,
    items: Vec<T>,
}

/// What the usual words are about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Described {
    /// Code of a policy domain.
    Domain(String),
    /// Identifier of a regulation.
    Regulation(String),
    /// Key of a ministry: its tasks.
    Ministry(String),
}

/// The usual words about something that an authority owns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Vocabulary {
    #[serde(flatten)]
    pub of: Described,
    pub words: String,
}

/// The embedded files, by name.
const FILES: [(&str, &str); 10] = [
    ("vocabulary.json", include_str!("data/vocabulary.json")),
    ("ministries.json", include_str!("data/ministries.json")),
    ("provinces.json", include_str!("data/provinces.json")),
    (
        "municipalities.json",
        include_str!("data/municipalities.json"),
    ),
    ("regions.json", include_str!("data/regions.json")),
    ("domains.json", include_str!("data/domains.json")),
    ("regulations.json", include_str!("data/regulations.json")),
    (
        "routing-rules.json",
        include_str!("data/routing-rules.json"),
    ),
    (
        "sample-reports.json",
        include_str!("data/sample-reports.json"),
    ),
    (
        "standard-texts.json",
        include_str!("data/standard-texts.json"),
    ),
];

/// The fifteen ministries.
pub fn ministries() -> Vec<Ministry> {
    items("ministries.json")
}

/// The twelve provinces.
pub fn provinces() -> Vec<Province> {
    items("provinces.json")
}

/// The municipalities of 2025 and those ended since 2018, by code.
pub fn municipalities() -> Vec<Municipality> {
    items("municipalities.json")
}

/// The decline and anticipating regions of 2019.
pub fn regions() -> Vec<Region> {
    items("regions.json")
}

/// The policy domains.
pub fn domains() -> Vec<Domain> {
    items("domains.json")
}

/// The regulations that reports are most likely to cite.
pub fn regulations() -> Vec<Regulation> {
    items("regulations.json")
}

/// The usual words about each policy domain.
pub fn vocabulary() -> Vec<Vocabulary> {
    items("vocabulary.json")
}

/// The first routing rules, in order.
pub fn routing_rules() -> Vec<RoutingRule> {
    items("routing-rules.json")
}

/// Twenty invented reports, for the demo and the tests.
pub fn sample_reports() -> Vec<SampleReport> {
    items("sample-reports.json")
}

/// The standard texts that the service comes with.
pub fn standard_texts() -> Vec<StandardText> {
    items("standard-texts.json")
}

/// The source and year of every file.
pub fn sources() -> Vec<Source> {
    FILES
        .iter()
        .map(|&(file, text)| {
            let data: DataFile<IgnoredAny> = parse(file, text);
            Source {
                file,
                source: data.source,
                year: data.year,
            }
        })
        .collect()
}

fn items<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let text = FILES
        .iter()
        .find(|(name, _)| *name == file)
        .map_or("", |(_, text)| text);
    parse(file, text).items
}

/// A broken file is a mistake in the build, not at run time: the tests read every one.
fn parse<T: DeserializeOwned>(file: &str, text: &str) -> DataFile<T> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("embedded {file} is broken: {error}"))
}

#[cfg(test)]
mod tests;
