//! The lists of the store over the made-up reports, held against what each report says by itself: whatever is asked for, in
//! every order, page by page.

use std::collections::HashSet;

use chrono::TimeDelta;
use fastrand::Rng;

use super::plan::{END, Plan};
use super::story::tell;
use super::world::World;
use crate::app;
use crate::config::Settings;
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::id::{PrincipalId, ReportId};
use crate::domain::report::{Assignee, Cited, Escalation, Feedback, Report, Verdict};
use crate::domain::routing::Priority;
use crate::domain::search::SearchQuery;
use crate::domain::sharing::ShareAudience;
use crate::domain::status::{Capacity, Phase, Status};
use crate::domain::terms::indexed;
use crate::services::{Error, seed};
use crate::store::db::Conn;
use crate::store::reports::{
    self, AssigneeFilter, DeadlineFilter, Facet, Filter, NOTHING_DUE, Party, Sort, Visible,
};
use crate::store::testing::{databases, in_transaction, spread_search_entries};
use crate::store::{search, shared_reports as shared, watchers};

const PLAN: Plan = Plan {
    seed: 11,
    reports: 160,
};
const ASKED: usize = 500;

/// The world of a database, and the reports in it: some assigned, escalated, pressing or with feedback.
fn made(conn: &mut Conn) -> Result<(World, Vec<Report>), Error> {
    let folder = tempfile::tempdir().unwrap();
    let context = app::context(Settings {
        database_url: format!("sqlite://{}", folder.path().join("x.db").display()),
        ..Settings::defaults().unwrap()
    })
    .unwrap();
    seed::load(conn, END)?;
    let world = World::enter(&context, conn, local_date(END))?;
    let mut rng = Rng::with_seed(5);
    let mut made = Vec::new();
    for i in 0..PLAN.reports {
        let mut report = tell(&world, PLAN, i).unwrap().report;
        // Few places and rules, so that reports have some in common.
        report.content.municipalities = vec![["GM0363", "GM1714"][rng.usize(..2)].into()];
        report.content.provinces = vec![["PV27", "PV29"][rng.usize(..2)].into()];
        report.content.domains.truncate(1);
        if rng.bool() {
            near(&mut report, &mut rng);
        }
        let before = made.last().and_then(|last: &Report| last.submitted_at);
        if before.is_some() && report.submitted_at.is_some() && rng.u8(..4) > 0 {
            // In one moment, as systems send them.
            report.submitted_at = before;
        }
        let handling = &mut report.handling;
        if report.status.is_open() && rng.u8(..4) == 0 {
            handling.assignees.push(Assignee {
                id: world.desk.id,
                name: world.desk.name.clone(),
                organisation: world.desk.home.id,
                desk: true,
                since: END,
            });
        }
        if report.status.is_open() && rng.u8(..6) == 0 {
            handling.escalation = Some(Escalation {
                by: Capacity::Desk,
                clock: None,
                reason: None,
                since: END,
            });
        }
        if rng.u8(..6) == 0 {
            handling.priority = Some(Priority::High);
        }
        if report.status == Status::Settled && rng.bool() {
            handling.feedback = Some(Feedback {
                verdict: Verdict::ALL[rng.usize(..3)],
                remark: None,
                given_at: END,
            });
        }
        made.push(report);
    }
    reports::insert_many(conn, &made)?;
    Ok((world, made))
}

/// Has what runs begin to near its end on one of a few days.
fn near(report: &mut Report, rng: &mut Rng) {
    let ledger = &mut report.handling.ledger;
    for clock in ledger.clocks.iter_mut().filter(|clock| clock.runs()) {
        let before = clock.nearing_on - clock.started_on;
        clock.started_on = local_date(END) + TimeDelta::days(rng.i64(0..3)) - before;
    }
    // What follows from that is reckoned as it is read.
    let written = serde_json::to_value(&*ledger).unwrap();
    *ledger = serde_json::from_value(written).unwrap();
}

/// One of some, or two, or none.
fn some<T: Clone>(rng: &mut Rng, all: &[T]) -> Vec<T> {
    let many = [0, 0, 0, 1, 1, 2, 4][rng.usize(..7)];
    (0..many)
        .map(|_| all[rng.usize(..all.len())].clone())
        .collect()
}

