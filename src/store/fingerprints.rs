//! The fingerprints of what the tables of counts hold, read row after row: none is kept, however many there are.

use chrono::NaiveDate;
use diesel::connection::DefaultLoadingMode;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;

use crate::domain::code::Code;
use crate::domain::counting::Basis;
use crate::domain::counting::fingerprint::Fingerprints;
use crate::domain::counting::footprint::{
    Lengths, Occasion, Promise, Span, Stander, Standers, Standing, Steps,
};
use crate::domain::counting::steps::{Happening, Step};
use crate::store::counts::{CellRow, cell, spread};
use crate::store::db::Conn;
use crate::store::schema::{
    count_lengths, count_occasions, count_promises, count_standings, counts,
};

/// What the tables hold.
#[derive(Debug, Default)]
pub struct Held {
    pub sums: Fingerprints,
    /// How many different ones stand behind each cell, as it is told there.
    pub told: Fingerprints,
    /// The same, by who stands behind it.
    pub counted: Fingerprints,
}

/// Does something with each row.
macro_rules! each {
    ($conn:expr, $query:expr, $row:ty, $do:expr) => {{
        let mut each = $do;
        match $conn {
            Conn::Sqlite(conn) => {
                for row in $query.load_iter::<$row, DefaultLoadingMode>(conn)? {
                    each(row?);
                }
            }
            Conn::Postgres(conn) => {
                for row in $query.load_iter::<$row, PgRowByRowLoadingMode>(conn)? {
                    each(row?);
                }
            }
        }
    }};
}

/// Reads all tables of counts.
pub fn held(conn: &mut Conn) -> QueryResult<Held> {
    let mut held = Held::default();
    each!(conn, counts::table, CellRow, |row: CellRow| {
        let CellRow {
            value,
            across_value,
            ..
        } = row;
        if let Some(cell) = cell(&row.basis, &row.dimension, &row.across, value, across_value) {
            held.sums.reports(&cell, row.reports);
            let standers = Standers {
                organisations: row.organisations,
                endorsers: row.endorsers,
                backers: row.backers,
                municipalities: row.municipalities,
            };
            held.told.standers(&cell, &standers);
        }
    });
    use count_standings as s;
    let key = (
        s::basis,
        s::dimension,
        s::across,
        s::value,
        s::across_value,
        s::who,
    );
    type StandingRow = (
        (String, String, String, String, String, String),
        (i64, i64, i64),
    );
    let query = s::table.select((key, (s::reported, s::endorsed, s::hit)));
    each!(conn, query, StandingRow, |(key, sums): StandingRow| {
        let (basis, by, across, value, across_value, who) = key;
        if let Some(cell) = cell(&basis, &by, &across, value, across_value) {
            let (reported, endorsed, hit) = sums;
            let standing = Standing {
                reported,
                endorsed,
                hit,
            };
            let mut one = Standers::default();
            one.add(&standing, 1);
            held.counted.standers(&cell, &one);
            held.sums.standing(&Stander { cell, who }, &standing);
        }
    });
    use count_lengths as l;
    let columns = (
        l::basis,
        l::step,
        l::authority,
        l::period,
        l::suspended,
        l::days,
        l::in_time,
    );
    type StepsRow = (String, String, String, String, bool, String, i64);
    each!(conn, l::table.select(columns), StepsRow, |row: StepsRow| {
        let (basis, step, authority, period, suspended, days, in_time) = row;
        if let (Some(basis), Some(step)) = (Basis::parse(&basis), Step::parse(&step)) {
            let steps = Steps {
                basis,
                step,
                authority,
                period,
                suspended,
            };
            let days = spread(&days);
            held.sums.lengths(&steps, &Lengths { in_time, days });
        }
    });
    type PromiseRow = (String, String, String, String, NaiveDate, i64);
    each!(
        conn,
        count_promises::table,
        PromiseRow,
        |row: PromiseRow| {
            let (basis, step, authority, span, due_on, running) = row;
            let codes = (Basis::parse(&basis), Step::parse(&step), Span::parse(&span));
            if let (Some(basis), Some(step), Some(span)) = codes {
                let promise = Promise {
                    basis,
                    step,
                    authority,
                    span,
                    due_on,
                };
                held.sums.promises(&promise, running);
            }
        }
    );
    type OccasionRow = (String, String, String, String, i64);
    each!(
        conn,
        count_occasions::table,
        OccasionRow,
        |row: OccasionRow| {
            let (basis, what, authority, period, times) = row;
            if let (Some(basis), Some(what)) = (Basis::parse(&basis), Happening::parse(&what)) {
                let occasion = Occasion {
                    basis,
                    what,
                    authority,
                    period,
                };
                held.sums.occasions(&occasion, times);
            }
        }
    );
    Ok(held)
}
