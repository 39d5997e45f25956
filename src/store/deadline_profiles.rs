//! Deadline profiles. A change writes a new version; the versions before it stay.

use diesel::prelude::*;

use crate::domain::deadline_profile::{DeadlineProfile, Terms};
use crate::domain::id::PrincipalId;
use crate::store::db::Conn;
use crate::store::schema::deadline_profiles as t;
use crate::store::types::{Instant, Json};

#[derive(Queryable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    code: String,
    version: i32,
    label: String,
    label_en: String,
    terms: Json<Terms>,
    reason: String,
    made_at: Instant,
    made_by: Option<PrincipalId>,
}

impl From<&DeadlineProfile> for Row {
    fn from(profile: &DeadlineProfile) -> Self {
        let profile = profile.clone();
        Self {
            code: profile.code,
            version: profile.version,
            label: profile.label,
            label_en: profile.label_en,
            terms: Json(profile.terms),
            reason: profile.reason,
            made_at: Instant(profile.made_at),
            made_by: profile.made_by,
        }
    }
}

impl From<Row> for DeadlineProfile {
    fn from(row: Row) -> Self {
        Self {
            code: row.code,
            version: row.version,
            label: row.label,
            label_en: row.label_en,
            terms: row.terms.0,
            reason: row.reason,
            made_at: row.made_at.0,
            made_by: row.made_by,
        }
    }
}

/// The profile as it is now.
pub fn current(conn: &mut Conn, code: &str) -> QueryResult<Option<DeadlineProfile>> {
    t::table
        .filter(t::code.eq(code))
        .order(t::version.desc())
        .first::<Row>(conn)
        .optional()
        .map(|row| row.map(DeadlineProfile::from))
}

/// One version of a profile.
pub fn version(conn: &mut Conn, code: &str, version: i32) -> QueryResult<Option<DeadlineProfile>> {
    t::table
        .find((code, version))
        .first::<Row>(conn)
        .optional()
        .map(|row| row.map(DeadlineProfile::from))
}

/// A page of the profiles as they are now, by code.
pub fn list(conn: &mut Conn, after: Option<&str>, limit: i64) -> QueryResult<Vec<DeadlineProfile>> {
    let newer = diesel::alias!(t as newer);
    let replaced = newer
        .filter(newer.field(t::code).eq(t::code))
        .filter(newer.field(t::version).gt(t::version));
    let mut query = t::table
        .filter(diesel::dsl::not(diesel::dsl::exists(replaced)))
        .order(t::code)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(t::code.gt(after.to_owned()));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(DeadlineProfile::from).collect())
}

/// A page of the versions of a profile, the latest first.
pub fn versions(
    conn: &mut Conn,
    code: &str,
    before: Option<i32>,
    limit: i64,
) -> QueryResult<Vec<DeadlineProfile>> {
    let mut query = t::table
        .filter(t::code.eq(code.to_owned()))
        .order(t::version.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(t::version.lt(before));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(DeadlineProfile::from).collect())
}

/// Every version of every profile, to prove stored dates with: a handful.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<DeadlineProfile>> {
    let rows: Vec<Row> = t::table.order((t::code, t::version)).load(conn)?;
    Ok(rows.into_iter().map(DeadlineProfile::from).collect())
}

/// Writes a version; a unique violation when another wrote it first.
pub fn insert(conn: &mut Conn, profile: &DeadlineProfile) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values(Row::from(profile))
        .execute(conn)
        .map(drop)
}
