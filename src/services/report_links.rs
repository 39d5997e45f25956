//! Linking reports, and taking that back. Each of the two has the event; who may not see the other hears of neither.

use crate::domain::actor::Actor;
use crate::domain::event::{Details, EventKind};
use crate::domain::id::{LinkId, ReportId};
use crate::domain::link::{Link, LinkKind, LinkRef};
use crate::domain::policy::{self, View};
use crate::domain::report::Report;
use crate::domain::status::{Capacity, Status};
use crate::services::recording::{self, Step};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::{report_links, reports};

/// A link seen from one of its reports, with the other as the reader may see it.
#[derive(Debug)]
pub struct Linked {
    pub link: Link,
    pub seen: LinkRef,
    pub other: Report,
    pub view: View,
}

/// The links of a report of which the actor may see the other end, the earliest first.
///
/// # Errors
/// `NotFound` as for the report itself, `Forbidden` for who sees how it goes and no more.
pub fn list(conn: &mut Conn, actor: &Actor, id: ReportId) -> Result<Vec<Linked>, Error> {
    let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
    let view = policy::view(actor, &report).ok_or(Error::NotFound)?;
    if !view.is_full() {
        return Err(Error::Forbidden("not_allowed"));
    }
    let links = report_links::of(conn, id)?;
    let others: Vec<ReportId> = links.iter().map(|link| link.seen_from(id).report).collect();
    let others = reports::by_ids(conn, &others)?;
    let linked = links.into_iter().filter_map(|link| {
        let seen = link.seen_from(id);
        let other = others.iter().find(|other| other.id == seen.report)?.clone();
        let view = policy::view(actor, &other)?;
        Some(Linked {
            link,
            seen,
            other,
            view,
        })
    });
    Ok(linked.collect())
}

/// Says what a report is to another.
///
/// # Errors
/// `NotFound`, `Forbidden` for who may not, `Invalid` for another that is not there for the actor, `Conflict` for what does
/// not fit the links there are.
pub fn add(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ReportId,
    kind: LinkKind,
    other: ReportId,
) -> Result<Linked, Error> {
    let seen = reports::find(conn, id)?.ok_or(Error::NotFound)?;
    policy::view(actor, &seen).ok_or(Error::NotFound)?;
    if !policy::may_link(actor, &seen) {
        return Err(Error::Forbidden("not_allowed"));
    }
    if id == other {
        return Err(Error::field("/report", "link_to_itself"));
    }
    let unknown = || Error::field("/report", "unknown_report");
    let (from, to) = both(conn, id, other)?.ok_or_else(unknown)?;
    let view = policy::view(actor, &to).ok_or_else(unknown)?;
    let capacity = authorise(actor, &from, &to)?;
    if from.status == Status::Draft || to.status == Status::Draft {
        return Err(Error::Conflict("report_not_submitted"));
    }
    let link = Link {
        id: LinkId::new(),
        from: id,
        to: other,
        kind,
        linked_at: context.clock.now(),
    };
    let (of_from, of_to) = (report_links::of(conn, id)?, report_links::of(conn, other)?);
    link.fits(&of_from, &of_to).map_err(Error::Conflict)?;
    report_links::insert(conn, &link)?;
    tell(
        conn,
        context,
        actor,
        capacity,
        EventKind::Linked,
        &link,
        [&from, &to],
    )?;
    Ok(Linked {
        seen: link.seen_from(id),
        link,
        other: to,
        view,
    })
}

/// Takes a link away, from either end.
///
/// # Errors
/// `NotFound` for what the actor does not see, `Forbidden` for who may not.
pub fn remove(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ReportId,
    link: LinkId,
) -> Result<(), Error> {
    let found = list(conn, actor, id)?
        .into_iter()
        .find(|linked| linked.link.id == link)
        .ok_or(Error::NotFound)?;
    let (this, other) = both(conn, id, found.other.id)?.ok_or(Error::NotFound)?;
    let capacity = authorise(actor, &this, &other)?;
    if !report_links::delete(conn, link)? {
        return Err(Error::NotFound);
    }
    let link = &found.link;
    tell(
        conn,
        context,
        actor,
        capacity,
        EventKind::Unlinked,
        link,
        [&this, &other],
    )
}

/// Two reports, held until the transaction ends, always in the same order, so that no two callers wait for each other.
fn both(
    conn: &mut Conn,
    one: ReportId,
    other: ReportId,
) -> Result<Option<(Report, Report)>, Error> {
    let first = reports::find_locked(conn, one.min(other))?;
    let second = reports::find_locked(conn, one.max(other))?;
    Ok(first.zip(second).map(|(first, second)| {
        if first.id == one {
            (first, second)
        } else {
            (second, first)
        }
    }))
}

fn authorise(actor: &Actor, one: &Report, other: &Report) -> Result<Capacity, Error> {
    let capacities = policy::links_as(actor, one, other);
    if capacities.is_empty() {
        return Err(Error::Forbidden("not_allowed"));
    }
    capacities
        .into_iter()
        .find(|capacity| actor.may(policy::scope_of(*capacity)))
        .ok_or(Error::Forbidden("insufficient_scope"))
}

/// The event of both reports.
fn tell(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    capacity: Capacity,
    kind: EventKind,
    link: &Link,
    [one, other]: [&Report; 2],
) -> Result<(), Error> {
    let now = context.clock.now();
    let steps = [(one, other), (other, one)].map(|(of, other)| {
        Step::by(actor, capacity, of, of, kind, now).with(Details {
            other_report: other.reference.clone(),
            link: Some(link.seen_from(of.id)),
            ..Details::default()
        })
    });
    recording::record(conn, context, &steps)
}
