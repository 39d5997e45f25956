//! A report as it is shown: whole, as progress, and as a row of a worklist.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::deadline_profile::STANDARD;
use crate::domain::policy::{self, View};
use crate::domain::report::{Confidentiality, Measure, Outcome, Remedy};
use crate::domain::routing::Priority;
use crate::domain::search::Highlight;
use crate::domain::status::{Action, Capacity, Phase, Status};
use crate::http::organisation_ref::{OrganisationRef, reference, references};
use crate::http::report_parts::{
    AdviceView, AssigneeView, CitationView, ContactView, DeadlineView, EscalationView,
    FeedbackView, OtherReport, PositionView, QuestionView, RoutingView, SettlementView,
};
use crate::services::reports::Shown;

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
