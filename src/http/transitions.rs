//! Transitions (handelingen): what can be done with a report now, and doing it.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::audit;
use crate::domain::code::Code;
use crate::domain::id::{Id, MeasureId, OrganisationId, PrincipalId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::publication::Publication;
use crate::domain::report::{Confidentiality, MeasureKind, Outcome, Verdict};
use crate::domain::sharing::ShareAudience;
use crate::domain::status::{Action, Field, Status, Target, Transition};
use crate::domain::workflow::{Input, MeasureInput};
use crate::http::auth::{Granted, ReadReports, WorkOnReports};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader};
use crate::http::envelope::language;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::problem::Failure;
use crate::http::report_input::CitationRequest;
use crate::http::report_views::ReportView;
use crate::http::reports::{answer, report_id};
use crate::services::reports::Shown;
use crate::services::transitions::{self, Request};
use crate::services::{Context, Error};

/// Something to do with a report (Dutch: handeling). Which fields an action needs is told by `GET` on the same address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"action": "route", "lead": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "contributors": [], "explanation": "De opheffingsnorm staat in de WPO."}))]
pub struct TransitionRequest {
    /// What to do (handeling).
    action: Action,
    /// The authority that owns the rule (eerstverantwoordelijke).
    #[schema(nullable = false)]
    lead: Option<Uuid>,
    /// The other authorities, all of them (meebehandelaars).
    #[schema(max_items = 20, nullable = false)]
    contributors: Option<Vec<Uuid>>,
    /// Why, for those who work on it (toelichting).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    explanation: Option<String>,
    /// The outcome, intended or final (uitkomst).
    #[schema(nullable = false)]
    outcome: Option<Outcome>,
    /// Why, for the reporter and whoever follows the report (openbare toelichting).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    public_explanation: Option<String>,
    /// Why (reden).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    reason: Option<String>,
    /// The authority that a return points to (juiste organisatie).
    #[schema(nullable = false)]
    suggested_authority: Option<Uuid>,
    /// What the reporter is asked (vraag).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    question: Option<String>,
    /// What the reporter answers (antwoord).
    #[schema(min_length = 1, max_length = 20000, nullable = false)]
    answer: Option<String>,
    /// What takes the obstacle away (maatregel).
    #[schema(nullable = false)]
    measure: Option<MeasureRequest>,
    /// The report that this one joins (samenvoegen met).
    #[schema(nullable = false)]
    merge_into: Option<Uuid>,
    /// For whom the reviewed version is; never wider than the confidentiality (gedeeld met).
    #[schema(nullable = false)]
    audience: Option<ShareAudience>,
    /// The title as the desk reviewed it (beoordeelde titel).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\r\n\t]*$",
        nullable = false
    )]
    title: Option<String>,
    /// The summary as the desk reviewed it (beoordeelde samenvatting).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    summary: Option<String>,
    /// Official publication of the change, as stb-2026-123 or Stb. 2026, 123 (vindplaats).
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    publication: Option<String>,
    /// The article that gives the room, for existing_room (artikel dat de ruimte geeft).
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    room: Option<String>,
    /// Where the decision on the experiment or exemption stands (kenmerk besluit).
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    decision_reference: Option<String>,
    /// How far the report may travel from now (vertrouwelijkheid).
    #[schema(nullable = false)]
    confidentiality: Option<Confidentiality>,
    /// The corrected rules, all of them (regels).
    #[schema(max_items = 20, nullable = false)]
    regulations: Option<Vec<CitationRequest>>,
    /// The corrected policy domains, all of them (beleidsterreinen).
    #[schema(max_items = 10, nullable = false)]
    domains: Option<Vec<String>>,
    /// The corrected municipalities, all of them (gemeenten).
    #[schema(max_items = 400, nullable = false)]
    municipalities: Option<Vec<String>>,
    /// Id of a person of your organisation who is to work on it; you, unless said (behandelaar).
    #[schema(nullable = false)]
    assignee: Option<Uuid>,
    /// The opinion of a contributing authority, for government alone (advies).
    #[schema(min_length = 1, max_length = 20000, nullable = false)]
    advice: Option<String>,
    /// Code of the deadline profile whose latest version the running clocks move to (termijnprofiel).
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    deadline_profile: Option<String>,
    /// How and when the reporter agreed to its report travelling further (toestemming).
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    consent: Option<String>,
    /// Whether the obstacle is gone (oordeel).
    #[schema(nullable = false)]
    verdict: Option<Verdict>,
    /// What the reporter has to say about it (opmerking).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    remark: Option<String>,
    /// With the verdict `not`: ask for reopening in the same step, for the reason in `remark` (heropening vragen).
    #[schema(nullable = false)]
    request_reopening: Option<bool>,
}

/// A measure (Dutch: maatregel); with an id the change of one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"kind": "amendment", "owner": "Directie Primair Onderwijs", "targetDate": "2027-08-01"}))]
pub struct MeasureRequest {
    /// Id of the measure that changes; left out for a new one (maatregel).
    #[schema(nullable = false)]
    id: Option<Uuid>,
    /// How the obstacle is taken away (soort maatregel).
    kind: MeasureKind,
    /// Who carries it out: a post or unit (uitvoerder).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    owner: String,
    /// When it is to be done (streefdatum).
    target_date: NaiveDate,
    /// What it brought (resultaat).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    result: Option<String>,
}

/// What can be done with a report now (Dutch: mogelijke handelingen).
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailableTransitions {
    /// The actions you may take (handelingen).
    items: Vec<AvailableTransition>,
}

