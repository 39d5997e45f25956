//! On SQLite, whose changes share commits.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::dsl::count_star;

use super::*;
use crate::store::db::{Address, Db};
use crate::store::schema::reference_loads as t;
use crate::store::types::Instant as At;

fn database() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&Address::Sqlite(folder.path().join("test.db")), 4).unwrap();
    db.migrate().unwrap();
    (db, folder)
}

fn add(conn: &mut Conn, name: &str) -> Result<(), DbError> {
    diesel::insert_into(t::table)
        .values((
            t::name.eq(name),
            t::loaded_at.eq(At(chrono::DateTime::UNIX_EPOCH)),
        ))
        .execute(conn)?;
    Ok(())
}

fn names(db: &Db) -> Vec<String> {
    db.read_blocking::<_, DbError, _>(|conn| {
        Ok(t::table.select(t::name).order(t::name).load(conn)?)
    })
    .unwrap()
}

/// Keeps the writer busy until told, so that what is queued meanwhile shares the next commits.
fn hold(db: &Db) -> std::sync::mpsc::SyncSender<()> {
    let (go, wait) = sync_channel::<()>(0);
    let (started, starts) = sync_channel::<()>(0);
    let holder = db.clone();
    std::thread::spawn(move || {
        holder.write_blocking::<_, DbError, _>(move |_| {
            started.send(()).unwrap();
            let _ = wait.recv();
            Ok(())
        })
    });
    starts.recv().unwrap();
    go
}

type Answer = Receiver<Result<(), DbError>>;

fn queue(
    db: &Db,
    change: impl FnOnce(&mut Conn) -> Result<(), DbError> + Send + 'static,
) -> Answer {
    let (reply, answer) = sync_channel(1);
    let writer = db.writer_of_tests();
    writer.queue(change, move |made| drop(reply.send(made)));
    answer
}

fn answered(answer: &Answer) -> Result<(), DbError> {
    answer.recv_timeout(Duration::from_secs(10)).unwrap()
}

#[test]
fn what_waits_is_committed_together_and_answered_after() {
    let (db, _folder) = database();
    let go = hold(&db);
    let answers: Vec<Answer> = (0..40)
        .map(|n| queue(&db, move |conn| add(conn, &format!("{n:02}"))))
        .collect();
    assert!(answers.iter().all(|answer| answer.try_recv().is_err()));
    let commits = || db.figures().commits().iter().sum::<u64>();
    let before = (commits(), db.figures().changes());
    go.send(()).unwrap();
    for answer in &answers {
        answered(answer).unwrap();
    }
    assert_eq!(names(&db).len(), 40);
    // The one that held the writer, and the forty.
    assert_eq!(db.figures().changes() - before.1, 41);
    assert!(commits() - before.0 <= 4, "{:?}", db.figures().commits());
}

#[test]
fn one_that_fails_or_panics_takes_only_itself_down() {
    let (db, _folder) = database();
    let go = hold(&db);
    let first = queue(&db, |conn| add(conn, "first"));
    let failed = queue(&db, |conn| {
        add(conn, "failed")?;
        Err(DbError::Busy("by itself".into()))
    });
    let twice = queue(&db, |conn| add(conn, "first"));
    let panicked = queue(&db, |conn| {
        conn.transaction::<(), DbError, _>(|conn| {
            add(conn, "panicked")?;
            conn.transaction::<(), DbError, _>(|_| panic!("for the test"))
        })
    });
    let last = queue(&db, |conn| add(conn, "last"));
    go.send(()).unwrap();
    answered(&first).unwrap();
    assert!(matches!(answered(&failed), Err(DbError::Busy(why)) if why == "by itself"));
    assert!(matches!(
        answered(&twice),
        Err(DbError::Query(QueryError::DatabaseError(..)))
    ));
    assert!(matches!(answered(&panicked), Err(DbError::Panicked(why)) if why == "for the test"));
    answered(&last).unwrap();
    assert_eq!(names(&db), ["first", "last"]);
}

#[test]
fn a_commit_that_is_lost_is_told_to_all_in_it_and_the_next_one_works() {
    let (db, _folder) = database();
    let go = hold(&db);
    let fine = queue(&db, |conn| add(conn, "fine"));
    // As SQLite itself does when it cannot go on: the transaction is over behind everybody's back.
    let breaks = queue(&db, |conn| {
        match conn {
            Conn::Sqlite(conn) => conn.batch_execute("ROLLBACK")?,
            Conn::Postgres(_) => unreachable!("SQLite alone has a writer"),
        }
        Err(DbError::Busy("disk full".into()))
    });
    go.send(()).unwrap();
    assert!(matches!(answered(&fine), Err(DbError::Busy(_))));
    assert!(matches!(answered(&breaks), Err(DbError::Busy(_))));
    assert!(names(&db).is_empty());
    db.write_blocking(|conn| add(conn, "next")).unwrap();
    assert_eq!(names(&db), ["next"]);
}

#[test]
fn a_lone_change_waits_for_nobody() {
    let (db, _folder) = database();
    db.write_blocking(|conn| add(conn, "warm")).unwrap();
    let alone = |n: usize| {
        let started = std::time::Instant::now();
        db.write_blocking(move |conn| add(conn, &n.to_string()))
            .unwrap();
        started.elapsed()
    };
    // The fastest of some: what a slow disk or a busy machine adds is not meant.
    let fastest = (0..20).map(alone).min().unwrap();
    assert!(fastest < LONGEST, "{fastest:?}");
    assert_eq!(db.figures().commits()[0], db.figures().changes());
}

#[test]
fn figures_count_statements_without_their_transactions() {
    let (db, _folder) = database();
    let before = db.figures().statements();
    db.write_blocking(|conn| {
        add(conn, "one")?;
        conn.transaction(|conn| add(conn, "two"))
    })
    .unwrap();
    let _ = db
        .read_blocking::<i64, DbError, _>(|conn| Ok(t::table.select(count_star()).first(conn)?));
    assert_eq!(db.figures().statements() - before, 3);
}

#[test]
fn what_is_queued_is_made_before_the_database_is_closed() {
    let (db, folder) = database();
    let go = hold(&db);
    let queued = queue(&db, |conn| add(conn, "queued"));
    go.send(()).unwrap();
    drop(db);
    answered(&queued).unwrap();
    // Nobody has it open any more.
    let again = Db::open(&Address::Sqlite(folder.path().join("test.db")), 1).unwrap();
    assert_eq!(names(&again), ["queued"]);
}
