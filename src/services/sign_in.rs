//! Sign-in: people by password, API clients by secret, and who a token stands for.

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit;
use crate::crypto::{random_token, same, sha256_hex};
use crate::domain::actor::{Actor, PrincipalKind, Scope, scopes_of};
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::id::{PrincipalId, SessionId};
use crate::services::guard::{Attempt, Source};
use crate::services::{Context, Error, members, tokens};
use crate::store::db::Conn;
use crate::store::principals::{self, Standing};
use crate::store::sessions::{self, Session, Use};

/// What a sign-in gives.
pub struct Granted {
    pub access_token: String,
    /// Of people alone; good for one use.
    pub refresh_token: Option<String>,
    /// Seconds that the access token is good for.
    pub expires_in: i64,
    pub scopes: Vec<Scope>,
}

/// Signs a person in. An unknown address is answered like a wrong password, after as long.
pub async fn sign_in(
    ctx: &Context,
    email: &str,
    password: String,
    from: Source,
) -> Result<Granted, Error> {
    let email = members::normal_email(email);
    let attempt = ctx.guard.attempt(&email, &from)?;
    let outcome = check_and_begin(ctx, email, password, from.program).await;
    settle(attempt, &outcome);
    outcome
}

/// What an attempt counts for, once it is known what came of it.
fn settle<T>(attempt: Attempt<'_>, outcome: &Result<T, Error>) {
    match outcome {
        Ok(_) => attempt.succeeded(),
        Err(Error::Unauthenticated(_) | Error::OAuth("invalid_client" | "invalid_grant")) => {}
        // Too busy, or asking for too much: says nothing of the secret.
        Err(_) => attempt.forgive(),
    }
}

async fn check_and_begin(
    ctx: &Context,
    email: String,
    password: String,
    program: Option<String>,
) -> Result<Granted, Error> {
    let wrong = || Error::Unauthenticated("wrong_credentials");
    let seen = ctx
        .db
        .read(move |conn| Ok::<_, Error>(principals::credentials_of_email(conn, &email)?))
        .await?;
    // Whose account was tried; what else somebody typed there stays unsaid: it may be anything.
    if let Some(seen) = &seen {
        audit::object("people", seen.id);
    }
    let (id, hash) = match seen {
        Some(seen) => (Some(seen.id), seen.password_hash),
        None => (None, None),
    };
    let right = ctx.passwords.verify(password.clone(), hash.clone()).await?;
    let (Some(id), Some(hash), true) = (id, hash, right) else {
        tracing::info!("sign-in refused");
        return Err(wrong());
    };
    let better = if ctx.passwords.outdated(&hash) {
        ctx.passwords.hash(password).await?
    } else {
        hash.clone()
    };
    let now = ctx.clock.now();
    let expires_at = now + TimeDelta::hours(i64::from(ctx.settings.session_hours));
    let session = Session {
        id: SessionId::new(),
        principal: id,
        expires_at,
    };
    let refresh = random_token()?;
    let refresh_hash = sha256_hex(refresh.as_bytes());
    let standing = ctx
        .db
        .write(move |conn| {
            // Removed, or given another password, while this one was being checked?
            if !principals::hold_password(conn, id, &hash, &better)? {
                return Err(wrong());
            }
            let standing = principals::standing(conn, id, None)?
                .filter(|standing| stands(standing, now))
                .ok_or_else(wrong)?;
            sessions::begin(conn, &session, program, now)?;
            sessions::add_refresh(conn, &refresh_hash, session.id, now)?;
            Ok(standing)
        })
        .await?;
    tracing::info!(principal = %standing.principal.id, session = %session.id, "signed in");
    grant(ctx, &standing, Some(session), Some(refresh), None, now).await
}

/// Gives new tokens for a refresh token, which is good for one use: used again, whoever has copies is signed out.
/// `wanted` narrows the scopes.
pub async fn refresh(
    ctx: &Context,
    token: &str,
    wanted: Option<Vec<Scope>>,
    from: &Source,
) -> Result<Granted, Error> {
    let attempt = ctx.guard.attempt_unnamed(from)?;
    let outcome = use_refresh(ctx, token, wanted).await;
    settle(attempt, &outcome);
    outcome
}

