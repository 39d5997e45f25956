//! The outbox: notices that wait to be sent, written in the transaction of the event they tell of.
//!
//! A worker claims rows with a lease. Claiming moves `next_attempt_at` to the end of the lease, so that one predicate
//! finds what is due, a row under a running lease is not, and a row whose worker died comes back by itself. Every mark
//! names the lease it was claimed with: a worker that was frozen past its lease changes nothing any more.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::domain::actor::Language;
use crate::domain::code::Code;
use crate::domain::id::{EventId, NoticeId, ReportId};
use crate::domain::notice::{NoticeKind, NoticeState};
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::schema::outbox;
use crate::store::types::{Coded, Instant, Json};

/// A notice to be sent.
#[derive(Debug, Clone)]
pub struct NewNotice {
    pub id: NoticeId,
    pub report: Option<ReportId>,
    pub event: Option<EventId>,
    pub kind: NoticeKind,
    pub to_name: String,
    pub to_email: String,
    pub language: Language,
    /// What its text needs, as it was when the notice was queued.
    pub data: Value,
    pub message_id: String,
    pub thread_id: Option<String>,
}

/// A notice and where its sending stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub id: NoticeId,
    pub report: Option<ReportId>,
    pub event: Option<EventId>,
    pub kind: NoticeKind,
    pub to_name: String,
    pub to_email: String,
    pub language: Language,
    pub data: Value,
    pub message_id: String,
    pub thread_id: Option<String>,
    pub state: NoticeState,
    pub attempts: u32,
    pub next_attempt_at: DateTime<Utc>,
    pub leased_until: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// A row as both databases have it.
#[derive(Queryable, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
struct Row {
    id: NoticeId,
    report_id: Option<ReportId>,
    event_id: Option<EventId>,
    kind: Coded<NoticeKind>,
    to_name: String,
    to_email: String,
    language: Coded<Language>,
    data: Json<Value>,
    message_id: String,
    thread_id: Option<String>,
    state: Coded<NoticeState>,
    attempts: i32,
    next_attempt_at: Instant,
    leased_until: Option<Instant>,
    last_error: Option<String>,
    created_at: Instant,
    sent_at: Option<Instant>,
    version: i32,
}

impl From<Row> for Notice {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            report: row.report_id,
            event: row.event_id,
            kind: row.kind.0,
            to_name: row.to_name,
            to_email: row.to_email,
            language: row.language.0,
            data: row.data.0,
            message_id: row.message_id,
            thread_id: row.thread_id,
            state: row.state.0,
            attempts: row.attempts.unsigned_abs(),
            next_attempt_at: row.next_attempt_at.0,
            leased_until: row.leased_until.map(|at| at.0),
            last_error: row.last_error,
            created_at: row.created_at.0,
            sent_at: row.sent_at.map(|at| at.0),
            version: row.version,
        }
    }
}

impl From<Notice> for Row {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id,
            report_id: notice.report,
            event_id: notice.event,
            kind: Coded(notice.kind),
            to_name: notice.to_name,
            to_email: notice.to_email,
            language: Coded(notice.language),
            data: Json(notice.data),
            message_id: notice.message_id,
            thread_id: notice.thread_id,
            state: Coded(notice.state),
            attempts: i32::try_from(notice.attempts).unwrap_or(i32::MAX),
            next_attempt_at: notice.next_attempt_at.into(),
            leased_until: notice.leased_until.map(Instant),
            last_error: notice.last_error,
            created_at: notice.created_at.into(),
            sent_at: notice.sent_at.map(Instant),
            version: notice.version,
        }
    }
}

/// Queues notices, all in one statement.
pub fn insert(conn: &mut Conn, notices: &[NewNotice], now: DateTime<Utc>) -> QueryResult<()> {
    if notices.is_empty() {
        return Ok(());
    }
    let row = |notice: &NewNotice| Row {
        id: notice.id,
        report_id: notice.report,
        event_id: notice.event,
        kind: Coded(notice.kind),
        to_name: notice.to_name.clone(),
        to_email: notice.to_email.clone(),
        language: Coded(notice.language),
        data: Json(notice.data.clone()),
        message_id: notice.message_id.clone(),
        thread_id: notice.thread_id.clone(),
        state: Coded(NoticeState::Queued),
        attempts: 0,
        next_attempt_at: now.into(),
        leased_until: None,
        last_error: None,
        created_at: now.into(),
        sent_at: None,
        version: 1,
    };
    let rows: Vec<Row> = notices.iter().map(row).collect();
    // Several rows in one statement is what the shared form cannot say.
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(outbox::table)
            .values(&rows)
            .execute(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(outbox::table)
            .values(&rows)
            .execute(conn)?,
    };
    Ok(())
}

