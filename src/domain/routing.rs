//! Routing (doorzetten): which authority owns the rule that hinders. Pure and deterministic: the same rules and the same
//! report give the same answer on every node.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::citation::Register;
use crate::domain::code::code_list;
use crate::domain::id::{OrganisationId, RuleId};

code_list! {
    /// What a rule does when it decides: route by itself, or suggest to the desk (Dutch: soort regel).
    pub enum RuleMode {
        Auto = "auto",
        Suggest = "suggest",
    }
}

code_list! {
    /// What routing came to (Dutch: routeringsbesluit).
    pub enum Decision {
        /// Routed by a rule.
        Auto = "auto",
        /// To the desk, with suggestions.
        Suggested = "suggested",
        /// To the desk, with nothing to go by.
        None = "none",
    }
}

/// A routing rule (routeringsregel). All conditions that are given must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: RuleId,
    /// What people call it: "rule 12".
    pub number: i32,
    pub version: i32,
    /// Lower goes first among equally specific rules.
    pub order: i32,
    pub regulation: Option<String>,
    pub article: Option<String>,
    pub domain: Option<String>,
    pub lead: OrganisationId,
    pub contributors: Vec<OrganisationId>,
    pub mode: RuleMode,
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds.
    pub valid_until: Option<NaiveDate>,
    pub explanation_nl: String,
    pub explanation_en: String,
}

/// A citation as routing sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedRule {
    pub register: Register,
    pub identifier: Option<String>,
    pub article: Option<String>,
    /// What people call it, as "WPO artikel 153".
    pub label: String,
}

/// What routing looks at. The primary citation stands first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub citations: Vec<CitedRule>,
    pub domains: Vec<String>,
}

/// Why a rule is mentioned: enough to say it in words, in each language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    pub nl: String,
    pub en: String,
}

/// An authority that may be the right one, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    pub authority: OrganisationId,
    pub because: Because,
}

/// What routing came to; stored with the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    pub decision: Decision,
    /// The lead of an automatic decision.
    pub lead: Option<OrganisationId>,
    pub contributors: Vec<OrganisationId>,
    pub explanation: Because,
    /// Ranked, the likeliest first.
    pub suggestions: Vec<Suggestion>,
    /// The rule that decided and its version.
    pub rule: Option<(i32, i32)>,
}

impl Routing {
    /// The same, left to a person: the lead that a rule gave comes first among the suggestions.
    pub fn as_suggestion(mut self) -> Self {
        if let Some(lead) = self.lead.take() {
            let because = self.explanation.clone();
            let contributors = std::mem::take(&mut self.contributors);
            let others = std::mem::take(&mut self.suggestions);
            self.suggestions = std::iter::once(lead)
                .chain(contributors)
                .map(|authority| Suggestion {
                    authority,
                    because: because.clone(),
                })
                .chain(others)
                .collect();
            self.decision = Decision::Suggested;
            self.rule = None;
        }
        self
    }
}

/// How exactly a rule fits: the more of the citation it names, the higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Regulation,
    RegulationAndDomain,
    Article,
    ArticleAndDomain,
}

impl Rule {
    fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|until| day < until)
    }

    fn domain_fits(&self, facts: &Facts) -> bool {
        self.domain
            .as_ref()
            .is_none_or(|domain| facts.domains.contains(domain))
    }

    /// How well the rule fits this citation of the report.
    fn fit(&self, cited: &CitedRule, facts: &Facts) -> Option<Specificity> {
        let regulation = self.regulation.as_ref()?;
        if cited.identifier.as_ref() != Some(regulation) || !self.domain_fits(facts) {
            return None;
        }
        match (&self.article, &self.domain) {
            (Some(article), _) if cited.article.as_ref() != Some(article) => None,
            (Some(_), Some(_)) => Some(Specificity::ArticleAndDomain),
            (Some(_), None) => Some(Specificity::Article),
            (None, Some(_)) => Some(Specificity::RegulationAndDomain),
            (None, None) => Some(Specificity::Regulation),
        }
    }

    fn fits_domain_only(&self, facts: &Facts) -> bool {
        self.regulation.is_none() && self.domain.is_some() && self.domain_fits(facts)
    }

    fn because(&self, matched: &str) -> Because {
        Because {
            nl: format!(
                "regel {} versie {}: {matched} → {}",
                self.number, self.version, self.explanation_nl
            ),
            en: format!(
                "rule {} version {}: {matched} → {}",
                self.number, self.version, self.explanation_en
            ),
        }
    }
}

/// Routes a report on `today` (Amsterdam). The primary citation decides: the most specific rule that fits it wins, then the
/// lowest order. A tie between different leads, no fit, a citation that is unknown, European or decentral, or a rule that
/// only suggests leaves it to the desk, with ranked suggestions.
pub fn evaluate(rules: &[Rule], facts: &Facts, today: NaiveDate) -> Routing {
    let rules: Vec<&Rule> = rules.iter().filter(|rule| rule.holds_on(today)).collect();
    let winners = facts
        .citations
        .first()
        .map(|primary| best(&rules, primary, facts))
        .unwrap_or_default();
    let automatic = match winners.as_slice() {
        [only] if only.mode == RuleMode::Auto && national(&facts.citations[0]) => Some(*only),
        _ => None,
    };
    let suggestions = suggest(&rules, &winners, facts);
    match automatic {
        Some(rule) => Routing {
            decision: Decision::Auto,
            lead: Some(rule.lead),
            contributors: contributors(&rules, rule, facts),
            explanation: rule.because(&facts.citations[0].label),
            suggestions: Vec::new(),
            rule: Some((rule.number, rule.version)),
        },
        None => Routing {
            decision: if suggestions.is_empty() {
                Decision::None
            } else {
                Decision::Suggested
            },
            lead: None,
            contributors: Vec::new(),
            explanation: to_the_desk(&winners, facts),
            suggestions,
            rule: None,
        },
    }
}

