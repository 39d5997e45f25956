//! What a report is made of, as readers see it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::citation::Register;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::report::{
    Assignee, Cited, Contact, Outcome, Position, ReportRef, Settlement, Verdict,
};
use crate::domain::routing::{Because, Considered, Decision, Routing};
use crate::domain::status::Capacity;
use crate::http::organisation_ref::{OrganisationRef, reference, references};
use crate::http::rule_version::RuleVersion;
use crate::services::reports::Organisations;

/// A rule that hinders, with what is known of it (Dutch: verwijzing).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CitationView {
    /// The register the identifier is from; unknown for free text (register).
    pub(super) register: Register,
    /// Canonical identifier (kenmerk).
    pub(super) citation: String,
    /// Article (artikel).
    pub(super) article: Option<String>,
    /// Paragraph (lid).
    pub(super) paragraph: Option<String>,
    /// Part (onderdeel).
    pub(super) part: Option<String>,
    /// Day of the text that was read (geraadpleegd op).
    pub(super) consulted_on: Option<NaiveDate>,
    /// The rule that hinders most (belangrijkste).
    pub(super) primary: bool,
    /// Official title, when the rule is known (titel).
    pub(super) title: Option<String>,
    /// JCI link, for a national rule (JCI-verwijzing).
    pub(super) jci: Option<String>,
    /// Where the text can be read (vindplaats).
    pub(super) url: Option<String>,
    /// What to look out for: unknown_regulation, repealed_regulation, unverified_identifier (waarschuwingen).
    pub(super) warnings: Vec<String>,
}

impl CitationView {
    /// The rule by its identifier, with the article.
    pub fn named(&self) -> String {
        match &self.article {
            Some(article) => format!("{} artikel {article}", self.citation),
            None => self.citation.clone(),
        }
    }
}

impl From<&Cited> for CitationView {
    fn from(cited: &Cited) -> Self {
        let citation = &cited.citation;
        Self {
            register: citation.register,
            citation: citation
                .identifier
                .clone()
                .or(citation.text.clone())
                .unwrap_or_default(),
            article: citation.article.clone(),
            paragraph: citation.paragraph.clone(),
            part: citation.part.clone(),
            consulted_on: citation.consulted_on,
            primary: cited.primary,
            title: cited.title.clone(),
            jci: citation.jci(),
            url: citation.url(),
            warnings: cited.warnings.clone(),
        }
    }
}

/// Whom to reach (Dutch: contactpersoon).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactView {
    /// Name of a person or team (naam).
    pub(super) name: String,
    /// E-mail address (e-mailadres).
    #[schema(format = "email")]
    pub(super) email: String,
    /// Language of the mail (taal).
    pub(super) language: Language,
}

impl From<&Contact> for ContactView {
    fn from(contact: &Contact) -> Self {
        Self {
            name: contact.name.clone(),
            email: contact.email.clone(),
            language: contact.language,
        }
    }
}

/// How a report was routed (Dutch: routering).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Routing, example = json!({"decision": "auto", "explanation": "regel 34 versie 1: WPO artikel 153 → OCW, eigenaar van de regeling", "lead": {"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "abbreviation": "OCW", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"}, "contributors": [], "suggestions": [], "rule": {"number": 34, "version": 1}, "considered": [], "mayBeSplit": false}))]
pub struct RoutingView {
    /// Routed by a rule, left to the desk with suggestions, or left with nothing to go by (besluit).
    pub(super) decision: Decision,
    /// Why, in words (toelichting).
    pub(super) explanation: String,
    /// The authority a rule gave it to (eerstverantwoordelijke).
    pub(super) lead: Option<OrganisationRef>,
    /// The authorities a rule adds (meebehandelaars).
    pub(super) contributors: Vec<OrganisationRef>,
    /// Who may be the right authority, the likeliest first (suggesties).
    pub(super) suggestions: Vec<SuggestionView>,
    /// The version of the rule that decided; null when none did (regel).
    pub(super) rule: Option<RuleVersion>,
    /// The other rules that fitted, and why each lost (overwogen regels).
    pub(super) considered: Vec<ConsideredRule>,
    /// Its citations belong to different authorities: it may hold several obstacles (te splitsen).
    pub(super) may_be_split: bool,
}

