use chrono::NaiveDate;

use super::Basis;
use super::dimension::Dimension;
use super::facts::{Counted, Facts, month, parts_of, week};
use super::fingerprint::Fingerprints;
use super::footprint::{Footprint, Lengths};
use super::light::Light;
use super::spread::{Spread, place};
use super::steps::{Befell, Course, Happening, Running, Step, Taken};
use crate::domain::code::Code;
use crate::domain::id::OrganisationId;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A report with random values: of three organisations, two of everything else.
fn facts(rng: &mut fastrand::Rng, organisations: &[OrganisationId]) -> Facts {
    let mut one = || organisations[rng.usize(..organisations.len())];
    let (reporter, lead) = (one(), one());
    let mut endorsers = vec![one(), one()];
    endorsers.retain(|endorser| *endorser != reporter);
    endorsers.sort_unstable();
    endorsers.dedup();
    let mut values = vec![
        (
            Dimension::Status,
            ["routed", "settled"][rng.usize(..2)].to_owned(),
        ),
        (Dimension::Authority, lead.to_string()),
        (
            Dimension::Domain,
            ["zorg", "onderwijs"][rng.usize(..2)].to_owned(),
        ),
        (
            Dimension::Article,
            ["WPO/1", "WPO/2"][rng.usize(..2)].to_owned(),
        ),
        (
            Dimension::SubmittedMonth,
            ["2026-10", "2026-11"][rng.usize(..2)].to_owned(),
        ),
        (
            Dimension::SubmittedDay,
            ["2026-10-01", "2026-11-02"][rng.usize(..2)].to_owned(),
        ),
    ];
    values.sort();
    let on = day("2026-11-02");
    let course = Course {
        taken: vec![Taken {
            step: Step::Position,
            authority: Some(lead),
            ended_on: on,
            days: rng.u32(..400),
            suspended: rng.u32(..3),
            in_time: Some(rng.bool()),
        }],
        running: vec![Running {
            step: Step::Acceptance,
            authority: Some(lead),
            due_on: on,
        }],
        befell: vec![Befell {
            what: Happening::Routed,
            authority: Some(lead),
            on,
        }],
    };
    let counted = Counted {
        values,
        reporter: Some(reporter),
        endorsers,
        municipalities: vec!["GM0001".into()],
        course,
    };
    Facts {
        public: rng.bool().then(|| counted.clone()),
        government: Some(counted),
    }
}

#[test]
fn what_was_counted_is_taken_back_without_a_trace() {
    let organisations: Vec<OrganisationId> = (0..3).map(|_| OrganisationId::new()).collect();
    for seed in 0..50 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut now: Vec<Facts> = vec![Facts::default(); 6];
        let mut sums = Footprint::default();
        // Reports come, change and go, each change followed.
        for _ in 0..30 {
            let at = rng.usize(..now.len());
            let next = if rng.u8(..4) == 0 {
                Facts::default()
            } else {
                facts(&mut rng, &organisations)
            };
            sums.count(&now[at], -1);
            sums.count(&next, 1);
            now[at] = next;
        }
        sums.settle();
        let mut anew = Footprint::default();
        for facts in &now {
            anew.count(facts, 1);
        }
        anew.settle();
        assert_eq!(sums, anew, "seed {seed}");
        for facts in &now {
            sums.count(facts, -1);
        }
        sums.settle();
        assert_eq!(sums, Footprint::default(), "seed {seed}");
    }
}

#[test]
fn fingerprints_are_those_of_the_sums_however_they_are_added_up() {
    let organisations: Vec<OrganisationId> = (0..3).map(|_| OrganisationId::new()).collect();
    for seed in 0..20 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let reports: Vec<Facts> = (0..6).map(|_| facts(&mut rng, &organisations)).collect();
        let (mut at_once, mut in_parts) = (Footprint::default(), Fingerprints::default());
        for facts in reports.iter().rev() {
            at_once.count(facts, 1);
            let mut part = Footprint::default();
            part.count(facts, 3);
            part.count(facts, -2);
            in_parts.footprint(&part);
        }
        let of = |sums: &Footprint| {
            let mut prints = Fingerprints::default();
            prints.footprint(sums);
            prints
        };
        assert_eq!(of(&at_once).differing(&in_parts), [], "seed {seed}");

        // One sum astray is told by its name.
        let told = |sums: &Footprint| {
            let differing = of(sums).differing(&in_parts);
            differing
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        let mut astray = at_once.clone();
        let (cell, reports) = astray.reports.iter_mut().next().unwrap();
        *reports += if rng.bool() { 1 } else { 1 << 32 };
        let mut name = String::from("reports");
        if let Some(by) = cell.by {
            name += &format!(" by {by}");
        }
        if let Some(across) = cell.across {
            name += &format!(" and {across}");
        }
        assert_eq!(told(&astray), [name], "seed {seed}");
        let mut astray = at_once.clone();
        astray.lengths.values_mut().next().unwrap().in_time += 1;
        astray.promises.clear();
        assert_eq!(told(&astray), ["durations", "promises"], "seed {seed}");
        let mut astray = at_once.clone();
        let gone = astray.standings.keys().next().cloned().unwrap();
        astray.standings.remove(&gone);
        let told = told(&astray);
        assert_eq!(told.len(), 1, "seed {seed}");
        assert!(told[0].starts_with("who stands behind reports"), "{told:?}");
    }
}

#[test]
fn what_is_crossed_is_crossed_either_way() {
    let all = Dimension::ALL;
    for one in all {
        assert!(!one.crosses(*one));
        for other in all {
            assert_eq!(one.crosses(*other), other.crosses(*one), "{one} {other}");
        }
    }
    assert!(!Dimension::Article.crosses(Dimension::SubmittedDay));
    assert!(Dimension::Article.crosses(Dimension::SubmittedMonth));
    assert!(!Dimension::Status.crosses(Dimension::Phase));
    assert_eq!(Basis::ALL.len(), 2);
}

#[test]
fn percentiles_are_exact_for_months_and_near_beyond() {
    let of = |days: &[u32]| {
        let mut lengths = Lengths::default();
        for day in days {
            *lengths.days.entry(place(*day)).or_default() += 1;
        }
        let spread = Spread::of(&lengths.days);
        (
            spread.count(),
            spread.percentile(50.0),
            spread.percentile(90.0),
        )
    };
    assert_eq!(of(&[]), (0, None, None));
    assert_eq!(of(&[0]), (1, Some(0), Some(0)));
    assert_eq!(of(&[3, 9, 1]), (3, Some(3), Some(9)));
    let hundred: Vec<u32> = (1..=100).collect();
    assert_eq!(of(&hundred), (100, Some(50), Some(90)));
    for days in 0..36_525 {
        let kept = place(days);
        assert!(
            kept <= days && (days < 256) <= (kept == days),
            "{days}: {kept}"
        );
        assert!(
            (days - kept) * 100 <= days,
            "{days}: {kept} is over 1 % off"
        );
    }
}

#[test]
fn periods_and_articles_as_values() {
    assert_eq!(week(day("2027-01-01")), "2026-W53");
    assert_eq!(month(day("2026-03-01")), "2026-03");
    assert_eq!(parts_of("BWBR0003420/153"), ("BWBR0003420", "153"));
    assert_eq!(parts_of("CVDR603544/1/3:4"), ("CVDR603544/1", "3:4"));
    let lights = [1.0, 0.75, 0.749, 0.5, 0.49].map(Light::of);
    use Light::*;
    assert_eq!(lights, [Green, Green, Amber, Amber, Red]);
}
