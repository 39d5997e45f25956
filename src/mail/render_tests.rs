use chrono::NaiveDate;
use serde_json::json;

use super::*;
use crate::domain::clocks::Alert;
use crate::domain::deadline_profile::ClockKind;
use crate::domain::id::MeasureId;
use crate::domain::message::MessageAudience;
use crate::domain::report::{Confidentiality, Measure, MeasureKind, Outcome, Verdict};
use crate::domain::status::Status;
use crate::mail::facts::DeadlineFact;

const KINDS: &[NoticeKind] = NoticeKind::ALL;

/// All facts a notice can have, those that people type filled with `typed`.
pub(crate) fn full(reader: Reader, typed: &str) -> Facts {
    let some = || Some(typed.to_owned());
    let day = NaiveDate::from_ymd_opt(2026, 12, 8);
    Facts {
        reader: Some(reader),
        link: Some(
            "https://meldpunt.example/v1/reports/0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b".into(),
        ),
        reference: Some("MKR-2026-000123".into()),
        title: some(),
        confidential: false,
        organisation: some(),
        rule: some(),
        status: Some(Status::InReview),
        lead: some(),
        actor: some(),
        stands_in_for: some(),
        clock: Some(ClockKind::Position),
        due_on: day,
        explanation: some(),
        public_explanation: some(),
        outcome: Some(Outcome::ExistingRoom),
        shared_with: Some(crate::domain::sharing::ShareAudience::Public),
        publication: some(),
        room: some(),
        decision_reference: some(),
        reason: some(),
        suggested_authority: some(),
        question: some(),
        answer: some(),
        message: some(),
        sentence: some(),
        audience: Some(MessageAudience::Government),
        measure: Some(Measure {
            id: MeasureId::new(),
            kind: MeasureKind::Amendment,
            owner: typed.to_owned(),
            target_date: day.unwrap(),
            result: None,
        }),
        other_reference: Some("MKR-2026-000099".into()),
        corrected: vec!["domains".into(), "municipalities".into()],
        expires_at: Some("2026-12-01T09:30:00Z".parse().unwrap()),
        advice: some(),
        confidentiality: Some(Confidentiality::GovernmentOnly),
        consent: some(),
        verdict: Some(Verdict::Partly),
        remark: some(),
        deadlines: vec![DeadlineFact {
            reference: "MKR-2026-000123".into(),
            title: some(),
            clock: ClockKind::Position,
            due_on: day.unwrap(),
            alert: Alert::Overdue,
        }],
        more: 3,
    }
}

fn every(mut check: impl FnMut(NoticeKind, Language, Reader)) {
    for kind in KINDS {
        for language in Language::ALL {
            for reader in Reader::ALL {
                check(*kind, *language, *reader);
            }
        }
    }
}

fn rendered(kind: NoticeKind, language: Language, to: &str, facts: &Facts) -> Rendered {
    render(kind, language, to, &json!(facts))
        .unwrap_or_else(|e| panic!("{kind} in {language}: {e}"))
}

#[test]
fn every_kind_has_a_template() {
    let listed: Vec<&str> = SOURCES.iter().map(|(kind, _, _)| *kind).collect();
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(listed, kinds);
}

#[test]
fn every_notice_renders_with_all_facts_and_with_none() {
    every(|kind, language, reader| {
        let all = rendered(
            kind,
            language,
            "Jan de Vries",
            &full(reader, "Een gewone zin"),
        );
        let none = Facts {
            reader: Some(reader),
            ..Facts::default()
        };
        let bare = rendered(kind, language, "Jan", &none);
        for text in [&all, &bare] {
            assert!(!text.subject.is_empty() && text.subject.chars().count() <= 120);
            let shown = text
                .html
                .split("</style>")
                .last()
                .unwrap()
                .replace(":none", "");
            for form in [&text.text, &shown, &text.subject] {
                let odd = ["none", "undefined", " ,", " .", "{{", "%}"];
                assert!(
                    !odd.iter().any(|odd| form.contains(odd)),
                    "{kind} {language} {reader}:\n{form}"
                );
            }
            assert!(
                text.text
                    .lines()
                    .all(|one| one.chars().count() <= 80 || one.contains("://")),
                "{}",
                text.text
            );
            let plain = text.text.replace('\n', " ");
            assert!(plain.contains(words::why(reader, language)), "{plain}");
        }
        if kind == NoticeKind::Deadlines {
            // Of several reports: they are in the text.
            assert!(all.subject.starts_with('4'), "{}", all.subject);
            assert!(all.text.contains("MKR-2026-000123"));
        } else if !kind.is_account() && kind != NoticeKind::RuleLapsed {
            assert!(all.subject.contains("MKR-2026-000123"));
            assert!(all.text.contains("MKR-2026-000123"));
        }
        assert!(all.html.contains("href=\"https:"));
        assert!(all.text.contains("https://meldpunt.example/"));
    });
}

#[test]
fn a_position_is_said_to_be_no_decision() {
    let facts = full(Reader::Reporter, "x");
    assert!(
        rendered(NoticeKind::Position, Language::Nl, "Jan", &facts)
            .text
            .contains("Een standpunt is geen besluit")
    );
    assert!(
        rendered(NoticeKind::Position, Language::En, "Jan", &facts)
            .html
            .contains("is not a decision (besluit)")
    );
}

#[test]
fn a_confidential_title_stays_out_of_the_subject() {
    every(|kind, language, reader| {
        let facts = Facts {
            confidential: true,
            ..full(reader, "Geheim onderwerp")
        };
        assert!(
            !rendered(kind, language, "Jan", &facts)
                .subject
                .contains("Geheim")
        );
    });
}

#[test]
fn hostile_text_stays_inert() {
    let long = "woord ".repeat(200);
    let hostile = [
        "x\r\nBcc: dief@example.org\r\n\r\n<h1>y</h1>",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{ 7*7 }} {% for x in range(9) %}a{% endfor %}",
        "{{ quote(reason) }}",
        "> - <b>",
        "- x\n- y\n\n<blockquote>z",
        "😀👩‍🚒\u{202E}txt.exe\u{2066}",
        "שלום עולם\u{200F}",
        "\u{0}\u{1b}[31m\u{7f}\u{85}\u{2028}a",
        long.as_str(),
    ];
    for typed in hostile {
        every(|kind, language, reader| {
            if !matches!(reader, Reader::Reporter | Reader::Lead) {
                return; // two readers show every value; all seven take long
            }
            let text = rendered(kind, language, typed, &full(reader, typed));
            assert!(
                !text
                    .subject
                    .contains(|c: char| c.is_control() || c == '\u{202E}' || c == '\u{2028}')
            );
            assert!(text.subject.chars().count() <= 120, "{}", text.subject);
            let html = text.html.to_lowercase();
            for bad in ["<script", "<img", "<h1", "<b>", "onerror=alert(1)>"] {
                assert!(!html.contains(bad), "{kind} {language}: {bad} in {html}");
            }
            assert_eq!(
                html.matches("<blockquote").count(),
                html.matches("</blockquote>").count()
            );
            for form in [&text.text, &text.html] {
                assert!(!form.contains("49"), "{kind} {language}: evaluated");
                assert!(!form.contains("aaaaaaaaa"));
                assert!(!form.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202E}'));
            }
        });
    }
}

#[test]
fn unknown_facts_of_a_newer_version_do_no_harm() {
    let facts = json!({"reader": "lead", "reference": "MKR-2026-000001", "somethingNew": 1});
    assert!(render(NoticeKind::ForYou, Language::Nl, "Jan", &facts).is_ok());
}
