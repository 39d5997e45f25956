//! Succession of an organisation by another: its rules, what it owns and its open reports move by one recorded action, that
//! can be looked at before.

use crate::audit;
use crate::domain::actor::{Actor, Scope};
use crate::domain::deadline::local_date;
use crate::domain::event::{Details, EventKind};
use crate::domain::experiment::event::{ExperimentDetails, ExperimentEvent, ExperimentEventKind};
use crate::domain::experiment::{Experiment, ExperimentCapacity};
use crate::domain::id::{OrganisationId, ReportId, RuleId};
use crate::domain::measure::MeasureRecord;
use crate::domain::organisation::Organisation;
use crate::domain::policy;
use crate::domain::routing::{Rule, RuleState};
use crate::domain::status::Capacity;
use crate::domain::succession;
use crate::services::recording::{self, Step};
use crate::services::reports::{change, content};
use crate::services::{Context, Error, experiment_notices};
use crate::store::db::Conn;
use crate::store::{
    experiment_events, experiments, measures, observations, organisations, policy_domains,
    regulations, reports, routing_rules, service_state,
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
    /// Numbers of the experiments in which it has a part.
    pub experiments: Vec<String>,
    /// Measures of it that are under way.
    pub measures: usize,
}

/// Who takes the place of whom, and in what.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub old: OrganisationId,
    pub new: OrganisationId,
    /// Only what is about one of these policy domains, of an organisation that is split; empty for everything.
    pub domains: Vec<String>,
}

impl Wanted {
    fn takes(&self, domains: &[String]) -> bool {
        self.domains.is_empty() || domains.iter().any(|code| self.domains.contains(code))
    }
}

