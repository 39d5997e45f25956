//! Queues the notices of an event, in the transaction that writes the event. Who hears what stands in `domain::notice`;
//! here the audiences become people, and what happened becomes the facts of each text.

mod audience;
pub mod digest;

use chrono::{DateTime, Utc};

use crate::config::Settings;
use crate::domain::actor::Language;
use crate::domain::deadline::local_date;
use crate::domain::event::{Event, EventKind};
use crate::domain::id::{NoticeId, OrganisationId, PrincipalId, ReportId};
use crate::domain::notice::{NoticeKind, told_of, told_watchers};
use crate::domain::report::{Cited, Confidentiality, Report};
use crate::mail::facts::{Facts, Reader};
use crate::mail::message;
use crate::services::backing::Followers;
use crate::services::notices::audience::{Audiences, Told};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::outbox::{self, NewNotice};
use crate::store::{recipients, watchers};

/// An event, and the reports it is about.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    pub event: &'a Event,
    /// None for a report that was not there.
    pub before: Option<&'a Report>,
    /// As the transaction leaves it, so that the acknowledgement of a report that is routed at once says by whom it is
    /// handled and the desk is not called for it.
    pub after: &'a Report,
    /// Who follows it from a distance.
    pub followers: &'a Followers,
    /// What somebody wrote and the event does not hold.
    pub said: Option<&'a str>,
}

/// Queues what events have to tell: four statements at most, however many there are and however many are told.
///
/// Nobody is told what they did themselves, the acknowledgement excepted; nobody is told twice of one event.
///
/// # Errors
/// When the database fails, or the sender in the settings is none.
pub fn queue(conn: &mut Conn, ctx: &Context, happened: &[Happened<'_>]) -> Result<(), Error> {
    let mut told_of: Vec<Audiences<'_>> = happened
        .iter()
        .filter(|one| !told_of(one.event).is_empty() || told_watchers(one.event).is_some())
        .map(|one| Audiences::new(*one))
        .collect();
    let Some(first) = told_of.first() else {
        return Ok(());
    };
    let at = first.happened.event.at;
    let from = message::sender(&ctx.settings.mail_from).map_err(Error::Internal)?;
    let organisations: Vec<OrganisationId> =
        told_of.iter().flat_map(Audiences::organisations).collect();
    let watched: Vec<ReportId> = told_of.iter().filter_map(Audiences::watched).collect();
    if !watched.is_empty() {
        let watchers = watchers::of_reports(conn, &watched)?;
        for audiences in &mut told_of {
            audiences.add_watchers(&watchers);
        }
    }
    let named: Vec<PrincipalId> = told_of.iter().flat_map(Audiences::named).collect();
    let people = recipients::people(conn, &organisations, &named, local_date(at))?;
    let told: Vec<Vec<Told<'_>>> = told_of
        .iter_mut()
        .map(|audiences| audiences.resolve(&people))
        .collect();
    if told.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let mentioned: Vec<OrganisationId> = told_of.iter().flat_map(Audiences::mentioned).collect();
    let names = Names(recipients::organisation_names(conn, &mentioned)?);
    let mut new = Vec::new();
    for (audiences, told) in told_of.iter().zip(&told) {
        let happened = audiences.happened;
        let event = happened.event;
        let stands_in_for = names.list(&audiences.unmanned);
        for told in told {
            let id = NoticeId::new();
            let facts = facts(
                &ctx.settings,
                &happened,
                told,
                &names,
                stands_in_for.as_deref(),
            );
            new.push(NewNotice {
                id,
                report: Some(told.report.id),
                event: Some(event.id),
                kind: told.kind,
                to_name: told.name.clone(),
                to_email: told.email.clone(),
                language: told.language,
                data: serde_json::to_value(facts).map_err(|e| Error::Internal(e.to_string()))?,
                message_id: message::message_id(id, &from),
                thread_id: Some(message::thread_id("report", told.report.id, &from)),
            });
        }
    }
    outbox::insert(conn, &new, at)?;
    Ok(())
}

/// To whom a mail about an account goes, and what it says.
#[derive(Debug, Clone)]
pub struct AccountMail<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub language: Language,
    /// Name of the organisation the account is at.
    pub organisation: &'a str,
    /// The single-use link; forgotten once the mail has left.
    pub link: String,
    /// When the link stops working.
    pub expires_at: DateTime<Utc>,
}

