use super::*;
use crate::domain::calendar::is_working_day;
use crate::domain::deadline::{atw_applies, due_on, nominal_end};
use crate::domain::deadline_profile::STANDARD;
use chrono::TimeDelta;
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn standard() -> DeadlineProfile {
    DeadlineProfile::standard(DateTime::<Utc>::MIN_UTC)
}

/// Follows events, each with its capacity and moment, by the standard profile.
fn ledger(events: &[(EventKind, Capacity, &str)]) -> Ledger {
    let profile = standard();
    let mut ledger = Ledger::default();
    for (kind, capacity, moment) in events {
        ledger.follow(&Moment {
            kind: *kind,
            capacity: *capacity,
            to: Status::InReview,
            at: at(moment),
            profile: &profile,
            clock: None,
        });
    }
    ledger
}

fn clock(ledger: &Ledger, kind: ClockKind) -> &Clock {
    ledger.clocks.iter().rev().find(|c| c.kind == kind).unwrap()
}

use Capacity::{Desk, Lead, Reporter, Service};
use EventKind as E;

#[test]
fn each_promise_runs_by_its_own_term() {
    // Submitted on Monday 2 March 2026 at one minute past midnight in Amsterdam: by UTC it is the day before.
    let submitted = ledger(&[(E::Submit, Reporter, "2026-03-01T23:01:00Z")]);
    let reply = clock(&submitted, ClockKind::DeskReply);
    assert_eq!(
        (reply.started_on, reply.due_on),
        (day("2026-03-02"), day("2026-03-09"))
    );
    // Thirty days on it is Wednesday 1 April.
    assert_eq!(
        clock(&submitted, ClockKind::Routing).due_on,
        day("2026-04-01")
    );

    let accepted = ledger(&[
        (E::Submit, Reporter, "2026-03-02T09:00:00Z"),
        (E::RoutedByRule, Service, "2026-03-02T09:00:00Z"),
        (E::Accept, Lead, "2026-03-04T09:00:00Z"),
    ]);
    assert_eq!(
        clock(&accepted, ClockKind::DeskReply).stopped_on,
        Some(day("2026-03-02"))
    );
    assert_eq!(
        clock(&accepted, ClockKind::Acceptance).stopped_on,
        Some(day("2026-03-04"))
    );
    let position = clock(&accepted, ClockKind::Position);
    assert_eq!(position.due_on, day("2026-04-29"));
    // Eight weeks are 56 days; 80 % of them is 44.8, so the 45th day.
    assert_eq!(position.nearing_on, day("2026-04-18"));
}

#[test]
fn a_question_holds_the_clocks_until_the_answer() {
    let asked = |answered: &'static str| {
        ledger(&[
            (E::Submit, Reporter, "2026-03-02T09:00:00Z"),
            (E::RoutedByRule, Service, "2026-03-02T09:00:00Z"),
            (E::Accept, Lead, "2026-03-02T09:00:00Z"),
            (E::RequestInformation, Lead, "2026-03-10T09:00:00Z"),
            (E::ProvideInformation, Reporter, answered),
        ])
    };
    // Asked and answered on one day: nothing moves.
    assert_eq!(
        clock(&asked("2026-03-10T15:00:00Z"), ClockKind::Position).due_on,
        day("2026-04-28")
    );
    // 27 April is King's Day; ten days later it is Thursday 7 May.
    let ten = asked("2026-03-20T09:00:00Z");
    assert_eq!(clock(&ten, ClockKind::Position).suspended_days, 10);
    assert_eq!(clock(&ten, ClockKind::Position).due_on, day("2026-05-07"));
    assert_eq!(ten.suspensions.len(), 1);
    assert_eq!(ten.suspensions[0].until, Some(day("2026-03-20")));
    assert_eq!(ten.suspensions[0].ended_by, Some(E::ProvideInformation));
    // Never longer than until the answer's term lapses, on 24 March.
    let late = asked("2026-04-20T09:00:00Z");
    assert_eq!(clock(&late, ClockKind::Position).suspended_days, 14);
    assert_eq!(late.suspensions[0].until, Some(day("2026-03-24")));
    // The routing term has stopped, and moves all the same: a return sets it going again.
    assert_eq!(clock(&late, ClockKind::Routing).suspended_days, 14);
}

#[test]
fn a_return_sets_the_routing_term_going_from_the_first_submission() {
    let returned = ledger(&[
        (E::Submit, Reporter, "2026-03-02T09:00:00Z"),
        (E::Route, Desk, "2026-03-05T09:00:00Z"),
        (E::Return, Lead, "2026-03-11T09:00:00Z"),
    ]);
    let routing = clock(&returned, ClockKind::Routing);
    assert_eq!(
        (routing.started_on, routing.due_on),
        (day("2026-03-02"), day("2026-04-01"))
    );
    assert!(routing.runs());
    assert_eq!(
        clock(&returned, ClockKind::DeskReply).due_on,
        day("2026-03-18")
    );
    assert!(!clock(&returned, ClockKind::Acceptance).runs());
}

