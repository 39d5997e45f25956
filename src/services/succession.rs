//! Succession of an organisation by another: its rules, what it owns and its open reports move by one recorded action, that
//! can be looked at before.

use chrono::{DateTime, Utc};

use crate::audit;
use crate::domain::actor::{Actor, Scope};
use crate::domain::deadline::local_date;
use crate::domain::event::{Details, EventKind};
use crate::domain::id::{OrganisationId, RuleId};
use crate::domain::organisation::Organisation;
use crate::domain::policy;
use crate::domain::routing::{Rule, RuleState};
use crate::domain::status::Capacity;
use crate::domain::succession;
use crate::services::recording::{self, Step};
use crate::services::reports::change;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::{
    organisations, policy_domains, regulations, reports, routing_rules, service_state,
};

/// Reports that move in one transaction.
const BATCH: i64 = 100;

/// What moves, or moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// Numbers of the rules in force that name the organisation.
    pub rules: Vec<i32>,
    /// Codes of the policy domains that it leads.
    pub domains: Vec<String>,
    /// Identifiers of the regulations that it owns.
    pub regulations: Vec<String>,
    /// Open reports in which it has a part.
    pub reports: usize,
}

/// What would move; nothing is stored.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` for a successor that cannot be one.
pub async fn preview(
    context: &Context,
    actor: Actor,
    old: OrganisationId,
    new: OrganisationId,
) -> Result<Moved, Error> {
    let ctx = context.clone();
    context
        .db
        .read(move |conn| {
            both(conn, &ctx, &actor, old, new)?;
            let mut moved = owned(conn, &ctx, old)?;
            moved.reports = usize::try_from(reports::count_open_of(conn, old)?).unwrap_or(0);
            Ok(moved)
        })
        .await
}

/// Puts the successor in the place of the organisation: its rules, domains and regulations at once, then its open reports a
/// hundred at a time, each with its event and its notices. One that is interrupted goes on when it is asked again.
///
/// # Errors
/// As `preview`.
pub async fn succeed(
    context: &Context,
    actor: Actor,
    old: OrganisationId,
    new: OrganisationId,
    reason: String,
) -> Result<Moved, Error> {
    let (ctx, by, why) = (context.clone(), actor.clone(), reason.clone());
    let mut moved = context
        .db
        .write(move |conn| {
            let (from, to) = both(conn, &ctx, &by, old, new)?;
            let moved = owned(conn, &ctx, old)?;
            let now = ctx.clock.now();
            take_over(conn, &ctx, &by, &moved, old, new, &why, now)?;
            audit::note("from", from.id.to_string());
            audit::note("to", to.id.to_string());
            Ok::<_, Error>(moved)
        })
        .await?;
    loop {
        let (ctx, by, why) = (context.clone(), actor.clone(), reason.clone());
        let done = context
            .db
            .write(move |conn| batch(conn, &ctx, &by, old, new, &why))
            .await?;
        moved.reports += done;
        if done == 0 {
            return Ok(moved);
        }
    }
}

/// The two organisations, when the one may take the place of the other.
fn both(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    old: OrganisationId,
    new: OrganisationId,
) -> Result<(Organisation, Organisation), Error> {
    if !policy::may_write_rules(actor) {
        return Err(Error::Forbidden("not_allowed"));
    }
    if !actor.may(Scope::ReferenceWrite) {
        return Err(Error::Forbidden("insufficient_scope"));
    }
    let from = organisations::find(conn, old)?.ok_or(Error::NotFound)?;
    if old == new {
        return Err(Error::field("/successor", "circular_succession"));
    }
    let to = organisations::find(conn, new)?
        .ok_or_else(|| Error::field("/successor", "unknown_organisation"))?;
    if !to.exists_on(local_date(context.clock.now())) {
        return Err(Error::field("/successor", "ended_organisation"));
    }
    if from.owns_rules && !to.owns_rules {
        return Err(Error::field("/successor", "no_authority"));
    }
    Ok((from, to))
}

/// What names the organisation, beside reports.
fn owned(conn: &mut Conn, context: &Context, old: OrganisationId) -> Result<Moved, Error> {
    let set = context.rules.rules(conn)?;
    let named = set.rules().iter().map(|ready| &ready.rule);
    Ok(Moved {
        rules: named
            .filter(|rule| rule.actions.organisations().any(|id| id == old))
            .map(|rule| rule.number)
            .collect(),
        domains: policy_domains::led_by(conn, old)?,
        regulations: regulations::owned_by(conn, old)?,
        reports: 0,
    })
}

#[expect(
    clippy::too_many_arguments,
    reason = "one step of one action, in one place"
)]
fn take_over(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    moved: &Moved,
    old: OrganisationId,
    new: OrganisationId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for before in routing_rules::active_of(conn, &moved.rules)? {
        let Some(changed) = succession::rule(&before, old, new) else {
            continue;
        };
        // A proposal that stands was made with the organisation that was: it is written anew on purpose, or not.
        let latest = routing_rules::find(conn, before.number)?.ok_or(Error::Stale)?;
        let replaced: Vec<RuleId> = vec![before.id, latest.id];
        routing_rules::set_state(conn, &replaced, RuleState::Active, RuleState::Replaced)?;
        routing_rules::set_state(conn, &replaced, RuleState::Proposed, RuleState::Replaced)?;
        let rule = Rule {
            id: RuleId::new(),
            version: latest.version + 1,
            state: RuleState::Active,
            reason: Some(reason.to_owned()),
            author: Some(actor.name.clone()),
            created_at: now,
            ..changed
        };
        routing_rules::insert_version(conn, &latest, &rule)?;
    }
    policy_domains::hand_over(conn, old, new)?;
    regulations::hand_over(conn, old, new)?;
    audit::note("rules", moved.rules.len().to_string());
    service_state::routing_changed(conn, context.clock.now())?;
    Ok(())
}

fn batch(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    old: OrganisationId,
    new: OrganisationId,
    reason: &str,
) -> Result<usize, Error> {
    let now = context.clock.now();
    let mut steps = Vec::new();
    for before in reports::open_of(conn, old, BATCH)? {
        let Some(after) = succession::report(&before, old, new, now) else {
            return Err(Error::Internal(format!(
                "report {} does not move",
                before.id
            )));
        };
        change::update(conn, &before, &after)?;
        let moved = before.lead != after.lead;
        let said = Details {
            lead: after.lead.filter(|_| moved),
            former_lead: before.lead.filter(|_| moved),
            reason: Some(reason.to_owned()),
            ..Details::default()
        };
        let kind = EventKind::Succession;
        steps.push(Step::by(actor, Capacity::Coordinator, &before, &after, kind, now).with(said));
    }
    recording::record(conn, context, &steps)?;
    Ok(steps.len())
}
