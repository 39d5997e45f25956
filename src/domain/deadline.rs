//! Terms and the dates on which they end. The service's terms are promises, not statutory ones; they are reckoned by
//! analogy as the General Extension of Time Limits Act (Algemene termijnenwet, Atw, BWBR0002448) reckons those of a law.
//!
//! Days are calendar days in Europe/Amsterdam, instants are UTC. Dates outside the calendar of `NaiveDate` become its
//! first or last day.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Amsterdam;
use serde::{Deserialize, Serialize};

use crate::domain::calendar::next_working_day;

/// How long something may take (Dutch: termijn). In JSON `{"weeks": 8}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    Days(u32),
    /// Of seven days each.
    Weeks(u32),
    /// Calendar months.
    Months(u32),
}

impl Term {
    /// How long it is in days, a month taken for 30: to compare terms.
    pub fn about_days(self) -> u32 {
        match self {
            Term::Days(days) => days,
            Term::Weeks(weeks) => weeks.saturating_mul(7),
            Term::Months(months) => months.saturating_mul(30),
        }
    }
}

/// As ISO 8601 writes a duration: `P8W`.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Days(days) => write!(f, "P{days}D"),
            Term::Weeks(weeks) => write!(f, "P{weeks}W"),
            Term::Months(months) => write!(f, "P{months}M"),
        }
    }
}

impl FromStr for Term {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_prefix('P').ok_or(())?;
        let at = rest.len().checked_sub(1).ok_or(())?;
        let (number, unit) = rest.split_at_checked(at).ok_or(())?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(());
        }
        let number = number.parse().map_err(drop)?;
        match unit {
            "D" => Ok(Term::Days(number)),
            "W" => Ok(Term::Weeks(number)),
            "M" => Ok(Term::Months(number)),
            _ => Err(()),
        }
    }
}

/// The last day of a term before any extension. The day of the start does not count: seven days from 1 March end on
/// 8 March. A month ends on the day with the same number, or the last day of a month that has none.
pub fn nominal_end(start: NaiveDate, term: Term) -> NaiveDate {
    match term {
        Term::Days(days) => plus_days(start, u64::from(days)),
        Term::Weeks(weeks) => plus_days(start, 7 * u64::from(weeks)),
        Term::Months(months) => start
            .checked_add_months(Months::new(months))
            .unwrap_or(NaiveDate::MAX),
    }
}

/// Whether the extensions of the Atw cover a term of this length: at most 90 days, twelve weeks or three months (Atw
/// art. 4, under a).
pub fn atw_applies(term: Term) -> bool {
    match term {
        Term::Days(days) => days <= 90,
        Term::Weeks(weeks) => weeks <= 12,
        Term::Months(months) => months <= 3,
    }
}

/// The last day on which something is in time. Where the Atw covers the term, it ends on a working day (art. 1, first
/// paragraph, and art. 3) and, from three days on, holds at least two of them (art. 2); `equated` are the days equated
/// with holidays by decree (art. 3, third paragraph).
pub fn due_on(start: NaiveDate, term: Term, equated: &[NaiveDate]) -> NaiveDate {
    due_on_suspended(start, term, 0, equated)
}

/// As [`due_on`] for a clock that stood still for `suspended_days` days (cf. Awb art. 4:15): these move the nominal end,
/// the extension to a working day comes last. Whether the Atw covers the term is judged by the term alone.
pub fn due_on_suspended(
    start: NaiveDate,
    term: Term,
    suspended_days: u32,
    equated: &[NaiveDate],
) -> NaiveDate {
    let end = plus_days(nominal_end(start, term), u64::from(suspended_days));
    if !atw_applies(term) {
        return end;
    }
    let earliest = if at_least_three_days(term) {
        let first = next_working_day(plus_days(start, 1), equated);
        next_working_day(plus_days(first, 1), equated)
    } else {
        start
    };
    next_working_day(end.max(earliest), equated)
}

/// The day that lies a term before an end, such as an evaluation due nine months before an experiment ends. It never
/// shifts (Atw art. 1, second paragraph).
pub fn counted_back(end: NaiveDate, term: Term) -> NaiveDate {
    let back = match term {
        Term::Days(days) => end.checked_sub_days(Days::new(u64::from(days))),
        Term::Weeks(weeks) => end.checked_sub_days(Days::new(7 * u64::from(weeks))),
        Term::Months(months) => end.checked_sub_months(Months::new(months)),
    };
    back.unwrap_or(NaiveDate::MIN)
}

/// The calendar day in Europe/Amsterdam at an instant.
pub fn local_date(instant: DateTime<Utc>) -> NaiveDate {
    let utc = instant.naive_utc();
    utc.checked_add_offset(Amsterdam.offset_from_utc_datetime(&utc).fix())
        .map_or(NaiveDate::MAX, |local| local.date())
}

