//! The reports whose next deadline nears its end, in the order in which they were filed.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};
use uuid::Uuid;

use crate::domain::id::ReportId;
use crate::store::db::Conn;
use crate::store::portions::Key;
use crate::store::types::{IdSql, Instant, InstantSql};

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
    let (at, id) = after.unwrap_or_else(|| {
        if descending {
            (Instant(LAST), ReportId::from_uuid(Uuid::max()))
        } else {
            (
                Instant(DateTime::UNIX_EPOCH),
                ReportId::from_uuid(Uuid::nil()),
            )
        }
    });
    macro_rules! found {
        ($conn:expr, $sql:expr) => {
            diesel::sql_query($sql)
                .bind::<Date, _>(today)
                .bind::<InstantSql, _>(at)
                .bind::<IdSql, _>(id)
                .bind::<BigInt, _>(limit)
                .load::<Found>($conn)?
        };
    }
    let found = match conn {
        // Here a number stands behind a question mark.
        Conn::Sqlite(conn) => found!(conn, in_sqlite(descending).replace('$', "?")),
        Conn::Postgres(conn) => found!(conn, in_postgres(descending)),
    };
    Ok(found
        .into_iter()
        .map(|one| (one.filed_at, one.id))
        .collect())
}

/// After all that is filed; years that both databases hold.
const LAST: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).unwrap();

/// That of a report `n` which says that its index by those days is read; what had passed is not in it.
const INDEXED: &str = "nearing_on < '9999-12-31'";

/// The days on which something begins to near its end, up to today; the last row is none.
fn days() -> String {
    format!(
        "days (day) AS (SELECT MAX(n.nearing_on) FROM reports n WHERE n.nearing_on <= $1 AND n.{INDEXED} \
         UNION ALL SELECT (SELECT MAX(n.nearing_on) FROM reports n WHERE n.nearing_on < days.day AND n.{INDEXED}) \
         FROM days WHERE day IS NOT NULL)"
    )
}

/// Of each day the next so many.
fn in_postgres(descending: bool) -> String {
    let (beyond, turned) = if descending {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    format!(
        "WITH RECURSIVE {} SELECT found.* FROM days, LATERAL (SELECT n.filed_at, n.id FROM reports n \
         WHERE n.nearing_on = days.day AND n.{INDEXED} AND n.due_key >= $1 AND (n.filed_at, n.id) {beyond} ($2, $3) \
         ORDER BY n.filed_at {turned}, n.id {turned} LIMIT $4) AS found \
         ORDER BY filed_at {turned}, id {turned} LIMIT $4",
        days()
    )
}

/// Of each day the next, and after each that is taken the next of its day. Some may have been filed at one moment: they are
/// found together, each once.
fn in_sqlite(descending: bool) -> String {
    let (beyond, turned, next) = if descending {
        ("<", "DESC", "MAX")
    } else {
        (">", "ASC", "MIN")
    };
    let of_day = |of: &str, from: &str, filed: &str| {
        format!(
            "SELECT n.nearing_on, n.filed_at, n.id FROM {from} CROSS JOIN reports n \
             WHERE n.nearing_on = {of} AND n.{INDEXED} AND n.due_key >= $1 AND n.filed_at = {filed}"
        )
    };
    let next_of = |of: &str, at: &str| {
        format!(
            "(SELECT {next}(m.filed_at) FROM reports m \
             WHERE m.nearing_on = {of} AND m.{INDEXED} AND m.due_key >= $1 AND m.filed_at {beyond} {at})"
        )
    };
    let same_moment = of_day("days.day", "days", "$2");
    let first = of_day("days.day", "days", &next_of("days.day", "$2"));
    let then = of_day(
        "found.day",
        "found",
        &next_of("found.day", "found.filed_at"),
    );
    format!(
        "WITH RECURSIVE {}, found (day, filed_at, id) AS ({same_moment} AND n.id {beyond} $3 UNION {first} UNION {then} \
         ORDER BY 2 {turned}, 3 {turned} LIMIT $4) SELECT filed_at, id FROM found",
        days()
    )
}