/// Writes notices in bulk, wherever their sending stands.
pub fn insert_many(conn: &mut Conn, notices: Vec<Notice>) -> QueryResult<()> {
    let rows: Vec<Row> = notices.into_iter().map(Row::from).collect();
    insert_all!(conn, outbox::table, 18, &rows)
}

/// Takes up to `limit` notices that are due, the longest waiting first, and leases them until `lease_until`. On
/// PostgreSQL rows that another worker is claiming are passed over; on SQLite there is one writer at a time.
pub fn claim(
    conn: &mut Conn,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Notice>> {
    let due = outbox::table
        .filter(outbox::state.eq(NoticeState::Queued.as_str()))
        .filter(outbox::next_attempt_at.le(Instant(now)))
        .order((outbox::next_attempt_at, outbox::id))
        .limit(limit)
        .select(outbox::id);
    let ids: Vec<NoticeId> = match conn {
        Conn::Sqlite(conn) => due.load(conn)?,
        Conn::Postgres(conn) => due.for_update().skip_locked().load(conn)?,
    };
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<Row> = diesel::update(outbox::table.filter(outbox::id.eq_any(&ids)))
        .set((
            outbox::leased_until.eq(Some(Instant(lease_until))),
            outbox::next_attempt_at.eq(Instant(lease_until)),
        ))
        .returning(outbox::all_columns)
        .get_results(conn)?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows.into_iter().map(Notice::from).collect())
}

/// It was sent. `blank` forgets what the text was made of, where that was a secret. False when the lease was lost.
pub fn mark_sent(
    conn: &mut Conn,
    id: NoticeId,
    lease: DateTime<Utc>,
    now: DateTime<Utc>,
    blank: bool,
) -> QueryResult<bool> {
    let mine = outbox::table
        .filter(outbox::id.eq(id))
        .filter(outbox::leased_until.eq(Some(Instant(lease))));
    let sent = (
        outbox::state.eq(NoticeState::Sent.as_str()),
        outbox::sent_at.eq(Some(Instant(now))),
        outbox::leased_until.eq(None::<Instant>),
        outbox::last_error.eq(None::<String>),
        outbox::attempts.eq(outbox::attempts + 1),
        outbox::version.eq(outbox::version + 1),
    );
    let changed = if blank {
        let blank = outbox::data.eq(Json(Value::Object(serde_json::Map::new())));
        diesel::update(mine).set((sent, blank)).execute(conn)?
    } else {
        diesel::update(mine).set(sent).execute(conn)?
    };
    Ok(changed == 1)
}