/// The instant from which something due on this date is overdue: the midnight in Europe/Amsterdam that ends the date.
pub fn overdue_from(due: NaiveDate) -> DateTime<Utc> {
    let Some(next_day) = due.succ_opt() else {
        return DateTime::<Utc>::MAX_UTC;
    };
    let midnight = next_day.and_time(NaiveTime::MIN);
    // Clocks have gone forward at midnight itself in Amsterdam (1937, 1940): then the first whole hour that exists.
    [0, 1, 2]
        .into_iter()
        .filter_map(|hours| midnight.checked_add_signed(TimeDelta::hours(hours)))
        .find_map(|local| Amsterdam.from_local_datetime(&local).earliest())
        .map_or_else(|| midnight.and_utc(), |instant| instant.to_utc())
}

/// Whether the date has passed in Europe/Amsterdam.
pub fn is_overdue(due: NaiveDate, now: DateTime<Utc>) -> bool {
    now >= overdue_from(due)
}

/// Calendar days in Europe/Amsterdam from now to the due date: 0 on the date itself, negative when overdue.
pub fn days_left(due: NaiveDate, now: DateTime<Utc>) -> i64 {
    due.signed_duration_since(local_date(now)).num_days()
}

fn plus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days))
        .unwrap_or(NaiveDate::MAX)
}

