//! What the desk has released of reports, for organisations that are no party to them.

use std::collections::HashMap;

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
use crate::store::shared_reports::{self, After, Filter, Sort, key};
use crate::store::{experiments, measures, reports, search};

/// Of what fits the words the newest this many are sorted by something else than when they were released.
const FOUND: i64 = 1000;
/// What fits the words is looked at in portions, the first of so many a row of the page.
const PORTION: i64 = 3;
/// A page is handed out as it is once so many were looked at for it.
const LOOKED_AT: i64 = 2000;

/// A page of what is released, with the organisations it names.
#[derive(Debug, Default)]
pub struct SharedPage {
    pub rows: Vec<Report>,
    pub organisations: Organisations,
    /// Where the next page goes on; none on the last.
    pub next: Option<After>,
}

/// A page of what is released to the actor, or without one to everybody. Two statements, and with words two or a few more,
/// whatever the page holds.
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
) -> Result<SharedPage, Error> {
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
                return Ok(SharedPage::default());
            }
            let (rows, next) = match &words {
                Some(words) if sort == Sort::SharedDescending => {
                    let before = after.as_ref().and_then(After::entry);
                    let reads = |report: &Report| reads(actor.as_ref(), report);
                    found(conn, words, &mut filter, reads, before, limit)?
                }
                _ => {
                    if let Some(words) = &words {
                        let hits = search::newest_shared(conn, words, None, FOUND)?;
                        filter.among = Some(hits.iter().map(|hit| hit.report_id).collect());
                    }
                    let after = after.as_ref();
                    let mut rows = shared_reports::list(conn, &filter, sort, after, limit + 1)?;
                    let more = usize::try_from(limit).is_ok_and(|limit| rows.len() > limit);
                    rows.truncate(usize::try_from(limit).unwrap_or(0));
                    let next = rows.last().filter(|_| more).map(|last| key(sort, last));
                    // What the query lets through, the policy has the last word on.
                    rows.retain(|report| reads(actor.as_ref(), report));
                    (rows, next)
                }
            };
            let leads = rows.iter().filter_map(|report| report.lead);
            let organisations = load_organisations(conn, leads)?;
            Ok(SharedPage {
                rows,
                organisations,
                next,
            })
        })
        .await
}

/// What fits some words and the filter, in the order of the index, which is that in which the texts were released or
/// corrected: no further than the page, however often the words stand everywhere.
fn found(
    conn: &mut Conn,
    words: &SearchQuery,
    filter: &mut Filter,
    reads: impl Fn(&Report) -> bool,
    mut before: Option<i32>,
    limit: i64,
) -> Result<(Vec<Report>, Option<After>), Error> {
    let wanted = usize::try_from(limit).unwrap_or(0);
    let (mut rows, mut last): (Vec<Report>, _) = (Vec::new(), before);
    let (mut portion, mut looked_at) = (limit * PORTION, 0);
    while looked_at < LOOKED_AT {
        let hits = search::newest_shared(conn, words, before, portion)?;
        filter.among = Some(hits.iter().map(|hit| hit.report_id).collect());
        let newest = Sort::SharedDescending;
        let mut fitting: HashMap<ReportId, Report> =
            shared_reports::list(conn, filter, newest, None, portion)?
                .into_iter()
                .filter(&reads)
                .map(|report| (report.id, report))
                .collect();
        for hit in &hits {
            let Some(report) = fitting.remove(&hit.report_id) else {
                continue;
            };
            if rows.len() == wanted {
                return Ok((rows, last.map(After::Entry)));
            }
            rows.push(report);
            last = Some(hit.entry);
        }
        if usize::try_from(portion).is_ok_and(|portion| hits.len() < portion) {
            return Ok((rows, None));
        }
        before = hits.last().map(|hit| hit.entry);
        looked_at += portion;
        portion *= 4;
    }
    Ok((rows, before.map(After::Entry)))
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
