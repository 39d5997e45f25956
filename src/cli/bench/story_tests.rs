use std::collections::BTreeSet;

use super::*;
use crate::app;
use crate::config::Settings;
use crate::domain::report::Cited;
use crate::domain::status::Status;
use crate::services::Error;

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        database_url: format!("sqlite://{}", folder.path().join("x.db").display()),
        ..Settings::defaults().unwrap()
    };
    let context = app::context(settings).unwrap();
    app::prepare(&context).unwrap();
    let ctx = context.clone();
    let entered = context
        .db
        .write_blocking::<_, Error, _>(move |conn| World::enter(&ctx, conn, local_date(END)));
    entered.unwrap()
}

const PLAN: Plan = Plan {
    seed: 7,
    reports: 2_000,
};

#[test]
fn every_story_is_one_the_workflow_allows() {
    let world = world();
    let told: Vec<Told> = (0..PLAN.reports)
        .map(|i| tell(&world, PLAN, i).unwrap())
        .collect();
    let count = |status: Status| {
        told.iter()
            .filter(|one| one.report.status == status)
            .count()
    };
    for status in [
        Status::Draft,
        Status::Submitted,
        Status::Routed,
        Status::InformationRequested,
        Status::InReview,
        Status::PositionTaken,
        Status::InImplementation,
        Status::Settled,
        Status::Withdrawn,
    ] {
        assert!(count(status) > 10, "{status}: {}", count(status));
    }
    let different = |of: fn(&Told) -> Option<String>| {
        let found: BTreeSet<_> = told.iter().filter_map(of).collect();
        found.len()
    };
    assert!(different(|one| one.report.lead.map(|lead| lead.to_string())) > 8);
    assert!(different(|one| one.report.content.domains.first().cloned()) > 20);
    assert!(different(|one| one.report.content.municipalities.first().cloned()) > 200);
    assert!(different(|one| one.report.primary().map(Cited::label)) > 200);
    assert_eq!(
        different(|one| one.report.reference.clone()),
        told.len() - count(Status::Draft)
    );
    for (i, one) in (0..).zip(&told) {
        assert_eq!(one.report.id, PLAN.id(i));
        let versions: Vec<i32> = one.events.iter().map(|event| event.version).collect();
        assert!(versions.is_sorted(), "{versions:?}");
        assert_eq!(versions.last(), Some(&one.report.version));
        assert!(one.events.iter().map(|event| event.id).is_sorted());
        assert!(one.report.updated_at <= END);
    }
    assert!(told.iter().map(|one| one.report.id).is_sorted());
}

#[test]
fn the_same_seed_tells_the_same() {
    let world = world();
    let told = |plan: Plan, i| {
        let one = tell(&world, plan, i).unwrap();
        (one.report, one.events, one.notices)
    };
    for i in [0, 7, 99, 1_999] {
        assert_eq!(told(PLAN, i), told(PLAN, i));
    }
    let other = Plan { seed: 8, ..PLAN };
    assert_ne!(told(PLAN, 1).0.content, told(other, 1).0.content);
}
