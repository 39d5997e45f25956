//! The timelines of experiments.

use diesel::prelude::*;

use crate::domain::experiment::event::{ExperimentDetails, ExperimentEvent, ExperimentEventKind};
use crate::domain::experiment::{ExperimentCapacity, ExperimentStatus};
use crate::domain::id::{EventId, ExperimentId, OrganisationId, PrincipalId};
use crate::store::db::Conn;
use crate::store::schema::experiment_events as t;
use crate::store::types::{Coded, Instant, Json};

#[derive(Queryable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false)]
struct Row {
    id: EventId,
    experiment_id: ExperimentId,
    at: Instant,
    kind: Coded<ExperimentEventKind>,
    from_status: Option<Coded<ExperimentStatus>>,
    to_status: Coded<ExperimentStatus>,
    version: i32,
    principal_id: Option<PrincipalId>,
    author_name: String,
    organisation_id: Option<OrganisationId>,
    organisation_name: Option<String>,
    capacity: Coded<ExperimentCapacity>,
    details: Json<ExperimentDetails>,
}

impl From<&ExperimentEvent> for Row {
    fn from(event: &ExperimentEvent) -> Self {
        Self {
            id: event.id,
            experiment_id: event.experiment,
            at: Instant(event.at),
            kind: Coded(event.kind),
            from_status: event.from.map(Coded),
            to_status: Coded(event.to),
            version: event.version,
            principal_id: event.principal,
            author_name: event.author_name.clone(),
            organisation_id: event.organisation,
            organisation_name: event.organisation_name.clone(),
            capacity: Coded(event.capacity),
            details: Json(event.details.clone()),
        }
    }
}

impl From<Row> for ExperimentEvent {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            experiment: row.experiment_id,
            at: row.at.0,
            kind: row.kind.0,
            from: row.from_status.map(|status| status.0),
            to: row.to_status.0,
            version: row.version,
            principal: row.principal_id,
            author_name: row.author_name,
            organisation: row.organisation_id,
            organisation_name: row.organisation_name,
            capacity: row.capacity.0,
            details: row.details.0,
        }
    }
}

/// Writes an event.
pub fn insert(conn: &mut Conn, event: &ExperimentEvent) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values(Row::from(event))
        .execute(conn)
        .map(drop)
}

/// A page of a timeline, oldest first. Ids ascend with time.
pub fn list(
    conn: &mut Conn,
    experiment: ExperimentId,
    after: Option<EventId>,
    limit: i64,
) -> QueryResult<Vec<ExperimentEvent>> {
    let mut query = t::table
        .filter(t::experiment_id.eq(experiment))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(t::id.gt(after));
    }
    let rows: Vec<Row> = query.order(t::id).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(ExperimentEvent::from).collect())
}
