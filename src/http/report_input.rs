//! A report as it is sent in and changed: the request types, and what becomes of them.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::citation::CitationInput;
use crate::domain::id::OrganisationId;
use crate::domain::report::{Confidentiality, Contact, Remedy};
use crate::services::reports::content::{Changes, CitationEntry};
use crate::services::reports::submit::NewReport;

/// A report to hand in (Dutch: nieuwe melding). A draft may leave anything out; a report needs title, description, effect
/// and a place, and a contact when an API client sends it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "title": "Opheffingsnorm dwingt laatste dorpsschool tot sluiting",
    "description": "De enige basisschool in de kern telt 41 leerlingen, onder de norm van 47 die voor de hele gemeente geldt.",
    "effect": "De school sluit op 1 augustus; het leerlingenvervoer stijgt met ongeveer 60.000 euro per jaar.",
    "proposedSolution": "Sta in krimpregio's toe dat de norm per kern wordt berekend.",
    "regulations": [{"citation": "BWBR0003420", "article": "153", "paragraph": "1", "consultedOn": "2026-03-01", "primary": true}],
    "domains": ["onderwijs-po"], "municipalities": ["GM1714"], "requested": ["change"],
    "confidentiality": "public_after_review", "externalReference": "Z2026-0815",
    "contact": {"name": "Team onderwijs", "email": "onderwijs@gemeente.example"}, "draft": false
}))]
pub struct ReportRequest {
    /// What it is about, in one line (titel).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\r\n\t]*$",
        nullable = false
    )]
    title: Option<String>,
    /// What the rule hinders, and how (omschrijving).
    #[schema(min_length = 1, max_length = 20000, nullable = false)]
    description: Option<String>,
    /// Who is hit, how often, and what it costs if known (gevolg).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    effect: Option<String>,
    /// What would help (voorgestelde oplossing).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    proposed_solution: Option<String>,
    /// The rules that hinder; the primary one, else the first, decides on the routing (regels).
    #[schema(max_items = 20)]
    #[serde(default)]
    regulations: Vec<CitationRequest>,
    /// Codes of policy domains (beleidsterreinen).
    #[schema(max_items = 10)]
    #[serde(default)]
    domains: Vec<String>,
    /// CBS codes of the municipalities affected, as GM1714 or 1714 (gemeenten).
    #[schema(max_items = 400)]
    #[serde(default)]
    municipalities: Vec<String>,
    /// Codes of provinces affected as a whole, as PV29 (provincies).
    #[schema(max_items = 12)]
    #[serde(default)]
    provinces: Vec<String>,
    /// What is asked (gevraagd).
    #[schema(max_items = 4)]
    #[serde(default)]
    requested: Vec<Remedy>,
    /// How far it may travel; public after review unless said (vertrouwelijkheid).
    #[schema(nullable = false)]
    confidentiality: Option<Confidentiality>,
    /// Your own case number, unique within your organisation (zaaknummer).
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\r\n\t]*$",
        nullable = false
    )]
    external_reference: Option<String>,
    /// Whom to reach; gets the mail when an API client or the desk sends the report in (contactpersoon).
    #[schema(nullable = false)]
    contact: Option<ContactRequest>,
    /// Keep it as a draft, to be submitted later (concept).
    #[serde(default)]
    draft: bool,
    /// The organisation the desk enters the report for (namens).
    #[schema(nullable = false)]
    on_behalf_of: Option<Uuid>,
}

/// A rule that hinders (Dutch: verwijzing).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"citation": "jci1.3:c:BWBR0003420&artikel=153&lid=1", "consultedOn": "2026-03-01"}))]
pub struct CitationRequest {
    /// BWB id, JCI link, wetten.overheid.nl address, CVDR id, CELEX number, or the name of the rule when that is all there is (kenmerk).
    #[schema(min_length = 1, max_length = 500)]
    citation: String,
    /// Article, as 153, 25h, 1.50 or 3:4 (artikel).
    #[schema(max_length = 40)]
    article: Option<String>,
    /// Paragraph of the article (lid).
    #[schema(max_length = 40)]
    paragraph: Option<String>,
    /// Part of the paragraph (onderdeel).
    #[schema(max_length = 40)]
    part: Option<String>,
    /// Day of the text that was read (geraadpleegd op).
    consulted_on: Option<NaiveDate>,
    /// This is the rule that hinders most; the first one unless said (belangrijkste).
    primary: Option<bool>,
}

