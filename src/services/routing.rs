//! Routing a report by the rules as they stand, and trying it without storing anything.

use chrono::{DateTime, Utc};

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::policy;
use crate::domain::report::{Content, Report};
use crate::domain::routing::Routing;
use crate::domain::status::Status;
use crate::domain::workflow;
use crate::services::recording::Step;
use crate::services::reports::content::{self, Changes};
use crate::services::reports::{Organisations, load_organisations};
pub use crate::services::rule_book::{evaluate, facts};
use crate::services::{Context, Error};

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
    let profile = routing.terms.as_deref().unwrap_or(profile);
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
    let ctx = context.clone();
    context
        .db
        .read(move |conn| {
            let content = content::apply(conn, &Content::default(), &changes, today)?;
            let routing = evaluate(conn, &ctx, &content, actor.home.id, today)?;
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
