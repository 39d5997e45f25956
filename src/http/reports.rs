//! Reports (meldingen): hand in, find, read, change, delete.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::audit;
use crate::domain::actor::{Actor, Language};
use crate::domain::citation::{Citation, CitationInput};
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::id::{Id, OrganisationId, ReportId};
use crate::domain::identifier::parse_municipality_code;
use crate::domain::invalid::FieldError;
use crate::domain::report::Verdict;
use crate::domain::routing::Priority;
use crate::domain::status::{Action, Phase, Status};
use crate::http::auth::{Granted, ReadReports, WriteReports};
use crate::http::body::Body;
use crate::http::conditional::{self, IfMatch, IfMatchHeader};
use crate::http::envelope::language;
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::{Query, parse};
use crate::http::report_input::{ReportChange, ReportRequest};
use crate::http::report_views::{ReportSummary, ReportView};
use crate::services::idempotency::Answer;
use crate::services::reports::submit::{self, NewReport};
use crate::services::reports::{Shown, change, list, read};
use crate::services::{Context, Error};
use crate::store::reports::{After, AssigneeFilter, DeadlineFilter, Facet, Filter, Sort, key};

/// Filters of the list; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ReportFilter {
    /// Status; may repeat (status).
    #[param(inline)]
    #[serde(default)]
    status: Vec<Status>,
    /// Phase; may repeat (fase).
    #[param(inline)]
    #[serde(default)]
    phase: Vec<Phase>,
    /// Id of the lead authority; may repeat (eerstverantwoordelijke).
    #[serde(default)]
    authority: Vec<Uuid>,
    /// Code of a policy domain; may repeat (beleidsterrein).
    #[serde(default)]
    domain: Vec<String>,
    /// Code of a region; may repeat (regio).
    #[serde(default)]
    region: Vec<String>,
    /// Code of a province, as PV29; may repeat (provincie).
    #[serde(default)]
    province: Vec<String>,
    /// CBS code of a municipality, as GM1714; may repeat (gemeente).
    #[serde(default)]
    municipality: Vec<String>,
    /// Identifier of a regulation, as BWBR0003420; may repeat (regeling).
    #[serde(default)]
    regulation: Vec<String>,
    /// Id of the organisation whose report it is; may repeat (melder).
    #[serde(default)]
    submitter: Vec<Uuid>,
    /// The sender's own case number (zaaknummer).
    #[param(max_length = 100, nullable = false)]
    external_reference: Option<String>,
    /// The number people say aloud, as MKR-2026-000123 (kenmerk).
    #[param(max_length = 40, nullable = false)]
    reference: Option<String>,
    /// Whether its next deadline nears: most of the term has passed, and not yet all (bijna verlopen).
    #[param(nullable = false)]
    nearing: Option<bool>,
    /// Whether its next deadline has passed (te laat).
    #[param(nullable = false)]
    overdue: Option<bool>,
    /// Whether the coordinator was called in (geëscaleerd).
    #[param(nullable = false)]
    escalated: Option<bool>,
    /// True: only those of a high priority (hoge prioriteit).
    #[param(nullable = false)]
    high_priority: Option<bool>,
    /// Who works on it: the id of a person, `me`, or `none` for nobody of your organisation (behandelaar).
    #[param(
        max_length = 36,
        pattern = "^(me|none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$",
        nullable = false
    )]
    assignee: Option<String>,
    /// What the reporter said of how it ended; may repeat (oordeel).
    #[param(inline)]
    #[serde(default)]
    feedback: Vec<Verdict>,
    /// Changed at or after this moment, to keep a copy in step (gewijzigd sinds).
    #[param(nullable = false)]
    updated_since: Option<DateTime<Utc>>,
    /// Those that you watch; false for those that you do not (volgt u).
    #[param(nullable = false)]
    watching: Option<bool>,
    /// Words to look for, in any of their forms, in what reports say and in the messages you read; a phrase between quotation
    /// marks stands together. Of what fits, the 1000 newest are ranked (zoekwoorden).
    #[param(
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "kleine scholen"
    )]
    q: Option<String>,
    /// Order; newest first unless said, what fits best first with `q` (sortering).
    #[param(inline, nullable = false)]
    sort: Option<Sort>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

