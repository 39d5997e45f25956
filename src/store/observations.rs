//! What was observed in experiments.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::experiment::progress::{Observation, Observed};
use crate::domain::id::{ExperimentId, IndicatorId, ObservationId, OrganisationId};
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::schema::experiment_observations as t;
use crate::store::types::Instant;

#[derive(Queryable, Insertable, Debug, Clone)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    id: ObservationId,
    experiment_id: ExperimentId,
    indicator_id: IndicatorId,
    organisation_id: Option<OrganisationId>,
    comparison: bool,
    observed_on: NaiveDate,
    value: f64,
    note: Option<String>,
    entered_by_id: OrganisationId,
    entered_at: Instant,
    corrects_id: Option<ObservationId>,
    corrected_by_id: Option<ObservationId>,
    reason: Option<String>,
}

impl From<&Observation> for Row {
    fn from(of: &Observation) -> Self {
        Self {
            id: of.id,
            experiment_id: of.experiment,
            indicator_id: of.indicator,
            organisation_id: match of.of {
                Observed::Participant(id) => Some(id),
                Observed::All | Observed::Comparison => None,
            },
            comparison: of.of == Observed::Comparison,
            observed_on: of.observed_on,
            value: of.value,
            note: of.note.clone(),
            entered_by_id: of.entered_by,
            entered_at: Instant(of.entered_at),
            corrects_id: of.corrects,
            corrected_by_id: of.corrected_by,
            reason: of.reason.clone(),
        }
    }
}

impl From<Row> for Observation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            experiment: row.experiment_id,
            indicator: row.indicator_id,
            of: match row.organisation_id {
                Some(id) => Observed::Participant(id),
                None if row.comparison => Observed::Comparison,
                None => Observed::All,
            },
            observed_on: row.observed_on,
            value: row.value,
            note: row.note,
            entered_by: row.entered_by_id,
            entered_at: row.entered_at.0,
            corrects: row.corrects_id,
            corrected_by: row.corrected_by_id,
            reason: row.reason,
        }
    }
}

/// Writes observations, several in one statement.
pub fn insert(conn: &mut Conn, new: &[Observation]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    insert_all!(conn, t::table, 13, &rows)
}

/// Marks an observation as corrected by another; false when it was corrected before.
pub fn correct(conn: &mut Conn, old: ObservationId, by: ObservationId) -> QueryResult<bool> {
    let open = t::table.find(old).filter(t::corrected_by_id.is_null());
    Ok(diesel::update(open)
        .set(t::corrected_by_id.eq(by))
        .execute(conn)?
        == 1)
}

/// Which observations a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub indicator: Option<IndicatorId>,
    pub participant: Option<OrganisationId>,
    /// With those that were corrected.
    pub corrected: bool,
}

/// Observations of an experiment, in the order in which they were entered: those after one, `limit` at most.
pub fn list(
    conn: &mut Conn,
    experiment: ExperimentId,
    filter: Filter,
    after: Option<ObservationId>,
    limit: i64,
) -> QueryResult<Vec<Observation>> {
    let mut query = t::table
        .filter(t::experiment_id.eq(experiment))
        .order(t::id)
        .limit(limit)
        .into_boxed();
    if let Some(indicator) = filter.indicator {
        query = query.filter(t::indicator_id.eq(indicator));
    }
    if let Some(participant) = filter.participant {
        query = query.filter(t::organisation_id.eq(participant));
    }
    if !filter.corrected {
        query = query.filter(t::corrected_by_id.is_null());
    }
    if let Some(after) = after {
        query = query.filter(t::id.gt(after));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(Observation::from).collect())
}

/// One observation of an experiment.
pub fn find(
    conn: &mut Conn,
    experiment: ExperimentId,
    id: ObservationId,
) -> QueryResult<Option<Observation>> {
    let row: Option<Row> = t::table
        .find(id)
        .filter(t::experiment_id.eq(experiment))
        .first(conn)
        .optional()?;
    Ok(row.map(Observation::from))
}

/// How many there are of an experiment.
pub fn count(conn: &mut Conn, experiment: ExperimentId) -> QueryResult<i64> {
    t::table
        .filter(t::experiment_id.eq(experiment))
        .count()
        .get_result(conn)
}

/// Those that count, observed from one day to another.
pub fn between(
    conn: &mut Conn,
    experiment: ExperimentId,
    from: NaiveDate,
    to: NaiveDate,
) -> QueryResult<Vec<Observation>> {
    let rows: Vec<Row> = t::table
        .filter(t::experiment_id.eq(experiment))
        .filter(t::corrected_by_id.is_null())
        .filter(t::observed_on.between(from, to))
        .load(conn)?;
    Ok(rows.into_iter().map(Observation::from).collect())
}

/// Gives what was observed of a participant to its successor.
pub fn hand_over(
    conn: &mut Conn,
    experiment: ExperimentId,
    old: OrganisationId,
    new: OrganisationId,
) -> QueryResult<()> {
    let own = t::experiment_id
        .eq(experiment)
        .and(t::organisation_id.eq(old));
    diesel::update(t::table.filter(own))
        .set(t::organisation_id.eq(new))
        .execute(conn)
        .map(drop)
}
