//! The reports whose next deadline nears its end, in the order in which they were filed.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};
use uuid::Uuid;

use crate::domain::id::ReportId;
use crate::store::db::Conn;
use crate::store::portions::Key;
use crate::store::types::{IdSql, Instant, InstantSql};

/// Before and after all that is filed; years that both databases hold.
const FIRST: Instant = Instant(DateTime::UNIX_EPOCH);
const LAST: Instant = Instant(DateTime::<Utc>::from_timestamp(253_402_300_799, 0).unwrap());

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = InstantSql)]
    filed_at: Instant,
    #[diesel(sql_type = IdSql)]
    id: ReportId,
}

/// The next so many, from after one; one statement.
///
/// What begins to near its end on a day lies together in the order of filing, and of each such day no more is read than the
/// page takes: from the newest of all on, whatever does not near its end yet would be passed.
pub(super) fn next(
    conn: &mut Conn,
    today: NaiveDate,
    descending: bool,
    after: Option<Key<Instant>>,
    limit: i64,
) -> QueryResult<Vec<Key<Instant>>> {
    let (begin, end) = if descending {
        ((LAST, ReportId::from_uuid(Uuid::max())), FIRST)
    } else {
        ((FIRST, ReportId::from_uuid(Uuid::nil())), LAST)
    };
    let (at, id) = after.unwrap_or(begin);
    let sql = of_each_day(descending);
    macro_rules! found {
        ($conn:expr, $sql:expr) => {
            diesel::sql_query($sql)
                .bind::<Date, _>(today)
                .bind::<InstantSql, _>(at)
                .bind::<IdSql, _>(id)
                .bind::<BigInt, _>(limit)
                .bind::<InstantSql, _>(end)
                .load::<Found>($conn)?
        };
    }
    let found = match conn {
        // Here a number stands behind a question mark.
        Conn::Sqlite(conn) => found!(conn, sql.replace('$', "?")),
        Conn::Postgres(conn) => found!(conn, sql),
    };
    Ok(found
        .into_iter()
        .map(|one| (one.filed_at, one.id))
        .collect())
}

/// The days on which something begins to near its end, up to today, and of each as many as the page takes, with what was filed
/// at the moment of the last.
fn of_each_day(descending: bool) -> String {
    let (after, not_after, turned) = if descending {
        ("<", ">=", "DESC")
    } else {
        (">", "<=", "ASC")
    };
    // Said so, the index by those days is read: what had passed is not in it.
    let indexed = "nearing_on < '9999-12-31'";
    let of_day = |n: &str| {
        format!(
            "{n}.nearing_on = days.day AND {n}.{indexed} AND {n}.due_key >= $1 AND ({n}.filed_at, {n}.id) {after} ($2, $3)"
        )
    };
    format!(
        "WITH RECURSIVE days (day) AS (SELECT MAX(nearing_on) FROM reports WHERE nearing_on <= $1 AND {indexed} \
         UNION ALL SELECT (SELECT MAX(nearing_on) FROM reports WHERE nearing_on < days.day AND {indexed}) \
         FROM days WHERE day IS NOT NULL) \
         SELECT n.filed_at, n.id FROM days CROSS JOIN reports n WHERE {} AND n.filed_at {not_after} \
         COALESCE((SELECT m.filed_at FROM reports m WHERE {} ORDER BY m.filed_at {turned} LIMIT 1 OFFSET $4 - 1), $5) \
         ORDER BY n.filed_at {turned}, n.id {turned} LIMIT $4",
        of_day("n"),
        of_day("m")
    )
}
