//! Measures other than experiments (maatregelen): who takes an obstacle away, by when, how far it is, what shows it.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::audit;
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::id::{Id, MeasureId};
use crate::domain::legislation::LegislativeStage;
use crate::domain::measure::{Input, MeasureAction, MeasureState, MeasureUpdate};
use crate::domain::policy;
use crate::domain::report::MeasureKind;
use crate::domain::status::Status;
use crate::http::auth::{Granted, ReadReports, Triage};
use crate::http::body::Body;
use crate::http::conditional::{IfMatch, IfMatchHeader, etag, tagged_body};
use crate::http::experiment_views::LegislationView;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::said::Said;
use crate::http::settlement::SettlementOffer;
use crate::services::idempotency::{Answer, once};
use crate::services::measures::{self, NewMeasure, Shown};
use crate::services::{Context, Error};
use crate::store::measures::Filter;

/// A measure to begin (Dutch: maatregel).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "kind": "amendment", "title": "Opheffingsnorm voor kleine kernen", "owner": "Directie Primair Onderwijs",
    "targetDate": "2028-08-01", "reports": ["0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"]
}))]
pub struct NewMeasureRequest {
    /// How the obstacle is taken away; an experiment is proposed at `/v1/experiments` (soort maatregel).
    kind: MeasureKind,
    /// What it is called (titel).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    title: String,
    /// Who carries it out: a post or unit (uitvoerder).
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\r\n\t]*$")]
    owner: String,
    /// When it is to be done (streefdatum).
    target_date: NaiveDate,
    /// Ids of the reports that it serves, each led by you with its position taken (meldingen).
    #[schema(min_items = 1, max_items = 100)]
    reports: Vec<Uuid>,
}

/// What to do with a measure (Dutch: handeling).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"action": "update", "note": "Het wetsvoorstel ligt bij de Raad van State.", "stage": "council_of_state", "dossier": "36999"}))]
pub struct MeasureTransitionRequest {
    /// What to do (handeling).
    action: MeasureAction,
    /// How far it is (voortgang).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    note: Option<String>,
    /// What shows it: an address or a reference (bewijs).
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    evidence: Option<String>,
    /// Who carries it out from now on (uitvoerder).
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\r\n\t]*$",
        nullable = false
    )]
    owner: Option<String>,
    /// When it is to be done now (streefdatum).
    #[schema(nullable = false)]
    target_date: Option<NaiveDate>,
    /// Ids of the reports that it is to serve too (meldingen).
    #[schema(min_items = 1, max_items = 100, nullable = false)]
    reports: Option<Vec<Uuid>>,
    /// What it brought, or why it is dropped (resultaat).
    #[schema(min_length = 1, max_length = 5000, nullable = false)]
    result: Option<String>,
    /// Where the decision of an exemption stands (kenmerk besluit).
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    decision_reference: Option<String>,
    /// How far an amendment is (stadium).
    #[schema(nullable = false)]
    stage: Option<LegislativeStage>,
    /// Number of the parliamentary file, as 36410 (kamerstukdossier).
    #[schema(pattern = r"^[0-9]{5}(-[A-Z0-9()]{1,12})?$", nullable = false)]
    dossier: Option<String>,
    /// Official publication, as stb-2027-12 or kst-36410-3 (vindplaats).
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    publication: Option<String>,
}

/// A measure with the reports that it serves (Dutch: maatregel).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasureRecordView {
    /// Id of the measure, as its reports name it (maatregel).
    id: Uuid,
    /// How the obstacle is taken away (soort maatregel).
    kind: MeasureKind,
    /// What it is called (titel).
    title: String,
    /// Who carries it out (uitvoerder).
    owner: String,
    /// The authority whose measure it is (organisatie).
    authority: OrganisationRef,
    /// Where it stands (stand).
    state: MeasureState,
    /// When it is to be done (streefdatum).
    target_date: NaiveDate,
    /// By when it is told how far it is; null once it has ended (voortgang uiterlijk op).
    update_due_on: Option<NaiveDate>,
    /// One of these days is over (te laat).
    late: bool,
    /// What was told of how far it is, the earliest first (voortgang).
    updates: Vec<MeasureUpdateView>,
    /// Of an amendment: how far it is (wetgevingsdossier).
    legislation: Option<LegislationView>,
    /// Of an exemption: where its decision stands (kenmerk besluit).
    decision_reference: Option<String>,
    /// What it brought, or why it was dropped (resultaat).
    result: Option<String>,
    /// When it ended (beëindigd op).
    ended_on: Option<NaiveDate>,
    /// The reports that it serves, as far as you see these (meldingen).
    reports: Vec<ServedReport>,
    /// What settles the reports together, once it has ended and you may settle (voorstel tot afhandeling).
    settlement: Option<SettlementOffer>,
    /// What you may do with it now (mogelijke handelingen).
    actions: Vec<MeasureAction>,
    /// When it began (begonnen op).
    created_at: DateTime<Utc>,
    /// When it last changed (gewijzigd op).
    updated_at: DateTime<Utc>,
    /// Version, as the ETag names it (versie).
    version: i32,
}

