//! Raising alerts: terms that near their end, that are over, and those that are long over. Each once.

use chrono::{DateTime, Utc};

use crate::domain::clocks::Alert;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::event::{Details, EventKind};
use crate::domain::report::Report;
use crate::domain::workflow;
use crate::services::notices::digest::{self, Raised};
use crate::services::recording::{self, Step};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::reports;

/// Reports looked at in one transaction.
const BATCH: i64 = 200;

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Alerts raised.
    pub raised: usize,
    /// Reports looked at.
    pub seen: usize,
}

/// Raises what is due by now, batch by batch. Several nodes may do it at once: of two that look at the same report, the
/// one that writes it raises the alert. After a time of standing still only the furthest alert about a term is raised.
pub async fn raise_due(context: &Context) -> Result<Round, Error> {
    let mut all = Round::default();
    loop {
        let ctx = context.clone();
        let batch = context
            .db
            .write(move |conn| raise_batch(conn, &ctx, ctx.clock.now()))
            .await?;
        all.raised += batch.raised;
        all.seen += batch.seen;
        // What another node has done meanwhile is no longer due: a batch without any progress ends the round.
        if batch.seen < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(all);
        }
    }
}

fn raise_batch(conn: &mut Conn, ctx: &Context, now: DateTime<Utc>) -> Result<Round, Error> {
    let due = reports::alerts_due(conn, local_date(now), BATCH)?;
    let seen = due.len();
    let mut steps = Vec::new();
    let mut raised = Vec::new();
    for before in due {
        let Some((after, of_it)) = raise(&before, now) else {
            // Nothing is due: the day in its row was that of an earlier version.
            reports::refresh(conn, &before)?;
            continue;
        };
        if !reports::update(conn, &before, &after)? {
            continue;
        }
        for (step, clock, alert) in of_it {
            raised.push(Raised {
                report: after.clone(),
                clock,
                alert,
            });
            steps.push(step);
        }
    }
    recording::record(conn, ctx, &steps)?;
    digest::queue(conn, ctx, &raised, now)?;
    Ok(Round {
        raised: raised.len(),
        seen,
    })
}

/// The alerts that were raised about a report, with their steps.
type OfOne = Vec<(Step, ClockKind, Alert)>;

/// The report with every alert that is due on it raised; none when none is.
pub fn raise(before: &Report, now: DateTime<Utc>) -> Option<(Report, OfOne)> {
    let today = local_date(now);
    let due: Vec<(ClockKind, Alert)> = before
        .running_clocks()
        .filter_map(|clock| Some((clock.kind, clock.alert_due(today)?)))
        .collect();
    let mut report = before.clone();
    let mut steps = Vec::new();
    for (clock, alert) in due {
        let after = workflow::raise(&report, clock, alert, now);
        let said = Details {
            clock: Some(clock),
            due_on: after
                .running_clocks()
                .find(|one| one.kind == clock)
                .map(|one| one.due_on),
            ..Details::default()
        };
        let step = Step::by_service(&report, &after, kind(alert), now).with(said);
        steps.push((step, clock, alert));
        report = after;
    }
    (!steps.is_empty()).then_some((report, steps))
}

fn kind(alert: Alert) -> EventKind {
    match alert {
        Alert::Nearing => EventKind::DeadlineNearing,
        Alert::Overdue => EventKind::DeadlinePassed,
        Alert::Escalated => EventKind::DeadlineEscalated,
    }
}
