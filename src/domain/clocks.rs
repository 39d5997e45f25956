//! The clocks of a report: which promise runs from when until when. The terms are service promises, modelled on SOLVIT and,
//! by analogy, on the Awb and the Atw; they are not statutory.

use chrono::{DateTime, Utc};

use crate::domain::deadline::{Term, due_on, due_on_suspended, local_date};
use crate::domain::report::{Clock, ClockKind, Report};

/// The default term of each promise.
pub const fn term(kind: ClockKind) -> Term {
    match kind {
        ClockKind::DeskReply | ClockKind::Acceptance => Term::Days(7),
        ClockKind::Routing => Term::Days(30),
        ClockKind::Position => Term::Weeks(8),
        ClockKind::Answer => Term::Days(14),
        ClockKind::ImplementationUpdate => Term::Weeks(26),
    }
}

/// Days equated with holidays by decree; none known now. They come as data with the deadline profiles.
const EQUATED: &[chrono::NaiveDate] = &[];

/// Starts a clock; the day of the start does not count.
pub fn start(report: &mut Report, kind: ClockKind, now: DateTime<Utc>) {
    let started_on = local_date(now);
    report.handling.clocks.push(Clock {
        kind,
        started_on,
        due_on: due_on(started_on, term(kind), EQUATED),
        stopped_on: None,
        suspended_days: 0,
    });
}

/// Stops the running clocks of these kinds.
pub fn stop(report: &mut Report, kinds: &[ClockKind], now: DateTime<Utc>) {
    let today = local_date(now);
    for clock in &mut report.handling.clocks {
        if kinds.contains(&clock.kind) && clock.stopped_on.is_none() {
            clock.stopped_on = Some(today);
        }
    }
}

pub fn stop_all(report: &mut Report, now: DateTime<Utc>) {
    use ClockKind::*;
    stop(
        report,
        &[
            DeskReply,
            Routing,
            Acceptance,
            Position,
            Answer,
            ImplementationUpdate,
        ],
        now,
    );
}

/// A return does not restart the routing term: it runs on from the first submission.
pub fn resume_routing(report: &mut Report) {
    if let Some(clock) = report
        .handling
        .clocks
        .iter_mut()
        .find(|clock| clock.kind == ClockKind::Routing)
    {
        clock.stopped_on = None;
    }
}

/// Ends the wait for an answer: the clocks that stood still move by the days it lasted, until the answer or until its term
/// lapsed (cf. Awb art. 4:15); the shift to a working day comes last.
pub fn end_suspension(report: &mut Report, now: DateTime<Utc>) {
    let today = local_date(now);
    let Some(answer) = report
        .handling
        .clocks
        .iter_mut()
        .rev()
        .find(|clock| clock.kind == ClockKind::Answer && clock.stopped_on.is_none())
    else {
        return;
    };
    answer.stopped_on = Some(today);
    let (asked_on, until) = (answer.started_on, today.min(answer.due_on));
    let waited = u32::try_from((until - asked_on).num_days()).unwrap_or(0);
    for clock in &mut report.handling.clocks {
        // The routing term stands still too, though it has stopped: a return sets it going again.
        if clock.stopped_on.is_none() || clock.kind == ClockKind::Routing {
            clock.suspended_days += waited;
            clock.due_on = due_on_suspended(
                clock.started_on,
                term(clock.kind),
                clock.suspended_days,
                EQUATED,
            );
        }
    }
}
