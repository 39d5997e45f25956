//! Counting reports: what changed is noted in the transaction of the change (`store::counts::note`) and counted before any
//! figure is read, so that a figure holds all that was answered before it was asked for. It is not counted in the
//! transaction of the change itself: every change would wait for the rows of the tables of counts, which all have in common.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::counting::facts::Facts;
use crate::domain::counting::fingerprint::Fingerprints;
use crate::domain::counting::footprint::Footprint;
use crate::domain::event::Event;
use crate::domain::id::ReportId;
use crate::domain::report::Report;
use crate::services::reports::load_organisations;
use crate::services::{Context, Error};
use crate::store::connection::at_one_moment;
use crate::store::db::Conn;
use crate::store::{bulk, counts, events, fingerprints, reports};

/// Reports counted in one transaction.
pub const BATCH: i64 = 100;
/// Reports held against the tables at once.
const PAGE: i64 = 500;
/// How long a figure waits at most; what is left uncounted then is told with it.
const PATIENCE: Duration = Duration::from_secs(2);
/// A larger number of reports that are not counted says no more.
const MOST_TOLD: i64 = 10_000;

/// Reports that changed, and what it takes to count them as they are.
#[derive(Default)]
struct Batch {
    seen: Vec<(ReportId, i32)>,
    before: HashMap<ReportId, Facts>,
    now: HashMap<ReportId, Facts>,
}

/// As what some reports count now, drafts and confidential ones as nothing.
///
/// # Errors
/// When the database fails.
pub fn facts_of(conn: &mut Conn, found: &[Report]) -> Result<HashMap<ReportId, Facts>, Error> {
    let ids: Vec<ReportId> = found.iter().map(|report| report.id).collect();
    let mut timelines: HashMap<ReportId, Vec<Event>> = HashMap::new();
    for event in events::of_reports(conn, &ids)? {
        timelines.entry(event.report).or_default().push(event);
    }
    let named = found.iter().flat_map(|report| {
        let behind = report.handling.sharing.behind(report.submitter);
        behind.into_iter().chain([report.submitter])
    });
    let named = load_organisations(conn, named.collect::<Vec<_>>().into_iter())?;
    Ok(found
        .iter()
        .map(|report| {
            let timeline = timelines.remove(&report.id).unwrap_or_default();
            (report.id, Facts::of(report, &timeline, &named))
        })
        .collect())
}

/// Reads of one moment: with another's count in between, what is taken out of the sums would not be what is in them.
fn read(conn: &mut Conn, limit: i64) -> Result<Batch, Error> {
    at_one_moment(conn, |conn| {
        let seen = counts::uncounted(conn, limit)?;
        if seen.is_empty() {
            return Ok(Batch::default());
        }
        let ids: Vec<ReportId> = seen.iter().map(|(id, _)| *id).collect();
        let found = reports::by_ids(conn, &ids)?;
        Ok(Batch {
            before: counts::counted_as(conn, &ids)?,
            now: facts_of(conn, &found)?,
            seen,
        })
    })
}

fn write(conn: &mut Conn, batch: &Batch) -> Result<(), Error> {
    let claimed = counts::claim(conn, &batch.seen)?;
    let nothing = Facts::default();
    let mut change = Footprint::default();
    let mut counted = Vec::new();
    for id in claimed {
        let before = batch.before.get(&id).unwrap_or(&nothing);
        let now = batch.now.get(&id).unwrap_or(&nothing);
        if before != now {
            change.count(before, -1);
            change.count(now, 1);
            counted.push((id, now.clone()));
        }
    }
    change.settle();
    if counted.is_empty() {
        return Ok(());
    }
    counts::remember(conn, &counted)?;
    counts::apply(conn, &change)?;
    Ok(())
}

/// Counts some of what changed; how many reports were looked at. Blocks.
///
/// # Errors
/// When the database fails.
pub fn round(context: &Context, limit: i64) -> Result<usize, Error> {
    let batch = context.db.read_blocking(|conn| read(conn, limit))?;
    let seen = batch.seen.len();
    if seen > 0 {
        context.db.write_blocking(move |conn| write(conn, &batch))?;
    }
    Ok(seen)
}

/// Counts what changed before figures are read, one caller at a time: the others find it done. How many reports are left
/// uncounted, where that would take too long or there is no room to write.
///
/// # Errors
/// When the database fails.
pub async fn catch_up(context: &Context) -> Result<i64, Error> {
    let count = async {
        let _turn = context.counting.lock().await;
        loop {
            let batch = context.db.read(|conn| read(conn, BATCH)).await?;
            if batch.seen.is_empty() {
                return Ok(());
            }
            context.db.write(move |conn| write(conn, &batch)).await?;
        }
    };
    match tokio::time::timeout(PATIENCE, count).await {
        Ok(Ok(())) => return Ok(0),
        Err(_) => {}
        Ok(Err(error @ (Error::Full(_) | Error::Busy(_)))) => {
            tracing::warn!(?error, "figures are read without what could not be counted");
        }
        Ok(Err(error)) => return Err(error),
    }
    context
        .db
        .read(|conn| Ok(counts::backlog(conn, MOST_TOLD)?))
        .await
}

/// Forgets all counts, to be made anew from the reports. Blocks.
///
/// # Errors
/// When the database fails.
pub fn forget(context: &Context) -> Result<(), Error> {
    context.db.write_blocking(|conn| {
        bulk::make_room(conn)?;
        Ok(counts::forget(conn)?)
    })
}

/// What is wrong with the counts, as `meldpunt doctor` tells it: the reports counted anew against the tables. Reads one
/// moment, so that it may run beside the service, and keeps no more than a page of reports.
///
/// # Errors
/// When the database fails.
pub fn check(conn: &mut Conn) -> Result<Vec<String>, Error> {
    at_one_moment(conn, |conn| {
        let mut sums = Fingerprints::default();
        let mut otherwise = 0;
        let mut after = None;
        loop {
            let page = reports::after(conn, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            let ids: Vec<ReportId> = page.iter().map(|report| report.id).collect();
            let counted = counts::counted_as(conn, &ids)?;
            let changed = counts::changed(conn, &ids)?;
            let now = facts_of(conn, &page)?;
            let nothing = Facts::default();
            let mut of_page = Footprint::default();
            for id in &ids {
                let before = counted.get(id).unwrap_or(&nothing);
                of_page.count(before, 1);
                otherwise += usize::from(!changed.contains(id) && now.get(id) != Some(before));
            }
            sums.footprint(&of_page);
        }
        let held = fingerprints::held(conn)?;
        let mut wrong = Vec::new();
        if otherwise > 0 {
            wrong.push(format!(
                "{otherwise} reports are counted as what they are not"
            ));
        }
        let differing = sums.differing(&held.sums).into_iter();
        let differing = differing.chain(held.counted.differing(&held.told));
        wrong.extend(differing.map(|sums| format!("sums of {sums}")));
        Ok(wrong)
    })
}
