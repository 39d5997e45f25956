use chrono::{TimeDelta, TimeZone};
use serde_json::json;

use super::*;
use crate::store::db::{Address, DbError};
use crate::store::testing::databases;

fn at(minutes: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 24, 8, 0, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn notice(kind: NoticeKind) -> NewNotice {
    let id = NoticeId::new();
    NewNotice {
        id,
        report: None,
        event: None,
        kind,
        to_name: "Jan".into(),
        to_email: "jan@example.org".into(),
        language: Language::Nl,
        data: json!({"link": "https://example.org/geheim"}),
        message_id: format!("<notice-{id}@example.org>"),
        thread_id: None,
    }
}

fn three() -> Vec<NewNotice> {
    vec![
        notice(NoticeKind::Invitation),
        notice(NoticeKind::ForYou),
        notice(NoticeKind::Settled),
    ]
}

#[test]
fn what_is_claimed_is_claimed_once_until_the_lease_ends() {
    for test in databases() {
        let new = three();
        let db = &test.db;
        let queued = new.clone();
        db.write_blocking::<_, DbError, _>(move |conn| Ok(insert(conn, &queued, at(0))?))
            .unwrap();
        let claim_at = |now, until, limit| {
            db.write_blocking::<_, DbError, _>(move |conn| Ok(claim(conn, now, until, limit)?))
                .unwrap()
        };
        let first = claim_at(at(0), at(2), 2);
        assert_eq!(
            first.iter().map(|n| n.id).collect::<Vec<_>>(),
            [new[0].id, new[1].id]
        );
        assert_eq!(first[0].data, new[0].data);
        assert_eq!(
            claim_at(at(1), at(3), 5).len(),
            1,
            "the third alone is free"
        );
        assert_eq!(claim_at(at(1), at(3), 5), []);
        let again = claim_at(at(2), at(4), 5);
        assert_eq!(again.len(), 2, "leases that ran out come back");
        // The first worker wakes up after its lease: nothing it says counts.
        let id = new[0].id;
        let late = db
            .write_blocking::<_, DbError, _>(move |conn| {
                Ok(mark_sent(conn, id, at(2), at(3), true)?)
            })
            .unwrap();
        assert!(!late);
        let in_time = db
            .write_blocking::<_, DbError, _>(move |conn| {
                Ok(mark_sent(conn, id, at(4), at(3), true)?)
            })
            .unwrap();
        assert!(in_time);
        let kept = db
            .read_blocking::<_, DbError, _>(|conn| Ok(find(conn, new[0].id)?))
            .unwrap()
            .unwrap();
        assert_eq!(
            (kept.state, kept.attempts, kept.data),
            (NoticeState::Sent, 1, json!({}))
        );
    }
}

#[test]
fn failures_wait_or_die_and_are_sent_again() {
    for test in databases() {
        let new = three();
        let db = &test.db;
        db.write_blocking::<_, DbError, _>(move |conn| {
            insert(conn, &new, at(0))?;
            assert_eq!(claim(conn, at(0), at(2), 9)?.len(), 3);
            assert!(mark_failed(conn, new[0].id, at(2), Some(at(9)), "later")?);
            assert!(mark_failed(conn, new[1].id, at(2), None, "never")?);
            assert_eq!(release(conn, &[new[2].id], at(2), at(1))?, 1);
            assert_eq!(claim(conn, at(1), at(3), 9)?.len(), 1);
            let dead = list(conn, &[NoticeState::Dead], None, 10)?;
            assert_eq!(dead.len(), 1);
            assert_eq!(dead[0].last_error.as_deref(), Some("never"));
            let again = requeue(conn, new[1].id, dead[0].version, at(1))?.unwrap();
            assert_eq!((again.state, again.attempts), (NoticeState::Queued, 0));
            assert_eq!(again.message_id, new[1].message_id);
            assert_eq!(requeue(conn, new[1].id, dead[0].version, at(1))?, None);
            let all = list(conn, &[], None, 2)?;
            assert_eq!(
                all.iter().map(|n| n.id).collect::<Vec<_>>(),
                [new[2].id, new[1].id]
            );
            assert_eq!(list(conn, &[], Some(new[1].id), 2)?[0].id, new[0].id);
            assert_eq!(counts(conn)?, [(NoticeState::Queued, 3)]);
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn two_workers_at_once_claim_different_notices() {
    // On SQLite the second waits for the first: there is one writer.
    for test in databases()
        .into_iter()
        .filter(|test| matches!(test.db.address(), Address::Postgres(_)))
    {
        let new = three();
        let db = &test.db;
        db.write_blocking::<_, DbError, _>(move |conn| Ok(insert(conn, &new, at(0))?))
            .unwrap();
        let other = db.clone();
        db.write_blocking::<_, DbError, _>(move |first| {
            let mine = claim(first, at(0), at(2), 2)?;
            let theirs = other.write_blocking::<_, DbError, _>(move |second| {
                Ok(claim(second, at(0), at(2), 9)?)
            })?;
            assert_eq!((mine.len(), theirs.len()), (2, 1));
            assert!(mine.iter().all(|one| one.id != theirs[0].id));
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn what_waits_is_counted_and_can_be_let_go_up_to_an_instant() {
    for test in databases() {
        let db = &test.db;
        let queue = |minute: i64| {
            let one = notice(NoticeKind::Settled);
            let id = one.id;
            db.write_blocking::<_, DbError, _>(move |conn| Ok(insert(conn, &[one], at(minute))?))
                .unwrap();
            id
        };
        let look = || {
            db.read_blocking::<_, DbError, _>(|conn| Ok(backlog(conn)?))
                .unwrap()
        };
        assert_eq!(look(), Backlog::default());
        let (old, in_hand, young) = (queue(0), queue(1), queue(10));
        let found = look();
        assert_eq!(
            (found.waiting, found.oldest, found.newest),
            (3, Some(at(0)), Some(at(10)))
        );
        let let_go = db
            .write_blocking::<_, DbError, _>(move |conn| {
                diesel::update(outbox::table.find(in_hand))
                    .set(outbox::leased_until.eq(Some(Instant(at(30)))))
                    .execute(conn)?;
                Ok(discard_queued_before(conn, at(10), "not sent", at(20))?)
            })
            .unwrap();
        assert_eq!(let_go, 1, "what a worker has in hand stays with it");
        let state = |id| {
            db.read_blocking::<_, DbError, _>(|conn| Ok(find(conn, id)?))
                .unwrap()
                .unwrap()
                .state
        };
        assert_eq!(state(old), NoticeState::Discarded);
        assert_eq!(state(in_hand), NoticeState::Queued);
        assert_eq!(state(young), NoticeState::Queued);
    }
}
