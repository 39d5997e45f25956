//! Messages about a report: drafted by one, sent by the same or by another of its organisation. Sending is one
//! transaction with its event and its notices; what was sent is never changed.

use chrono::{DateTime, Utc};

use crate::domain::actor::Actor;
use crate::domain::code::Code;
use crate::domain::event::{Details, EventKind};
use crate::domain::id::{MessageId, ReportId};
use crate::domain::message::{Message, MessageAudience, MessageState, Writer};
use crate::domain::policy;
use crate::domain::report::Report;
use crate::domain::status::{Capacity, Status};
use crate::services::recording::{self, Step};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::messages::{self, After, Filter, MessageSort, Visible};
use crate::store::{reports, search};

/// A message as it is written.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub audience: MessageAudience,
    pub text: String,
    /// To be kept, not sent.
    pub draft: bool,
}

/// What of a draft changes.
#[derive(Debug, Clone, Default)]
pub struct MessageChange {
    pub audience: Option<MessageAudience>,
    pub text: Option<String>,
}

/// What part of a list is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub filter: Filter,
    pub sort: MessageSort,
    pub after: Option<After>,
    pub limit: i64,
}

/// A page of the messages of a report that the actor may see.
///
/// # Errors
/// `NotFound` when the report is not there for this actor.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    report: ReportId,
    asked: &Asked,
) -> Result<Vec<Message>, Error> {
    let report = seen(conn, actor, report)?;
    let of = |may: &dyn Fn(MessageAudience) -> bool| {
        let all = MessageAudience::ALL.iter().copied();
        all.filter(|audience| may(*audience)).collect::<Vec<_>>()
    };
    let visible = Visible {
        home: actor.home.id,
        reads: of(&|audience| policy::reads(actor, &report, audience, actor.home.id)),
        writes: of(&|audience| policy::writes_as(actor, &report, audience).is_some()),
    };
    Ok(messages::list(
        conn,
        report.id,
        &visible,
        &asked.filter,
        asked.sort,
        asked.after,
        asked.limit,
    )?)
}

/// One message.
///
/// # Errors
/// `NotFound` when it is not there, or not there for this actor.
pub fn one(
    conn: &mut Conn,
    actor: &Actor,
    report: ReportId,
    id: MessageId,
) -> Result<Message, Error> {
    let report = seen(conn, actor, report)?;
    found(conn, actor, &report, id)
}

/// Writes a message, and sends it unless it is to stay a draft.
///
/// # Errors
/// `NotFound`, `Forbidden` for who may not write to that audience, `Conflict` while the report is a draft.
pub fn write(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    report: ReportId,
    new: NewMessage,
) -> Result<Message, Error> {
    let now = context.clock.now();
    let report = seen(conn, actor, report)?;
    let capacity = authorise(actor, &report, new.audience)?;
    let message = Message {
        id: MessageId::new(),
        report: report.id,
        audience: new.audience,
        organisation: actor.home.id,
        organisation_name: actor.home.name.clone(),
        capacity,
        text: new.text,
        drafted_by: writer(actor),
        sent_by: None,
        created_at: now,
        updated_at: now,
        sent_at: None,
        version: 1,
    };
    if new.draft {
        messages::insert(conn, &message)?;
        return Ok(message);
    }
    let sent = message.sent(writer(actor), capacity, now);
    messages::insert(conn, &sent)?;
    dispatch(conn, context, actor, &report, &sent, now)?;
    Ok(sent)
}

/// Changes a draft.
///
/// # Errors
/// `NotFound`, `Stale`, `Conflict` when it was sent, `Forbidden` for who may not write to that audience.
pub fn change(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    (report, id): (ReportId, MessageId),
    version: i32,
    change: MessageChange,
) -> Result<Message, Error> {
    let report = seen(conn, actor, report)?;
    let draft = draft(conn, actor, &report, id, version)?;
    let audience = change.audience.unwrap_or(draft.audience);
    let changed = Message {
        audience,
        capacity: authorise(actor, &report, audience)?,
        text: change.text.unwrap_or_else(|| draft.text.clone()),
        updated_at: context.clock.now(),
        version: draft.version + 1,
        ..draft
    };
    update(conn, version, &changed)?;
    Ok(changed)
}

/// Throws a draft away.
///
/// # Errors
/// As `change`.
pub fn delete(
    conn: &mut Conn,
    actor: &Actor,
    (report, id): (ReportId, MessageId),
    version: i32,
) -> Result<(), Error> {
    let report = seen(conn, actor, report)?;
    let draft = draft(conn, actor, &report, id, version)?;
    if messages::delete(conn, &draft)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Sends a draft, whoever of the organisation wrote it.
///
/// # Errors
/// As `change`.
pub fn send(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    (report, id): (ReportId, MessageId),
    version: i32,
) -> Result<Message, Error> {
    let now = context.clock.now();
    let report = seen(conn, actor, report)?;
    let draft = draft(conn, actor, &report, id, version)?;
    let capacity = authorise(actor, &report, draft.audience)?;
    let mut sent = draft.sent(writer(actor), capacity, now);
    sent.version += 1;
    update(conn, version, &sent)?;
    dispatch(conn, context, actor, &report, &sent, now)?;
    Ok(sent)
}

/// What follows from sending, however the message came about: its event, and its notices.
fn dispatch(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    report: &Report,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    search::insert_messages(conn, std::slice::from_ref(message))?;
    let details = Details {
        audience: Some(message.audience),
        message: Some(message.id),
        ..Details::default()
    };
    let kind = EventKind::MessageSent;
    let mut step = Step::by(actor, message.capacity, report, report, kind, now).with(details);
    step.said = Some(message.text.clone());
    recording::record(conn, context, &[step])
}

fn seen(conn: &mut Conn, actor: &Actor, id: ReportId) -> Result<Report, Error> {
    let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
    policy::view(actor, &report).ok_or(Error::NotFound)?;
    Ok(report)
}

fn found(conn: &mut Conn, actor: &Actor, report: &Report, id: MessageId) -> Result<Message, Error> {
    messages::find(conn, report.id, id)?
        .filter(|message| policy::sees_message(actor, report, message))
        .ok_or(Error::NotFound)
}

/// A draft of this version that is the actor's to change.
fn draft(
    conn: &mut Conn,
    actor: &Actor,
    report: &Report,
    id: MessageId,
    version: i32,
) -> Result<Message, Error> {
    let message = found(conn, actor, report, id)?;
    // What was sent is not for anybody to change, its reader least of all.
    if message.state() == MessageState::Sent {
        return Err(Error::Conflict("message_sent"));
    }
    authorise(actor, report, message.audience)?;
    if message.version == version {
        Ok(message)
    } else {
        Err(Error::Stale)
    }
}

/// As whom the actor writes to an audience.
fn authorise(actor: &Actor, report: &Report, audience: MessageAudience) -> Result<Capacity, Error> {
    let capacity =
        policy::writes_as(actor, report, audience).ok_or(Error::Forbidden("not_allowed"))?;
    if !actor.may(policy::scope_of(capacity)) {
        return Err(Error::Forbidden("insufficient_scope"));
    }
    if report.status == Status::Draft {
        return Err(Error::Conflict("report_not_submitted"));
    }
    Ok(capacity)
}

fn update(conn: &mut Conn, version: i32, message: &Message) -> Result<(), Error> {
    if messages::update(conn, version, message)? {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

fn writer(actor: &Actor) -> Writer {
    Writer {
        id: actor.id,
        name: actor.name.clone(),
    }
}
