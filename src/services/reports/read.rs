//! Reading one report, and its timeline.

use crate::domain::actor::Actor;
use crate::domain::event::{Event, EventKind};
use crate::domain::id::{EventId, OrganisationId, ReportId};
use crate::domain::policy;
use crate::services::reports::{Organisations, Shown, load_organisations, show};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::{events, reports};

/// One report as the actor may see it.
///
/// # Errors
/// `NotFound` when it is not there, or not there for this actor.
pub async fn one(context: &Context, actor: Actor, id: ReportId) -> Result<Shown, Error> {
    let ctx = context.clone();
    context
        .db
        .read(move |conn| {
            let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
            show(conn, &ctx, &actor, report)
        })
        .await
}

/// A page of the timeline with the organisations it names. Entries that are not for the actor are left out, so a page may
/// be shorter than asked for.
///
/// # Errors
/// `NotFound` as for the report itself.
pub async fn timeline(
    context: &Context,
    actor: Actor,
    id: ReportId,
    after: Option<EventId>,
    limit: i64,
) -> Result<(Vec<Event>, Option<EventId>, Organisations), Error> {
    page(context, actor, id, false, after, limit).await
}

/// A page of the events that changed what the report says, for whoever sees the whole report.
///
/// # Errors
/// `NotFound` as for the report itself, and for who sees less than the whole.
pub async fn edits(
    context: &Context,
    actor: Actor,
    id: ReportId,
    after: Option<EventId>,
    limit: i64,
) -> Result<(Vec<Event>, Option<EventId>, Organisations), Error> {
    page(context, actor, id, true, after, limit).await
}

async fn page(
    context: &Context,
    actor: Actor,
    id: ReportId,
    edits: bool,
    after: Option<EventId>,
    limit: i64,
) -> Result<(Vec<Event>, Option<EventId>, Organisations), Error> {
    context
        .db
        .read(move |conn| {
            let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
            let view = policy::view(&actor, &report).ok_or(Error::NotFound)?;
            if edits && !view.is_full() {
                return Err(Error::NotFound);
            }
            let internal = policy::sees_internal(&actor, &report);
            let kinds: &[EventKind] = if edits { EventKind::EDITS } else { &[] };
            let mut page = events::list(conn, id, kinds, after, limit + 1)?;
            let length = usize::try_from(limit).unwrap_or(0);
            let more = page.len() > length;
            page.truncate(length);
            let next = if more {
                page.last().map(|event| event.id)
            } else {
                None
            };
            let linked = seen_ends(conn, &actor, &page)?;
            let seen: Vec<Event> = page
                .into_iter()
                .filter(|event| event.is_for(&actor, &report))
                .filter(|event| other_end(event).is_none_or(|other| linked.contains(&other)))
                .filter_map(|event| event.seen_with(view, internal))
                .collect();
            let organisations = load_organisations(conn, seen.iter().flat_map(named))?;
            Ok((seen, next, organisations))
        })
        .await
}

/// The report at the other end of the link that an event tells of.
fn other_end(event: &Event) -> Option<ReportId> {
    event.details.link.as_ref().map(|link| link.report)
}

/// Of the reports at the other end of the links that events tell of, those that the actor may see.
fn seen_ends(conn: &mut Conn, actor: &Actor, page: &[Event]) -> Result<Vec<ReportId>, Error> {
    let mut ends: Vec<ReportId> = page.iter().filter_map(other_end).collect();
    ends.sort_unstable();
    ends.dedup();
    let found = reports::by_ids(conn, &ends)?.into_iter();
    Ok(found
        .filter(|other| policy::view(actor, other).is_some())
        .map(|other| other.id)
        .collect())
}

fn named(event: &Event) -> impl Iterator<Item = OrganisationId> + '_ {
    let details = &event.details;
    [
        details.lead,
        details.former_lead,
        details.suggested_authority,
    ]
    .into_iter()
    .flatten()
    .chain(details.contributors.iter().copied())
}
