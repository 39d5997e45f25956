use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use chrono::TimeZone;
use diesel::connection::SimpleConnection;
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::actor::Language;
use crate::domain::notice::{NoticeKind, NoticeState};
use crate::store::db::Conn;
use crate::store::outbox::NewNotice;
use crate::store::testing::{TestDb, databases, given};

struct TestClock(Mutex<DateTime<Utc>>);
impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
impl TestClock {
    fn forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

fn deliverer(test: &TestDb, mail: &str) -> (Deliverer, Arc<TestClock>) {
    let clock = Arc::new(TestClock(Mutex::new(
        Utc.with_ymd_and_hms(2026, 11, 24, 8, 0, 0).unwrap(),
    )));
    let ctx = Context::new(
        test.db.clone(),
        clock.clone(),
        Settings::defaults().unwrap(),
    );
    (
        Deliverer::new(
            ctx,
            Transport::parse(
                mail,
                given("TEST_SMTP_CA").as_deref().map(Path::new),
                Duration::from_secs(30),
            )
            .unwrap(),
        )
        .unwrap(),
        clock,
    )
}

fn queue(test: &TestDb, kind: NoticeKind, to_email: &str) -> NoticeId {
    let id = NoticeId::new();
    let notice = NewNotice {
        id,
        report: None,
        event: None,
        kind,
        to_name: "Jan".into(),
        to_email: to_email.into(),
        language: Language::Nl,
        data: json!({"link": "http://localhost/geheim"}),
        message_id: format!("<notice-{id}@localhost>"),
        thread_id: None,
    };
    let at = Utc.with_ymd_and_hms(2026, 11, 24, 8, 0, 0).unwrap();
    test.db
        .write_blocking::<_, Error, _>(move |conn| Ok(outbox::insert(conn, &[notice], at)?))
        .unwrap();
    id
}

fn kept(test: &TestDb, id: NoticeId) -> Notice {
    test.db
        .read_blocking::<_, Error, _>(|conn| Ok(outbox::find(conn, id)?))
        .unwrap()
        .unwrap()
}

/// A server on loopback that answers as the recipient's address says, and counts messages it took.
fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("smtp+plain://{}", listener.local_addr().unwrap());
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = count.clone();
            std::thread::spawn(move || {
                let mut out = stream.try_clone().unwrap();
                let mut say =
                    move |text: &str| out.write_all(format!("{text}\r\n").as_bytes()).is_ok();
                say("220 test");
                let mut data = false;
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let answered = match line.split([' ', ':']).next().unwrap_or_default() {
                        "." if data => {
                            data = false;
                            count.fetch_add(1, Ordering::SeqCst);
                            say("250 taken")
                        }
                        _ if data => true,
                        "EHLO" => say("250 test"),
                        "RCPT" if line.contains("weigert") => {
                            say("550 5.1.1 <weigert@x.example> is onbekend")
                        }
                        "RCPT" if line.contains("later") => say("451 4.7.1 probeer het later"),
                        "RCPT" if line.contains("weg") => return,
                        "DATA" => {
                            data = true;
                            say("354 go")
                        }
                        _ => say("250 ok"),
                    };
                    if !answered {
                        return;
                    }
                }
            });
        }
    });
    (address, taken)
}

#[test]
fn what_is_queued_leaves_once_and_secrets_are_forgotten() {
    for test in databases() {
        let folder = tempfile::tempdir().unwrap();
        let (deliverer, _) = deliverer(&test, &format!("file://{}", folder.path().display()));
        let ids: Vec<NoticeId> = (0..60)
            .map(|_| queue(&test, NoticeKind::Invitation, "jan@x.example"))
            .collect();
        let done = deliverer.deliver_due().unwrap();
        assert_eq!(
            done,
            Delivered {
                sent: 60,
                ..Delivered::default()
            }
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 60);
        assert_eq!(deliverer.deliver_due().unwrap(), Delivered::default());
        let one = kept(&test, ids[0]);
        assert_eq!((one.state, one.data), (NoticeState::Sent, json!({})));
    }
}

