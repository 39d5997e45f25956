//! What a service says of itself: the audit log, and the figures.

use std::net::TcpListener;
use std::path::Path;

use meldpunt::app;
use serde_json::Value;

use super::TestApp;
use super::actors::PASSWORD;

/// Where the audit log of a test lies.
pub fn audit_log(folder: &Path) -> String {
    folder.join("audit.log").to_string_lossy().into_owned()
}

/// Whatever a test did: each line is an object with what every line has, and none holds an address of mail or a secret.
pub fn check(folder: &Path) {
    for line in lines(folder) {
        for name in [
            "log",
            "at",
            "action",
            "actorKind",
            "result",
            "requestId",
            "traceId",
            "source",
        ] {
            assert!(line[name].is_string(), "{name} is missing: {line}");
        }
        let text = line.to_string();
        for never in [
            "@",
            "eyJ",
            "%40",
            "password\":",
            "secret\":",
            "token\":",
            PASSWORD,
        ] {
            assert!(!text.contains(never), "{never:?} in the audit log: {text}");
        }
    }
}

fn lines(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(audit_log(folder)).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

impl TestApp {
    /// The lines of the audit log so far.
    pub fn audit(&self) -> Vec<Value> {
        lines(self.folder.path())
    }

    /// The last line about an operation.
    #[track_caller]
    pub fn audited(&self, action: &str) -> Value {
        let lines = self.audit();
        let last = lines.iter().rev().find(|line| line["action"] == action);
        last.unwrap_or_else(|| panic!("no line about {action} in {lines:#?}"))
            .clone()
    }

    /// `/metrics`, as whoever watches the service reads it.
    pub async fn figures(&self) -> Figures {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/metrics", listener.local_addr().unwrap());
        let server = app::metrics_server(self.context.clone(), listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let answer = self.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(
            answer.headers()["content-type"],
            "text/plain; version=0.0.4"
        );
        let text = answer.text().await.unwrap();
        handle.stop(false).await;
        Figures(text)
    }
}

/// The text of `/metrics`.
pub struct Figures(pub String);

impl Figures {
    /// The value of a series, written as in the text: `meldpunt_mails_total{result="sent"}`.
    pub fn get(&self, series: &str) -> Option<f64> {
        let line = self
            .0
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        Some(line.parse().unwrap())
    }

    #[track_caller]
    pub fn expect(&self, series: &str, value: f64) {
        assert_eq!(self.get(series), Some(value), "{series} in\n{}", self.0);
    }
}
