//! Tells of what happened to an experiment, in the transaction that writes it: those it came from, those it concerns, the
//! authority; nobody twice, and nobody of what they did themselves.

use std::collections::HashSet;

use crate::domain::actor::{Language, Role};
use crate::domain::deadline::local_date;
use crate::domain::experiment::Experiment;
use crate::domain::experiment::event::{Audience, ExperimentEvent, audience, tell};
use crate::domain::id::{NoticeId, OrganisationId};
use crate::domain::notice::NoticeKind;
use crate::domain::report::Report;
use crate::mail::facts::{Facts, Reader};
use crate::mail::message;
use crate::services::reports::load_organisations;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::outbox::{self, NewNotice};
use crate::store::recipients::{self, Recipient};
use crate::store::reports;

/// Queues a mail for each person whom events concern: five statements at most, however many are told.
///
/// # Errors
/// When the database fails, or the sender in the settings is none.
pub fn queue(
    conn: &mut Conn,
    ctx: &Context,
    happened: &[(ExperimentEvent, Experiment)],
) -> Result<(), Error> {
    let told: Vec<_> = happened
        .iter()
        .filter(|(event, _)| audience(event.kind) != Audience::Nobody)
        .collect();
    let Some((first, _)) = told.first() else {
        return Ok(());
    };
    let at = first.at;
    let ids: Vec<_> = told
        .iter()
        .flat_map(|(_, one)| one.reports.clone())
        .collect();
    let reports = reports::by_ids(conn, &ids)?;
    let concerned: Vec<Vec<OrganisationId>> = told
        .iter()
        .map(|(event, experiment)| organisations(event, experiment, &reports))
        .collect();
    let people = recipients::people(conn, &concerned.concat(), &[], local_date(at))?;
    let named = told
        .iter()
        .filter_map(|(event, _)| event.details.organisation);
    let names = load_organisations(conn, named)?;
    let name = |id| names.get(&id).map(|found| found.name.clone());
    let from = message::sender(&ctx.settings.mail_from).map_err(Error::Internal)?;
    let mut new = Vec::new();
    for ((event, experiment), concerned) in told.into_iter().zip(&concerned) {
        for (to_name, to_email, language, reader) in
            receivers(event, experiment, concerned, &people, &reports)
        {
            let id = NoticeId::new();
            let facts = Facts {
                reader: Some(reader),
                link: Some(
                    ctx.settings
                        .link(&format!("/v1/experiments/{}", experiment.id)),
                ),
                reference: Some(experiment.reference.clone()),
                title: Some(experiment.title.clone()),
                sentence: Some(tell(event, name, language)),
                reason: event.details.reason.clone(),
                ..Facts::default()
            };
            new.push(NewNotice {
                id,
                report: None,
                event: None,
                kind: NoticeKind::Experiment,
                to_name,
                to_email,
                language,
                data: serde_json::to_value(facts).map_err(|e| Error::Internal(e.to_string()))?,
                message_id: message::message_id(id, &from),
                thread_id: Some(message::thread_id("experiment", experiment.id, &from)),
            });
        }
    }
    Ok(outbox::insert(conn, &new, at)?)
}

/// The organisations whose people are told.
fn organisations(
    event: &ExperimentEvent,
    of: &Experiment,
    reports: &[Report],
) -> Vec<OrganisationId> {
    match audience(event.kind) {
        Audience::Nobody => Vec::new(),
        Audience::Authority | Audience::AuthorityAndCoordinators => {
            of.authority.into_iter().collect()
        }
        Audience::Proposer => vec![of.proposer.organisation],
        Audience::Named => event.details.organisation.into_iter().collect(),
        Audience::Everybody => {
            let own = reports
                .iter()
                .filter(|report| of.reports.contains(&report.id));
            let behind = own.flat_map(|report| {
                let mut all = report.handling.sharing.behind(report.submitter);
                all.push(report.submitter);
                all
            });
            behind.chain(of.organisations()).collect()
        }
    }
}

type Receiver = (String, String, Language, Reader);

fn receivers(
    event: &ExperimentEvent,
    of: &Experiment,
    concerned: &[OrganisationId],
    people: &[Recipient],
    reports: &[Report],
) -> Vec<Receiver> {
    let coordinators = audience(event.kind) == Audience::AuthorityAndCoordinators;
    let mut addresses = HashSet::new();
    let mut found: Vec<Receiver> = Vec::new();
    for person in people {
        let of_authority =
            of.authority == Some(person.organisation) && person.roles.contains(&Role::Liaison);
        let reader = if of_authority && concerned.contains(&person.organisation) {
            Reader::Authority
        } else if concerned.contains(&person.organisation) && person.roles.contains(&Role::Reporter)
        {
            Reader::Participant
        } else if coordinators && person.operator && person.roles.contains(&Role::Coordinator) {
            Reader::Desk
        } else {
            continue;
        };
        if event.principal != Some(person.id) && addresses.insert(person.email.to_lowercase()) {
            found.push((
                person.name.clone(),
                person.email.clone(),
                person.language,
                reader,
            ));
        }
    }
    // Who reports by its own system has a contact person, and may have nobody else.
    for report in reports
        .iter()
        .filter(|report| of.reports.contains(&report.id))
    {
        let Some(contact) = &report.content.contact else {
            continue;
        };
        let acted = event.organisation == Some(report.submitter);
        if !acted
            && concerned.contains(&report.submitter)
            && addresses.insert(contact.email.to_lowercase())
        {
            found.push((
                contact.name.clone(),
                contact.email.clone(),
                contact.language,
                Reader::Participant,
            ));
        }
    }
    found
}
