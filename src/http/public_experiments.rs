//! The public register of experiments (openbaar register van experimenten): what everybody may read, without a token. A form
//! of its own, so that nothing gets here that was not put here.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::NaiveDate;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::actor::Language;
use crate::domain::deadline::local_date;
use crate::domain::experiment::{
    DecisionKind, Experiment, ExperimentStatus, Participant, ParticipantState,
};
use crate::domain::id::{Id, OrganisationId};
use crate::domain::report::Report;
use crate::domain::search::SearchQuery;
use crate::http::conditional::{etag, tagged_body};
use crate::http::experiment_views::{DueView, ExperimentEvaluation, LegislationView};
use crate::http::experiments::experiment_id;
use crate::http::feed::{self, News};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::sheet::{asks_for_csv, download, json_lines, sent, written};
use crate::services::reports::Organisations;
use crate::services::{Context, Error, experiments};
use crate::store::experiments::Filter;

/// How long anybody may keep it.
const KEPT: &str = "public, max-age=60";

/// An experiment as everybody may read of it (Dutch: experiment in het openbaar register).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "01935d7a-5b6e-7c11-8a3f-2f6f0c1d4e56",
    "reference": "EXP-2026-0002",
    "status": "running",
    "title": "Twee kleine scholen tellen als één",
    "idea": "Twee dorpsscholen vormen samen één school voor de opheffingsnorm, met behoud van beide gebouwen.",
    "authority": "Ministerie van Onderwijs, Cultuur en Wetenschap",
    "participants": [
        "Gemeente Sluis",
        "Gemeente Achtkarspelen"
    ],
    "deviations": [
        "WPO artikel 153"
    ],
    "startsOn": "2024-12-29",
    "endsOn": "2027-07-27",
    "due": [
        {
            "clock": "evaluation",
            "milestone": null,
            "dueOn": "2026-10-27",
            "late": true
        }
    ],
    "evaluation": null,
    "decision": null,
    "decidedOn": null,
    "legislation": null,
    "reports": []
}))]
pub struct PublicExperiment {
    /// Id of the experiment (experiment).
    id: Uuid,
    /// Number (kenmerk).
    #[schema(example = "EXP-2026-0001")]
    reference: String,
    /// Where it stands (status).
    status: ExperimentStatus,
    /// What it is called (titel).
    title: String,
    /// What is tried (wat er beproefd wordt).
    idea: String,
    /// Name of the authority that owns the rule (eigenaar van de regel).
    authority: Option<String>,
    /// Names of those that take part or took part (deelnemers).
    participants: Vec<String>,
    /// The rules deviated from (afwijkingen).
    deviations: Vec<String>,
    /// First day (begindatum).
    starts_on: Option<NaiveDate>,
    /// Last day (einddatum).
    ends_on: Option<NaiveDate>,
    /// What is due, the earliest first (termijnen).
    due: Vec<DueView>,
    /// What the evaluation found (evaluatie).
    evaluation: Option<ExperimentEvaluation>,
    /// What was decided (besluit).
    decision: Option<DecisionKind>,
    /// When that was decided (besloten op).
    decided_on: Option<NaiveDate>,
    /// How far the change of the rule is (wetgevingsdossier).
    legislation: Option<LegislationView>,
    /// Published reports that led to it (meldingen). Not told in lists.
    reports: Vec<RelatedReport>,
}

/// A report that led to an experiment (Dutch: melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelatedReport {
    /// Id of the report, as in `/v1/public/reports/{id}` (melding).
    id: Uuid,
    /// The number people say aloud (kenmerk).
    #[schema(example = "MKR-2026-000123")]
    reference: Option<String>,
    /// What it is about, as reviewed (titel).
    title: String,
}

impl RelatedReport {
    /// None for a report that is not published.
    fn new(of: &Report) -> Option<Self> {
        let version = of.handling.sharing.version.as_ref()?;
        Some(Self {
            id: of.id.uuid(),
            reference: of.reference.clone(),
            title: version.title.clone(),
        })
    }
}

