//! What reports leave in the tables of counts, as sums that can be added up and taken back.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use chrono::{Datelike, Months, NaiveDate};

use crate::domain::code::{Code, code_list};
use crate::domain::counting::Basis;
use crate::domain::counting::dimension::Dimension;
use crate::domain::counting::facts::{Counted, Facts, month};
use crate::domain::counting::spread::place;
use crate::domain::counting::steps::{Happening, Step};
use crate::domain::id::OrganisationId;

/// Where reports are counted: those with a value of a dimension, or with two values of two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    pub basis: Basis,
    /// None: all reports.
    pub by: Option<Dimension>,
    pub value: String,
    /// The other dimension where two are crossed; the later of the two in their list.
    pub across: Option<Dimension>,
    pub across_value: String,
}

/// What an organisation or municipality is to the reports of a cell, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub reported: i64,
    pub endorsed: i64,
    pub hit: i64,
}

/// How many different ones stand behind the reports of a cell, or how many more do than before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standers {
    pub organisations: i64,
    pub endorsers: i64,
    pub backers: i64,
    pub municipalities: i64,
}

impl Standers {
    /// Counts one of them so many times.
    pub fn add(&mut self, standing: &Standing, times: i64) {
        let mut count = |to: fn(&mut Self) -> &mut i64, there: bool| {
            *to(self) += if there { times } else { 0 };
        };
        count(|one| &mut one.organisations, standing.reported > 0);
        count(|one| &mut one.endorsers, standing.endorsed > 0);
        count(
            |one| &mut one.backers,
            standing.reported > 0 || standing.endorsed > 0,
        );
        count(|one| &mut one.municipalities, standing.hit > 0);
    }
}

/// Who is counted: an organisation by its id, or a municipality by its CBS code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stander {
    pub cell: Cell,
    pub who: String,
}

/// Which steps are spread over the days that they took.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Steps {
    pub basis: Basis,
    pub step: Step,
    /// Id of the authority; empty for all together.
    pub authority: String,
    /// The month `2026-11` or year `2026` in which they ended; empty for all together.
    pub period: String,
    /// The days that they stood still, not those that they took.
    pub suspended: bool,
}

/// Steps by the days that they took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lengths {
    /// Of all these, in time.
    pub in_time: i64,
    /// How many took so long, by place on the scale of days.
    pub days: BTreeMap<u32, i64>,
}

impl Lengths {
    /// How many steps there are.
    pub fn steps(&self) -> i64 {
        self.days.values().sum()
    }

    /// Adds others, and leaves out what comes to nothing.
    pub fn add(&mut self, other: &Self) {
        self.in_time += other.in_time;
        for (days, by) in &other.days {
            *self.days.entry(*days).or_default() += by;
        }
        self.days.retain(|_, by| *by != 0);
    }
}

code_list! {
    /// How much of the calendar one sum is of: most that is over its day was due in another year or month, and need not be
    /// read day by day.
    pub enum Span {
        Day = "day",
        Month = "month",
        Year = "year",
    }
}

impl Span {
    /// The first day of the span that a day lies in.
    pub fn first(self, day: NaiveDate) -> NaiveDate {
        let month = match self {
            Span::Day => return day,
            Span::Month => day.month(),
            Span::Year => 1,
        };
        NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day)
    }

    /// The day nearest to a day on which such a span begins: that of its own, or the next.
    pub fn nearest(self, day: NaiveDate) -> NaiveDate {
        let months = match self {
            Span::Day => return day,
            Span::Month => Months::new(1),
            Span::Year => Months::new(12),
        };
        let first = self.first(day);
        let next = first.checked_add_months(months);
        next.filter(|next| *next - day < day - first)
            .unwrap_or(first)
    }
}

/// Where promises are counted that run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Promise {
    pub basis: Basis,
    pub step: Step,
    /// Id of the authority; empty for all together.
    pub authority: String,
    pub span: Span,
    /// The first day of the span in which they are due.
    pub due_on: NaiveDate,
}

/// Where it is counted what befell reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occasion {
    pub basis: Basis,
    pub what: Happening,
    /// Id of the authority; empty for all together.
    pub authority: String,
    /// Month or year; empty for all together.
    pub period: String,
}

/// Sums for the tables of counts; what comes to nothing is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footprint {
    pub reports: HashMap<Cell, i64>,
    pub standings: HashMap<Stander, Standing>,
    pub lengths: HashMap<Steps, Lengths>,
    pub promises: HashMap<Promise, i64>,
    pub occasions: HashMap<Occasion, i64>,
}

