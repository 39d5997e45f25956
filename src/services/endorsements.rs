//! Endorsing a shared report, taking that back, and who did.

use std::collections::BTreeMap;

use crate::domain::actor::{Actor, OrganisationKind, PrincipalKind, Role};
use crate::domain::endorsement::Endorsement;
use crate::domain::event::{Details, EventKind};
use crate::domain::id::{EndorsementId, ReportId};
use crate::domain::policy;
use crate::domain::report::{Contact, Report, Sender};
use crate::domain::status::{Capacity, Status};
use crate::services::idempotency::{self, Answer, Key};
use crate::services::recording::{self, Step};
use crate::services::reports::{Organisations, change, load_organisations};
use crate::services::{Context, Error, backing, members};
use crate::store::db::Conn;
use crate::store::{endorsements, reports};

/// What an organisation says.
#[derive(Debug, Clone)]
pub struct NewEndorsement {
    pub effect: String,
    pub contact: Option<Contact>,
}

/// An endorsement, with the organisations that are named.
#[derive(Debug)]
pub struct Endorsed {
    pub endorsement: Endorsement,
    pub organisations: Organisations,
    /// It stood there already.
    pub before: bool,
}

/// An organisation says "we too". One that did so already gets what it said then.
///
/// # Errors
/// `NotFound` when nothing of the report is released to the actor, `Forbidden` for who is no reporter and for
/// its own report, `Conflict` for one that goes on under another, `Invalid` for a machine without a contact.
pub async fn endorse<F>(
    context: &Context,
    actor: Actor,
    id: ReportId,
    new: NewEndorsement,
    key: Option<Key>,
    render: F,
) -> Result<Answer, Error>
where
    F: Fn(&Endorsed) -> Answer + Send + 'static,
{
    let ctx = context.clone();
    context
        .db
        .write(move |conn| {
            let now = ctx.clock.now();
            idempotency::once(conn, actor.id, key.as_ref(), now, |conn| {
                let (endorsement, before) = add(conn, &ctx, &actor, id, new)?;
                let named = std::iter::once(endorsement.organisation);
                Ok(render(&Endorsed {
                    organisations: load_organisations(conn, named)?,
                    endorsement,
                    before,
                }))
            })
        })
        .await
}

/// Endorses a report in a transaction of the caller's; whether the organisation already did.
///
/// # Errors
/// As for who asks over the API.
pub fn add(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ReportId,
    new: NewEndorsement,
) -> Result<(Endorsement, bool), Error> {
    let report = reports::find_locked(conn, id)?
        .filter(|report| policy::reads_shared(actor, report))
        .ok_or(Error::NotFound)?;
    if !actor.has(Role::Reporter) {
        return Err(Error::Forbidden("not_allowed"));
    }
    if report.submitter == actor.home.id {
        return Err(Error::Forbidden("own_report"));
    }
    if report.status == Status::Merged {
        return Err(Error::Conflict("merged_elsewhere"));
    }
    let standing = endorsements::standing(conn, &[id])?;
    let own = |one: &Endorsement| one.organisation == actor.home.id;
    if let Some(before) = standing.into_iter().find(own) {
        return Ok((before, true));
    }
    match &new.contact {
        // A machine reads no mail: somebody must hear what becomes of the report.
        None if actor.kind == PrincipalKind::Client => {
            return Err(Error::field("/contact", "contact_required"));
        }
        Some(contact) if !members::is_deliverable(&contact.email) => {
            return Err(Error::field("/contact/email", "email_malformed"));
        }
        _ => {}
    }
    let endorsement = Endorsement {
        id: EndorsementId::new(),
        report: id,
        organisation: actor.home.id,
        effect: new.effect,
        contact: new.contact,
        sender: Sender {
            id: actor.id,
            kind: actor.kind,
            name: actor.name.clone(),
        },
        endorsed_at: context.clock.now(),
        withdrawn_at: None,
    };
    endorsements::insert(conn, &endorsement)?;
    let said = Some(endorsement.effect.clone());
    changed(conn, context, actor, &report, EventKind::Endorse, said)?;
    Ok((endorsement, false))
}

