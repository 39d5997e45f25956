//! Standard texts: kept by a coordinator for all and by liaisons for their own authority, and filled in for a report.

use chrono::{DateTime, NaiveDate, Utc};

use crate::audit;
use crate::domain::actor::{Actor, Language};
use crate::domain::id::{ReportId, StandardTextId};
use crate::domain::message::Writer;
use crate::domain::policy;
use crate::domain::report::{Cited, Outcome};
use crate::domain::standard_text::{self, Placeholder, StandardText};
use crate::domain::status::Action;
use crate::mail::words;
use crate::services::reports::{Shown, show};
use crate::services::{Context, Error};
use crate::store::db::{Conn, is_unique_violation};
use crate::store::reports;
use crate::store::standard_texts::{self, Filter};

/// A text to be.
#[derive(Debug, Clone)]
pub struct NewText {
    /// For all; else for one's own authority.
    pub for_all: bool,
    pub name: String,
    pub action: Action,
    pub outcome: Option<Outcome>,
    pub language: Language,
    pub text: String,
}

/// What is to change about a text.
#[derive(Debug, Clone, Default)]
pub struct TextChange {
    pub name: Option<String>,
    pub action: Option<Action>,
    pub outcome: Option<Option<Outcome>>,
    pub text: Option<String>,
    pub retired: Option<bool>,
}

/// A text as it reads for a report.
#[derive(Debug)]
pub struct Filled {
    pub source: StandardText,
    pub text: String,
    /// Gaps for which the report has nothing that the reader sees.
    pub missing: Vec<Placeholder>,
}

/// A page of the texts that the actor may use: those for all and those of its own organisation; a coordinator sees all.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: Filter,
    after: Option<StandardTextId>,
    limit: i64,
) -> Result<Vec<StandardText>, Error> {
    let organisation = (!policy::may_keep_texts_for_all(actor)).then_some(actor.home.id);
    let filter = Filter {
        organisation,
        ..filter
    };
    Ok(standard_texts::list(conn, &filter, after, limit)?)
}

/// A text in its latest version, or in one before.
///
/// # Errors
/// `NotFound` when it is not there, or another's.
pub fn get(
    conn: &mut Conn,
    actor: &Actor,
    id: StandardTextId,
    version: Option<i32>,
) -> Result<StandardText, Error> {
    standard_texts::find(conn, id, version)?
        .filter(|text| policy::sees_text(actor, text))
        .ok_or(Error::NotFound)
}

/// Writes a new text.
///
/// # Errors
/// `Invalid` for gaps that are none, `Forbidden` for who keeps no texts there.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    new: NewText,
    now: DateTime<Utc>,
) -> Result<StandardText, Error> {
    let text = StandardText {
        id: StandardTextId::new(),
        version: 1,
        organisation: (!new.for_all).then_some(actor.home.id),
        name: new.name,
        action: new.action,
        outcome: new.outcome,
        language: new.language,
        text: new.text,
        retired: false,
        made_at: now,
        made_by: Some(writer(actor)),
    };
    write(conn, actor, text)
}

/// Writes a new version of a text. One that is retired is offered no more, and can be taken back.
///
/// # Errors
/// As `create`; `NotFound`, `Stale`.
pub fn change(
    conn: &mut Conn,
    actor: &Actor,
    id: StandardTextId,
    version: i32,
    change: TextChange,
    now: DateTime<Utc>,
) -> Result<StandardText, Error> {
    let before = get(conn, actor, id, None)?;
    if !policy::may_keep_text(actor, &before) {
        return Err(Error::Forbidden("not_allowed"));
    }
    if before.version != version {
        return Err(Error::Stale);
    }
    let after = StandardText {
        version: version + 1,
        name: change.name.unwrap_or(before.name),
        action: change.action.unwrap_or(before.action),
        outcome: change.outcome.unwrap_or(before.outcome),
        text: change.text.unwrap_or(before.text),
        retired: change.retired.unwrap_or(before.retired),
        made_at: now,
        made_by: Some(writer(actor)),
        ..before
    };
    write(conn, actor, after)
}

fn write(conn: &mut Conn, actor: &Actor, text: StandardText) -> Result<StandardText, Error> {
    if !policy::may_keep_text(actor, &text) {
        return Err(Error::Forbidden("not_allowed"));
    }
    let faults = standard_text::faults(&text.text, "/text");
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    audit::object("standard-texts", text.id);
    audit::note("version", text.version);
    match standard_texts::insert(conn, std::slice::from_ref(&text)) {
        Ok(()) => Ok(text),
        // Another wrote this version since.
        Err(e) if is_unique_violation(&e) => Err(Error::Stale),
        Err(e) => Err(e.into()),
    }
}

/// The texts for an action on a report, filled in with what the actor sees of it.
///
/// # Errors
/// `NotFound` when the report is not there for this actor.
pub fn for_report(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    report: ReportId,
    action: Action,
    outcome: Option<Outcome>,
    language: Language,
) -> Result<Vec<Filled>, Error> {
    /// More of one action nobody looks through.
    const MOST: i64 = 100;
    let report = reports::find(conn, report)?.ok_or(Error::NotFound)?;
    let shown = show(conn, context, actor, report)?;
    let filter = Filter {
        actions: vec![action],
        outcomes: outcome.into_iter().collect(),
        any_outcome: true,
        languages: vec![language],
        retired: false,
        organisation: Some(actor.home.id),
    };
    let texts = standard_texts::list(conn, &filter, None, MOST)?;
    let filled = texts.into_iter().map(|source| {
        let outcome = outcome.or(source.outcome);
        let value = |gap| value(&shown, outcome, language, gap);
        let (text, missing) = standard_text::fill(&source.text, value);
        Filled {
            source,
            text,
            missing,
        }
    });
    Ok(filled.collect())
}

/// What stands in a gap: of the report as it is shown to this reader, so that a text tells nothing that the view hides.
fn value(
    shown: &Shown,
    outcome: Option<Outcome>,
    language: Language,
    gap: Placeholder,
) -> Option<String> {
    let report = &shown.report;
    let full = shown.view.is_full();
    let name = |id| shown.organisations.get(&id).map(|found| found.name.clone());
    let day = |day: NaiveDate| words::day(day, language);
    let settled = report.handling.settlement.as_ref().map(|end| end.outcome);
    let intended = report
        .handling
        .position
        .as_ref()
        .map(|position| position.outcome);
    match gap {
        Placeholder::Reference => report.reference.clone(),
        Placeholder::Title if full => Some(report.content.title.clone()),
        Placeholder::Title => Some(report.title_from_afar().to_owned()),
        Placeholder::Reporter => name(report.submitter).filter(|_| full),
        Placeholder::Lead => report.lead.and_then(name),
        Placeholder::Rule => report.primary().map(Cited::label).filter(|_| full),
        Placeholder::Status => Some(match language {
            Language::Nl => report.status.label().to_owned(),
            Language::En => report.status.label_en().to_owned(),
        }),
        Placeholder::Outcome => outcome
            .or(settled)
            .or(intended.filter(|_| full))
            .map(|outcome| outcome.label(language).to_owned()),
        Placeholder::DueOn => report.due_on().map(day).filter(|_| full),
        Placeholder::Today => Some(day(shown.today)),
    }
}

fn writer(actor: &Actor) -> Writer {
    Writer {
        id: actor.id,
        name: actor.name.clone(),
    }
}