/// Only a rule of the national legislator routes by itself.
fn national(cited: &CitedRule) -> bool {
    cited.register == Register::Bwb
}

/// The most specific rules for a citation with the lowest order; more than one only where their leads differ.
fn best<'a>(rules: &[&'a Rule], cited: &CitedRule, facts: &Facts) -> Vec<&'a Rule> {
    let mut ranked: Vec<(Specificity, &Rule)> = rules
        .iter()
        .filter_map(|rule| Some((rule.fit(cited, facts)?, *rule)))
        .collect();
    ranked.sort_by_key(|(specificity, rule)| {
        (std::cmp::Reverse(*specificity), rule.order, rule.number)
    });
    let Some(&(top, first)) = ranked.first() else {
        return Vec::new();
    };
    let mut winners = vec![first];
    for (specificity, rule) in ranked.into_iter().skip(1) {
        let tied = specificity == top && rule.order == first.order;
        if tied && winners.iter().all(|winner| winner.lead != rule.lead) {
            winners.push(rule);
        }
    }
    winners
}

/// The contributors of the deciding rule and of every other that fits the primary citation, and the leads and contributors
/// of the best rules for the other citations.
fn contributors(rules: &[&Rule], decided: &Rule, facts: &Facts) -> Vec<OrganisationId> {
    let mut found = decided.contributors.clone();
    if let Some(primary) = facts.citations.first() {
        let fitting = rules
            .iter()
            .filter(|rule| rule.fit(primary, facts).is_some());
        found.extend(fitting.flat_map(|rule| rule.contributors.iter().copied()));
    }
    for cited in facts.citations.iter().skip(1) {
        for rule in best(rules, cited, facts) {
            found.push(rule.lead);
            found.extend(&rule.contributors);
        }
    }
    let mut unique = Vec::new();
    for organisation in found {
        if organisation != decided.lead && !unique.contains(&organisation) {
            unique.push(organisation);
        }
    }
    unique
}

/// Who may be the right authority, the likeliest first: what the primary citation points at, then its less specific
/// rules, then the other citations, then the domains.
fn suggest(rules: &[&Rule], winners: &[&Rule], facts: &Facts) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    let mut seen: BTreeMap<OrganisationId, ()> = BTreeMap::new();
    let mut push = |rule: &Rule, matched: &str| {
        for authority in std::iter::once(rule.lead).chain(rule.contributors.iter().copied()) {
            if seen.insert(authority, ()).is_none() {
                found.push(Suggestion {
                    authority,
                    because: rule.because(matched),
                });
            }
        }
    };
    if let Some(primary) = facts.citations.first() {
        winners.iter().for_each(|rule| push(rule, &primary.label));
    }
    for cited in &facts.citations {
        let mut fitting: Vec<(Specificity, &&Rule)> = rules
            .iter()
            .filter_map(|rule| Some((rule.fit(cited, facts)?, rule)))
            .collect();
        fitting.sort_by_key(|(specificity, rule)| {
            (std::cmp::Reverse(*specificity), rule.order, rule.number)
        });
        fitting
            .iter()
            .for_each(|(_, rule)| push(rule, &cited.label));
    }
    for domain in &facts.domains {
        let mut fitting: Vec<&&Rule> = rules
            .iter()
            .filter(|rule| rule.domain.as_ref() == Some(domain) && rule.fits_domain_only(facts))
            .collect();
        fitting.sort_by_key(|rule| (rule.order, rule.number));
        fitting.iter().for_each(|rule| push(rule, domain));
    }
    found
}

/// Why no rule decided, in words.
fn to_the_desk(winners: &[&Rule], facts: &Facts) -> Because {
    let Some(primary) = facts.citations.first() else {
        return Because {
            nl: "Er is geen regel genoemd; het loket kiest.".into(),
            en: "No rule is cited; the desk decides.".into(),
        };
    };
    let (nl, en) = match (primary.register, winners) {
        (Register::Unknown, _) => (
            "staat niet in een register dat wij kennen",
            "is not in a register we know",
        ),
        (Register::Celex, _) => (
            "is een regel van de Europese Unie",
            "is a rule of the European Union",
        ),
        (Register::Cvdr, _) => (
            "is een decentrale regel; het kenmerk noemt de eigenaar niet",
            "is a decentral rule; its identifier does not name the owner",
        ),
        (Register::Bwb, []) => ("komt in geen routeringsregel voor", "is in no routing rule"),
        (Register::Bwb, [_]) => (
            "heeft een regel die alleen een voorstel doet",
            "has a rule that only suggests",
        ),
        (Register::Bwb, _) => (
            "heeft regels met verschillende eerstverantwoordelijken",
            "has rules with different leads",
        ),
    };
    Because {
        nl: format!("{} {nl}; het loket kiest.", primary.label),
        en: format!("{} {en}; the desk decides.", primary.label),
    }
}

#[cfg(test)]
mod tests;
