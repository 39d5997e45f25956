//! Whatever is done to an experiment in whatever order: it never is what it may not be.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::domain::actor::Language;
use crate::domain::citation::{Citation, CitationInput};
use crate::domain::code::Code;
use crate::domain::experiment::plan::{
    Baseline, Direction, Frequency, Indicator, InstrumentKind, LegalBasis, Plan,
};
use crate::domain::experiment::{Course, Proposer};
use crate::domain::id::{ExperimentId, IndicatorId, PrincipalId};
use crate::domain::report::Cited;

fn day(days: i64) -> NaiveDate {
    let first: NaiveDate = "2026-11-25".parse().unwrap();
    first + chrono::TimeDelta::days(days)
}

fn cited() -> Cited {
    let given = CitationInput {
        citation: "BWBR0003420".into(),
        article: None,
        paragraph: None,
        part: None,
        consulted_on: None,
    };
    Cited {
        citation: Citation::parse(given, "", day(0)).unwrap(),
        primary: true,
        title: None,
        short_title: None,
        warnings: Vec::new(),
    }
}

/// A plan of which some of what is needed may be left out.
fn plan(has: [bool; 8], months: u32, length: i64) -> Plan {
    let said = |there: bool| there.then(|| "Tekst.".to_owned());
    Plan {
        purpose: said(has[0]),
        scope: said(has[1]),
        deviations: vec![cited()],
        deviates_from_act: true,
        legal_basis: has[2].then(|| LegalBasis {
            clause: cited(),
            instrument: if has[3] {
                InstrumentKind::OrderInCouncil
            } else {
                InstrumentKind::MinisterialRegulation
            },
            instrument_title: None,
            publication: Some("stb-2026-123".into()),
            maximum_months: months,
            extension_months: months / 2,
        }),
        starts_on: Some(day(0)),
        ends_on: Some(day(length)),
        hypothesis: said(has[4]),
        stop_criteria: said(has[5]),
        evaluator: said(has[6]),
        evaluation_plan: said(has[7]),
        indicators: vec![Indicator {
            id: IndicatorId::new(),
            name: "Leerlingen".into(),
            definition: "Aantal.".into(),
            unit: "n".into(),
            direction: Direction::Higher,
            source: None,
            frequency: Frequency::Year,
            primary: true,
            baselines: vec![Baseline {
                participant: None,
                value: 1.0,
                measured_on: day(-10),
            }],
            target: None,
        }],
        ..Plan::default()
    }
}

