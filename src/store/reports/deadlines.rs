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

/// What is the matter with the next deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deadline {
    Nears,
    Passed,
}

/// The order of filing, one way or the other.
struct Order {
    after: &'static str,
    not_after: &'static str,
    turned: &'static str,
    /// Before all that is filed, and after it; years that both databases hold.
    begin: (DateTime<Utc>, Uuid),
    end: &'static str,
}

const OLDEST_FIRST: Order = Order {
    after: ">",
    not_after: "<=",
    turned: "ASC",
    begin: (DateTime::UNIX_EPOCH, Uuid::nil()),
    end: "'9999-12-31T23:59:59.000000Z'",
};

const NEWEST_FIRST: Order = Order {
    after: "<",
    not_after: ">=",
    turned: "DESC",
    begin: (
        DateTime::from_timestamp(253_402_300_799, 0).unwrap(),
        Uuid::max(),
    ),
    end: "'1970-01-01T00:00:00.000000Z'",
};

/// The next so many, from after one; one statement.
pub(super) fn next(
    conn: &mut Conn,
    deadline: Deadline,
    today: NaiveDate,
    descending: bool,
    after: Option<Key<Instant>>,
    limit: i64,
) -> QueryResult<Vec<Key<Instant>>> {
    let order = if descending {
        NEWEST_FIRST
    } else {
        OLDEST_FIRST
    };
    let begin = || {
        let (at, id) = order.begin;
        (Instant(at), ReportId::from_uuid(id))
    };
    let (at, id) = after.unwrap_or_else(begin);
    let query = |hint| match deadline {
        Deadline::Nears => of_each_day(&order),
        Deadline::Passed => long_since_or_just(&order, hint),
    };
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
        // Here a number stands behind a question mark, and an index is read of what nears its end unless another is named.
        Conn::Sqlite(conn) => {
            let query = query("INDEXED BY reports_to_come");
            found!(conn, query.replace('$', "?"))
        }
        Conn::Postgres(conn) => found!(conn, query("")),
    };
    Ok(found
        .into_iter()
        .map(|one| (one.filed_at, one.id))
        .collect())
}

/// The days on which something begins to near its end, up to today, and of each as many as the page takes, with what was filed
/// at the moment of the last: what begins to on a day lies together in the order of filing.
fn of_each_day(order: &Order) -> String {
    let Order {
        after,
        not_after,
        turned,
        end,
        ..
    } = order;
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
         COALESCE((SELECT m.filed_at FROM reports m WHERE {} ORDER BY m.filed_at {turned} LIMIT 1 OFFSET $4 - 1), {end}) \
         ORDER BY n.filed_at {turned}, n.id {turned} LIMIT $4",
        of_day("n"),
        of_day("m")
    )
}

/// What had passed when it was last changed, as the alert about it changes it, and what has passed since, of which there is
/// little until the alerts of a day are raised. No database can tell how little, so all of that is read, by its day: in the
/// order of filing PostgreSQL would look for it through all there is. `hint` names its index.
fn long_since_or_just(order: &Order, hint: &str) -> String {
    let Order { after, turned, .. } = order;
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