/// Which experiments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PublicExperimentFilter {
    /// Where they stand; may repeat (status).
    #[param(inline)]
    #[serde(default)]
    status: Vec<ExperimentStatus>,
    /// Id of the authority that owns the rule (eigenaar van de regel).
    #[param(nullable = false)]
    authority: Option<Uuid>,
    /// Only those of which an evaluation, a milestone, the end or results are over their day (te laat).
    #[serde(default)]
    #[param(default = false)]
    late: bool,
    /// Words to look for in title, idea, rules and number, in any of their forms (zoekwoorden).
    #[param(
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "kleine scholen"
    )]
    q: Option<String>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

impl PublicExperimentFilter {
    fn filter(self, today: NaiveDate) -> Filter {
        Filter {
            statuses: self.status,
            authority: self.authority.map(Id::from_uuid),
            late_on: self.late.then_some(today),
            words: self.q.as_deref().map(SearchQuery::parse),
            ..Filter::default()
        }
    }
}

impl PublicExperiment {
    fn new(of: &Experiment, names: &Organisations, today: NaiveDate) -> Self {
        let name = |id: OrganisationId| names.get(&id).map(|one| one.name.clone());
        let course = &of.course;
        let took_part =
            |one: &&Participant| one.from.is_some() && one.state != ParticipantState::Asked;
        let participants = of.participants.iter().filter(took_part);
        Self {
            id: of.id.uuid(),
            reference: of.reference.clone(),
            status: of.status,
            title: of.title.clone(),
            idea: of.idea.clone(),
            authority: of.authority.and_then(name),
            participants: participants
                .filter_map(|one| name(one.organisation))
                .collect(),
            deviations: of.plan.deviations.iter().map(|rule| rule.label()).collect(),
            starts_on: course.started_on.or(of.plan.starts_on),
            ends_on: of.plan.ends_on,
            due: of
                .dues()
                .iter()
                .map(|due| DueView::new(due, today))
                .collect(),
            evaluation: course.evaluation.as_ref().map(ExperimentEvaluation::from),
            decision: course.decision.as_ref().map(|one| one.kind),
            decided_on: course.decision.as_ref().map(|one| one.decided_on),
            legislation: course.legislation.as_ref().map(LegislationView::from),
            reports: Vec::new(),
        }
    }
}

/// An answer that anybody may keep for a while.
pub fn kept(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(KEPT));
    response
}

/// List the register of experiments
///
/// Every experiment since it was registered (openbaar register), the newest first, for everybody; `late` lists who is late.
#[utoipa::path(
    tag = "public",
    params(PublicExperimentFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<PublicExperiment>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
)]
#[get("/public/experiments")]
pub async fn list_public_experiments(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(query): Query<PublicExperimentFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<Uuid> = paging::decode(query.cursor.as_deref())?;
    let today = local_date(ctx.clock.now());
    let filter = query.filter(today);
    let before = before.map(Id::from_uuid);
    let (rows, names) = ctx
        .db
        .read(move |conn| experiments::registered(conn, &filter, before, limit + 1))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id.uuid());
    let items = rows
        .iter()
        .map(|one| PublicExperiment::new(one, &names, today))
        .collect();
    Ok(kept(paging::respond(
        &request,
        &Page { items, next_cursor },
    )))
}

/// Follow the register of experiments
///
/// An Atom feed (RFC 4287) of the experiments that changed last (nieuwsbron), fifty at the most, with the filters of the
/// list.
#[utoipa::path(
    tag = "public",
    params(PublicExperimentFilter),
    responses((status = 200, description = "The feed (nieuwsbron)", content_type = "application/atom+xml", body = String)),
)]
#[get("/public/experiments/feed")]
pub async fn follow_public_experiments(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(query): Query<PublicExperimentFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(feed::MOST).min(feed::MOST);
    let filter = Filter {
        changed_last: true,
        ..query.filter(local_date(ctx.clock.now()))
    };
    let (rows, names) = ctx
        .db
        .read(move |conn| experiments::registered(conn, &filter, None, limit))
        .await?;
    let news = rows.iter().map(|one| News {
        path: format!("/v1/public/experiments/{}", one.id),
        title: format!("{} ({})", one.title, one.status.label(Language::Nl)),
        summary: one.idea.clone(),
        // When it was registered is known by the day alone.
        published: None,
        updated: one.updated_at,
        author: one
            .authority
            .and_then(|id| names.get(&id))
            .map(|authority| authority.name.clone()),
        categories: one
            .plan
            .deviations
            .iter()
            .map(|rule| rule.label())
            .collect(),
    });
    let title = "Experimenten - Meldpunt Knellende Regelgeving";
    Ok(kept(feed::feed(&ctx, &request, title, news)))
}

