//! What of an experiment nears its day or is over it: told once each, to the authority, and of what is late to the
//! coordinators too. What is to be observed is asked of who observes it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::deadline::local_date;
use crate::domain::experiment::Experiment;
use crate::domain::experiment::clocks::{Alerted, ExperimentClock};
use crate::domain::experiment::event::{ExperimentDetails, ExperimentEvent, ExperimentEventKind};
use crate::domain::experiment::plan::Indicator;
use crate::domain::experiment::progress;
use crate::domain::id::OrganisationId;
use crate::services::{Context, Error, experiment_notices};
use crate::store::db::Conn;
use crate::store::{experiment_events, experiments, observations};

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
        let late_rounds = alerts
            .iter()
            .filter(|alert| alert.clock == ExperimentClock::Observations && alert.late);
        // Who was not asked for long, as when the service stood still, is asked for the last round alone.
        let last_round = late_rounds.map(|alert| alert.on).max();
        for alert in alerts {
            let said = match alert.clock {
                ExperimentClock::Observations if alert.late && Some(alert.on) != last_round => {
                    Vec::new()
                }
                ExperimentClock::Observations => asked(conn, &before, &alert)?,
                _ => vec![ExperimentDetails::default()],
            };
            let kind = if alert.late {
                ExperimentEventKind::Late
            } else {
                ExperimentEventKind::DueSoon
            };
            for details in said {
                let details = ExperimentDetails {
                    clock: Some(alert.clock),
                    date: Some(alert.on),
                    ..details
                };
                let event = ExperimentEvent::by_service(Some(&before), &after, kind, now);
                let event = event.with(details);
                experiment_events::insert(conn, &event)?;
                happened.push((event, after.clone()));
            }
        }
    }
    experiment_notices::queue(conn, ctx, &happened)?;
    Ok((seen, happened.len()))
}

/// Whom to ask for observations of a round that ends on the day of an alert, and for how many.
fn asked(
    conn: &mut Conn,
    of: &Experiment,
    alert: &Alerted,
) -> Result<Vec<ExperimentDetails>, Error> {
    let first = |one: &Indicator| {
        let mut rounds = progress::rounds(of, one).into_iter();
        rounds.find(|(_, to)| *to == alert.on).map(|(from, _)| from)
    };
    let Some(from) = of.plan.indicators.iter().filter_map(first).min() else {
        return Ok(Vec::new());
    };
    let there = observations::between(conn, of.id, from, alert.on)?;
    let open = progress::unobserved(of, &there, |_, to| to == alert.on);
    let mut counts: BTreeMap<OrganisationId, usize> = BTreeMap::new();
    for one in open {
        *counts.entry(one.participant).or_default() += 1;
    }
    let details = counts
        .into_iter()
        .map(|(participant, count)| ExperimentDetails {
            organisation: Some(participant),
            observations: Some(count),
            ..ExperimentDetails::default()
        });
    Ok(details.collect())
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