/// It was not sent; it is tried again at `again`, or given up when there is no `again`.
pub fn mark_failed(
    conn: &mut Conn,
    id: NoticeId,
    lease: DateTime<Utc>,
    again: Option<DateTime<Utc>>,
    error: &str,
) -> QueryResult<bool> {
    let state = if again.is_some() {
        NoticeState::Queued
    } else {
        NoticeState::Dead
    };
    let mine = outbox::table
        .filter(outbox::id.eq(id))
        .filter(outbox::leased_until.eq(Some(Instant(lease))));
    let changed = diesel::update(mine)
        .set((
            outbox::state.eq(state.as_str()),
            outbox::next_attempt_at.eq(Instant(again.unwrap_or(lease))),
            outbox::leased_until.eq(None::<Instant>),
            outbox::last_error.eq(Some(error)),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::version.eq(outbox::version + 1),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Gives claimed notices back untried.
pub fn release(
    conn: &mut Conn,
    ids: &[NoticeId],
    lease: DateTime<Utc>,
    again: DateTime<Utc>,
) -> QueryResult<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mine = outbox::table
        .filter(outbox::id.eq_any(ids))
        .filter(outbox::leased_until.eq(Some(Instant(lease))));
    diesel::update(mine)
        .set((
            outbox::next_attempt_at.eq(Instant(again)),
            outbox::leased_until.eq(None::<Instant>),
        ))
        .execute(conn)
}

/// Has a notice sent again, with the Message-ID it had. Returns it as it then is; none when it changed meanwhile.
pub fn requeue(
    conn: &mut Conn,
    id: NoticeId,
    version: i32,
    now: DateTime<Utc>,
) -> QueryResult<Option<Notice>> {
    let row: Option<Row> = diesel::update(
        outbox::table
            .filter(outbox::id.eq(id))
            .filter(outbox::version.eq(version)),
    )
    .set((
        outbox::state.eq(NoticeState::Queued.as_str()),
        outbox::attempts.eq(0),
        outbox::next_attempt_at.eq(Instant(now)),
        outbox::leased_until.eq(None::<Instant>),
        outbox::version.eq(outbox::version + 1),
    ))
    .returning(outbox::all_columns)
    .get_result(conn)
    .optional()?;
    Ok(row.map(Notice::from))
}

/// One notice.
pub fn find(conn: &mut Conn, id: NoticeId) -> QueryResult<Option<Notice>> {
    let row: Option<Row> = outbox::table.find(id).first(conn).optional()?;
    Ok(row.map(Notice::from))
}

/// Notices in these states (all when empty), newest first, those queued before `before`.
pub fn list(
    conn: &mut Conn,
    states: &[NoticeState],
    before: Option<NoticeId>,
    limit: i64,
) -> QueryResult<Vec<Notice>> {
    let mut query = outbox::table
        .order(outbox::id.desc())
        .limit(limit)
        .into_boxed();
    if !states.is_empty() {
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        query = query.filter(outbox::state.eq_any(states));
    }
    if let Some(before) = before {
        query = query.filter(outbox::id.lt(before));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(Notice::from).collect())
}

/// What is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Still to be sent.
    pub queued: i64,
    /// Given up.
    pub dead: i64,
    /// When the oldest of those still to be sent was queued.
    pub oldest: Option<DateTime<Utc>>,
}

/// What is not sent, in one statement that reads an index as far as it goes.
pub fn waiting(conn: &mut Conn) -> QueryResult<Waiting> {
    let of = |state: NoticeState| outbox::table.filter(outbox::state.eq(state.as_str()));
    let count = |state| of(state).count().single_value();
    let oldest = of(NoticeState::Queued)
        .order(outbox::id)
        .select(outbox::created_at)
        .limit(1)
        .single_value();
    let (queued, dead, oldest): (Option<i64>, Option<i64>, Option<Instant>) =
        diesel::select((count(NoticeState::Queued), count(NoticeState::Dead), oldest))
            .get_result(conn)?;
    Ok(Waiting {
        queued: queued.unwrap_or(0),
        dead: dead.unwrap_or(0),
        oldest: oldest.map(|at| at.0),
    })
}

/// How many notices are in each state.
pub fn counts(conn: &mut Conn) -> QueryResult<Vec<(NoticeState, i64)>> {
    let rows: Vec<(Coded<NoticeState>, i64)> = outbox::table
        .group_by(outbox::state)
        .select((outbox::state, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(state, n)| (state.0, n)).collect())
}

/// What waits to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    pub waiting: i64,
    /// When the longest and the shortest waiting were queued.
    pub oldest: Option<DateTime<Utc>>,
    pub newest: Option<DateTime<Utc>>,
}

/// What waits to be sent.
pub fn backlog(conn: &mut Conn) -> QueryResult<Backlog> {
    use diesel::dsl::{count_star, max, min};
    let (waiting, oldest, newest): (i64, Option<Instant>, Option<Instant>) = outbox::table
        .filter(outbox::state.eq(NoticeState::Queued.as_str()))
        .select((
            count_star(),
            min(outbox::created_at),
            max(outbox::created_at),
        ))
        .first(conn)?;
    Ok(Backlog {
        waiting,
        oldest: oldest.map(|at| at.0),
        newest: newest.map(|at| at.0),
    })
}

/// Ends all leases, where no worker can be left that holds one. Returns how many.
pub fn end_leases(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(
        outbox::table
            .filter(outbox::state.eq(NoticeState::Queued.as_str()))
            .filter(outbox::leased_until.is_not_null()),
    )
    .set((
        outbox::leased_until.eq(None::<Instant>),
        outbox::next_attempt_at.eq(Instant(now)),
    ))
    .execute(conn)
}

/// Lets what waits and was queued before an instant go unsent, what a worker has in hand excepted. Returns how many.
pub fn discard_queued_before(
    conn: &mut Conn,
    before: DateTime<Utc>,
    why: &str,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let in_nobodys_hand = outbox::leased_until
        .is_null()
        .or(outbox::leased_until.le(Some(Instant(now))));
    diesel::update(
        outbox::table
            .filter(outbox::state.eq(NoticeState::Queued.as_str()))
            .filter(outbox::created_at.lt(Instant(before)))
            .filter(in_nobodys_hand),
    )
    .set((
        outbox::state.eq(NoticeState::Discarded.as_str()),
        outbox::leased_until.eq(None::<Instant>),
        outbox::last_error.eq(Some(why)),
        outbox::version.eq(outbox::version + 1),
    ))
    .execute(conn)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
