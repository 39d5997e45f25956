//! Attachments of a report: what is known of them in rows, their bytes in `objects`. The row makes an attachment: bytes
//! without one are nobody's, and are taken away (`tidy`).

pub mod check;
pub mod receive;
pub mod tidy;

use chrono::{DateTime, Utc};

use crate::domain::actor::Actor;
use crate::domain::attachment::Attachment;
use crate::domain::code::Code;
use crate::domain::event::{Details, EventKind};
use crate::domain::id::{AttachmentId, ReportId};
use crate::domain::message::{MessageAudience, Writer};
use crate::domain::policy;
use crate::domain::report::Report;
use crate::domain::status::Capacity;
use crate::services::recording::{self, Step};
use crate::services::{Context, Error};
use crate::store::attachments::{self, Visible};
use crate::store::db::Conn;
use crate::store::reports;

/// The name of the bytes of an attachment.
pub fn object_name(report: ReportId, id: AttachmentId) -> String {
    format!("{report}/{id}")
}

/// A page of the attachments that the actor may see.
///
/// # Errors
/// `NotFound` when the report is not there for this actor.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    report: ReportId,
    after: Option<AttachmentId>,
    limit: i64,
) -> Result<Vec<Attachment>, Error> {
    let report = seen(conn, actor, report)?;
    let reads =
        |audience: &MessageAudience| policy::reads(actor, &report, *audience, actor.home.id);
    let visible = Visible {
        home: actor.home.id,
        reads: MessageAudience::ALL.iter().copied().filter(reads).collect(),
    };
    Ok(attachments::list(conn, report.id, &visible, after, limit)?)
}

/// What is known of one attachment, also of one that was deleted.
///
/// # Errors
/// `NotFound` when it is not there, or not there for this actor.
pub fn one(
    conn: &mut Conn,
    actor: &Actor,
    report: ReportId,
    id: AttachmentId,
) -> Result<Attachment, Error> {
    let report = seen(conn, actor, report)?;
    found(conn, actor, &report, id)
}

/// Deletes an attachment: what is known of it stays, with an event; its bytes are to be taken away.
///
/// # Errors
/// `NotFound`, `Stale`, `Forbidden` for whoever is neither of its organisation nor the desk, `Conflict` when it was
/// deleted already.
pub fn delete(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    (report, id): (ReportId, AttachmentId),
    version: i32,
) -> Result<(), Error> {
    let now = context.clock.now();
    let report = seen(conn, actor, report)?;
    let attachment = found(conn, actor, &report, id)?;
    let capacity =
        policy::deletes_as(actor, &report, &attachment).ok_or(Error::Forbidden("not_allowed"))?;
    if !actor.may(policy::scope_of(capacity)) {
        return Err(Error::Forbidden("insufficient_scope"));
    }
    if attachment.version != version {
        return Err(Error::Stale);
    }
    if attachment.deleted_at.is_some() {
        return Err(Error::Conflict("attachment_deleted"));
    }
    let deleted = Attachment {
        deleted_by: Some(writer(actor)),
        deleted_at: Some(now),
        version: version + 1,
        ..attachment
    };
    if !attachments::update(conn, version, &deleted)? {
        return Err(Error::Stale);
    }
    let kind = EventKind::AttachmentDeleted;
    record(conn, context, actor, capacity, &report, &deleted, kind, now)
}

#[expect(clippy::too_many_arguments, reason = "all that an event says")]
fn record(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    capacity: Capacity,
    report: &Report,
    attachment: &Attachment,
    kind: EventKind,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let details = Details {
        audience: Some(attachment.audience),
        attachment: Some(attachment.id),
        file_name: Some(attachment.name.clone()),
        ..Details::default()
    };
    let step = Step::by(actor, capacity, report, report, kind, now).with(details);
    recording::record(conn, context, &[step])
}

fn seen(conn: &mut Conn, actor: &Actor, id: ReportId) -> Result<Report, Error> {
    let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
    policy::view(actor, &report).ok_or(Error::NotFound)?;
    Ok(report)
}

fn found(
    conn: &mut Conn,
    actor: &Actor,
    report: &Report,
    id: AttachmentId,
) -> Result<Attachment, Error> {
    attachments::find(conn, report.id, id)?
        .filter(|one| policy::reads(actor, report, one.audience, one.organisation))
        .ok_or(Error::NotFound)
}

fn writer(actor: &Actor) -> Writer {
    Writer {
        id: actor.id,
        name: actor.name.clone(),
    }
}