#[test]
fn an_extension_is_reckoned_from_the_start_and_keeps_what_stood_still() {
    let extended = ledger(&[
        (E::Submit, Reporter, "2026-03-02T09:00:00Z"),
        (E::RoutedByRule, Service, "2026-03-02T09:00:00Z"),
        (E::Accept, Lead, "2026-03-02T09:00:00Z"),
        (E::RequestInformation, Lead, "2026-03-10T09:00:00Z"),
        (E::ProvideInformation, Reporter, "2026-03-13T09:00:00Z"),
        (E::Extend, Lead, "2026-04-01T09:00:00Z"),
    ]);
    let position = clock(&extended, ClockKind::Position);
    assert!(position.extended);
    // Ten weeks from 2 March is 11 May; three days stood still: 14 May is Ascension Day.
    assert_eq!(position.due_on, day("2026-05-15"));
}

#[test]
fn a_merge_sets_the_clocks_aside_and_undoing_it_brings_them_back() {
    let before = [
        (E::Submit, Reporter, "2026-03-02T09:00:00Z"),
        (E::Route, Desk, "2026-03-03T09:00:00Z"),
        (E::RequestInformation, Lead, "2026-03-04T09:00:00Z"),
    ];
    let merged = ledger(&[&before[..], &[(E::Merge, Desk, "2026-03-06T09:00:00Z")]].concat());
    assert!(merged.clocks.iter().all(|clock| !clock.runs()));
    let undone = ledger(
        &[
            &before[..],
            &[
                (E::Merge, Desk, "2026-03-06T09:00:00Z"),
                (E::Unmerge, Desk, "2026-03-09T09:00:00Z"),
                (E::ProvideInformation, Reporter, "2026-03-11T09:00:00Z"),
            ],
        ]
        .concat(),
    );
    let acceptance = clock(&undone, ClockKind::Acceptance);
    assert!(acceptance.runs());
    assert_eq!(acceptance.suspended_days, 7);
    assert_eq!(acceptance.due_on, day("2026-03-17"));
}

#[test]
fn a_settled_report_waits_for_feedback_alone() {
    let settled = ledger(&[
        (E::Submit, Reporter, "2026-03-02T09:00:00Z"),
        (E::CloseWithoutRouting, Desk, "2026-03-03T09:00:00Z"),
    ]);
    let running: Vec<ClockKind> = settled
        .clocks
        .iter()
        .filter(|c| c.runs())
        .map(|c| c.kind)
        .collect();
    assert_eq!(running, [ClockKind::Feedback]);
    assert_eq!(
        clock(&settled, ClockKind::Feedback).due_on,
        day("2026-03-17")
    );
    assert_eq!(clock(&settled, ClockKind::Feedback).next_alert_on(), None);
}

#[test]
fn alerts_are_raised_once_and_after_a_standstill_only_the_furthest() {
    let mut ledger = ledger(&[(E::Submit, Reporter, "2026-03-02T09:00:00Z")]);
    let reply = |ledger: &Ledger| clock(ledger, ClockKind::DeskReply).clone();
    // Due on 9 March, 80 % of seven days is the sixth.
    assert_eq!(reply(&ledger).alert_due(day("2026-03-07")), None);
    assert_eq!(reply(&ledger).next_alert_on(), Some(day("2026-03-08")));
    assert_eq!(
        reply(&ledger).alert_due(day("2026-03-08")),
        Some(Alert::Nearing)
    );
    assert_eq!(
        reply(&ledger).alert_due(day("2026-03-10")),
        Some(Alert::Overdue)
    );
    assert_eq!(
        reply(&ledger).alert_due(day("2026-03-17")),
        Some(Alert::Escalated)
    );
    ledger.raise(Some(ClockKind::DeskReply), Alert::Nearing);
    assert_eq!(reply(&ledger).alert_due(day("2026-03-09")), None);
    assert_eq!(reply(&ledger).next_alert_on(), Some(day("2026-03-10")));
    ledger.raise(Some(ClockKind::DeskReply), Alert::Escalated);
    assert_eq!(reply(&ledger).next_alert_on(), None);
    // What was raised stays raised.
    ledger.raise(Some(ClockKind::DeskReply), Alert::Nearing);
    assert_eq!(reply(&ledger).raised, Some(Alert::Escalated));
}

#[test]
fn a_clock_like_the_one_that_was_stopped_that_day_counts_as_started() {
    let submitted = (E::Submit, Reporter, "2026-03-02T09:00:00Z");
    let routed = (E::RoutedByRule, Service, "2026-03-02T09:00:00Z");
    let before = ledger(&[submitted, routed]);
    let after = ledger(&[
        submitted,
        routed,
        (E::Reroute, Desk, "2026-03-02T10:00:00Z"),
    ]);
    let named = after.profile_since(Some(&before)).unwrap();
    assert_eq!((named.code.as_str(), named.version), (STANDARD, 1));
    assert_eq!(after.profile_since(Some(&after)), None);
}