fn has(report: &Report, facet: Facet, wanted: &[String]) -> bool {
    let content = &report.content;
    let regulations: Vec<String> = content
        .citations
        .iter()
        .filter_map(|cited| cited.citation.regulation())
        .collect();
    let pressing = [report.priority().as_str().to_owned()];
    let values: &[String] = match facet {
        Facet::Domain => &content.domains,
        Facet::Municipality => &content.municipalities,
        Facet::Province => &content.provinces,
        Facet::Region => &content.regions,
        Facet::Regulation => &regulations,
        Facet::Priority => &pressing,
    };
    wanted.is_empty() || values.iter().any(|value| wanted.contains(value))
}

fn facets(rng: &mut Rng, made: &[Report]) -> Vec<(Facet, Vec<String>)> {
    let report = &made[rng.usize(..made.len())].content;
    let other = &made[rng.usize(..made.len())].content;
    let both = |of: fn(&crate::domain::report::Content) -> &Vec<String>| {
        [of(report).clone(), of(other).clone()].concat()
    };
    let mut all = vec![
        (Facet::Domain, both(|content| &content.domains)),
        (Facet::Municipality, both(|content| &content.municipalities)),
        (Facet::Province, both(|content| &content.provinces)),
        (Facet::Region, both(|content| &content.regions)),
        (Facet::Priority, vec![Priority::High.as_str().to_owned()]),
    ];
    for (_, values) in &mut all {
        *values = if values.is_empty() || rng.u8(..3) > 0 {
            Vec::new()
        } else {
            some(rng, values)
        };
    }
    all
}

fn filter(rng: &mut Rng, world: &World, made: &[Report]) -> Filter {
    let maybe = |rng: &mut Rng| (rng.u8(..6) == 0).then(|| rng.bool());
    let leads: Vec<_> = made.iter().filter_map(|report| report.lead).collect();
    let submitters: Vec<_> = made.iter().map(|report| report.submitter).collect();
    let mut filter = Filter {
        status: some(rng, Status::ALL),
        phase: if rng.bool() {
            some(rng, Phase::ALL)
        } else {
            Vec::new()
        },
        authority: some(rng, &leads),
        facets: facets(rng, made),
        ..Filter::default()
    };
    // Never before the last change.
    filter.deadline.today = local_date(END) + TimeDelta::days(rng.i64(0..20));
    filter.deadline.overdue = maybe(rng);
    filter.deadline.nearing = maybe(rng);
    filter.escalated = maybe(rng);
    if rng.u8(..6) == 0 {
        filter.submitter = some(rng, &submitters);
    }
    if rng.u8(..6) == 0 {
        filter.updated_since = Some(END - TimeDelta::days(rng.i64(0..600)));
    }
    if rng.u8(..6) == 0 {
        filter.feedback = some(rng, Verdict::ALL);
    }
    filter.watching = maybe(rng).map(|watches| (world.desk.id, watches));
    filter.assignee = maybe(rng).map(|by_them| {
        if by_them {
            AssigneeFilter::Is(world.desk.id)
        } else {
            AssigneeFilter::NobodyOf(world.desk.home.id)
        }
    });
    filter
}

