//! Policy domains.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::id::OrganisationId;
use crate::domain::regulation::PolicyDomain;
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::listing::{Listing, lower};
use crate::store::schema::domains as t;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, primary_key(code), treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    code: String,
    label: String,
    label_en: String,
    lead_id: Option<OrganisationId>,
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
    version: i32,
}

impl From<&PolicyDomain> for Row {
    fn from(domain: &PolicyDomain) -> Self {
        let domain = domain.clone();
        Self {
            code: domain.code,
            label: domain.label,
            label_en: domain.label_en,
            lead_id: domain.lead,
            valid_from: domain.valid_from,
            valid_until: domain.valid_until,
            version: domain.version,
        }
    }
}

impl From<Row> for PolicyDomain {
    fn from(row: Row) -> Self {
        Self {
            code: row.code,
            label: row.label,
            label_en: row.label_en,
            lead: row.lead_id,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            version: row.version,
        }
    }
}

/// Which policy domains a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub leads: Vec<OrganisationId>,
}

/// One policy domain.
pub fn find(conn: &mut Conn, code: &str) -> QueryResult<Option<PolicyDomain>> {
    let row: Option<Row> = t::table.find(code).first(conn).optional()?;
    Ok(row.map(PolicyDomain::from))
}

/// Those of these codes that are policy domains, ended ones too.
pub fn known(conn: &mut Conn, codes: &[String]) -> QueryResult<Vec<String>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    t::table
        .filter(any_of(t::code, codes))
        .select(t::code)
        .load(conn)
}

/// Those of these codes that are policy domains, in no order.
pub fn by_codes(conn: &mut Conn, codes: &[String]) -> QueryResult<Vec<PolicyDomain>> {
    let rows: Vec<Row> = t::table.filter(any_of(t::code, codes)).load(conn)?;
    Ok(rows.into_iter().map(PolicyDomain::from).collect())
}

/// A page by Dutch name.
pub fn list(
    conn: &mut Conn,
    listing: &Listing,
    filter: &Filter,
    after: Option<&(String, String)>,
) -> QueryResult<Vec<PolicyDomain>> {
    let mut query = t::table.into_boxed();
    if let Some(pattern) = listing.pattern() {
        query = query.filter(
            lower(t::label)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(t::label_en).like(pattern.clone()).escape('\\'))
                .or(lower(t::code).like(pattern).escape('\\')),
        );
    }
    if let Some(day) = listing.valid_on {
        query = query
            .filter(t::valid_from.is_null().or(t::valid_from.le(day)))
            .filter(t::valid_until.is_null().or(t::valid_until.gt(day)));
    }
    if !filter.leads.is_empty() {
        let leads: Vec<_> = filter.leads.iter().copied().map(Some).collect();
        query = query.filter(t::lead_id.eq_any(leads));
    }
    if let Some((label, code)) = after {
        query = query.filter(
            t::label
                .gt(label.clone())
                .or(t::label.eq(label.clone()).and(t::code.gt(code.clone()))),
        );
    }
    let rows: Vec<Row> = query
        .order((t::label, t::code))
        .limit(listing.limit)
        .load(conn)?;
    Ok(rows.into_iter().map(PolicyDomain::from).collect())
}

/// Writes new policy domains, several in one statement.
pub fn insert(conn: &mut Conn, new: &[PolicyDomain]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
    }
    .map(drop)
}

/// Writes a policy domain whose version was `seen`; false when another has changed it since.
pub fn update(conn: &mut Conn, seen: i32, after: &PolicyDomain) -> QueryResult<bool> {
    let same = t::code.eq(&after.code).and(t::version.eq(seen));
    let changed = diesel::update(t::table.filter(same))
        .set(Row::from(after))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The codes of the policy domains that an organisation leads.
pub fn led_by(conn: &mut Conn, lead: OrganisationId) -> QueryResult<Vec<String>> {
    t::table
        .filter(t::lead_id.eq(lead))
        .order(t::code)
        .select(t::code)
        .load(conn)
}

/// Gives some policy domains another lead.
pub fn hand_over(conn: &mut Conn, codes: &[String], to: OrganisationId) -> QueryResult<()> {
    diesel::update(t::table.filter(any_of(t::code, codes)))
        .set((t::lead_id.eq(to), t::version.eq(t::version + 1)))
        .execute(conn)
        .map(drop)
}
