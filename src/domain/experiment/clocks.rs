//! What of an experiment is due when. Counted backwards from an end, so none of it shifts to a working day (Atw art. 1,
//! second paragraph).

use std::collections::BTreeSet;

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::code::code_list;
use crate::domain::deadline::{Term, counted_back};
use crate::domain::experiment::progress::rounds;
use crate::domain::experiment::{Experiment, ExperimentStatus};
use crate::domain::id::MilestoneId;

/// The evaluation is due this long before the end (after Aanwijzingen voor de regelgeving, 2.42).
const EVALUATION_BEFORE_END: Term = Term::Months(9);
/// Results of what was stopped are due this many weeks after it.
const RESULTS_AFTER_STOP: Term = Term::Weeks(26);
/// A date is nearing this many days ahead.
const NEARING_DAYS: u64 = 28;
const ROUND_NEARING_DAYS: u64 = 7;

code_list! {
    /// What of an experiment is due (Dutch: termijn).
    pub enum ExperimentClock {
        /// The evaluation has to be there (evaluatie).
        Evaluation = "evaluation",
        /// A round of observations ends (waarnemingsronde).
        Observations = "observations",
        /// A milestone has to be reached (mijlpaal).
        Milestone = "milestone",
        /// It ends: its evaluation begins, or it is extended (einde).
        End = "end",
        /// The results of what was stopped have to be there (resultaten).
        Results = "results",
    }
}

impl ExperimentClock {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            ExperimentClock::Evaluation => ("evaluatie", "evaluation"),
            ExperimentClock::Observations => ("waarnemingen", "observations"),
            ExperimentClock::Milestone => ("mijlpaal", "milestone"),
            ExperimentClock::End => ("einde van het experiment", "end of the experiment"),
            ExperimentClock::Results => ("resultaten", "results"),
        };
        language.pick(nl, en)
    }
}

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub clock: ExperimentClock,
    pub milestone: Option<MilestoneId>,
    pub on: NaiveDate,
}

/// What was told about something that is due: `late` after it told that it nears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerted {
    pub clock: ExperimentClock,
    pub milestone: Option<MilestoneId>,
    /// The day it was due on then: another day is told about anew.
    pub on: NaiveDate,
    pub late: bool,
}

/// The day by which the evaluation has to be there: nine months before the end, but not before half of the time.
pub fn evaluation_due(start: NaiveDate, end: NaiveDate) -> NaiveDate {
    let half = (end - start).num_days().max(0) / 2;
    let halfway = start
        .checked_add_days(Days::new(half.unsigned_abs()))
        .unwrap_or(end);
    counted_back(end, EVALUATION_BEFORE_END).max(halfway)
}

/// The last day that the clause allows for a start: the day before the same date so many months later.
pub fn latest_end(start: NaiveDate, months: u32) -> NaiveDate {
    start
        .checked_add_months(Months::new(months))
        .and_then(|day| day.pred_opt())
        .unwrap_or(NaiveDate::MAX)
}

impl Experiment {
    /// All that is due of it, done or not late yet, the earliest first.
    pub fn dues(&self) -> Vec<Due> {
        use ExperimentStatus::*;
        let mut dues = Vec::new();
        let due = |clock, on| Due {
            clock,
            milestone: None,
            on,
        };
        if matches!(self.status, Running | Evaluating) && self.course.evaluation.is_none() {
            let start = self.course.started_on.or(self.plan.starts_on);
            if let (Some(start), Some(end)) = (start, self.plan.ends_on) {
                dues.push(due(ExperimentClock::Evaluation, evaluation_due(start, end)));
            }
        }
        if let (Running, Some(end)) = (self.status, self.plan.ends_on) {
            dues.push(due(ExperimentClock::End, end));
        }
        // Who never began has nothing to tell.
        if let Some(stopped) = &self.course.stopped
            && self.course.started_on.is_some()
            && self.course.evaluation.is_none()
        {
            let on = crate::domain::deadline::nominal_end(stopped.on, RESULTS_AFTER_STOP);
            dues.push(due(ExperimentClock::Results, on));
        }
        if matches!(self.status, Registered | Running | Evaluating) {
            let done = |id| {
                self.course
                    .milestones_done
                    .iter()
                    .any(|(one, _)| *one == id)
            };
            let open = self.plan.milestones.iter().filter(|one| !done(one.id));
            dues.extend(open.map(|one| Due {
                clock: ExperimentClock::Milestone,
                milestone: Some(one.id),
                on: one.due_on,
            }));
        }
        dues.sort_by_key(|due| due.on);
        dues
    }

