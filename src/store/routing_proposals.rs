//! Rules that corrections speak for, until a coordinator accepts or dismisses them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::id::{OrganisationId, ProposalId};
use crate::domain::routing::learning::ProposalState;
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::schema::routing_proposals as t;
use crate::store::types::{Coded, Instant};

/// What was counted.
#[derive(Debug, Clone)]
pub struct Counted {
    pub regulation: String,
    pub article: Option<String>,
    pub lead: OrganisationId,
    pub times: i32,
    pub of_all: i32,
}

/// A rule that corrections speak for.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub id: ProposalId,
    pub state: ProposalState,
    pub counted: Counted,
    /// The rule that was made of it.
    pub rule: Option<i32>,
    pub made_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: Option<String>,
    pub reason: Option<String>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    id: ProposalId,
    state: Coded<ProposalState>,
    regulation: String,
    article: Option<String>,
    lead_id: OrganisationId,
    times: i32,
    of_all: i32,
    rule_number: Option<i32>,
    made_at: Instant,
    decided_at: Option<Instant>,
    decided_by: Option<String>,
    reason: Option<String>,
}

impl From<Row> for Proposal {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            state: row.state.0,
            counted: Counted {
                regulation: row.regulation,
                article: row.article,
                lead: row.lead_id,
                times: row.times,
                of_all: row.of_all,
            },
            rule: row.rule_number,
            made_at: row.made_at.0,
            decided_at: row.decided_at.map(|at| at.0),
            decided_by: row.decided_by,
            reason: row.reason,
        }
    }
}

/// Notes a proposal: a new one, or newer counts of one that is open. One that was decided about stays so.
pub fn note(conn: &mut Conn, counted: &Counted, now: DateTime<Utc>) -> QueryResult<()> {
    let same = t::table
        .filter(t::regulation.eq(counted.regulation.clone()))
        .filter(t::lead_id.eq(counted.lead))
        .into_boxed();
    let same = match &counted.article {
        Some(article) => same.filter(t::article.eq(article.clone())),
        None => same.filter(t::article.is_null()),
    };
    let known: Option<(ProposalId, Coded<ProposalState>)> =
        same.select((t::id, t::state)).first(conn).optional()?;
    match known {
        Some((id, Coded(ProposalState::Open))) => diesel::update(t::table.find(id))
            .set((t::times.eq(counted.times), t::of_all.eq(counted.of_all)))
            .execute(conn)
            .map(drop),
        Some(_) => Ok(()),
        None => diesel::insert_into(t::table)
            .values(Row {
                id: ProposalId::new(),
                state: Coded(ProposalState::Open),
                regulation: counted.regulation.clone(),
                article: counted.article.clone(),
                lead_id: counted.lead,
                times: counted.times,
                of_all: counted.of_all,
                rule_number: None,
                made_at: Instant(now),
                decided_at: None,
                decided_by: None,
                reason: None,
            })
            .execute(conn)
            .map(drop),
    }
}

/// A page of proposals in some states, the newest first.
pub fn list(
    conn: &mut Conn,
    states: &[ProposalState],
    before: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<Proposal>> {
    let mut query = t::table.order(t::id.desc()).limit(limit).into_boxed();
    if !states.is_empty() {
        let states: Vec<_> = states.iter().copied().map(Coded).collect();
        query = query.filter(any_of(t::state, &states));
    }
    if let Some(before) = before {
        query = query.filter(t::id.lt(before));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(Proposal::from).collect())
}

/// One proposal.
pub fn find(conn: &mut Conn, id: ProposalId) -> QueryResult<Option<Proposal>> {
    let row: Option<Row> = t::table.find(id).first(conn).optional()?;
    Ok(row.map(Proposal::from))
}

/// Writes what a coordinator decided; false when it was decided about before.
pub fn decide(conn: &mut Conn, decided: &Proposal) -> QueryResult<bool> {
    let written = diesel::update(t::table.find(decided.id))
        .filter(t::state.eq(Coded(ProposalState::Open)))
        .set((
            t::state.eq(Coded(decided.state)),
            t::rule_number.eq(decided.rule),
            t::decided_at.eq(decided.decided_at.map(Instant)),
            t::decided_by.eq(decided.decided_by.clone()),
            t::reason.eq(decided.reason.clone()),
        ))
        .execute(conn)?;
    Ok(written == 1)
}
