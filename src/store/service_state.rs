//! What holds for the whole service, whichever node asks. So far: that the outbox is paused.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::store::db::Conn;
use crate::store::schema::service_state as t;
use crate::store::types::Instant;

const OUTBOX_PAUSED: &str = "outbox_paused";

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
