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
    program: Option<String>,
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

/// Begins a sign-in, by a program.
pub fn begin(
    conn: &mut Conn,
    session: &Session,
    program: Option<String>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values(NewSession {
            id: session.id,
            principal_id: session.principal,
            created_at: Instant(now),
            expires_at: Instant(session.expires_at),
            program,
        })
        .execute(conn)
        .map(drop)
}

/// A sign-in as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// When tokens were last refreshed.
    pub last_used_at: DateTime<Utc>,
    pub program: Option<String>,
}

/// The sign-ins of somebody that hold, newest first; `before` is the last one already seen.
pub fn list(
    conn: &mut Conn,
    principal: PrincipalId,
    before: Option<SessionId>,
    limit: i64,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Shown>> {
    type Found = (SessionId, Instant, Instant, Option<Instant>, Option<String>);
    let mut query = sessions::table
        .filter(sessions::principal_id.eq(principal))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(Instant(now)))
        .select((
            sessions::id,
            sessions::created_at,
            sessions::expires_at,
            sessions::last_used_at,
            sessions::program,
        ))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(sessions::id.lt(before));
    }
    let found: Vec<Found> = query.order(sessions::id.desc()).limit(limit).load(conn)?;
    let shown = |(id, created, expires, used, program): Found| Shown {
        id,
        created_at: created.0,
        expires_at: expires.0,
        last_used_at: used.unwrap_or(created).0,
        program,
    };
    Ok(found.into_iter().map(shown).collect())
}

/// Marks that a sign-in was used.
pub fn touch(conn: &mut Conn, session: SessionId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(sessions::table.find(session))
        .set(sessions::last_used_at.eq(Instant(now)))
        .execute(conn)
        .map(drop)
}

/// Ends a sign-in of somebody; false when there is none that holds.
pub fn revoke_own(
    conn: &mut Conn,
    principal: PrincipalId,
    session: SessionId,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let holds = sessions::id
        .eq(session)
        .and(sessions::principal_id.eq(principal))
        .and(sessions::revoked_at.is_null())
        .and(sessions::expires_at.gt(Instant(now)));
    diesel::update(sessions::table.filter(holds))
        .set(sessions::revoked_at.eq(Instant(now)))
        .execute(conn)
        .map(|ended| ended == 1)
}

/// Ends all sign-ins of somebody but one.
pub fn revoke_others(
    conn: &mut Conn,
    principal: PrincipalId,
    but: SessionId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let others = sessions::principal_id
        .eq(principal)
        .and(sessions::id.ne(but))
        .and(sessions::revoked_at.is_null());
    diesel::update(sessions::table.filter(others))
        .set(sessions::revoked_at.eq(Instant(now)))
        .execute(conn)
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
