//! Makes the text of a notice: its facts into subject, plain text and HTML, in the reader's language.
//!
//! A template (`templates/<language>/<kind>.txt`) has the blocks `subject`, `body` and, where it differs, `button`. It is
//! written once and rendered twice: as plain text, and with every value escaped as HTML. `quote(…)` shows what a person
//! wrote. Values are cleaned before a template sees them: one line stays one line, and nothing in it is ever a template.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::value::Value as Item;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, context};
use serde_json::Value;

use crate::domain::actor::Language;
use crate::domain::code::Code;
use crate::domain::notice::NoticeKind;
use crate::mail::facts::{Facts, Reader};
use crate::mail::text;
use crate::mail::words::{self, Words, words};

/// Longest subject line, in characters.
const SUBJECT: usize = 120;

/// A text, ready to be put in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why there is no text; nothing a person typed can cause it.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("the facts of the notice cannot be read: {0}")]
    Facts(#[from] serde_json::Error),
    #[error("the template fails: {0}")]
    Template(#[from] minijinja::Error),
}

macro_rules! sources {
    ($($kind:literal)+) => {
        &[$(
            ($kind, include_str!(concat!("templates/nl/", $kind, ".txt")), include_str!(concat!("templates/en/", $kind, ".txt"))),
        )+]
    };
}

/// Every kind with its Dutch and its English template; a test holds the list complete.
const SOURCES: &[(&str, &str, &str)] = sources!(
    "acknowledgement" "new_report" "for_you" "forwarded" "rerouted" "succeeded" "returned" "question" "answer" "continued"
    "position" "reconsidered" "implementation" "progress" "settled" "reopening_requested" "reopened" "reopening_denied"
    "withdrawn" "merged" "merged_in" "unmerged" "unmerged_from" "endorsed" "published" "unpublished" "split" "took_over" "corrected" "message" "watched" "assigned" "unassigned"
    "advice" "extended" "escalated" "escalation_resolved" "deadlines_moved" "confidentiality_changed" "feedback" "reminder" "deadlines" "rule_lapsed" "experiment"
    "invitation" "password_reset"
);

/// The templates, parsed at first use. A faulty one is left out and tells so when it is asked for; the tests ask for all.
static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|name| {
        if name.ends_with(".html") {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    env.add_function("quote", quote);
    env.add_filter("start", |text: &str| text::capital(text));
    let layouts = [
        (
            "layout.txt".to_owned(),
            include_str!("templates/layout.txt"),
        ),
        (
            "layout.html".to_owned(),
            include_str!("templates/layout.html"),
        ),
    ];
    let texts = SOURCES.iter().flat_map(|(kind, nl, en)| {
        [("nl", *nl), ("en", *en)]
            .into_iter()
            .flat_map(move |(language, source)| {
                ["txt", "html"].map(|form| (format!("{language}/{kind}.{form}"), source))
            })
    });
    for (name, source) in layouts.into_iter().chain(texts) {
        if let Err(error) = env.add_template_owned(name.clone(), source) {
            tracing::error!(template = %name, %error, "a template is faulty");
        }
    }
    env
});

/// What a person wrote, marked as such. Several lines.
fn quote(state: &State, said: &str) -> Item {
    if *state.auto_escape() == AutoEscape::Html {
        Item::from_safe_string(text::quote_html(said))
    } else {
        Item::from(text::quote_text(said))
    }
}

/// Makes the text of a notice for a reader of this name.
///
/// # Errors
/// When the facts are not those of a notice; never because of what somebody typed.
pub fn render(
    kind: NoticeKind,
    language: Language,
    to_name: &str,
    facts: &Value,
) -> Result<Rendered, RenderError> {
    let facts: Facts = serde_json::from_value(facts.clone())?;
    let reader = facts.reader.unwrap_or(if kind.is_account() {
        Reader::Account
    } else {
        Reader::Reporter
    });
    let words = words(language);
    let values = values(&facts, reader, language);

    let block = |form: &str, block: &str| -> Result<String, minijinja::Error> {
        let template = TEMPLATES.get_template(&format!("{language}/{kind}.{form}"))?;
        let mut rendered = template.render_captured(Item::from(values.clone()))?;
        rendered.with_state_mut(|state| state.render_block(block))
    };
    let subject = text::line(&block("txt", "subject")?);
    let subject = text::shorten(&subject, SUBJECT).into_owned();
    let button = if TEMPLATES
        .get_template(&format!("{language}/{kind}.txt"))?
        .source()
        .contains("block button")
    {
        text::line(&block("txt", "button")?)
    } else {
        words.button.to_owned()
    };
    let rows = if kind.is_account() {
        Vec::new()
    } else {
        rows(&facts, reader, words, language)
    };
    let link = facts.link.as_deref().map(text::line);
    let layout = |form: &str, body: Item| {
        TEMPLATES.get_template(&format!("layout.{form}"))?.render(context! {
            language => language.as_str(),
            subject => subject.clone(),
            service => words::SERVICE,
            name => text::shorten(&text::line(to_name), 80).into_owned(),
            body => body,
            facts => rows.iter().map(|(label, value)| context! { label => *label, value => value.clone() }).collect::<Vec<_>>(),
            link => link.clone(),
            button => button.clone(),
            signature => words.signature.lines().collect::<Vec<_>>(),
            why => if form == "txt" { text::wrap(words::why(reader, language), "") } else { words::why(reader, language).to_owned() },
            words => context! {
                greeting => words.greeting, closing => words.closing, address => words.address,
                why => words.why, automatic => words.automatic,
            },
        })
    };
    let plain = layout("txt", Item::from(text::body_text(&block("txt", "body")?)))?;
    let html = layout(
        "html",
        Item::from_safe_string(text::body_html(&block("html", "body")?)),
    )?;
    Ok(Rendered {
        subject,
        text: collapse(&plain),
        html: html
            .lines()
            .filter(|one| !one.trim().is_empty())
            .fold(String::new(), |all, one| all + one + "\n"),
    })
}

/// At most one empty line in a row, where parts of the layout were left out.
fn collapse(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for one in plain.lines() {
        if !(one.is_empty() && (out.is_empty() || out.ends_with("\n\n"))) {
            out.push_str(one);
            out.push('\n');
        }
    }
    out
}

/// What templates may use: every name is there, with a cleaned text or with nothing.
fn values(facts: &Facts, reader: Reader, language: Language) -> BTreeMap<&'static str, Item> {
    let one = |value: &Option<String>| value.as_deref().map(text::line).filter(|v| !v.is_empty());
    let many = |value: &Option<String>| value.as_deref().map(text::lines).filter(|v| !v.is_empty());
    let organisation =
        |value: &Option<String>| one(value).map(|name| words::organisation(&name, language));
    let day = |value| words::day(value, language);
    let reference =
        one(&facts.reference).unwrap_or_else(|| words(language).no_reference.to_owned());
    let about = match one(&facts.title) {
        Some(title) if !facts.confidential => format!(" - {title}"),
        _ => String::new(),
    };
    let measure = facts.measure.as_ref();
    let corrected: Vec<&str> = facts
        .corrected
        .iter()
        .filter_map(|field| words::field(field, language))
        .collect();
    let deadlines: Vec<Item> = facts
        .deadlines
        .iter()
        .map(|item| {
            let title = item.title.as_deref().map(text::line);
            context! {
                reference => text::line(&item.reference),
                about => title.map(|title| format!(" - {}", text::shorten(&title, 80))).unwrap_or_default(),
                clock => item.clock.label(language).to_lowercase(),
                due => day(item.due_on),
                alert => item.alert.label(language),
            }
        })
        .collect();
    BTreeMap::from([
        ("deadlines", deadlines.into()),
        ("more", facts.more.into()),
        ("advice", many(&facts.advice).into()),
        ("consent", many(&facts.consent).into()),
        ("remark", many(&facts.remark).into()),
        (
            "confidentiality",
            facts
                .confidentiality
                .map(|value| value.label(language))
                .into(),
        ),
        (
            "verdict",
            facts.verdict.map(|value| value.label(language)).into(),
        ),
        ("reader", Item::from(reader.as_str())),
        ("reference", reference.into()),
        ("about", about.into()),
        ("organisation", organisation(&facts.organisation).into()),
        ("lead", organisation(&facts.lead).into()),
        ("actor", organisation(&facts.actor).into()),
        ("stands_in_for", organisation(&facts.stands_in_for).into()),
        ("due", facts.due_on.map(day).into()),
        ("explanation", many(&facts.explanation).into()),
        ("public_explanation", many(&facts.public_explanation).into()),
        (
            "outcome",
            facts.outcome.map(|outcome| outcome.label(language)).into(),
        ),
        (
            "shared_with",
            facts.shared_with.map(|audience| audience.as_str()).into(),
        ),
        ("publication", one(&facts.publication).into()),
        ("room", one(&facts.room).into()),
        ("decision_reference", one(&facts.decision_reference).into()),
        ("reason", many(&facts.reason).into()),
        (
            "suggested_authority",
            organisation(&facts.suggested_authority).into(),
        ),
        ("question", many(&facts.question).into()),
        ("answer", many(&facts.answer).into()),
        ("message", many(&facts.message).into()),
        ("sentence", one(&facts.sentence).into()),
        ("audience", facts.audience.map(Code::as_str).into()),
        (
            "measure",
            measure.map(|measure| measure.kind.label(language)).into(),
        ),
        (
            "measure_owner",
            measure.map(|measure| text::line(&measure.owner)).into(),
        ),
        (
            "measure_target",
            measure.map(|measure| day(measure.target_date)).into(),
        ),
        ("other_reference", one(&facts.other_reference).into()),
        ("corrected", corrected.into()),
        (
            "expires",
            facts
                .expires_at
                .map(|at| words::moment(at, language))
                .into(),
        ),
    ])
}

/// The facts that every mail about a report shows: what it is about and where it stands.
fn rows(
    facts: &Facts,
    reader: Reader,
    words: &Words,
    language: Language,
) -> Vec<(&'static str, String)> {
    let status = facts.status.map(|status| match language {
        Language::Nl => status.label().to_owned(),
        Language::En => status.label_en().to_owned(),
    });
    let due = facts.due_on.zip(facts.clock).map(|(due_on, clock)| {
        format!(
            "{} ({})",
            words::day(due_on, language),
            clock.label(language).to_lowercase()
        )
    });
    // A reporter knows who it is.
    let organisation = facts
        .organisation
        .clone()
        .filter(|_| !matches!(reader, Reader::Reporter | Reader::Follower));
    [
        (words.reference, facts.reference.clone()),
        (words.title, facts.title.clone()),
        (words.organisation, organisation),
        (words.rule, facts.rule.clone()),
        (words.status, status),
        (words.lead, facts.lead.clone()),
        (words.due, due),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label, text::line(&value?))))
    .filter(|(_, value)| !value.is_empty())
    .collect()
}

#[cfg(test)]
#[path = "render_tests.rs"]
pub(crate) mod tests;
