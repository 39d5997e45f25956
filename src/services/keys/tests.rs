use std::path::Path;

use chrono::TimeDelta;

use super::rotation::{list, reseal, retire, retire_lapsed, retire_unopened, rotate};
use super::*;
use crate::crypto::seal::SealKey;
use crate::domain::key_life::KeyState;
use crate::store::testing::databases;

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-24T01:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
}

fn setting() -> SealSource {
    SealSource::Setting(SealKey::generate().unwrap().to_base64())
}

fn ring(source: &SealSource) -> Arc<KeyRing> {
    Arc::new(KeyRing::sealed_by(source.clone()))
}

/// As if the last look was long ago.
fn stale(ring: &KeyRing) {
    ring.ring.write().unwrap().loaded = Instant::now().checked_sub(FRESH * 2);
}

async fn accepts(ring: &Arc<KeyRing>, db: &Db, kid: &str, now: DateTime<Utc>) -> bool {
    ring.verifier(db, kid, now).await.unwrap().is_some()
}

fn published(jwks: &Value) -> usize {
    jwks["keys"].as_array().unwrap().len()
}

fn database(folder: &Path) -> Db {
    let db = Db::open(&Address::Sqlite(folder.join("test.db")), 2).unwrap();
    db.migrate().unwrap();
    db
}

#[actix_web::test]
async fn a_rotation_on_two_nodes_refuses_nobody() {
    for test in databases() {
        let (db, seal) = (&test.db, setting());
        let (one, other) = (ring(&seal), ring(&seal));
        one.load(db, at(0)).unwrap();
        let old = one.signer(db, at(0)).await.unwrap().public.kid.clone();
        assert_eq!(
            other.signer(db, at(0)).await.unwrap().public.kid,
            old,
            "it outlives a restart"
        );

        let (new, from) = rotate(db, &seal, false, at(0)).unwrap();
        assert_eq!(from, at(15));
        assert!(matches!(
            rotate(db, &seal, false, at(1)),
            Err(Error::Conflict("key_announced"))
        ));
        stale(&one);
        // Published, not signing; the node that has not looked yet signs with the same.
        assert_eq!(published(&one.jwks(db, at(1)).await.unwrap()), 2);
        assert_eq!(one.signer(db, at(14)).await.unwrap().public.kid, old);
        assert_eq!(other.signer(db, at(14)).await.unwrap().public.kid, old);
        stale(&other);
        for node in [&one, &other] {
            assert_eq!(node.signer(db, at(15)).await.unwrap().public.kid, new);
            assert!(accepts(node, db, &old, at(15)).await && accepts(node, db, &new, at(15)).await);
            assert!(accepts(node, db, &old, at(134)).await);
            assert!(!accepts(node, db, &old, at(135)).await);
            assert_eq!(published(&node.jwks(db, at(135)).await.unwrap()), 1);
        }
        db.write_blocking(move |conn| retire_lapsed(conn, at(134)))
            .unwrap();
        let states = |now| {
            db.read_blocking(|conn| list(conn, &seal, now))
                .unwrap()
                .into_iter()
                .map(|key| (key.state, key.opens))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            states(at(134)),
            [(KeyState::Replaced, true), (KeyState::Signing, true)]
        );
        assert_eq!(
            db.write_blocking(move |conn| retire_lapsed(conn, at(135)))
                .unwrap(),
            1
        );
        assert_eq!(
            states(at(136)),
            [(KeyState::Retired, false), (KeyState::Signing, true)]
        );
    }
}

#[actix_web::test]
async fn a_leaked_key_ends_at_once_and_another_signs() {
    for test in databases() {
        let (db, seal) = (&test.db, setting());
        let node = ring(&seal);
        node.load(db, at(0)).unwrap();
        let leaked = node.signer(db, at(0)).await.unwrap().public.kid.clone();
        let (urgent, from) = rotate(db, &seal, true, at(1)).unwrap();
        assert_eq!(from, at(1));
        retire(db, &leaked, at(1)).unwrap();
        assert!(matches!(retire(db, &leaked, at(2)), Err(Error::NotFound)));
        stale(&node);
        assert!(!accepts(&node, db, &leaked, at(1)).await);
        assert_eq!(node.signer(db, at(1)).await.unwrap().public.kid, urgent);
        // Without any key the next use makes one.
        retire(db, &urgent, at(2)).unwrap();
        stale(&node);
        assert_ne!(node.signer(db, at(2)).await.unwrap().public.kid, urgent);
    }
}

#[actix_web::test]
async fn the_sealing_key_is_replaced_while_nodes_serve() {
    for test in databases() {
        let db = &test.db;
        let key = || SealKey::generate().unwrap().to_base64();
        let (old, new) = (key(), key());
        let setting = |keys: &[&str]| SealSource::Setting(keys.join(","));
        let node = ring(&setting(&[&old]));
        node.load(db, at(0)).unwrap();
        let kid = node.signer(db, at(0)).await.unwrap().public.kid.clone();
        let source = setting(&[&new, &old]);
        assert_eq!(reseal(db, &source).unwrap(), 1);
        assert_eq!(reseal(db, &source).unwrap(), 0, "it may be repeated");
        // The node that knows the old one alone serves on with what it has open; one that starts needs the new one.
        stale(&node);
        assert_eq!(node.signer(db, at(1)).await.unwrap().public.kid, kid);
        assert!(ring(&setting(&[&old])).load(db, at(1)).is_err());
        ring(&setting(&[&new])).load(db, at(1)).unwrap();
    }
}

#[actix_web::test]
async fn a_sealing_key_in_a_file_is_replaced_too() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path());
    let path = folder.path().join("test.db.key");
    let source = SealSource::File(path.clone());
    let node = ring(&source);
    node.load(&db, at(0)).unwrap();
    let before = std::fs::read_to_string(&path).unwrap();
    assert_eq!(reseal(&db, &source).unwrap(), 1);
    let after = std::fs::read_to_string(&path).unwrap();
    assert_ne!(before, after);
    assert_eq!(after.lines().count(), 1);
    ring(&source).load(&db, at(1)).unwrap();
    // A crash in between leaves both: either opens.
    std::fs::write(&path, format!("{before}{after}")).unwrap();
    ring(&source).load(&db, at(1)).unwrap();
}

#[test]
fn what_a_restored_database_cannot_open_is_retired() {
    for test in databases() {
        let (db, theirs, ours) = (&test.db, setting(), setting());
        let unopened = || {
            let ours = ours.clone();
            db.write_blocking(move |conn| retire_unopened(conn, &ours, at(1)))
                .unwrap()
        };
        assert!(unopened().is_empty());
        ring(&theirs).load(db, at(0)).unwrap();
        assert_eq!(unopened().len(), 1);
        ring(&ours).load(db, at(1)).unwrap();
        assert!(unopened().is_empty());
    }
}

#[test]
fn a_wrong_or_missing_sealing_key_is_told_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path());
    ring(&setting()).load(&db, at(1)).unwrap();
    let wrong = ring(&setting()).load(&db, at(1)).unwrap_err();
    assert!(wrong.contains("MELDPUNT_SEAL_KEY"), "{wrong}");
    let missing = ring(&SealSource::Missing).load(&db, at(1)).unwrap_err();
    assert!(missing.contains("MELDPUNT_SEAL_KEY"), "{missing}");
    let junk = ring(&SealSource::Setting("secret".into()))
        .load(&db, at(1))
        .unwrap_err();
    assert!(!junk.contains("secret"), "{junk}");
}