#[test]
fn refusals_for_good_and_for_now() {
    for test in databases() {
        let (address, taken) = server();
        let (deliverer, clock) = deliverer(&test, &address);
        let good = queue(&test, NoticeKind::Settled, "jan@x.example");
        let never = queue(&test, NoticeKind::Settled, "weigert@x.example");
        let later = queue(&test, NoticeKind::Settled, "later@x.example");
        let none = queue(&test, NoticeKind::Settled, "geen adres");
        let last = queue(&test, NoticeKind::Settled, "piet@x.example");
        let done = deliverer.deliver_due().unwrap();
        assert_eq!(
            done,
            Delivered {
                sent: 2,
                deferred: 1,
                dead: 2,
                ..Delivered::default()
            }
        );
        assert_eq!(taken.load(Ordering::SeqCst), 2);
        assert_eq!(kept(&test, good).state, NoticeState::Sent);
        assert_eq!(kept(&test, last).state, NoticeState::Sent);
        assert_eq!(kept(&test, none).state, NoticeState::Dead);
        let never = kept(&test, never);
        assert_eq!(never.state, NoticeState::Dead);
        let error = never.last_error.unwrap();
        assert!(
            error.contains("550") && !error.contains("weigert"),
            "{error}"
        );
        assert_eq!(
            deliverer.deliver_due().unwrap(),
            Delivered::default(),
            "not before its time"
        );
        clock.forward(TimeDelta::seconds(36));
        assert_eq!(deliverer.deliver_due().unwrap().deferred, 1);
        for _ in 0..MOST_ATTEMPTS {
            clock.forward(TimeDelta::minutes(12));
            deliverer.deliver_due().unwrap();
        }
        let later = kept(&test, later);
        assert_eq!(
            (later.state, later.attempts),
            (NoticeState::Dead, MOST_ATTEMPTS)
        );
    }
}

/// Has the database refuse every mark of a notice as sent, as a full disk does, or take them again.
fn refuse_marks(test: &TestDb, refuse: bool) {
    let (sqlite, postgres) = if refuse {
        (
            "CREATE TRIGGER no_mark BEFORE UPDATE ON outbox WHEN NEW.state = 'sent' \
             BEGIN SELECT RAISE(ABORT, 'no mark'); END",
            "ALTER TABLE outbox ADD CONSTRAINT no_mark CHECK (state <> 'sent') NOT VALID",
        )
    } else {
        (
            "DROP TRIGGER no_mark",
            "ALTER TABLE outbox DROP CONSTRAINT no_mark",
        )
    };
    test.db
        .write_blocking::<_, Error, _>(move |conn| {
            Ok(match conn {
                Conn::Sqlite(conn) => conn.batch_execute(sqlite),
                Conn::Postgres(conn) => conn.batch_execute(postgres),
            }?)
        })
        .unwrap();
}

#[test]
fn what_left_and_could_not_be_marked_is_marked_later_and_not_sent_again() {
    for test in databases() {
        let (address, taken) = server();
        let (deliverer, _) = deliverer(&test, &address);
        let all: Vec<NoticeId> = (0..40)
            .map(|_| queue(&test, NoticeKind::Settled, "jan@x.example"))
            .collect();
        refuse_marks(&test, true);
        deliverer.deliver_due().unwrap_err();
        let left = taken.load(Ordering::SeqCst);
        assert!((1..=2 * UNMARKED + 1).contains(&left), "{left}");
        deliverer.deliver_due().unwrap_err();
        assert_eq!(
            taken.load(Ordering::SeqCst),
            left,
            "nothing more while marks wait"
        );
        refuse_marks(&test, false);
        deliverer.deliver_due().unwrap();
        let marked = all
            .iter()
            .filter(|id| kept(&test, **id).state == NoticeState::Sent)
            .count();
        assert_eq!(marked, left, "the others are under the lease still");
        assert_eq!(taken.load(Ordering::SeqCst), left);
    }
}

#[test]
fn an_outage_costs_no_attempts_but_the_one_it_struck() {
    for test in databases() {
        let (address, taken) = server();
        let (deliverer, clock) = deliverer(&test, &address);
        let struck = queue(&test, NoticeKind::Settled, "weg@x.example");
        let other = queue(&test, NoticeKind::Settled, "jan@x.example");
        let done = deliverer.deliver_due().unwrap();
        assert_eq!((done.sent, done.deferred), (0, 1));
        assert!(done.unavailable.is_some());
        assert_eq!(
            (kept(&test, struck).attempts, kept(&test, other).attempts),
            (1, 0)
        );
        // The one that breaks the connection does not stand in the way of the others.
        assert_eq!(deliverer.deliver_due().unwrap().sent, 1);
        clock.forward(TimeDelta::minutes(1));
        assert_eq!(deliverer.deliver_due().unwrap().deferred, 1);
        assert_eq!(taken.load(Ordering::SeqCst), 1);

        let gone = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let (away, _) = super::tests::deliverer(&test, &format!("smtp+plain://{gone}"));
        let third = queue(&test, NoticeKind::Settled, "piet@x.example");
        let done = away.deliver_due().unwrap();
        assert!(done.unavailable.is_some() && done.deferred == 0);
        let third = kept(&test, third);
        assert_eq!(
            (third.attempts, third.leased_until, third.state),
            (0, None, NoticeState::Queued)
        );
    }
}

