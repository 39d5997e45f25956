//! Makes the message of a rendered notice: its headers and its two forms.

use std::fmt::Display;

use chrono::{DateTime, Utc};
pub use lettre::Message;
use lettre::address::Address;
pub use lettre::message::Mailbox;
use lettre::message::MultiPart;
use lettre::message::header::{HeaderName, HeaderValue};

use crate::domain::actor::Language;
use crate::domain::code::Code;
use crate::domain::id::NoticeId;
use crate::domain::notice::NoticeKind;
use crate::mail::render::Rendered;
use crate::mail::{text, words};

/// Where a message goes, and what ties it to others.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    pub kind: NoticeKind,
    pub to_name: &'a str,
    pub to_email: &'a str,
    pub language: Language,
    pub message_id: &'a str,
    pub thread_id: Option<&'a str>,
}

/// Why a message cannot be made: of the notice itself, so trying again does not help.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("the address is not one that mail can go to")]
    Recipient,
    #[error("the message cannot be made: {0}")]
    Message(#[from] lettre::error::Error),
}

/// The sender of all mail, as the settings have it: `Name <address>`.
///
/// # Errors
/// A sentence for the operator.
pub fn sender(mail_from: &str) -> Result<Mailbox, String> {
    mail_from
        .parse()
        .map_err(|e| format!("MELDPUNT_MAIL_FROM: {mail_from:?} is no sender: {e}"))
}

/// The host that our message ids name: that of the sender.
fn host(from: &Mailbox) -> &str {
    from.email.domain()
}

/// The Message-ID of a notice: the same however often it is sent, so that a mailbox sees one message.
pub fn message_id(notice: NoticeId, from: &Mailbox) -> String {
    format!("<notice-{notice}@{}>", host(from))
}

/// What the messages about one report or experiment refer to, so that a mailbox groups them.
pub fn thread_id(of: &str, id: impl Display, from: &Mailbox) -> String {
    format!("<{of}-{id}@{}>", host(from))
}

/// Makes the message.
///
/// # Errors
/// When the recipient's address is none.
pub fn build(
    envelope: Envelope<'_>,
    rendered: Rendered,
    from: &Mailbox,
    now: DateTime<Utc>,
) -> Result<Message, BuildError> {
    let address: Address = envelope
        .to_email
        .parse()
        .map_err(|_| BuildError::Recipient)?;
    let name = text::shorten(&text::line(envelope.to_name), 80).into_owned();
    let to = Mailbox::new(Some(name).filter(|name| !name.is_empty()), address);
    let mut message = Message::builder()
        .from(from.clone())
        .to(to)
        .subject(rendered.subject)
        .date(now.into())
        .message_id(Some(envelope.message_id.to_owned()))
        .raw_header(header("Auto-Submitted", "auto-generated".into()))
        .raw_header(header("X-Auto-Response-Suppress", "All".into()))
        .raw_header(header(
            "Content-Language",
            envelope.language.as_str().into(),
        ))
        .raw_header(header("X-Meldpunt-Notice", envelope.kind.as_str().into()));
    if let Some(thread) = envelope.thread_id {
        message = message
            .in_reply_to(thread.to_owned())
            .references(thread.to_owned())
            .raw_header(header(
                "List-Id",
                format!("{} <meldpunt.{}>", words::SERVICE, host(from)),
            ));
    }
    Ok(message.multipart(MultiPart::alternative_plain_html(
        rendered.text,
        rendered.html,
    ))?)
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use mail_parser::{MessageParser, MimeHeaders};
    use serde_json::json;

    use super::*;
    use crate::mail::facts::Reader;
    use crate::mail::render::{render, tests::full};

    fn sent(to_name: &str, typed: &str) -> (String, Message) {
        let from = sender("Meldpunt Knellende Regelgeving <meldpunt@example.org>").unwrap();
        let facts = json!(full(Reader::Reporter, typed));
        let rendered = render(NoticeKind::Question, Language::Nl, to_name, &facts).unwrap();
        let message_id = "<notice-0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b@example.org>";
        let envelope = Envelope {
            kind: NoticeKind::Question,
            to_name,
            to_email: "jan@gemeente.example",
            language: Language::Nl,
            message_id,
            thread_id: Some("<report-1@example.org>"),
        };
        let now = Utc.with_ymd_and_hms(2026, 11, 24, 8, 30, 0).unwrap();
        let message = build(envelope, rendered, &from, now).unwrap();
        (String::from_utf8(message.formatted()).unwrap(), message)
    }

    #[test]
    fn headers_and_both_forms_are_there() {
        let (raw, _) = sent("Jan de Vries", "Hoe vaak komt dit vóór?\nEn waar?");
        let parsed = MessageParser::default().parse(raw.as_bytes()).unwrap();
        let raw_header = |name: &str| parsed.header_raw(name).unwrap().trim().to_owned();
        assert_eq!(
            parsed.message_id(),
            Some("notice-0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b@example.org")
        );
        assert_eq!(parsed.date().unwrap().to_rfc3339(), "2026-11-24T08:30:00Z");
        assert_eq!(parsed.in_reply_to().as_text(), Some("report-1@example.org"));
        assert_eq!(parsed.references().as_text(), Some("report-1@example.org"));
        assert_eq!(raw_header("Auto-Submitted"), "auto-generated");
        assert_eq!(raw_header("X-Auto-Response-Suppress"), "All");
        assert_eq!(raw_header("Content-Language"), "nl");
        let to = parsed.to().unwrap().first().unwrap();
        assert_eq!(
            (to.name(), to.address()),
            (Some("Jan de Vries"), Some("jan@gemeente.example"))
        );
        assert!(
            parsed.subject().unwrap().starts_with(
                "Een vraag over uw melding: MKR-2026-000123 - Hoe vaak komt dit vóór?"
            )
        );
        assert!(
            parsed
                .body_text(0)
                .unwrap()
                .contains("> Hoe vaak komt dit vóór?")
        );
        assert!(parsed.body_html(0).unwrap().contains("vóór?<br>En waar?"));
        let kind = parsed.content_type().unwrap();
        assert_eq!(
            (kind.ctype(), kind.subtype()),
            ("multipart", Some("alternative"))
        );
    }

    #[test]
    fn nothing_typed_becomes_a_header_or_a_recipient() {
        for hostile in [
            "x\r\nBcc: dief@example.org",
            "a\nTo: b@c\n\nx",
            "\"<dief@example.org>, x",
            "é\r\n\r\n<p>",
            "a, b@c.d",
        ] {
            let (raw, message) = sent(hostile, hostile);
            let head = raw.split("\r\n\r\n").next().unwrap();
            let names: Vec<&str> = head
                .split("\r\n")
                .filter(|one| !one.starts_with([' ', '\t']))
                .filter_map(|one| one.split_once(':').map(|(name, _)| name))
                .collect();
            assert!(!names.contains(&"Bcc"), "{head}");
            assert_eq!(names.iter().filter(|name| **name == "To").count(), 1);
            assert_eq!(message.envelope().to().len(), 1);
            let parsed = MessageParser::default().parse(raw.as_bytes()).unwrap();
            let to: Vec<_> = parsed
                .to()
                .unwrap()
                .iter()
                .filter_map(|to| to.address())
                .collect();
            assert_eq!(to, ["jan@gemeente.example"]);
            assert_eq!(parsed.attachment_count(), 0);
        }
    }
}
