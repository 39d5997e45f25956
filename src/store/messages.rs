//! Messages about reports. What is sent stays as it is.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::code::code_list;
use crate::domain::id::{MessageId, OrganisationId, ReportId};
use crate::domain::message::{Message, MessageAudience, MessageState, Writer};
use crate::domain::status::Capacity;
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::schema::messages as t;
use crate::store::types::{Coded, Instant, Json};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = t, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: MessageId,
    report_id: ReportId,
    audience: Coded<MessageAudience>,
    organisation_id: OrganisationId,
    organisation_name: String,
    capacity: Coded<Capacity>,
    text: String,
    drafted_by: Json<Writer>,
    sent_by: Option<Json<Writer>>,
    created_at: Instant,
    updated_at: Instant,
    sent_at: Option<Instant>,
    filed_at: Instant,
    version: i32,
}

impl From<&Message> for Row {
    fn from(message: &Message) -> Self {
        let filed_at = Instant(message.filed_at());
        let message = message.clone();
        Self {
            id: message.id,
            report_id: message.report,
            audience: Coded(message.audience),
            organisation_id: message.organisation,
            organisation_name: message.organisation_name,
            capacity: Coded(message.capacity),
            text: message.text,
            drafted_by: Json(message.drafted_by),
            sent_by: message.sent_by.map(Json),
            created_at: Instant(message.created_at),
            updated_at: Instant(message.updated_at),
            sent_at: message.sent_at.map(Instant),
            filed_at,
            version: message.version,
        }
    }
}

impl From<Row> for Message {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            report: row.report_id,
            audience: row.audience.0,
            organisation: row.organisation_id,
            organisation_name: row.organisation_name,
            capacity: row.capacity.0,
            text: row.text,
            drafted_by: row.drafted_by.0,
            sent_by: row.sent_by.map(|writer| writer.0),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            sent_at: row.sent_at.map(|at| at.0),
            version: row.version,
        }
    }
}

/// Which messages of a report somebody sees: `policy::sees_message` in the terms of a query.
#[derive(Debug, Clone)]
pub struct Visible {
    pub home: OrganisationId,
    pub reads: Vec<MessageAudience>,
    /// Of one's own organisation, the drafts to these.
    pub writes: Vec<MessageAudience>,
}

/// What a list is limited to; an empty list limits nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub audiences: Vec<MessageAudience>,
    pub state: Option<MessageState>,
}

code_list! {
    /// Order of messages; a minus turns it round (Dutch: sortering).
    pub enum MessageSort {
        Oldest = "sent",
        Newest = "-sent",
    }
}

/// The key of the last row of a page.
pub type After = (DateTime<Utc>, MessageId);

/// One message of a report.
pub fn find(conn: &mut Conn, report: ReportId, id: MessageId) -> QueryResult<Option<Message>> {
    let row: Option<Row> = t::table
        .filter(t::id.eq(id).and(t::report_id.eq(report)))
        .first(conn)
        .optional()?;
    Ok(row.map(Message::from))
}

/// A page of the messages of a report, by when they were sent; a draft by when it was begun.
pub fn list(
    conn: &mut Conn,
    report: ReportId,
    visible: &Visible,
    filter: &Filter,
    sort: MessageSort,
    after: Option<After>,
    limit: i64,
) -> QueryResult<Vec<Message>> {
    let coded =
        |audiences: &[MessageAudience]| audiences.iter().copied().map(Coded).collect::<Vec<_>>();
    let own = || t::organisation_id.eq(visible.home);
    let internal = t::audience.eq(Coded(MessageAudience::Authority));
    let sent = t::sent_at
        .is_not_null()
        .and(any_of(t::audience, &coded(&visible.reads)))
        .and(diesel::dsl::not(internal).or(own()));
    let draft = t::sent_at
        .is_null()
        .and(any_of(t::audience, &coded(&visible.writes)))
        .and(own());
    let mut query = t::table
        .filter(t::report_id.eq(report))
        .filter(sent.or(draft))
        .into_boxed();
    if !filter.audiences.is_empty() {
        query = query.filter(any_of(t::audience, &coded(&filter.audiences)));
    }
    query = match filter.state {
        Some(MessageState::Draft) => query.filter(t::sent_at.is_null()),
        Some(MessageState::Sent) => query.filter(t::sent_at.is_not_null()),
        None => query,
    };
    let after = after.map(|(at, id)| (Instant(at), id));
    query = match (sort, after) {
        (MessageSort::Oldest, Some((at, id))) => {
            query.filter(t::filed_at.gt(at).or(t::filed_at.eq(at).and(t::id.gt(id))))
        }
        (MessageSort::Newest, Some((at, id))) => {
            query.filter(t::filed_at.lt(at).or(t::filed_at.eq(at).and(t::id.lt(id))))
        }
        (_, None) => query,
    };
    query = match sort {
        MessageSort::Oldest => query.order((t::filed_at.asc(), t::id.asc())),
        MessageSort::Newest => query.order((t::filed_at.desc(), t::id.desc())),
    };
    let rows: Vec<Row> = query.limit(limit).load(conn)?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// Every message that was sent about these reports: what of messages can be searched.
pub fn sent_about(conn: &mut Conn, reports: &[ReportId]) -> QueryResult<Vec<Message>> {
    let rows: Vec<Row> = t::table
        .filter(any_of(t::report_id, reports))
        .filter(t::sent_at.is_not_null())
        .order((t::report_id, t::filed_at, t::id))
        .load(conn)?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// Writes a new message.
pub fn insert(conn: &mut Conn, message: &Message) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values(Row::from(message))
        .execute(conn)
        .map(drop)
}

/// Writes a draft that was of this version; false when it was changed, sent or deleted since.
pub fn update(conn: &mut Conn, version: i32, message: &Message) -> QueryResult<bool> {
    let same = t::id.eq(message.id).and(t::version.eq(version));
    let drafts = t::table.filter(same).filter(t::sent_at.is_null());
    Ok(diesel::update(drafts)
        .set(Row::from(message))
        .execute(conn)?
        == 1)
}

/// Deletes a draft of this version; false when it was changed, sent or deleted since.
pub fn delete(conn: &mut Conn, message: &Message) -> QueryResult<bool> {
    let same = t::id.eq(message.id).and(t::version.eq(message.version));
    let drafts = t::table.filter(same).filter(t::sent_at.is_null());
    Ok(diesel::delete(drafts).execute(conn)? == 1)
}
