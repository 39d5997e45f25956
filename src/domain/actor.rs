//! Who acts: a person or an API client, its organisation, its roles and the scopes of its token.

use crate::domain::code::{Code, code_list};
use crate::domain::id::{OrganisationId, PrincipalId, SessionId};

code_list! {
    /// What a person or API client may do, held at its organisation (Dutch: rol).
    pub enum Role {
        /// Submits and answers for its organisation (melder).
        Reporter = "reporter",
        /// Runs the reporting point at BZK (loket).
        Desk = "desk",
        /// The desk, and contested routing, rules and reference data (coördinator).
        Coordinator = "coordinator",
        /// Works on what was routed to its authority (contactpersoon ministerie).
        Liaison = "liaison",
        /// Reads, changes nothing (analist).
        Analyst = "analyst",
        /// Invites and removes people and clients of its own organisation (organisatiebeheerder).
        OrgAdmin = "org_admin",
        /// Organisations, people, clients, keys and mail; no report content (beheerder).
        Admin = "admin",
    }
}

code_list! {
    /// Kind of organisation (Dutch: soort organisatie).
    pub enum OrganisationKind {
        Ministry = "ministry",
        Municipality = "municipality",
        Province = "province",
        WaterBoard = "water_board",
        EuContact = "eu_contact",
        Partner = "partner",
    }
}

impl OrganisationKind {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            OrganisationKind::Ministry => ("ministerie", "ministry"),
            OrganisationKind::Municipality => ("gemeente", "municipality"),
            OrganisationKind::Province => ("provincie", "province"),
            OrganisationKind::WaterBoard => ("waterschap", "water board"),
            OrganisationKind::EuContact => ("contactpunt van de EU", "contact point of the EU"),
            OrganisationKind::Partner => ("partner", "partner"),
        };
        language.pick(nl, en)
    }
}

code_list! {
    /// A person signs in; an API client is a machine of an organisation (Dutch: soort).
    pub enum PrincipalKind {
        Person = "person",
        Client = "client",
    }
}

code_list! {
    /// Language of what a person reads (Dutch: taal).
    pub enum Language {
        Nl = "nl",
        En = "en",
    }
}

code_list! {
    /// What a token may be used for; a token never has more than its holder's roles give
    /// (Dutch: bevoegdheid).
    pub enum Scope {
        ReportsRead = "reports:read",
        ReportsWrite = "reports:write",
        Triage = "triage",
        Statistics = "statistics",
        ReferenceWrite = "reference:write",
        OrganisationManage = "organisation:manage",
        Admin = "admin",
    }
}

impl Language {
    /// Of two texts the one in this language.
    pub fn pick<'a>(self, nl: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::Nl => nl,
            Language::En => en,
        }
    }
}

impl Role {
    /// The scopes this role gives.
    pub fn scopes(self) -> &'static [Scope] {
        use Scope::*;
        match self {
            Role::Reporter => &[ReportsRead, ReportsWrite],
            Role::Desk => &[ReportsRead, ReportsWrite, Triage, Statistics],
            Role::Coordinator => &[
                ReportsRead,
                ReportsWrite,
                Triage,
                Statistics,
                ReferenceWrite,
            ],
            Role::Liaison => &[ReportsRead, Triage, Statistics],
            Role::Analyst => &[ReportsRead, Statistics],
            Role::OrgAdmin => &[OrganisationManage],
            Role::Admin => &[ReferenceWrite, OrganisationManage, Admin],
        }
    }

    /// Whether this role may be held at such an organisation: desk work at the operator of the reporting point (BZK)
    /// alone, liaisons where rules are owned.
    pub fn may_be_held_at(self, operator: bool, owns_rules: bool) -> bool {
        match self {
            Role::Desk | Role::Coordinator | Role::Admin => operator,
            Role::Liaison => owns_rules,
            Role::Reporter | Role::Analyst | Role::OrgAdmin => true,
        }
    }
}

/// All scopes that a set of roles gives, in the order of the list.
pub fn scopes_of(roles: &[Role]) -> Vec<Scope> {
    Scope::ALL
        .iter()
        .copied()
        .filter(|scope| roles.iter().any(|role| role.scopes().contains(scope)))
        .collect()
}

/// The organisation an actor belongs to, as far as decisions need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    pub id: OrganisationId,
    pub kind: OrganisationKind,
    pub name: String,
    /// Can be an authority on a report.
    pub owns_rules: bool,
    /// Runs the reporting point (BZK).
    pub operator: bool,
}

/// Whoever makes a request. Made by the sign-in alone, so that a handler without one cannot call a service.
#[derive(Debug, Clone)]
pub struct Actor {
    pub id: PrincipalId,
    pub kind: PrincipalKind,
    pub name: String,
    pub home: Home,
    pub roles: Vec<Role>,
    /// The scopes of the token, already limited to those of the roles as they are now.
    pub scopes: Vec<Scope>,
    pub language: Language,
    /// The sign-in the token belongs to; none for a machine's token.
    pub session: Option<SessionId>,
}

impl Actor {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Desk or coordinator: the coordinator is the desk and more.
    pub fn is_desk(&self) -> bool {
        self.has(Role::Desk) || self.has(Role::Coordinator)
    }

    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}
