//! Whoever and whatever the made-up reports are about: the facts of the database, and the people that work on them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::crypto::random_token;
use crate::domain::actor::{Actor, Language, PrincipalKind, Role};
use crate::domain::citation::Register;
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::domain::regulation::Regulation;
use crate::domain::routing::RuleSet;
use crate::reference::{self, SampleReport};
use crate::services::clients::{self, NewClient};
use crate::services::people::{self, NewPerson};
use crate::services::{Context, Error, links};
use crate::store::db::Conn;
use crate::store::principals::{self, Principal};
use crate::store::{organisations, places, regulations};

/// The ministry whose liaison the bench signs in as: much of what is sent in is routed to it.
pub const AUTHORITY: &str = "OCW";
/// The municipality whose API client the bench signs in as.
pub const SUBMITTER: &str = "GM1714";
/// The regulation the bench's own reports cite, which a rule routes to `AUTHORITY`.
pub const REGULATION: &str = "BWBR0003420";
pub const DOMAIN: &str = "onderwijs-po";

/// A municipality that sends reports in.
pub struct Municipality {
    pub code: String,
    pub province: String,
    pub regions: Vec<String>,
    /// Its API client.
    pub reporter: Actor,
}

/// All of it.
pub struct World {
    pub municipalities: Vec<Municipality>,
    /// A liaison for each ministry.
    pub liaisons: HashMap<OrganisationId, Actor>,
    pub desk: Actor,
    pub regulations: Vec<Regulation>,
    /// The domains with the ministry that leads each.
    pub domains: Vec<(String, OrganisationId)>,
    pub rules: Arc<RuleSet>,
    pub samples: Vec<SampleReport>,
}

impl World {
    /// Reads the facts, and adds the people that are not there yet.
    ///
    /// # Errors
    /// When the facts are not loaded, or the database fails.
    pub fn enter(context: &Context, conn: &mut Conn, today: NaiveDate) -> Result<Self, Error> {
        let mut ministries = HashMap::new();
        let mut liaisons = HashMap::new();
        for fact in reference::ministries() {
            let home = known(organisations::by_tooi(conn, &fact.tooi)?, &fact.tooi)?;
            let email = liaison_of(&fact.abbreviation);
            let person = person(context, conn, &home, &email, Role::Liaison)?;
            liaisons.insert(home.id, person.into_actor(&home));
            ministries.insert(fact.code, home);
        }
        let operator = known(ministries.get("BZK").cloned(), "BZK")?;
        let desk = person(context, conn, &operator, DESK, Role::Desk)?;
        let mut domains = Vec::new();
        for fact in reference::domains() {
            let lead = known(ministries.get(&fact.lead_ministry), &fact.lead_ministry)?;
            domains.push((fact.code, lead.id));
        }
        let mut municipalities = Vec::new();
        let current = reference::municipalities().into_iter();
        for fact in current.filter(|fact| fact.valid_until.is_none()) {
            let tooi = fact.code.to_lowercase();
            let home = known(organisations::by_tooi(conn, &tooi)?, &tooi)?;
            let client = client(context, conn, &home)?;
            municipalities.push(Municipality {
                regions: places::regions_of(conn, std::slice::from_ref(&fact.code), today)?,
                code: fact.code,
                province: fact.province_code,
                reporter: client.into_actor(&home),
            });
        }
        let identifiers: Vec<String> = reference::regulations()
            .into_iter()
            .map(|fact| fact.identifier)
            .collect();
        let mut regulations = regulations::by_identifiers(conn, &identifiers)?;
        regulations.retain(|regulation| regulation.register == Register::Bwb);
        regulations.sort_by(|a, b| a.identifier.cmp(&b.identifier));
        Ok(Self {
            municipalities,
            liaisons,
            desk: desk.into_actor(&operator),
            rules: context.rules.rules(conn)?,
            regulations,
            domains,
            samples: reference::sample_reports(),
        })
    }

    /// The API client of the submitter.
    pub fn submitter(&self) -> Option<&Municipality> {
        self.municipalities.iter().find(|one| one.code == SUBMITTER)
    }
}

const DESK: &str = "loket@bench.example";

fn liaison_of(abbreviation: &str) -> String {
    format!("{}@bench.example", abbreviation.to_lowercase())
}

fn known<T>(found: Option<T>, named: &str) -> Result<T, Error> {
    found.ok_or_else(|| Error::Internal(format!("the facts have no {named}")))
}

fn person(
    context: &Context,
    conn: &mut Conn,
    home: &Organisation,
    email: &str,
    role: Role,
) -> Result<Principal, Error> {
    if let Some(found) = principals::find_by_email(conn, email)? {
        return Ok(found);
    }
    let new = NewPerson {
        name: format!("Contactpersoon {}", home.name),
        email: email.to_owned(),
        language: Language::Nl,
        roles: vec![role],
    };
    people::add(context, conn, None, home.id, new)
}

fn client(context: &Context, conn: &mut Conn, home: &Organisation) -> Result<Principal, Error> {
    let found = principals::list(conn, home.id, PrincipalKind::Client, None, 1)?;
    if let Some(found) = found.into_iter().next() {
        return Ok(found);
    }
    let new = NewClient {
        name: "Zaaksysteem".into(),
        roles: vec![Role::Reporter],
        scopes: None,
    };
    Ok(clients::create(context, conn, None, home.id, new)?.0)
}

/// What the bench signs in with.
pub struct Accounts {
    pub desk: String,
    pub liaison: String,
    pub password: String,
    pub client: String,
    pub secret: String,
}

/// Gives desk, liaison and client new secrets, as an administrator would.
///
/// # Errors
/// When the people are not there, or the database fails.
pub fn accounts(context: &Context, world: &World) -> Result<Accounts, Error> {
    let password = random_token()?;
    let hash = crate::cli::wait(context.passwords.hash(password.clone()))?;
    let now = context.clock.now();
    let home = known(world.submitter(), SUBMITTER)?.reporter.home.id;
    let liaison = liaison_of(AUTHORITY);
    let ctx = context.clone();
    context.db.write_blocking(move |conn| {
        for email in [DESK, &liaison] {
            let person = known(principals::find_by_email(conn, email)?, email)?;
            links::give_password(conn, &person, &hash, now)?;
        }
        let new = NewClient {
            name: format!("Bench {}", now.timestamp()),
            roles: vec![Role::Reporter],
            scopes: None,
        };
        let (client, secret) = clients::create(&ctx, conn, None, home, new)?;
        Ok(Accounts {
            desk: DESK.into(),
            liaison: liaison.clone(),
            password: password.clone(),
            client: client.id.to_string(),
            secret,
        })
    })
}

/// Whose liaison it is that asks.
pub fn authority(world: &World) -> Result<OrganisationId, String> {
    let fact = reference::ministries();
    let name = fact
        .iter()
        .find(|fact| fact.abbreviation == AUTHORITY)
        .map(|fact| fact.name.as_str());
    world
        .liaisons
        .values()
        .find(|liaison| Some(liaison.home.name.as_str()) == name)
        .map(|liaison| liaison.home.id)
        .ok_or_else(|| format!("the facts have no {AUTHORITY}"))
}