#[test]
fn a_clock_keeps_its_version_until_it_is_moved() {
    let newer = DeadlineProfile {
        version: 2,
        terms: Terms {
            position: Term::Weeks(4),
            extended_position: Term::Weeks(6),
            ..Terms::default()
        },
        ..standard()
    };
    let mut ledger = ledger(&[(E::Accept, Lead, "2026-03-02T09:00:00Z")]);
    let moment = |kind, profile| Moment {
        kind,
        capacity: Capacity::Coordinator,
        to: Status::InReview,
        at: at("2026-03-05T09:00:00Z"),
        profile,
        clock: None,
    };
    ledger.follow(&moment(E::Correct, &newer));
    assert_eq!(clock(&ledger, ClockKind::Position).terms.profile.version, 1);
    let before = ledger.clone();
    ledger.follow(&moment(E::ChangeDeadlineProfile, &newer));
    let moved = clock(&ledger, ClockKind::Position);
    assert_eq!(moved.terms.profile.version, 2);
    assert_eq!(moved.due_on, day("2026-03-30"));
    let told = ledger.profile_since(Some(&before)).unwrap();
    assert_eq!((told.code.as_str(), told.version), (STANDARD, 2));
}

#[test]
fn a_row_from_before_the_profiles_reads_as_standard() {
    let written = serde_json::json!({
        "kind": "position", "started_on": "2026-03-02", "due_on": "2026-04-28", "stopped_on": null, "suspended_days": 0
    });
    let clock: Clock = serde_json::from_value(written).unwrap();
    assert_eq!(clock.due_on, day("2026-04-28"));
    assert_eq!(clock.terms.term, Term::Weeks(8));
}

fn kinds() -> impl Strategy<Value = EventKind> {
    prop::sample::select(EventKind::ALL)
}

proptest! {
    /// Whatever happens in whatever order: no day of the calendar is missed, and each date follows from the ledger.
    #[test]
    fn each_date_follows_from_the_ledger(
        events in prop::collection::vec((kinds(), 0_i64..20, 0_usize..4), 1..60),
        start in 0_i64..3000,
    ) {
        let profile = standard();
        let mut now = at("2024-01-01T11:00:00Z") + TimeDelta::days(start);
        let mut ledger = Ledger::default();
        for (kind, wait, by) in events {
            now += TimeDelta::days(wait);
            ledger.follow(&Moment {
                kind,
                capacity: [Reporter, Desk, Lead, Service][by],
                to: Status::InReview,
                at: now,
                profile: &profile,
                clock: None,
            });
            for clock in &ledger.clocks {
                let term = if clock.extended {
                    profile.terms.extended_position
                } else {
                    profile.terms.of(clock.kind)
                };
                prop_assert_eq!(clock.terms.term, term);
                prop_assert_eq!(
                    clock.due_on,
                    due_on_suspended(clock.started_on, term, clock.suspended_days, &[])
                );
                prop_assert!(clock.nearing_on >= clock.started_on && clock.nearing_on <= clock.due_on);
                if atw_applies(term) {
                    prop_assert!(is_working_day(clock.due_on, &[]), "{:?}", clock);
                }
                // It stood still for at most all the days of all questions.
                let all: i64 = ledger
                    .suspensions
                    .iter()
                    .filter_map(|s| Some((s.until? - s.from).num_days()))
                    .sum();
                prop_assert!(i64::from(clock.suspended_days) <= all);
            }
            // What is written is read again as it was.
            let written = serde_json::to_value(&ledger).unwrap();
            prop_assert_eq!(serde_json::from_value::<Ledger>(written).unwrap(), ledger.clone());
        }
    }

    /// Asking and answering moves the nominal end by exactly the days it took, up to the answer's own term.
    #[test]
    fn suspending_moves_the_nominal_end_by_the_days_it_stood_still(
        start in 0_i64..3000, before in 0_i64..40, wait in 0_i64..30,
    ) {
        let profile = standard();
        let accepted = at("2024-01-01T11:00:00Z") + TimeDelta::days(start);
        let asked = accepted + TimeDelta::days(before);
        let answered = asked + TimeDelta::days(wait);
        let mut ledger = Ledger::default();
        for (kind, now) in [
            (E::Accept, accepted),
            (E::RequestInformation, asked),
            (E::ProvideInformation, answered),
        ] {
            ledger.follow(&Moment { kind, capacity: Lead, to: Status::InReview, at: now, profile: &profile, clock: None });
        }
        let lapses_on = due_on(local_date(asked), profile.terms.answer, &[]);
        let stood_still = (local_date(answered).min(lapses_on) - local_date(asked)).num_days();
        let position = clock(&ledger, ClockKind::Position);
        prop_assert_eq!(i64::from(position.suspended_days), stood_still);
        let nominal = nominal_end(position.started_on, profile.terms.position) + TimeDelta::days(stood_still);
        let shifted = crate::domain::calendar::next_working_day(nominal, &[]);
        prop_assert_eq!(position.due_on, shifted);
    }
}
