//! What became of routing, and the rules that this speaks for.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count;
use diesel::prelude::*;

use crate::domain::id::{OrganisationId, OutcomeId, ReportId};
use crate::domain::routing::learning::{Outcome, OutcomeKind};
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::schema::routing_outcomes as t;
use crate::store::types::{Coded, Instant};

#[derive(Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    id: OutcomeId,
    report_id: ReportId,
    kind: Coded<OutcomeKind>,
    rule_number: Option<i32>,
    rule_version: Option<i32>,
    regulation: Option<String>,
    article: Option<String>,
    from_id: Option<OrganisationId>,
    to_id: Option<OrganisationId>,
    happened_at: Instant,
}

/// Writes what became of the routing of a report.
pub fn insert(conn: &mut Conn, outcome: &Outcome, at: DateTime<Utc>) -> QueryResult<()> {
    let outcome = outcome.clone();
    diesel::insert_into(t::table)
        .values(Row {
            id: OutcomeId::new(),
            report_id: outcome.report,
            kind: Coded(outcome.kind),
            rule_number: outcome.rule.map(|(number, _)| number),
            rule_version: outcome.rule.map(|(_, version)| version),
            regulation: outcome.regulation,
            article: outcome.article,
            from_id: outcome.from,
            to_id: outcome.to,
            happened_at: Instant(at),
        })
        .execute(conn)
        .map(drop)
}

/// Of how many reports something of this became after some rules had routed them, by the number of the rule.
pub fn of_rules(
    conn: &mut Conn,
    numbers: &[i32],
    kinds: &[OutcomeKind],
) -> QueryResult<HashMap<i32, i64>> {
    let kinds: Vec<_> = kinds.iter().copied().map(Coded).collect();
    let rows: Vec<(Option<i32>, i64)> = t::table
        .filter(t::rule_number.eq_any(numbers.to_vec()))
        .filter(any_of(t::kind, &kinds))
        .group_by(t::rule_number)
        .select((t::rule_number, count(t::report_id).aggregate_distinct()))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(number, count)| Some((number?, count)))
        .collect())
}

/// Which reports about an article went where in the end by a person's hand, and which were routed by a rule: the kind, the
/// report and to whom, oldest first; the last `limit` of them.
pub fn about(
    conn: &mut Conn,
    regulation: &str,
    article: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<(ReportId, OutcomeKind, Option<OrganisationId>)>> {
    let mut query = t::table
        .filter(t::regulation.eq(regulation.to_owned()))
        .into_boxed();
    query = match article {
        Some(article) => query.filter(t::article.eq(article.to_owned())),
        None => query.filter(t::article.is_null()),
    };
    let mut rows: Vec<(ReportId, Coded<OutcomeKind>, Option<OrganisationId>)> = query
        .order((t::happened_at.desc(), t::id.desc()))
        .limit(limit)
        .select((t::report_id, t::kind, t::to_id))
        .load(conn)?;
    rows.reverse();
    Ok(rows
        .into_iter()
        .map(|(report, kind, to)| (report, kind.0, to))
        .collect())
}
