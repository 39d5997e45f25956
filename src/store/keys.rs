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
    /// The private part (PKCS#8), sealed; empty once the key is retired.
    pub sealed: Vec<u8>,
    /// The public part, for whoever looks into the table; the service works it out from the private part.
    pub public: PublicJwk,
    pub created_at: DateTime<Utc>,
    /// It is published before.
    pub signs_from: DateTime<Utc>,
    /// From then on nothing it signed is accepted.
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
    signs_from: Option<Instant>,
}

impl From<Row> for SealedKey {
    fn from(row: Row) -> Self {
        Self {
            kid: row.kid,
            sealed: row.sealed,
            public: row.public_jwk.0,
            created_at: row.created_at.0,
            signs_from: row.signs_from.unwrap_or(row.created_at).0,
            retired_at: row.retired_at.map(|at| at.0),
        }
    }
}

/// All keys, in the order in which they begin to sign.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<SealedKey>> {
    let rows = t::table.select(Row::as_select()).load(conn)?;
    Ok(in_order(rows))
}

/// Those that are not retired, in the order in which they begin to sign.
pub fn living(conn: &mut Conn) -> QueryResult<Vec<SealedKey>> {
    let rows = t::table
        .filter(t::retired_at.is_null())
        .select(Row::as_select())
        .load(conn)?;
    Ok(in_order(rows))
}

fn in_order(rows: Vec<Row>) -> Vec<SealedKey> {
    let mut keys: Vec<SealedKey> = rows.into_iter().map(SealedKey::from).collect();
    keys.sort_by(|a, b| (a.signs_from, &a.kid).cmp(&(b.signs_from, &b.kid)));
    keys
}

/// Has changes of the keys wait for one another, until the transaction ends.
pub fn lock(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        // It has one writer.
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(conn) => {
            diesel::sql_query("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")
                .execute(conn)
                .map(drop)
        }
    }
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
            signs_from: Some(Instant(key.signs_from)),
        })
        .execute(conn)
        .map(drop)
}

/// Retires a key for good: its private part goes.
pub fn retire(conn: &mut Conn, kid: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let living = t::table.filter(t::kid.eq(kid).and(t::retired_at.is_null()));
    let changed = diesel::update(living)
        .set((
            t::retired_at.eq(Instant(now)),
            t::sealed.eq(Vec::<u8>::new()),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Keeps a key under another seal.
pub fn reseal(conn: &mut Conn, kid: &str, sealed: &[u8]) -> QueryResult<()> {
    diesel::update(t::table.find(kid))
        .set(t::sealed.eq(sealed))
        .execute(conn)
        .map(drop)
}
