//! The timeline of a report (tijdlijn).

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::event::{Author, Correction, Event, EventKind};
use crate::domain::experiment::DecisionKind;
use crate::domain::experiment::event::ExperimentEventKind;
use crate::domain::id::{EventId, Id};
use crate::domain::link::{LinkDirection, LinkKind};
use crate::domain::message::MessageAudience;
use crate::domain::report::{Confidentiality, Measure, Outcome, Verdict};
use crate::domain::status::{Capacity, Status};
use crate::domain::telling;
use crate::http::auth::{Granted, ReadReports};
use crate::http::deadline_profiles::ProfileRefView;
use crate::http::envelope::language;
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::reports::report_id;
use crate::services::Context;
use crate::services::reports::{Organisations, read};

/// Pages of the timeline.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventPage {
    /// Entries on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// An entry of the timeline (Dutch: gebeurtenis).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// Id of the entry (gebeurtenis).
    id: Uuid,
    /// When (op).
    at: DateTime<Utc>,
    /// What happened (gebeurtenis).
    kind: EventKind,
    /// The same in a sentence, in the language you ask for (in woorden).
    #[schema(
        example = "Otto (Ministerie van Onderwijs, Cultuur en Wetenschap) heeft de melding in behandeling genomen."
    )]
    text: String,
    /// The status before; null at the beginning (van status).
    from: Option<Status>,
    /// The status after (naar status).
    to: Status,
    /// The version of the report it made (versie).
    version: i32,
    /// Who (door).
    by: AuthorView,
    /// What was said with it (bijzonderheden).
    details: DetailsView,
}

/// Who did it (Dutch: door).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthorView {
    /// Name of the person or API client; empty in the progress view (naam).
    name: String,
    /// Name of its organisation at the time; null for the service itself (organisatie).
    organisation: Option<String>,
    /// As whom (hoedanigheid).
    capacity: Capacity,
}

/// What was said with an event (Dutch: bijzonderheden). What does not apply is left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DetailsView {
    /// The lead it went to (eerstverantwoordelijke).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    lead: Option<OrganisationRef>,
    /// The lead it came from (vorige eerstverantwoordelijke).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    former_lead: Option<OrganisationRef>,
    /// The authorities added (meebehandelaars).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    contributors: Vec<OrganisationRef>,
    /// The authority a return points to (juiste organisatie).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    suggested_authority: Option<OrganisationRef>,
    /// Why, for those who work on it (toelichting).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    explanation: Option<String>,
    /// Why, for all who follow it (openbare toelichting).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    public_explanation: Option<String>,
    /// Outcome, intended or final (uitkomst).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome: Option<Outcome>,
    /// Why (reden).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// What was asked (vraag).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    question: Option<String>,
    /// What was answered (antwoord).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answer: Option<String>,
    /// The measure as it then was (maatregel).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    measure: Option<Measure>,
    /// Official publication (vindplaats).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    publication: Option<String>,
    /// The article that gives the room (artikel dat de ruimte geeft).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    room: Option<String>,
    /// Where a decision stands (kenmerk besluit).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decision_reference: Option<String>,
    /// Number of the other report of a merge or a link (andere melding).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    other_report: Option<String>,
    /// Numbers of the reports that were split from it (afgesplitste meldingen).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    other_reports: Vec<String>,
    /// How far it may travel from then (vertrouwelijkheid).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    confidentiality: Option<Confidentiality>,
    /// What changed, from old to new (wijzigingen).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    corrections: Vec<Correction>,
    /// For whom a message or an attachment is; you see this because it is for you (bestemd voor).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    audience: Option<MessageAudience>,
    /// Id of the message that was sent (bericht).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message_id: Option<Uuid>,
    /// Who works on it from then (behandelaar).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    assignee: Option<String>,
    /// Who worked on it until then (vorige behandelaar).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    former_assignee: Option<String>,
    /// Opinion of a contributing authority (advies).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    advice: Option<String>,
    /// How the reporter agreed (toestemming).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    consent: Option<String>,
    /// Whether the obstacle is gone (oordeel).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    verdict: Option<Verdict>,
    /// What the reporter said about it (opmerking).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    remark: Option<String>,
    /// The term it is about (soort termijn).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    clock: Option<ClockKind>,
    /// Last day of that term (uiterlijk op).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    due_on: Option<NaiveDate>,
    /// The profile of the clocks that it started or moved (termijnprofiel).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deadline_profile: Option<ProfileRefView>,
    /// Id of the attachment (bijlage).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attachment_id: Option<Uuid>,
    /// Name of the attachment (bestandsnaam).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    file_name: Option<String>,
    /// The link with another report (koppeling).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link: Option<EventLink>,
    /// The experiment that took a step (experiment).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    experiment: Option<EventExperiment>,
}

