//! Loads the embedded facts into the tables, once. From then on the tables are the truth.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::actor::OrganisationKind;
use crate::domain::code::Code;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::id::{OrganisationId, RuleId, StandardTextId};
use crate::domain::organisation::Organisation;
use crate::domain::place::{Municipality, Province, Region};
use crate::domain::regulation::{PolicyDomain, Regulation};
use crate::domain::routing::{Actions, Because, CitedCondition, Condition, Rule, RuleState};
use crate::domain::standard_text::StandardText;
use crate::reference;
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::{
    deadline_profiles, organisations, places, policy_domains, reference_loads, regions,
    regulations, routing_rules, standard_texts,
};

/// Facts of another make would get another name.
const LOAD: &str = "2026-11";

/// The ministry that runs the reporting point.
const OPERATOR: &str = "BZK";

/// The division of tasks among the ministries that the rules follow from.
const RULES_FROM: NaiveDate = NaiveDate::from_ymd_opt(2024, 7, 2).unwrap();

/// Loads the facts in the caller's transaction; false when that was done before. Of several nodes that start at once
/// one loads.
///
/// # Errors
/// When the facts do not hang together, which the tests of `reference` rule out, or the database fails.
pub fn load(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
    let facts = load_facts(conn, now)?;
    let profile = load_profile(conn, now)?;
    Ok(load_texts(conn, now)? || profile || facts)
}

/// The deadline profile that the service comes with.
fn load_profile(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
    const LOAD: &str = "deadline-profile";
    if reference_loads::done(conn, LOAD)? || !reference_loads::claim(conn, LOAD, now)? {
        return Ok(false);
    }
    deadline_profiles::insert(conn, &DeadlineProfile::standard(now))?;
    Ok(true)
}

/// The standard texts that the service comes with.
fn load_texts(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
    const LOAD: &str = "standard-texts";
    if reference_loads::done(conn, LOAD)? || !reference_loads::claim(conn, LOAD, now)? {
        return Ok(false);
    }
    let made = |fact| standard_text(fact, now);
    standard_texts::insert(conn, &all_of(reference::standard_texts(), made)?)?;
    Ok(true)
}

fn standard_text(fact: reference::StandardText, now: DateTime<Utc>) -> Result<StandardText, Error> {
    Ok(StandardText {
        id: StandardTextId::new(),
        version: 1,
        organisation: None,
        name: fact.name,
        action: code(&fact.action)?,
        outcome: fact.outcome.as_deref().map(code).transpose()?,
        language: code(&fact.language)?,
        text: fact.text,
        retired: false,
        made_at: now,
        made_by: None,
    })
}

fn load_facts(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
    if reference_loads::done(conn, LOAD)? || !reference_loads::claim(conn, LOAD, now)? {
        return Ok(false);
    }
    places::insert_provinces(conn, &provinces())?;
    let municipalities = municipalities();
    places::insert(conn, &municipalities)?;
    let (ministries, ids) = ministries(now);
    let mut all = ministries;
    all.extend(
        reference::provinces()
            .into_iter()
            .map(|p| of_province(p, now)),
    );
    // Ended municipalities send nothing any more.
    let current = municipalities
        .into_iter()
        .filter(|m| m.valid_until.is_none());
    all.extend(current.map(|m| of_municipality(m, now)));
    organisations::insert(conn, &all)?;
    regions::insert(conn, &all_of(reference::regions(), region)?)?;
    let ministry = |code: &str| {
        ids.get(code)
            .copied()
            .ok_or_else(|| Error::Internal(format!("the facts name no ministry {code}")))
    };
    policy_domains::insert(
        conn,
        &all_of(reference::domains(), |d| domain(d, &ministry))?,
    )?;
    regulations::insert(
        conn,
        &all_of(reference::regulations(), |r| regulation(r, &ministry))?,
    )?;
    routing_rules::insert(
        conn,
        &all_of(reference::routing_rules(), |r| rule(r, &ministry, now))?,
    )?;
    Ok(true)
}

fn all_of<A, B>(facts: Vec<A>, make: impl FnMut(A) -> Result<B, Error>) -> Result<Vec<B>, Error> {
    facts.into_iter().map(make).collect()
}

fn code<C: Code>(text: &str) -> Result<C, Error> {
    C::parse(text).ok_or_else(|| Error::Internal(format!("the facts have an unknown code {text}")))
}

fn provinces() -> Vec<Province> {
    let facts = reference::provinces().into_iter();
    facts
        .map(|fact| Province {
            code: fact.code,
            name: fact.name,
            tooi: fact.tooi,
        })
        .collect()
}

fn municipalities() -> Vec<Municipality> {
    let facts = reference::municipalities().into_iter();
    facts
        .map(|fact| Municipality {
            code: fact.code,
            name: fact.name,
            province_code: fact.province_code,
            valid_from: fact.valid_from,
            valid_until: fact.valid_until,
            successors: fact.successors,
            version: 1,
        })
        .collect()
}

