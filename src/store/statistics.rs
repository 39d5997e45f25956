//! Figures, read from the tables of counts: a bounded number of rows each, whatever the number of reports.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::domain::code::Code;
use crate::domain::counting::Basis;
use crate::domain::counting::dimension::Dimension;
use crate::domain::counting::footprint::{Lengths, Span};
use crate::domain::counting::steps::{Happening, Step};
use crate::store::any_of::any_of;
use crate::store::counts::{CellRow, spread};
use crate::store::db::Conn;
use crate::store::schema::{count_lengths, count_occasions, count_promises, counts};

/// In what order cells come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Most reports first.
    Most,
    /// By their values.
    Value,
}

/// Which cells.
#[derive(Debug, Clone)]
pub struct Asked {
    pub basis: Basis,
    pub by: Dimension,
    pub across: Option<Dimension>,
    /// Only cells with this value of `by`.
    pub value: Option<String>,
    /// Only cells whose value of `by` is this or later in order; for periods.
    pub from: Option<String>,
    /// Only cells whose value of `by` is this or earlier in order.
    pub until: Option<String>,
    pub order: Order,
}

/// The last cell of the page before.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct AfterCell {
    pub reports: i64,
    pub value: String,
    pub across_value: String,
}

/// All reports of a basis; none when there are none.
pub fn total(conn: &mut Conn, basis: Basis) -> QueryResult<Option<CellRow>> {
    counts::table
        .filter(counts::basis.eq(basis.as_str()))
        .filter(counts::dimension.eq("").and(counts::across.eq("")))
        .first(conn)
        .optional()
}

/// Whether cells of these two lie with the first as `dimension`, as they are counted once.
fn is_straight(by: Dimension, across: Dimension) -> bool {
    by < across
}

/// A page of cells. Where the two dimensions lie the other way round, values and values across change places: `by` is always
/// told as `value`.
pub fn cells(
    conn: &mut Conn,
    asked: &Asked,
    after: Option<&AfterCell>,
    limit: i64,
) -> QueryResult<Vec<CellRow>> {
    let straight = asked
        .across
        .is_none_or(|across| is_straight(asked.by, across));
    let by = asked.by.as_str();
    let across = asked.across.map_or("", Dimension::as_str);
    let (dimension, crossed) = if straight { (by, across) } else { (across, by) };
    let mut query = counts::table
        .filter(counts::basis.eq(asked.basis.as_str()))
        .filter(counts::dimension.eq(dimension))
        .filter(counts::across.eq(crossed))
        .limit(limit)
        .into_boxed();
    macro_rules! page {
        ($value:expr, $other:expr) => {{
            if let Some(value) = &asked.value {
                query = query.filter($value.eq(value.clone()));
            }
            if let Some(from) = &asked.from {
                query = query.filter($value.ge(from.clone()));
            }
            if let Some(until) = &asked.until {
                query = query.filter($value.le(until.clone()));
            }
            match asked.order {
                Order::Value => {
                    if let Some(after) = after {
                        let (value, other) = (after.value.clone(), after.across_value.clone());
                        query = query.filter(
                            $value
                                .gt(value.clone())
                                .or($value.eq(value).and($other.gt(other))),
                        );
                    }
                    query.order(($value, $other))
                }
                Order::Most => {
                    if let Some(after) = after {
                        let (value, other) = if straight {
                            (after.value.clone(), after.across_value.clone())
                        } else {
                            (after.across_value.clone(), after.value.clone())
                        };
                        let as_many = counts::reports.eq(after.reports);
                        let later = counts::value
                            .lt(value.clone())
                            .or(counts::value.eq(value).and(counts::across_value.lt(other)));
                        query =
                            query.filter(counts::reports.lt(after.reports).or(as_many.and(later)));
                    }
                    query.order((
                        counts::reports.desc(),
                        counts::value.desc(),
                        counts::across_value.desc(),
                    ))
                }
            }
        }};
    }
    let query = if straight {
        page!(counts::value, counts::across_value)
    } else {
        page!(counts::across_value, counts::value)
    };
    let mut rows: Vec<CellRow> = query.load(conn)?;
    if !straight {
        for row in &mut rows {
            std::mem::swap(&mut row.value, &mut row.across_value);
        }
    }
    Ok(rows)
}

