//! The reports whose next deadline nears its end or has passed, in the order in which they were filed. From the newest of all
//! on, whatever is neither yet would be passed.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};
use uuid::Uuid;

use crate::domain::id::ReportId;
use crate::store::db::Conn;
use crate::store::portions::Key;
use crate::store::types::{IdSql, Instant, InstantSql};

/// Said so, an index is read that leaves out what had passed when it was last changed, and what has nothing due.
const TO_COME: &str = "nearing_on < '9999-12-31'";
/// Said so, an index is read of what had passed when it was last changed; it is overdue until the next change.
const PASSED: &str = "nearing_on = '9999-12-31' AND due_key < '9999-12-31'";

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = InstantSql)]
    filed_at: Instant,
    #[diesel(sql_type = IdSql)]
    id: ReportId,
}

/// The order of filing, turned round or not.
#[derive(Clone, Copy)]
struct Order {
    descending: bool,
}

impl Order {
    /// What comes after a key.
    fn after(self) -> &'static str {
        if self.descending { "<" } else { ">" }
    }

    fn not_after(self) -> &'static str {
        if self.descending { ">=" } else { "<=" }
    }

    fn turned(self) -> &'static str {
        if self.descending { "DESC" } else { "ASC" }
    }

    /// A moment after which nothing comes; a year that both databases hold.
    fn end(self) -> &'static str {
        if self.descending {
            "'1970-01-01T00:00:00.000000Z'"
        } else {
            "'9999-12-31T23:59:59.000000Z'"
        }
    }

    /// The key before all that is filed.
    fn begin(self) -> Key<Instant> {
        const LAST: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).unwrap();
        if self.descending {
            (Instant(LAST), ReportId::from_uuid(Uuid::max()))
        } else {
            (
                Instant(DateTime::UNIX_EPOCH),
                ReportId::from_uuid(Uuid::nil()),
            )
        }
    }
}

/// The next so many of what nears its end, from after one; one statement.
pub(super) fn nearing(
    conn: &mut Conn,
    today: NaiveDate,
    descending: bool,
    after: Option<Key<Instant>>,
    limit: i64,
) -> QueryResult<Vec<Key<Instant>>> {
    let order = Order { descending };
    load(conn, of_each_day(order), order, today, after, limit)
}

/// The next so many of what is overdue, from after one; one statement.
pub(super) fn overdue(
    conn: &mut Conn,
    today: NaiveDate,
    descending: bool,
    after: Option<Key<Instant>>,
    limit: i64,
) -> QueryResult<Vec<Key<Instant>>> {
    let order = Order { descending };
    // SQLite would read another index, of what nears its end.
    let hint = match conn {
        Conn::Sqlite(_) => "INDEXED BY reports_to_come",
        Conn::Postgres(_) => "",
    };
    let query = long_since_or_just(order, hint);
    load(conn, query, order, today, after, limit)
}

/// What a query finds of `$1` today, after `$2` and `$3`, `$4` at most.
fn load(
    conn: &mut Conn,
    query: String,
    order: Order,
    today: NaiveDate,
    after: Option<Key<Instant>>,
    limit: i64,
) -> QueryResult<Vec<Key<Instant>>> {
    let (at, id) = after.unwrap_or(order.begin());
    macro_rules! found {
        ($conn:expr, $query:expr) => {
            diesel::sql_query($query)
                .bind::<Date, _>(today)
                .bind::<InstantSql, _>(at)
                .bind::<IdSql, _>(id)
                .bind::<BigInt, _>(limit)
                .load::<Found>($conn)?
        };
    }
    let found = match conn {
        // Here a number stands behind a question mark.
        Conn::Sqlite(conn) => found!(conn, query.replace('$', "?")),
        Conn::Postgres(conn) => found!(conn, query),
    };
    Ok(found
        .into_iter()
        .map(|one| (one.filed_at, one.id))
        .collect())
}

/// The days on which something begins to near its end, up to today, and of each as many as the page takes, with what was filed
/// at the moment of the last: what begins to on a day lies together in the order of filing.
fn of_each_day(order: Order) -> String {
    let (after, not_after, turned) = (order.after(), order.not_after(), order.turned());
    let of_day = |n: &str| {
        format!(
            "{n}.nearing_on = days.day AND {n}.{TO_COME} AND {n}.due_key >= $1 AND ({n}.filed_at, {n}.id) {after} ($2, $3)"
        )
    };
    format!(
        "WITH RECURSIVE days (day) AS (SELECT MAX(nearing_on) FROM reports WHERE nearing_on <= $1 AND {TO_COME} \
         UNION ALL SELECT (SELECT MAX(nearing_on) FROM reports WHERE nearing_on < days.day AND {TO_COME}) \
         FROM days WHERE day IS NOT NULL) \
         SELECT n.filed_at, n.id FROM days CROSS JOIN reports n WHERE {} AND n.filed_at {not_after} \
         COALESCE((SELECT m.filed_at FROM reports m WHERE {} ORDER BY m.filed_at {turned} LIMIT 1 OFFSET $4 - 1), {}) \
         ORDER BY n.filed_at {turned}, n.id {turned} LIMIT $4",
        of_day("n"),
        of_day("m"),
        order.end()
    )
}

/// What had passed when it was last changed, as the alert about it changes it, and what has passed since, of which there is
/// little until the alerts of a day are raised. No database can tell how little, so all of that is read, by its day: in the
/// order of filing PostgreSQL would look for it through all there is. `hint` names the index.
fn long_since_or_just(order: Order, hint: &str) -> String {
    let (after, turned) = (order.after(), order.turned());
    let next = |from: &str| {
        format!(
            "SELECT * FROM (SELECT filed_at, id FROM {from} (filed_at, id) {after} ($2, $3) \
             ORDER BY filed_at {turned}, id {turned} LIMIT $4) AS part"
        )
    };
    format!(
        "WITH just AS MATERIALIZED (SELECT filed_at, id FROM reports {hint} WHERE {TO_COME} AND due_key < $1 \
         ORDER BY due_key, filed_at, id) \
         SELECT filed_at, id FROM ({} UNION ALL {}) AS overdue ORDER BY filed_at {turned}, id {turned} LIMIT $4",
        next(&format!("reports WHERE {PASSED} AND")),
        next("just WHERE")
    )
}