/// An experiment that a report led to took a step (Dutch: experiment).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventExperiment {
    /// Id of the experiment (experiment).
    id: Uuid,
    /// Number (kenmerk).
    #[schema(example = "EXP-2026-0001")]
    reference: String,
    /// What happened to it (gebeurtenis).
    step: ExperimentEventKind,
    /// What was decided (besluit).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    decision: Option<DecisionKind>,
}

/// A link that was made or taken away (Dutch: koppeling).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventLink {
    /// Id of the link (koppeling).
    id: Uuid,
    /// What the one is to the other (soort koppeling).
    kind: LinkKind,
    /// Outgoing when it says something of this report (richting).
    direction: LinkDirection,
    /// Id of the other report (andere melding).
    report_id: Uuid,
}

impl From<&Author> for AuthorView {
    fn from(author: &Author) -> Self {
        Self {
            name: author.name.clone(),
            organisation: author.organisation_name.clone(),
            capacity: author.capacity,
        }
    }
}

impl EventView {
    fn new(event: Event, organisations: &Organisations, language: Language) -> Self {
        let name = |id| organisations.get(&id).map(|found| found.name.clone());
        let text = telling::tell(&event, name, language);
        let details = event.details;
        let named = |id| reference(organisations, id);
        Self {
            id: event.id.uuid(),
            at: event.at,
            kind: event.kind,
            text,
            from: event.from,
            to: event.to,
            version: event.version,
            by: AuthorView::from(&event.author),
            details: DetailsView {
                lead: details.lead.map(named),
                former_lead: details.former_lead.map(named),
                contributors: details.contributors.into_iter().map(named).collect(),
                suggested_authority: details.suggested_authority.map(named),
                explanation: details.explanation,
                public_explanation: details.public_explanation,
                outcome: details.outcome,
                reason: details.reason,
                question: details.question,
                answer: details.answer,
                measure: details.measure,
                publication: details.publication,
                room: details.room,
                decision_reference: details.decision_reference,
                other_report: details.other_report,
                other_reports: details.other_reports,
                confidentiality: details.confidentiality,
                corrections: details.corrections,
                audience: details.audience,
                message_id: details.message.map(Id::uuid),
                assignee: details.assignee.map(|person| person.name),
                former_assignee: details.former_assignee.map(|person| person.name),
                advice: details.advice,
                consent: details.consent,
                verdict: details.verdict,
                remark: details.remark,
                clock: details.clock,
                due_on: details.due_on,
                deadline_profile: details.deadline_profile.map(ProfileRefView::from),
                attachment_id: details.attachment.map(Id::uuid),
                file_name: details.file_name,
                link: details.link.map(|link| EventLink {
                    id: link.id.uuid(),
                    kind: link.kind,
                    direction: link.direction,
                    report_id: link.report.uuid(),
                }),
                experiment: details.experiment.map(|of| EventExperiment {
                    id: of.id.uuid(),
                    reference: of.reference,
                    step: of.step,
                    decision: of.decision,
                }),
            },
        }
    }
}

/// Read the timeline
///
/// What happened to the report (tijdlijn), oldest first: who, when, what, as data and as a sentence, and only what you may
/// see.
#[utoipa::path(
    tag = "workflow",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), EventPage),
    responses((status = 200, description = "A page (pagina)", body = Page<EventView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/events")]
pub async fn list_events(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<EventPage>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<EventId> = paging::decode(query.cursor.as_deref())?;
    let (events, next, organisations) =
        read::timeline(&ctx, actor, report_id(&id)?, after, limit).await?;
    let page = Page {
        items: events
            .into_iter()
            .map(|event| EventView::new(event, &organisations, language))
            .collect(),
        next_cursor: next.map(|id| paging::encode(&id)),
    };
    Ok(paging::respond(&request, &page))
}
