//! The tables of counts: what is to be counted, as what it was counted, and the sums that figures are read from.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Value, json};

use crate::domain::code::Code;
use crate::domain::counting::Basis;
use crate::domain::counting::dimension::Dimension;
use crate::domain::counting::facts::Facts;
use crate::domain::counting::footprint::{
    Cell, Footprint, Lengths, Stander, Standers, Standing, Steps,
};
use crate::domain::id::ReportId;
use crate::domain::report::Report;
use crate::store::any_of::any_of;
use crate::store::bulk::insert_all;
use crate::store::db::Conn;
use crate::store::schema::{report_counts, uncounted_reports};
use crate::store::types::Json;

/// Held while counts are written: one node at a time.
const COUNTING_LOCK: i64 = 0x434f_554e; // "COUN"

#[derive(Insertable)]
#[diesel(table_name = uncounted_reports, treat_none_as_default_value = false)]
struct Uncounted {
    report_id: ReportId,
    version: i32,
}

/// Notes that a report changed, in the transaction of the change. Who counts it waits for that to end, and the change for
/// who counts.
pub fn note(conn: &mut Conn, report: &Report) -> QueryResult<()> {
    use uncounted_reports as t;
    let row = (t::report_id.eq(report.id), t::version.eq(report.version));
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict(t::report_id)
            .do_update()
            .set(t::version.eq(report.version))
            .execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(t::table)
            .values(row)
            .on_conflict(t::report_id)
            .do_update()
            .set(t::version.eq(report.version))
            .execute(conn),
    }
    .map(drop)
}

/// Notes new reports in bulk.
pub fn note_many(conn: &mut Conn, reports: &[Report]) -> QueryResult<()> {
    let rows: Vec<Uncounted> = reports
        .iter()
        .map(|report| Uncounted {
            report_id: report.id,
            version: report.version,
        })
        .collect();
    insert_all!(conn, uncounted_reports::table, 2, &rows)
}

/// Forgets all counts and notes every report, to be counted anew.
pub fn forget(conn: &mut Conn) -> QueryResult<()> {
    hold(conn)?;
    for sql in [
        "DELETE FROM uncounted_reports",
        "INSERT INTO uncounted_reports (report_id, version) SELECT id, version FROM reports",
        "DELETE FROM report_counts",
        "DELETE FROM counts",
        "DELETE FROM count_standings",
        "DELETE FROM count_lengths",
        "DELETE FROM count_promises",
        "DELETE FROM count_occasions",
    ] {
        execute(conn, sql)?;
    }
    Ok(())
}

/// Some reports that changed since they were counted, with the version they had then.
pub fn uncounted(conn: &mut Conn, limit: i64) -> QueryResult<Vec<(ReportId, i32)>> {
    use uncounted_reports as t;
    t::table
        .select((t::report_id, t::version))
        .order(t::report_id)
        .limit(limit)
        .load(conn)
}

/// How many reports changed since they were counted; looks at no more than `most`.
pub fn backlog(conn: &mut Conn, most: i64) -> QueryResult<i64> {
    use uncounted_reports as t;
    let some: Vec<ReportId> = t::table.select(t::report_id).limit(most).load(conn)?;
    Ok(i64::try_from(some.len()).unwrap_or(i64::MAX))
}

/// Those of some reports that changed since they were counted.
pub fn changed(conn: &mut Conn, reports: &[ReportId]) -> QueryResult<HashSet<ReportId>> {
    use uncounted_reports as t;
    let found: Vec<ReportId> = t::table
        .filter(any_of(t::report_id, reports))
        .select(t::report_id)
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// As what reports were counted; those never counted are left out.
pub fn counted_as(conn: &mut Conn, reports: &[ReportId]) -> QueryResult<HashMap<ReportId, Facts>> {
    use report_counts as t;
    let rows: Vec<(ReportId, Json<Facts>)> = t::table
        .filter(any_of(t::report_id, reports))
        .select((t::report_id, t::facts))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, facts)| (id, facts.0)).collect())
}

