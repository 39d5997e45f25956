//! The timelines of reports.

use diesel::prelude::*;

use crate::domain::event::{Author, Details, Event, EventKind};
use crate::domain::id::{EventId, OrganisationId, PrincipalId, ReportId};
use crate::domain::status::{Capacity, Status};
use crate::store::any_of::any_of;
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::schema::events;
use crate::store::types::{Coded, Instant, Json};

#[derive(Queryable, Selectable, Insertable, Debug, Clone)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct Row {
    id: EventId,
    report_id: ReportId,
    at: Instant,
    kind: Coded<EventKind>,
    from_status: Option<Coded<Status>>,
    to_status: Coded<Status>,
    version: i32,
    principal_id: Option<PrincipalId>,
    author_name: String,
    organisation_id: Option<OrganisationId>,
    organisation_name: Option<String>,
    capacity: Coded<Capacity>,
    details: Json<Details>,
}

impl From<&Event> for Row {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id,
            report_id: event.report,
            at: Instant(event.at),
            kind: Coded(event.kind),
            from_status: event.from.map(Coded),
            to_status: Coded(event.to),
            version: event.version,
            principal_id: event.author.principal,
            author_name: event.author.name.clone(),
            organisation_id: event.author.organisation,
            organisation_name: event.author.organisation_name.clone(),
            capacity: Coded(event.author.capacity),
            details: Json(event.details.clone()),
        }
    }
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            report: row.report_id,
            at: row.at.0,
            kind: row.kind.0,
            from: row.from_status.map(|status| status.0),
            to: row.to_status.0,
            version: row.version,
            author: Author {
                principal: row.principal_id,
                name: row.author_name,
                organisation: row.organisation_id,
                organisation_name: row.organisation_name,
                capacity: row.capacity.0,
            },
            details: row.details.0,
        }
    }
}

/// Writes events, several in one statement.
pub fn insert(conn: &mut Conn, new: &[Event]) -> QueryResult<()> {
    if new.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(events::table)
            .values(rows)
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(events::table)
            .values(rows)
            .execute(conn),
    }
    .map(drop)
}

/// Writes events in bulk.
pub fn insert_many(conn: &mut Conn, new: &[Event]) -> QueryResult<()> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    insert_all!(conn, events::table, 13, &rows)
}

/// The events of the reports between two ids, these included, each report's in order.
pub fn between(conn: &mut Conn, first: ReportId, last: ReportId) -> QueryResult<Vec<Event>> {
    let rows: Vec<Row> = events::table
        .filter(events::report_id.between(first, last))
        .order((events::report_id, events::id))
        .load(conn)?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// The events of some reports, each report's in order.
pub fn of_reports(conn: &mut Conn, ids: &[ReportId]) -> QueryResult<Vec<Event>> {
    let rows: Vec<Row> = events::table
        .filter(any_of(events::report_id, ids))
        .order((events::report_id, events::id))
        .load(conn)?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// A page of a report's timeline, oldest first; of some kinds, or of all when none is named. Ids ascend with time.
pub fn list(
    conn: &mut Conn,
    report: ReportId,
    kinds: &[EventKind],
    after: Option<EventId>,
    limit: i64,
) -> QueryResult<Vec<Event>> {
    let mut query = events::table
        .filter(events::report_id.eq(report))
        .into_boxed();
    if !kinds.is_empty() {
        let wanted: Vec<_> = kinds.iter().copied().map(Coded).collect();
        query = query.filter(any_of(events::kind, &wanted));
    }
    if let Some(after) = after {
        query = query.filter(events::id.gt(after));
    }
    let rows: Vec<Row> = query.order(events::id).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(Event::from).collect())
}
