//! What is observed in an experiment (waarnemingen), and how far it is (voortgang).

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::code::code_list;
use crate::domain::experiment::progress::{Figures, Missing, Observation, Observed};
use crate::domain::id::{ExperimentId, Id, ObservationId};
use crate::domain::invalid::FieldError;
use crate::http::auth::{Granted, ReadReports, WorkOnReports};
use crate::http::body::{Body, Sheet};
use crate::http::experiments::experiment_id;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::services::idempotency::{Answer, once};
use crate::services::observations::{self, Listed, NewObservation};
use crate::services::reports::Organisations;
use crate::services::{Context, Error};
use crate::store::observations::Filter;

code_list! {
    /// Whose value it is (Dutch: van wie).
    pub enum ObservedOf {
        /// Of one participant (deelnemer).
        Participant = "participant",
        /// Of all participants together (allen samen).
        All = "all",
        /// Of the comparison group (vergelijkingsgroep).
        Comparison = "comparison",
    }
}

impl From<Observed> for ObservedOf {
    fn from(of: Observed) -> Self {
        match of {
            Observed::Participant(_) => Self::Participant,
            Observed::All => Self::All,
            Observed::Comparison => Self::Comparison,
        }
    }
}

/// Observations to enter, all of them or none (Dutch: waarnemingen).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservationsRequest {
    /// The observations (waarnemingen).
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<ObservationRequest>,
}

/// A value that was measured (Dutch: waarneming).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "indicator": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "participant": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1c",
    "observedOn": "2027-11-01", "value": 43
}))]
pub struct ObservationRequest {
    /// Id of the indicator (indicator).
    indicator: Uuid,
    /// Whose value it is; of one participant unless said (van wie).
    #[schema(nullable = false)]
    of: Option<ObservedOf>,
    /// Id of the participant; needed for one of a participant, and for no other (deelnemer).
    #[schema(nullable = false)]
    participant: Option<Uuid>,
    /// When it was measured (waargenomen op).
    observed_on: NaiveDate,
    /// The value, in the unit of the indicator (waarde).
    #[schema(minimum = -1000000000000.0, maximum = 1000000000000.0)]
    value: f64,
    /// What is to be known about it (opmerking).
    #[schema(min_length = 1, max_length = 1000, nullable = false)]
    note: Option<String>,
}

/// Observations in CSV, as a form (Dutch: rekenblad).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read as a form by `Sheet`")]
pub struct ObservationSheet {
    /// The sheet (bestand).
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Another value in the place of one (Dutch: correctie).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"value": 44, "reason": "Een leerling was dubbel geteld."}))]
pub struct CorrectionRequest {
    /// The right value (waarde).
    #[schema(minimum = -1000000000000.0, maximum = 1000000000000.0)]
    value: f64,
    /// Why (reden).
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// A value that was measured (Dutch: waarneming).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservationView {
    /// Id of the observation (waarneming).
    id: Uuid,
    /// Id of the indicator (indicator).
    indicator: Uuid,
    /// Whose value it is (van wie).
    of: ObservedOf,
    /// The participant, when it is of one (deelnemer).
    participant: Option<OrganisationRef>,
    /// When it was measured (waargenomen op).
    observed_on: NaiveDate,
    /// The value (waarde).
    value: f64,
    /// What is to be known about it (opmerking).
    note: Option<String>,
    /// Who entered it (ingevoerd door).
    entered_by: OrganisationRef,
    /// When it was entered (ingevoerd op).
    entered_at: DateTime<Utc>,
    /// Id of the observation that this corrects (corrigeert).
    corrects: Option<Uuid>,
    /// Id of the observation that corrects this; it counts no longer (gecorrigeerd door).
    corrected_by: Option<Uuid>,
    /// Why it corrects (reden).
    reason: Option<String>,
}

/// Observations that were entered (Dutch: ingevoerde waarnemingen).
#[derive(Debug, Serialize, ToSchema)]
pub struct Observations {
    /// The observations, in the order in which they were sent (waarnemingen).
    items: Vec<ObservationView>,
}

/// Which observations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ObservationFilter {
    /// Id of an indicator (indicator).
    #[param(nullable = false)]
    indicator: Option<Uuid>,
    /// Id of a participant (deelnemer).
    #[param(nullable = false)]
    participant: Option<Uuid>,
    /// With those that were corrected (ook gecorrigeerde).
    #[serde(default)]
    #[param(default = false)]
    corrected: bool,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// How far an experiment is (Dutch: voortgang). Descriptive statistics: what they say of a cause is for the evaluation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExperimentProgress {
    /// Of each indicator (indicatoren).
    indicators: Vec<IndicatorProgress>,
    /// Rounds that are over and in which a participant was not observed (ontbrekende waarnemingen).
    missing: Vec<MissingObservation>,
    /// Rounds that run and in which a participant is still to be observed, by their last day (verwachte waarnemingen).
    expected: Vec<MissingObservation>,
}