/// One node counts at a time; until the transaction ends.
fn hold(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        // SQLite has one writer.
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(conn) => {
            diesel::sql_query(format!("SELECT pg_advisory_xact_lock({COUNTING_LOCK})"))
                .execute(conn)
                .map(drop)
        }
    }
}

/// Claims those of some reports that are still to be counted in this version, and takes them off the list. One that is
/// being changed is left for the next time: nobody waits for another here.
pub fn claim(conn: &mut Conn, seen: &[(ReportId, i32)]) -> QueryResult<Vec<ReportId>> {
    use uncounted_reports as t;
    hold(conn)?;
    let ids: Vec<ReportId> = seen.iter().map(|(id, _)| *id).collect();
    let columns = (t::report_id, t::version);
    let there: Vec<(ReportId, i32)> = match conn {
        Conn::Postgres(conn) => t::table
            .filter(t::report_id.eq_any(&ids))
            .select(columns)
            .for_update()
            .skip_locked()
            .load(conn)?,
        Conn::Sqlite(conn) => t::table
            .filter(any_of(t::report_id, &ids))
            .select(columns)
            .load(conn)?,
    };
    let there: HashMap<ReportId, i32> = there.into_iter().collect();
    let ours: Vec<ReportId> = seen
        .iter()
        .filter(|(id, version)| there.get(id) == Some(version))
        .map(|(id, _)| *id)
        .collect();
    diesel::delete(t::table.filter(any_of(t::report_id, &ours))).execute(conn)?;
    Ok(ours)
}

/// Remembers as what reports are counted now.
pub fn remember(conn: &mut Conn, facts: &[(ReportId, Facts)]) -> QueryResult<()> {
    let rows = facts
        .iter()
        .map(|(id, facts)| json!([id, serde_json::to_string(facts).unwrap_or_default()]));
    let (id, facts) = match conn {
        Conn::Sqlite(_) => ("j ->> 0", "j ->> 1"),
        Conn::Postgres(_) => ("CAST(j ->> 0 AS UUID)", "CAST(j ->> 1 AS JSONB)"),
    };
    let sql = format!(
        "INSERT INTO report_counts (report_id, facts) SELECT {id}, {facts} FROM {} WHERE true \
         ON CONFLICT (report_id) DO UPDATE SET facts = excluded.facts",
        rows_of(conn)
    );
    execute_with(conn, &sql, rows.collect())
}

/// The rows of a statement, as the elements `j` of one bind.
fn rows_of(conn: &Conn) -> &'static str {
    match conn {
        Conn::Sqlite(_) => "(SELECT value AS j FROM json_each(?)) AS rows",
        Conn::Postgres(_) => "(SELECT jsonb_array_elements(CAST($1 AS JSONB)) AS j) AS rows",
    }
}

fn execute(conn: &mut Conn, sql: &str) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => diesel::sql_query(sql).execute(conn),
        Conn::Postgres(conn) => diesel::sql_query(sql).execute(conn),
    }
    .map(drop)
}

/// Rows of one statement: more would make a text of many megabytes of it.
const ROWS: usize = 5_000;

fn execute_with(conn: &mut Conn, sql: &str, rows: Vec<Value>) -> QueryResult<()> {
    for some in rows.chunks(ROWS) {
        let bind = Value::from(some.to_vec()).to_string();
        match conn {
            Conn::Sqlite(conn) => diesel::sql_query(sql).bind::<Text, _>(bind).execute(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(sql).bind::<Text, _>(bind).execute(conn)?,
        };
    }
    Ok(())
}

/// The type of what is true or false; SQLite has none of its own.
fn boolean(conn: &Conn) -> &'static str {
    match conn {
        Conn::Sqlite(_) => "INTEGER",
        Conn::Postgres(_) => "BOOLEAN",
    }
}

