//! Reports that may be about the same: to whoever is about to hand one in, from what it may see; in triage, from all.

use std::collections::HashSet;

use crate::domain::actor::{Actor, Role};
use crate::domain::deadline::local_date;
use crate::domain::id::ReportId;
use crate::domain::policy;
use crate::domain::report::{Cited, Content, Report};
use crate::domain::search::SearchQuery;
use crate::domain::similarity::{Alike, SUGGESTED, Subject};
use crate::domain::status::Status;
use crate::services::reports::content::{self, Changes};
use crate::services::reports::{Organisations, load_organisations, search};
use crate::services::rule_book::subject;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::reports::{self, Facet, Filter, Party, Visible};

/// Reports that are compared at most: the newest that cite the same, and those that share the weightiest words.
const CITING: i64 = 100;
const SHARING: usize = 100;
/// Of what shares a word the newest this many are looked at.
const LOOKED_AT: i64 = 1000;
/// Words that others are looked for by.
const TERMS: usize = 12;
/// Suggestions at most.
const MOST: usize = 10;

/// A report that may be about the same.
pub struct Similar {
    pub report: Report,
    /// Only the reviewed version is for the reader.
    pub shared: bool,
    pub alike: Alike,
}

/// What is like a report that is being written; stores nothing.
///
/// # Errors
/// The faults of the body, as at submission.
pub async fn to_content(
    context: &Context,
    actor: Actor,
    changes: Changes,
) -> Result<(Vec<Similar>, Organisations), Error> {
    if !policy::may_preview_routing(&actor) {
        return Err(Error::Forbidden("not_allowed"));
    }
    let today = local_date(context.clock.now());
    context
        .db
        .read(move |conn| {
            let content = content::apply(conn, &Content::default(), &changes, today)?;
            similar(conn, &actor, &subject(&content), rules(&content), None)
        })
        .await
}

/// What is like a report.
///
/// # Errors
/// `NotFound` when the report is not there for this actor, or not as a whole.
pub async fn to_report(
    context: &Context,
    actor: Actor,
    id: ReportId,
) -> Result<(Vec<Similar>, Organisations), Error> {
    context
        .db
        .read(move |conn| {
            let report = reports::find(conn, id)?.ok_or(Error::NotFound)?;
            let view = policy::view(&actor, &report).ok_or(Error::NotFound)?;
            if !view.is_full() {
                return Err(Error::NotFound);
            }
            let content = &report.content;
            similar(
                conn,
                &actor,
                &subject(content),
                rules(content),
                Some(&report),
            )
        })
        .await
}

fn similar(
    conn: &mut Conn,
    actor: &Actor,
    subject: &Subject,
    rules: Vec<String>,
    of: Option<&Report>,
) -> Result<(Vec<Similar>, Organisations), Error> {
    let visible = visible(actor);
    let mut ids: HashSet<ReportId> = HashSet::new();
    if !rules.is_empty() {
        let citing = Filter {
            facets: vec![(Facet::Regulation, rules)],
            ..Filter::default()
        };
        ids.extend(reports::newest_ids(conn, &visible, &citing, CITING)?);
    }
    let query = SearchQuery::any_of(subject.heaviest(TERMS));
    for shared in [false, true] {
        ids.extend(search::closest(conn, &query, shared, (LOOKED_AT, SHARING))?);
    }
    let ids: Vec<ReportId> = ids.into_iter().collect();
    let found = reports::by_ids(conn, &ids)?;
    // What was merged stands for the report it joined.
    let targets: Vec<ReportId> = found
        .iter()
        .filter(|report| report.status == Status::Merged)
        .filter_map(|report| report.merged_into)
        .filter(|target| !ids.contains(target))
        .collect();
    let targets = reports::by_ids(conn, &targets)?;
    let mut all: Vec<Similar> = found
        .into_iter()
        .chain(targets)
        .filter(|report| {
            !matches!(
                report.status,
                Status::Withdrawn | Status::Merged | Status::Draft
            )
        })
        .filter(|report| {
            of.is_none_or(|of| of.id != report.id && of.merged_into != Some(report.id))
        })
        .filter_map(|report| compared(actor, subject, report))
        .filter(|one| one.alike.score >= SUGGESTED)
        .collect();
    all.sort_by(|a, b| {
        let by_score = b.alike.score.cmp(&a.alike.score);
        by_score.then(b.report.id.cmp(&a.report.id))
    });
    all.truncate(MOST);
    let leads = all.iter().filter_map(|one| one.report.lead);
    let organisations = load_organisations(conn, leads)?;
    Ok((all, organisations))
}

/// A report as the actor may see it, held against the subject: its whole text, or its reviewed version.
fn compared(actor: &Actor, subject: &Subject, report: Report) -> Option<Similar> {
    let whole = policy::view(actor, &report).is_some_and(policy::View::is_full);
    let shared = !whole && policy::reads_shared(actor, &report);
    let other = match &report.handling.sharing.version {
        _ if whole => self::subject(&report.content),
        Some(version) if shared => Subject::new(
            &version.title,
            &[&version.summary],
            cited(&report.content),
            &report.content.domains,
        ),
        _ => return None,
    };
    Some(Similar {
        alike: subject.compare(&other),
        shared,
        report,
    })
}

fn cited(content: &Content) -> Vec<(String, Option<String>)> {
    let rule = |cited: &Cited| Some((cited.citation.regulation()?, cited.citation.article.clone()));
    content.citations.iter().filter_map(rule).collect()
}

fn rules(content: &Content) -> Vec<String> {
    cited(content).into_iter().map(|(rule, _)| rule).collect()
}

/// What the actor sees whole, in the terms of a query.
fn visible(actor: &Actor) -> Visible {
    let mut parties = Vec::new();
    if actor.has(Role::Reporter) {
        parties.push(Party::Reporter);
    }
    if actor.has(Role::Liaison) {
        parties.extend([Party::Lead, Party::Contributor]);
    }
    Visible {
        desk: actor.is_desk(),
        unpublished: policy::reads_unpublished(actor),
        organisation: Some(actor.home.id),
        parties,
    }
}
