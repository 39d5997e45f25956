//! A regulation as it is added and changed: the request types, and what becomes of them.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::citation::{Citation, CitationInput, Register};
use crate::domain::id::OrganisationId;
use crate::domain::regulation::{Regulation, RegulationKind, RegulationLevel};
use crate::http::reference::put;
use crate::http::report_input::given;

/// A regulation to add (Dutch: nieuwe regeling).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "identifier": "CVDR641839", "title": "Verordening leerlingenvervoer", "shortTitle": "Verordening leerlingenvervoer",
    "kind": "by_law", "level": "municipal", "domains": ["onderwijs-po"], "verified": true
}))]
pub struct RegulationRequest {
    /// BWB, CVDR or CELEX identifier, without a version (kenmerk).
    #[schema(
        max_length = 40,
        pattern = r"^(BWB[RVW][0-9]{7}|CVDR[0-9]{1,7}|[0-9CE][0-9]{4}[A-Z]{1,2}[0-9]{4}(\([0-9]{2}\))?)$"
    )]
    identifier: String,
    /// Official title (titel).
    #[schema(min_length = 1, max_length = 500, pattern = r"^\S([^\r\n\t]*\S)?$")]
    title: String,
    /// What people call it (citeertitel).
    #[schema(min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    short_title: Option<String>,
    /// Other and former names (andere namen).
    #[serde(default)]
    #[schema(max_items = 20)]
    aliases: Vec<Alias>,
    /// What it is (soort).
    kind: RegulationKind,
    /// Level of government that made it (bestuurslaag).
    level: RegulationLevel,
    /// Id of who owns it (eigenaar).
    owner: Option<Uuid>,
    /// Codes of its policy domains (beleidsterreinen).
    #[serde(default)]
    #[schema(max_items = 10)]
    domains: Vec<String>,
    /// First day it applies (geldig vanaf).
    valid_from: Option<NaiveDate>,
    /// First day it no longer applies (geldig tot).
    valid_until: Option<NaiveDate>,
    /// Identifier of the regulation that takes its place (opvolger).
    #[schema(min_length = 1, max_length = 40)]
    successor: Option<String>,
    /// False: the identifier is not confirmed (bevestigd).
    #[serde(default)]
    #[schema(default = false)]
    verified: bool,
    /// What to know before relying on it (opmerking).
    #[schema(min_length = 1, max_length = 2000)]
    note: Option<String>,
}

/// Another name of a regulation (Dutch: andere naam).
#[derive(Debug, Deserialize, ToSchema)]
#[schema(
    min_length = 1,
    max_length = 200,
    pattern = r"^\S([^\r\n\t]*\S)?$",
    example = "Wpo"
)]
pub struct Alias(String);

/// Changes to a regulation (Dutch: wijziging). What is left out stays; null empties what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"owner": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "verified": true, "note": null}))]
pub struct RegulationChange {
    /// Official title (titel).
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = r"^\S([^\r\n\t]*\S)?$",
        nullable = false
    )]
    title: Option<String>,
    /// What people call it (citeertitel).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = r"^\S([^\r\n\t]*\S)?$")]
    short_title: Option<Option<String>>,
    /// Other and former names, all of them (andere namen).
    #[schema(max_items = 20, nullable = false)]
    aliases: Option<Vec<Alias>>,
    /// What it is (soort).
    #[schema(nullable = false)]
    kind: Option<RegulationKind>,
    /// Level of government that made it (bestuurslaag).
    #[schema(nullable = false)]
    level: Option<RegulationLevel>,
    /// Id of who owns it (eigenaar).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    owner: Option<Option<Uuid>>,
    /// Codes of its policy domains, all of them (beleidsterreinen).
    #[schema(max_items = 10, nullable = false)]
    domains: Option<Vec<String>>,
    /// First day it applies (geldig vanaf).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_from: Option<Option<NaiveDate>>,
    /// First day it no longer applies (geldig tot).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_until: Option<Option<NaiveDate>>,
    /// Identifier of the regulation that takes its place (opvolger).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 40)]
    successor: Option<Option<String>>,
    /// False: the identifier is not confirmed (bevestigd).
    #[schema(nullable = false)]
    verified: Option<bool>,
    /// What to know before relying on it (opmerking).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Option<String>>,
}

fn names(aliases: Vec<Alias>) -> Vec<String> {
    aliases.into_iter().map(|alias| alias.0).collect()
}

impl From<RegulationRequest> for Regulation {
    fn from(request: RegulationRequest) -> Self {
        Self {
            register: citation(&request.identifier)
                .map_or(Register::Unknown, |citation| citation.register),
            identifier: request.identifier,
            title: request.title,
            short_title: request.short_title,
            aliases: names(request.aliases),
            kind: request.kind,
            level: request.level,
            owner: request.owner.map(OrganisationId::from_uuid),
            domains: request.domains,
            valid_from: request.valid_from,
            valid_until: request.valid_until,
            successor: request.successor,
            verified: request.verified,
            note: request.note,
            version: 1,
        }
    }
}

impl RegulationChange {
    pub fn apply(self, regulation: &mut Regulation) {
        put(&mut regulation.title, self.title);
        put(&mut regulation.short_title, self.short_title);
        put(&mut regulation.aliases, self.aliases.map(names));
        put(&mut regulation.kind, self.kind);
        put(&mut regulation.level, self.level);
        let owner = self.owner.map(|id| id.map(OrganisationId::from_uuid));
        put(&mut regulation.owner, owner);
        put(&mut regulation.domains, self.domains);
        put(&mut regulation.valid_from, self.valid_from);
        put(&mut regulation.valid_until, self.valid_until);
        put(&mut regulation.successor, self.successor);
        put(&mut regulation.verified, self.verified);
        put(&mut regulation.note, self.note);
    }
}

/// An identifier as a citation, which knows its register and its address.
pub(super) fn citation(identifier: &str) -> Option<Citation> {
    let input = CitationInput {
        citation: identifier.to_owned(),
        ..CitationInput::default()
    };
    // The day matters only to dates, of which there are none.
    Citation::parse(input, "", NaiveDate::MAX).ok()
}