fn experiment(plan: Plan) -> Experiment {
    let now = "2026-11-25T10:00:00Z".parse().unwrap();
    Experiment {
        id: ExperimentId::new(),
        reference: "EXP-2026-0001".into(),
        status: ExperimentStatus::Proposal,
        title: "Proef".into(),
        idea: "Zonder de norm.".into(),
        proposer: Proposer {
            organisation: OrganisationId::new(),
            principal: PrincipalId::new(),
        },
        authority: None,
        reports: vec![ReportId::new()],
        participants: Vec::new(),
        plan,
        plan_version: 0,
        course: Course::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

/// All that any action may take, with a date.
fn input(row: &Row, organisation: OrganisationId, date: NaiveDate) -> Input {
    let takes = |field| row.required.contains(&field);
    Input {
        reason: takes(Field::Reason).then(|| "Daarom.".into()),
        authority: takes(Field::Authority).then(OrganisationId::new),
        organisation: takes(Field::Organisation).then_some(organisation),
        report: takes(Field::Report).then(ReportId::new),
        date: takes(Field::Date).then_some(date),
        findings: takes(Field::Findings).then(|| "Gelijk.".into()),
        decision: takes(Field::Decision).then_some(DecisionKind::ChangeLaw),
        decider: takes(Field::Decider).then(|| "Minister".into()),
        stage: takes(Field::Stage).then_some(LegislativeStage::Published),
        publication: takes(Field::Stage).then(|| Publication::parse("stb-2027-12").unwrap()),
        milestone: takes(Field::Milestone).then(MilestoneId::new),
        ..Input::default()
    }
}

type Step = (usize, i64, usize, i64);

/// Goes through these steps, and looks after each. The statuses that were reached.
fn walk(
    has: [bool; 8],
    months: u32,
    length: i64,
    steps: Vec<Step>,
) -> Result<BTreeSet<&'static str>, TestCaseError> {
    let mut reached = BTreeSet::new();
    let organisations = [
        OrganisationId::new(),
        OrganisationId::new(),
        OrganisationId::new(),
    ];
    let mut now = 0;
    let mut experiment = experiment(plan(has, months, length));
    for (action, passed, who, date) in steps {
        // Time goes on, but for those who do much in a day.
        now += passed / 4;
        let open: Vec<&Row> = legal(experiment.status, ExperimentCapacity::ALL).collect();
        let Some(row) = open.get(action % open.len().max(1)) else {
            continue;
        };
        // Most are not stopped, or no walk would come far.
        let (action, capacity) = (row.action, row.by[0]);
        if action == Action::Stop && date > -20 {
            continue;
        }
        let by = By {
            capacity,
            organisation: organisations[who],
            today: day(now),
        };
        let lacks = missing(&experiment, action, by.today);
        let wanted = input(row, organisations[who], day(date));
        let before = experiment.clone();
        match apply(&before, row, by, &wanted) {
            Err(Refusal::NotReady(told)) => {
                prop_assert!(!told.is_empty() && told == lacks);
                continue;
            }
            Err(Refusal::Invalid(faults)) => {
                prop_assert!(!faults.is_empty());
                continue;
            }
            Ok(after) => experiment = after,
        }
        prop_assert!(lacks.is_empty());
        prop_assert_eq!(experiment.status, row.to.unwrap_or(before.status));
        prop_assert!(experiment.plan_version >= before.plan_version);
        let (plan, course) = (&experiment.plan, &experiment.course);
        let ran = course.started_on.is_some();
        prop_assert_eq!(ran, experiment.plan_version > 0);
        if ran {
            let basis = plan.legal_basis.as_ref().unwrap();
            prop_assert!(basis.publication.is_some());
            prop_assert_eq!(basis.instrument, InstrumentKind::OrderInCouncil);
            let latest = latest_end(
                plan.starts_on.unwrap(),
                basis.maximum_months + basis.extension_months,
            );
            prop_assert!(plan.ends_on.unwrap() <= latest);
            prop_assert!(course.first_end.unwrap() <= plan.ends_on.unwrap());
            prop_assert!(plan.evaluation_plan.is_some() && plan.stop_criteria.is_some());
        }
        if matches!(
            experiment.status,
            ExperimentStatus::Decided | ExperimentStatus::Closed
        ) {
            prop_assert!(course.evaluation.is_some() && course.decision.is_some());
        }
        if experiment.status == ExperimentStatus::Closed {
            prop_assert!(course.legislation.as_ref().unwrap().is_published());
        }
        let mut parties: Vec<_> = experiment
            .participants
            .iter()
            .map(|one| one.organisation)
            .collect();
        parties.sort_unstable();
        parties.dedup();
        prop_assert_eq!(parties.len(), experiment.participants.len());
        for one in &experiment.participants {
            prop_assert!(
                one.until
                    .is_none_or(|until| one.from.is_some_and(|from| from <= until))
            );
        }
        // What is due is due once, and told once.
        let mut told = experiment.clone();
        told.course.alerted = told.alerts_due(by.today);
        prop_assert!(told.alerts_due(by.today).is_empty());
        prop_assert!(told.next_alert_on().is_none_or(|next| next > by.today));
        prop_assert!(!experiment.status.label(Language::Nl).is_empty());
        prop_assert_eq!(
            ExperimentStatus::parse(experiment.status.as_str()),
            Some(experiment.status)
        );
        reached.insert(experiment.status.as_str());
    }
    Ok(reached)
}

fn walks() -> impl Strategy<Value = ([bool; 8], u32, i64, Vec<Step>)> {
    let step = (0_usize..1_000, 0_i64..200, 0_usize..3, -50_i64..1_800);
    (
        prop::array::uniform8(prop::bool::weighted(0.93)),
        1_u32..60,
        1_i64..1_500,
        prop::collection::vec(step, 1..80),
    )
}

proptest! {
    #[test]
    fn an_experiment_never_is_what_it_may_not_be((has, months, length, steps) in walks()) {
        walk(has, months, length, steps)?;
    }
}

/// The walks come everywhere: what never was there proves nothing of it.
#[test]
fn the_walks_reach_every_status() {
    let mut runner = TestRunner::deterministic();
    let mut reached = BTreeSet::from([ExperimentStatus::Proposal.as_str()]);
    for _ in 0..1_000 {
        let (has, months, length, steps) = walks().new_tree(&mut runner).unwrap().current();
        reached.extend(walk(has, months, length, steps).unwrap());
    }
    let all: BTreeSet<&str> = ExperimentStatus::ALL
        .iter()
        .map(|one| one.as_str())
        .collect();
    assert_eq!(reached, all);
}