fn at_least_three_days(term: Term) -> bool {
    match term {
        Term::Days(days) => days >= 3,
        Term::Weeks(count) | Term::Months(count) => count >= 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{easter_sunday, is_recognised_holiday, is_working_day};
    use chrono::Datelike;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_of_the_start_does_not_count() {
        for (start, term, end) in [
            ("2026-03-01", Term::Days(0), "2026-03-01"),
            ("2026-03-01", Term::Days(7), "2026-03-08"),
            ("2026-03-01", Term::Weeks(8), "2026-04-26"),
            ("2026-03-01", Term::Months(1), "2026-04-01"),
            ("2026-01-31", Term::Months(1), "2026-02-28"),
            ("2028-01-31", Term::Months(1), "2028-02-29"),
            ("2028-02-29", Term::Months(12), "2029-02-28"),
            ("2028-02-28", Term::Days(1), "2028-02-29"),
            ("2026-11-30", Term::Months(3), "2027-02-28"),
        ] {
            assert_eq!(
                nominal_end(date(start), term),
                date(end),
                "{start} {term:?}"
            );
        }
    }

    #[test]
    fn terms_are_written_as_durations() {
        for (text, term) in [
            ("P7D", Some(Term::Days(7))),
            ("P8W", Some(Term::Weeks(8))),
            ("P3M", Some(Term::Months(3))),
            ("P+3M", None),
            ("P1Y", None),
            ("PM", None),
            ("P", None),
            ("", None),
            ("8W", None),
            ("P99999999999D", None),
            ("P8W1D", None),
        ] {
            assert_eq!(text.parse().ok(), term, "{text}");
            if let Some(term) = term {
                assert_eq!(term.to_string(), text);
            }
        }
    }

    #[test]
    fn the_act_covers_at_most_90_days_twelve_weeks_or_three_months() {
        for (longest, longer) in [
            (Term::Days(90), Term::Days(91)),
            (Term::Weeks(12), Term::Weeks(13)),
            (Term::Months(3), Term::Months(4)),
        ] {
            assert!(atw_applies(longest) && !atw_applies(longer));
        }
        // 91 days from 24 January 2026 and 13 weeks from then: Saturday 25 April, as it is.
        for term in [Term::Days(91), Term::Weeks(13)] {
            assert_eq!(due_on(date("2026-01-24"), term, &[]), date("2026-04-25"));
        }
        assert_eq!(
            due_on(date("2026-01-25"), Term::Days(90), &[]),
            date("2026-04-28")
        );
        assert_eq!(
            due_on(date("2026-02-14"), Term::Months(6), &[]),
            date("2026-08-14")
        );
        assert_eq!(
            due_on(date("2026-02-15"), Term::Months(6), &[]),
            date("2026-08-15")
        );
    }

    #[test]
    fn a_term_ending_on_a_day_off_runs_to_the_next_working_day() {
        for (end, due) in [
            ("2026-01-01", "2026-01-02"), // New Year's Day, Thursday
            ("2026-01-03", "2026-01-05"), // Saturday
            ("2026-01-04", "2026-01-05"), // Sunday
            ("2026-04-03", "2026-04-07"), // Good Friday, over Easter Monday
            ("2026-04-05", "2026-04-07"), // Easter Sunday
            ("2026-04-06", "2026-04-07"), // Easter Monday
            ("2026-04-27", "2026-04-28"), // King's Day
            ("2025-04-26", "2025-04-28"), // King's Day on a Saturday
            ("2026-05-05", "2026-05-06"), // 5 May
            ("2026-05-14", "2026-05-15"), // Ascension Day
            ("2026-05-25", "2026-05-26"), // Whit Monday
            ("2026-12-25", "2026-12-28"), // Christmas on Friday and Saturday
            ("2025-12-25", "2025-12-29"), // Christmas on Thursday and Friday
            ("2027-12-25", "2027-12-27"), // Christmas on Saturday and Sunday
            ("2024-12-25", "2024-12-27"), // Christmas on Wednesday and Thursday
            ("2026-03-29", "2026-03-30"), // clocks go forward
            ("2026-10-25", "2026-10-26"), // clocks go back
            ("2028-02-29", "2028-02-29"), // leap day, a Tuesday
        ] {
            let start = date(end) - Days::new(30);
            assert_eq!(due_on(start, Term::Days(30), &[]), date(due), "{end}");
        }
    }

    #[test]
    fn every_holiday_of_2024_to_2030_is_passed_over() {
        let days = date("2024-01-01")
            .iter_days()
            .take_while(|day| day.year() <= 2030);
        for holiday in days.filter(|day| is_recognised_holiday(*day)) {
            let due = due_on(holiday - Days::new(56), Term::Weeks(8), &[]);
            assert!(due > holiday && is_working_day(due, &[]), "{holiday}");
            assert!((due - holiday).num_days() <= 4, "{holiday}");
        }
    }

    #[test]
    fn three_days_or_more_hold_two_working_days() {
        for (start, days, due) in [
            ("2026-03-05", 3, "2026-03-09"), // Thursday: Friday and Monday
            ("2026-03-06", 3, "2026-03-10"), // Friday: Monday and Tuesday
            ("2026-03-06", 2, "2026-03-09"), // two days: only the end moves
            ("2026-03-06", 4, "2026-03-10"),
            ("2026-04-02", 3, "2026-04-08"), // Maundy Thursday: Tuesday and Wednesday after Easter
            ("2026-04-02", 4, "2026-04-08"),
            ("2026-12-24", 3, "2026-12-29"),
            ("2026-03-02", 3, "2026-03-05"),
        ] {
            assert_eq!(
                due_on(date(start), Term::Days(days), &[]),
                date(due),
                "{start} {days}"
            );
        }
    }

    #[test]
    fn a_week_of_equated_days_is_extended() {
        let week: Vec<NaiveDate> = date("2026-08-03").iter_days().take(5).collect();
        // Of the seven days only the last is a working day.
        assert_eq!(
            due_on(date("2026-08-03"), Term::Weeks(1), &week),
            date("2026-08-11")
        );
    }

    #[test]
    fn suspension_moves_the_end_before_the_shift() {
        // Nominally Wednesday 1 April; two days move it to Good Friday, hence to the Tuesday after Easter.
        let start = date("2026-03-18");
        assert_eq!(due_on(start, Term::Days(14), &[]), date("2026-04-01"));
        assert_eq!(
            due_on_suspended(start, Term::Days(14), 2, &[]),
            date("2026-04-07")
        );
        // From a Saturday: the days are added to the Saturday and not to the Monday after.
        let start = date("2026-03-07");
        assert_eq!(due_on(start, Term::Days(7), &[]), date("2026-03-16"));
        assert_eq!(
            due_on_suspended(start, Term::Days(7), 3, &[]),
            date("2026-03-17")
        );
        // Suspension does not take a short term out of the act.
        assert_eq!(
            due_on_suspended(date("2026-01-24"), Term::Days(90), 1, &[]),
            date("2026-04-28")
        );
    }

    #[test]
    fn counting_back_never_shifts() {
        assert_eq!(
            counted_back(date("2026-04-13"), Term::Weeks(1)),
            date("2026-04-06")
        );
        assert_eq!(
            counted_back(date("2026-12-31"), Term::Months(10)),
            date("2026-02-28")
        );
        assert_eq!(
            counted_back(date("2026-03-01"), Term::Days(1)),
            date("2026-02-28")
        );
    }

    #[test]
    fn the_day_turns_at_midnight_in_amsterdam() {
        for (due, from) in [
            ("2026-01-15", "2026-01-15T23:00:00Z"),
            ("2026-07-15", "2026-07-15T22:00:00Z"),
            ("2026-03-28", "2026-03-28T23:00:00Z"), // the day before clocks go forward
            ("2026-03-29", "2026-03-29T22:00:00Z"), // a day of 23 hours
            ("2026-10-24", "2026-10-24T22:00:00Z"),
            ("2026-10-25", "2026-10-25T23:00:00Z"), // a day of 25 hours
            ("2028-02-29", "2028-02-29T23:00:00Z"),
            ("2026-12-31", "2026-12-31T23:00:00Z"),
        ] {
            let (due, from) = (date(due), instant(from));
            assert_eq!(overdue_from(due), from);
            let before = from - TimeDelta::nanoseconds(1);
            assert!(is_overdue(due, from) && !is_overdue(due, before));
            assert_eq!((days_left(due, from), days_left(due, before)), (-1, 0));
            assert_eq!(
                (local_date(before), local_date(from)),
                (due, due.succ_opt().unwrap())
            );
        }
    }

    #[test]
    fn days_left_counts_days_and_not_hours() {
        let due = date("2026-03-30");
        assert_eq!(days_left(due, instant("2026-03-28T22:59:59Z")), 2);
        assert_eq!(days_left(due, instant("2026-03-28T23:00:00Z")), 1);
        assert_eq!(days_left(due, instant("2026-04-02T12:00:00Z")), -3);
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for term in [
            Term::Days(u32::MAX),
            Term::Weeks(u32::MAX),
            Term::Months(u32::MAX),
        ] {
            assert_eq!(nominal_end(date("2026-01-01"), term), NaiveDate::MAX);
            assert_eq!(counted_back(date("2026-01-01"), term), NaiveDate::MIN);
        }
        due_on_suspended(NaiveDate::MAX, Term::Days(3), u32::MAX, &[]);
        for day in [
            NaiveDate::MIN,
            NaiveDate::MAX,
            date("1937-06-30"),
            date("1940-05-15"),
        ] {
            overdue_from(day);
        }
        for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            local_date(now);
            days_left(date("2026-01-01"), now);
        }
    }

    fn any_date() -> impl Strategy<Value = NaiveDate> {
        (0..55_000_u64).prop_map(|days| date("1980-01-01") + Days::new(days))
    }

    fn any_term() -> impl Strategy<Value = Term> {
        prop_oneof![
            (0..120_u32).prop_map(Term::Days),
            (0..30_u32).prop_map(Term::Weeks),
            (0..12_u32).prop_map(Term::Months),
        ]
    }

    fn working_days(start: NaiveDate, end: NaiveDate, equated: &[NaiveDate]) -> usize {
        start
            .iter_days()
            .skip(1)
            .take_while(|day| *day <= end)
            .filter(|day| is_working_day(*day, equated))
            .count()
    }

    proptest! {
        #[test]
        fn a_covered_term_ends_on_a_working_day_and_not_too_late(
            start in any_date(),
            term in any_term(),
            suspended in 0..60_u32,
            equated_offset in 0..100_u64,
        ) {
            let equated = [start + Days::new(equated_offset)];
            let end = nominal_end(start, term) + Days::new(u64::from(suspended));
            let due = due_on_suspended(start, term, suspended, &equated);
            if !atw_applies(term) {
                prop_assert_eq!(due, end);
                return Ok(());
            }
            prop_assert!(due >= end && is_working_day(due, &equated));
            let needed = if (nominal_end(start, term) - start).num_days() >= 3 { 2 } else { 0 };
            prop_assert!(working_days(start, due, &equated) >= needed);
            // No earlier working day would have done.
            let earlier = end.iter_days().take_while(|day| *day < due);
            for day in earlier.filter(|day| is_working_day(*day, &equated)) {
                prop_assert!(working_days(start, day, &equated) < needed);
            }
        }

        #[test]
        fn suspension_moves_a_term_the_act_leaves_alone_by_exactly_its_days(
            start in any_date(),
            weeks in 13..60_u32,
            suspended in 0..1000_u32,
        ) {
            let term = Term::Weeks(weeks);
            let moved = due_on_suspended(start, term, suspended, &[]) - due_on(start, term, &[]);
            prop_assert_eq!(moved.num_days(), i64::from(suspended));
        }

        #[test]
        fn a_later_start_never_ends_earlier(start in any_date(), later in 0..40_u64, term in any_term()) {
            let equated = [easter_sunday(start.year()).unwrap() + Days::new(2)];
            let next = start + Days::new(later);
            prop_assert!(nominal_end(start, term) <= nominal_end(next, term));
            prop_assert!(due_on(start, term, &equated) <= due_on(next, term, &equated));
        }

        #[test]
        fn days_and_weeks_counted_back_return_to_the_start(start in any_date(), count in 0..500_u32) {
            for term in [Term::Days(count), Term::Weeks(count)] {
                prop_assert_eq!(counted_back(nominal_end(start, term), term), start);
            }
        }

        #[test]
        fn overdue_means_that_the_local_date_is_later(due in any_date(), minutes in -5000..5000_i64) {
            let now = overdue_from(due) + TimeDelta::minutes(minutes);
            prop_assert_eq!(is_overdue(due, now), local_date(now) > due);
            prop_assert_eq!(is_overdue(due, now), days_left(due, now) < 0);
        }
    }
}
