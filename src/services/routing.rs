//! Routing a report by the rules as they stand, and trying it without storing anything.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::id::OrganisationId;
use crate::domain::policy;
use crate::domain::report::{Cited, Content, Report};
use crate::domain::routing::condition::terms_of;
use crate::domain::routing::{
    self, CitedRule, Decision, Facts, Routing, Rule, RuleSet, RuleState, Text,
};
use crate::domain::status::Status;
use crate::domain::workflow;
use crate::reference;
use crate::services::recording::Step;
use crate::services::reports::content::{self, Changes};
use crate::services::reports::{Organisations, load_organisations};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::{routing_knowledge, routing_rules, service_state};

/// The usual words about the policy domains that come with the service.
static USUAL_WORDS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let all = reference::vocabulary().into_iter();
    all.map(|one| (one.domain, one.words)).collect()
});

/// The rules in force as this node last read them. A change on any node counts at once: whoever routes asks first whether
/// what is remembered still stands.
#[derive(Default)]
pub struct Remembered(Mutex<Option<(Option<String>, Arc<RuleSet>)>>);

impl Remembered {
    /// The rules in force: one statement when nothing has changed.
    pub fn rules(&self, conn: &mut Conn) -> Result<Arc<RuleSet>, Error> {
        let stamp = service_state::routing_stamp(conn)?;
        if let Some((of, rules)) = &*self.kept()
            && *of == stamp
        {
            return Ok(rules.clone());
        }
        let rules = routing_rules::in_states(conn, &[RuleState::Active])?;
        let set = Arc::new(RuleSet::new(
            rules,
            routing_knowledge::read(conn, &USUAL_WORDS)?,
        ));
        *self.kept() = Some((stamp, set.clone()));
        Ok(set)
    }

    /// The rules as they would be with some versions put in the place of those of their number.
    pub fn with(&self, conn: &mut Conn, proposed: &[Rule]) -> Result<RuleSet, Error> {
        let set = self.rules(conn)?;
        let replaced = |rule: &Rule| proposed.iter().any(|one| one.number == rule.number);
        let stay = set.rules().iter().map(|ready| ready.rule.clone());
        let come = proposed.iter().map(|rule| Rule {
            state: RuleState::Active,
            ..rule.clone()
        });
        let rules = stay.filter(|rule| !replaced(rule)).chain(come);
        Ok(RuleSet::new(rules, set.known.clone()))
    }

    fn kept(&self) -> MutexGuard<'_, Option<(Option<String>, Arc<RuleSet>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What routing looks at in a report, the primary citation first.
pub fn facts(set: &RuleSet, content: &Content, submitter: OrganisationId) -> Facts {
    let mut cited: Vec<&Cited> = content.citations.iter().collect();
    cited.sort_by_key(|cited| !cited.primary);
    let rule = |cited: &Cited| {
        let identifier = cited.citation.regulation();
        let (level, owner) = set.made_by(cited.citation.register, identifier.as_deref());
        CitedRule {
            register: cited.citation.register,
            identifier,
            article: cited.citation.article.clone(),
            label: cited.label(),
            level,
            owner,
        }
    };
    Facts {
        citations: cited.into_iter().map(rule).collect(),
        domains: content.domains.clone(),
        region_kinds: set.region_kinds(&content.regions),
        provinces: content.provinces.clone(),
        reporter_kind: set.known.kinds.get(&submitter).copied(),
        requested: content.requested.clone(),
        text: Text {
            title: terms_of(&content.title),
            description: terms_of(&content.description),
            effect: terms_of(&content.effect),
        },
    }
}

/// Routes by the rules in force.
pub fn evaluate(
    conn: &mut Conn,
    context: &Context,
    content: &Content,
    submitter: OrganisationId,
    today: NaiveDate,
) -> Result<Routing, Error> {
    let set = context.rules.rules(conn)?;
    let facts = facts(&set, content, submitter);
    let routing = routing::evaluate(&set, &facts, today);
    if routing.decision == Decision::Auto {
        return Ok(routing);
    }
    let solution = content.proposed_solution.as_deref().unwrap_or_default();
    let texts = [content.description.as_str(), &content.effect, solution];
    let mut ranked = set.known.ranker.rank(&content.title, &texts);
    ranked.retain(|one| set.is_there(one.authority, today));
    Ok(routing.with_ranked(ranked))
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
