//! The rules that are in force, made ready: what a report may fit is found by the regulations it cites, however many rules
//! there are.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::actor::OrganisationKind;
use crate::domain::citation::Register;
use crate::domain::code::Code;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::id::OrganisationId;
use crate::domain::place::RegionKind;
use crate::domain::regulation::RegulationLevel;
use crate::domain::routing::condition::{Fit, Matched, Test};
use crate::domain::routing::ranking::Ranker;
use crate::domain::routing::{Because, CitedRule, Facts, Rule, RuleState};

/// A rule with its condition made ready.
#[derive(Debug, Clone)]
pub struct Ready {
    pub rule: Rule,
    pub test: Test,
}

/// What is known beside the rules.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// Authorities that are ended, and since when.
    pub ended: HashMap<OrganisationId, NaiveDate>,
    /// Regulations that the State did not make: at which level they were, and by whom.
    pub others: HashMap<String, (RegulationLevel, Option<OrganisationId>)>,
    /// What organisations are.
    pub kinds: HashMap<OrganisationId, OrganisationKind>,
    /// What the regions are, by code.
    pub regions: HashMap<String, RegionKind>,
    /// What the policy domains are called.
    pub domains: HashMap<String, Because>,
    /// The deadline profiles as they are now, by code.
    pub profiles: HashMap<String, DeadlineProfile>,
    /// What the words of a report are held against.
    pub ranker: Arc<Ranker>,
    /// The reporting point, which contributes to what another than a ministry owns.
    pub operator: Option<OrganisationId>,
}

/// The rules in force.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    rules: Vec<Ready>,
    /// Where the rules stand that hold only for a report that cites this regulation.
    by_regulation: HashMap<String, Vec<usize>>,
    /// Those that may hold for any report.
    general: Vec<usize>,
    /// By number.
    versions: HashMap<i32, i32>,
    pub known: Knowledge,
}

impl RuleSet {
    /// The rules of some that are in force; a set of proposed ones is made by calling them so.
    pub fn new(rules: impl IntoIterator<Item = Rule>, known: Knowledge) -> Self {
        let mut set = Self {
            known,
            ..Self::default()
        };
        let mut active: Vec<Rule> = rules
            .into_iter()
            .filter(|rule| rule.state == RuleState::Active)
            .collect();
        active.sort_by_key(|rule| (rule.order, rule.number));
        for rule in active {
            let test = Test::from(&rule.condition);
            let at = set.rules.len();
            match test.needs_one_of() {
                None => set.general.push(at),
                Some(ids) => {
                    for id in ids {
                        let of_it = set.by_regulation.entry(id.to_owned()).or_default();
                        if of_it.last() != Some(&at) {
                            of_it.push(at);
                        }
                    }
                }
            }
            set.versions.insert(rule.number, rule.version);
            set.rules.push(Ready { rule, test });
        }
        set
    }

    /// Which version of a rule is in force.
    pub fn version_of(&self, number: i32) -> Option<i32> {
        self.versions.get(&number).copied()
    }

    pub fn rules(&self) -> &[Ready] {
        &self.rules
    }

