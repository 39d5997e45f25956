//! Sign-ins, their refresh tokens, and single-use links. Of tokens only the SHA-256 is kept.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::code::code_list;
use crate::domain::id::{PrincipalId, SessionId};
use crate::store::db::Conn;
use crate::store::schema::{one_time_tokens, refresh_tokens, sessions};
use crate::store::types::{Coded, Instant};

code_list! {
    /// What a single-use link is for.
    pub enum LinkPurpose {
        Invitation = "invitation",
        PasswordReset = "password_reset",
    }
}

/// A sign-in: the family of its refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub principal: PrincipalId,
    pub expires_at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = sessions)]
struct NewSession {
    id: SessionId,
    principal_id: PrincipalId,
    created_at: Instant,
    expires_at: Instant,
}

#[derive(Insertable)]
#[diesel(table_name = refresh_tokens)]
struct NewRefresh<'a> {
    hash: &'a str,
    session_id: SessionId,
    issued_at: Instant,
}

#[derive(Insertable)]
#[diesel(table_name = one_time_tokens)]
struct NewLink<'a> {
    hash: &'a str,
    principal_id: PrincipalId,
    purpose: Coded<LinkPurpose>,
    created_at: Instant,
    expires_at: Instant,
}

/// Begins a sign-in.
pub fn begin(conn: &mut Conn, session: &Session, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values(NewSession {
            id: session.id,
            principal_id: session.principal,
            created_at: Instant(now),
            expires_at: Instant(session.expires_at),
        })
        .execute(conn)
        .map(drop)
}

/// Ends a sign-in; false when it had ended.
pub fn revoke(conn: &mut Conn, session: SessionId, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(
        sessions::table.filter(sessions::id.eq(session).and(sessions::revoked_at.is_null())),
    )
    .set(sessions::revoked_at.eq(Instant(now)))
    .execute(conn)
    .map(|ended| ended == 1)
}

/// Ends all sign-ins of somebody.
pub fn revoke_all(
    conn: &mut Conn,
    principal: PrincipalId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(
        sessions::table.filter(
            sessions::principal_id
                .eq(principal)
                .and(sessions::revoked_at.is_null()),
        ),
    )
    .set(sessions::revoked_at.eq(Instant(now)))
    .execute(conn)
}

/// Adds a refresh token to a sign-in.
pub fn add_refresh(
    conn: &mut Conn,
    hash: &str,
    session: SessionId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values(NewRefresh {
            hash,
            session_id: session,
            issued_at: Instant(now),
        })
        .execute(conn)
        .map(drop)
}

/// What came of presenting a refresh token.
#[derive(Debug, PartialEq, Eq)]
pub enum Use {
    /// Used for the first time; the sign-in still holds.
    First(Session),
    /// Used before: somebody has a copy.
    Again(SessionId),
    /// Not ours, or of a sign-in that has ended.
    Unknown,
}

/// Uses a refresh token. One statement marks it, so that of two uses at the same time one is the first.
pub fn use_refresh(conn: &mut Conn, hash: &str, now: DateTime<Utc>) -> QueryResult<Use> {
    let first = diesel::update(
        refresh_tokens::table.filter(
            refresh_tokens::hash
                .eq(hash)
                .and(refresh_tokens::used_at.is_null()),
        ),
    )
    .set(refresh_tokens::used_at.eq(Instant(now)))
    .execute(conn)?;
    type Found = (SessionId, PrincipalId, Instant, Option<Instant>);
    let found: Option<Found> = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::hash.eq(hash))
        .select((
            sessions::id,
            sessions::principal_id,
            sessions::expires_at,
            sessions::revoked_at,
        ))
        .first(conn)
        .optional()?;
    Ok(match found {
        None => Use::Unknown,
        Some((id, ..)) if first == 0 => Use::Again(id),
        Some((_, _, expires_at, revoked)) if revoked.is_some() || expires_at.0 <= now => {
            Use::Unknown
        }
        Some((id, principal, expires_at, _)) => Use::First(Session {
            id,
            principal,
            expires_at: expires_at.0,
        }),
    })
}

/// Adds a single-use link.
pub fn add_link(
    conn: &mut Conn,
    hash: &str,
    principal: PrincipalId,
    purpose: LinkPurpose,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(one_time_tokens::table)
        .values(NewLink {
            hash,
            principal_id: principal,
            purpose: Coded(purpose),
            created_at: Instant(now),
            expires_at: Instant(expires_at),
        })
        .execute(conn)
        .map(drop)
}

/// Whose link this is, while it is good.
pub fn link_owner(
    conn: &mut Conn,
    hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<PrincipalId>> {
    one_time_tokens::table
        .filter(one_time_tokens::hash.eq(hash))
        .filter(one_time_tokens::used_at.is_null())
        .filter(one_time_tokens::expires_at.gt(Instant(now)))
        .select(one_time_tokens::principal_id)
        .first(conn)
        .optional()
}

/// Uses a link; false when it was used or has lapsed. One statement, so that it works once.
pub fn use_link(conn: &mut Conn, hash: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(
        one_time_tokens::table
            .filter(one_time_tokens::hash.eq(hash))
            .filter(one_time_tokens::used_at.is_null())
            .filter(one_time_tokens::expires_at.gt(Instant(now))),
    )
    .set(one_time_tokens::used_at.eq(Instant(now)))
    .execute(conn)
    .map(|used| used == 1)
}

/// Makes all unused links of somebody useless.
pub fn void_links(
    conn: &mut Conn,
    principal: PrincipalId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(
        one_time_tokens::table.filter(
            one_time_tokens::principal_id
                .eq(principal)
                .and(one_time_tokens::used_at.is_null()),
        ),
    )
    .set(one_time_tokens::used_at.eq(Instant(now)))
    .execute(conn)
}

/// Whether a link for this was made for somebody since a moment.
pub fn link_since(
    conn: &mut Conn,
    principal: PrincipalId,
    purpose: LinkPurpose,
    since: DateTime<Utc>,
) -> QueryResult<bool> {
    let found: i64 = one_time_tokens::table
        .filter(one_time_tokens::principal_id.eq(principal))
        .filter(one_time_tokens::purpose.eq(Coded(purpose)))
        .filter(one_time_tokens::created_at.gt(Instant(since)))
        .count()
        .get_result(conn)?;
    Ok(found > 0)
}

/// Forgets sign-ins (with their refresh tokens) and links that lapsed before a moment.
pub fn forget(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<usize> {
    let links = diesel::delete(
        one_time_tokens::table.filter(one_time_tokens::expires_at.lt(Instant(before))),
    )
    .execute(conn)?;
    let ended = diesel::delete(sessions::table.filter(sessions::expires_at.lt(Instant(before))))
        .execute(conn)?;
    Ok(links + ended)
}