/// `INSERT` of rows into a table with these keys and sums, that adds to the sums where the row is there.
fn adding(conn: &Conn, table: &str, keys: &[(&str, &str)], sums: &[&str]) -> String {
    let names: Vec<&str> = keys.iter().map(|(name, _)| *name).collect();
    let of = keys.iter().map(|(_, kind)| *kind);
    let values: Vec<String> = of
        .chain(sums.iter().map(|_| "BIGINT"))
        .enumerate()
        .map(|(at, kind)| match kind {
            "TEXT" => format!("j ->> {at}"),
            // SQLite keeps it as it is written; a cast would make a number of it.
            "DATE" if matches!(conn, Conn::Sqlite(_)) => format!("j ->> {at}"),
            kind => format!("CAST(j ->> {at} AS {kind})"),
        })
        .collect();
    let added: Vec<String> = sums
        .iter()
        .map(|sum| format!("{sum} = {table}.{sum} + excluded.{sum}"))
        .collect();
    let names = names.join(", ");
    format!(
        "INSERT INTO {table} ({names}, {}) SELECT {} FROM {} WHERE true ON CONFLICT ({names}) DO UPDATE SET {}",
        sums.join(", "),
        values.join(", "),
        rows_of(conn),
        added.join(", ")
    )
}

const CELL: [(&str, &str); 5] = [
    ("basis", "TEXT"),
    ("dimension", "TEXT"),
    ("across", "TEXT"),
    ("value", "TEXT"),
    ("across_value", "TEXT"),
];

fn code(dimension: Option<Dimension>) -> &'static str {
    dimension.map_or("", Dimension::as_str)
}

fn cell_json(cell: &Cell) -> Vec<Value> {
    vec![
        cell.basis.as_str().into(),
        code(cell.by).into(),
        code(cell.across).into(),
        cell.value.clone().into(),
        cell.across_value.clone().into(),
    ]
}

/// Sums in the order in which their table keeps them: what lies together is written together.
fn in_order<'a, K, V, O: Ord>(
    sums: &'a HashMap<K, V>,
    order: impl Fn(&'a K) -> O,
) -> Vec<(&'a K, &'a V)> {
    let mut all: Vec<(&K, &V)> = sums.iter().collect();
    all.sort_unstable_by_key(|(one, _)| order(one));
    all
}

/// The order of the tables of cells.
fn cell_order(cell: &Cell) -> (&'static str, &'static str, &'static str, &str, &str) {
    (
        cell.basis.as_str(),
        code(cell.by),
        code(cell.across),
        &cell.value,
        &cell.across_value,
    )
}

#[derive(QueryableByName)]
struct Stood {
    #[diesel(sql_type = Text)]
    basis: String,
    #[diesel(sql_type = Text)]
    dimension: String,
    #[diesel(sql_type = Text)]
    across: String,
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = Text)]
    across_value: String,
    #[diesel(sql_type = Text)]
    who: String,
    #[diesel(sql_type = BigInt)]
    reported: i64,
    #[diesel(sql_type = BigInt)]
    endorsed: i64,
    #[diesel(sql_type = BigInt)]
    hit: i64,
}

/// A cell, of the codes that its tables keep; none where one of them is not known.
pub(super) fn cell(
    basis: &str,
    by: &str,
    across: &str,
    value: String,
    across_value: String,
) -> Option<Cell> {
    Some(Cell {
        basis: Basis::parse(basis)?,
        by: Dimension::parse(by),
        value,
        across: Dimension::parse(across),
        across_value,
    })
}

/// Adds what changed to the sums.
pub fn apply(conn: &mut Conn, change: &Footprint) -> QueryResult<()> {
    let standers = apply_standings(conn, &change.standings)?;
    apply_cells(conn, &change.reports, standers)?;
    apply_lengths(conn, &change.lengths)?;
    let promises = change
        .promises
        .iter()
        .map(|(key, by)| json!([key.basis, key.step, key.authority, key.span, key.due_on, by]));
    let keys = [
        ("basis", "TEXT"),
        ("step", "TEXT"),
        ("authority", "TEXT"),
        ("span", "TEXT"),
        ("due_on", "DATE"),
    ];
    let sql = adding(conn, "count_promises", &keys, &["running"]);
    execute_with(conn, &sql, promises.collect())?;
    let occasions = change
        .occasions
        .iter()
        .map(|(key, by)| json!([key.basis, key.what, key.authority, key.period, by]));
    let keys = [
        ("basis", "TEXT"),
        ("what", "TEXT"),
        ("authority", "TEXT"),
        ("period", "TEXT"),
    ];
    let sql = adding(conn, "count_occasions", &keys, &["times"]);
    execute_with(conn, &sql, occasions.collect())?;
    for sql in [
        "DELETE FROM count_standings WHERE reported = 0 AND endorsed = 0 AND hit = 0",
        "DELETE FROM counts WHERE reports = 0",
        "DELETE FROM count_lengths WHERE steps = 0",
        "DELETE FROM count_promises WHERE running = 0",
        "DELETE FROM count_occasions WHERE times = 0",
    ] {
        execute(conn, sql)?;
    }
    Ok(())
}

