//! What people and API clients have in common: who may see and change them, which roles they may hold.

use chrono::{DateTime, Utc};

use crate::domain::actor::{Actor, Home, PrincipalKind, Role};
use crate::domain::deadline::local_date;
use crate::domain::id::{OrganisationId, PrincipalId};
use crate::domain::invalid::FieldError;
use crate::domain::policy;
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::principals::{self, Principal};

/// A page of people or clients, by name; one row more than `limit`, when there is one.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    organisation: OrganisationId,
    kind: PrincipalKind,
    after: Option<&(String, PrincipalId)>,
    limit: i64,
) -> Result<Vec<Principal>, Error> {
    if !policy::may_manage(actor, organisation) || principals::home(conn, organisation)?.is_none() {
        return Err(Error::NotFound);
    }
    Ok(principals::list(
        conn,
        organisation,
        kind,
        after,
        limit + 1,
    )?)
}

/// One that the actor manages; any other is not there.
pub fn get(
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
    kind: PrincipalKind,
) -> Result<Principal, Error> {
    principals::find(conn, id)?
        .filter(|found| found.kind == kind && found.ended_at.is_none())
        .filter(|found| policy::may_manage(actor, found.organisation))
        .ok_or(Error::NotFound)
}

/// As `get`, to change it. Who holds a role that the actor cannot give is not the actor's to change: else a secret or a
/// removal would reach further than the roles do.
pub fn get_to_change(
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
    kind: PrincipalKind,
    seen: i32,
) -> Result<Principal, Error> {
    let found = get_to_touch(conn, actor, id, kind)?;
    if found.version == seen {
        Ok(found)
    } else {
        Err(Error::Stale)
    }
}

/// As `get_to_change`, for what does not depend on a version.
pub fn get_to_touch(
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
    kind: PrincipalKind,
) -> Result<Principal, Error> {
    let found = get(conn, actor, id, kind)?;
    if found
        .roles
        .iter()
        .all(|role| policy::may_grant(actor, *role))
    {
        Ok(found)
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}

/// An organisation that somebody is added to: one that the actor manages and that exists today.
pub fn home_to_fill(
    conn: &mut Conn,
    actor: Option<&Actor>,
    organisation: OrganisationId,
    now: DateTime<Utc>,
) -> Result<Home, Error> {
    if actor.is_some_and(|actor| !policy::may_manage(actor, organisation)) {
        return Err(Error::NotFound);
    }
    let (home, ends) = principals::home(conn, organisation)?.ok_or(Error::NotFound)?;
    if ends.is_some_and(|end| end <= local_date(now)) {
        return Err(Error::Conflict("organisation_ended"));
    }
    Ok(home)
}

/// What is wrong with a set of roles at an organisation, given by somebody; without an actor by the operator of the machine.
pub fn role_faults(actor: Option<&Actor>, home: &Home, roles: &[Role]) -> Vec<FieldError> {
    if roles.is_empty() {
        return vec![FieldError::new("/roles", "too_few").with("limit", 1)];
    }
    let mut faults = Vec::new();
    for (index, role) in roles.iter().enumerate() {
        let at = |code| FieldError::new(format!("/roles/{index}"), code);
        if roles[..index].contains(role) {
            faults.push(at("not_unique"));
        } else if !role.may_be_held_at(home.operator, home.owns_rules) {
            faults.push(at("role_not_here"));
        } else if actor.is_some_and(|actor| !policy::may_grant(actor, *role)) {
            faults.push(at("role_not_yours"));
        }
    }
    faults
}

/// A name as it is kept: one line, without blanks around it.
pub fn clean_name(name: &str, faults: &mut Vec<FieldError>) -> String {
    let name = name.trim();
    if name.is_empty() {
        faults.push(FieldError::new("/name", "required"));
    } else if name.chars().any(char::is_control) {
        faults.push(FieldError::new("/name", "control_character"));
    }
    name.to_owned()
}

/// An address as it is kept and looked up: case does not count.
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether the mailer can address it: it takes no addresses beyond ASCII.
pub fn is_deliverable(email: &str) -> bool {
    email.is_ascii() && email.parse::<lettre::Address>().is_ok()
}
