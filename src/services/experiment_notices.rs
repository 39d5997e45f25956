//! Tells of what happened to an experiment, in the transaction that writes it: those it came from, those it concerns, the
//! authority; nobody twice, and nobody of what they did themselves.

use std::collections::HashSet;

use crate::domain::actor::{Language, PrincipalKind, Role};
use crate::domain::deadline::local_date;
use crate::domain::experiment::Experiment;
use crate::domain::experiment::event::{Audience, ExperimentEvent, audience, tell};
use crate::domain::id::{NoticeId, OrganisationId, PrincipalId, ReportId};
use crate::domain::notice::NoticeKind;
use crate::domain::report::{Contact, Report};
use crate::mail::facts::{Facts, Reader};
use crate::mail::message;
use crate::services::reports::load_organisations;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::outbox::{self, NewNotice};
use crate::store::recipients::{self, Recipient};
use crate::store::{endorsements, reports};

/// Queues a mail for each person whom events concern: seven statements at most, however many are told.
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
        .filter(|(event, _)| audience(event) != Audience::Nobody)
        .collect();
    let Some((first, _)) = told.first() else {
        return Ok(());
    };
    let at = first.at;
    let ids: Vec<_> = told.iter().flat_map(|(_, one)| reports_of(one)).collect();
    let voices = voices(conn, &ids)?;
    let concerned: Vec<Vec<OrganisationId>> = told
        .iter()
        .map(|(event, experiment)| organisations(event, experiment, &voices))
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
            receivers(event, experiment, concerned, &people, &voices)
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

/// Who speaks of a report: for its reporter, for who joined it with a report of its own, for who endorsed one of these.
struct Voice {
    /// The report that the experiment is about, or that a participant joins from.
    report: ReportId,
    organisation: OrganisationId,
    sender: PrincipalId,
    contact: Option<Contact>,
    /// The contact person is told in the place of the sender.
    through_another: bool,
}

impl Voice {
    fn of(report: ReportId, one: &Report) -> Self {
        Self {
            report,
            organisation: one.submitter,
            sender: one.sender.id,
            contact: one.content.contact.clone(),
            through_another: one.on_behalf || one.sender.kind == PrincipalKind::Client,
        }
    }
}

/// The reports that an experiment is about, and those that others asked to join from.
fn reports_of(of: &Experiment) -> Vec<ReportId> {
    let joining = of.participants.iter().filter_map(|one| one.report);
    of.reports.iter().copied().chain(joining).collect()
}

/// Everybody who speaks of some reports: three statements, however many.
fn voices(conn: &mut Conn, ids: &[ReportId]) -> Result<Vec<Voice>, Error> {
    let own = reports::by_ids(conn, ids)?;
    let joined = reports::joined_to_any(conn, ids)?;
    let all: Vec<ReportId> = own.iter().chain(&joined).map(|one| one.id).collect();
    let root = |id: ReportId| {
        let found = joined.iter().find(|one| one.id == id);
        found.and_then(|one| one.merged_into).unwrap_or(id)
    };
    let endorsed = endorsements::standing(conn, &all)?;
    let endorsed = endorsed.into_iter().map(|one| Voice {
        report: root(one.report),
        organisation: one.organisation,
        sender: one.sender.id,
        through_another: one.contact.is_some(),
        contact: one.contact,
    });
    let reported = own.iter().map(|one| Voice::of(one.id, one));
    let joined = joined.iter().map(|one| Voice::of(root(one.id), one));
    Ok(reported.chain(joined).chain(endorsed).collect())
}

/// The organisations whose people are told.
fn organisations(
    event: &ExperimentEvent,
    of: &Experiment,
    voices: &[Voice],
) -> Vec<OrganisationId> {
    match audience(event) {
        Audience::Nobody => Vec::new(),
        Audience::Authority | Audience::AuthorityAndCoordinators => {
            of.authority.into_iter().collect()
        }
        Audience::Proposer => vec![of.proposer.organisation],
        Audience::Named => event.details.organisation.into_iter().collect(),
        Audience::Everybody => {
            let behind = voices
                .iter()
                .filter(|voice| of.reports.contains(&voice.report));
            behind
                .map(|voice| voice.organisation)
                .chain(of.concerned())
                .collect()
        }
    }
}

type Receiver = (String, String, Language, Reader);

fn receivers(
    event: &ExperimentEvent,
    of: &Experiment,
    concerned: &[OrganisationId],
    people: &[Recipient],
    voices: &[Voice],
) -> Vec<Receiver> {
    let coordinators = audience(event) == Audience::AuthorityAndCoordinators;
    let behind = reports_of(of);
    let voices: Vec<&Voice> = voices
        .iter()
        .filter(|voice| behind.contains(&voice.report) && concerned.contains(&voice.organisation))
        .collect();
    let there = |id| people.iter().any(|person| person.id == id);
    // Who takes part or proposed it hears with all its people; who stands behind a report with those who speak of it.
    let takes_part: Vec<OrganisationId> = of.concerned().collect();
    let speaks = |person: &Recipient| {
        let mut own = voices
            .iter()
            .filter(|voice| voice.organisation == person.organisation);
        takes_part.contains(&person.organisation)
            || event.details.organisation == Some(person.organisation)
            || own.any(|voice| match (&voice.contact, voice.through_another) {
                (Some(_), true) => false,
                (contact, _) => {
                    voice.sender == person.id || (contact.is_none() && !there(voice.sender))
                }
            })
    };
    let mut addresses = HashSet::new();
    let mut found: Vec<Receiver> = Vec::new();
    for person in people {
        let home = person.organisation;
        let of_authority = of.authority == Some(home) && person.roles.contains(&Role::Liaison);
        let reader = if of_authority && concerned.contains(&home) {
            Reader::Authority
        } else if concerned.contains(&home)
            && person.roles.contains(&Role::Reporter)
            && speaks(person)
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
    for voice in voices {
        let Some(contact) = &voice.contact else {
            continue;
        };
        let instead = voice.through_another || !there(voice.sender);
        let acted = event.organisation == Some(voice.organisation);
        if instead && !acted && addresses.insert(contact.email.to_lowercase()) {
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