/// Days with their steps, as they are kept: places on the scale, each followed by how many took so long.
pub(super) fn spread(kept: &str) -> BTreeMap<u32, i64> {
    let numbers: Vec<i64> = serde_json::from_str(kept).unwrap_or_default();
    numbers
        .chunks_exact(2)
        .filter_map(|pair| Some((u32::try_from(pair[0]).ok()?, pair[1])))
        .collect()
}

#[derive(QueryableByName)]
struct Kept {
    /// Which of the rows that were asked for.
    #[diesel(sql_type = BigInt)]
    asked: i64,
    #[diesel(sql_type = BigInt)]
    in_time: i64,
    #[diesel(sql_type = Text)]
    days: String,
}

/// Adds steps to the days that they took. Each row holds all its days, so that a median is read from one row; one counts at
/// a time, so that what is read here is not changed by another before it is written.
fn apply_lengths(conn: &mut Conn, change: &HashMap<Steps, Lengths>) -> QueryResult<()> {
    let changed = in_order(change, |steps| {
        (
            steps.basis.as_str(),
            &steps.period,
            &steps.authority,
            steps.step.as_str(),
            steps.suspended,
        )
    });
    let rows_of = rows_of(conn);
    let suspended = format!("CAST(j ->> 4 AS {})", boolean(conn));
    let read = format!(
        "SELECT CAST(j ->> 5 AS BIGINT) AS asked, t.in_time, t.days FROM {rows_of} CROSS JOIN count_lengths t \
         WHERE t.basis = j ->> 0 AND t.step = j ->> 1 AND t.authority = j ->> 2 AND t.period = j ->> 3 \
         AND t.suspended = {suspended}"
    );
    let write = format!(
        "INSERT INTO count_lengths (basis, step, authority, period, suspended, steps, in_time, days) \
         SELECT j ->> 0, j ->> 1, j ->> 2, j ->> 3, {suspended}, CAST(j ->> 5 AS BIGINT), CAST(j ->> 6 AS BIGINT), j ->> 7 \
         FROM {rows_of} WHERE true ON CONFLICT (basis, period, authority, step, suspended) \
         DO UPDATE SET steps = excluded.steps, in_time = excluded.in_time, days = excluded.days"
    );
    for some in changed.chunks(ROWS) {
        let key = |steps: &Steps| {
            vec![
                steps.basis.as_str().into(),
                steps.step.as_str().into(),
                steps.authority.clone().into(),
                steps.period.clone().into(),
                Value::from(steps.suspended),
            ]
        };
        let asked = some.iter().enumerate().map(|(at, (steps, _))| {
            let mut row = key(steps);
            row.push(at.into());
            Value::from(row)
        });
        let bind = Value::from_iter(asked).to_string();
        let kept: Vec<Kept> = match conn {
            Conn::Sqlite(conn) => diesel::sql_query(&read).bind::<Text, _>(bind).load(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(&read).bind::<Text, _>(bind).load(conn)?,
        };
        let mut sums: HashMap<i64, Lengths> = kept
            .into_iter()
            .map(|row| {
                let (in_time, days) = (row.in_time, spread(&row.days));
                (row.asked, Lengths { in_time, days })
            })
            .collect();
        let rows = (0_i64..).zip(some).map(|(at, (steps, by))| {
            let mut sum = sums.remove(&at).unwrap_or_default();
            sum.add(by);
            let days = sum
                .days
                .iter()
                .map(|(days, steps)| [(*days).into(), *steps]);
            let days: Vec<i64> = days.flatten().collect();
            let mut row = key(steps);
            row.extend([
                sum.steps().into(),
                sum.in_time.into(),
                Value::from(days).to_string().into(),
            ]);
            Value::from(row)
        });
        let rows = rows.collect();
        execute_with(conn, &write, rows)?;
    }
    Ok(())
}

/// Adds to who stands behind what; how many more different ones that makes in each cell.
fn apply_standings(
    conn: &mut Conn,
    change: &HashMap<Stander, Standing>,
) -> QueryResult<HashMap<Cell, Standers>> {
    let mut keys = CELL.to_vec();
    keys.push(("who", "TEXT"));
    let sums = ["reported", "endorsed", "hit"];
    let returned = keys.iter().map(|(name, _)| *name).chain(sums);
    let sql = format!(
        "{} RETURNING {}",
        adding(conn, "count_standings", &keys, &sums),
        returned.collect::<Vec<_>>().join(", ")
    );
    let rows: Vec<Value> = in_order(change, |stander| (cell_order(&stander.cell), &stander.who))
        .into_iter()
        .map(|(stander, by)| {
            let mut row = cell_json(&stander.cell);
            row.extend([
                stander.who.clone().into(),
                by.reported.into(),
                by.endorsed.into(),
                by.hit.into(),
            ]);
            Value::from(row)
        })
        .collect();
    let mut more: HashMap<Cell, Standers> = HashMap::new();
    for some in rows.chunks(ROWS) {
        let bind = Value::from(some.to_vec()).to_string();
        let stood: Vec<Stood> = match conn {
            Conn::Sqlite(conn) => diesel::sql_query(&sql).bind::<Text, _>(bind).load(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(&sql).bind::<Text, _>(bind).load(conn)?,
        };
        for row in stood {
            let Some(cell) = cell(
                &row.basis,
                &row.dimension,
                &row.across,
                row.value,
                row.across_value,
            ) else {
                continue;
            };
            let stander = Stander { cell, who: row.who };
            let now = Standing {
                reported: row.reported,
                endorsed: row.endorsed,
                hit: row.hit,
            };
            let by = change.get(&stander).copied().unwrap_or_default();
            let before = Standing {
                reported: now.reported - by.reported,
                endorsed: now.endorsed - by.endorsed,
                hit: now.hit - by.hit,
            };
            let standers = more.entry(stander.cell).or_default();
            standers.add(&now, 1);
            standers.add(&before, -1);
        }
    }
    Ok(more)
}

fn apply_cells(
    conn: &mut Conn,
    reports: &HashMap<Cell, i64>,
    mut standers: HashMap<Cell, Standers>,
) -> QueryResult<()> {
    let row = |cell: &Cell, reports: i64, more: Standers| {
        let mut row = cell_json(cell);
        row.extend([
            reports.into(),
            more.organisations.into(),
            more.endorsers.into(),
            more.backers.into(),
            more.municipalities.into(),
        ]);
        Value::from(row)
    };
    let mut rows: Vec<Value> = in_order(reports, cell_order)
        .into_iter()
        .map(|(cell, by)| row(cell, *by, standers.remove(cell).unwrap_or_default()))
        .collect();
    // The same reports, with others behind them.
    rows.extend(
        standers
            .iter()
            .filter(|(_, more)| **more != Standers::default())
            .map(|(cell, more)| row(cell, 0, *more)),
    );
    let sums = [
        "reports",
        "organisations",
        "endorsers",
        "backers",
        "municipalities",
    ];
    let sql = adding(conn, "counts", &CELL, &sums);
    execute_with(conn, &sql, rows)
}

/// A cell with its sums.
#[derive(Debug, Clone, Default, Queryable)]
pub struct CellRow {
    pub basis: String,
    pub dimension: String,
    pub across: String,
    pub value: String,
    pub across_value: String,
    pub reports: i64,
    pub organisations: i64,
    pub endorsers: i64,
    pub backers: i64,
    pub municipalities: i64,
}
