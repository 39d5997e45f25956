//! Saved answers of idempotent requests.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::id::PrincipalId;
use crate::store::db::Conn;
use crate::store::schema::idempotency_keys as t;
use crate::store::types::{Instant, Json};

/// An answer as it was given.
#[derive(Debug, Clone)]
pub struct Saved {
    pub fingerprint: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Takes the key for this transaction; false when it was taken since `oldest`. An older holding is overwritten.
pub fn claim(
    conn: &mut Conn,
    actor: PrincipalId,
    key: &str,
    fingerprint: &str,
    now: DateTime<Utc>,
    oldest: DateTime<Utc>,
) -> QueryResult<bool> {
    let row = (
        t::principal_id.eq(actor),
        t::key.eq(key),
        t::fingerprint.eq(fingerprint),
        t::status.eq(0),
        t::headers.eq(Json(Vec::<(String, String)>::new())),
        t::body.eq(""),
        t::created_at.eq(Instant(now)),
    );
    // ON CONFLICT has no common form.
    let insert = |conn: &mut Conn| match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(conn),
    };
    if insert(conn)? == 1 {
        return Ok(true);
    }
    let lapsed = t::table
        .find((actor, key))
        .filter(t::created_at.lt(Instant(oldest)));
    Ok(diesel::delete(lapsed).execute(conn)? == 1 && insert(conn)? == 1)
}

/// The answer saved under a key since `oldest`.
pub fn find(
    conn: &mut Conn,
    actor: PrincipalId,
    key: &str,
    oldest: DateTime<Utc>,
) -> QueryResult<Option<Saved>> {
    type Row = (String, i32, Json<Vec<(String, String)>>, String);
    let row: Option<Row> = t::table
        .find((actor, key))
        .filter(t::created_at.ge(Instant(oldest)))
        .select((t::fingerprint, t::status, t::headers, t::body))
        .first(conn)
        .optional()?;
    Ok(row.map(|(fingerprint, status, headers, body)| Saved {
        fingerprint,
        status: u16::try_from(status).unwrap_or(500),
        headers: headers.0,
        body,
    }))
}

/// Keeps the answer under a key that this transaction claimed.
pub fn save(conn: &mut Conn, actor: PrincipalId, key: &str, saved: &Saved) -> QueryResult<()> {
    diesel::update(t::table.find((actor, key)))
        .set((
            t::status.eq(i32::from(saved.status)),
            t::headers.eq(Json(saved.headers.clone())),
            t::body.eq(&saved.body),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets answers given before `oldest`.
pub fn forget(conn: &mut Conn, oldest: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::created_at.lt(Instant(oldest)))).execute(conn)
}