/// What was told of how far a measure is (Dutch: voortgang).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasureUpdateView {
    /// When (op).
    on: NaiveDate,
    /// Name of the organisation that told it (door).
    by: String,
    /// How far it is (voortgang).
    note: String,
    /// What shows it (bewijs).
    evidence: Option<String>,
}

/// A report that a measure serves (Dutch: melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServedReport {
    /// Id of the report (melding).
    id: Uuid,
    /// Number (kenmerk).
    reference: Option<String>,
    /// Title, as you may see it (titel).
    title: String,
    /// Where it stands (status).
    status: Status,
}

/// Which measures.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct MeasureFilter {
    /// Where they stand; may repeat (stand).
    #[param(inline)]
    #[serde(default)]
    state: Vec<MeasureState>,
    /// How the obstacle is taken away; may repeat (soort maatregel).
    #[param(inline)]
    #[serde(default)]
    kind: Vec<MeasureKind>,
    /// Id of the authority whose they are (organisatie).
    #[param(nullable = false)]
    authority: Option<Uuid>,
    /// Id of a report that they serve (melding).
    #[param(nullable = false)]
    report: Option<Uuid>,
    /// Only those that are over their target date or have not been told of for half a year (te laat).
    #[serde(default)]
    #[param(default = false)]
    late: bool,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

impl From<&MeasureUpdate> for MeasureUpdateView {
    fn from(update: &MeasureUpdate) -> Self {
        Self {
            on: update.on,
            by: update.by.clone(),
            note: update.note.clone(),
            evidence: update.evidence.clone(),
        }
    }
}

impl From<&Shown> for MeasureRecordView {
    fn from(shown: &Shown) -> Self {
        let of = &shown.measure;
        let course = &of.course;
        let update_due_on = of.update_due_on();
        let over = |day: NaiveDate| day < shown.today;
        let reports = shown.reports.iter().map(|(report, view)| ServedReport {
            id: report.id.uuid(),
            reference: report.reference.clone(),
            title: policy::title(report, *view).to_owned(),
            status: report.status,
        });
        Self {
            id: of.id.uuid(),
            kind: of.kind,
            title: of.title.clone(),
            owner: of.owner.clone(),
            authority: reference(&shown.organisations, of.authority),
            state: of.state,
            target_date: of.target_date,
            update_due_on,
            late: update_due_on.is_some_and(|due| over(due) || over(of.target_date)),
            updates: course.updates.iter().map(MeasureUpdateView::from).collect(),
            legislation: course.legislation.as_ref().map(LegislationView::from),
            decision_reference: course.decision_reference.clone(),
            result: course.result.clone(),
            ended_on: course.ended_on,
            reports: reports.collect(),
            settlement: shown.offer.as_ref().map(SettlementOffer::from),
            actions: shown.actions.clone(),
            created_at: of.created_at,
            updated_at: of.updated_at,
            version: of.version,
        }
    }
}

impl NewMeasureRequest {
    fn into_new(self) -> Result<NewMeasure, Error> {
        let mut said = Said::default();
        let new = NewMeasure {
            kind: self.kind,
            title: said.text(self.title, "/title"),
            owner: said.text(self.owner, "/owner"),
            target_date: self.target_date,
            reports: self.reports.into_iter().map(Id::from_uuid).collect(),
        };
        said.checked(new)
    }
}

impl MeasureTransitionRequest {
    fn into_request(self) -> Result<(MeasureAction, Input), Error> {
        let mut said = Said::default();
        let ids = |all: Vec<Uuid>| all.into_iter().map(Id::from_uuid).collect();
        let input = Input {
            note: said.maybe(self.note, "/note"),
            evidence: said.maybe(self.evidence, "/evidence"),
            owner: said.maybe(self.owner, "/owner"),
            target_date: self.target_date,
            reports: self.reports.map(ids),
            result: said.maybe(self.result, "/result"),
            decision_reference: said.maybe(self.decision_reference, "/decisionReference"),
            stage: self.stage,
            dossier: self.dossier,
            publication: said.publication(self.publication.as_deref()),
        };
        said.checked((self.action, input))
    }
}

