//! The clocks of a report (termijnen): every promise that ran or runs, and where it stood still.

use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::clocks::{Alert, Clock, Suspension};
use crate::domain::deadline_profile::ClockKind;
use crate::domain::event::EventKind;
use crate::domain::status::Capacity;
use crate::http::auth::{Granted, ReadReports};
use crate::http::deadline_profiles::ProfileRefView;
use crate::http::problem::Failure;
use crate::http::reports::report_id;
use crate::services::reports::read;
use crate::services::{Context, Error};

/// The clocks of a report and where they stood still (Dutch: termijnen en opschortingen).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportClocks {
    /// Every promise that ran or runs, the earliest first (termijnen).
    items: Vec<ClockView>,
    /// When the reporter was asked something, so that terms stood still (opschortingen).
    suspensions: Vec<SuspensionView>,
}

/// A promise and its term (Dutch: termijn).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClockView {
    /// Which promise it is (soort termijn).
    clock: ClockKind,
    /// Day on which it started; that day does not count (begonnen op).
    started_on: NaiveDate,
    /// Its term, an ISO 8601 duration (termijn).
    #[schema(example = "P8W")]
    term: String,
    /// The profile it runs by (termijnprofiel).
    profile: ProfileRefView,
    /// It was extended, which happens once (verdaagd).
    extended: bool,
    /// Days it stood still, which move its end (opgeschorte dagen).
    suspended_days: u32,
    /// From this day on it nears its end (bijna verlopen vanaf).
    nearing_on: NaiveDate,
    /// Last day (uiterlijk op).
    due_on: NaiveDate,
    /// Day on which it stopped; null while it runs (gestopt op).
    stopped_on: Option<NaiveDate>,
    /// Whether it runs and does not stand still now (loopt).
    running: bool,
    /// It stopped, or is, later than its last day (te laat).
    late: bool,
    /// The furthest alert that was raised about it (signaal).
    raised: Option<Alert>,
}

/// A time in which terms stood still (Dutch: opschorting).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuspensionView {
    /// Day of the question (vanaf).
    from: NaiveDate,
    /// Day of the answer, or on which its term lapsed; null while it lasts (tot).
    until: Option<NaiveDate>,
    /// As whom the reporter was asked (hoedanigheid).
    asked_as: Capacity,
    /// What ended it (beëindigd door).
    ended_by: Option<EventKind>,
}

impl ClockView {
    fn new(clock: &Clock, running: bool, today: NaiveDate) -> Self {
        let end = clock.stopped_on.or(running.then_some(today));
        Self {
            clock: clock.kind,
            started_on: clock.started_on,
            term: clock.terms.term.to_string(),
            profile: clock.terms.profile.clone().into(),
            extended: clock.extended,
            suspended_days: clock.suspended_days,
            nearing_on: clock.nearing_on,
            due_on: clock.due_on,
            stopped_on: clock.stopped_on,
            running,
            late: end.is_some_and(|end| end > clock.due_on),
            raised: clock.raised,
        }
    }
}

impl From<&Suspension> for SuspensionView {
    fn from(suspension: &Suspension) -> Self {
        Self {
            from: suspension.from,
            until: suspension.until,
            asked_as: suspension.asked_as,
            ended_by: suspension.ended_by,
        }
    }
}

/// Read the clocks
///
/// Every promise about the report (termijnen): by which terms it ran, how long it stood still, when it is due. For whoever
/// sees the whole report.
#[utoipa::path(
    tag = "workflow",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses((status = 200, description = "The clocks (termijnen)", body = ReportClocks)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/reports/{id}/clocks")]
pub async fn list_clocks(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let shown = read::one(&ctx, actor, report_id(&id)?).await?;
    if !shown.view.is_full() {
        return Err(Error::NotFound.into());
    }
    let ledger = &shown.report.handling.ledger;
    let running: Vec<&Clock> = shown.report.running_clocks().collect();
    let items = ledger
        .clocks
        .iter()
        .map(|clock| {
            let runs = running.iter().any(|one| std::ptr::eq(*one, clock));
            ClockView::new(clock, runs, shown.today)
        })
        .collect();
    let suspensions = ledger.suspensions.iter().map(Into::into).collect();
    Ok(HttpResponse::Ok().json(ReportClocks { items, suspensions }))
}
