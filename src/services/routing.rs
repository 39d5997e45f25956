//! Routing a report by the rules as they stand, and trying it without storing anything.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::policy;
use crate::domain::report::{Cited, Content, Report};
use crate::domain::routing::{self, CitedRule, Facts, Routing};
use crate::domain::status::Status;
use crate::domain::workflow;
use crate::services::recording::Step;
use crate::services::reports::content::{self, Changes};
use crate::services::reports::{Organisations, load_organisations};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::routing_rules;

/// What routing looks at in a report, the primary citation first.
pub fn facts(content: &Content) -> Facts {
    let mut cited: Vec<&Cited> = content.citations.iter().collect();
    cited.sort_by_key(|cited| !cited.primary);
    let rule = |cited: &Cited| CitedRule {
        register: cited.citation.register,
        identifier: cited.citation.regulation(),
        article: cited.citation.article.clone(),
        label: cited.label(),
    };
    Facts {
        citations: cited.into_iter().map(rule).collect(),
        domains: content.domains.clone(),
    }
}

/// Routes by the rules that the report's citations and domains can match: one statement.
pub fn evaluate(conn: &mut Conn, content: &Content, today: NaiveDate) -> Result<Routing, Error> {
    let facts = facts(content);
    let regulations: Vec<String> = facts
        .citations
        .iter()
        .filter_map(|cited| cited.identifier.clone())
        .collect();
    let rules = if regulations.is_empty() && facts.domains.is_empty() {
        Vec::new()
    } else {
        routing_rules::matching(conn, &regulations, &facts.domains)?
    };
    Ok(routing::evaluate(&rules, &facts, today))
}

/// Does with a report what the rules say, when they may: it waits to be routed, and nobody has routed or returned it yet.
/// Otherwise what they say is kept as a suggestion to the desk.
pub fn follow_rules(
    report: &mut Report,
    routing: Routing,
    profile: &DeadlineProfile,
    now: DateTime<Utc>,
) -> Option<Step> {
    let waits = report.status == Status::Submitted
        && report.lead.is_none()
        && report.handling.returns == 0
        && !report.handling.routed_by_hand;
    let Some(lead) = routing.lead.filter(|_| waits) else {
        report.handling.routing = Some(routing.as_suggestion());
        return None;
    };
    let before = report.clone();
    workflow::route_by_rule(report, lead, &routing, profile, now);
    report.handling.routing = Some(routing);
    Some(Step::routed_by_rule(&before, report, now))
}

/// How a report would be routed; stores nothing.
///
/// # Errors
/// The faults of the body, as at submission.
pub async fn preview(
    context: &Context,
    actor: Actor,
    changes: Changes,
) -> Result<(Routing, Organisations), Error> {
    if !policy::may_preview_routing(&actor) {
        return Err(Error::Forbidden("not_allowed"));
    }
    let today = local_date(context.clock.now());
    context
        .db
        .read(move |conn| {
            let content = content::apply(conn, &Content::default(), &changes, today)?;
            let routing = evaluate(conn, &content, today)?;
            let suggested = routing
                .suggestions
                .iter()
                .map(|suggestion| suggestion.authority);
            let named = routing
                .lead
                .into_iter()
                .chain(routing.contributors.iter().copied())
                .chain(suggested);
            let organisations = load_organisations(conn, named)?;
            Ok((routing, organisations))
        })
        .await
}