fn measure_id(path: &str) -> Result<MeasureId, Error> {
    path.parse().map_err(|_| Error::NotFound)
}

/// The measure as JSON, with its tag.
fn written(shown: &Shown) -> Result<(String, String), Error> {
    let body = serde_json::to_string(&MeasureRecordView::from(shown))
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok((etag(shown.measure.version, &body), body))
}

fn answer(shown: &Shown, status: u16) -> Result<Answer, Error> {
    let (tag, body) = written(shown)?;
    let mut headers = vec![(ETAG.to_string(), tag)];
    if status == 201 {
        let location = format!("/v1/measures/{}", shown.measure.id);
        headers.push((LOCATION.to_string(), location));
    }
    Ok(Answer {
        status,
        headers,
        body,
        replayed: false,
    })
}

/// Begin a measure
///
/// An amendment, a changed practice, an exemption or something else (maatregel), for one report or for many at once: by the
/// lead of them all. Where the position was taken the implementation begins with it; where it had begun it is one more.
#[utoipa::path(
    tag = "measures",
    params(IdempotencyKeyHeader),
    request_body(content = NewMeasureRequest, description = "The measure (maatregel)"),
    responses((status = 201, description = "Begun (begonnen)", body = MeasureRecordView, headers(
        ("Location" = String, description = "Address of the measure (adres)"),
        ("ETag" = String, description = "Version of the measure (versie)"),
    ))),
    security(("oauth2" = ["triage"])),
)]
#[post("/measures")]
pub async fn create_measure(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<Triage>,
    key: IdempotencyKey,
    body: Body<NewMeasureRequest>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    let new = body.value.into_new()?;
    let now = ctx.clock.now();
    let context = ctx.get_ref().clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                answer(&measures::create(conn, &context, &actor, new)?, 201)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// List measures
///
/// What takes obstacles away (maatregelen): of the reports that you see whole, and of your own authority, the newest first.
#[utoipa::path(
    tag = "measures",
    params(MeasureFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<MeasureRecordView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/measures")]
pub async fn list_measures(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    Query(query): Query<MeasureFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let now = ctx.clock.now();
    let filter = Filter {
        states: query.state,
        kinds: query.kind,
        authority: query.authority.map(Id::from_uuid),
        report: query.report.map(Id::from_uuid),
        late_on: query.late.then(|| local_date(now)),
    };
    let rows = ctx
        .db
        .read(move |conn| {
            let before = before.map(Id::from_uuid);
            measures::list(conn, &actor, &filter, before, limit + 1, now)
        })
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.measure.id.uuid());
    let items = rows.iter().map(MeasureRecordView::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Read a measure
///
/// What it is, how far it is, the reports that it serves (maatregel).
#[utoipa::path(
    tag = "measures",
    params(("id" = Uuid, Path, description = "Id of the measure (maatregel)")),
    responses(
        (status = 200, description = "The measure (maatregel)", body = MeasureRecordView, headers(("ETag" = String, description = "Version of the measure (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/measures/{id}")]
pub async fn get_measure(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = measure_id(&id)?;
    let now = ctx.clock.now();
    let shown = ctx
        .db
        .read(move |conn| measures::get(conn, &actor, id, now))
        .await?;
    let (tag, body) = written(&shown)?;
    Ok(tagged_body(&request, &tag, body))
}

/// Do something with a measure
///
/// Tells how far it is, has it serve other reports too, or ends it (handeling verrichten): by its authority. Each report that
/// it serves tells of it; once it has ended, `settlement` offers to settle them together.
#[utoipa::path(
    tag = "measures",
    params(("id" = Uuid, Path, description = "Id of the measure (maatregel)"), IfMatchHeader, IdempotencyKeyHeader),
    request_body(content = MeasureTransitionRequest, description = "What to do (handeling)"),
    responses((status = 200, description = "The measure as it now is (maatregel)", body = MeasureRecordView, headers(("ETag" = String, description = "Version of the measure (versie)")))),
    security(("oauth2" = ["triage"])),
)]
#[post("/measures/{id}/transitions")]
pub async fn make_measure_transition(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<Triage>,
    IfMatch(version): IfMatch,
    key: IdempotencyKey,
    id: web::Path<String>,
    body: Body<MeasureTransitionRequest>,
) -> Result<HttpResponse, Failure> {
    let id = measure_id(&id)?;
    let key = key.with(&body.raw);
    let wanted = body.value.into_request()?;
    audit::note("transition", wanted.0.as_str());
    let now = ctx.clock.now();
    let context = ctx.get_ref().clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                answer(
                    &measures::act(conn, &context, &actor, id, version, wanted)?,
                    200,
                )
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}
