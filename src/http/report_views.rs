//! A report as it is shown: whole, as progress, and as a row of a worklist.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::citation::Register;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::deadline_profile::STANDARD;
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::domain::policy::{self, View};
use crate::domain::report::{
    Assignee, Cited, Confidentiality, Contact, Measure, Outcome, Position, Remedy, ReportRef,
    Settlement, Verdict,
};
use crate::domain::routing::{Because, Considered, Decision, Priority, Routing};
use crate::domain::search::Highlight;
use crate::domain::status::{Action, Capacity, Phase, Status};
use crate::http::rule_version::RuleVersion;
use crate::services::reports::{Organisations, Shown};

/// An organisation, named (Dutch: organisatie).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrganisationReference, example = json!({"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "abbreviation": "OCW", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"}))]
pub struct OrganisationRef {
    /// Id of the organisation (organisatie).
    pub id: Uuid,
    /// What people call it (afkorting).
    pub abbreviation: Option<String>,
    /// Official name, as it was when it became involved (naam).
    pub name: String,
}

impl From<&Organisation> for OrganisationRef {
    fn from(organisation: &Organisation) -> Self {
        Self {
            id: organisation.id.uuid(),
            abbreviation: organisation.abbreviation.clone(),
            name: organisation.name.clone(),
        }
    }
}

/// Names an organisation from those that were loaded.
pub fn reference(organisations: &Organisations, id: OrganisationId) -> OrganisationRef {
    let unknown = || OrganisationRef {
        id: id.uuid(),
        abbreviation: None,
        name: String::new(),
    };
    organisations
        .get(&id)
        .map_or_else(unknown, OrganisationRef::from)
}

fn references(organisations: &Organisations, ids: &[OrganisationId]) -> Vec<OrganisationRef> {
    ids.iter().map(|id| reference(organisations, *id)).collect()
}

/// A rule that hinders, with what is known of it (Dutch: verwijzing).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CitationView {
    /// The register the identifier is from; unknown for free text (register).
    register: Register,
    /// Canonical identifier (kenmerk).
    citation: String,
    /// Article (artikel).
    article: Option<String>,
    /// Paragraph (lid).
    paragraph: Option<String>,
    /// Part (onderdeel).
    part: Option<String>,
    /// Day of the text that was read (geraadpleegd op).
    consulted_on: Option<NaiveDate>,
    /// The rule that hinders most (belangrijkste).
    primary: bool,
    /// Official title, when the rule is known (titel).
    title: Option<String>,
    /// JCI link, for a national rule (JCI-verwijzing).
    jci: Option<String>,
    /// Where the text can be read (vindplaats).
    url: Option<String>,
    /// What to look out for: unknown_regulation, repealed_regulation, unverified_identifier (waarschuwingen).
    warnings: Vec<String>,
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
    name: String,
    /// E-mail address (e-mailadres).
    #[schema(format = "email")]
    email: String,
    /// Language of the mail (taal).
    language: Language,
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
    decision: Decision,
    /// Why, in words (toelichting).
    explanation: String,
    /// The authority a rule gave it to (eerstverantwoordelijke).
    lead: Option<OrganisationRef>,
    /// The authorities a rule adds (meebehandelaars).
    contributors: Vec<OrganisationRef>,
    /// Who may be the right authority, the likeliest first (suggesties).
    suggestions: Vec<SuggestionView>,
    /// The version of the rule that decided; null when none did (regel).
    rule: Option<RuleVersion>,
    /// The other rules that fitted, and why each lost (overwogen regels).
    considered: Vec<ConsideredRule>,
    /// Its citations belong to different authorities: it may hold several obstacles (te splitsen).
    may_be_split: bool,
}

/// A rule that fitted and did not decide (Dutch: overwogen regel).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsideredRule {
    /// The version of the rule (regel).
    rule: RuleVersion,
    /// What it fitted by, and why it lost (omdat).
    because: String,
}

/// An authority that may be the right one (Dutch: suggestie).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestionView {
    /// The authority (organisatie).
    authority: OrganisationRef,
    /// Why (omdat).
    because: String,
    /// Reports like it that this authority settled, the most alike first; for those of government who work on reports
    /// (eerdere meldingen).
    neighbours: Vec<NeighbourView>,
}