fn one_of<T: PartialEq>(wanted: &[T], value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

fn fits(filter: &Filter, report: &Report, watched: &HashSet<ReportId>) -> bool {
    let due = report.due_on().unwrap_or(NOTHING_DUE);
    let today = filter.deadline.today;
    let nears = report
        .next_clock()
        .is_some_and(|clock| clock.nearing_on <= today);
    let handling = &report.handling;
    let assigned = |to: PrincipalId| handling.assignees.iter().any(|one| one.id == to);
    let said = handling.feedback.as_ref().map(|feedback| feedback.verdict);
    one_of(&filter.status, &report.status)
        && one_of(&filter.phase, &report.phase())
        && (filter.authority.is_empty()
            || report
                .lead
                .is_some_and(|lead| filter.authority.contains(&lead)))
        && one_of(&filter.submitter, &report.submitter)
        && filter
            .updated_since
            .is_none_or(|since| report.updated_at >= since)
        && filter
            .watching
            .is_none_or(|(_, watches)| watched.contains(&report.id) == watches)
        && filter
            .facets
            .iter()
            .all(|(facet, values)| has(report, *facet, values))
        && filter
            .deadline
            .overdue
            .is_none_or(|over| (due < today) == over)
        && filter
            .deadline
            .nearing
            .is_none_or(|nearing| (nears && due >= today) == nearing)
        && filter
            .escalated
            .is_none_or(|escalated| handling.escalation.is_some() == escalated)
        && (filter.feedback.is_empty() || said.is_some_and(|said| filter.feedback.contains(&said)))
        && filter.assignee.is_none_or(|assignee| match assignee {
            AssigneeFilter::Is(person) => assigned(person),
            AssigneeFilter::NobodyOf(home) => !handling
                .assignees
                .iter()
                .any(|one| one.organisation == home),
        })
}

#[test]
fn whatever_is_asked_for_is_listed_in_order_and_page_by_page() {
    for database in databases() {
        in_transaction(&database.db, |conn| {
            let (world, made) = made(conn)?;
            let mut rng = Rng::with_seed(17);
            let mut watched = HashSet::new();
            for report in made.iter().filter(|_| rng.u8(..5) == 0).collect::<Vec<_>>() {
                watchers::add(conn, report.id, world.desk.id, END)?;
                watched.insert(report.id);
            }
            let lead = made.iter().find_map(|report| report.lead).unwrap();
            let mut listed = 0;
            for nth in 0..ASKED {
                let mut filter = filter(&mut rng, &world, &made);
                if nth % 5 == 0 {
                    // By its days alone, or with them by few things.
                    filter = Filter {
                        status: filter.status,
                        deadline: DeadlineFilter {
                            nearing: [Some(true), None, Some(false)][nth / 5 % 3],
                            overdue: [None, Some(true), filter.deadline.overdue][nth / 5 % 3],
                            ..filter.deadline
                        },
                        ..Filter::default()
                    };
                }
                let own = rng.u8(..4) == 0;
                let visible = Visible {
                    desk: !own,
                    organisation: own.then_some(lead),
                    parties: if own { vec![Party::Lead] } else { Vec::new() },
                    ..Visible::default()
                };
                let sees = |report: &Report| {
                    if own {
                        report.lead == Some(lead)
                    } else {
                        report.status != Status::Draft || report.on_behalf
                    }
                };
                let sorts: Vec<Sort> = Sort::ALL
                    .iter()
                    .copied()
                    .filter(|sort| *sort != Sort::Relevance)
                    .collect();
                let sort = sorts[rng.usize(..sorts.len())];
                let mut wanted: Vec<&Report> = made
                    .iter()
                    .filter(|report| sees(report) && fits(&filter, report, &watched))
                    .collect();
                wanted.sort_by_key(|report| match reports::key(sort, report) {
                    reports::After::At(at, id) => (at.timestamp_micros(), id),
                    reports::After::On(day, id) => (i64::from(day.to_epoch_days()), id),
                    reports::After::Fit(..) => unreachable!("no order of these"),
                });
                if matches!(
                    sort,
                    Sort::SubmittedDescending | Sort::UpdatedDescending | Sort::DueDescending
                ) {
                    wanted.reverse();
                }
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let page = reports::list(conn, &visible, &filter, sort, after.as_ref(), 7)?;
                    after = page.last().map(|last| reports::key(sort, last));
                    let last = page.len() < 7;
                    found.extend(page.into_iter().map(|report| report.id));
                    if last {
                        break;
                    }
                }
                let wanted: Vec<ReportId> = wanted.into_iter().map(|report| report.id).collect();
                assert_eq!(found, wanted, "{sort:?} {own} {filter:?}");
                listed += found.len();
            }
            assert!(listed > ASKED, "{listed}");
            Ok::<_, Error>(())
        })
        .unwrap();
    }
}