/// A rule that fitted and did not decide (Dutch: overwogen regel).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsideredRule {
    /// The version of the rule (regel).
    pub(super) rule: RuleVersion,
    /// What it fitted by, and why it lost (omdat).
    pub(super) because: String,
}

/// An authority that may be the right one (Dutch: suggestie).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestionView {
    /// The authority (organisatie).
    pub(super) authority: OrganisationRef,
    /// Why (omdat).
    pub(super) because: String,
    /// Reports like it that this authority settled, the most alike first; for those of government who work on reports
    /// (eerdere meldingen).
    pub(super) neighbours: Vec<NeighbourView>,
}

/// An earlier report that is like this one (Dutch: eerdere melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Neighbour)]
pub struct NeighbourView {
    /// Id of the report (melding).
    pub(super) id: Uuid,
    /// The number people say aloud (kenmerk).
    pub(super) reference: Option<String>,
    /// How alike, in percent (gelijkenis).
    pub(super) alike: u32,
}

impl RoutingView {
    /// `internal`: for somebody who may know of other reports.
    pub fn new(
        routing: &Routing,
        organisations: &Organisations,
        language: Language,
        internal: bool,
    ) -> Self {
        let say = |because: &Because| match language {
            Language::Nl => because.nl.clone(),
            Language::En => because.en.clone(),
        };
        let considered = |one: &Considered| ConsideredRule {
            rule: RuleVersion::from(one.rule),
            because: say(&one.because),
        };
        Self {
            decision: routing.decision,
            explanation: say(&routing.explanation),
            lead: routing.lead.map(|lead| reference(organisations, lead)),
            contributors: references(organisations, &routing.contributors),
            suggestions: routing
                .suggestions
                .iter()
                .map(|suggestion| SuggestionView {
                    authority: reference(organisations, suggestion.authority),
                    because: say(&suggestion.because),
                    neighbours: suggestion
                        .neighbours
                        .iter()
                        .filter(|_| internal)
                        .map(|one| NeighbourView {
                            id: one.id.uuid(),
                            reference: one.reference.clone(),
                            alike: one.alike,
                        })
                        .collect(),
                })
                .collect(),
            rule: routing.rule.map(RuleVersion::from),
            considered: routing.considered.iter().map(considered).collect(),
            may_be_split: routing.may_be_split,
        }
    }
}

/// Another report (Dutch: andere melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtherReport {
    /// Id of the report (melding).
    pub(super) id: Uuid,
    /// The number people say aloud (kenmerk).
    pub(super) reference: Option<String>,
}

impl From<&ReportRef> for OtherReport {
    fn from(other: &ReportRef) -> Self {
        Self {
            id: other.id.uuid(),
            reference: other.reference.clone(),
        }
    }
}

/// What is due next (Dutch: termijn).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadlineView {
    /// Which promise it is (soort termijn).
    pub(super) clock: ClockKind,
    /// Day on which it started; that day does not count (begonnen op).
    pub(super) started_on: NaiveDate,
    /// Last day (uiterlijk op).
    pub(super) due_on: NaiveDate,
    /// Days left in Amsterdam; negative when late (resterende dagen).
    pub(super) days_left: i64,
    /// Most of the term has passed, and not yet all (bijna verlopen).
    pub(super) nearing: bool,
    /// The last day has passed (te laat).
    pub(super) overdue: bool,
}

/// Who works on it at an organisation (Dutch: behandelaar).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssigneeView {
    /// Id of the person (persoon).
    pub(super) id: Uuid,
    /// Name of the person (naam).
    pub(super) name: String,
    /// Id of its organisation (organisatie).
    pub(super) organisation: Uuid,
    /// Since when (sinds).
    pub(super) since: DateTime<Utc>,
}