/// An earlier report that is like this one (Dutch: eerdere melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Neighbour)]
pub struct NeighbourView {
    /// Id of the report (melding).
    id: Uuid,
    /// The number people say aloud (kenmerk).
    reference: Option<String>,
    /// How alike, in percent (gelijkenis).
    alike: u32,
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
    id: Uuid,
    /// The number people say aloud (kenmerk).
    reference: Option<String>,
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
    clock: ClockKind,
    /// Day on which it started; that day does not count (begonnen op).
    started_on: NaiveDate,
    /// Last day (uiterlijk op).
    due_on: NaiveDate,
    /// Days left in Amsterdam; negative when late (resterende dagen).
    days_left: i64,
    /// Most of the term has passed, and not yet all (bijna verlopen).
    nearing: bool,
    /// The last day has passed (te laat).
    overdue: bool,
}

/// Who works on it at an organisation (Dutch: behandelaar).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssigneeView {
    /// Id of the person (persoon).
    id: Uuid,
    /// Name of the person (naam).
    name: String,
    /// Id of its organisation (organisatie).
    organisation: Uuid,
    /// Since when (sinds).
    since: DateTime<Utc>,
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
    organisation: OrganisationRef,
    /// Who gave it (door).
    name: String,
    /// The opinion (advies).
    advice: String,
    /// The outcome it comes down to (uitkomst).
    outcome: Option<Outcome>,
    /// When (gegeven op).
    given_at: DateTime<Utc>,
}

/// What the reporter says of how it ended (Dutch: terugkoppeling).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackView {
    /// Whether the obstacle is gone (oordeel).
    verdict: Verdict,
    /// What it says about it (opmerking).
    remark: Option<String>,
    /// When (gegeven op).
    given_at: DateTime<Utc>,
}

/// Why the coordinator was called in (Dutch: escalatie).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscalationView {
    /// As whom; service when a term was long over (hoedanigheid).
    by: Capacity,
    /// The term that was long over (soort termijn).
    clock: Option<ClockKind>,
    /// Why; for government and whoever gave it (reden).
    reason: Option<String>,
    /// Since when (sinds).
    since: DateTime<Utc>,
}

/// A question to the reporter (Dutch: verzoek om aanvulling).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuestionView {
    /// What was asked (vraag).
    question: String,
    /// As whom: desk, coordinator or lead (hoedanigheid).
    asked_as: Capacity,
    /// When (gevraagd op).
    asked_at: DateTime<Utc>,
    /// What was answered (antwoord).
    answer: Option<String>,
}

/// What the lead intends (Dutch: standpunt). No decision open to objection (besluit).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PositionView {
    /// The outcome intended (beoogde uitkomst).
    outcome: Outcome,
    /// Why (openbare toelichting).
    public_explanation: String,
    /// When (ingenomen op).
    taken_at: DateTime<Utc>,
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
    outcome: Outcome,
    /// Why (openbare toelichting).
    public_explanation: String,
    /// Why it is another outcome than was intended (reden van afwijking).
    deviation_reason: Option<String>,
    /// Official publication, as stb-2026-123 (vindplaats).
    publication: Option<String>,
    /// The article that gives the room (artikel dat de ruimte geeft).
    room: Option<String>,
    /// Where the decision on the experiment or exemption stands (kenmerk besluit).
    decision_reference: Option<String>,
    /// When (afgehandeld op).
    settled_at: DateTime<Utc>,
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

/// How much the reader sees (Dutch: weergave).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    /// Everything but what is another's.
    Full,
    /// Reference, title, status, lead, dates, public explanation and outcome.
    Progress,
}

/// What both a worklist and a single report show (Dutch: melding in het kort).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportSummary {
    /// Id of the report (melding).
    id: Uuid,
    /// The number people say aloud; none for a draft (kenmerk).
    reference: Option<String>,
    /// How much you see of it (weergave).
    view: ViewKind,
    /// What it is about (titel).
    title: String,
    /// What it is in (status).
    status: Status,
    /// Stage of the handling (fase).
    phase: Phase,
    /// Whose report it is; not told in the progress view (melder).
    submitter: Option<OrganisationRef>,
    /// The sender's own case number; told to the full view (zaaknummer).
    external_reference: Option<String>,
    /// The authority that owns the rule (eerstverantwoordelijke).
    lead_authority: Option<OrganisationRef>,
    /// How far it may travel (vertrouwelijkheid).
    confidentiality: Confidentiality,
    /// Returned twice: only a coordinator routes it (omstreden).
    contested: bool,
    /// What is due next; null when nothing is (termijn).
    deadline: Option<DeadlineView>,
    /// The coordinator was called in (geëscaleerd).
    escalated: bool,
    /// How pressing it is; in the progress view as any other (prioriteit).
    priority: Priority,
    /// Who works on it, one an organisation (behandelaars).
    assignees: Vec<AssigneeView>,
    /// What came of it, once settled (uitkomst).
    outcome: Option<Outcome>,
    /// Organisations that stand behind it beside its reporter, each counted once: those that endorsed it and those whose
    /// own report was merged into it (aantal medemelders).
    endorsement_count: usize,
    /// What you can do now (handelingen).
    actions: Vec<Action>,
    /// When it was begun (begonnen op).
    created_at: DateTime<Utc>,
    /// When it was submitted (ingediend op).
    submitted_at: Option<DateTime<Utc>>,
    /// When it last changed (gewijzigd op).
    updated_at: DateTime<Utc>,
    /// When it was settled (afgehandeld op).
    settled_at: Option<DateTime<Utc>>,
    /// Version, as the ETag names it (versie).
    version: i32,
    /// In a list that was searched: where the words stand (vindplaatsen).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    highlights: Vec<Highlight>,
}

