//! What becomes of routing is written down with it, and what it speaks for is proposed to the coordinators.

use chrono::{DateTime, Utc};

use crate::domain::deadline::local_date;
use crate::domain::event::{Event, EventKind};
use crate::domain::report::Report;
use crate::domain::routing;
use crate::domain::routing::learning::{Clear, Outcome, OutcomeKind, clear_lead};
use crate::services::{Context, Error, rule_book};
use crate::store::db::Conn;
use crate::store::{routing_outcomes, routing_proposals};

/// How many of the last outcomes about an article are looked at.
const LOOKED_AT: i64 = 300;

/// What happened to a report.
pub struct Happened<'a> {
    pub event: &'a Event,
    /// As it was; none for a new one.
    pub before: Option<&'a Report>,
    pub after: &'a Report,
}

/// Writes down what happened to the routing of its report, if it did; and proposes a rule when people clearly send
/// reports about the same article elsewhere than the rules do.
pub fn follow(conn: &mut Conn, context: &Context, happened: &Happened<'_>) -> Result<(), Error> {
    let Some(outcome) = outcome(happened) else {
        return Ok(());
    };
    let now = happened.event.at;
    routing_outcomes::insert(conn, &outcome, now)?;
    if matches!(outcome.kind, OutcomeKind::Rerouted | OutcomeKind::Chosen) {
        propose(conn, context, happened, &outcome, now)?;
    }
    Ok(())
}

fn outcome(happened: &Happened<'_>) -> Option<Outcome> {
    let (before, after) = (happened.before, happened.after);
    let routed = before.unwrap_or(after).handling.routing.as_ref();
    let by_rule = routed
        .and_then(|routing| routing.rule)
        .filter(|_| before.is_none_or(|before| !before.handling.routed_by_hand));
    let (kind, rule) = match happened.event.kind {
        EventKind::RoutedByRule => (OutcomeKind::Routed, after.handling.routing.as_ref()?.rule),
        EventKind::Return => (OutcomeKind::Returned, Some(by_rule?)),
        EventKind::Reroute => (OutcomeKind::Rerouted, by_rule),
        EventKind::Route if by_rule.is_some() => (OutcomeKind::Rerouted, by_rule),
        EventKind::Route => (OutcomeKind::Chosen, None),
        _ => return None,
    };
    let primary = after.content.citations.iter().find(|cited| cited.primary);
    Some(Outcome {
        report: after.id,
        kind,
        rule,
        regulation: primary.and_then(|cited| cited.citation.regulation()),
        article: primary.and_then(|cited| cited.citation.article.clone()),
        from: before.and_then(|before| before.lead),
        to: after.lead.filter(|_| kind != OutcomeKind::Returned),
    })
}

fn propose(
    conn: &mut Conn,
    context: &Context,
    happened: &Happened<'_>,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(regulation) = outcome.regulation.as_deref() else {
        return Ok(());
    };
    let article = outcome.article.as_deref();
    let all = routing_outcomes::about(conn, regulation, article, LOOKED_AT)?;
    let Some(Clear {
        lead,
        times,
        of_all,
    }) = clear_lead(all)
    else {
        return Ok(());
    };
    // The rules may say so already, since what went wrong was before their last change.
    let report = happened.after;
    let today = local_date(now);
    let rules = context.rules.rules(conn)?;
    let facts = rule_book::facts(&rules, &report.content, report.submitter);
    if routing::evaluate(&rules, &facts, today).lead == Some(lead) {
        return Ok(());
    }
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let proposal = routing_proposals::Counted {
        regulation: regulation.to_owned(),
        article: article.map(str::to_owned),
        lead,
        times: count(times),
        of_all: count(of_all),
    };
    Ok(routing_proposals::note(conn, &proposal, now)?)
}
