//! Signing keys, their private part sealed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::crypto::es256::PublicJwk;
use crate::store::db::Conn;
use crate::store::schema::signing_keys as t;
use crate::store::types::{Instant, Json};

/// A signing key as it is kept.
#[derive(Debug, Clone)]
pub struct SealedKey {
    pub kid: String,
    /// The private part (PKCS#8), sealed.
    pub sealed: Vec<u8>,
    /// The public part, for whoever looks into the table; the service works it out from the private part.
    pub public: PublicJwk,
    pub created_at: DateTime<Utc>,
    /// From then on it signs no more.
    pub retired_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = t)]
struct Row {
    kid: String,
    sealed: Vec<u8>,
    public_jwk: Json<PublicJwk>,
    created_at: Instant,
    retired_at: Option<Instant>,
}

/// All keys that signed at or after `since`, the newest first.
pub fn usable(conn: &mut Conn, since: DateTime<Utc>) -> QueryResult<Vec<SealedKey>> {
    let rows: Vec<Row> = t::table
        .filter(t::retired_at.is_null().or(t::retired_at.ge(Instant(since))))
        .order((t::created_at.desc(), t::kid))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| SealedKey {
            kid: row.kid,
            sealed: row.sealed,
            public: row.public_jwk.0,
            created_at: row.created_at.0,
            retired_at: row.retired_at.map(|at| at.0),
        })
        .collect())
}

/// Adds a key.
pub fn insert(conn: &mut Conn, key: SealedKey) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values(Row {
            kid: key.kid,
            sealed: key.sealed,
            public_jwk: Json(key.public),
            created_at: Instant(key.created_at),
            retired_at: key.retired_at.map(Instant),
        })
        .execute(conn)
        .map(drop)
}

/// Retires every key that still signs, `except` excepted.
pub fn retire_others(conn: &mut Conn, except: &str, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(t::table.filter(t::retired_at.is_null().and(t::kid.ne(except))))
        .set(t::retired_at.eq(Instant(now)))
        .execute(conn)
}