/// A report (Dutch: melding). The progress view leaves out all that is not optional in the summary.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportView {
    #[serde(flatten)]
    summary: ReportSummary,
    /// What the rule hinders, and how (omschrijving).
    description: Option<String>,
    /// Who is hit, how often, and what it costs (gevolg).
    effect: Option<String>,
    /// What would help (voorgestelde oplossing).
    proposed_solution: Option<String>,
    /// The rules that hinder (regels).
    regulations: Vec<CitationView>,
    /// Codes of policy domains (beleidsterreinen).
    domains: Vec<String>,
    /// CBS codes of the municipalities affected (gemeenten).
    municipalities: Vec<String>,
    /// Provinces affected: those named and those the municipalities lie in (provincies).
    provinces: Vec<String>,
    /// Regions the municipalities belong to, as labels (regio's).
    regions: Vec<String>,
    /// What is asked (gevraagd).
    requested: Vec<Remedy>,
    /// Whom to reach; for the desk, the lead and the reporter's organisation (contactpersoon).
    contact: Option<ContactView>,
    /// Entered by the desk for the submitter (namens).
    on_behalf: bool,
    /// The other authorities on it (meebehandelaars).
    contributors: Vec<OrganisationRef>,
    /// How it was routed (routering).
    routing: Option<RoutingView>,
    /// What the reporter was asked last (verzoek om aanvulling).
    question: Option<QuestionView>,
    /// What the lead intends (standpunt).
    position: Option<PositionView>,
    /// How it ended (afhandeling).
    settlement: Option<SettlementView>,
    /// What takes the obstacle away (maatregelen).
    measures: Vec<Measure>,
    /// Number of the report it was merged into (samengevoegd met).
    merged_into: Option<String>,
    /// The report it was split from (afgesplitst van).
    part_of: Option<OtherReport>,
    /// The reports that were split from it (afgesplitste meldingen).
    parts: Vec<OtherReport>,
    /// Opinions of the contributing authorities, for government alone (adviezen).
    advice: Vec<AdviceView>,
    /// What the reporter says of how it ended (terugkoppeling).
    feedback: Option<FeedbackView>,
    /// Why the coordinator was called in (escalatie).
    escalation: Option<EscalationView>,
    /// Code of the deadline profile (termijnprofiel).
    deadline_profile: Option<String>,
}

impl ReportSummary {
    pub fn new(shown: &Shown) -> Self {
        let Shown {
            report,
            view,
            organisations,
            actions,
            today,
            ..
        } = shown;
        let full = view.is_full();
        let deadline = report
            .next_clock()
            .filter(|_| full)
            .map(|clock| DeadlineView {
                clock: clock.kind,
                started_on: clock.started_on,
                due_on: clock.due_on,
                days_left: (clock.due_on - *today).num_days(),
                nearing: clock.nearing_on <= *today && clock.due_on >= *today,
                overdue: clock.due_on < *today,
            });
        let mut allowed: Vec<Action> = actions.iter().map(|row| row.action).collect();
        allowed.dedup();
        Self {
            id: report.id.uuid(),
            reference: report.reference.clone(),
            view: if full {
                ViewKind::Full
            } else {
                ViewKind::Progress
            },
            title: policy::title(report, *view).to_owned(),
            status: report.status,
            phase: report.phase(),
            submitter: full.then(|| reference(organisations, report.submitter)),
            external_reference: report.external_reference.clone().filter(|_| full),
            lead_authority: report.lead.map(|lead| reference(organisations, lead)),
            confidentiality: report.confidentiality,
            contested: report.contested && full,
            deadline,
            escalated: report.handling.escalation.is_some() && full,
            priority: if full {
                report.priority()
            } else {
                Priority::Normal
            },
            assignees: report
                .handling
                .assignees
                .iter()
                .filter(|_| full)
                .map(AssigneeView::from)
                .collect(),
            outcome: report
                .handling
                .settlement
                .as_ref()
                .map(|settlement| settlement.outcome),
            endorsement_count: report.endorsement_count(),
            actions: allowed,
            created_at: report.created_at,
            submitted_at: report.submitted_at,
            updated_at: report.updated_at,
            settled_at: report.settled_at,
            version: report.version,
            highlights: shown.highlights.clone(),
        }
    }
}

