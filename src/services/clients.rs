//! API clients: machines of an organisation. A secret is shown once and kept as its SHA-256.

use crate::audit;
use crate::crypto::{random_token, sha256_hex};
use crate::domain::actor::{Actor, Language, PrincipalKind, Role, Scope, scopes_of};
use crate::domain::code::codes;
use crate::domain::id::{OrganisationId, PrincipalId};
use crate::domain::invalid::FieldError;
use crate::domain::register::AuditKind;
use crate::services::{Context, Error, members, register};
use crate::store::db::Conn;
use crate::store::principals::{self, Principal};

const KIND: PrincipalKind = PrincipalKind::Client;

/// A client to be.
#[derive(Debug, Clone)]
pub struct NewClient {
    pub name: String,
    pub roles: Vec<Role>,
    /// None for all that the roles give.
    pub scopes: Option<Vec<Scope>>,
}

/// What is to change about a client.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    pub name: Option<String>,
    pub roles: Option<Vec<Role>>,
    /// The inner none: all that the roles give.
    pub scopes: Option<Option<Vec<Scope>>>,
}

/// Adds a client; returns it with its secret, which nobody can read again. Without an actor on behalf of whoever runs the
/// service.
pub fn create(
    ctx: &Context,
    conn: &mut Conn,
    actor: Option<&Actor>,
    organisation: OrganisationId,
    new: NewClient,
) -> Result<(Principal, String), Error> {
    let now = ctx.clock.now();
    let home = members::home_to_fill(conn, actor, organisation, now)?;
    let mut faults = members::role_faults(actor, &home, &new.roles);
    faults.extend(scope_faults(&new.roles, new.scopes.as_deref()));
    let name = members::clean_name(&new.name, &mut faults);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let secret = random_token()?;
    let client = Principal {
        id: PrincipalId::new(),
        kind: KIND,
        organisation,
        name,
        email: None,
        language: Language::Nl,
        roles: new.roles,
        scopes: new.scopes,
        has_password: false,
        created_at: now,
        updated_at: now,
        ended_at: None,
        version: 1,
        secret_generation: 0,
    };
    if !principals::insert(conn, &client, Some(sha256_hex(secret.as_bytes())))? {
        return Err(Error::Conflict("already_exists"));
    }
    audit::note("roles", codes(&client.roles));
    audit::note("scopes", client.scopes.as_deref().map(codes));
    let changes = register::differences(None, &client);
    let subject = register::subject(&client);
    register::record(conn, actor, AuditKind::ClientCreated, subject, changes, now)?;
    tracing::info!(client = %client.id, %organisation, "added an API client");
    Ok((client, secret))
}

/// One client that the actor manages.
pub fn get(conn: &mut Conn, actor: &Actor, id: PrincipalId) -> Result<Principal, Error> {
    members::get(conn, actor, id, KIND)
}

/// A page of the clients of an organisation, and one more.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    organisation: OrganisationId,
    after: Option<&(String, PrincipalId)>,
    limit: i64,
) -> Result<Vec<Principal>, Error> {
    members::list(conn, actor, organisation, KIND, after, limit)
}

/// Changes a client; its tokens follow from the next request on.
pub fn change(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
    seen: i32,
    change: ClientChange,
) -> Result<Principal, Error> {
    // A client that is limited does not lift its own limit.
    if actor.id == id {
        return Err(Error::Forbidden("not_allowed"));
    }
    let now = ctx.clock.now();
    let before = members::get_to_change(conn, actor, id, KIND, seen)?;
    let mut client = before.clone();
    let mut faults = Vec::new();
    if let Some(roles) = change.roles {
        let home = members::home_to_fill(conn, Some(actor), client.organisation, now)?;
        faults.extend(members::role_faults(Some(actor), &home, &roles));
        audit::note("rolesBefore", codes(&client.roles));
        audit::note("roles", codes(&roles));
        client.roles = roles;
    }
    if let Some(scopes) = change.scopes {
        audit::note("scopesBefore", client.scopes.as_deref().map(codes));
        audit::note("scopes", scopes.as_deref().map(codes));
        client.scopes = scopes;
    }
    if let Some(name) = change.name {
        client.name = members::clean_name(&name, &mut faults);
    }
    faults.extend(scope_faults(&client.roles, client.scopes.as_deref()));
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    client.updated_at = now;
    if !principals::update(conn, &client, seen)? {
        return Err(Error::Stale);
    }
    client.version = seen + 1;
    let changes = register::differences(Some(&before), &client);
    if !changes.is_empty() {
        let subject = register::subject(&client);
        register::record(
            conn,
            Some(actor),
            AuditKind::ClientChanged,
            subject,
            changes,
            now,
        )?;
    }
    Ok(client)
}

/// Gives a client another secret; the old one, and the tokens it got, are no good any more.
pub fn renew_secret(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
) -> Result<(Principal, String), Error> {
    let mut client = members::get_to_touch(conn, actor, id, KIND)?;
    let secret = random_token()?;
    let now = ctx.clock.now();
    principals::set_secret(conn, id, &sha256_hex(secret.as_bytes()), now)?;
    let subject = register::subject(&client);
    register::record(
        conn,
        Some(actor),
        AuditKind::ClientSecretRenewed,
        subject,
        Vec::new(),
        now,
    )?;
    client.version += 1;
    client.secret_generation += 1;
    client.updated_at = now;
    tracing::info!(client = %id, by = %actor.id, "renewed a client's secret");
    Ok((client, secret))
}

/// Removes a client; its tokens end at once.
pub fn remove(
    ctx: &Context,
    conn: &mut Conn,
    actor: &Actor,
    id: PrincipalId,
    seen: i32,
) -> Result<(), Error> {
    if actor.id == id {
        return Err(Error::Conflict("cannot_remove_yourself"));
    }
    let client = members::get_to_change(conn, actor, id, KIND, seen)?;
    let now = ctx.clock.now();
    if !principals::end(conn, id, seen, now)? {
        return Err(Error::Stale);
    }
    let subject = register::subject(&client);
    register::record(
        conn,
        Some(actor),
        AuditKind::ClientRemoved,
        subject,
        Vec::new(),
        now,
    )?;
    tracing::info!(client = %id, by = %actor.id, "removed an API client");
    Ok(())
}

/// A client is limited to scopes that its roles give.
fn scope_faults(roles: &[Role], scopes: Option<&[Scope]>) -> Vec<FieldError> {
    let given = scopes_of(roles);
    let mut faults = Vec::new();
    for (index, scope) in scopes.unwrap_or_default().iter().enumerate() {
        let at = |code| FieldError::new(format!("/scopes/{index}"), code);
        if !given.contains(scope) {
            faults.push(at("scope_beyond_roles"));
        }
    }
    faults
}