#[test]
fn a_ring_wakes_it_and_a_stop_ends_it() {
    let test = databases().remove(0);
    let folder = tempfile::tempdir().unwrap();
    let (deliverer, _) = deliverer(&test, &format!("file://{}", folder.path().display()));
    let (bell, stop) = (deliverer.bell(), deliverer.stopper());
    let thread = deliverer.spawn().unwrap();
    let id = queue(&test, NoticeKind::Settled, "jan@x.example");
    bell.ring();
    for _ in 0..500 {
        if kept(&test, id).state == NoticeState::Sent {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(kept(&test, id).state, NoticeState::Sent);
    stop.stop();
    thread.join().unwrap();
}

#[test]
fn while_the_outbox_is_paused_nothing_leaves() {
    for test in databases() {
        let (address, taken) = server();
        let (deliverer, clock) = deliverer(&test, &address);
        let now = clock.now();
        let first = queue(&test, NoticeKind::Settled, "jan@x.example");
        let pause = |reason: &'static str| {
            test.db
                .write_blocking::<_, Error, _>(move |conn| {
                    Ok(service_state::pause_outbox(conn, reason, now)?)
                })
                .unwrap()
        };
        assert!(pause("restored") && !pause("another"));
        let done = deliverer.deliver_due().unwrap();
        assert!(done.paused && done.sent == 0, "{done:?}");
        let kept_back = kept(&test, first);
        assert_eq!(
            (kept_back.attempts, kept_back.leased_until),
            (0, None),
            "not even claimed"
        );
        let resume = || {
            test.db
                .write_blocking::<_, Error, _>(move |conn| Ok(service_state::resume_outbox(conn)?))
                .unwrap()
        };
        assert!(resume() && !resume());
        assert_eq!(deliverer.deliver_due().unwrap().sent, 1);
        assert_eq!(taken.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn waits_double_up_to_the_longest() {
    for (failures, seconds) in [(1, 30), (2, 60), (3, 120), (6, 600), (9, 600), (150, 600)] {
        for _ in 0..50 {
            let wait = wait(failures, LONGEST_WAIT).num_milliseconds();
            assert!(
                (seconds * 800..=seconds * 1_200).contains(&wait),
                "{failures}: {wait}"
            );
        }
    }
    assert!(pause(40) <= Duration::from_secs(72));
}

/// Over a real server with TLS and sign-in, where `scripts/test` has started one.
#[test]
fn mail_leaves_over_tls_and_starttls_with_a_sign_in_alone() {
    let (Some(user), Some(password)) = (given("TEST_SMTP_USER"), given("TEST_SMTP_PASSWORD"))
    else {
        return;
    };
    for (scheme, server) in [("smtp", "TEST_SMTP_TLS"), ("smtps", "TEST_SMTP_SMTPS")] {
        let server = given(server).unwrap();
        for test in databases() {
            let id = queue(
                &test,
                NoticeKind::Settled,
                &format!("{scheme}-{}@x.example", NoticeId::new()),
            );
            let (stranger, _) = deliverer(&test, &format!("{scheme}://{user}:wrong@{server}"));
            let done = stranger.deliver_due().unwrap();
            assert!(
                done.unavailable.is_some() && done.dead == 0 && done.sent == 0,
                "{done:?}"
            );
            let (right, _) = deliverer(&test, &format!("{scheme}://{user}:{password}@{server}"));
            let done = right.deliver_due().unwrap();
            assert_eq!(done.sent, 1, "{scheme}: {done:?}");
            assert_eq!(
                kept(&test, id).attempts,
                1,
                "a failed sign-in is no attempt"
            );
        }
    }
    // A server without TLS is refused where TLS is asked for.
    let test = databases().remove(0);
    queue(&test, NoticeKind::Settled, "jan@x.example");
    let plain = given("TEST_SMTP_PLAIN").unwrap();
    let (deliverer, _) = deliverer(&test, &format!("smtp://{plain}"));
    assert!(deliverer.deliver_due().unwrap().unavailable.is_some());
    // And a certificate that nobody trusts.
    let tls = given("TEST_SMTP_TLS").unwrap();
    let distrusting = Transport::parse(
        &format!("smtp://{user}:{password}@{tls}"),
        None,
        Duration::from_secs(30),
    )
    .unwrap();
    assert!(matches!(
        distrusting.ready(),
        Err(SendError::Unavailable(_))
    ));
}