fn organisation(kind: OrganisationKind, name: String, now: DateTime<Utc>) -> Organisation {
    Organisation {
        id: OrganisationId::new(),
        kind,
        name,
        abbreviation: None,
        tooi: None,
        municipality_code: None,
        province_code: None,
        owns_rules: true,
        operator: false,
        valid_from: None,
        valid_until: None,
        successor: None,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

/// The ministries, and their ids by the key that the facts use.
fn ministries(now: DateTime<Utc>) -> (Vec<Organisation>, HashMap<String, OrganisationId>) {
    let facts = reference::ministries().into_iter();
    let made: Vec<(String, Organisation)> = facts
        .map(|fact| {
            let organisation = Organisation {
                abbreviation: Some(fact.abbreviation),
                tooi: Some(fact.tooi),
                operator: fact.code == OPERATOR,
                valid_from: fact.valid_from,
                ..organisation(OrganisationKind::Ministry, fact.name, now)
            };
            (fact.code, organisation)
        })
        .collect();
    let ids = made.iter().map(|(code, made)| (code.clone(), made.id));
    let ids = ids.collect();
    (made.into_iter().map(|(_, made)| made).collect(), ids)
}

fn of_province(fact: reference::Province, now: DateTime<Utc>) -> Organisation {
    let name = format!("Provincie {}", fact.name);
    Organisation {
        tooi: Some(fact.tooi),
        province_code: Some(fact.code),
        ..organisation(OrganisationKind::Province, name, now)
    }
}

fn of_municipality(municipality: Municipality, now: DateTime<Utc>) -> Organisation {
    let name = format!("Gemeente {}", municipality.name);
    Organisation {
        tooi: Some(municipality.code.to_lowercase()),
        municipality_code: Some(municipality.code),
        province_code: Some(municipality.province_code),
        valid_from: municipality.valid_from,
        ..organisation(OrganisationKind::Municipality, name, now)
    }
}

fn region(fact: reference::Region) -> Result<Region, Error> {
    Ok(Region {
        kind: code(&fact.kind)?,
        confidence: code(&fact.confidence)?,
        code: fact.code,
        name: fact.name,
        municipalities: fact.municipality_codes,
        provinces: fact.province_codes,
        valid_from: Some(fact.valid_from),
        valid_until: None,
        source: fact.source,
        version: 1,
    })
}

type Ministry<'a> = &'a dyn Fn(&str) -> Result<OrganisationId, Error>;

fn domain(fact: reference::Domain, ministry: Ministry<'_>) -> Result<PolicyDomain, Error> {
    Ok(PolicyDomain {
        lead: Some(ministry(&fact.lead_ministry)?),
        code: fact.code,
        label: fact.label,
        label_en: fact.label_en,
        valid_from: None,
        valid_until: None,
        version: 1,
    })
}

fn regulation(fact: reference::Regulation, ministry: Ministry<'_>) -> Result<Regulation, Error> {
    Ok(Regulation {
        register: code(&fact.register)?,
        kind: code(&fact.kind)?,
        level: code(&fact.level)?,
        owner: fact.owner.as_deref().map(ministry).transpose()?,
        identifier: fact.identifier,
        title: fact.title,
        short_title: Some(fact.short_title).filter(|title| !title.is_empty()),
        aliases: fact.aliases,
        domains: fact.domains,
        valid_from: fact.valid_from,
        valid_until: fact.valid_until,
        successor: fact.successor,
        verified: fact.verified,
        note: fact.note,
        version: 1,
    })
}

/// A regulation or some of its articles, a policy domain, or both.
fn condition(
    regulation: Option<String>,
    articles: Vec<String>,
    domain: Option<String>,
) -> Condition {
    let cited = regulation.map(|id| Condition::Regulation(CitedCondition { id, articles }));
    let mut parts: Vec<Condition> = cited
        .into_iter()
        .chain(domain.map(Condition::Domain))
        .collect();
    match parts.len() {
        1 => parts.remove(0),
        _ => Condition::All(parts),
    }
}

fn rule(
    fact: reference::RoutingRule,
    ministry: Ministry<'_>,
    now: DateTime<Utc>,
) -> Result<Rule, Error> {
    let number = i32::try_from(fact.number)
        .map_err(|_| Error::Internal(format!("rule {} has no usable number", fact.number)))?;
    Ok(Rule {
        id: RuleId::new(),
        number,
        version: 1,
        state: RuleState::Active,
        order: number,
        condition: condition(fact.regulation, fact.articles, fact.domain),
        actions: Actions {
            lead: Some(ministry(&fact.lead)?),
            contributors: all_of(fact.contributors, |code| ministry(&code))?,
            ..Actions::default()
        },
        mode: code(&fact.mode)?,
        valid_from: RULES_FROM,
        valid_until: None,
        explanation: Because {
            nl: fact.explanation_nl,
            en: fact.explanation_en,
        },
        reason: None,
        author: None,
        created_at: now,
    })
}
