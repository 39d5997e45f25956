//! Regulations with a known identifier, and the policy domains that group them.

use chrono::NaiveDate;

use crate::domain::actor::Language;
use crate::domain::citation::Register;
use crate::domain::code::code_list;
use crate::domain::id::OrganisationId;

code_list! {
    /// What a regulation is (Dutch: soort regeling).
    pub enum RegulationKind {
        /// Act of parliament (wet).
        Act = "act",
        /// Order in council (algemene maatregel van bestuur).
        OrderInCouncil = "order_in_council",
        /// Ministerial regulation (ministeriële regeling).
        MinisterialRegulation = "ministerial_regulation",
        /// Policy rule (beleidsregel).
        PolicyRule = "policy_rule",
        /// By-law of a municipality, province or water board (verordening).
        ByLaw = "by_law",
        /// Treaty (verdrag).
        Treaty = "treaty",
        /// Regulation of the European Union (EU-verordening).
        EuRegulation = "eu_regulation",
        /// Directive of the European Union (EU-richtlijn).
        EuDirective = "eu_directive",
        /// Bill, not yet law (wetsvoorstel).
        Bill = "bill",
    }
}

code_list! {
    /// Level of government that made a regulation (Dutch: bestuurslaag).
    pub enum RegulationLevel {
        National = "national",
        Provincial = "provincial",
        Municipal = "municipal",
        WaterBoard = "water_board",
        Eu = "eu",
    }
}

impl RegulationLevel {
    /// Who made it, in words that people read: "een regel van …".
    pub fn made_by(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            RegulationLevel::National => ("het Rijk", "the State"),
            RegulationLevel::Provincial => ("een provincie", "a province"),
            RegulationLevel::Municipal => ("een gemeente", "a municipality"),
            RegulationLevel::WaterBoard => ("een waterschap", "a water board"),
            RegulationLevel::Eu => ("de Europese Unie", "the European Union"),
        };
        language.pick(nl, en)
    }
}

/// A regulation (regeling).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regulation {
    /// Such as `BWBR0003420`, `CVDR641839` or `32016R0679`.
    pub identifier: String,
    pub register: Register,
    pub title: String,
    pub short_title: Option<String>,
    pub aliases: Vec<String>,
    pub kind: RegulationKind,
    pub level: RegulationLevel,
    /// Who owns it; none for a rule of the European Union.
    pub owner: Option<OrganisationId>,
    /// Codes of policy domains.
    pub domains: Vec<String>,
    pub valid_from: Option<NaiveDate>,
    /// First day on which it no longer applies.
    pub valid_until: Option<NaiveDate>,
    /// Identifier of what takes its place.
    pub successor: Option<String>,
    /// False: the identifier is not shown as certain.
    pub verified: bool,
    pub note: Option<String>,
    pub version: i32,
}

impl Regulation {
    /// What people call it.
    pub fn label(&self) -> &str {
        self.short_title.as_deref().unwrap_or(&self.title)
    }
}

/// A policy domain (beleidsterrein).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDomain {
    /// Such as `onderwijs-po`.
    pub code: String,
    /// Name in Dutch.
    pub label: String,
    pub label_en: String,
    /// The ministry that leads it.
    pub lead: Option<OrganisationId>,
    pub valid_from: Option<NaiveDate>,
    /// First day on which it no longer holds.
    pub valid_until: Option<NaiveDate>,
    pub version: i32,
}
