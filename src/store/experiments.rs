//! Experiments with their plans.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use crate::domain::actor::{Actor, Role};
use crate::domain::experiment::plan::Plan;
use crate::domain::experiment::{
    Course, Experiment, ExperimentStatus, Participant, ParticipantState, Proposer,
};
use crate::domain::id::{ExperimentId, OrganisationId, PrincipalId, ReportId};
use crate::domain::policy;
use crate::domain::report::Cited;
use crate::domain::search::SearchQuery;
use crate::domain::terms::{VERSION, indexed};
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::numbers::next_number;
use crate::store::schema::{
    experiment_parties as parties, experiment_plans as plans, experiment_reports as origins,
    experiments as t,
};
use crate::store::types::{Coded, Instant, Json};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: ExperimentId,
    reference: String,
    status: Coded<ExperimentStatus>,
    title: String,
    idea: String,
    proposer_id: OrganisationId,
    proposed_by: PrincipalId,
    authority_id: Option<OrganisationId>,
    registered: bool,
    due_on: Option<NaiveDate>,
    alert_on: Option<NaiveDate>,
    participants: Json<Vec<Participant>>,
    plan: Json<Plan>,
    plan_version: i32,
    course: Json<Course>,
    created_at: Instant,
    updated_at: Instant,
    version: i32,
    terms: String,
    terms_version: i32,
}

impl From<&Experiment> for Row {
    fn from(of: &Experiment) -> Self {
        Self {
            id: of.id,
            reference: of.reference.clone(),
            status: Coded(of.status),
            title: of.title.clone(),
            idea: of.idea.clone(),
            proposer_id: of.proposer.organisation,
            proposed_by: of.proposer.principal,
            authority_id: of.authority,
            registered: of.course.registered_on.is_some(),
            due_on: of.dues().first().map(|due| due.on),
            alert_on: of.next_alert_on(),
            participants: Json(of.participants.clone()),
            plan: Json(of.plan.clone()),
            plan_version: of.plan_version,
            course: Json(of.course.clone()),
            created_at: Instant(of.created_at),
            updated_at: Instant(of.updated_at),
            version: of.version,
            terms: terms(of),
            terms_version: VERSION,
        }
    }
}

/// What an experiment says, to be searched: what everybody may read of it once it is registered.
fn terms(of: &Experiment) -> String {
    let deviations = of.plan.deviations.iter().map(Cited::label);
    let said: Vec<String> = [&of.title, &of.idea, &of.reference]
        .into_iter()
        .cloned()
        .chain(deviations)
        .collect();
    format!(" {} ", indexed(&said.join("\n")))
}

impl Row {
    fn made(self, reports: Vec<ReportId>) -> Experiment {
        Experiment {
            id: self.id,
            reference: self.reference,
            status: self.status.0,
            title: self.title,
            idea: self.idea,
            proposer: Proposer {
                organisation: self.proposer_id,
                principal: self.proposed_by,
            },
            authority: self.authority_id,
            reports,
            participants: self.participants.0,
            plan: self.plan.0,
            plan_version: self.plan_version,
            course: self.course.0,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            version: self.version,
        }
    }
}

/// Adds the reports they came from: one statement for all.
fn with_reports(conn: &mut Conn, rows: Vec<Row>) -> QueryResult<Vec<Experiment>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ExperimentId> = rows.iter().map(|row| row.id).collect();
    let of: Vec<(ExperimentId, ReportId)> = origins::table
        .filter(any_of(origins::experiment_id, &ids))
        .order((origins::experiment_id, origins::place))
        .select((origins::experiment_id, origins::report_id))
        .load(conn)?;
    let made = rows.into_iter().map(|row| {
        let own = of.iter().filter(|(id, _)| *id == row.id);
        let reports = own.map(|(_, report)| *report).collect();
        row.made(reports)
    });
    Ok(made.collect())
}

/// The next number of a year, as `EXP-2026-0001`; one that is rolled back leaves a gap.
pub fn next_reference(conn: &mut Conn, year: i32) -> QueryResult<String> {
    let number = next_number(conn, "experiment_numbers", year)?;
    Ok(format!("EXP-{year}-{number:04}"))
}

