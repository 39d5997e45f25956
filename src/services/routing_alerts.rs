//! Rules whose authority has ended decide nothing: the coordinators are told, once of each version, by one mail.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::actor::Role;
use crate::domain::deadline::local_date;
use crate::domain::id::NoticeId;
use crate::domain::notice::NoticeKind;
use crate::domain::routing::{Rule, RuleSet};
use crate::mail::facts::{Facts, Reader};
use crate::mail::message;
use crate::services::reports::load_organisations;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::outbox::{self, NewNotice};
use crate::store::{recipients, routing_rules};

/// Tells of the rules that lapsed since; returns how many. Several nodes may do it at once: each rule is told of once.
pub async fn raise(context: &Context) -> Result<usize, Error> {
    let now = context.clock.now();
    let today = local_date(now);
    let ctx = context.clone();
    let lapsed = context
        .db
        .read(move |conn| {
            let set = ctx.rules.rules(conn)?;
            let ids: Vec<_> = lapsed(&set, today).iter().map(|rule| rule.id).collect();
            Ok::<_, Error>(routing_rules::not_alerted(conn, &ids)?)
        })
        .await?;
    if lapsed.is_empty() {
        return Ok(0);
    }
    let ctx = context.clone();
    context
        .db
        .write(move |conn| tell(conn, &ctx, today, now))
        .await
}

fn lapsed(set: &RuleSet, today: NaiveDate) -> Vec<&Rule> {
    let ended = |rule: &&Rule| {
        let mut named = rule.actions.organisations();
        rule.holds_on(today) && named.any(|id| !set.is_there(id, today))
    };
    let rules = set.rules().iter().map(|ready| &ready.rule);
    rules.filter(ended).collect()
}

fn tell(
    conn: &mut Conn,
    context: &Context,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let set = context.rules.rules(conn)?;
    let mut told = Vec::new();
    for rule in lapsed(&set, today) {
        if routing_rules::mark_alerted(conn, rule.id, now)? {
            told.push(rule);
        }
    }
    if told.is_empty() {
        return Ok(0);
    }
    let named = told.iter().flat_map(|rule| rule.actions.organisations());
    let organisations = load_organisations(conn, named)?;
    let line = |rule: &&Rule| {
        let ended = rule
            .actions
            .organisations()
            .filter(|id| !set.is_there(*id, today));
        let names: Vec<String> = ended
            .filter_map(|id| organisations.get(&id).map(|found| found.name.clone()))
            .collect();
        format!("- {}: {}", rule.number, names.join(", "))
    };
    let lines: Vec<String> = told.iter().map(line).collect();
    let from = message::sender(&context.settings.mail_from).map_err(Error::Internal)?;
    let mut new = Vec::new();
    for person in recipients::people(conn, &[], &[], today)? {
        if !(person.operator && person.roles.contains(&Role::Coordinator)) {
            continue;
        }
        let id = NoticeId::new();
        let facts = Facts {
            reader: Some(Reader::Desk),
            link: Some(context.settings.link("/v1/routing/rules")),
            reason: Some(lines.join("\n")),
            ..Facts::default()
        };
        new.push(NewNotice {
            id,
            report: None,
            event: None,
            kind: NoticeKind::RuleLapsed,
            to_name: person.name.clone(),
            to_email: person.email.clone(),
            language: person.language,
            data: serde_json::to_value(facts).map_err(|e| Error::Internal(e.to_string()))?,
            message_id: message::message_id(id, &from),
            thread_id: None,
        });
    }
    outbox::insert(conn, &new, now)?;
    Ok(told.len())
}