#[test]
fn whatever_is_asked_for_of_what_is_released_is_listed_in_order_and_page_by_page() {
    for database in databases() {
        in_transaction(&database.db, |conn| {
            let (_, made) = made(conn)?;
            let leads: Vec<_> = made.iter().filter_map(|report| report.lead).collect();
            let mut rng = Rng::with_seed(23);
            let mut listed = 0;
            for _ in 0..ASKED {
                let filter = shared::Filter {
                    audience: if rng.bool() {
                        vec![ShareAudience::Public]
                    } else {
                        ShareAudience::ALL.to_vec()
                    },
                    status: some(&mut rng, Status::ALL),
                    phase: if rng.bool() {
                        some(&mut rng, Phase::ALL)
                    } else {
                        Vec::new()
                    },
                    authority: some(&mut rng, &leads),
                    facets: facets(&mut rng, &made),
                    among: None,
                };
                let sort = shared::Sort::ALL[rng.usize(..shared::Sort::ALL.len())];
                let fits = |report: &&Report| {
                    let version = report.handling.sharing.version.as_ref();
                    version.is_some_and(|version| filter.audience.contains(&version.audience))
                        && report.status != Status::Merged
                        && one_of(&filter.status, &report.status)
                        && one_of(&filter.phase, &report.phase())
                        && (filter.authority.is_empty()
                            || report
                                .lead
                                .is_some_and(|lead| filter.authority.contains(&lead)))
                        && filter
                            .facets
                            .iter()
                            .all(|(facet, values)| has(report, *facet, values))
                };
                let mut wanted: Vec<&Report> = made.iter().filter(fits).collect();
                wanted.sort_by_key(|report| match shared::key(sort, report) {
                    shared::After::At(at, id) => (at.timestamp_micros(), id),
                    shared::After::Count(count, id) => (i64::from(count), id),
                    shared::After::Entry(_) => unreachable!("no order of these"),
                });
                if sort.as_str().starts_with('-') {
                    wanted.reverse();
                }
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let page = shared::list(conn, &filter, sort, after.as_ref(), 5)?;
                    after = page.last().map(|last| shared::key(sort, last));
                    let last = page.len() < 5;
                    found.extend(page.into_iter().map(|report| report.id));
                    if last {
                        break;
                    }
                }
                let wanted: Vec<ReportId> = wanted.into_iter().map(|report| report.id).collect();
                assert_eq!(found, wanted, "{sort:?} {filter:?}");
                listed += found.len();
            }
            assert!(listed > ASKED, "{listed}");
            Ok::<_, Error>(())
        })
        .unwrap();
    }
}

#[test]
fn the_newest_that_hold_a_word_are_found_however_far_apart_they_lie() {
    for test in databases() {
        in_transaction(&test.db, |conn| {
            let (_, made) = made(conn)?;
            // Among a few, in the parts that are looked at first, and before them.
            for apart in [1, 701, 703] {
                spread_search_entries(conn, apart);
                for typed in [
                    "artikel",
                    "school artikel",
                    "dorpsschool",
                    "\"kleine scholen\"",
                    "bestaatniet",
                ] {
                    let query = SearchQuery::parse(typed);
                    let all = search::newest_shared(conn, &query, None, 1_000)?;
                    let found: HashSet<ReportId> = all.iter().map(|hit| hit.report_id).collect();
                    let fits = |report: &&Report| {
                        let version = report.handling.sharing.version.as_ref();
                        version.is_some_and(|version| {
                            let cited = report.content.citations.iter().map(Cited::label);
                            let text = [version.title.clone(), version.summary.clone()];
                            let text: Vec<String> = text.into_iter().chain(cited).collect();
                            let text = indexed(&text.join("\n"));
                            query.parts.iter().all(|part| {
                                let one = SearchQuery {
                                    parts: vec![part.clone()],
                                    any: false,
                                };
                                one.fits(&[("", &text)])[0] > 0.0
                            })
                        })
                    };
                    let fitting = made.iter().filter(fits).map(|report| report.id);
                    assert_eq!(found, fitting.collect(), "{typed}");
                    assert!(all.is_sorted_by(|one, next| one.entry > next.entry));
                    assert!(typed != "artikel" || all.len() > 20, "{}", all.len());
                    for (nth, hit) in all.iter().enumerate() {
                        for limit in [1, 3, 20] {
                            let next = search::newest_shared(conn, &query, Some(hit.entry), limit)?;
                            let entries: Vec<i32> = next.iter().map(|hit| hit.entry).collect();
                            let rest = all[nth + 1..].iter().map(|hit| hit.entry);
                            assert_eq!(entries, rest.take(limit as usize).collect::<Vec<_>>());
                        }
                    }
                }
            }
            Ok::<_, Error>(())
        })
        .unwrap();
    }
}
