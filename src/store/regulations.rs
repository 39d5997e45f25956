//! Regulations.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::citation::Register;
use crate::domain::id::OrganisationId;
use crate::domain::regulation::{Regulation, RegulationKind, RegulationLevel};
use crate::store::any_of::any_of;
use crate::store::db::{Conn, MultiBackend};
use crate::store::listing::{Listing, element, lower};
use crate::store::schema::regulations as t;
use crate::store::types::{Coded, Json};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, primary_key(identifier), treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    identifier: String,
    register: Coded<Register>,
    title: String,
    short_title: Option<String>,
    aliases: Json<Vec<String>>,
    kind: Coded<RegulationKind>,
    level: Coded<RegulationLevel>,
    owner_id: Option<OrganisationId>,
    domains: Json<Vec<String>>,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    successor: Option<String>,
    verified: bool,
    note: Option<String>,
    version: i32,
}

impl From<&Regulation> for Row {
    fn from(regulation: &Regulation) -> Self {
        let regulation = regulation.clone();
        Self {
            identifier: regulation.identifier,
            register: Coded(regulation.register),
            title: regulation.title,
            short_title: regulation.short_title,
            aliases: Json(regulation.aliases),
            kind: Coded(regulation.kind),
            level: Coded(regulation.level),
            owner_id: regulation.owner,
            domains: Json(regulation.domains),
            valid_from: regulation.valid_from,
            valid_until: regulation.valid_until,
            successor: regulation.successor,
            verified: regulation.verified,
            note: regulation.note,
            version: regulation.version,
        }
    }
}

impl From<Row> for Regulation {
    fn from(row: Row) -> Self {
        Self {
            identifier: row.identifier,
            register: row.register.0,
            title: row.title,
            short_title: row.short_title,
            aliases: row.aliases.0,
            kind: row.kind.0,
            level: row.level.0,
            owner: row.owner_id,
            domains: row.domains.0,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            successor: row.successor,
            verified: row.verified,
            note: row.note,
            version: row.version,
        }
    }
}

/// Which regulations a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub registers: Vec<Register>,
    pub kinds: Vec<RegulationKind>,
    pub levels: Vec<RegulationLevel>,
    pub owners: Vec<OrganisationId>,
    pub domains: Vec<String>,
}

/// One regulation.
pub fn find(conn: &mut Conn, identifier: &str) -> QueryResult<Option<Regulation>> {
    let row: Option<Row> = t::table.find(identifier).first(conn).optional()?;
    Ok(row.map(Regulation::from))
}

/// Those of these regulations that are known, in no order.
pub fn by_identifiers(conn: &mut Conn, identifiers: &[String]) -> QueryResult<Vec<Regulation>> {
    if identifiers.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = t::table
        .filter(any_of(t::identifier, identifiers))
        .load(conn)?;
    Ok(rows.into_iter().map(Regulation::from).collect())
}

/// A page by title.
pub fn list(
    conn: &mut Conn,
    listing: &Listing,
    filter: &Filter,
    after: Option<&(String, String)>,
) -> QueryResult<Vec<Regulation>> {
    let mut query = filtered(filter);
    if let Some(pattern) = listing.pattern() {
        query = query.filter(
            lower(t::title)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(t::short_title.assume_not_null())
                    .like(pattern.clone())
                    .escape('\\'))
                .or(lower(t::identifier).like(pattern.clone()).escape('\\'))
                .or(lower(sql::<Text>("CAST(regulations.aliases AS TEXT)"))
                    .like(pattern)
                    .escape('\\')),
        );
    }
    if let Some(day) = listing.valid_on {
        query = query
            .filter(t::valid_from.is_null().or(t::valid_from.le(day)))
            .filter(t::valid_until.is_null().or(t::valid_until.gt(day)));
    }
    if let Some((title, identifier)) = after {
        query = query.filter(
            t::title.gt(title.clone()).or(t::title
                .eq(title.clone())
                .and(t::identifier.gt(identifier.clone()))),
        );
    }
    let rows: Vec<Row> = query
        .order((t::title, t::identifier))
        .limit(listing.limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Regulation::from).collect())
}

fn filtered(filter: &Filter) -> t::BoxedQuery<'static, MultiBackend> {
    let mut query = t::table.into_boxed();
    if !filter.registers.is_empty() {
        let registers: Vec<_> = filter.registers.iter().copied().map(Coded).collect();
        query = query.filter(t::register.eq_any(registers));
    }
    if !filter.kinds.is_empty() {
        let kinds: Vec<_> = filter.kinds.iter().copied().map(Coded).collect();
        query = query.filter(t::kind.eq_any(kinds));
    }
    if !filter.levels.is_empty() {
        let levels: Vec<_> = filter.levels.iter().copied().map(Coded).collect();
        query = query.filter(t::level.eq_any(levels));
    }
    if !filter.owners.is_empty() {
        let owners: Vec<_> = filter.owners.iter().copied().map(Some).collect();
        query = query.filter(t::owner_id.eq_any(owners));
    }
    // A regulation has a handful of domains and there are hundreds of regulations: a look at each is quick.
    let mut domains = filter.domains.iter().map(|domain| {
        sql::<Text>("CAST(regulations.domains AS TEXT)")
            .like(element(domain))
            .escape('\\')
    });
    if let Some(first) = domains.next() {
        type Either =
            Box<dyn BoxableExpression<t::table, MultiBackend, SqlType = diesel::sql_types::Bool>>;
        let any = domains.fold(Box::new(first) as Either, |any, next| {
            Box::new(any.or(next))
        });
        query = query.filter(any);
    }
    query
}

/// Writes new regulations, several in one statement.
pub fn insert(conn: &mut Conn, new: &[Regulation]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
    }
    .map(drop)
}

/// Writes a regulation whose version was `seen`; false when another has changed it since.
pub fn update(conn: &mut Conn, seen: i32, after: &Regulation) -> QueryResult<bool> {
    let same = t::identifier.eq(&after.identifier).and(t::version.eq(seen));
    let changed = diesel::update(t::table.filter(same))
        .set(Row::from(after))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The regulations that an organisation owns: their identifiers and policy domains.
pub fn owned_by(conn: &mut Conn, owner: OrganisationId) -> QueryResult<Vec<(String, Vec<String>)>> {
    let rows: Vec<(String, Json<Vec<String>>)> = t::table
        .filter(t::owner_id.eq(owner))
        .order(t::identifier)
        .select((t::identifier, t::domains))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, domains)| (id, domains.0))
        .collect())
}

/// Gives some regulations another owner.
pub fn hand_over(conn: &mut Conn, identifiers: &[String], to: OrganisationId) -> QueryResult<()> {
    diesel::update(t::table.filter(any_of(t::identifier, identifiers)))
        .set((t::owner_id.eq(to), t::version.eq(t::version + 1)))
        .execute(conn)
        .map(drop)
}