impl ReportView {
    pub fn new(shown: &Shown, language: Language) -> Self {
        let Shown { report, view, .. } = shown;
        let summary = ReportSummary::new(shown);
        let settlement = report
            .handling
            .settlement
            .as_ref()
            .map(|settled| SettlementView::new(settled, view.is_full()));
        let position = report.handling.position.as_ref().map(PositionView::from);
        match view {
            View::Progress => Self {
                summary,
                description: None,
                effect: None,
                proposed_solution: None,
                regulations: Vec::new(),
                domains: Vec::new(),
                municipalities: Vec::new(),
                provinces: Vec::new(),
                regions: Vec::new(),
                requested: Vec::new(),
                contact: None,
                on_behalf: false,
                contributors: Vec::new(),
                routing: None,
                question: None,
                position,
                settlement,
                measures: Vec::new(),
                merged_into: None,
                part_of: None,
                parts: Vec::new(),
                advice: Vec::new(),
                feedback: None,
                escalation: None,
                deadline_profile: None,
            },
            View::Full { contact } => Self {
                position,
                settlement,
                ..Self::full(shown, summary, language, *contact)
            },
        }
    }

    fn full(shown: &Shown, summary: ReportSummary, language: Language, contact: bool) -> Self {
        let Shown {
            report,
            organisations,
            internal,
            ..
        } = shown;
        let content = &report.content;
        let handling = &report.handling;
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            summary,
            description: text(&content.description),
            effect: text(&content.effect),
            proposed_solution: content.proposed_solution.clone(),
            regulations: content.citations.iter().map(CitationView::from).collect(),
            domains: content.domains.clone(),
            municipalities: content.municipalities.clone(),
            provinces: content.provinces.clone(),
            regions: content.regions.clone(),
            requested: content.requested.clone(),
            contact: content
                .contact
                .as_ref()
                .filter(|_| contact)
                .map(ContactView::from),
            on_behalf: report.on_behalf,
            contributors: references(organisations, &handling.contributors),
            routing: handling
                .routing
                .as_ref()
                .map(|routing| RoutingView::new(routing, organisations, language, *internal)),
            question: handling.question.as_ref().map(|question| QuestionView {
                question: question.text.clone(),
                asked_as: question.asked_as,
                asked_at: question.asked_at,
                answer: question.answer.clone(),
            }),
            position: None,
            settlement: None,
            measures: handling.measures.clone(),
            merged_into: handling.merged_into_reference.clone(),
            part_of: handling.part_of.as_ref().map(OtherReport::from),
            parts: handling.parts.iter().map(OtherReport::from).collect(),
            advice: handling
                .advice
                .iter()
                .filter(|_| *internal)
                .map(|advice| AdviceView {
                    organisation: reference(organisations, advice.organisation),
                    name: advice.name.clone(),
                    advice: advice.text.clone(),
                    outcome: advice.outcome,
                    given_at: advice.given_at,
                })
                .collect(),
            feedback: handling.feedback.as_ref().map(|feedback| FeedbackView {
                verdict: feedback.verdict,
                remark: feedback.remark.clone(),
                given_at: feedback.given_at,
            }),
            escalation: handling
                .escalation
                .as_ref()
                .map(|escalation| EscalationView {
                    by: escalation.by,
                    clock: escalation.clock,
                    reason: escalation
                        .reason
                        .clone()
                        .filter(|_| *internal || escalation.by == Capacity::Reporter),
                    since: escalation.since,
                }),
            deadline_profile: Some(
                handling
                    .deadline_profile
                    .clone()
                    .unwrap_or_else(|| STANDARD.to_owned()),
            ),
        }
    }
}
