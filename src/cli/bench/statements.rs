//! The statements of a submit and of a transition, as the service has them, in its order.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use uuid::Uuid;

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::STANDARD;
use crate::domain::event::{Event, EventKind};
use crate::domain::id::{EventId, NoticeId, OrganisationId, PrincipalId, ReportId};
use crate::domain::report::Report;
use crate::domain::routing::learning::{Outcome, OutcomeKind};
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::idempotency::{self, Saved};
use crate::store::outbox::{self, NewNotice};
use crate::store::{
    deadline_profiles, events, organisations, places, policy_domains, recipients, regulations,
    reports, routing_outcomes, service_state, watchers,
};

const DAY: TimeDelta = TimeDelta::hours(24);

/// What one change of a report wrote.
pub struct Written {
    pub actor: Actor,
    /// As it was before; for a new one as it is.
    pub before: Report,
    pub after: Report,
    pub events: Vec<Event>,
    pub notices: Vec<NewNotice>,
    pub saved: Saved,
}

pub fn submit(conn: &mut Conn, written: &Written, now: DateTime<Utc>) -> Result<(), Error> {
    let actor = written.actor.id;
    let key = Uuid::now_v7().to_string();
    let today = local_date(now);
    let content = &written.after.content;
    idempotency::find(conn, actor, &key, now - DAY)?;
    let cited: Vec<String> = content
        .citations
        .iter()
        .filter_map(|cited| cited.citation.regulation())
        .collect();
    regulations::by_identifiers(conn, &cited)?;
    policy_domains::known(conn, &content.domains)?;
    places::municipalities(conn, &content.municipalities)?;
    places::regions_of(conn, &content.municipalities, today)?;
    service_state::routing_stamp(conn)?;
    deadline_profiles::current(conn, STANDARD)?;

    idempotency::claim(
        conn,
        actor,
        &key,
        &written.saved.fingerprint,
        now,
        now - DAY,
    )?;
    let report = Report {
        id: ReportId::new(),
        reference: Some(reports::next_reference(conn, today.year())?),
        ..written.after.clone()
    };
    reports::insert(conn, &report)?;
    record(conn, written, report.id, now)?;
    organisations::by_ids(conn, &named(&report))?;
    idempotency::save(conn, actor, &key, &written.saved)?;
    Ok(())
}

pub fn transition(
    conn: &mut Conn,
    written: &Written,
    report: &Report,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    reports::find(conn, report.id)?;
    deadline_profiles::current(conn, STANDARD)?;
    let after = Report {
        id: report.id,
        reference: report.reference.clone(),
        ..written.after.clone()
    };
    let before = Report {
        id: report.id,
        reference: report.reference.clone(),
        ..written.before.clone()
    };
    if !reports::update(conn, &before, &after)? {
        return Err(Error::Stale);
    }
    watchers::of_reports(conn, &[report.id])?;
    record(conn, written, report.id, now)?;
    organisations::by_ids(conn, &named(&after))?;
    Ok(())
}

/// The events and the notices.
fn record(
    conn: &mut Conn,
    written: &Written,
    report: ReportId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let events: Vec<Event> = written
        .events
        .iter()
        .map(|event| Event {
            id: EventId::new(),
            report,
            ..event.clone()
        })
        .collect();
    events::insert(conn, &events)?;
    if events
        .iter()
        .any(|event| event.kind == EventKind::RoutedByRule)
    {
        let outcome = Outcome {
            report,
            kind: OutcomeKind::Routed,
            rule: None,
            regulation: None,
            article: None,
            from: None,
            to: written.after.lead,
        };
        routing_outcomes::insert(conn, &outcome, now)?;
    }
    let (submitter, lead) = (written.after.submitter, written.after.lead);
    let told: Vec<OrganisationId> = [submitter].into_iter().chain(lead).collect();
    let named: Vec<PrincipalId> = vec![written.after.sender.id, written.actor.id];
    recipients::people(conn, &told, &named, local_date(now))?;
    recipients::organisation_names(conn, &told)?;
    let notices: Vec<NewNotice> = written
        .notices
        .iter()
        .map(|notice| {
            let id = NoticeId::new();
            NewNotice {
                id,
                report: Some(report),
                event: events.first().map(|event| event.id),
                message_id: format!("<notice-{id}@bench.example>"),
                ..notice.clone()
            }
        })
        .collect();
    outbox::insert(conn, &notices, now)?;
    Ok(())
}

fn named(report: &Report) -> Vec<OrganisationId> {
    std::iter::once(report.submitter)
        .chain(report.authorities())
        .collect()
}