/// How far an indicator is (Dutch: voortgang van een indicator).
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorProgress {
    /// Id of the indicator (indicator).
    indicator: Uuid,
    /// What it is called (naam).
    name: String,
    /// Unit of its values (eenheid).
    unit: String,
    /// What it should become (streefwaarde).
    target: Option<f64>,
    /// Of all together, of each participant, of the comparison group (reeksen).
    series: Vec<ProgressSeries>,
}

/// Figures of an indicator for somebody (Dutch: reeks).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressSeries {
    /// Whose values (van wie).
    of: ObservedOf,
    /// The participant, when they are of one (deelnemer).
    participant: Option<OrganisationRef>,
    /// The figures (cijfers).
    figures: Figures,
}

/// A round in which a participant was or is not observed (Dutch: ontbrekende waarneming).
#[derive(Debug, Serialize, ToSchema)]
pub struct MissingObservation {
    /// Id of the indicator (indicator).
    indicator: Uuid,
    /// The participant (deelnemer).
    participant: OrganisationRef,
    /// First day of the round (vanaf).
    from: NaiveDate,
    /// Last day of the round (tot en met).
    to: NaiveDate,
}

impl ObservationView {
    fn new(of: &Observation, organisations: &Organisations) -> Self {
        Self {
            id: of.id.uuid(),
            indicator: of.indicator.uuid(),
            of: of.of.into(),
            participant: participant(of.of, organisations),
            observed_on: of.observed_on,
            value: of.value,
            note: of.note.clone(),
            entered_by: reference(organisations, of.entered_by),
            entered_at: of.entered_at,
            corrects: of.corrects.map(ObservationId::uuid),
            corrected_by: of.corrected_by.map(ObservationId::uuid),
            reason: of.reason.clone(),
        }
    }
}

fn participant(of: Observed, organisations: &Organisations) -> Option<OrganisationRef> {
    match of {
        Observed::Participant(id) => Some(reference(organisations, id)),
        Observed::All | Observed::Comparison => None,
    }
}

fn shown(listed: &Listed) -> Vec<ObservationView> {
    let all = listed.observations.iter();
    all.map(|one| ObservationView::new(one, &listed.organisations))
        .collect()
}

fn created(id: ExperimentId, listed: &Listed) -> Result<Answer, Error> {
    let items = shown(listed);
    let location = format!("/v1/experiments/{id}/observations");
    Ok(Answer {
        status: 201,
        headers: vec![(LOCATION.to_string(), location)],
        body: serde_json::to_string(&Observations { items })
            .map_err(|e| Error::Internal(e.to_string()))?,
        replayed: false,
    })
}

impl ObservationsRequest {
    fn into_new(self) -> Result<Vec<NewObservation>, Error> {
        let mut faults = Vec::new();
        let mut new = Vec::new();
        for (at, one) in self.items.into_iter().enumerate() {
            let of = match (one.of.unwrap_or(ObservedOf::Participant), one.participant) {
                (ObservedOf::Participant, Some(id)) => Observed::Participant(Id::from_uuid(id)),
                (ObservedOf::All, None) => Observed::All,
                (ObservedOf::Comparison, None) => Observed::Comparison,
                (ObservedOf::Participant, None) => {
                    faults.push(FieldError::new(
                        format!("/items/{at}/participant"),
                        "required",
                    ));
                    continue;
                }
                (ObservedOf::All | ObservedOf::Comparison, Some(_)) => {
                    let at = format!("/items/{at}/participant");
                    faults.push(FieldError::new(at, "no_participant_here"));
                    continue;
                }
            };
            new.push(NewObservation {
                indicator: Id::from_uuid(one.indicator),
                of,
                observed_on: one.observed_on,
                value: one.value,
                note: one.note,
            });
        }
        if faults.is_empty() {
            return Ok(new);
        }
        Err(Error::Invalid(faults))
    }
}

