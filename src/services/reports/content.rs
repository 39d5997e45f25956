//! What a reporter wrote, checked against the reference data and completed from it.

use std::collections::HashSet;

use chrono::NaiveDate;

use crate::domain::citation::{Citation, CitationInput, Register};
use crate::domain::identifier::parse_municipality_code;
use crate::domain::invalid::FieldError;
use crate::domain::report::{Cited, Confidentiality, Contact, Content, Remedy};
use crate::domain::workflow::Places;
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::{places, policy_domains, regulations};

/// New values; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub title: Option<String>,
    pub description: Option<String>,
    pub effect: Option<String>,
    pub proposed_solution: Option<Option<String>>,
    pub citations: Option<Vec<CitationEntry>>,
    pub domains: Option<Vec<String>>,
    pub municipalities: Option<Vec<String>>,
    pub provinces: Option<Vec<String>>,
    pub requested: Option<Vec<Remedy>>,
    pub confidentiality: Option<Confidentiality>,
    pub external_reference: Option<Option<String>>,
    pub contact: Option<Option<Contact>>,
}

/// A citation as it was sent.
#[derive(Debug, Clone)]
pub struct CitationEntry {
    pub citation: CitationInput,
    /// This is the rule that hinders.
    pub primary: Option<bool>,
}

/// Applies changes to content: looks up what they name, and tells every fault at once. At most five statements, whatever
/// is named.
pub fn apply(
    conn: &mut Conn,
    content: &Content,
    changes: &Changes,
    today: NaiveDate,
) -> Result<Content, Error> {
    let mut next = content.clone();
    let mut errors = Vec::new();
    let set = |field: &mut String, value: &Option<String>| {
        if let Some(value) = value {
            value.trim().clone_into(field);
        }
    };
    set(&mut next.title, &changes.title);
    set(&mut next.description, &changes.description);
    set(&mut next.effect, &changes.effect);
    if let Some(solution) = &changes.proposed_solution {
        next.proposed_solution = solution
            .as_ref()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty());
    }
    if let Some(requested) = &changes.requested {
        next.requested.clone_from(requested);
    }
    if let Some(contact) = &changes.contact {
        next.contact.clone_from(contact);
    }
    if let Some(entries) = &changes.citations {
        match cite(conn, entries, today)? {
            Ok(citations) => next.citations = citations,
            Err(faults) => errors.extend(faults),
        }
    }
    if let Some(codes) = &changes.domains {
        errors.extend(unknown_domains(conn, codes)?);
        next.domains.clone_from(codes);
    }
    if changes.municipalities.is_some() || changes.provinces.is_some() {
        let municipalities = changes
            .municipalities
            .as_ref()
            .unwrap_or(&content.municipalities);
        let named = changes
            .provinces
            .as_ref()
            .unwrap_or(&content.named_provinces);
        match locate(conn, municipalities, named, today)? {
            Ok(places) => {
                next.municipalities = places.municipalities;
                next.provinces = places.provinces;
                next.regions = places.regions;
                next.named_provinces.clone_from(named);
            }
            Err(faults) => errors.extend(faults),
        }
    }
    if errors.is_empty() {
        Ok(next)
    } else {
        Err(Error::Invalid(errors))
    }
}