impl From<CitationRequest> for CitationEntry {
    fn from(request: CitationRequest) -> Self {
        Self {
            citation: CitationInput {
                citation: request.citation,
                article: request.article,
                paragraph: request.paragraph,
                part: request.part,
                consulted_on: request.consulted_on,
            },
            primary: request.primary,
        }
    }
}

/// Whom to reach about a report (Dutch: contactpersoon).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Team onderwijs", "email": "onderwijs@gemeente.example", "language": "nl"}))]
pub struct ContactRequest {
    /// Name of a person or team (naam).
    #[schema(min_length = 1, max_length = 120, pattern = r"^[^\r\n\t]*$")]
    name: String,
    /// E-mail address (e-mailadres).
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// Language of the mail; Dutch unless said (taal).
    #[schema(nullable = false)]
    language: Option<Language>,
}

impl From<ContactRequest> for Contact {
    fn from(request: ContactRequest) -> Self {
        Self {
            name: request.name,
            email: request.email,
            language: request.language.unwrap_or(Language::Nl),
        }
    }
}

impl ReportRequest {
    /// The content alone, as for a preview.
    pub fn changes(self) -> Changes {
        Changes {
            title: self.title,
            description: self.description,
            effect: self.effect,
            proposed_solution: Some(self.proposed_solution),
            citations: Some(self.regulations.into_iter().map(Into::into).collect()),
            domains: Some(self.domains),
            municipalities: Some(self.municipalities),
            provinces: Some(self.provinces),
            requested: Some(self.requested),
            confidentiality: self.confidentiality,
            external_reference: Some(self.external_reference),
            contact: Some(self.contact.map(Into::into)),
        }
    }
}

impl From<ReportRequest> for NewReport {
    fn from(request: ReportRequest) -> Self {
        Self {
            draft: request.draft,
            on_behalf_of: request.on_behalf_of.map(OrganisationId::from_uuid),
            changes: request.changes(),
        }
    }
}

/// Changes to a report (Dutch: wijziging). What is left out stays; null empties what may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"effect": "De school sluit op 1 augustus; 41 kinderen reizen elf kilometer.", "proposedSolution": null}))]
pub struct ReportChange {
    /// What it is about, in one line (titel).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\r\n\t]*$",
        nullable = false
    )]
    title: Option<String>,
    /// What the rule hinders, and how (omschrijving).
    #[schema(min_length = 1, max_length = 20000, nullable = false)]
    description: Option<String>,
    /// Who is hit, how often, and what it costs if known (gevolg).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    effect: Option<String>,
    /// What would help (voorgestelde oplossing).
    #[serde(default, deserialize_with = "given")]
    #[schema(min_length = 1, max_length = 5000, value_type = Option<String>)]
    proposed_solution: Option<Option<String>>,
    /// The rules that hinder, all of them (regels).
    #[schema(max_items = 20, nullable = false)]
    regulations: Option<Vec<CitationRequest>>,
    /// Codes of policy domains, all of them (beleidsterreinen).
    #[schema(max_items = 10, nullable = false)]
    domains: Option<Vec<String>>,
    /// CBS codes of the municipalities affected, all of them (gemeenten).
    #[schema(max_items = 400, nullable = false)]
    municipalities: Option<Vec<String>>,
    /// Codes of provinces affected as a whole, all of them (provincies).
    #[schema(max_items = 12, nullable = false)]
    provinces: Option<Vec<String>>,
    /// What is asked, all of it (gevraagd).
    #[schema(max_items = 4, nullable = false)]
    requested: Option<Vec<Remedy>>,
    /// How far it may travel; after submission only narrower (vertrouwelijkheid).
    #[schema(nullable = false)]
    confidentiality: Option<Confidentiality>,
    /// Your own case number (zaaknummer).
    #[serde(default, deserialize_with = "given")]
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\r\n\t]*$", value_type = Option<String>)]
    external_reference: Option<Option<String>>,
    /// Whom to reach (contactpersoon).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ContactRequest>)]
    contact: Option<Option<ContactRequest>>,
}

/// Tells a null from a field that was left out.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<ReportChange> for Changes {
    fn from(change: ReportChange) -> Self {
        Self {
            title: change.title,
            description: change.description,
            effect: change.effect,
            proposed_solution: change.proposed_solution,
            citations: change
                .regulations
                .map(|regulations| regulations.into_iter().map(Into::into).collect()),
            domains: change.domains,
            municipalities: change.municipalities,
            provinces: change.provinces,
            requested: change.requested,
            confidentiality: change.confidentiality,
            external_reference: change.external_reference,
            contact: change.contact.map(|contact| contact.map(Into::into)),
        }
    }
}