/// Where to go on after a cell.
pub fn key(row: &CellRow) -> AfterCell {
    AfterCell {
        reports: row.reports,
        value: row.value.clone(),
        across_value: row.across_value.clone(),
    }
}

/// How many reports have a value, and a value of another dimension.
#[derive(Debug, Clone, QueryableByName)]
pub struct Crossed {
    #[diesel(sql_type = Text)]
    pub value: String,
    #[diesel(sql_type = Text)]
    pub across_value: String,
    #[diesel(sql_type = BigInt)]
    pub reports: i64,
}

/// The reports of some values crossed with another dimension, of its values from one on (empty for all).
pub fn crossed(
    conn: &mut Conn,
    basis: Basis,
    (by, values): (Dimension, &[String]),
    (across, from): (Dimension, &str),
) -> QueryResult<Vec<Crossed>> {
    let straight = is_straight(by, across);
    let (first, second) = if straight { (by, across) } else { (across, by) };
    let (value, other) = if straight {
        ("c.value", "c.across_value")
    } else {
        ("c.across_value", "c.value")
    };
    // Joined in this order: SQLite would else look through all cells of the two dimensions for those of the values.
    let sql = |rows: &str, from: &str| {
        format!(
            "SELECT {value} AS value, {other} AS across_value, c.reports FROM {rows} CROSS JOIN counts c \
             WHERE c.basis = '{}' AND c.dimension = '{}' AND c.across = '{}' AND {value} = j.value AND {other} >= {from}",
            basis.as_str(),
            first.as_str(),
            second.as_str()
        )
    };
    let json = serde_json::Value::from(values).to_string();
    match conn {
        Conn::Sqlite(conn) => diesel::sql_query(sql("json_each(?) AS j", "?"))
            .bind::<Text, _>(json)
            .bind::<Text, _>(from)
            .load(conn),
        Conn::Postgres(conn) => {
            let rows = "json_array_elements_text(CAST($1 AS JSON)) AS j(value)";
            diesel::sql_query(sql(rows, "$2"))
                .bind::<Text, _>(json)
                .bind::<Text, _>(from)
                .load(conn)
        }
    }
}

#[derive(QueryableByName)]
struct Regions {
    #[diesel(sql_type = Text)]
    value: String,
    /// A list of regions, each with its reports, in JSON; none for none.
    #[diesel(sql_type = Nullable<Text>)]
    regions: Option<String>,
}

