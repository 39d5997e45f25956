//! Days and names as people write them, in both languages.

use chrono::{Datelike, NaiveDate};

use crate::domain::actor::Language;

const MONTHS_NL: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `12 december 2026`
pub fn day(day: NaiveDate, language: Language) -> String {
    let months = match language {
        Language::Nl => MONTHS_NL,
        Language::En => MONTHS_EN,
    };
    let month = months
        .get(day.month0() as usize)
        .copied()
        .unwrap_or_default();
    format!("{} {month} {}", day.day(), day.year())
}

/// The name of an organisation as it stands within a sentence: `het Ministerie van …`, `gemeente Sluis`.
pub fn organisation(name: &str, language: Language) -> String {
    let article = language.pick("het", "the");
    match name.split_once(' ') {
        Some(("Ministerie", _)) => format!("{article} {name}"),
        Some((kind @ ("Gemeente" | "Provincie" | "Waterschap"), rest)) => {
            format!("{} {rest}", kind.to_lowercase())
        }
        _ => name.to_owned(),
    }
}

/// A property of a report in words, as it stands within a sentence.
pub fn field(name: &str, language: Language) -> Option<&'static str> {
    let (nl, en) = match name {
        "title" => ("de titel", "the title"),
        "description" => ("de omschrijving", "the description"),
        "effect" => ("het gevolg", "the effect"),
        "proposedSolution" => ("de voorgestelde oplossing", "the proposed solution"),
        "regulations" | "citations" => ("de regels", "the rules"),
        "domains" => ("de beleidsterreinen", "the policy domains"),
        "municipalities" => ("de gemeenten", "the municipalities"),
        "provinces" => ("de provincies", "the provinces"),
        "regions" => ("de regio's", "the regions"),
        "requested" => ("wat gevraagd wordt", "what is asked"),
        "contact" => ("de contactpersoon", "the contact person"),
        "confidentiality" => ("de vertrouwelijkheid", "the confidentiality"),
        "externalReference" => ("het eigen zaaknummer", "its own case number"),
        _ => return None,
    };
    Some(language.pick(nl, en))
}
