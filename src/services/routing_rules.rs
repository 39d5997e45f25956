//! Routing rules: for whoever may read them, and for the coordinators who write them. A change is a new version, which is
//! proposed until it is put in force.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::audit;
use crate::domain::actor::Actor;
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::id::RuleId;
use crate::domain::invalid::FieldError;
use crate::domain::policy;
use crate::domain::regulation::RegulationLevel;
use crate::domain::routing::condition::{self, Test};
use crate::domain::routing::learning::{OutcomeKind, often_overruled};
use crate::domain::routing::{
    Actions, Because, Condition, Rule, RuleMode, RuleSet, RuleState, RuleWarning,
};
use crate::services::{Context, Error};
use crate::store::db::{Conn, is_unique_violation};
use crate::store::listing::Listing;
use crate::store::routing_rules::{self, Filter};
use crate::store::{
    deadline_profiles, organisations, places, policy_domains, regulations, routing_outcomes,
    service_state,
};

/// A version of a rule as it is to be.
#[derive(Debug, Clone)]
pub struct NewRule {
    /// After all others unless said.
    pub order: Option<i32>,
    pub condition: Condition,
    pub actions: Actions,
    pub mode: RuleMode,
    /// Today unless said.
    pub valid_from: Option<NaiveDate>,
    pub valid_until: Option<NaiveDate>,
    pub explanation: Because,
    pub reason: String,
}

/// A version of a rule, by what people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionRef {
    pub number: i32,
    pub version: i32,
}

/// A page of rules, each in its latest version, by number.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    listing: &Listing,
    filter: &Filter,
    after: Option<i32>,
) -> Result<Vec<Rule>, Error> {
    may_read(actor)?;
    Ok(routing_rules::list(conn, listing, filter, after)?)
}

/// One rule in its latest version.
pub fn get(conn: &mut Conn, actor: &Actor, number: i32) -> Result<Rule, Error> {
    may_read(actor)?;
    routing_rules::find(conn, number)?.ok_or(Error::NotFound)
}