impl ReportFilter {
    fn filter(&self, actor: &Actor, today: chrono::NaiveDate) -> Filter {
        let assignee = match self.assignee.as_deref() {
            Some("me") => Some(AssigneeFilter::Is(actor.id)),
            Some("none") => Some(AssigneeFilter::NobodyOf(actor.home.id)),
            // The schema lets nothing else through but an id.
            Some(id) => id.parse().ok().map(AssigneeFilter::Is),
            None => None,
        };
        let ids = |ids: &[Uuid]| ids.iter().copied().map(OrganisationId::from_uuid).collect();
        Filter {
            status: self.status.clone(),
            phase: self.phase.clone(),
            authority: ids(&self.authority),
            submitter: ids(&self.submitter),
            external_reference: self.external_reference.clone(),
            reference: self.reference.clone(),
            updated_since: self.updated_since,
            watching: self.watching.map(|watches| (actor.id, watches)),
            deadline: DeadlineFilter {
                today,
                nearing: self.nearing,
                overdue: self.overdue,
            },
            escalated: self.escalated,
            assignee,
            feedback: self.feedback.clone(),
            among: None,
            facets: vec![
                (Facet::Domain, self.domain.clone()),
                (Facet::Region, self.region.clone()),
                (
                    Facet::Priority,
                    self.high_priority
                        .filter(|only| *only)
                        .map(|_| Priority::High.as_str().to_owned())
                        .into_iter()
                        .collect(),
                ),
                (Facet::Province, self.province.clone()),
                (
                    Facet::Municipality,
                    self.municipality
                        .iter()
                        .map(|code| municipality(code))
                        .collect(),
                ),
                (
                    Facet::Regulation,
                    self.regulation
                        .iter()
                        .map(|text| regulation(text, today))
                        .collect(),
                ),
            ],
        }
    }

    /// What no schema says of a query.
    fn check(&self) -> Result<(), Error> {
        if self.sort() == Sort::Relevance && self.q.is_none() {
            let fault = FieldError::new("sort", "relevance_needs_words");
            return Err(Error::InvalidQuery(vec![fault]));
        }
        Ok(())
    }

    /// What is wrong with a query that is to be kept: as with one that is asked, and that it says nothing of pages.
    pub fn faults_to_keep(query: &str) -> Result<(), Failure> {
        let read: Self = parse(query)?;
        read.check()?;
        let of_a_page = [
            ("limit", read.limit.is_some()),
            ("cursor", read.cursor.is_some()),
        ];
        let faults: Vec<FieldError> = of_a_page
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(key, _)| FieldError::new(key, "not_saved"))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::InvalidQuery(faults).into())
        }
    }

    /// The query that was kept, for one page.
    pub fn kept(query: &str, limit: Option<i64>, cursor: Option<String>) -> Result<Self, Failure> {
        let read: Self = parse(query)?;
        Ok(Self {
            limit,
            cursor,
            ..read
        })
    }

    fn sort(&self) -> Sort {
        self.sort.unwrap_or(match self.q {
            Some(_) => Sort::Relevance,
            None => Sort::SubmittedDescending,
        })
    }
}

/// The municipality that a filter names, in its canonical form.
pub fn municipality(code: &str) -> String {
    parse_municipality_code(code).unwrap_or_else(|| code.to_owned())
}

/// The regulation that a filter names, in any form that a report may cite it in.
pub fn regulation(text: &str, today: chrono::NaiveDate) -> String {
    let input = CitationInput {
        citation: text.to_owned(),
        ..CitationInput::default()
    };
    Citation::parse(input, "", today)
        .ok()
        .and_then(|citation| citation.regulation())
        .unwrap_or_else(|| text.to_owned())
}

/// Hand in a report
///
/// Takes a report in (melding indienen) and routes it in the same step; with `draft` it is kept as a draft. The answer
/// tells which authority it went to and why, or what the desk is suggested.
#[utoipa::path(
    tag = "reports",
    params(IdempotencyKeyHeader),
    request_body(content = ReportRequest, description = "The report (melding)"),
    responses((status = 201, description = "Taken in (aangenomen)", body = ReportView, headers(
        ("Location" = String, description = "Address of the report (adres)"),
        ("ETag" = String, description = "Version of the report (versie)"),
    ))),
    security(("oauth2" = ["reports:write"])),
)]
#[post("/reports")]
pub async fn submit_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReports>,
    key: IdempotencyKey,
    request: HttpRequest,
    body: Body<ReportRequest>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let key = key.with(&body.raw);
    let render = move |shown: &Shown| answer(shown, language, 201);
    let new: NewReport = body.value.into();
    let draft = new.draft;
    let answer = submit::submit(&ctx, actor, new, key, render).await?;
    if !draft && !answer.replayed {
        ctx.metrics.transition(Action::Submit.as_str());
    }
    Ok(idempotency::respond(answer))
}

