//! A whole service in this process, for one test: `let app = TestApp::start().await;`.
//!
//! - `app.get("/v1/reports").by(&desk).await.expect(200)` sends a request and checks its response (`client`, `contract`).
//! - `app.desk().await`, `app.reporter("GM1714").await` … are people who are signed in (`actors`).
//! - `app.deliver_mail().await` sends what is due and returns it (`mailbox`).
//! - `app.audit()` and `app.figures().await` are what the service says of itself (`watching`).
//! - The time stands still until `app.clock` is moved.
//! - The database is the test's own (`database`), on the backend that TEST_BACKEND names.

pub mod actors;
pub mod client;
pub mod contract;
pub mod database;
pub mod listing;
pub mod mailbox;
pub mod process;
pub mod watching;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};

use actix_web::dev::ServerHandle;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use clap::{Args, Command, FromArgMatches};
use meldpunt::app;
use meldpunt::clock::{Clock, SystemClock};
use meldpunt::config::Settings;
use meldpunt::services::Context;
use tempfile::TempDir;

use database::Database;

/// A running service. It stops, and its database goes, when this is dropped; the test fails when mail was left that
/// cannot be sent.
pub struct TestApp {
    /// What its use cases run on, for what HTTP cannot reach.
    pub context: Context,
    pub clock: Arc<TestClock>,
    pub url: String,
    client: reqwest::Client,
    server: ServerHandle,
    folder: TempDir,
    seen_mail: Mutex<BTreeSet<PathBuf>>,
    mail_may_stay: AtomicBool,
    /// Dropped last: the service holds it open.
    database: Database,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// As `start`, with settings of one's own.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_at(start_of_time(), change)
    }

    /// As `start`, at the time of this machine: for a test that also runs a command, which has no other.
    pub async fn start_today() -> Self {
        Self::start_at(SystemClock.now(), |_| ())
    }

    fn start_at(now: DateTime<Utc>, change: impl FnOnce(&mut Settings)) -> Self {
        log_failures();
        let database = Database::new();
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = default_settings();
        settings.database_url = database.url().to_owned();
        settings.public_url = url.clone();
        settings.mail = format!("file://{}", folder.path().join("mail").display());
        settings.attachments = format!("file://{}", folder.path().join("attachments").display());
        settings.database_connections = 4;
        settings.workers = 1;
        // A test asks faster than any honest caller, and all of them from one address.
        settings.rate_address = 0;
        settings.rate_principal = 0;
        settings.sign_in_failures = 0;
        settings.password_memory = 8;
        settings.seal_key = Some("bWVsZHB1bnQtdGVzdHMtc2VhbC1rZXktMzItYnl0ZXM=".into());
        settings.shutdown_seconds = 1;
        settings.drain_seconds = 0;
        settings.audit_log = watching::audit_log(folder.path());
        change(&mut settings);
        let clock = Arc::new(TestClock(Mutex::new(now)));
        let context = app::context_with(settings, clock.clone()).expect("the service starts");
        context
            .keys
            .load(&context.db, clock.now())
            .expect("the keys open");
        let server = app::server(context.clone(), listener).expect("the server starts");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            context,
            clock,
            url,
            client: client::new(),
            server: handle,
            folder,
            seen_mail: Mutex::default(),
            mail_may_stay: AtomicBool::new(false),
            database,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Where its database is.
    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// All that lies in the database, as text.
    pub async fn everything_kept(&self) -> String {
        self.database.dump()
    }

    /// For a test that leaves mail unsent on purpose.
    pub fn leave_mail(&self) {
        self.mail_may_stay.store(true, Ordering::Relaxed);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command to stop is sent at once; nobody has to wait for it.
        drop(self.server.stop(false));
        // Whatever the test was about: all that it had mailed can be written and sent.
        if !std::thread::panicking() && !self.mail_may_stay.load(Ordering::Relaxed) {
            mailbox::round(&self.context);
            let unsent = mailbox::unsent(&self.context);
            assert!(unsent.is_empty(), "mail that does not leave: {unsent:?}");
        }
        if !std::thread::panicking() {
            watching::check(self.folder.path());
        }
    }
}

/// The settings as nobody set them: this machine's environment does not count.
fn default_settings() -> Settings {
    let command =
        Settings::augment_args(Command::new("test")).mut_args(|arg| arg.env(None::<&str>));
    Settings::from_arg_matches(&command.get_matches_from(["test"])).unwrap()
}

/// What the service logs as a warning or worse stands in the output of a test that fails.
fn log_failures() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_test_writer()
            .with_env_filter("warn,meldpunt=warn,tracing_actix_web=off")
            .init();
    });
}

/// Wednesday 25 November 2026, eleven in the morning in Amsterdam.
pub fn start_of_time() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 25, 10, 0, 0).unwrap()
}

/// A clock that stands still until it is moved.
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    pub fn forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