impl From<&Assignee> for AssigneeView {
    fn from(assignee: &Assignee) -> Self {
        Self {
            id: assignee.id.uuid(),
            name: assignee.name.clone(),
            organisation: assignee.organisation.uuid(),
            since: assignee.since,
        }
    }
}

/// The opinion of a contributing authority, for government alone (Dutch: advies).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdviceView {
    /// The authority (organisatie).
    pub(super) organisation: OrganisationRef,
    /// Who gave it (door).
    pub(super) name: String,
    /// The opinion (advies).
    pub(super) advice: String,
    /// The outcome it comes down to (uitkomst).
    pub(super) outcome: Option<Outcome>,
    /// When (gegeven op).
    pub(super) given_at: DateTime<Utc>,
}

/// What the reporter says of how it ended (Dutch: terugkoppeling).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackView {
    /// Whether the obstacle is gone (oordeel).
    pub(super) verdict: Verdict,
    /// What it says about it (opmerking).
    pub(super) remark: Option<String>,
    /// When (gegeven op).
    pub(super) given_at: DateTime<Utc>,
}

/// Why the coordinator was called in (Dutch: escalatie).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscalationView {
    /// As whom; service when a term was long over (hoedanigheid).
    pub(super) by: Capacity,
    /// The term that was long over (soort termijn).
    pub(super) clock: Option<ClockKind>,
    /// Why; for government and whoever gave it (reden).
    pub(super) reason: Option<String>,
    /// Since when (sinds).
    pub(super) since: DateTime<Utc>,
}

/// A question to the reporter (Dutch: verzoek om aanvulling).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuestionView {
    /// What was asked (vraag).
    pub(super) question: String,
    /// As whom: desk, coordinator or lead (hoedanigheid).
    pub(super) asked_as: Capacity,
    /// When (gevraagd op).
    pub(super) asked_at: DateTime<Utc>,
    /// What was answered (antwoord).
    pub(super) answer: Option<String>,
}

/// What the lead intends (Dutch: standpunt). No decision open to objection (besluit).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PositionView {
    /// The outcome intended (beoogde uitkomst).
    pub(super) outcome: Outcome,
    /// Why (openbare toelichting).
    pub(super) public_explanation: String,
    /// When (ingenomen op).
    pub(super) taken_at: DateTime<Utc>,
}

impl From<&Position> for PositionView {
    fn from(position: &Position) -> Self {
        Self {
            outcome: position.outcome,
            public_explanation: position.explanation.clone(),
            taken_at: position.taken_at,
        }
    }
}

/// How it ended (Dutch: afhandeling).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettlementView {
    /// What came of it (uitkomst).
    pub(super) outcome: Outcome,
    /// Why (openbare toelichting).
    pub(super) public_explanation: String,
    /// Why it is another outcome than was intended (reden van afwijking).
    pub(super) deviation_reason: Option<String>,
    /// Official publication, as stb-2026-123 (vindplaats).
    pub(super) publication: Option<String>,
    /// The article that gives the room (artikel dat de ruimte geeft).
    pub(super) room: Option<String>,
    /// Where the decision on the experiment or exemption stands (kenmerk besluit).
    pub(super) decision_reference: Option<String>,
    /// When (afgehandeld op).
    pub(super) settled_at: DateTime<Utc>,
}

impl SettlementView {
    pub fn new(settlement: &Settlement, full: bool) -> Self {
        Self {
            outcome: settlement.outcome,
            public_explanation: settlement.explanation.clone(),
            deviation_reason: settlement.deviation_reason.clone().filter(|_| full),
            publication: settlement.publication.clone(),
            room: settlement.room.clone(),
            decision_reference: settlement.decision_reference.clone(),
            settled_at: settlement.settled_at,
        }
    }
}