/// Read an experiment of the register
///
/// What everybody may read of it (openbaar register).
#[utoipa::path(
    tag = "public",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)")),
    responses(
        (status = 200, description = "The experiment (experiment)", body = PublicExperiment, headers(("ETag" = String, description = "Version of what you see (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/experiments/{id}")]
pub async fn get_public_experiment(
    ctx: web::Data<Context>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let today = local_date(ctx.clock.now());
    let (found, names, origins) = ctx
        .db
        .read(move |conn| experiments::registered_one(conn, id))
        .await?;
    let view = PublicExperiment {
        reports: origins.iter().filter_map(RelatedReport::new).collect(),
        ..PublicExperiment::new(&found, &names, today)
    };
    let body = serde_json::to_string(&view).map_err(|e| Error::Internal(e.to_string()))?;
    let tag = etag(found.version, &body);
    Ok(kept(tagged_body(&request, &tag, body)))
}

/// Experiments that are read at a time for an export.
const BATCH: i64 = 100;

const COLUMNS: [&str; 15] = [
    "id",
    "reference",
    "title",
    "status",
    "idea",
    "authority",
    "participants",
    "deviations",
    "startsOn",
    "endsOn",
    "evaluation",
    "decision",
    "decidedOn",
    "legislativeStage",
    "publications",
];

impl PublicExperiment {
    fn cells(self) -> [String; 15] {
        fn text<T: ToString>(value: Option<T>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        let legislation = self.legislation.as_ref();
        [
            self.id.to_string(),
            self.reference,
            self.title,
            self.status.to_string(),
            self.idea,
            self.authority.unwrap_or_default(),
            self.participants.join("; "),
            self.deviations.join("; "),
            text(self.starts_on),
            text(self.ends_on),
            text(self.evaluation.as_ref().map(ExperimentEvaluation::findings)),
            text(self.decision),
            text(self.decided_on),
            text(legislation.map(LegislationView::stage)),
            legislation
                .map(|file| file.publications().join("; "))
                .unwrap_or_default(),
        ]
    }
}

/// A page of the register as it goes out, and where the next goes on; none at the end.
async fn exported(
    ctx: &Context,
    csv: bool,
    before: Option<Uuid>,
) -> Result<(web::Bytes, Option<Uuid>), Error> {
    let today = local_date(ctx.clock.now());
    let after = before.map(Id::from_uuid);
    let (mut rows, names) = ctx
        .db
        .read(move |conn| experiments::registered(conn, &Filter::default(), after, BATCH + 1))
        .await?;
    let batch = usize::try_from(BATCH).unwrap_or(usize::MAX);
    let more = rows.len() > batch;
    rows.truncate(batch);
    let next = rows.last().map(|one| one.id.uuid()).filter(|_| more);
    let told = rows
        .iter()
        .map(|one| PublicExperiment::new(one, &names, today));
    let bytes = if csv {
        let header = before.is_none().then_some(&COLUMNS);
        written(header, told.map(PublicExperiment::cells))?
    } else {
        json_lines(told)?
    };
    Ok((bytes, next))
}

/// Export the register of experiments
///
/// All of it (volledige uitvoer), the newest first: an experiment a line, as JSON (the same as in the list) or, with
/// `Accept: text/csv`, as a sheet in UTF-8.
#[utoipa::path(
    tag = "public",
    responses((status = 200, description = "The register (register)", content(
        (PublicExperiment = "application/jsonl"),
        (String = "text/csv"),
    ))),
)]
#[get("/public/experiments/export")]
pub async fn export_public_experiments(
    ctx: web::Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let csv = asks_for_csv(&request);
    // Where it is: at a page that follows an experiment, or at its end.
    let body = stream::unfold(Some(None), move |at: Option<Option<Uuid>>| {
        let ctx = ctx.clone();
        async move {
            let page = exported(&ctx, csv, at?).await;
            let next = page.as_ref().ok().and_then(|(_, next)| *next);
            Some((sent(page.map(|(bytes, _)| bytes)), next.map(Some)))
        }
    });
    Ok(kept(download(csv, "experimenten", body)))
}