/// Parses citations and adds what is known of the regulations. An unknown or repealed one is a warning, not a refusal.
pub fn cite(
    conn: &mut Conn,
    entries: &[CitationEntry],
    today: NaiveDate,
) -> Result<Result<Vec<Cited>, Vec<FieldError>>, Error> {
    let mut errors = Vec::new();
    let mut parsed: Vec<Citation> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        match Citation::parse(entry.citation.clone(), &format!("/regulations/{at}"), today) {
            Ok(citation) if parsed.contains(&citation) => {
                errors.push(FieldError::new(
                    format!("/regulations/{at}"),
                    "duplicate_citation",
                ));
            }
            Ok(citation) => parsed.push(citation),
            Err(faults) => errors.extend(faults),
        }
    }
    let mut primaries = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.primary == Some(true))
        .skip(1)
        .peekable();
    if primaries.peek().is_some() {
        errors.extend(primaries.map(|(at, _)| {
            FieldError::new(format!("/regulations/{at}/primary"), "several_primary")
        }));
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    let identifiers: Vec<String> = parsed.iter().filter_map(Citation::regulation).collect();
    let known = if identifiers.is_empty() {
        Vec::new()
    } else {
        regulations::by_identifiers(conn, &identifiers)?
    };
    let primary = entries
        .iter()
        .position(|entry| entry.primary == Some(true))
        .unwrap_or(0);
    let cited = parsed.into_iter().enumerate().map(|(at, citation)| {
        let regulation = citation
            .regulation()
            .and_then(|id| known.iter().find(|regulation| regulation.identifier == id));
        let mut warnings = Vec::new();
        match regulation {
            None if citation.register != Register::Cvdr => {
                warnings.push("unknown_regulation".to_owned())
            }
            None => {}
            Some(regulation) => {
                if regulation.valid_until.is_some_and(|until| until <= today) {
                    warnings.push("repealed_regulation".to_owned());
                }
                if !regulation.verified {
                    warnings.push("unverified_identifier".to_owned());
                }
            }
        }
        Cited {
            primary: at == primary,
            title: regulation.map(|regulation| regulation.title.clone()),
            short_title: regulation.and_then(|regulation| regulation.short_title.clone()),
            warnings,
            citation,
        }
    });
    Ok(Ok(cited.collect()))
}

/// Faults of policy domains we do not know.
pub fn unknown_domains(conn: &mut Conn, codes: &[String]) -> Result<Vec<FieldError>, Error> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let known = policy_domains::known(conn, codes)?;
    let unknown = codes
        .iter()
        .enumerate()
        .filter(|(_, code)| !known.contains(code));
    Ok(unknown
        .map(|(at, _)| FieldError::new(format!("/domains/{at}"), "unknown_domain"))
        .collect())
}

/// Finds municipalities and derives their provinces and regions; `named` are provinces given by themselves.
pub fn locate(
    conn: &mut Conn,
    municipalities: &[String],
    named: &[String],
    today: NaiveDate,
) -> Result<Result<Places, Vec<FieldError>>, Error> {
    let mut errors = Vec::new();
    let codes: Vec<Option<String>> = municipalities
        .iter()
        .map(|code| parse_municipality_code(code))
        .collect();
    let wanted: Vec<String> = codes.iter().flatten().cloned().collect();
    let found = if wanted.is_empty() {
        Vec::new()
    } else {
        places::municipalities(conn, &wanted)?
    };
    let mut places = Places::default();
    for (at, code) in codes.iter().enumerate() {
        let pointer = format!("/municipalities/{at}");
        let municipality = code
            .as_ref()
            .and_then(|code| found.iter().find(|municipality| municipality.code == *code));
        match municipality {
            None => errors.push(FieldError::new(pointer, "unknown_municipality")),
            Some(ended) if ended.valid_until.is_some_and(|until| until <= today) => {
                errors.push(
                    FieldError::new(pointer, "ended_municipality")
                        .with("successors", ended.successors.join(", ")),
                );
            }
            Some(municipality) => {
                places.municipalities.push(municipality.code.clone());
                places.provinces.push(municipality.province_code.clone());
            }
        }
    }
    if !named.is_empty() {
        let known = places::known_provinces(conn, named)?;
        for (at, code) in named.iter().enumerate() {
            if known.contains(code) {
                places.provinces.push(code.clone());
            } else {
                errors.push(FieldError::new(
                    format!("/provinces/{at}"),
                    "unknown_province",
                ));
            }
        }
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    if !places.municipalities.is_empty() {
        places.regions = places::regions_of(conn, &places.municipalities, today)?;
    }
    places.provinces.sort();
    places.provinces.dedup();
    let mut seen = HashSet::new();
    places
        .municipalities
        .retain(|code| seen.insert(code.clone()));
    Ok(Ok(places))
}
