//! The Dutch calendar of the General Extension of Time Limits Act (Algemene termijnenwet, Atw, BWBR0002448): generally
//! recognised holidays and working days.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Easter Sunday of a year in the Gregorian calendar (Meeus, Jones and Butcher), or `None` beyond the years that
/// `NaiveDate` holds.
pub fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let correction = (century + 8) / 25;
    let epact = (19 * golden + century - century / 4 - (century - correction + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let shift = (golden + 11 * epact + 22 * weekday) / 451;
    let day_of_march = epact + weekday - 7 * shift + 114;
    let (month, day) = (day_of_march / 31, day_of_march % 31 + 1);
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// Day on which the birthday of the King is celebrated: 27 April since 2014, Queen's Day (30 April) before; a day earlier
/// when that is a Sunday. `None` beyond the years that `NaiveDate` holds.
pub fn kings_day(year: i32) -> Option<NaiveDate> {
    let day = NaiveDate::from_ymd_opt(year, 4, if year >= 2014 { 27 } else { 30 })?;
    if day.weekday() == Weekday::Sun {
        day.pred_opt()
    } else {
        Some(day)
    }
}

/// Whether the date is a generally recognised holiday (Atw art. 3, first paragraph) or Good Friday, which the second
/// paragraph equates with one. Easter Sunday and Whit Sunday are Sundays already and not named there.
pub fn is_recognised_holiday(date: NaiveDate) -> bool {
    if matches!(
        (date.month(), date.day()),
        (1, 1) | (5, 5) | (12, 25) | (12, 26)
    ) {
        return true;
    }
    if kings_day(date.year()) == Some(date) {
        return true;
    }
    let Some(easter) = easter_sunday(date.year()) else {
        return false;
    };
    // Good Friday, Easter Monday, Ascension Day, Whit Monday.
    matches!(
        date.signed_duration_since(easter).num_days(),
        -2 | 1 | 39 | 50
    )
}

/// Whether the date is no Saturday, Sunday, generally recognised holiday or day equated with one by decree (Atw art. 3,
/// third paragraph); `equated` are those days.
pub fn is_working_day(date: NaiveDate, equated: &[NaiveDate]) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
        && !is_recognised_holiday(date)
        && !equated.contains(&date)
}

/// The date itself if it is a working day, else the first one after it.
pub fn next_working_day(date: NaiveDate, equated: &[NaiveDate]) -> NaiveDate {
    let mut day = date;
    while !is_working_day(day, equated) {
        match day.checked_add_days(Days::new(1)) {
            Some(next) => day = next,
            // The end of the calendar that `NaiveDate` knows; no date in use comes near it.
            None => return day,
        }
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Good Friday, Easter Monday, King's Day, Ascension Day, Whit Monday as published for these years.
    const MOVABLE: [(i32, [&str; 5]); 7] = [
        (2024, ["03-29", "04-01", "04-27", "05-09", "05-20"]),
        (2025, ["04-18", "04-21", "04-26", "05-29", "06-09"]),
        (2026, ["04-03", "04-06", "04-27", "05-14", "05-25"]),
        (2027, ["03-26", "03-29", "04-27", "05-06", "05-17"]),
        (2028, ["04-14", "04-17", "04-27", "05-25", "06-05"]),
        (2029, ["03-30", "04-02", "04-27", "05-10", "05-21"]),
        (2030, ["04-19", "04-22", "04-27", "05-30", "06-10"]),
    ];

    #[test]
    fn the_holidays_of_a_year_are_the_known_ones_and_no_others() {
        for (year, movable) in MOVABLE {
            let mut expected: Vec<NaiveDate> = ["01-01", "05-05", "12-25", "12-26"]
                .iter()
                .chain(&movable)
                .map(|day| date(&format!("{year}-{day}")))
                .collect();
            expected.sort();
            let found: Vec<NaiveDate> = date(&format!("{year}-01-01"))
                .iter_days()
                .take_while(|day| day.year() == year)
                .filter(|day| is_recognised_holiday(*day))
                .collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn easter_falls_on_known_dates() {
        for day in [
            "1818-03-22",
            "1943-04-25",
            "1954-04-18",
            "1961-04-02",
            "1981-04-19",
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2019-04-21",
            "2038-04-25",
            "2049-04-18",
            "2076-04-19",
            "2285-03-22",
        ] {
            let day = date(day);
            assert_eq!(easter_sunday(day.year()), Some(day));
        }
    }

    #[test]
    fn the_kings_birthday_moves_off_sunday() {
        for day in [
            "2006-04-29",
            "2012-04-30",
            "2013-04-30",
            "2014-04-26",
            "2015-04-27",
            "2031-04-26",
        ] {
            let day = date(day);
            assert_eq!(kings_day(day.year()), Some(day));
        }
        assert!(!is_recognised_holiday(date("2014-04-27")));
        assert!(!is_recognised_holiday(date("2026-04-30")));
    }

    #[test]
    fn equated_days_are_no_working_days() {
        let bridge = date("2026-05-15");
        assert!(is_working_day(bridge, &[]));
        assert!(!is_working_day(bridge, &[bridge]));
        assert_eq!(
            next_working_day(date("2026-05-14"), &[bridge]),
            date("2026-05-18")
        );
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for day in [NaiveDate::MIN, NaiveDate::MAX] {
            is_recognised_holiday(day);
            next_working_day(day, &[]);
        }
    }

    proptest! {
        #[test]
        fn easter_is_a_sunday_between_22_march_and_25_april(year in 1583..9999_i32) {
            let easter = easter_sunday(year).unwrap();
            prop_assert_eq!(easter.weekday(), Weekday::Sun);
            let first = NaiveDate::from_ymd_opt(year, 3, 22).unwrap();
            let last = NaiveDate::from_ymd_opt(year, 4, 25).unwrap();
            prop_assert!((first..=last).contains(&easter));
        }
    }
}
