//! Endorsements of reports. What is withdrawn stays, and counts no more.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::endorsement::Endorsement;
use crate::domain::id::{EndorsementId, OrganisationId, ReportId};
use crate::domain::report::{Contact, Sender};
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::schema::endorsements;
use crate::store::types::{Instant, Json};

#[derive(Queryable, Selectable, Insertable, Debug)]
#[diesel(table_name = endorsements, treat_none_as_default_value = false)]
struct Row {
    id: EndorsementId,
    report_id: ReportId,
    organisation_id: OrganisationId,
    effect: String,
    contact: Option<Json<Contact>>,
    sender: Json<Sender>,
    endorsed_at: Instant,
    withdrawn_at: Option<Instant>,
}

impl From<&Endorsement> for Row {
    fn from(endorsement: &Endorsement) -> Self {
        Self {
            id: endorsement.id,
            report_id: endorsement.report,
            organisation_id: endorsement.organisation,
            effect: endorsement.effect.clone(),
            contact: endorsement.contact.clone().map(Json),
            sender: Json(endorsement.sender.clone()),
            endorsed_at: Instant(endorsement.endorsed_at),
            withdrawn_at: endorsement.withdrawn_at.map(Instant),
        }
    }
}

impl From<Row> for Endorsement {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            report: row.report_id,
            organisation: row.organisation_id,
            effect: row.effect,
            contact: row.contact.map(|contact| contact.0),
            sender: row.sender.0,
            endorsed_at: row.endorsed_at.0,
            withdrawn_at: row.withdrawn_at.map(|at| at.0),
        }
    }
}

/// Writes a new endorsement.
pub fn insert(conn: &mut Conn, endorsement: &Endorsement) -> QueryResult<()> {
    diesel::insert_into(endorsements::table)
        .values(Row::from(endorsement))
        .execute(conn)
        .map(drop)
}

/// The endorsements that stand of some reports, the earliest first.
pub fn standing(conn: &mut Conn, reports: &[ReportId]) -> QueryResult<Vec<Endorsement>> {
    if reports.is_empty() {
        return Ok(Vec::new());
    }
    let rows = endorsements::table
        .filter(any_of(endorsements::report_id, reports))
        .filter(endorsements::withdrawn_at.is_null())
        .order((endorsements::endorsed_at, endorsements::id))
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(Endorsement::from).collect())
}

/// Takes back what an organisation said of some reports; how many there were.
pub fn withdraw(
    conn: &mut Conn,
    reports: &[ReportId],
    organisation: OrganisationId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let own = endorsements::table
        .filter(any_of(endorsements::report_id, reports))
        .filter(endorsements::organisation_id.eq(organisation))
        .filter(endorsements::withdrawn_at.is_null());
    diesel::update(own)
        .set(endorsements::withdrawn_at.eq(Some(Instant(now))))
        .execute(conn)
}

/// Lets endorsements be of another report.
pub fn move_to(conn: &mut Conn, ids: &[EndorsementId], report: ReportId) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    diesel::update(endorsements::table.filter(any_of(endorsements::id, ids)))
        .set(endorsements::report_id.eq(report))
        .execute(conn)
        .map(drop)
}
