//! Routing rules. A change writes a new version; the versions before it stay.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::code::code_list;
use crate::domain::id::{OrganisationId, RuleId};
use crate::domain::routing::{Actions, Because, Condition, Priority, Rule, RuleMode, RuleState};
use crate::store::any_of::any_of;
use crate::store::bulk::insert_all;
use crate::store::db::{Conn, MultiBackend};
use crate::store::listing::{Listing, lower};
use crate::store::schema::{routing_rule_facets as facets, routing_rule_versions as t};
use crate::store::types::{Coded, Instant, Json};

/// What a rule does besides giving a lead.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Adds {
    contributors: Vec<OrganisationId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    watchers: Vec<OrganisationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_profile: Option<String>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    id: RuleId,
    number: i32,
    version: i32,
    state: Coded<RuleState>,
    sort_order: i32,
    condition: Json<Condition>,
    lead_id: Option<OrganisationId>,
    actions: Json<Adds>,
    mode: Coded<RuleMode>,
    valid_from: NaiveDate,
    valid_until: Option<NaiveDate>,
    explanation_nl: String,
    explanation_en: String,
    reason: Option<String>,
    author: Option<String>,
    created_at: Instant,
    latest: bool,
    alerted_at: Option<Instant>,
}

impl From<&Rule> for Row {
    fn from(rule: &Rule) -> Self {
        let rule = rule.clone();
        Self {
            id: rule.id,
            number: rule.number,
            version: rule.version,
            state: Coded(rule.state),
            sort_order: rule.order,
            condition: Json(rule.condition),
            lead_id: rule.actions.lead,
            actions: Json(Adds {
                contributors: rule.actions.contributors,
                watchers: rule.actions.watchers,
                priority: rule.actions.priority,
                deadline_profile: rule.actions.deadline_profile,
            }),
            mode: Coded(rule.mode),
            valid_from: rule.valid_from,
            valid_until: rule.valid_until,
            explanation_nl: rule.explanation.nl,
            explanation_en: rule.explanation.en,
            reason: rule.reason,
            author: rule.author,
            created_at: Instant(rule.created_at),
            latest: true,
            alerted_at: None,
        }
    }
}

impl From<Row> for Rule {
    fn from(row: Row) -> Self {
        let adds = row.actions.0;
        Self {
            id: row.id,
            number: row.number,
            version: row.version,
            state: row.state.0,
            order: row.sort_order,
            condition: row.condition.0,
            actions: Actions {
                lead: row.lead_id,
                contributors: adds.contributors,
                watchers: adds.watchers,
                priority: adds.priority,
                deadline_profile: adds.deadline_profile,
            },
            mode: row.mode.0,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            explanation: Because {
                nl: row.explanation_nl,
                en: row.explanation_en,
            },
            reason: row.reason,
            author: row.author,
            created_at: row.created_at.0,
        }
    }
}

code_list! {
    /// What the conditions of a rule name, as lists filter on it.
    pub enum RuleFacet {
        Regulation = "regulation",
        Domain = "domain",
    }
}

#[derive(Insertable)]
#[diesel(table_name = facets, treat_none_as_default_value = false)]
struct FacetRow {
    rule_id: RuleId,
    facet: Coded<RuleFacet>,
    value: String,
}

/// Which rules a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub regulations: Vec<String>,
    pub domains: Vec<String>,
    pub leads: Vec<OrganisationId>,
    pub modes: Vec<RuleMode>,
    pub states: Vec<RuleState>,
}

/// Of each rule the latest version.
fn latest() -> t::BoxedQuery<'static, MultiBackend> {
    t::table.filter(t::latest.eq(true)).into_boxed()
}

