//! Which embedded facts were loaded.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::store::db::Conn;
use crate::store::schema::reference_loads as t;
use crate::store::types::Instant;

/// Whether these facts were loaded.
pub fn done(conn: &mut Conn, name: &str) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(t::table.filter(t::name.eq(name)))).get_result(conn)
}

/// Takes it upon this transaction to load these facts; false when another did. On PostgreSQL it waits for another that is
/// still at it.
pub fn claim(conn: &mut Conn, name: &str, now: DateTime<Utc>) -> QueryResult<bool> {
    let row = (t::name.eq(name), t::loaded_at.eq(Instant(now)));
    // ON CONFLICT has no common form.
    let claimed = match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?,
    };
    Ok(claimed == 1)
}