async fn use_refresh(
    ctx: &Context,
    token: &str,
    wanted: Option<Vec<Scope>>,
) -> Result<Granted, Error> {
    let now = ctx.clock.now();
    let hash = sha256_hex(token.as_bytes());
    let new = random_token()?;
    let new_hash = sha256_hex(new.as_bytes());
    let limit = wanted.clone();
    let used = ctx
        .db
        .write(move |conn| {
            let session = match sessions::use_refresh(conn, &hash, now)? {
                Use::First(session) => session,
                Use::Unknown => return Ok(None),
                Use::Again(session) => {
                    sessions::revoke(conn, session, now)?;
                    audit::object("sessions", session);
                    audit::note("reused", true);
                    tracing::warn!(%session, "a refresh token was used again; the sign-in is ended");
                    // No error: the transaction must be kept.
                    return Ok(None);
                }
            };
            let standing = principals::standing(conn, session.principal, Some(session.id))?
                .filter(|standing| stands(standing, now) && standing.session_holds);
            let Some(standing) = standing else { return Ok(None) };
            narrowed(&standing, limit)?;
            sessions::touch(conn, session.id, now)?;
            sessions::add_refresh(conn, &new_hash, session.id, now)?;
            Ok::<_, Error>(Some((standing, session)))
        })
        .await?;
    let (standing, session) = used.ok_or(Error::OAuth("invalid_grant"))?;
    grant(ctx, &standing, Some(session), Some(new), wanted, now).await
}

/// Ends the sign-in of the token.
pub fn sign_out(conn: &mut Conn, actor: &Actor, now: DateTime<Utc>) -> Result<(), Error> {
    let session = actor.session.ok_or(Error::Conflict("no_session"))?;
    sessions::revoke(conn, session, now)?;
    audit::object("sessions", session);
    tracing::info!(principal = %actor.id, %session, "signed out");
    Ok(())
}

/// Gives an API client its token. `wanted` narrows the scopes.
pub async fn client_credentials(
    ctx: &Context,
    id: &str,
    secret: &str,
    wanted: Option<Vec<Scope>>,
    from: &Source,
) -> Result<Granted, Error> {
    let attempt = ctx.guard.attempt(id, from)?;
    let outcome = check_secret(ctx, id, secret, wanted).await;
    settle(attempt, &outcome);
    outcome
}

async fn check_secret(
    ctx: &Context,
    id: &str,
    secret: &str,
    wanted: Option<Vec<Scope>>,
) -> Result<Granted, Error> {
    let refused = || Error::OAuth("invalid_client");
    let now = ctx.clock.now();
    let id: PrincipalId = id.parse().map_err(|_| refused())?;
    audit::object("clients", id);
    let given = sha256_hex(secret.as_bytes());
    let standing = ctx
        .db
        .read(move |conn| {
            let kept = principals::credentials_of(conn, id)?
                .and_then(|found| found.secret_hash)
                .ok_or_else(refused)?;
            if !same(&kept, &given) {
                return Err(refused());
            }
            principals::standing(conn, id, None)?
                .filter(|standing| stands(standing, now))
                .ok_or_else(refused)
        })
        .await?;
    tracing::info!(principal = %id, "token for a client");
    grant(ctx, &standing, None, None, wanted, now).await
}

