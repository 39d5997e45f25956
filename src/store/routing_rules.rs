//! Routing rules. A change writes a new version; the versions before it stay.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::id::{OrganisationId, RuleId};
use crate::domain::routing::{Rule, RuleMode};
use crate::store::any_of::any_of;
use crate::store::db::{Conn, MultiBackend};
use crate::store::listing::{Listing, lower};
use crate::store::schema::routing_rules as t;
use crate::store::types::{Coded, Json};

#[derive(Queryable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    id: RuleId,
    number: i32,
    version: i32,
    sort_order: i32,
    regulation: Option<String>,
    article: Option<String>,
    domain: Option<String>,
    lead_id: OrganisationId,
    contributors: Json<Vec<OrganisationId>>,
    mode: Coded<RuleMode>,
    valid_from: NaiveDate,
    valid_until: Option<NaiveDate>,
    explanation_nl: String,
    explanation_en: String,
}

impl From<&Rule> for Row {
    fn from(rule: &Rule) -> Self {
        let rule = rule.clone();
        Self {
            id: rule.id,
            number: rule.number,
            version: rule.version,
            sort_order: rule.order,
            regulation: rule.regulation,
            article: rule.article,
            domain: rule.domain,
            lead_id: rule.lead,
            contributors: Json(rule.contributors),
            mode: Coded(rule.mode),
            valid_from: rule.valid_from,
            valid_until: rule.valid_until,
            explanation_nl: rule.explanation_nl,
            explanation_en: rule.explanation_en,
        }
    }
}

impl From<Row> for Rule {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            number: row.number,
            version: row.version,
            order: row.sort_order,
            regulation: row.regulation,
            article: row.article,
            domain: row.domain,
            lead: row.lead_id,
            contributors: row.contributors.0,
            mode: row.mode.0,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            explanation_nl: row.explanation_nl,
            explanation_en: row.explanation_en,
        }
    }
}

/// Which rules a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub regulations: Vec<String>,
    pub domains: Vec<String>,
    pub leads: Vec<OrganisationId>,
    pub modes: Vec<RuleMode>,
}

/// Of each rule the latest version.
fn latest() -> t::BoxedQuery<'static, MultiBackend> {
    let newer = diesel::alias!(t as newer);
    let replaced = newer
        .filter(newer.field(t::number).eq(t::number))
        .filter(newer.field(t::version).gt(t::version));
    t::table
        .filter(diesel::dsl::not(diesel::dsl::exists(replaced)))
        .into_boxed()
}

/// The latest version of every rule about one of these regulations or policy domains.
pub fn matching(
    conn: &mut Conn,
    regulations: &[String],
    domains: &[String],
) -> QueryResult<Vec<Rule>> {
    let rows: Vec<Row> = latest()
        .filter(any_of(t::regulation, regulations).or(any_of(t::domain, domains)))
        .load(conn)?;
    Ok(rows.into_iter().map(Rule::from).collect())
}

/// The latest version of one rule.
pub fn find(conn: &mut Conn, number: i32) -> QueryResult<Option<Rule>> {
    let row: Option<Row> = latest()
        .filter(t::number.eq(number))
        .first(conn)
        .optional()?;
    Ok(row.map(Rule::from))
}

/// A page of latest versions, by number.
pub fn list(
    conn: &mut Conn,
    listing: &Listing,
    filter: &Filter,
    after: Option<i32>,
) -> QueryResult<Vec<Rule>> {
    let some = |codes: &[String]| codes.iter().cloned().map(Some).collect::<Vec<_>>();
    let mut query = latest();
    if !filter.regulations.is_empty() {
        query = query.filter(t::regulation.eq_any(some(&filter.regulations)));
    }
    if !filter.domains.is_empty() {
        query = query.filter(t::domain.eq_any(some(&filter.domains)));
    }
    if !filter.leads.is_empty() {
        query = query.filter(t::lead_id.eq_any(filter.leads.clone()));
    }
    if !filter.modes.is_empty() {
        let modes: Vec<_> = filter.modes.iter().copied().map(Coded).collect();
        query = query.filter(t::mode.eq_any(modes));
    }
    if let Some(pattern) = listing.pattern() {
        query = query.filter(
            lower(t::explanation_nl)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(t::explanation_en).like(pattern).escape('\\')),
        );
    }
    if let Some(day) = listing.valid_on {
        query = query
            .filter(t::valid_from.le(day))
            .filter(t::valid_until.is_null().or(t::valid_until.gt(day)));
    }
    if let Some(number) = after {
        query = query.filter(t::number.gt(number));
    }
    let rows: Vec<Row> = query.order(t::number).limit(listing.limit).load(conn)?;
    Ok(rows.into_iter().map(Rule::from).collect())
}

/// Writes new rules or versions, several in one statement.
pub fn insert(conn: &mut Conn, new: &[Rule]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table).values(rows).execute(conn),
    }
    .map(drop)
}