/// Queues an invitation or a link to set a password.
///
/// # Errors
/// As `queue`.
pub fn queue_account(
    conn: &mut Conn,
    ctx: &Context,
    kind: NoticeKind,
    mail: AccountMail<'_>,
) -> Result<(), Error> {
    let from = message::sender(&ctx.settings.mail_from).map_err(Error::Internal)?;
    let id = NoticeId::new();
    let facts = Facts {
        reader: Some(Reader::Account),
        link: Some(mail.link),
        organisation: Some(mail.organisation.to_owned()),
        expires_at: Some(mail.expires_at),
        ..Facts::default()
    };
    let new = NewNotice {
        id,
        report: None,
        event: None,
        kind,
        to_name: mail.name.to_owned(),
        to_email: mail.email.to_owned(),
        language: mail.language,
        data: serde_json::to_value(facts).map_err(|e| Error::Internal(e.to_string()))?,
        message_id: message::message_id(id, &from),
        thread_id: None,
    };
    Ok(outbox::insert(conn, &[new], ctx.clock.now())?)
}

/// Names of organisations.
struct Names(Vec<(OrganisationId, String)>);

impl Names {
    fn of(&self, id: OrganisationId) -> Option<String> {
        self.0
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, name)| name.clone())
    }

    fn list(&self, ids: &[OrganisationId]) -> Option<String> {
        let names: Vec<String> = ids.iter().filter_map(|id| self.of(*id)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

/// The facts for one reader. Who has the progress view of the report it is about (whose report was merged into it, who
/// was the lead before), and whoever watches it, gets what that view has: status, lead, outcome and public explanation; nobody else's words.
fn facts(
    settings: &Settings,
    &Happened {
        event, after, said, ..
    }: &Happened<'_>,
    told: &Told<'_>,
    names: &Names,
    stands_in_for: Option<&str>,
) -> Facts {
    let details = &event.details;
    let settlement = after.handling.settlement.as_ref();
    let own = told.report;
    let public = Facts {
        reader: Some(told.reader),
        link: Some(settings.link(&format!("/v1/reports/{}", own.id))),
        reference: own.reference.clone(),
        title: Some(match told.reader {
            Reader::FormerLead | Reader::Watcher | Reader::Endorser => {
                own.title_from_afar().to_owned()
            }
            _ => own.content.title.clone(),
        }),
        confidential: own.confidentiality == Confidentiality::Confidential,
        status: Some(after.status),
        lead: after.lead.and_then(|lead| names.of(lead)),
        outcome: details
            .outcome
            .or(settlement.map(|settlement| settlement.outcome)),
        public_explanation: details.public_explanation.clone(),
        other_reference: match told.reader {
            Reader::Follower => after.reference.clone(),
            _ if !details.other_reports.is_empty() => Some(details.other_reports.join(", ")),
            _ => details.other_report.clone(),
        },
        ..Facts::default()
    };
    if matches!(
        told.reader,
        Reader::Follower | Reader::Endorser | Reader::FormerLead | Reader::Watcher
    ) {
        return public;
    }
    let clock = after.next_clock();
    let question = after.handling.question.as_ref();
    // Why the service routed it, or did not, in the reader's language; a person who routes says why.
    let because = after
        .handling
        .routing
        .as_ref()
        .map(|routing| match told.language {
            Language::Nl => routing.explanation.nl.clone(),
            Language::En => routing.explanation.en.clone(),
        });
    let released = after.handling.sharing.version.as_ref();
    Facts {
        organisation: names.of(after.submitter),
        rule: after.primary().map(Cited::label),
        actor: event.author.organisation_name.clone(),
        stands_in_for: told
            .stands_in
            .then(|| stands_in_for.map(str::to_owned))
            .flatten(),
        clock: clock.map(|clock| clock.kind),
        due_on: clock.map(|clock| clock.due_on),
        explanation: match event.kind {
            EventKind::RoutedByRule | EventKind::Submit => because,
            EventKind::Publish => {
                released.map(|text| format!("{}\n\n{}", text.title, text.summary))
            }
            _ => details.explanation.clone(),
        },
        shared_with: released.map(|text| text.audience),
        publication: details.publication.clone(),
        room: details.room.clone(),
        decision_reference: details.decision_reference.clone(),
        reason: details.reason.clone(),
        suggested_authority: details.suggested_authority.and_then(|id| names.of(id)),
        question: details
            .question
            .clone()
            .or(question.map(|question| question.text.clone())),
        answer: details.answer.clone(),
        message: said.map(str::to_owned),
        audience: details.audience,
        measure: details.measure.clone(),
        advice: details.advice.clone(),
        confidentiality: details.confidentiality,
        consent: details.consent.clone(),
        verdict: details.verdict,
        remark: details.remark.clone(),
        corrected: details
            .corrections
            .iter()
            .map(|correction| correction.field.clone())
            .collect(),
        ..public
    }
}

#[cfg(test)]
mod tests;