/// Who a token stands for, as things are now, and when the token lapses: a removed person, an ended sign-in or a role
/// taken away counts at once.
pub async fn authenticate(ctx: &Context, token: &str) -> Result<(Actor, DateTime<Utc>), Error> {
    let now = ctx.clock.now();
    let kid = tokens::key_name(token)?;
    let key = ctx
        .keys
        .verifier(&ctx.db, &kid, now)
        .await?
        .ok_or(Error::Unauthenticated("token_invalid"))?;
    let claims = tokens::check(&ctx.settings, &key, token, now)?;
    let (id, session) = (claims.sub, claims.sid);
    let standing = ctx
        .db
        .read(move |conn| Ok::<_, Error>(principals::standing(conn, id, session)?))
        .await?
        .filter(|standing| stands(standing, now))
        .ok_or(Error::Unauthenticated("token_revoked"))?;
    // A person's token hangs on a sign-in; a client's has none and names the client.
    let (holds, client_id) = match standing.principal.kind {
        PrincipalKind::Person => (standing.session_holds, tokens::PEOPLE.to_owned()),
        PrincipalKind::Client => {
            let current = claims.generation == standing.principal.secret_generation;
            (session.is_none() && current, id.to_string())
        }
    };
    if !holds || claims.client_id != client_id {
        return Err(Error::Unauthenticated("token_revoked"));
    }
    // A scope that the service no longer knows gives nothing.
    let granted: Vec<&str> = claims.scope.split(' ').collect();
    let mut scopes = scopes(&standing);
    scopes.retain(|scope| granted.contains(&scope.as_str()));
    let actor = Actor {
        id,
        kind: standing.principal.kind,
        name: standing.principal.name,
        home: standing.home,
        roles: standing.principal.roles,
        scopes,
        language: standing.principal.language,
        session,
    };
    Ok((actor, tokens::lapses(&claims)))
}

/// Forgets sign-ins and links that lapsed a month ago; until then a stolen token's reuse is still noticed.
pub fn tidy(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, Error> {
    Ok(sessions::forget(conn, now - TimeDelta::days(30))?)
}

/// Neither it nor its organisation has ended.
pub fn stands(standing: &Standing, now: DateTime<Utc>) -> bool {
    standing.principal.ended_at.is_none()
        && standing.home_ends.is_none_or(|end| local_date(now) < end)
}

/// All scopes that the roles give, within the client's own limit.
fn scopes(standing: &Standing) -> Vec<Scope> {
    let mut scopes = scopes_of(&standing.principal.roles);
    if let Some(limit) = &standing.principal.scopes {
        scopes.retain(|scope| limit.contains(scope));
    }
    scopes
}

/// The scopes asked for, when all of them may be had; else all that may be had.
fn narrowed(standing: &Standing, wanted: Option<Vec<Scope>>) -> Result<Vec<Scope>, Error> {
    let all = scopes(standing);
    match wanted {
        None => Ok(all),
        Some(wanted) if wanted.iter().all(|scope| all.contains(scope)) => Ok(wanted),
        Some(_) => Err(Error::OAuth("invalid_scope")),
    }
}

async fn grant(
    ctx: &Context,
    standing: &Standing,
    session: Option<Session>,
    refresh_token: Option<String>,
    wanted: Option<Vec<Scope>>,
    now: DateTime<Utc>,
) -> Result<Granted, Error> {
    let scopes = narrowed(standing, wanted)?;
    audit::who(audit::Who {
        id: Some(standing.principal.id.uuid()),
        kind: standing.principal.kind.as_str(),
        organisation: Some(standing.home.id.uuid()),
        session: session.map(|session| session.id.uuid()),
        user: None,
    });
    let minutes = match session {
        Some(_) => ctx.settings.person_token_minutes,
        None => ctx.settings.client_token_minutes,
    };
    let full = now + TimeDelta::minutes(i64::from(minutes));
    let expires_at = session.map_or(full, |session| full.min(session.expires_at));
    let key = ctx.keys.signer(&ctx.db, now).await?;
    let subject = tokens::Subject {
        principal: standing.principal.id,
        session: session.map(|session| session.id),
        generation: standing.principal.secret_generation,
        scopes: &scopes,
        expires_at,
    };
    Ok(Granted {
        access_token: tokens::issue(&ctx.settings, &key, &subject, now)?,
        refresh_token,
        expires_in: (expires_at - now).num_seconds(),
        scopes,
    })
}

#[cfg(test)]
#[path = "sign_in_tests.rs"]
mod tests;
