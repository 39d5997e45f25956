//! The register of changes to who may what: written with the change, read by the administrators of the organisation.

use chrono::{DateTime, Utc};

use crate::domain::actor::{Actor, Role};
use crate::domain::id::AuditEventId;
use crate::domain::policy;
use crate::domain::register::{AuditEvent, AuditKind, Change, Doer, Subject, change, changed};
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::principals::Principal;
use crate::store::register::{self, Filter};

/// Writes an event, in the transaction of what it tells. Without an actor it was the operator, from the command line.
pub fn record(
    conn: &mut Conn,
    actor: Option<&Actor>,
    kind: AuditKind,
    subject: Subject,
    changes: Vec<Change>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let actor = actor.map(|actor| Doer {
        id: actor.id,
        name: actor.name.clone(),
        organisation: actor.home.id,
    });
    write(conn, actor, kind, subject, changes, now)
}

/// Writes what a person did to itself by a mailed link, without being signed in.
pub fn record_own(
    conn: &mut Conn,
    kind: AuditKind,
    person: &Principal,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let doer = Doer {
        id: person.id,
        name: person.name.clone(),
        organisation: person.organisation,
    };
    write(conn, Some(doer), kind, subject(person), Vec::new(), now)
}

fn write(
    conn: &mut Conn,
    actor: Option<Doer>,
    kind: AuditKind,
    subject: Subject,
    changes: Vec<Change>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let event = AuditEvent {
        id: AuditEventId::new(),
        at: now,
        kind,
        actor,
        subject,
        changes,
    };
    Ok(register::insert(conn, event)?)
}

/// A person or client as the subject of an event.
pub fn subject(principal: &Principal) -> Subject {
    Subject {
        kind: principal.kind.into(),
        id: principal.id.uuid(),
        name: principal.name.clone(),
        organisation: principal.organisation,
    }
}

/// What differs between two states of a person or client; between none and one, what it may from then on.
pub fn differences(before: Option<&Principal>, after: &Principal) -> Vec<Change> {
    let roles = before.map(|before| &before.roles);
    let scopes = before.and_then(|before| before.scopes.as_ref());
    let changes = [
        change("roles", roles, Some(&after.roles)),
        change("scopes", scopes, after.scopes.as_ref()),
        before.and_then(|before| changed("name", &before.name, &after.name)),
        before.and_then(|before| changed("language", &before.language, &after.language)),
    ];
    changes.into_iter().flatten().collect()
}

/// A page, newest first, and one more: an administrator of the service reads all, one of an organisation its own.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &Filter,
    before: Option<AuditEventId>,
    limit: i64,
) -> Result<Vec<AuditEvent>, Error> {
    if !policy::may_manage(actor, actor.home.id) {
        return Err(Error::Forbidden("not_allowed"));
    }
    let own = (!actor.has(Role::Admin)).then_some(actor.home.id);
    Ok(register::list(conn, own, filter, before, limit + 1)?)
}