    /// The ends of the rounds in which its participants are observed, the earliest first. Whether one is late is known from
    /// what was observed.
    pub fn round_ends(&self) -> Vec<Due> {
        if !matches!(
            self.status,
            ExperimentStatus::Running | ExperimentStatus::Evaluating
        ) {
            return Vec::new();
        }
        let indicators = self.plan.indicators.iter();
        let days: BTreeSet<NaiveDate> = indicators
            .flat_map(|indicator| rounds(self, indicator))
            .map(|(_, to)| to)
            .collect();
        let due = |on| Due {
            clock: ExperimentClock::Observations,
            milestone: None,
            on,
        };
        days.into_iter().map(due).collect()
    }

    /// All that is due of it, with the round that ends next.
    pub fn calendar(&self, today: NaiveDate) -> Vec<Due> {
        let mut all = self.dues();
        let rounds = self.round_ends();
        all.extend(rounds.into_iter().find(|due| due.on >= today));
        all.sort_by_key(|due| due.on);
        all
    }

    fn told_of(&self) -> impl Iterator<Item = Due> {
        self.dues().into_iter().chain(self.round_ends())
    }

    /// What is over its day.
    pub fn late(&self, today: NaiveDate) -> Vec<Due> {
        self.dues()
            .into_iter()
            .filter(|due| due.on < today)
            .collect()
    }

    fn told(&self, due: &Due) -> Option<&Alerted> {
        self.course
            .alerted
            .iter()
            .find(|one| (one.clock, one.milestone, one.on) == (due.clock, due.milestone, due.on))
    }

    /// The alerts to raise today, each once; of what is late already it is not told any more that it nears.
    pub fn alerts_due(&self, today: NaiveDate) -> Vec<Alerted> {
        let mut found = Vec::new();
        for due in self.told_of() {
            let late = due.on < today;
            let told = self.told(&due);
            let fresh = match told {
                None => late || nearing_on(&due) <= today,
                Some(told) => late && !told.late,
            };
            if fresh {
                found.push(Alerted {
                    clock: due.clock,
                    milestone: due.milestone,
                    on: due.on,
                    late,
                });
            }
        }
        found
    }

    /// The first day on which an alert is to be raised.
    pub fn next_alert_on(&self) -> Option<NaiveDate> {
        let days = self.told_of().filter_map(|due| {
            let late_on = due.on.succ_opt();
            match self.told(&due) {
                None => Some(nearing_on(&due)),
                Some(told) if !told.late => late_on,
                Some(_) => None,
            }
        });
        days.min()
    }
}

/// A round is short: of its end it is told later.
fn nearing_on(due: &Due) -> NaiveDate {
    let days = match due.clock {
        ExperimentClock::Observations => ROUND_NEARING_DAYS,
        _ => NEARING_DAYS,
    };
    due.on.checked_sub_days(Days::new(days)).unwrap_or(due.on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn an_evaluation_is_due_nine_months_before_the_end_and_not_before_half_of_the_time() {
        for (start, end, due) in [
            // Four years: nine months before the end, whatever day of the week that is.
            ("2027-01-01", "2030-12-31", "2030-03-31"),
            // The last day of a month that has no 31st.
            ("2027-01-01", "2028-11-30", "2028-02-29"),
            // A year: half of it.
            ("2027-01-01", "2027-12-31", "2027-07-02"),
            // Eighteen months: nine before the end would be a day before half of the time.
            ("2027-01-01", "2028-06-30", "2027-10-01"),
        ] {
            assert_eq!(
                evaluation_due(day(start), day(end)),
                day(due),
                "{start} {end}"
            );
        }
    }

    #[test]
    fn the_clause_allows_whole_months_from_the_first_day() {
        assert_eq!(latest_end(day("2027-01-01"), 48), day("2030-12-31"));
        assert_eq!(latest_end(day("2027-08-31"), 6), day("2028-02-28"));
    }
}
