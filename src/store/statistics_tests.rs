//! What is read from the tables of counts, held against what was put in.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use fastrand::Rng;

use super::promises;
use crate::domain::code::Code;
use crate::domain::counting::Basis;
use crate::domain::counting::footprint::Span;
use crate::domain::counting::steps::Step;
use crate::store::db::DbError;
use crate::store::schema::count_promises as t;
use crate::store::testing::{databases, in_transaction};

#[test]
fn what_is_over_its_day_is_the_same_from_whatever_turn_of_the_calendar_it_is_read() {
    let begin = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    let mut rng = Rng::with_seed(3);
    let due: Vec<(NaiveDate, Step, i64)> = (0..200)
        .map(|_| {
            let day = begin + TimeDelta::days(rng.i64(0..1_100));
            (day, Step::ALL[rng.usize(..3)], rng.i64(1..9))
        })
        .collect();
    let mut sums: BTreeMap<(Span, NaiveDate, Step), i64> = BTreeMap::new();
    for (day, step, n) in &due {
        for span in Span::ALL.iter().copied() {
            *sums.entry((span, span.first(*day), *step)).or_default() += n;
        }
    }
    for test in databases() {
        in_transaction(&test.db, |conn| {
            for ((span, day, step), running) in &sums {
                diesel::insert_into(t::table)
                    .values((
                        t::basis.eq(Basis::Government.as_str()),
                        t::step.eq(step.as_str()),
                        t::authority.eq(""),
                        t::span.eq(span.as_str()),
                        t::due_on.eq(day),
                        t::running.eq(running),
                    ))
                    .execute(conn)?;
            }
            for today in begin.iter_days().step_by(7).take(160) {
                let mut told: BTreeMap<Step, (i64, i64)> = BTreeMap::new();
                for row in promises(conn, Basis::Government, &[String::new()], today)? {
                    let of_it = told.entry(row.step).or_default();
                    *of_it = (of_it.0 + row.running, of_it.1 + row.overdue);
                }
                let mut wanted: BTreeMap<Step, (i64, i64)> = BTreeMap::new();
                for (day, step, n) in &due {
                    let of_it = wanted.entry(*step).or_default();
                    let overdue = if *day < today { *n } else { 0 };
                    *of_it = (of_it.0 + n, of_it.1 + overdue);
                }
                assert_eq!(told, wanted, "{today}");
            }
            Ok::<_, DbError>(())
        })
        .unwrap();
    }
}
