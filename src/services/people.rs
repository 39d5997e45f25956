//! People: invited by their organisation, changed, removed.

use chrono::{DateTime, Utc};

use crate::audit;
use crate::domain::actor::{Actor, Language, PrincipalKind, Role};
use crate::domain::code::codes;
use crate::domain::id::{OrganisationId, PrincipalId};
use crate::domain::invalid::FieldError;
use crate::domain::register::AuditKind;
use crate::services::{Context, Error, assignments, links, members, register};
use crate::store::db::Conn;
use crate::store::principals::{self, Principal};
use crate::store::saved_searches;
use crate::store::sessions::{self, LinkPurpose};

const KIND: PrincipalKind = PrincipalKind::Person;

/// A person to be.
#[derive(Debug, Clone)]
pub struct NewPerson {
    pub name: String,
    pub email: String,
    pub language: Language,
    pub roles: Vec<Role>,
}

/// What is to change about a person.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    pub name: Option<String>,
    pub language: Option<Language>,
    pub roles: Option<Vec<Role>>,
}

/// Adds a person and mails the link to set a password with.
pub fn invite(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    organisation: OrganisationId,
    new: NewPerson,
) -> Result<Principal, Error> {
    let person = add(ctx, conn, Some(actor), organisation, new)?;
    links::send(ctx, conn, &person, LinkPurpose::Invitation)?;
    Ok(person)
}

/// Adds a person without a word to it; without an actor on behalf of whoever runs the service.
pub fn add(
    ctx: &Context,
    conn: &mut Conn,
    actor: Option<&Actor>,
    organisation: OrganisationId,
    new: NewPerson,
) -> Result<Principal, Error> {
    let now = ctx.clock.now();
    let home = members::home_to_fill(conn, actor, organisation, now)?;
    let mut faults = members::role_faults(actor, &home, &new.roles);
    let name = members::clean_name(&new.name, &mut faults);
    let email = members::normal_email(&new.email);
    if !members::is_deliverable(&email) {
        faults.push(FieldError::new("/email", "email_malformed"));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let person = Principal {
        id: PrincipalId::new(),
        kind: KIND,
        organisation,
        name,
        email: Some(email),
        language: new.language,
        roles: new.roles,
        scopes: None,
        has_password: false,
        created_at: now,
        updated_at: now,
        ended_at: None,
        version: 1,
        secret_generation: 0,
    };
    if !principals::insert(conn, &person, None)? {
        return Err(Error::Conflict("email_taken"));
    }
    audit::note("roles", codes(&person.roles));
    let changes = register::differences(None, &person);
    let subject = register::subject(&person);
    register::record(conn, actor, AuditKind::PersonInvited, subject, changes, now)?;
    tracing::info!(person = %person.id, %organisation, "added a person");
    Ok(person)
}

/// One person that the actor manages.
pub fn get(conn: &mut Conn, actor: &Actor, id: PrincipalId) -> Result<Principal, Error> {
    members::get(conn, actor, id, KIND)
}

/// A page of the people of an organisation, and one more.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    organisation: OrganisationId,
    after: Option<&(String, PrincipalId)>,
    limit: i64,
) -> Result<Vec<Principal>, Error> {
    members::list(conn, actor, organisation, KIND, after, limit)
}