    /// The rules that may hold for all that another holds for, in their order.
    pub(super) fn near<'a>(&'a self, test: &Test) -> impl Iterator<Item = &'a Ready> {
        let ids = test.needs_one_of().unwrap_or_default();
        let of_them = ids.iter().filter_map(|id| self.by_regulation.get(*id));
        let mut found: Vec<usize> = of_them.flatten().chain(&self.general).copied().collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|at| self.rules.get(at))
    }

    /// The rules that fit a report on a day, asked about one of its citations or about none, the most specific first.
    pub fn fitting<'a>(
        &'a self,
        cited: Option<&'a CitedRule>,
        facts: &'a Facts,
        today: NaiveDate,
    ) -> Vec<(Fit, &'a Rule)> {
        let of_it = cited
            .and_then(|cited| cited.identifier.as_ref())
            .and_then(|id| self.by_regulation.get(id));
        let mut found: Vec<(Fit, &Rule)> = of_it
            .into_iter()
            .flatten()
            .chain(&self.general)
            .filter_map(|at| {
                let Ready { rule, test } = self.rules.get(*at)?;
                let fit = test.fit(cited, facts).filter(|_| rule.holds_on(today))?;
                Some((fit, rule))
            })
            .collect();
        found.sort_by_key(|(fit, rule)| {
            (std::cmp::Reverse(fit.specificity), rule.order, rule.number)
        });
        found
    }

    /// At which level a cited regulation was made, and who owns what another than the State made.
    pub fn made_by(
        &self,
        register: Register,
        identifier: Option<&str>,
    ) -> (Option<RegulationLevel>, Option<OrganisationId>) {
        let known = identifier.and_then(|id| self.known.others.get(id));
        match (known, register) {
            (Some((level, owner)), _) => (Some(*level), *owner),
            (None, Register::Bwb) => (Some(RegulationLevel::National), None),
            (None, Register::Celex) => (Some(RegulationLevel::Eu), None),
            // Its identifier does not say whose it is.
            (None, Register::Cvdr | Register::Unknown) => (None, None),
        }
    }

    /// What the regions of a report are.
    pub fn region_kinds(&self, codes: &[String]) -> Vec<RegionKind> {
        let mut kinds: Vec<RegionKind> = codes
            .iter()
            .filter_map(|code| self.known.regions.get(code).copied())
            .collect();
        kinds.sort_unstable_by_key(|kind| kind.as_str());
        kinds.dedup();
        kinds
    }

    /// Whether an authority is there to take a report on a day.
    pub fn is_there(&self, authority: OrganisationId, today: NaiveDate) -> bool {
        self.known
            .ended
            .get(&authority)
            .is_none_or(|since| today < *since)
    }

    /// What a rule fitted by, in words.
    pub fn words(&self, matched: &[Matched]) -> Because {
        let mut parts: Vec<Because> = Vec::new();
        for one in matched {
            let said = self.word(one);
            if !parts.contains(&said) {
                parts.push(said);
            }
        }
        let joined = |pick: fn(&Because) -> &str, and: &str| {
            let all: Vec<&str> = parts.iter().map(pick).collect();
            all.join(and)
        };
        Because {
            nl: joined(|part| &part.nl, " en "),
            en: joined(|part| &part.en, " and "),
        }
    }

    fn word(&self, matched: &Matched) -> Because {
        use crate::domain::actor::Language::{En, Nl};
        let both = |nl: String, en: String| Because { nl, en };
        match matched {
            Matched::Citation(label) => both(label.clone(), label.clone()),
            Matched::Level(level) => both(
                format!("een regel van {}", level.made_by(Nl)),
                format!("a rule of {}", level.made_by(En)),
            ),
            Matched::Domain(code) => match self.known.domains.get(code) {
                Some(label) => both(
                    format!("beleidsterrein {}", label.nl),
                    format!("policy domain {}", label.en),
                ),
                None => both(
                    format!("beleidsterrein {code}"),
                    format!("policy domain {code}"),
                ),
            },
            Matched::RegionKind(kind) => both(
                format!("een {}", kind.label(Nl)),
                format!("a {}", kind.label(En)),
            ),
            Matched::Province(code) => {
                both(format!("provincie {code}"), format!("province {code}"))
            }
            Matched::ReporterKind(kind) => both(
                format!("melder is een {}", kind.label(Nl)),
                format!("the reporter is a {}", kind.label(En)),
            ),
            Matched::Requested(remedy) => both(
                format!("gevraagd: {}", remedy.label(Nl)),
                format!("asked for: {}", remedy.label(En)),
            ),
            Matched::Words(phrase) => both(
                format!("de woorden \u{2018}{phrase}\u{2019}"),
                format!("the words \u{2018}{phrase}\u{2019}"),
            ),
        }
    }
}

impl Rule {
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|until| day < until)
    }

    /// Why it is mentioned: which rule and version, what it fitted by, and what it says.
    pub fn because(&self, by: &Because) -> Because {
        Because {
            nl: format!(
                "regel {} versie {}: {} → {}",
                self.number, self.version, by.nl, self.explanation.nl
            ),
            en: format!(
                "rule {} version {}: {} → {}",
                self.number, self.version, by.en, self.explanation.en
            ),
        }
    }
}