/// Every version that is in one of these states.
pub fn in_states(conn: &mut Conn, states: &[RuleState]) -> QueryResult<Vec<Rule>> {
    let states: Vec<Coded<RuleState>> = states.iter().copied().map(Coded).collect();
    let rows: Vec<Row> = t::table
        .filter(any_of(t::state, &states))
        .order((t::number, t::version))
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

/// The versions in force of some rules.
pub fn active_of(conn: &mut Conn, numbers: &[i32]) -> QueryResult<Vec<Rule>> {
    let rows: Vec<Row> = t::table
        .filter(t::number.eq_any(numbers.to_vec()))
        .filter(t::state.eq(Coded(RuleState::Active)))
        .load(conn)?;
    Ok(rows.into_iter().map(Rule::from).collect())
}

/// A page of the versions of a rule, the latest first.
pub fn versions(
    conn: &mut Conn,
    number: i32,
    before: Option<i32>,
    limit: i64,
) -> QueryResult<Vec<Rule>> {
    let mut query = t::table
        .filter(t::number.eq(number))
        .order(t::version.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(t::version.lt(before));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(Rule::from).collect())
}

/// A page of latest versions, by number.
pub fn list(
    conn: &mut Conn,
    listing: &Listing,
    filter: &Filter,
    after: Option<i32>,
) -> QueryResult<Vec<Rule>> {
    let mut query = latest();
    for (facet, values) in [
        (RuleFacet::Regulation, &filter.regulations),
        (RuleFacet::Domain, &filter.domains),
    ] {
        if !values.is_empty() {
            let named = facets::table
                .filter(facets::facet.eq(Coded(facet)))
                .filter(any_of(facets::value, values))
                .select(facets::rule_id);
            query = query.filter(t::id.eq_any(named));
        }
    }
    if !filter.leads.is_empty() {
        query = query.filter(any_of(t::lead_id.assume_not_null(), &filter.leads));
    }
    if !filter.modes.is_empty() {
        let modes: Vec<_> = filter.modes.iter().copied().map(Coded).collect();
        query = query.filter(any_of(t::mode, &modes));
    }
    if !filter.states.is_empty() {
        let states: Vec<_> = filter.states.iter().copied().map(Coded).collect();
        query = query.filter(any_of(t::state, &states));
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

/// The next number of a rule.
pub fn next_number(conn: &mut Conn) -> QueryResult<i32> {
    let highest: Option<i32> = t::table.select(diesel::dsl::max(t::number)).first(conn)?;
    Ok(highest.unwrap_or(0) + 1)
}

/// Writes new rules, several in one statement; a unique violation when another took the number first.
pub fn insert(conn: &mut Conn, new: &[Rule]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    insert_all!(conn, t::table, 18, &rows)?;
    let named: Vec<FacetRow> = new.iter().flat_map(facets_of).collect();
    insert_all!(conn, facets::table, 3, &named)
}

/// Writes a new version of a rule, which is its latest then; a unique violation when another wrote it first.
pub fn insert_version(conn: &mut Conn, before: &Rule, rule: &Rule) -> QueryResult<()> {
    diesel::update(t::table.find(before.id))
        .set(t::latest.eq(false))
        .execute(conn)?;
    diesel::delete(facets::table.filter(facets::rule_id.eq(before.id))).execute(conn)?;
    insert(conn, std::slice::from_ref(rule))
}

/// Those of some versions that nobody was told of as lapsed.
pub fn not_alerted(conn: &mut Conn, ids: &[RuleId]) -> QueryResult<Vec<RuleId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    t::table
        .filter(any_of(t::id, ids))
        .filter(t::alerted_at.is_null())
        .select(t::id)
        .load(conn)
}

/// Marks a version as told of; false when it was before.
pub fn mark_alerted(conn: &mut Conn, id: RuleId, now: DateTime<Utc>) -> QueryResult<bool> {
    let marked = diesel::update(t::table.find(id))
        .filter(t::alerted_at.is_null())
        .set(t::alerted_at.eq(Some(Instant(now))))
        .execute(conn)?;
    Ok(marked == 1)
}

/// Moves versions to a state, those that are in another; returns how many.
pub fn set_state(
    conn: &mut Conn,
    ids: &[RuleId],
    from: RuleState,
    to: RuleState,
) -> QueryResult<usize> {
    diesel::update(t::table)
        .filter(any_of(t::id, ids))
        .filter(t::state.eq(Coded(from)))
        .set(t::state.eq(Coded(to)))
        .execute(conn)
}

fn facets_of(rule: &Rule) -> Vec<FacetRow> {
    let row = |facet, value: &str| FacetRow {
        rule_id: rule.id,
        facet: Coded(facet),
        value: value.to_owned(),
    };
    let regulations = rule.condition.regulations().into_iter();
    let domains = rule.condition.domains().into_iter();
    regulations
        .map(|id| row(RuleFacet::Regulation, id))
        .chain(domains.map(|code| row(RuleFacet::Domain, code)))
        .collect()
}