/// Enter observations
///
/// One or many at once, all of them or none (waarnemingen invoeren): a participant its own, the authority and the desk
/// those of all. One for an indicator, a day and whom it is of; a correction takes the place of one.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)"), IdempotencyKeyHeader),
    request_body(content = ObservationsRequest, description = "The observations (waarnemingen)"),
    responses((status = 201, description = "Entered (ingevoerd)", body = Observations, headers(("Location" = String, description = "Address of the observations (adres)")))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/experiments/{id}/observations")]
pub async fn enter_observations(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    key: IdempotencyKey,
    id: web::Path<String>,
    body: Body<ObservationsRequest>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let key = key.with(&body.raw);
    let new = body.value.into_new()?;
    let now = ctx.clock.now();
    let context = ctx.get_ref().clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                created(id, &observations::enter(conn, &context, &actor, id, new)?)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Enter observations from a sheet
///
/// A CSV file in UTF-8 as the `file` of a form (waarnemingen uit een rekenblad), separated by commas or, as Dutch spreadsheets do, by semicolons
/// with decimal commas: a header with `indicator`, `participant`, `observedOn`, `value` and perhaps `note`, and up to a
/// thousand lines. An indicator by its name or id; a participant by its code as `GM1714` or its id, or `all` or
/// `comparison`; a day as 2027-10-01 or 1-10-2027. All lines or none: every fault is told by line and column.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)"), IdempotencyKeyHeader),
    request_body(content = ObservationSheet, content_type = "multipart/form-data", description = "The sheet (rekenblad)"),
    responses((status = 201, description = "Entered (ingevoerd)", body = Observations, headers(("Location" = String, description = "Address of the observations (adres)")))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/experiments/{id}/observation-sheets")]
pub async fn enter_observation_sheet(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    key: IdempotencyKey,
    id: web::Path<String>,
    sheet: Sheet,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let key = key.with(sheet.text.as_bytes());
    let now = ctx.clock.now();
    let context = ctx.get_ref().clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let listed = observations::enter_sheet(conn, &context, &actor, id, &sheet.text)?;
                created(id, &listed)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// List observations
///
/// What was observed (waarnemingen), in the order in which it was entered.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)"), ObservationFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<ObservationView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments/{id}/observations")]
pub async fn list_observations(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
    Query(query): Query<ObservationFilter>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let filter = Filter {
        indicator: query.indicator.map(Id::from_uuid),
        participant: query.participant.map(Id::from_uuid),
        corrected: query.corrected,
    };
    let listed = ctx
        .db
        .read(move |conn| {
            let after = after.map(Id::from_uuid);
            observations::list(conn, &actor, id, filter, after, limit + 1)
        })
        .await?;
    let (items, next_cursor) = paging::cut(shown(&listed), limit, |row| row.id);
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Correct an observation
///
/// Puts another value in its place, with the reason (waarneming corrigeren); the old value stays to be read.
#[utoipa::path(
    tag = "experiments",
    params(
        ("id" = Uuid, Path, description = "Id of the experiment (experiment)"),
        ("observation" = Uuid, Path, description = "Id of the observation (waarneming)"),
        IdempotencyKeyHeader,
    ),
    request_body(content = CorrectionRequest, description = "The right value (correctie)"),
    responses((status = 201, description = "Corrected (gecorrigeerd)", body = Observations, headers(("Location" = String, description = "Address of the observations (adres)")))),
    security(("oauth2" = ["reports:write"]), ("oauth2" = ["triage"])),
)]
#[post("/experiments/{id}/observations/{observation}/corrections")]
pub async fn correct_observation(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WorkOnReports>,
    key: IdempotencyKey,
    path: web::Path<(String, String)>,
    body: Body<CorrectionRequest>,
) -> Result<HttpResponse, Failure> {
    let (id, old) = path.into_inner();
    let id = experiment_id(&id)?;
    let old: ObservationId = old.parse().map_err(|_| Error::NotFound)?;
    let key = key.with(&body.raw);
    let wanted = body.value;
    let reason = wanted.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Error::field("/reason", "required").into());
    }
    let now = ctx.clock.now();
    let context = ctx.get_ref().clone();
    let answer = ctx
        .db
        .write(move |conn| {
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let which = (id, old);
                let listed =
                    observations::correct(conn, &context, &actor, which, wanted.value, reason)?;
                created(id, &listed)
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// See how far an experiment is
///
/// For each indicator and participant how far it is from its baseline and its target, and what was not observed in time
/// (voortgang). Descriptive statistics alone.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)")),
    responses((status = 200, description = "The progress (voortgang)", body = ExperimentProgress)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments/{id}/progress")]
pub async fn get_experiment_progress(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let now = ctx.clock.now();
    let found = ctx
        .db
        .read(move |conn| observations::progress(conn, &actor, id, now))
        .await?;
    let names = &found.organisations;
    let of = |(of, figures): &(Observed, Figures)| ProgressSeries {
        of: (*of).into(),
        participant: participant(*of, names),
        figures: figures.clone(),
    };
    let indicators = found.experiment.plan.indicators.iter();
    let indicators =
        indicators
            .zip(&found.indicators)
            .map(|(one, (_, series))| IndicatorProgress {
                indicator: one.id.uuid(),
                name: one.name.clone(),
                unit: one.unit.clone(),
                target: one.target,
                series: series.iter().map(of).collect(),
            });
    let open = |one: &Missing| MissingObservation {
        indicator: one.indicator.uuid(),
        participant: reference(names, one.participant),
        from: one.from,
        to: one.to,
    };
    Ok(HttpResponse::Ok().json(ExperimentProgress {
        indicators: indicators.collect(),
        missing: found.missing.iter().map(open).collect(),
        expected: found.expected.iter().map(open).collect(),
    }))
}