/// An organisation takes back that it endorsed a report, or one merged into it; also when the report is released no longer.
///
/// # Errors
/// `NotFound` when it did not.
pub async fn withdraw(context: &Context, actor: Actor, id: ReportId) -> Result<(), Error> {
    let ctx = context.clone();
    context
        .db
        .write(move |conn| {
            let report = reports::find_locked(conn, id)?.ok_or(Error::NotFound)?;
            let merged = reports::joined_to(conn, id)?;
            let of: Vec<ReportId> = std::iter::once(id)
                .chain(merged.iter().map(|one| one.id))
                .collect();
            let now = ctx.clock.now();
            if !actor.has(Role::Reporter)
                || endorsements::withdraw(conn, &of, actor.home.id, now)? == 0
            {
                return Err(Error::NotFound);
            }
            changed(
                conn,
                &ctx,
                &actor,
                &report,
                EventKind::WithdrawEndorsement,
                None,
            )?;
            // What was merged into it, or what it was merged into, counts it no more either.
            let others = merged
                .into_iter()
                .map(|one| one.id)
                .chain(report.merged_into);
            for other in others.collect::<Vec<_>>() {
                if let Some(before) = reports::find_locked(conn, other)?
                    && before.handling.sharing.endorsers.contains(&actor.home.id)
                {
                    recount(conn, &ctx, &before)?;
                }
            }
            Ok(())
        })
        .await
}

/// Writes who stands behind a report now, with the event of it.
fn changed(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    before: &Report,
    kind: EventKind,
    said: Option<String>,
) -> Result<(), Error> {
    let after = recount(conn, context, before)?;
    let step = Step::by(
        actor,
        Capacity::Endorser,
        before,
        &after,
        kind,
        after.updated_at,
    );
    let step = step.with(Details {
        explanation: said,
        ..Details::default()
    });
    recording::record(conn, context, &[step])
}

fn recount(conn: &mut Conn, context: &Context, before: &Report) -> Result<Report, Error> {
    let mut after = before.clone();
    let merged = reports::joined_to(conn, before.id)?;
    backing::count(conn, &mut after, &merged)?;
    after.updated_at = context.clock.now();
    after.version += 1;
    change::update(conn, before, &after)?;
    Ok(after)
}

/// The endorsements that stand, for who sees the whole report; and whether contact data is for its eyes.
///
/// # Errors
/// `NotFound` as for the report itself, `Forbidden` for who sees how it goes and no more.
pub async fn list(
    context: &Context,
    actor: Actor,
    id: ReportId,
) -> Result<(Vec<Endorsement>, Organisations, bool), Error> {
    context
        .db
        .read(move |conn| {
            let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
            let view = policy::view(&actor, &report).ok_or(Error::NotFound)?;
            if !view.is_full() {
                return Err(Error::Forbidden("not_allowed"));
            }
            let followers = backing::followers(conn, &report)?;
            let found = followers.endorsements;
            let named = found.iter().map(|one| one.organisation);
            let organisations = load_organisations(conn, named)?;
            Ok((found, organisations, view.shows_contact()))
        })
        .await
}

/// How many organisations of each kind stand behind a shared report beside its reporter.
///
/// # Errors
/// `NotFound` when nothing of it is released to the actor.
pub async fn by_kind(
    context: &Context,
    actor: Actor,
    id: ReportId,
) -> Result<Vec<(OrganisationKind, usize)>, Error> {
    context
        .db
        .read(move |conn| {
            let report = reports::find(conn, id)?
                .filter(|report| policy::reads_shared(&actor, report))
                .ok_or(Error::NotFound)?;
            let behind = report.handling.sharing.behind(report.submitter);
            let organisations = load_organisations(conn, behind.into_iter())?;
            let mut counts: BTreeMap<OrganisationKind, usize> = BTreeMap::new();
            for organisation in organisations.values() {
                *counts.entry(organisation.kind).or_default() += 1;
            }
            Ok(counts.into_iter().collect())
        })
        .await
}
