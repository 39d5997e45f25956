//! Organisations.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::actor::OrganisationKind;
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::listing::{Listing, lower};
use crate::store::schema::organisations as t;
use crate::store::types::{Coded, Instant};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: OrganisationId,
    kind: Coded<OrganisationKind>,
    name: String,
    abbreviation: Option<String>,
    tooi: Option<String>,
    municipality_code: Option<String>,
    province_code: Option<String>,
    owns_rules: bool,
    operator: bool,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    successor_id: Option<OrganisationId>,
    created_at: Instant,
    updated_at: Instant,
    version: i32,
}

impl From<&Organisation> for Row {
    fn from(organisation: &Organisation) -> Self {
        let organisation = organisation.clone();
        Self {
            id: organisation.id,
            kind: Coded(organisation.kind),
            name: organisation.name,
            abbreviation: organisation.abbreviation,
            tooi: organisation.tooi,
            municipality_code: organisation.municipality_code,
            province_code: organisation.province_code,
            owns_rules: organisation.owns_rules,
            operator: organisation.operator,
            valid_from: organisation.valid_from,
            valid_until: organisation.valid_until,
            successor_id: organisation.successor,
            created_at: Instant(organisation.created_at),
            updated_at: Instant(organisation.updated_at),
            version: organisation.version,
        }
    }
}

impl From<Row> for Organisation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind.0,
            name: row.name,
            abbreviation: row.abbreviation,
            tooi: row.tooi,
            municipality_code: row.municipality_code,
            province_code: row.province_code,
            owns_rules: row.owns_rules,
            operator: row.operator,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            successor: row.successor_id,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        }
    }
}

/// Which organisations a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kinds: Vec<OrganisationKind>,
    pub owns_rules: Option<bool>,
    pub provinces: Vec<String>,
}

/// One organisation.
pub fn find(conn: &mut Conn, id: OrganisationId) -> QueryResult<Option<Organisation>> {
    let row: Option<Row> = t::table.find(id).first(conn).optional()?;
    Ok(row.map(Organisation::from))
}

/// Every one there ever was.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<Organisation>> {
    let rows: Vec<Row> = t::table.order(t::id).load(conn)?;
    Ok(rows.into_iter().map(Organisation::from).collect())
}

/// Those of these organisations that are known, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[OrganisationId]) -> QueryResult<Vec<Organisation>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = t::table.filter(any_of(t::id, ids)).load(conn)?;
    Ok(rows.into_iter().map(Organisation::from).collect())
}

/// The organisation with this TOOI code, existing or ended.
pub fn by_tooi(conn: &mut Conn, tooi: &str) -> QueryResult<Option<Organisation>> {
    let row: Option<Row> = t::table.filter(t::tooi.eq(tooi)).first(conn).optional()?;
    Ok(row.map(Organisation::from))
}

/// The organisations with this abbreviation, in whatever case.
pub fn by_abbreviation(conn: &mut Conn, abbreviation: &str) -> QueryResult<Vec<Organisation>> {
    let wanted = abbreviation.to_lowercase();
    let rows: Vec<Row> = t::table
        .filter(lower(t::abbreviation.assume_not_null()).eq(wanted))
        .load(conn)?;
    Ok(rows.into_iter().map(Organisation::from).collect())
}

/// A page by name.
pub fn list(
    conn: &mut Conn,
    listing: &Listing,
    filter: &Filter,
    after: Option<&(String, OrganisationId)>,
) -> QueryResult<Vec<Organisation>> {
    let mut query = t::table.into_boxed();
    if let Some(pattern) = listing.pattern() {
        query = query.filter(
            lower(t::name)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(t::abbreviation.assume_not_null())
                    .like(pattern.clone())
                    .escape('\\'))
                .or(lower(t::tooi.assume_not_null()).like(pattern).escape('\\')),
        );
    }
    if let Some(day) = listing.valid_on {
        query = query
            .filter(t::valid_from.is_null().or(t::valid_from.le(day)))
            .filter(t::valid_until.is_null().or(t::valid_until.gt(day)));
    }
    if !filter.kinds.is_empty() {
        let kinds: Vec<_> = filter.kinds.iter().copied().map(Coded).collect();
        query = query.filter(t::kind.eq_any(kinds));
    }
    if let Some(owns_rules) = filter.owns_rules {
        query = query.filter(t::owns_rules.eq(owns_rules));
    }
    if !filter.provinces.is_empty() {
        let provinces: Vec<_> = filter.provinces.iter().cloned().map(Some).collect();
        query = query.filter(t::province_code.eq_any(provinces));
    }
    if let Some((name, id)) = after {
        query = query.filter(
            t::name
                .gt(name.clone())
                .or(t::name.eq(name.clone()).and(t::id.gt(*id))),
        );
    }
    let rows: Vec<Row> = query
        .order((t::name, t::id))
        .limit(listing.limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Organisation::from).collect())
}

/// Writes new organisations, several in one statement.
pub fn insert(conn: &mut Conn, new: &[Organisation]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
    }
    .map(drop)
}

/// Writes an organisation whose version was `seen`; false when another has changed it since.
pub fn update(conn: &mut Conn, seen: i32, after: &Organisation) -> QueryResult<bool> {
    let same = t::id.eq(after.id).and(t::version.eq(seen));
    let changed = diesel::update(t::table.filter(same))
        .set(Row::from(after))
        .execute(conn)?;
    Ok(changed == 1)
}
