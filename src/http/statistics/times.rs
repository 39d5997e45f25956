//! How long steps take, and whether promises are kept.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::{Actor, Language};
use crate::domain::counting::light::Light;
use crate::domain::counting::steps::Step;
use crate::http::auth::{Granted, ReadStatistics};
use crate::http::envelope::language;
use crate::http::paging;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::statistics::{FigureAuthority, Figures, Row, SpanFilter, page, text};
use crate::services::Context;
use crate::services::statistics::{self, Authority, Kept, Lead, LeadTime};

/// How long something took (Dutch: duur).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepDuration {
    /// How often it was taken (aantal keren).
    steps: u64,
    /// Half of these took no more than so many calendar days; at most 1 % too low beyond 255 days (mediaan, in dagen).
    pub(super) median_days: u32,
    /// Nine tenths of these took no more than so many calendar days; likewise (90e percentiel, in dagen).
    ninetieth_percentile_days: u32,
}

impl From<Lead> for StepDuration {
    fn from(of: Lead) -> Self {
        Self {
            steps: of.steps,
            median_days: of.median,
            ninetieth_percentile_days: of.ninetieth,
        }
    }
}

/// How long a step takes (Dutch: doorlooptijd).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "authority": null,
    "step": "position",
    "label": "Standpunt",
    "taken": {
        "steps": 47,
        "medianDays": 37,
        "ninetiethPercentileDays": 72
    },
    "suspended": {
        "steps": 13,
        "medianDays": 11,
        "ninetiethPercentileDays": 14
    }
}))]
pub struct LeadTimeView {
    /// Of which authority; null for all together (eerstverantwoordelijke).
    authority: Option<FigureAuthority>,
    /// The step (stap).
    step: Step,
    /// The words for it (omschrijving).
    #[schema(example = "Standpunt")]
    label: String,
    /// How long it took, without the days on which the clock stood still (duur).
    pub(super) taken: StepDuration,
    /// The days on which the clock stood still since the reporter was asked something, of the times that it did (opschorting).
    suspended: Option<StepDuration>,
}

impl LeadTimeView {
    pub(super) fn new(authority: Option<&Authority>, of: &LeadTime, language: Language) -> Self {
        Self {
            authority: authority.map(FigureAuthority::from),
            step: of.step,
            label: of.step.label(language).into(),
            taken: of.taken.into(),
            suspended: of.suspended.map(StepDuration::from),
        }
    }

    pub(super) fn is_of(&self, step: Step) -> bool {
        self.step == step
    }
}

impl Row<10> for LeadTimeView {
    const COLUMNS: [&'static str; 10] = [
        "authorityId",
        "authority",
        "step",
        "label",
        "steps",
        "medianDays",
        "ninetiethPercentileDays",
        "suspendedSteps",
        "suspendedMedianDays",
        "suspendedNinetiethPercentileDays",
    ];

    fn cells(&self) -> [String; 10] {
        let suspended = self.suspended.as_ref();
        [
            text(self.authority.as_ref().map(|one| one.id)),
            text(self.authority.as_ref().map(|one| &one.name)),
            self.step.to_string(),
            self.label.clone(),
            self.taken.steps.to_string(),
            self.taken.median_days.to_string(),
            self.taken.ninetieth_percentile_days.to_string(),
            text(suspended.map(|one| one.steps)),
            text(suspended.map(|one| one.median_days)),
            text(suspended.map(|one| one.ninetieth_percentile_days)),
        ]
    }
}

async fn tell_lead_times(
    ctx: &Context,
    request: &HttpRequest,
    actor: Option<&Actor>,
    filter: SpanFilter,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let figure = statistics::lead_times(ctx, actor, filter.span()?).await?;
    let items: Vec<LeadTimeView> = figure
        .told
        .groups
        .iter()
        .flat_map(|(authority, times)| {
            times
                .iter()
                .map(|time| LeadTimeView::new(authority.as_ref(), time, language))
        })
        .collect();
    let next = figure.told.next.map(|next| paging::encode(&next));
    page(request, &figure, items, next)
}

/// Tell lead times
///
/// How long each step takes (doorlooptijden), median and 90th percentile, in calendar days in Amsterdam without those on which
/// the clock stood still; these are told apart. A step counts when it was taken: not when the report was withdrawn, merged or
/// taken away meanwhile. `settlement` runs from submission to the last settlement, `implementation` from its start.
#[utoipa::path(
    tag = "statistics",
    params(SpanFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<LeadTimeView> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["statistics"])),
)]
#[get("/statistics/lead-times")]
pub async fn get_lead_times(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadStatistics>,
    request: HttpRequest,
    Query(filter): Query<SpanFilter>,
) -> Result<HttpResponse, Failure> {
    tell_lead_times(&ctx, &request, Some(&actor), filter).await
}

