//! One mail about many terms: whoever has several reports whose terms near their end or are over gets a list, not a heap.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::actor::Role;
use crate::domain::clocks::Alert;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::id::{NoticeId, OrganisationId, PrincipalId};
use crate::domain::notice::{AlertAudience, NoticeKind, alert_audience};
use crate::domain::report::{Confidentiality, Report};
use crate::domain::status::Capacity;
use crate::mail::facts::{DeadlineFact, Facts, Reader};
use crate::mail::message;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::outbox::{self, NewNotice};
use crate::store::recipients::{self, Recipient};

/// Terms that are named in one mail; of the others it says how many there are.
const NAMED: usize = 50;

/// An alert that was raised.
#[derive(Debug, Clone)]
pub struct Raised {
    pub report: Report,
    pub clock: ClockKind,
    pub alert: Alert,
}

/// Queues a mail for each person that an alert is for: two statements, however many there are.
///
/// # Errors
/// When the database fails, or the sender in the settings is none.
pub fn queue(
    conn: &mut Conn,
    ctx: &Context,
    raised: &[Raised],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    if raised.is_empty() {
        return Ok(());
    }
    let leads: Vec<OrganisationId> = raised.iter().filter_map(|one| one.report.lead).collect();
    let people = recipients::people(conn, &leads, &[], local_date(at))?;
    let mut of_each: BTreeMap<PrincipalId, (&Recipient, Reader, Vec<&Raised>)> = BTreeMap::new();
    for one in raised {
        for (person, reader) in receivers(one, &people) {
            let entry = of_each.entry(person.id);
            entry.or_insert((person, reader, Vec::new())).2.push(one);
        }
    }
    let from = message::sender(&ctx.settings.mail_from).map_err(Error::Internal)?;
    let mut new = Vec::new();
    for (person, reader, mut alerts) in of_each.into_values() {
        // The furthest first, then what was due first.
        alerts.sort_by_key(|one| (std::cmp::Reverse(one.alert), due_on(one)));
        let id = NoticeId::new();
        let facts = Facts {
            reader: Some(reader),
            link: Some(ctx.settings.link("/v1/reports?sort=urgency")),
            more: alerts.len().saturating_sub(NAMED),
            deadlines: alerts.into_iter().take(NAMED).map(fact).collect(),
            ..Facts::default()
        };
        new.push(NewNotice {
            id,
            report: None,
            event: None,
            kind: NoticeKind::Deadlines,
            to_name: person.name.clone(),
            to_email: person.email.clone(),
            language: person.language,
            data: serde_json::to_value(facts).map_err(|e| Error::Internal(e.to_string()))?,
            message_id: message::message_id(id, &from),
            thread_id: None,
        });
    }
    Ok(outbox::insert(conn, &new, at)?)
}

fn due_on(one: &Raised) -> Option<chrono::NaiveDate> {
    let mut clocks = one.report.handling.ledger.clocks.iter().rev();
    clocks
        .find(|clock| clock.kind == one.clock)
        .map(|clock| clock.due_on)
}

fn fact(one: &Raised) -> DeadlineFact {
    let report = &one.report;
    let confidential = report.confidentiality == Confidentiality::Confidential;
    DeadlineFact {
        reference: report.reference.clone().unwrap_or_default(),
        title: Some(report.content.title.clone()).filter(|_| !confidential),
        clock: one.clock,
        due_on: due_on(one).unwrap_or_default(),
        alert: one.alert,
    }
}

/// Whom an alert goes to: the assignee, then the authority, then the coordinator. An authority without anybody is stood in
/// for by the desk.
fn receivers<'a>(one: &Raised, people: &'a [Recipient]) -> Vec<(&'a Recipient, Reader)> {
    let report = &one.report;
    let asked_by_lead = report
        .handling
        .question
        .as_ref()
        .is_some_and(|question| question.asked_as == Capacity::Lead);
    let audience = alert_audience(one.clock, one.alert, asked_by_lead);
    let desk = |role: &[Role]| -> Vec<(&'a Recipient, Reader)> {
        people
            .iter()
            .filter(|person| person.operator && role.iter().any(|role| person.roles.contains(role)))
            .map(|person| (person, Reader::Desk))
            .collect()
    };
    let assignee = |desk: bool, reader: Reader| -> Vec<(&'a Recipient, Reader)> {
        report
            .handling
            .assignees
            .iter()
            .filter(|assignee| assignee.desk == desk)
            .filter(|assignee| desk || Some(assignee.organisation) == report.lead)
            .filter_map(|assignee| people.iter().find(|person| person.id == assignee.id))
            .map(|person| (person, reader))
            .collect()
    };
    let all_of_desk = || desk(&[Role::Desk, Role::Coordinator]);
    let all_of_lead = || -> Vec<(&'a Recipient, Reader)> {
        people
            .iter()
            .filter(|person| Some(person.organisation) == report.lead)
            .filter(|person| person.roles.contains(&Role::Liaison))
            .map(|person| (person, Reader::Lead))
            .collect()
    };
    let found = match audience {
        AlertAudience::Nobody => return Vec::new(),
        AlertAudience::DeskAssignee => match assignee(true, Reader::Desk) {
            found if found.is_empty() => all_of_desk(),
            found => found,
        },
        AlertAudience::LeadAssignee => match assignee(false, Reader::Lead) {
            found if found.is_empty() => all_of_lead(),
            found => found,
        },
        AlertAudience::Desk => all_of_desk(),
        AlertAudience::Lead => all_of_lead(),
        AlertAudience::Coordinators => desk(&[Role::Coordinator]),
    };
    if found.is_empty() {
        all_of_desk()
    } else {
        found
    }
}