/// List reports
///
/// The reports you may see (meldingen), with what a worklist needs: what is due, and what you can do now. Give
/// `updatedSince` and `sort=updated` to keep a copy in step.
#[utoipa::path(
    tag = "reports",
    params(ReportFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<ReportSummary>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports")]
pub async fn list_reports(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    Query(query): Query<ReportFilter>,
) -> Result<HttpResponse, Failure> {
    let page = page_of(&ctx, actor, query).await?;
    Ok(paging::respond(&request, &page))
}

/// A page of the reports that fit, for whoever asks.
///
/// # Errors
/// What is wrong with the query.
pub async fn page_of(
    ctx: &Context,
    actor: Actor,
    query: ReportFilter,
) -> Result<Page<ReportSummary>, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    query.check()?;
    let sort = query.sort();
    let after: Option<After> = paging::decode(query.cursor.as_deref())?;
    if after.as_ref().is_some_and(|after| !after.fits(sort)) {
        return Err(paging::wrong_cursor().into());
    }
    let filter = query.filter(&actor, local_date(ctx.clock.now()));
    let rows = list::page(ctx, actor, query.q, filter, sort, after, limit).await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |shown| match sort {
        Sort::Relevance => After::Fit(shown.fit, shown.report.id),
        _ => key(sort, &shown.report),
    });
    Ok(Page {
        items: rows.iter().map(ReportSummary::new).collect(),
        next_cursor,
    })
}

/// Read a report
///
/// One report (melding), as far as you may see it.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses(
        (status = 200, description = "The report (melding)", body = ReportView, headers(("ETag" = String, description = "Version of the report (versie)"))),
    ),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}")]
pub async fn get_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let shown = read::one(&ctx, actor, report_id(&id)?).await?;
    let (etag, body) = written(&shown, language);
    Ok(conditional::tagged_body(&request, &etag, body))
}

/// Change a report
///
/// The reporter changes what it wrote (melding wijzigen): in a draft, once submitted until the desk takes it up, and while
/// it is asked something. While no person has routed the report, routing is tried again.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), IfMatchHeader),
    request_body(content = ReportChange, description = "What changes (wijziging)"),
    responses((status = 200, description = "The report as it now is (melding)", body = ReportView, headers(("ETag" = String, description = "Version of the report (versie)")))),
    security(("oauth2" = ["reports:write"])),
)]
#[patch("/reports/{id}")]
pub async fn change_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReports>,
    IfMatch(version): IfMatch,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<ReportChange>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let shown = change::change(&ctx, actor, report_id(&id)?, version, body.value.into()).await?;
    Ok(idempotency::respond(answer(&shown, language, 200)))
}

/// Delete a draft
///
/// Throws a draft away (concept verwijderen). A report that was submitted is withdrawn instead.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)"), IfMatchHeader),
    responses((status = 204, description = "Deleted (verwijderd)")),
    security(("oauth2" = ["reports:write"])),
)]
#[delete("/reports/{id}")]
pub async fn delete_draft(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReports>,
    IfMatch(version): IfMatch,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    change::delete_draft(&ctx, actor, report_id(&id)?, version).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The id in a path; one that is no id names nothing.
pub fn report_id(text: &str) -> Result<ReportId, Failure> {
    text.parse::<Id<_>>().map_err(|_| Error::NotFound.into())
}

/// The report as JSON, with its tag: the version, and the bytes themselves, as they differ by reader, language and day.
fn written(shown: &Shown, language: Language) -> (String, String) {
    let body = serde_json::to_string(&ReportView::new(shown, language)).unwrap_or_default();
    (conditional::etag(shown.report.version, &body), body)
}

/// The report as an answer that can be given again.
pub fn answer(shown: &Shown, language: Language, status: u16) -> Answer {
    audit::note("reference", shown.report.reference.clone());
    audit::note("status", shown.report.status.as_str());
    let (etag, body) = written(shown, language);
    let mut headers = vec![(ETAG.to_string(), etag)];
    if status == 201 {
        headers.push((
            LOCATION.to_string(),
            format!("/v1/reports/{}", shown.report.id),
        ));
    }
    Answer {
        status,
        headers,
        body,
        replayed: false,
    }
}