/// Tell lead times of published reports
///
/// How long positions, implementations and whole cases took of the reports in the public register (doorlooptijden), as for
/// government.
#[utoipa::path(
    tag = "public",
    params(SpanFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<LeadTimeView> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/statistics/lead-times")]
pub async fn get_public_lead_times(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(filter): Query<SpanFilter>,
) -> Result<HttpResponse, Failure> {
    tell_lead_times(&ctx, &request, None, filter).await
}

/// How promises are kept (Dutch: tijdigheid).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "authority": null,
    "step": "position",
    "label": "Standpunt",
    "inTime": 33,
    "late": 14,
    "overdue": 5,
    "running": 9,
    "shareInTime": 0.6346,
    "light": "amber"
}))]
pub struct PromiseView {
    /// Of which authority; null for all together (eerstverantwoordelijke).
    authority: Option<FigureAuthority>,
    /// What was promised (termijn).
    step: Step,
    /// The words for it (omschrijving).
    #[schema(example = "Standpunt")]
    label: String,
    /// Taken on or before their day (op tijd).
    pub(super) in_time: i64,
    /// Taken after their day; a question that was never answered counts here (te laat).
    pub(super) late: i64,
    /// Not taken yet and over their day; 0 where a period is asked for (over tijd).
    pub(super) overdue: i64,
    /// Not taken yet, these included; 0 where a period is asked for (lopend).
    running: i64,
    /// `inTime` as a share of `inTime`, `late` and `overdue`; null when there are none (aandeel op tijd).
    #[schema(example = 0.82)]
    share_in_time: Option<f64>,
    /// The share as a traffic light; null when there is none (stoplicht).
    light: Option<Light>,
}

impl PromiseView {
    pub(super) fn new(
        authority: Option<&Authority>,
        (step, kept): (Step, &Kept),
        language: Language,
    ) -> Self {
        let share = kept.share();
        Self {
            authority: authority.map(FigureAuthority::from),
            step,
            label: step.label(language).into(),
            in_time: kept.in_time,
            late: kept.late,
            overdue: kept.overdue,
            running: kept.running,
            share_in_time: share,
            light: share.map(Light::of),
        }
    }

    pub(super) fn is_of(&self, step: Step) -> bool {
        self.step == step
    }
}

impl Row<10> for PromiseView {
    const COLUMNS: [&'static str; 10] = [
        "authorityId",
        "authority",
        "step",
        "label",
        "inTime",
        "late",
        "overdue",
        "running",
        "shareInTime",
        "light",
    ];

    fn cells(&self) -> [String; 10] {
        [
            text(self.authority.as_ref().map(|one| one.id)),
            text(self.authority.as_ref().map(|one| &one.name)),
            self.step.to_string(),
            self.label.clone(),
            self.in_time.to_string(),
            self.late.to_string(),
            self.overdue.to_string(),
            self.running.to_string(),
            text(self.share_in_time.map(|share| format!("{share:.4}"))),
            text(self.light),
        ]
    }
}

async fn tell_promises(
    ctx: &Context,
    request: &HttpRequest,
    actor: Option<&Actor>,
    filter: SpanFilter,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let figure = statistics::promises(ctx, actor, filter.span()?).await?;
    let items: Vec<PromiseView> = figure
        .told
        .groups
        .iter()
        .flat_map(|(authority, steps)| {
            steps
                .iter()
                .map(|(step, kept)| PromiseView::new(authority.as_ref(), (*step, kept), language))
        })
        .collect();
    let next = figure.told.next.map(|next| paging::encode(&next));
    page(request, &figure, items, next)
}

/// Tell how promises are kept
///
/// For each promised term how many were kept (tijdigheid): by whom it was to be kept, the authority that led when it began. What
/// runs and is over its day counts as not kept. The light is green from 75 % (as SOLVIT has it), amber from 50 %, else red.
#[utoipa::path(
    tag = "statistics",
    params(SpanFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<PromiseView> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["statistics"])),
)]
#[get("/statistics/promises")]
pub async fn get_promises(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadStatistics>,
    request: HttpRequest,
    Query(filter): Query<SpanFilter>,
) -> Result<HttpResponse, Failure> {
    tell_promises(&ctx, &request, Some(&actor), filter).await
}

/// Tell how promises on published reports are kept
///
/// Whether the positions on the reports of the public register were in time (tijdigheid), as for government.
#[utoipa::path(
    tag = "public",
    params(SpanFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<PromiseView> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/statistics/promises")]
pub async fn get_public_promises(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(filter): Query<SpanFilter>,
) -> Result<HttpResponse, Failure> {
    tell_promises(&ctx, &request, None, filter).await
}
