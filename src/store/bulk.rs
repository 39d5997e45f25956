//! Many rows at once, for whoever fills a database: on PostgreSQL with COPY, on SQLite with as many rows a statement as it
//! takes parameters.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::store::db::Conn;
use crate::store::schema::{reference_numbers, reports};

/// Parameters of one statement on SQLite.
pub(super) const PARAMETERS: usize = 32_000;

/// Writes rows, whatever their number, to a table with this many columns.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $columns:expr, $rows:expr) => {{
        let rows = $rows;
        match $conn {
            Conn::Sqlite(conn) => rows
                .chunks($crate::store::bulk::PARAMETERS / $columns)
                .try_for_each(|some| {
                    diesel::insert_into($table)
                        .values(some)
                        .execute(conn)
                        .map(drop)
                }),
            Conn::Postgres(_) if rows.is_empty() => Ok(()),
            Conn::Postgres(conn) => diesel::copy_from($table)
                .from_insertable(&rows[..])
                .execute(conn)
                .map(drop),
        }
    }};
}
pub(super) use insert_all;

/// Gives SQLite room to keep the indexes in memory, as PostgreSQL has of itself. Until the connection closes.
pub fn make_room(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => conn.batch_execute("PRAGMA cache_size = -400000"),
        Conn::Postgres(_) => Ok(()),
    }
}

/// Has the database look at what it holds, so that it plans by that.
pub fn analyse(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("ANALYZE")
}

/// How many reports there are.
pub fn count_reports(conn: &mut Conn) -> QueryResult<i64> {
    reports::table.count().get_result(conn)
}

/// Makes the numbers of a year go on after this one.
pub fn set_reference_number(conn: &mut Conn, year: i32, last: i32) -> QueryResult<()> {
    use reference_numbers as t;
    diesel::delete(t::table.find(year)).execute(conn)?;
    diesel::insert_into(t::table)
        .values((t::year.eq(year), t::last.eq(last)))
        .execute(conn)
        .map(drop)
}
