//! A whole service in this process, for one test: `let app = TestApp::start().await;`.
//!
//! - `app.get("/v1/reports").by(&desk).await.expect(200)` sends a request and checks its response (`client`, `contract`).
//! - The time stands still until `app.clock` is moved.
//! - The database is the test's own (`database`), on the backend that TEST_BACKEND names.

pub mod client;
pub mod contract;
pub mod database;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, Once};

use actix_web::dev::ServerHandle;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use clap::{Args, Command, FromArgMatches};
use meldpunt::app;
use meldpunt::clock::Clock;
use meldpunt::config::Settings;
use meldpunt::services::Context;
use tempfile::TempDir;

use database::Database;

/// A running service. It stops, and its database goes, when this is dropped.
pub struct TestApp {
    /// What its use cases run on, for what HTTP cannot reach.
    pub context: Context,
    pub clock: Arc<TestClock>,
    pub url: String,
    client: reqwest::Client,
    server: ServerHandle,
    /// Dropped last: the service holds it open.
    _database: Database,
    _folder: TempDir,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// As `start`, with settings of one's own.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        log_failures();
        let database = Database::new();
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = default_settings();
        settings.database_url = database.url().to_owned();
        settings.public_url = url.clone();
        settings.mail = format!("file://{}", folder.path().join("mail").display());
        settings.database_connections = 4;
        settings.workers = 1;
        settings.password_memory = 8;
        settings.seal_key = Some("bWVsZHB1bnQtdGVzdHMtc2VhbC1rZXktMzItYnl0ZXM=".into());
        settings.shutdown_seconds = 1;
        change(&mut settings);
        let clock = Arc::new(TestClock::new());
        let context = app::context_with(settings, clock.clone()).expect("the service starts");
        let server = app::server(context.clone(), listener).expect("the server starts");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            context,
            clock,
            url,
            client: client::new(),
            server: handle,
            _database: database,
            _folder: folder,
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command to stop is sent at once; nobody has to wait for it.
        drop(self.server.stop(false));
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

/// A clock that stands still until it is moved.
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    /// Wednesday 25 November 2026, eleven in the morning in Amsterdam.
    fn new() -> Self {
        Self(Mutex::new(
            Utc.with_ymd_and_hms(2026, 11, 25, 10, 0, 0).unwrap(),
        ))
    }

    pub fn forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }

    pub fn set(&self, at: DateTime<Utc>) {
        *self.0.lock().unwrap() = at;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