/// What would move; nothing is stored.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` for a successor that cannot be one and for an unknown policy domain.
pub async fn preview(context: &Context, actor: Actor, wanted: Wanted) -> Result<Moved, Error> {
    let ctx = context.clone();
    context
        .db
        .read(move |conn| {
            both(conn, &ctx, &actor, &wanted)?;
            let mut moved = owned(conn, &ctx, &wanted)?;
            let open = reports::count_open_of(conn, wanted.old, &wanted.domains)?;
            moved.reports = usize::try_from(open).unwrap_or(0);
            let (experiments, measures) = under_way(conn, &wanted)?;
            moved.experiments = experiments.into_iter().map(|one| one.reference).collect();
            moved.measures = measures.len();
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
    wanted: Wanted,
    reason: String,
) -> Result<Moved, Error> {
    let (ctx, by, why, what) = (
        context.clone(),
        actor.clone(),
        reason.clone(),
        wanted.clone(),
    );
    let mut moved = context
        .db
        .write(move |conn| {
            let (from, to) = both(conn, &ctx, &by, &what)?;
            let mut moved = owned(conn, &ctx, &what)?;
            take_over(conn, &ctx, &by, &moved, &what, &why)?;
            let (experiments, measures) = under_way(conn, &what)?;
            moved.measures = measures.len();
            for before in &measures {
                let after = MeasureRecord {
                    authority: what.new,
                    updated_at: ctx.clock.now(),
                    version: before.version + 1,
                    ..before.clone()
                };
                if !measures::update(conn, before, &after)? {
                    return Err(Error::Stale);
                }
            }
            moved.experiments = hand_over(conn, &ctx, &by, experiments, &what, &why)?;
            audit::note("from", from.id.to_string());
            audit::note("to", to.id.to_string());
            Ok::<_, Error>(moved)
        })
        .await?;
    loop {
        let (ctx, by, why, what) = (
            context.clone(),
            actor.clone(),
            reason.clone(),
            wanted.clone(),
        );
        let done = context
            .db
            .write(move |conn| batch(conn, &ctx, &by, &what, &why))
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
    wanted: &Wanted,
) -> Result<(Organisation, Organisation), Error> {
    let (old, new) = (wanted.old, wanted.new);
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
    let faults = content::unknown_domains(conn, &wanted.domains)?;
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    Ok((from, to))
}

/// What names the organisation, beside reports.
fn owned(conn: &mut Conn, context: &Context, wanted: &Wanted) -> Result<Moved, Error> {
    let set = context.rules.rules(conn)?;
    let regulations: Vec<String> = regulations::owned_by(conn, wanted.old)?
        .into_iter()
        .filter(|(_, domains)| wanted.takes(domains))
        .map(|(identifier, _)| identifier)
        .collect();
    let about = |rule: &Rule| {
        let named = |codes: Vec<&str>, of: &[String]| {
            codes.iter().any(|&code| of.iter().any(|one| one == code))
        };
        wanted.domains.is_empty()
            || named(rule.condition.domains(), &wanted.domains)
            || named(rule.condition.regulations(), &regulations)
    };
    let in_force = set.rules().iter().map(|ready| &ready.rule);
    let rules = in_force
        .filter(|rule| rule.actions.organisations().any(|id| id == wanted.old))
        .filter(|rule| about(rule))
        .map(|rule| rule.number)
        .collect();
    let led = policy_domains::led_by(conn, wanted.old)?;
    Ok(Moved {
        rules,
        domains: led
            .into_iter()
            .filter(|code| wanted.takes(std::slice::from_ref(code)))
            .collect(),
        regulations,
        ..Moved::default()
    })
}

/// The experiments in which the organisation has a part and the measures that it carries out: of one that is split, those
/// that came from reports about what moves.
fn under_way(
    conn: &mut Conn,
    wanted: &Wanted,
) -> Result<(Vec<Experiment>, Vec<MeasureRecord>), Error> {
    let mut experiments = experiments::open_of(conn, wanted.old)?;
    let mut measures = measures::open_of(conn, wanted.old)?;
    if !wanted.domains.is_empty() {
        let of_experiments = experiments.iter().flat_map(|one| one.reports.clone());
        let of_measures = measures.iter().flat_map(|one| one.reports.clone());
        let ids: Vec<ReportId> = of_experiments.chain(of_measures).collect();
        let about = reports::by_ids(conn, &ids)?;
        let about = about
            .iter()
            .filter(|report| wanted.takes(&report.content.domains));
        let about: Vec<ReportId> = about.map(|report| report.id).collect();
        experiments.retain(|one| one.reports.iter().any(|id| about.contains(id)));
        measures.retain(|one| one.reports.iter().any(|id| about.contains(id)));
    }
    Ok((experiments, measures))
}

/// Puts the successor in the place of the organisation in its experiments; what was observed of it goes with it.
fn hand_over(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    all: Vec<Experiment>,
    wanted: &Wanted,
    reason: &str,
) -> Result<Vec<String>, Error> {
    let (old, new) = (wanted.old, wanted.new);
    let now = context.clock.now();
    let mut happened = Vec::new();
    for before in all {
        let Some(after) = succession::experiment(&before, old, new, now) else {
            continue;
        };
        if !experiments::update(conn, &before, &after)? {
            return Err(Error::Stale);
        }
        if before.participant(old).is_some() && before.participant(new).is_none() {
            observations::hand_over(conn, before.id, old, new)?;
        }
        let (capacity, kind) = (ExperimentCapacity::Desk, ExperimentEventKind::Succession);
        let event = ExperimentEvent::by(actor, capacity, Some(&before), &after, kind, now);
        let event = event.with(ExperimentDetails {
            organisation: Some(new),
            reason: Some(reason.to_owned()),
            ..ExperimentDetails::default()
        });
        experiment_events::insert(conn, &event)?;
        happened.push((event, after));
    }
    experiment_notices::queue(conn, context, &happened)?;
    Ok(happened.into_iter().map(|(_, one)| one.reference).collect())
}

fn take_over(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    moved: &Moved,
    wanted: &Wanted,
    reason: &str,
) -> Result<(), Error> {
    let (old, new) = (wanted.old, wanted.new);
    let now = context.clock.now();
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
    policy_domains::hand_over(conn, &moved.domains, new)?;
    regulations::hand_over(conn, &moved.regulations, new)?;
    audit::note("rules", moved.rules.len().to_string());
    service_state::routing_changed(conn, now)?;
    Ok(())
}

fn batch(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    wanted: &Wanted,
    reason: &str,
) -> Result<usize, Error> {
    let (old, new) = (wanted.old, wanted.new);
    let now = context.clock.now();
    let mut steps = Vec::new();
    for before in reports::open_of(conn, old, &wanted.domains, BATCH)? {
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
