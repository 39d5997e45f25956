//! What holds for the whole service, whichever node asks: that the outbox is paused, and when routing last changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::db::Conn;
use crate::store::schema::service_state as t;
use crate::store::types::Instant;

const OUTBOX_PAUSED: &str = "outbox_paused";
const ROUTING: &str = "routing";

/// Nothing is mailed, since when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    pub since: DateTime<Utc>,
    pub reason: String,
}

/// Whether the outbox is paused.
pub fn outbox_pause(conn: &mut Conn) -> QueryResult<Option<Pause>> {
    let row: Option<(Instant, String)> = t::table
        .find(OUTBOX_PAUSED)
        .select((t::since, t::reason))
        .first(conn)
        .optional()?;
    Ok(row.map(|(since, reason)| Pause {
        since: since.0,
        reason,
    }))
}

/// Pauses the outbox; false when it is paused already, which then stays as it was.
pub fn pause_outbox(conn: &mut Conn, reason: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let row = (
        t::name.eq(OUTBOX_PAUSED),
        t::since.eq(Instant(now)),
        t::reason.eq(reason),
    );
    // ON CONFLICT has no common form.
    let changed = match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?,
    };
    Ok(changed == 1)
}

/// Ends the pause; false when there was none.
pub fn resume_outbox(conn: &mut Conn) -> QueryResult<bool> {
    Ok(diesel::delete(t::table.find(OUTBOX_PAUSED)).execute(conn)? == 1)
}

/// What tells one state of the routing rules, and of what is known beside them, from another; none before any change.
pub fn routing_stamp(conn: &mut Conn) -> QueryResult<Option<String>> {
    t::table
        .find(ROUTING)
        .select(t::reason)
        .first(conn)
        .optional()
}

/// The routing rules, or what is known beside them, changed: every node reads them again before it routes.
pub fn routing_changed(conn: &mut Conn, now: DateTime<Utc>) -> QueryResult<()> {
    let stamp = Uuid::now_v7().to_string();
    let changed = (t::since.eq(Instant(now)), t::reason.eq(&stamp));
    let row = (t::name.eq(ROUTING), changed);
    // ON CONFLICT has no common form.
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict(t::name)
            .do_update()
            .set(changed)
            .execute(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict(t::name)
            .do_update()
            .set(changed)
            .execute(conn)?,
    };
    Ok(())
}
