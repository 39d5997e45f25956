//! Attachments of reports: what is known of them; their bytes are in `objects`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::attachment::{Attachment, FileKind};
use crate::domain::id::{AttachmentId, OrganisationId, ReportId};
use crate::domain::message::{MessageAudience, Writer};
use crate::domain::status::Capacity;
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::schema::attachments as t;
use crate::store::types::{Coded, Instant, Json};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: AttachmentId,
    report_id: ReportId,
    audience: Coded<MessageAudience>,
    organisation_id: OrganisationId,
    organisation_name: String,
    capacity: Coded<Capacity>,
    uploaded_by: Json<Writer>,
    name: String,
    kind: Coded<FileKind>,
    bytes: i64,
    digest: String,
    created_at: Instant,
    deleted_by: Option<Json<Writer>>,
    deleted_at: Option<Instant>,
    removed_at: Option<Instant>,
    version: i32,
}

impl From<&Attachment> for Row {
    fn from(attachment: &Attachment) -> Self {
        let attachment = attachment.clone();
        Self {
            id: attachment.id,
            report_id: attachment.report,
            audience: Coded(attachment.audience),
            organisation_id: attachment.organisation,
            organisation_name: attachment.organisation_name,
            capacity: Coded(attachment.capacity),
            uploaded_by: Json(attachment.uploaded_by),
            name: attachment.name,
            kind: Coded(attachment.kind),
            bytes: attachment.bytes,
            digest: attachment.digest,
            created_at: Instant(attachment.created_at),
            deleted_by: attachment.deleted_by.map(Json),
            deleted_at: attachment.deleted_at.map(Instant),
            removed_at: attachment.removed_at.map(Instant),
            version: attachment.version,
        }
    }
}

impl From<Row> for Attachment {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            report: row.report_id,
            audience: row.audience.0,
            organisation: row.organisation_id,
            organisation_name: row.organisation_name,
            capacity: row.capacity.0,
            uploaded_by: row.uploaded_by.0,
            name: row.name,
            kind: row.kind.0,
            bytes: row.bytes,
            digest: row.digest,
            created_at: row.created_at.0,
            deleted_by: row.deleted_by.map(|writer| writer.0),
            deleted_at: row.deleted_at.map(|at| at.0),
            removed_at: row.removed_at.map(|at| at.0),
            version: row.version,
        }
    }
}

/// Which attachments of a report somebody sees: `policy::reads` in the terms of a query.
#[derive(Debug, Clone)]
pub struct Visible {
    pub home: OrganisationId,
    pub reads: Vec<MessageAudience>,
}

/// One attachment of a report.
pub fn find(
    conn: &mut Conn,
    report: ReportId,
    id: AttachmentId,
) -> QueryResult<Option<Attachment>> {
    let row: Option<Row> = t::table
        .filter(t::id.eq(id).and(t::report_id.eq(report)))
        .first(conn)
        .optional()?;
    Ok(row.map(Attachment::from))
}

/// A page of the attachments of a report that were not deleted, in the order they were added.
pub fn list(
    conn: &mut Conn,
    report: ReportId,
    visible: &Visible,
    after: Option<AttachmentId>,
    limit: i64,
) -> QueryResult<Vec<Attachment>> {
    let reads: Vec<_> = visible.reads.iter().copied().map(Coded).collect();
    let internal = t::audience.eq(Coded(MessageAudience::Authority));
    let mut query = t::table
        .filter(t::report_id.eq(report))
        .filter(t::deleted_at.is_null())
        .filter(any_of(t::audience, &reads))
        .filter(diesel::dsl::not(internal).or(t::organisation_id.eq(visible.home)))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(t::id.gt(after));
    }
    let rows: Vec<Row> = query.order(t::id).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(Attachment::from).collect())
}

/// How many a report has.
pub fn count(conn: &mut Conn, report: ReportId) -> QueryResult<i64> {
    t::table
        .filter(t::report_id.eq(report))
        .filter(t::deleted_at.is_null())
        .count()
        .get_result(conn)
}

/// Writes a new attachment.
pub fn insert(conn: &mut Conn, attachment: &Attachment) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values(Row::from(attachment))
        .execute(conn)
        .map(drop)
}

/// Writes an attachment that was of this version; false when it was changed since.
pub fn update(conn: &mut Conn, version: i32, attachment: &Attachment) -> QueryResult<bool> {
    let same = t::id.eq(attachment.id).and(t::version.eq(version));
    let row = Row::from(attachment);
    Ok(diesel::update(t::table.filter(same))
        .set(row)
        .execute(conn)?
        == 1)
}

/// Notes that the bytes of a deleted attachment are gone.
pub fn set_removed(conn: &mut Conn, id: AttachmentId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(t::table.find(id).filter(t::deleted_at.is_not_null()))
        .set(t::removed_at.eq(Some(Instant(now))))
        .execute(conn)
        .map(drop)
}

/// Deleted attachments whose bytes are still to be taken away.
pub fn to_remove(conn: &mut Conn, limit: i64) -> QueryResult<Vec<(AttachmentId, ReportId)>> {
    t::table
        .filter(t::deleted_at.is_not_null())
        .filter(t::removed_at.is_null())
        .order(t::id)
        .limit(limit)
        .select((t::id, t::report_id))
        .load(conn)
}

/// Of these ids, those whose bytes are to be kept.
pub fn kept(conn: &mut Conn, ids: &[AttachmentId]) -> QueryResult<Vec<AttachmentId>> {
    t::table
        .filter(any_of(t::id, ids))
        .filter(t::deleted_at.is_null())
        .select(t::id)
        .load(conn)
}

/// The attachments of a report whose bytes may still be there.
pub fn of_report(conn: &mut Conn, report: ReportId) -> QueryResult<Vec<AttachmentId>> {
    t::table
        .filter(t::report_id.eq(report))
        .filter(t::removed_at.is_null())
        .select(t::id)
        .load(conn)
}

/// What the store of bytes should hold: id, report and size, a page by id.
pub fn expected(
    conn: &mut Conn,
    after: Option<AttachmentId>,
    limit: i64,
) -> QueryResult<Vec<(AttachmentId, ReportId, i64)>> {
    let mut query = t::table.filter(t::deleted_at.is_null()).into_boxed();
    if let Some(after) = after {
        query = query.filter(t::id.gt(after));
    }
    query
        .order(t::id)
        .limit(limit)
        .select((t::id, t::report_id, t::bytes))
        .load(conn)
}