/// Changes a person; roles count from the next request on.
pub fn change(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
    seen: i32,
    change: PersonChange,
) -> Result<Principal, Error> {
    let now = ctx.clock.now();
    let before = members::get_to_change(conn, actor, id, KIND, seen)?;
    let mut person = before.clone();
    let mut faults = Vec::new();
    if let Some(roles) = change.roles {
        let home = members::home_to_fill(conn, Some(actor), person.organisation, now)?;
        faults.extend(members::role_faults(Some(actor), &home, &roles));
        let drops = |role| person.roles.contains(&role) && !roles.contains(&role);
        // An organisation, or the service, must not lose its last administrator by a slip.
        if actor.id == id && (drops(Role::OrgAdmin) || drops(Role::Admin)) {
            return Err(Error::Conflict("cannot_drop_your_role"));
        }
        audit::note("rolesBefore", codes(&person.roles));
        audit::note("roles", codes(&roles));
        person.roles = roles;
    }
    if let Some(name) = change.name {
        person.name = members::clean_name(&name, &mut faults);
    }
    if let Some(language) = change.language {
        person.language = language;
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let person = save(conn, person, seen, now)?;
    if assignments::works(&before.roles) && !assignments::works(&person.roles) {
        assignments::release(conn, ctx, id, now)?;
    }
    let changes = register::differences(Some(&before), &person);
    if !changes.is_empty() {
        let subject = register::subject(&person);
        register::record(
            conn,
            Some(actor),
            AuditKind::PersonChanged,
            subject,
            changes,
            now,
        )?;
    }
    Ok(person)
}

/// Writes what was done to a person and changed none of its fields.
fn record(
    conn: &mut Conn,
    actor: Option<&Actor>,
    kind: AuditKind,
    person: &Principal,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    register::record(
        conn,
        actor,
        kind,
        register::subject(person),
        Vec::new(),
        now,
    )
}

/// What a person changes about itself.
pub fn change_myself(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    seen: i32,
    change: PersonChange,
) -> Result<Principal, Error> {
    let mut person = myself(conn, actor)?;
    if person.kind != KIND {
        return Err(Error::Forbidden("not_allowed"));
    }
    if person.version != seen {
        return Err(Error::Stale);
    }
    let mut faults = Vec::new();
    if let Some(name) = change.name {
        person.name = members::clean_name(&name, &mut faults);
    }
    if let Some(language) = change.language {
        person.language = language;
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    save(conn, person, seen, ctx.clock.now())
}

/// Whoever asks, person or client.
pub fn myself(conn: &mut Conn, actor: &Actor) -> Result<Principal, Error> {
    principals::find(conn, actor.id)?.ok_or(Error::Unauthenticated("token_revoked"))
}

fn save(
    conn: &mut Conn,
    mut person: Principal,
    seen: i32,
    now: DateTime<Utc>,
) -> Result<Principal, Error> {
    person.updated_at = now;
    if !principals::update(conn, &person, seen)? {
        return Err(Error::Stale);
    }
    person.version = seen + 1;
    Ok(person)
}

/// Removes a person: signed out everywhere, links void, the address free for another invitation.
pub fn remove(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
    seen: i32,
) -> Result<(), Error> {
    let now = ctx.clock.now();
    let person = members::get_to_change(conn, actor, id, KIND, seen)?;
    if person.id == actor.id {
        return Err(Error::Conflict("cannot_remove_yourself"));
    }
    if !principals::end(conn, id, seen, now)? {
        return Err(Error::Stale);
    }
    sessions::revoke_all(conn, id, now)?;
    sessions::void_links(conn, id, now)?;
    assignments::release(conn, ctx, id, now)?;
    saved_searches::forget(conn, id)?;
    record(conn, Some(actor), AuditKind::PersonRemoved, &person, now)?;
    tracing::info!(person = %id, by = %actor.id, "removed a person");
    Ok(())
}

/// Signs a person out everywhere.
pub fn end_sessions(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
) -> Result<(), Error> {
    let person = members::get_to_touch(conn, actor, id, KIND)?;
    let now = ctx.clock.now();
    let ended = sessions::revoke_all(conn, id, now)?;
    record(conn, Some(actor), AuditKind::SessionsEnded, &person, now)?;
    tracing::info!(person = %id, by = %actor.id, ended, "signed a person out");
    Ok(())
}

/// Mails the invitation again; earlier links no longer work.
pub fn invite_again(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
) -> Result<(), Error> {
    let person = members::get_to_touch(conn, actor, id, KIND)?;
    if person.has_password {
        return Err(Error::Conflict("password_set_before"));
    }
    let now = ctx.clock.now();
    sessions::void_links(conn, id, now)?;
    record(conn, Some(actor), AuditKind::InvitationResent, &person, now)?;
    links::send(ctx, conn, &person, LinkPurpose::Invitation)
}