/// The regions with most reports of each of some regulations or articles, with their numbers, most first: no more of each
/// than so many.
pub fn regions(
    conn: &mut Conn,
    basis: Basis,
    (by, values): (Dimension, &[String]),
    limit: i64,
) -> QueryResult<HashMap<String, Vec<(String, i64)>>> {
    let sql = |list: &str, pair: &str, rows: &str| {
        format!(
            "SELECT j.value AS value, CAST((SELECT {list}({pair}(most.value, most.reports)) FROM \
             (SELECT value, reports FROM counts WHERE dimension = 'region' AND basis = '{}' AND across = '{}' \
             AND across_value = j.value ORDER BY reports DESC, value LIMIT {limit}) AS most) AS TEXT) AS regions \
             FROM {rows}",
            basis.as_str(),
            by.as_str()
        )
    };
    let json = serde_json::Value::from(values).to_string();
    let rows: Vec<Regions> = match conn {
        Conn::Sqlite(conn) => {
            let sql = sql("json_group_array", "json_array", "json_each(?) AS j");
            diesel::sql_query(sql).bind::<Text, _>(json).load(conn)?
        }
        Conn::Postgres(conn) => {
            let rows = "json_array_elements_text(CAST($1 AS JSON)) AS j(value)";
            let sql = sql("json_agg", "json_build_array", rows);
            diesel::sql_query(sql).bind::<Text, _>(json).load(conn)?
        }
    };
    let read = |row: Regions| {
        let regions = row
            .regions
            .and_then(|list| serde_json::from_str(&list).ok());
        (row.value, regions.unwrap_or_default())
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The cells of some values by themselves.
pub fn singles(
    conn: &mut Conn,
    basis: Basis,
    by: Dimension,
    values: &[String],
) -> QueryResult<Vec<CellRow>> {
    counts::table
        .filter(counts::basis.eq(basis.as_str()))
        .filter(counts::dimension.eq(by.as_str()))
        .filter(counts::across.eq(""))
        .filter(any_of(counts::value, values))
        .load(conn)
}

/// The values that hit most municipalities, from after one.
pub fn widest(
    conn: &mut Conn,
    basis: Basis,
    by: Dimension,
    after: Option<&(i64, String)>,
    limit: i64,
) -> QueryResult<Vec<CellRow>> {
    #[derive(QueryableByName)]
    struct Widest {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let (municipalities, before) = match after {
        Some((municipalities, value)) => (*municipalities, value.as_str()),
        None => (i64::MAX, ""),
    };
    let (basis_code, dimension) = (basis.as_str(), by.as_str());
    let sql = |index: &str, before: &str| {
        format!(
            "SELECT value FROM counts {index} WHERE basis = '{basis_code}' AND dimension = '{dimension}' AND across = '' \
             AND municipalities <= {municipalities} AND (municipalities < {municipalities} OR value < {before}) \
             ORDER BY municipalities DESC, value DESC LIMIT {limit}"
        )
    };
    let found: Vec<Widest> = match conn {
        // By its statistics, which know how long an average list is, SQLite would rather sort all of this one.
        Conn::Sqlite(conn) => diesel::sql_query(sql("INDEXED BY counts_widest", "?"))
            .bind::<Text, _>(before)
            .load(conn)?,
        Conn::Postgres(conn) => diesel::sql_query(sql("", "$1"))
            .bind::<Text, _>(before)
            .load(conn)?,
    };
    let values: Vec<String> = found.into_iter().map(|row| row.value).collect();
    let mut rows = singles(conn, basis, by, &values)?;
    rows.sort_by_key(|row| values.iter().position(|value| *value == row.value));
    Ok(rows)
}

/// The authorities that ever had a report, for government; for everybody those that lead one that is published. Ids.
pub fn authorities(conn: &mut Conn, basis: Basis) -> QueryResult<Vec<String>> {
    match basis {
        Basis::Government => count_occasions::table
            .filter(count_occasions::basis.eq(basis.as_str()))
            .filter(count_occasions::period.eq(""))
            .filter(count_occasions::authority.gt(""))
            .select(count_occasions::authority)
            .distinct()
            .load(conn),
        Basis::Public => counts::table
            .filter(counts::basis.eq(basis.as_str()))
            .filter(counts::dimension.eq(Dimension::Authority.as_str()))
            .filter(counts::across.eq(""))
            .select(counts::value)
            .load(conn),
    }
}

/// Steps, and the days that they took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepsRow {
    pub authority: String,
    pub step: Step,
    pub suspended: bool,
    pub lengths: Lengths,
}

/// How long steps took that ended in a period (empty for all), of some authorities (an empty id for all together).
pub fn lengths(
    conn: &mut Conn,
    basis: Basis,
    authorities: &[String],
    period: &str,
) -> QueryResult<Vec<StepsRow>> {
    use count_lengths as t;
    let rows: Vec<(String, String, bool, i64, String)> = t::table
        .filter(t::basis.eq(basis.as_str()))
        .filter(t::period.eq(period))
        .filter(any_of(t::authority, authorities))
        .select((t::authority, t::step, t::suspended, t::in_time, t::days))
        .load(conn)?;
    let rows = rows
        .into_iter()
        .filter_map(|(authority, step, suspended, in_time, days)| {
            Some(StepsRow {
                authority,
                step: Step::parse(&step)?,
                suspended,
                lengths: Lengths {
                    in_time,
                    days: spread(&days),
                },
            })
        });
    Ok(rows.collect())
}

/// How many steps that ended in a period were in time and how many late, of some authorities.
pub fn kept(
    conn: &mut Conn,
    basis: Basis,
    authorities: &[String],
    period: &str,
) -> QueryResult<Vec<(String, Step, i64, i64)>> {
    use count_lengths as t;
    let rows: Vec<(String, String, i64, i64)> = t::table
        .filter(t::basis.eq(basis.as_str()))
        .filter(t::period.eq(period))
        .filter(any_of(t::authority, authorities))
        .filter(t::suspended.eq(false))
        .select((t::authority, t::step, t::steps, t::in_time))
        .load(conn)?;
    let rows = rows
        .into_iter()
        .filter_map(|(authority, step, steps, in_time)| {
            Some((authority, Step::parse(&step)?, in_time, steps - in_time))
        });
    Ok(rows.collect())
}

/// Promises of an authority that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseRow {
    pub authority: String,
    pub step: Step,
    pub running: i64,
    /// Of these, over their day.
    pub overdue: i64,
}

/// The promises that run of some authorities (an empty id for all together), in parts that add up: by the year all that run
/// and those of them that were due before the turn of a year, those that were due between that and the turn of a month, and
/// between that and today. The nearest turns are taken, which may lie ahead: what is due until then is taken off.
pub fn promises(
    conn: &mut Conn,
    basis: Basis,
    authorities: &[String],
    today: NaiveDate,
) -> QueryResult<Vec<PromiseRow>> {
    use count_promises as t;
    let (year, month) = (Span::Year.nearest(today), Span::Month.nearest(today));
    let of = t::table
        .filter(t::basis.eq(basis.as_str()))
        .filter(any_of(t::authority, authorities))
        .group_by((t::authority, t::step));
    let all = sql::<BigInt>("CAST(SUM(running) AS BIGINT)");
    let over = format!("CAST(SUM(CASE WHEN due_on < '{year}' THEN running ELSE 0 END) AS BIGINT)");
    let mut rows: Vec<(String, String, i64, i64)> = of
        .clone()
        .filter(t::span.eq(Span::Year.as_str()))
        .select((t::authority, t::step, all.clone(), sql::<BigInt>(&over)))
        .load(conn)?;
    for (span, from, until) in [(Span::Month, year, month), (Span::Day, month, today)] {
        let between = t::due_on
            .ge(from.min(until))
            .and(t::due_on.lt(from.max(until)));
        let sign = if from <= until { 1 } else { -1 };
        let overdue: Vec<(String, String, i64)> = of
            .clone()
            .filter(t::span.eq(span.as_str()))
            .filter(between)
            .select((t::authority, t::step, all.clone()))
            .load(conn)?;
        let overdue = overdue.into_iter();
        rows.extend(overdue.map(|(authority, step, n)| (authority, step, 0, sign * n)));
    }
    let rows = rows
        .into_iter()
        .filter_map(|(authority, step, running, overdue)| {
            Some(PromiseRow {
                authority,
                step: Step::parse(&step)?,
                running,
                overdue,
            })
        });
    Ok(rows.collect())
}

/// What befell reports in a period (empty for all), by authority (an empty id for all together).
pub fn occasions(
    conn: &mut Conn,
    basis: Basis,
    authorities: &[String],
    period: &str,
) -> QueryResult<Vec<(String, Happening, i64)>> {
    use count_occasions as t;
    let rows: Vec<(String, String, i64)> = t::table
        .filter(t::basis.eq(basis.as_str()))
        .filter(t::period.eq(period))
        .filter(any_of(t::authority, authorities))
        .select((t::authority, t::what, t::times))
        .load(conn)?;
    let rows = rows
        .into_iter()
        .filter_map(|(authority, what, times)| Some((authority, Happening::parse(&what)?, times)));
    Ok(rows.collect())
}

#[cfg(test)]
#[path = "statistics_tests.rs"]
mod tests;
