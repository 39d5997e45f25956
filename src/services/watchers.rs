//! Watching a report: whoever sees it may be told how it goes.

use crate::domain::actor::{Actor, PrincipalKind};
use crate::domain::id::ReportId;
use crate::domain::policy::{self, View};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::reports;
use crate::store::watchers::{self, Watcher};

/// Begins to watch; whoever does so already goes on.
///
/// # Errors
/// `NotFound` when the report is not there for this actor, `Forbidden` for a machine, which reads no mail.
pub fn watch(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    report: ReportId,
) -> Result<(), Error> {
    seen(conn, actor, report)?;
    Ok(watchers::add(conn, report, actor.id, context.clock.now())?)
}

/// Watches no longer.
///
/// # Errors
/// As `watch`.
pub fn stop(conn: &mut Conn, actor: &Actor, report: ReportId) -> Result<(), Error> {
    seen(conn, actor, report)?;
    Ok(watchers::remove(conn, report, actor.id)?)
}

/// Who watches a report, for those who see all of it.
///
/// # Errors
/// `NotFound`, `Forbidden` for those who only see how it goes.
pub fn list(conn: &mut Conn, actor: &Actor, report: ReportId) -> Result<Vec<Watcher>, Error> {
    if view(conn, actor, report)?.is_full() {
        Ok(watchers::of(conn, report)?)
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}

fn seen(conn: &mut Conn, actor: &Actor, report: ReportId) -> Result<View, Error> {
    let view = view(conn, actor, report)?;
    if actor.kind == PrincipalKind::Person {
        Ok(view)
    } else {
        Err(Error::Forbidden("people_watch"))
    }
}

fn view(conn: &mut Conn, actor: &Actor, report: ReportId) -> Result<View, Error> {
    let report = reports::find(conn, report)?.ok_or(Error::NotFound)?;
    policy::view(actor, &report).ok_or(Error::NotFound)
}