fn add<K: Hash + Eq>(to: &mut HashMap<K, i64>, key: K, by: i64) {
    *to.entry(key).or_default() += by;
}

impl Footprint {
    /// Counts a report so many times.
    pub fn count(&mut self, facts: &Facts, times: i64) {
        for basis in Basis::ALL {
            if let Some(counted) = facts.on(*basis) {
                self.cells(*basis, counted, times);
                self.course(*basis, counted, times);
            }
        }
    }

    /// Leaves out what comes to nothing.
    pub fn settle(&mut self) {
        self.reports.retain(|_, by| *by != 0);
        self.standings.retain(|_, by| *by != Standing::default());
        for by in self.lengths.values_mut() {
            by.days.retain(|_, steps| *steps != 0);
        }
        self.lengths.retain(|_, by| *by != Lengths::default());
        self.promises.retain(|_, by| *by != 0);
        self.occasions.retain(|_, by| *by != 0);
    }

    fn cells(&mut self, basis: Basis, counted: &Counted, times: i64) {
        let all = Cell {
            basis,
            by: None,
            value: String::new(),
            across: None,
            across_value: String::new(),
        };
        self.stand(&all, counted, true, times);
        add(&mut self.reports, all, times);
        for (at, (by, value)) in counted.values.iter().enumerate() {
            let single = Cell {
                basis,
                by: Some(*by),
                value: value.clone(),
                across: None,
                across_value: String::new(),
            };
            self.stand(&single, counted, true, times);
            for (across, across_value) in &counted.values[at + 1..] {
                if by.crosses(*across) {
                    let crossed = Cell {
                        across: Some(*across),
                        across_value: across_value.clone(),
                        ..single.clone()
                    };
                    if by.tells_organisations_with(*across) {
                        self.stand(&crossed, counted, false, times);
                    }
                    add(&mut self.reports, crossed, times);
                }
            }
            add(&mut self.reports, single, times);
        }
    }

    fn stand(&mut self, cell: &Cell, counted: &Counted, places: bool, times: i64) {
        let mut stand = |who: String, standing: fn(&mut Standing) -> &mut i64| {
            let stander = Stander {
                cell: cell.clone(),
                who,
            };
            *standing(self.standings.entry(stander).or_default()) += times;
        };
        if let Some(reporter) = counted.reporter {
            stand(reporter.to_string(), |standing| &mut standing.reported);
        }
        for endorser in &counted.endorsers {
            stand(endorser.to_string(), |standing| &mut standing.endorsed);
        }
        if places {
            for municipality in &counted.municipalities {
                stand(municipality.clone(), |standing| &mut standing.hit);
            }
        }
    }

    fn course(&mut self, basis: Basis, counted: &Counted, times: i64) {
        let course = &counted.course;
        for taken in &course.taken {
            let parts = [(false, taken.days), (true, taken.suspended)];
            for (authority, period) in groups(taken.authority, taken.ended_on) {
                for (suspended, days) in parts {
                    if suspended && days == 0 {
                        continue;
                    }
                    let steps = Steps {
                        basis,
                        step: taken.step,
                        authority: authority.clone(),
                        period: period.clone(),
                        suspended,
                    };
                    let lengths = self.lengths.entry(steps).or_default();
                    *lengths.days.entry(place(days)).or_default() += times;
                    if taken.in_time == Some(true) && !suspended {
                        lengths.in_time += times;
                    }
                }
            }
        }
        for running in &course.running {
            for authority in with_all(running.authority) {
                for span in Span::ALL {
                    let promise = Promise {
                        basis,
                        step: running.step,
                        authority: authority.clone(),
                        span: *span,
                        due_on: span.first(running.due_on),
                    };
                    add(&mut self.promises, promise, times);
                }
            }
        }
        for befell in &course.befell {
            for (authority, period) in groups(befell.authority, befell.on) {
                let occasion = Occasion {
                    basis,
                    what: befell.what,
                    authority,
                    period,
                };
                add(&mut self.occasions, occasion, times);
            }
        }
    }
}

/// An authority, and all together.
fn with_all(authority: Option<OrganisationId>) -> impl Iterator<Item = String> + Clone {
    let one = authority.map(|id| id.to_string());
    std::iter::once(String::new()).chain(one)
}

/// An authority and all together, each in a month, a year and all together.
fn groups(
    authority: Option<OrganisationId>,
    on: NaiveDate,
) -> impl Iterator<Item = (String, String)> {
    let periods = [String::new(), on.year().to_string(), month(on)];
    with_all(authority)
        .flat_map(move |authority| periods.clone().map(|period| (authority.clone(), period)))
}