/// An action that can be taken now (Dutch: mogelijke handeling).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"action": "accept", "to": "in_review", "required": [], "optional": []}))]
pub struct AvailableTransition {
    /// What can be done (handeling).
    action: Action,
    /// The status it leads to (naar status).
    to: Status,
    /// The fields it needs (verplicht).
    required: Vec<Field>,
    /// The fields it may have; some outcomes need them (mogelijk).
    optional: Vec<Field>,
}

impl AvailableTransition {
    fn new(row: &Transition, shown: &Shown) -> Self {
        let report = &shown.report;
        let before_merge = report
            .handling
            .before_merge
            .as_ref()
            .map(|before| before.status);
        let to = match row.to {
            Target::To(status) => status,
            Target::Before if row.action == Action::Unmerge => {
                before_merge.unwrap_or(report.status)
            }
            Target::Before => report.resume_status.unwrap_or(report.status),
            Target::Reopened if report.lead.is_some() => Status::InReview,
            Target::Reopened => Status::Submitted,
            Target::Same => report.status,
        };
        Self {
            action: row.action,
            to,
            required: row.required.to_vec(),
            optional: row.optional.to_vec(),
        }
    }
}

/// See what can be done
///
/// What you may do with the report now (mogelijke handelingen), and what each needs.
#[utoipa::path(
    tag = "workflow",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 200, description = "The actions (handelingen)", body = AvailableTransitions)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/transitions")]
pub async fn list_transitions(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let shown = transitions::available(&ctx, actor, report_id(&id)?).await?;
    let items = shown
        .actions
        .iter()
        .map(|row| AvailableTransition::new(row, &shown))
        .collect();
    Ok(HttpResponse::Ok().json(AvailableTransitions { items }))
}

/// Do something with a report
///
/// Makes a transition (handeling verrichten) and tells whom it concerns. An action that is not legal now answers 409 with
/// those that are.
#[utoipa::path(
    tag = "workflow",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), IfMatchHeader, IdempotencyKeyHeader),
    request_body(content = TransitionRequest, description = "What to do (handeling)"),
    responses((status = 200, description = "The report as it now is (melding)", body = ReportView, headers(("ETag" = String, description = "Version of the report (versie)")))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/reports/{id}/transitions")]
pub async fn make_transition(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    IfMatch(version): IfMatch,
    key: IdempotencyKey,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<TransitionRequest>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let id: ReportId = report_id(&id)?;
    let key = key.with(&body.raw);
    let wanted = body.value.into_request()?;
    let action = wanted.action.as_str();
    audit::note("transition", action);
    let render = move |shown: &Shown| answer(shown, language, 200);
    let answer = transitions::make(&ctx, actor, id, version, wanted, key, render).await?;
    if !answer.replayed {
        ctx.metrics.transition(action);
    }
    Ok(idempotency::respond(answer))
}

impl TransitionRequest {
    pub fn into_request(self) -> Result<Request, Error> {
        let mut blank = Vec::new();
        // Blanks alone say nothing: what is required has to be said.
        let mut said = |text: Option<String>, field: Field| {
            let text = text.map(|text| text.trim().to_owned());
            if text.as_deref() == Some("") {
                blank.push(FieldError::new(format!("/{field}"), "required"));
            }
            text
        };
        let (explanation, reason) = (
            said(self.explanation, Field::Explanation),
            said(self.reason, Field::Reason),
        );
        let public_explanation = said(self.public_explanation, Field::PublicExplanation);
        let (question, answer) = (
            said(self.question, Field::Question),
            said(self.answer, Field::Answer),
        );
        let (title, summary) = (
            said(self.title, Field::Title),
            said(self.summary, Field::Summary),
        );
        let (room, decision_reference) = (
            said(self.room, Field::Room),
            said(self.decision_reference, Field::DecisionReference),
        );
        let (advice, consent, remark) = (
            said(self.advice, Field::Advice),
            said(self.consent, Field::Consent),
            said(self.remark, Field::Remark),
        );
        if !blank.is_empty() {
            return Err(Error::Invalid(blank));
        }
        let publication = match self.publication.as_deref().map(Publication::parse) {
            Some(None) => return Err(Error::field("/publication", "publication_malformed")),
            other => other.flatten(),
        };
        let organisation = |id: Uuid| OrganisationId::from_uuid(id);
        Ok(Request {
            action: self.action,
            input: Input {
                lead: self.lead.map(organisation),
                contributors: self
                    .contributors
                    .map(|all| all.into_iter().map(organisation).collect()),
                explanation,
                outcome: self.outcome,
                public_explanation,
                reason,
                suggested_authority: self.suggested_authority.map(organisation),
                question,
                answer,
                measure: self.measure.map(|measure| MeasureInput {
                    id: measure.id.map(MeasureId::from_uuid),
                    registered: false,
                    kind: measure.kind,
                    owner: measure.owner,
                    target_date: measure.target_date,
                    result: measure.result,
                }),
                merge_into: self.merge_into.map(Id::from_uuid),
                audience: self.audience,
                title,
                summary,
                publication,
                room,
                decision_reference,
                confidentiality: self.confidentiality,
                domains: self.domains,
                consent,
                deadline_profile: self.deadline_profile,
                verdict: self.verdict,
                remark,
                request_reopening: self.request_reopening.unwrap_or_default(),
                // What takes looking up.
                ..Input::default()
            },
            assignee: self.assignee.map(PrincipalId::from_uuid),
            advice,
            citations: self
                .regulations
                .map(|all| all.into_iter().map(Into::into).collect()),
            municipalities: self.municipalities,
        })
    }
}
