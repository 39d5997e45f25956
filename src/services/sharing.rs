//! What the desk has released of reports, for organisations that are no party to them.

use crate::domain::actor::Actor;
use crate::domain::experiment::Experiment;
use crate::domain::id::ReportId;
use crate::domain::measure::MeasureRecord;
use crate::domain::policy;
use crate::domain::report::{Confidentiality, Report};
use crate::domain::search::SearchQuery;
use crate::domain::sharing::ShareAudience;
use crate::domain::status::Status;
use crate::services::reports::{Organisations, load_organisations};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::shared_reports::{self, After, Filter, Sort};
use crate::store::{experiments, measures, reports, search};

/// Of what fits the words the newest this many are listed.
const FOUND: i64 = 1000;

/// A page of what is released to the actor, or without one to everybody, with the organisations it names; one row more than `limit` when there is a next
/// page. Two statements, whatever the page holds.
///
/// # Errors
/// When the database fails.
pub async fn page(
    context: &Context,
    actor: Option<Actor>,
    words: Option<SearchQuery>,
    filter: Filter,
    sort: Sort,
    after: Option<After>,
    limit: i64,
) -> Result<(Vec<Report>, Organisations), Error> {
    context
        .db
        .read(move |conn| {
            let mut filter = filter;
            let seen = match &actor {
                Some(actor) => policy::shared_with(actor),
                None => &[ShareAudience::Public],
            };
            if filter.audience.is_empty() {
                filter.audience = seen.to_vec();
            }
            filter.audience.retain(|audience| seen.contains(audience));
            if filter.audience.is_empty() {
                return Ok((Vec::new(), Organisations::new()));
            }
            if let Some(words) = &words {
                // Of what fits the newest, as of the list of reports; by what was released alone.
                let hits = search::newest(conn, words, true, FOUND)?;
                filter.among = Some(hits.iter().map(|hit| hit.report_id).collect());
            }
            let mut found = shared_reports::list(conn, &filter, sort, after.as_ref(), limit + 1)?;
            // What the query lets through, the policy has the last word on.
            found.retain(|report| reads(actor.as_ref(), report));
            let leads = found.iter().filter_map(|report| report.lead);
            let organisations = load_organisations(conn, leads)?;
            Ok((found, organisations))
        })
        .await
}

/// The released version of one report.
#[derive(Debug)]
pub struct SharedReport {
    pub report: Report,
    pub organisations: Organisations,
    /// The report it was merged into, when that is released to this reader as well.
    pub merged_into: Option<ReportId>,
}

/// Whether it is released to somebody, or without one to everybody.
fn reads(actor: Option<&Actor>, report: &Report) -> bool {
    match actor {
        Some(actor) => policy::reads_shared(actor, report),
        None => policy::is_public(report),
    }
}

/// One report as it was released.
///
/// # Errors
/// `NotFound` when it is not there, or not released to this actor.
pub async fn one(context: &Context, actor: Actor, id: ReportId) -> Result<SharedReport, Error> {
    context
        .db
        .read(move |conn| {
            let report = reports::find(conn, id)?
                .filter(|report| policy::reads_shared(&actor, report))
                .ok_or(Error::NotFound)?;
            released(conn, Some(&actor), report)
        })
        .await
}

/// What came of a report beside it.
#[derive(Debug, Default)]
pub struct Related {
    /// Experiments that it led to, of those in the register.
    pub experiments: Vec<Experiment>,
    /// Measures that serve it.
    pub measures: Vec<MeasureRecord>,
}

/// One report as everybody may read it, or may read that its publication was withdrawn, with the experiments that it led to
/// and that are in the register.
///
/// # Errors
/// `NotFound` when it is not there, or never was published.
pub async fn public_one(context: &Context, id: ReportId) -> Result<(SharedReport, Related), Error> {
    context
        .db
        .read(move |conn| {
            // Of what has become confidential nobody learns that it is there.
            let withdrawn = |report: &Report| {
                report.handling.sharing.withdrawn_at.is_some()
                    && report.confidentiality != Confidentiality::Confidential
            };
            let known = |report: &Report| policy::is_public(report) || withdrawn(report);
            let report = reports::find(conn, id)?
                .filter(known)
                .ok_or(Error::NotFound)?;
            let mut led_to = experiments::of_reports(conn, &[id])?;
            led_to.retain(|one| one.course.registered_on.is_some());
            // A list would tell of neither: what is not published of a report is nobody's business.
            let measures = if policy::is_public(&report) {
                measures::of_reports(conn, &[id])?
            } else {
                Vec::new()
            };
            let related = Related {
                experiments: led_to,
                measures,
            };
            Ok((released(conn, None, report)?, related))
        })
        .await
}

fn released(conn: &mut Conn, actor: Option<&Actor>, report: Report) -> Result<SharedReport, Error> {
    let target = match report
        .merged_into
        .filter(|_| report.status == Status::Merged)
    {
        Some(target) => reports::find(conn, target)?,
        None => None,
    };
    Ok(SharedReport {
        organisations: load_organisations(conn, report.lead.into_iter())?,
        merged_into: target
            .filter(|target| reads(actor, target))
            .map(|target| target.id),
        report,
    })
}
