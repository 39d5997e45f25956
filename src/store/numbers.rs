//! Numbers that are given once, ascending within a year.

use diesel::prelude::*;

use crate::store::db::Conn;

/// The next number of a year of a table with a row for each year.
pub fn next_number(conn: &mut Conn, table: &'static str, year: i32) -> QueryResult<i32> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        last: i32,
    }
    // Table and year are ours; the two databases write placeholders differently.
    let sql = format!(
        "INSERT INTO {table} (year, last) VALUES ({year}, 1) \
         ON CONFLICT (year) DO UPDATE SET last = {table}.last + 1 RETURNING last"
    );
    let number = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(sql).get_result::<Number>(conn)?,
        Conn::Postgres(conn) => diesel::sql_query(sql).get_result::<Number>(conn)?,
    };
    Ok(number.last)
}