/// A page of the versions of a rule, the latest first.
pub fn versions(
    conn: &mut Conn,
    actor: &Actor,
    number: i32,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<Rule>, Error> {
    may_read(actor)?;
    let found = routing_rules::versions(conn, number, before, limit)?;
    if found.is_empty() && before.is_none() {
        return Err(Error::NotFound);
    }
    Ok(found)
}

/// Adds a rule, as a proposal.
///
/// # Errors
/// `Forbidden`; `Invalid` for each faulty field.
pub fn create(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    new: NewRule,
) -> Result<Rule, Error> {
    may_write(actor)?;
    let number = routing_rules::next_number(conn)?;
    let rule = made(actor, new, number, 1, context.clock.now());
    check(conn, context, &rule)?;
    noted(&rule);
    routing_rules::insert(conn, std::slice::from_ref(&rule)).map_err(stale)?;
    Ok(rule)
}

/// Writes a new version of a rule, as a proposal; the version in force stays so until this one is put in its place. A
/// proposal that stood before is replaced.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Stale`; `Invalid` for each faulty field.
pub fn change(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    number: i32,
    seen: i32,
    new: NewRule,
) -> Result<Rule, Error> {
    may_write(actor)?;
    let before = routing_rules::find(conn, number)?.ok_or(Error::NotFound)?;
    if before.version != seen {
        return Err(Error::Stale);
    }
    let new = NewRule {
        order: new.order.or(Some(before.order)),
        valid_from: new.valid_from.or(Some(before.valid_from)),
        ..new
    };
    let rule = made(actor, new, number, before.version + 1, context.clock.now());
    check(conn, context, &rule)?;
    noted(&rule);
    if before.state == RuleState::Proposed {
        routing_rules::set_state(conn, &[before.id], RuleState::Proposed, RuleState::Replaced)?;
    }
    routing_rules::insert_version(conn, &before, &rule).map_err(stale)?;
    Ok(rule)
}

/// Puts proposed versions in force, all or none: each takes the place of the version that was.
///
/// # Errors
/// `Forbidden`; `Invalid` for a version that is not there or not proposed, and for one that cannot work with the others.
pub fn activate(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    wanted: &[VersionRef],
) -> Result<Vec<Rule>, Error> {
    may_write(actor)?;
    let mut rules = Vec::new();
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for (at, one) in wanted.iter().enumerate() {
        let pointer = format!("/rules/{at}");
        if !seen.insert(one.number) {
            faults.push(FieldError::new(pointer, "not_unique"));
            continue;
        }
        match routing_rules::find(conn, one.number)? {
            Some(rule) if rule.version == one.version && rule.state == RuleState::Proposed => {
                rules.push(rule);
            }
            Some(rule) if rule.version == one.version => {
                faults.push(FieldError::new(pointer, "not_proposed"));
            }
            _ => faults.push(FieldError::new(pointer, "unknown_rule_version")),
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let set = context.rules.with(conn, &rules)?;
    for (at, rule) in rules.iter().enumerate() {
        let found = check_against(conn, context, &set, rule)?;
        let place = |fault: FieldError| FieldError {
            pointer: format!("/rules/{at}{}", fault.pointer),
            ..fault
        };
        faults.extend(found.into_iter().map(place));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let numbers: Vec<i32> = rules.iter().map(|rule| rule.number).collect();
    let before: Vec<RuleId> = routing_rules::active_of(conn, &numbers)?
        .iter()
        .map(|rule| rule.id)
        .collect();
    routing_rules::set_state(conn, &before, RuleState::Active, RuleState::Replaced)?;
    let ids: Vec<RuleId> = rules.iter().map(|rule| rule.id).collect();
    let moved = routing_rules::set_state(conn, &ids, RuleState::Proposed, RuleState::Active)?;
    if moved != ids.len() {
        return Err(Error::Stale);
    }
    audit::note("rules", numbers_of(&rules));
    service_state::routing_changed(conn, context.clock.now())?;
    for rule in &mut rules {
        rule.state = RuleState::Active;
    }
    Ok(rules)
}

/// Takes a rule out of force, with whatever is proposed for it; why stands with a last version.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Stale`, `Conflict` when it is retired.
pub fn retire(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    number: i32,
    seen: i32,
    reason: String,
) -> Result<Rule, Error> {
    may_write(actor)?;
    let before = routing_rules::find(conn, number)?.ok_or(Error::NotFound)?;
    if before.version != seen {
        return Err(Error::Stale);
    }
    if before.state == RuleState::Retired {
        return Err(Error::Conflict("rule_retired"));
    }
    let active: Vec<RuleId> = routing_rules::active_of(conn, &[number])?
        .iter()
        .map(|rule| rule.id)
        .collect();
    routing_rules::set_state(conn, &active, RuleState::Active, RuleState::Replaced)?;
    routing_rules::set_state(conn, &[before.id], RuleState::Proposed, RuleState::Replaced)?;
    let now = context.clock.now();
    let rule = Rule {
        id: RuleId::new(),
        version: before.version + 1,
        state: RuleState::Retired,
        reason: Some(reason),
        author: Some(actor.name.clone()),
        created_at: now,
        ..before.clone()
    };
    noted(&rule);
    routing_rules::insert_version(conn, &before, &rule).map_err(stale)?;
    service_state::routing_changed(conn, now)?;
    Ok(rule)
}

/// What is shown beside a version of a rule.
#[derive(Debug)]
pub struct Looked {
    pub active_version: Option<i32>,
    /// Reports that its rule routed, in whatever version.
    pub routed: i64,
    /// Of those the reports that went elsewhere.
    pub corrected: i64,
    pub warnings: Vec<RuleWarning>,
}

/// Looks at some rules: three statements at most, however many there are.
pub fn look_at(conn: &mut Conn, context: &Context, rules: &[Rule]) -> Result<Vec<Looked>, Error> {
    let today = local_date(context.clock.now());
    let set = context.rules.rules(conn)?;
    let numbers: Vec<i32> = rules.iter().map(|rule| rule.number).collect();
    let all = routing_outcomes::of_rules(conn, &numbers, &[OutcomeKind::Routed])?;
    let corrections = [OutcomeKind::Returned, OutcomeKind::Rerouted];
    let elsewhere = routing_outcomes::of_rules(conn, &numbers, &corrections)?;
    let look = |rule: &Rule| {
        let count = |of: &HashMap<i32, i64>| of.get(&rule.number).copied().unwrap_or(0);
        let active = set.version_of(rule.number);
        let routed = count(&all);
        let corrected = count(&elsewhere);
        let counts = rule.state == RuleState::Active || rule.state == RuleState::Proposed;
        let ended = |id| !set.is_there(id, today);
        let warned = [
            (
                RuleWarning::AuthorityEnded,
                rule.actions.organisations().any(ended),
            ),
            (RuleWarning::NeverReached, set.shadow_of(rule).is_some()),
            (
                RuleWarning::OftenOverruled,
                often_overruled(routed, corrected),
            ),
        ];
        let warnings = warned
            .into_iter()
            .filter(|(_, holds)| *holds && counts)
            .map(|(warning, _)| warning);
        Looked {
            active_version: active,
            routed,
            corrected,
            warnings: warnings.collect(),
        }
    };
    Ok(rules.iter().map(look).collect())
}

fn made(actor: &Actor, new: NewRule, number: i32, version: i32, now: DateTime<Utc>) -> Rule {
    Rule {
        id: RuleId::new(),
        number,
        version,
        state: RuleState::Proposed,
        order: new.order.unwrap_or(number),
        condition: new.condition,
        actions: new.actions,
        mode: new.mode,
        valid_from: new.valid_from.unwrap_or_else(|| local_date(now)),
        valid_until: new.valid_until,
        explanation: new.explanation,
        reason: Some(new.reason),
        author: Some(actor.name.clone()),
        created_at: now,
    }
}

/// Everything that is wrong with a rule as it is written.
fn check(conn: &mut Conn, context: &Context, rule: &Rule) -> Result<(), Error> {
    let set = context.rules.rules(conn)?;
    let faults = check_against(conn, context, &set, rule)?;
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(faults))
    }
}

fn check_against(
    conn: &mut Conn,
    context: &Context,
    set: &RuleSet,
    rule: &Rule,
) -> Result<Vec<FieldError>, Error> {
    let mut faults = condition::faults(&rule.condition, "/condition");
    faults.extend(names(conn, rule)?);
    faults.extend(authorities(conn, context, rule)?);
    faults.extend(sense(rule));
    if let Some(until) = rule.valid_until
        && until <= rule.valid_from
    {
        faults.push(FieldError::new("/validUntil", "dates_reversed"));
    }
    if let Some(code) = &rule.actions.deadline_profile
        && deadline_profiles::current(conn, code)?.is_none()
    {
        faults.push(FieldError::new("/deadlineProfile", "unknown_profile"));
    }
    if faults.is_empty()
        && let Some(shadow) = set.shadow_of(rule)
    {
        let code = if shadow.tied {
            "always_tied"
        } else {
            "never_reached"
        };
        faults.push(FieldError::new("/condition", code).with("rule", shadow.number));
    }
    Ok(faults)
}

/// What a condition names and is not there; three statements at most.
fn names(conn: &mut Conn, rule: &Rule) -> Result<Vec<FieldError>, Error> {
    let leaves = rule.condition.leaves("/condition");
    let owned = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let cited = owned(rule.condition.regulations());
    let known = if cited.is_empty() {
        Vec::new()
    } else {
        regulations::by_identifiers(conn, &cited)?
    };
    let named = owned(rule.condition.domains());
    let domains = if named.is_empty() {
        Vec::new()
    } else {
        policy_domains::known(conn, &named)?
    };
    let places_named: Vec<String> = leaves
        .iter()
        .filter_map(|(_, leaf)| match leaf {
            Condition::Province(code) => Some(code.clone()),
            _ => None,
        })
        .collect();
    let provinces = if places_named.is_empty() {
        Vec::new()
    } else {
        places::known_provinces(conn, &places_named)?
    };
    let mut faults = Vec::new();
    for (pointer, leaf) in leaves {
        match leaf {
            Condition::Regulation(cited) => {
                let place = format!("{pointer}/regulation/id");
                match known.iter().find(|one| one.identifier == cited.id) {
                    None => faults.push(FieldError::new(place, "unknown_regulation")),
                    Some(one)
                        if rule.mode == RuleMode::Auto
                            && one.level != RegulationLevel::National =>
                    {
                        faults.push(FieldError::new(place, "auto_needs_national"));
                    }
                    Some(_) => {}
                }
            }
            Condition::Domain(code) if !domains.contains(code) => {
                faults.push(FieldError::new(
                    format!("{pointer}/domain"),
                    "unknown_domain",
                ));
            }
            Condition::Province(code) if !provinces.contains(code) => {
                faults.push(FieldError::new(
                    format!("{pointer}/province"),
                    "unknown_province",
                ));
            }
            _ => {}
        }
    }
    Ok(faults)
}

/// Organisations that cannot do what the rule wants of them; one statement.
fn authorities(conn: &mut Conn, context: &Context, rule: &Rule) -> Result<Vec<FieldError>, Error> {
    let today = local_date(context.clock.now());
    let actions = &rule.actions;
    let listed = |name: &str, ids: &[_]| -> Vec<(String, crate::domain::id::OrganisationId)> {
        let place = |(at, id): (usize, &_)| (format!("/{name}/{at}"), *id);
        ids.iter().enumerate().map(place).collect()
    };
    let mut named = listed("contributors", &actions.contributors);
    named.extend(listed("watchers", &actions.watchers));
    named.extend(actions.lead.map(|lead| ("/lead".to_owned(), lead)));
    let ids: Vec<_> = named.iter().map(|(_, id)| *id).collect();
    let found = organisations::by_ids(conn, &ids)?;
    let mut faults = Vec::new();
    for (at, (pointer, id)) in named.iter().enumerate() {
        let watches = pointer.starts_with("/watchers");
        let code = match found.iter().find(|organisation| organisation.id == *id) {
            None => "unknown_organisation",
            Some(organisation) if !organisation.exists_on(today) => "ended_organisation",
            Some(organisation) if !watches && !organisation.owns_rules => "no_authority",
            Some(_)
                if ids[..at].contains(id) || (actions.lead == Some(*id) && pointer != "/lead") =>
            {
                "not_unique"
            }
            Some(_) => continue,
        };
        faults.push(FieldError::new(pointer.clone(), code));
    }
    Ok(faults)
}

/// Whether the rule does something, and may do it by itself.
fn sense(rule: &Rule) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let actions = &rule.actions;
    if *actions == Actions::default() {
        faults.push(FieldError::new("/lead", "rule_does_nothing"));
    }
    let test = Test::from(&rule.condition);
    if rule.mode == RuleMode::Auto && actions.lead.is_some() {
        if test.needs_one_of().is_none() {
            faults.push(FieldError::new("/mode", "auto_needs_regulation"));
        } else if test.guesses() {
            faults.push(FieldError::new("/mode", "auto_cannot_guess"));
        }
    }
    faults
}

fn numbers_of(rules: &[Rule]) -> String {
    let all: Vec<String> = rules
        .iter()
        .map(|rule| format!("{}/{}", rule.number, rule.version))
        .collect();
    all.join(", ")
}

fn noted(rule: &Rule) {
    audit::note("rule", rule.number.to_string());
    audit::note("ruleVersion", rule.version.to_string());
    audit::note("ruleState", rule.state.as_str().to_owned());
}

pub(super) fn may_read(actor: &Actor) -> Result<(), Error> {
    if policy::may_read_rules(actor) {
        Ok(())
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}

pub(super) fn may_write(actor: &Actor) -> Result<(), Error> {
    if policy::may_write_rules(actor) {
        Ok(())
    } else {
        Err(Error::Forbidden("not_allowed"))
    }
}

fn stale(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error) {
        Error::Stale
    } else {
        error.into()
    }
}
