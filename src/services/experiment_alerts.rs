//! What of an experiment nears its day or is over it: told once each, to the authority, and of what is late to the
//! coordinators too.

use chrono::{DateTime, Utc};

use crate::domain::deadline::local_date;
use crate::domain::experiment::Experiment;
use crate::domain::experiment::clocks::Alerted;
use crate::domain::experiment::event::{ExperimentDetails, ExperimentEvent, ExperimentEventKind};
use crate::services::{Context, Error, experiment_notices};
use crate::store::db::Conn;
use crate::store::{experiment_events, experiments};

/// Experiments looked at in one transaction.
const BATCH: i64 = 100;

/// Raises what is due by now; returns how many alerts. Several nodes may do it at once: each alert is raised once.
pub async fn raise(context: &Context) -> Result<usize, Error> {
    let mut all = 0;
    loop {
        let ctx = context.clone();
        let (seen, raised) = context
            .db
            .write(move |conn| raise_batch(conn, &ctx, ctx.clock.now()))
            .await?;
        all += raised;
        // What another node does meanwhile comes back in its next round.
        if seen < usize::try_from(BATCH).unwrap_or(usize::MAX) || raised == 0 {
            return Ok(all);
        }
    }
}

fn raise_batch(
    conn: &mut Conn,
    ctx: &Context,
    now: DateTime<Utc>,
) -> Result<(usize, usize), Error> {
    let today = local_date(now);
    let due = experiments::alerts_due(conn, today, BATCH)?;
    let seen = due.len();
    let mut happened = Vec::new();
    for before in due {
        let alerts = before.alerts_due(today);
        let after = told(&before, &alerts, now);
        if !experiments::update(conn, &before, &after)? {
            continue;
        }
        for alert in alerts {
            let kind = if alert.late {
                ExperimentEventKind::Late
            } else {
                ExperimentEventKind::DueSoon
            };
            let details = ExperimentDetails {
                clock: Some(alert.clock),
                date: Some(alert.on),
                ..ExperimentDetails::default()
            };
            let event = ExperimentEvent::by_service(Some(&before), &after, kind, now).with(details);
            experiment_events::insert(conn, &event)?;
            happened.push((event, after.clone()));
        }
    }
    experiment_notices::queue(conn, ctx, &happened)?;
    Ok((seen, happened.len()))
}

/// The experiment after these alerts; of each date the furthest is kept.
fn told(before: &Experiment, alerts: &[Alerted], now: DateTime<Utc>) -> Experiment {
    let mut after = before.clone();
    after.version += 1;
    after.updated_at = now;
    for alert in alerts {
        let same = |one: &Alerted| {
            (one.clock, one.milestone, one.on) == (alert.clock, alert.milestone, alert.on)
        };
        after.course.alerted.retain(|one| !same(one));
        after.course.alerted.push(alert.clone());
    }
    after
}
