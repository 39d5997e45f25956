//! The mail that the service sends, as files of the test's own folder.

use std::collections::BTreeSet;
use std::path::Path;

use mail_parser::{HeaderName, MessageParser};
use meldpunt::domain::notice::NoticeState;
use meldpunt::mail::transport::Transport;
use meldpunt::services::{Context, Error};
use meldpunt::store::schema::outbox;
use meldpunt::store::types::Coded;
use meldpunt::worker::outbox::{Delivered, Deliverer};

use diesel::prelude::*;

use super::TestApp;

/// A mail as its reader gets it.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub to_name: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    /// As it was sent.
    pub raw: String,
}

impl Mail {
    pub fn parse(raw: &[u8]) -> Self {
        let message = MessageParser::default().parse(raw).expect("a mail");
        let to = message.to().and_then(|to| to.first()).expect("a recipient");
        let part = |html: bool| {
            let body = if html {
                message.body_html(0)
            } else {
                message.body_text(0)
            };
            body.map(|body| body.into_owned()).unwrap_or_default()
        };
        Self {
            to: to.address().unwrap_or_default().to_owned(),
            to_name: to.name().unwrap_or_default().to_owned(),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: part(false),
            html: part(true),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            raw: String::from_utf8_lossy(raw).into_owned(),
        }
    }

    /// A header as it was sent, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let message = MessageParser::default().parse(self.raw.as_bytes())?;
        let name = HeaderName::parse(name.to_owned())?;
        message
            .header_raw(name)
            .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The address of the link with this path in the text.
    pub fn link(&self, path: &str) -> String {
        self.text
            .split_whitespace()
            .map(|word| word.trim_matches(['<', '>', '(', ')', ',']))
            .find(|word| word.starts_with("http") && word.contains(path))
            .unwrap_or_else(|| panic!("no link to {path} in {}", self.text))
            .to_owned()
    }
}

impl TestApp {
    /// Has the worker send what is due; returns the mails that arrived since the last time, oldest first.
    pub async fn deliver_mail(&self) -> Vec<Mail> {
        let done = self.run_worker().await;
        assert_eq!(done.dead, 0, "{done:?}");
        assert_eq!(done.unavailable, None);
        self.new_mail()
    }

    /// One round of the worker, wherever the settings send mail.
    pub async fn run_worker(&self) -> Delivered {
        let context = self.context.clone();
        tokio::task::spawn_blocking(move || round(&context))
            .await
            .unwrap()
    }

    /// Mails that were not there the last time.
    fn new_mail(&self) -> Vec<Mail> {
        let mut seen = self.seen_mail.lock().unwrap();
        files(&self.folder.path().join("mail"))
            .into_iter()
            .filter(|name| seen.insert(name.clone()))
            .map(|name| Mail::parse(&std::fs::read(name).unwrap()))
            .collect()
    }
}

/// The names hold ids that ascend in time.
fn files(folder: &Path) -> BTreeSet<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect()
}

pub fn round(context: &Context) -> Delivered {
    let transport = Transport::from_settings(&context.settings).unwrap();
    let deliverer = Deliverer::new(context.clone(), transport).unwrap();
    deliverer.deliver_due().unwrap()
}

/// Notices that were not sent, with why.
pub fn unsent(context: &Context) -> Vec<(String, Option<String>)> {
    context
        .db
        .read_blocking(|conn| {
            let rows = outbox::table
                .filter(outbox::state.ne(Coded(NoticeState::Sent)))
                .select((outbox::kind, outbox::last_error))
                .load(conn)?;
            Ok::<_, Error>(rows)
        })
        .unwrap()
}