/// Writes a new one.
pub fn insert(conn: &mut Conn, new: &Experiment) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values(Row::from(new))
        .execute(conn)?;
    insert_reports(conn, new)?;
    insert_parties(conn, new.id, &parties_of(new))
}

/// Writes one whose version was `before`'s; false when another has changed it since.
pub fn update(conn: &mut Conn, before: &Experiment, after: &Experiment) -> QueryResult<bool> {
    let same = t::id.eq(after.id).and(t::version.eq(before.version));
    if diesel::update(t::table.filter(same))
        .set(Row::from(after))
        .execute(conn)?
        == 0
    {
        return Ok(false);
    }
    if before.reports != after.reports {
        diesel::delete(origins::table.filter(origins::experiment_id.eq(after.id))).execute(conn)?;
        insert_reports(conn, after)?;
    }
    let now = parties_of(after);
    if parties_of(before) != now {
        diesel::delete(parties::table.filter(parties::experiment_id.eq(after.id))).execute(conn)?;
        insert_parties(conn, after.id, &now)?;
    }
    Ok(true)
}

fn insert_reports(conn: &mut Conn, of: &Experiment) -> QueryResult<()> {
    let rows: Vec<_> = (0..)
        .zip(&of.reports)
        .map(|(place, report)| {
            (
                origins::experiment_id.eq(of.id),
                origins::report_id.eq(*report),
                origins::place.eq(place),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(origins::table)
            .values(rows)
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(origins::table)
            .values(rows)
            .execute(conn),
    }
    .map(drop)
}

/// The organisations it concerns now.
fn parties_of(of: &Experiment) -> Vec<OrganisationId> {
    use ParticipantState::{Asked, Leaving, Participating};
    let takes_part = |one: &&Participant| matches!(one.state, Asked | Participating | Leaving);
    let mut found: Vec<OrganisationId> = std::iter::once(of.proposer.organisation)
        .chain(of.authority)
        .chain(
            of.participants
                .iter()
                .filter(takes_part)
                .map(|one| one.organisation),
        )
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn insert_parties(conn: &mut Conn, id: ExperimentId, of: &[OrganisationId]) -> QueryResult<()> {
    let rows: Vec<_> = of
        .iter()
        .map(|one| {
            (
                parties::experiment_id.eq(id),
                parties::organisation_id.eq(*one),
            )
        })
        .collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(parties::table)
            .values(rows)
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(parties::table)
            .values(rows)
            .execute(conn),
    }
    .map(drop)
}

/// One experiment.
pub fn find(conn: &mut Conn, id: ExperimentId) -> QueryResult<Option<Experiment>> {
    let row: Option<Row> = t::table.find(id).first(conn).optional()?;
    Ok(with_reports(conn, row.into_iter().collect())?.pop())
}

/// Those that some reports led to, the earliest first.
pub fn of_reports(conn: &mut Conn, reports: &[ReportId]) -> QueryResult<Vec<Experiment>> {
    let ids: Vec<ExperimentId> = origins::table
        .filter(any_of(origins::report_id, reports))
        .select(origins::experiment_id)
        .distinct()
        .load(conn)?;
    let rows = t::table
        .filter(any_of(t::id, &ids))
        .order(t::id)
        .load(conn)?;
    with_reports(conn, rows)
}

/// Those that are not closed and in which an organisation has a part, the earliest first.
pub fn open_of(conn: &mut Conn, organisation: OrganisationId) -> QueryResult<Vec<Experiment>> {
    let closed = Coded(ExperimentStatus::Closed);
    let rows = t::table
        .filter(
            t::id.eq_any(
                parties::table
                    .filter(parties::organisation_id.eq(organisation))
                    .select(parties::experiment_id),
            ),
        )
        .filter(t::status.ne(closed))
        .order(t::id)
        .load::<Row>(conn)?;
    with_reports(conn, rows)
}

/// Makes the terms anew of some that an earlier version made; of how many.
pub(super) fn reindex(conn: &mut Conn, limit: i64) -> QueryResult<usize> {
    let rows: Vec<Row> = t::table
        .filter(t::terms_version.lt(VERSION))
        .limit(limit)
        .load(conn)?;
    let found: Vec<Experiment> = rows.into_iter().map(|row| row.made(Vec::new())).collect();
    for one in &found {
        diesel::update(t::table.find(one.id))
            .set((t::terms.eq(terms(one)), t::terms_version.eq(VERSION)))
            .execute(conn)?;
    }
    Ok(found.len())
}

/// What does not agree with what follows from it, by number; the first of them.
pub fn strayed(conn: &mut Conn, limit: usize) -> QueryResult<Vec<String>> {
    const PAGE: i64 = 200;
    let mut found = Vec::new();
    let mut after: Option<ExperimentId> = None;
    loop {
        let mut query = t::table.into_boxed().order(t::id).limit(PAGE);
        if let Some(after) = after {
            query = query.filter(t::id.gt(after));
        }
        let rows = query.load::<Row>(conn)?;
        let Some(last) = rows.last() else {
            return Ok(found);
        };
        after = Some(last.id);
        let ids: Vec<ExperimentId> = rows.iter().map(|row| row.id).collect();
        let columns: Vec<_> = rows
            .iter()
            .map(|row| {
                let terms = (row.terms_version == VERSION).then(|| row.terms.clone());
                (row.registered, row.due_on, row.alert_on, terms)
            })
            .collect();
        let mut kept: Vec<(ExperimentId, OrganisationId)> = parties::table
            .filter(any_of(parties::experiment_id, &ids))
            .select((parties::experiment_id, parties::organisation_id))
            .load(conn)?;
        kept.sort_unstable();
        let frozen: Vec<(ExperimentId, Option<i32>)> = plans::table
            .filter(any_of(plans::experiment_id, &ids))
            .group_by(plans::experiment_id)
            .select((plans::experiment_id, diesel::dsl::max(plans::number)))
            .load(conn)?;
        for (one, columns) in with_reports(conn, rows)?.iter().zip(columns) {
            let fresh = Row::from(one);
            let kept = kept.iter().filter(|(id, _)| *id == one.id);
            let kept: Vec<OrganisationId> = kept.map(|(_, party)| *party).collect();
            let versions = frozen.iter().find(|(id, _)| *id == one.id);
            let versions = versions.and_then(|(_, number)| *number).unwrap_or(0);
            let (registered, due_on, alert_on, terms) = columns;
            let agrees = (registered, due_on, alert_on)
                == (fresh.registered, fresh.due_on, fresh.alert_on)
                && terms.is_none_or(|terms| terms == fresh.terms)
                && kept == parties_of(one)
                && versions == one.plan_version;
            if !agrees && found.len() < limit {
                found.push(one.reference.clone());
            }
        }
    }
}

/// Which experiments a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub statuses: Vec<ExperimentStatus>,
    pub authority: Option<OrganisationId>,
    /// Those that an organisation proposed, owns the rule of, or takes part in.
    pub organisation: Option<OrganisationId>,
    pub report: Option<ReportId>,
    /// Of which something was due before this day.
    pub late_on: Option<NaiveDate>,
    pub words: Option<SearchQuery>,
    /// What changed last comes first; such a list has one page.
    pub changed_last: bool,
}

/// A page of those that somebody sees, the newest first; whom nobody knows sees what is registered.
pub fn list(
    conn: &mut Conn,
    actor: Option<&Actor>,
    filter: &Filter,
    before: Option<ExperimentId>,
    limit: i64,
) -> QueryResult<Vec<Experiment>> {
    let mut query = t::table.into_boxed().limit(limit);
    query = if filter.changed_last {
        query.order((t::updated_at.desc(), t::id.desc()))
    } else {
        query.order(t::id.desc())
    };
    let sees_all = actor.is_some_and(|actor| actor.is_desk() || policy::reads_unpublished(actor));
    if !sees_all {
        let works = actor.filter(|actor| actor.has(Role::Liaison) || actor.has(Role::Reporter));
        query = match works {
            None => query.filter(t::registered.eq(true)),
            Some(actor) => {
                let home = actor.home.id;
                let own = t::id.eq_any(
                    parties::table
                        .filter(parties::organisation_id.eq(home))
                        .select(parties::experiment_id),
                );
                if actor.has(Role::Liaison) {
                    query.filter(t::registered.eq(true).or(own))
                } else {
                    // Of what its organisation is only the authority of, its liaisons know.
                    let as_authority = t::authority_id.eq(home).and(t::proposer_id.ne(home));
                    let not_that = t::authority_id
                        .is_null()
                        .or(diesel::dsl::not(as_authority).assume_not_null());
                    query.filter(t::registered.eq(true).or(own.and(not_that)))
                }
            }
        };
    }
    if !filter.statuses.is_empty() {
        let wanted: Vec<_> = filter.statuses.iter().copied().map(Coded).collect();
        query = query.filter(any_of(t::status, &wanted));
    }
    if let Some(authority) = filter.authority {
        query = query.filter(t::authority_id.eq(authority));
    }
    if let Some(organisation) = filter.organisation {
        query = query.filter(
            t::id.eq_any(
                parties::table
                    .filter(parties::organisation_id.eq(organisation))
                    .select(parties::experiment_id),
            ),
        );
    }
    if let Some(report) = filter.report {
        query = query.filter(
            t::id.eq_any(
                origins::table
                    .filter(origins::report_id.eq(report))
                    .select(origins::experiment_id),
            ),
        );
    }
    if let Some(today) = filter.late_on {
        query = query.filter(t::due_on.lt(today));
    }
    if let Some(words) = &filter.words {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        for part in &words.parts {
            // Terms are letters and digits alone.
            query = query.filter(t::terms.like(format!("% {} %", part.join(" "))));
        }
    }
    if let Some(before) = before {
        query = query.filter(t::id.lt(before));
    }
    let rows = query.load::<Row>(conn)?;
    with_reports(conn, rows)
}

/// All of them, or those in the register alone, without the reports that led to them.
pub fn bare(conn: &mut Conn, registered: bool) -> QueryResult<Vec<Experiment>> {
    let mut query = t::table.into_boxed().order(t::id);
    if registered {
        query = query.filter(t::registered.eq(true));
    }
    let rows = query.load::<Row>(conn)?;
    Ok(rows.into_iter().map(|row| row.made(Vec::new())).collect())
}

/// Those that run, without the reports that led to them.
pub fn running(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Experiment>> {
    let rows = t::table
        .filter(t::status.eq(Coded(ExperimentStatus::Running)))
        .order(t::id)
        .limit(limit)
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(|row| row.made(Vec::new())).collect())
}

/// Those of which an alert is to be raised, the longest due first.
pub fn alerts_due(conn: &mut Conn, today: NaiveDate, limit: i64) -> QueryResult<Vec<Experiment>> {
    let rows = t::table
        .filter(t::alert_on.le(today))
        .order((t::alert_on, t::id))
        .limit(limit)
        .load::<Row>(conn)?;
    with_reports(conn, rows)
}

/// A version of a plan.
#[derive(Debug, Clone)]
pub struct PlanVersion {
    pub number: i32,
    pub plan: Plan,
    /// Why it was changed; none for the first.
    pub reason: Option<String>,
    /// Organisation of who made it.
    pub made_by: String,
    pub made_at: DateTime<Utc>,
}

/// Writes the plan as its newest version.
pub fn freeze(
    conn: &mut Conn,
    of: &Experiment,
    reason: Option<String>,
    made_by: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(plans::table)
        .values((
            plans::experiment_id.eq(of.id),
            plans::number.eq(of.plan_version),
            plans::plan.eq(Json(of.plan.clone())),
            plans::reason.eq(reason),
            plans::made_by.eq(made_by.to_owned()),
            plans::made_at.eq(Instant(now)),
        ))
        .execute(conn)
        .map(drop)
}

/// Versions of a plan, the newest first: those before a number.
pub fn plan_versions(
    conn: &mut Conn,
    id: ExperimentId,
    before: Option<i32>,
    limit: i64,
) -> QueryResult<Vec<PlanVersion>> {
    let mut query = plans::table
        .filter(plans::experiment_id.eq(id))
        .order(plans::number.desc())
        .limit(limit)
        .select((
            plans::number,
            plans::plan,
            plans::reason,
            plans::made_by,
            plans::made_at,
        ))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(plans::number.lt(before));
    }
    type Columns = (i32, Json<Plan>, Option<String>, String, Instant);
    let rows: Vec<Columns> = query.load(conn)?;
    let made = rows
        .into_iter()
        .map(|(number, plan, reason, made_by, made_at)| PlanVersion {
            number,
            plan: plan.0,
            reason,
            made_by,
            made_at: made_at.0,
        });
    Ok(made.collect())
}
