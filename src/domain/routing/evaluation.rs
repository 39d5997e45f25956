//! From rules and a report to a decision, and why.

use chrono::NaiveDate;

use crate::domain::citation::Register;
use crate::domain::id::OrganisationId;
use crate::domain::routing::condition::Fit;
use crate::domain::routing::{
    Because, Considered, Decision, Facts, Routing, Rule, RuleMode, RuleSet, Suggestion,
};

/// How many rules that lost are told with a decision.
const MOST_CONSIDERED: usize = 10;

type Fitting<'a> = Vec<(Fit, &'a Rule)>;

/// Routes a report on `today` (Amsterdam). The primary citation decides: the most specific rule that fits it wins, then the
/// lowest order. A tie between different leads, no fit, a citation that is unknown, European or decentral, a rule that only
/// suggests or fits by words, regions or provinces, or an authority that is ended leaves it to the desk, with ranked
/// suggestions.
pub fn evaluate(set: &RuleSet, facts: &Facts, today: NaiveDate) -> Routing {
    let primary = facts.citations.first();
    let fitting = set.fitting(primary, facts, today);
    let winners = winners(&fitting);
    let decided = match winners.as_slice() {
        [(fit, rule)] if primary.is_some_and(|cited| cited.register == Register::Bwb) => rule
            .actions
            .lead
            .filter(|lead| {
                rule.mode == RuleMode::Auto && !fit.is_guess() && set.is_there(*lead, today)
            })
            .map(|lead| (fit, *rule, lead)),
        _ => None,
    };
    let others: Vec<Fitting<'_>> = facts
        .citations
        .iter()
        .skip(1)
        .map(|cited| set.fitting(Some(cited), facts, today))
        .collect();
    let leads: Vec<OrganisationId> = others
        .iter()
        .filter_map(|fitting| only_lead(fitting))
        .collect();
    let own = only_lead(&fitting);
    let may_be_split = own.is_some_and(|own| leads.iter().any(|lead| *lead != own));
    let considered = considered(set, &fitting, decided.map(|(_, rule, _)| rule), today);
    let Some((fit, rule, lead)) = decided else {
        let suggestions = suggest(set, facts, &winners, &fitting, &others, today);
        return Routing {
            decision: if suggestions.is_empty() {
                Decision::None
            } else {
                Decision::Suggested
            },
            lead: None,
            contributors: Vec::new(),
            explanation: to_the_desk(set, &winners, facts, today),
            suggestions,
            rule: None,
            considered,
            watchers: Vec::new(),
            priority: None,
            deadline_profile: None,
            terms: None,
            may_be_split,
        };
    };
    let certain: Vec<&Rule> = fitting
        .iter()
        .filter(|(fit, _)| !fit.is_guess())
        .map(|(_, rule)| *rule)
        .collect();
    let there = |organisation: &OrganisationId| set.is_there(*organisation, today);
    let adding = certain.iter().flat_map(|rule| &rule.actions.contributors);
    let beside = others.iter().flat_map(|fitting| {
        let best = super::evaluation::winners(fitting);
        let named = |(_, rule): &(&Fit, &Rule)| {
            let contributors = rule.actions.contributors.iter().copied();
            rule.actions.lead.into_iter().chain(contributors).collect()
        };
        best.iter()
            .map(named)
            .collect::<Vec<Vec<OrganisationId>>>()
            .concat()
    });
    // A policy domain of another authority brings that in as well.
    let about = fitting
        .iter()
        .filter(|(fit, _)| !fit.cites() && !fit.is_guess())
        .filter_map(|(_, rule)| rule.actions.lead);
    let contributors = rule
        .actions
        .contributors
        .iter()
        .chain(adding)
        .copied()
        .chain(beside)
        .chain(about);
    let watchers = certain
        .iter()
        .flat_map(|rule| &rule.actions.watchers)
        .copied();
    let deadline_profile = certain
        .iter()
        .find_map(|rule| rule.actions.deadline_profile.clone());
    let terms = deadline_profile
        .as_ref()
        .and_then(|code| set.known.profiles.get(code));
    let contributors = unique(contributors.filter(there), &[lead]);
    let named: Vec<OrganisationId> = contributors.iter().copied().chain([lead]).collect();
    Routing {
        decision: Decision::Auto,
        lead: Some(lead),
        explanation: rule.because(&set.words(&fit.by)),
        suggestions: Vec::new(),
        rule: Some((rule.number, rule.version)),
        considered,
        watchers: unique(watchers.filter(there), &named),
        // The most specific rule that says something of it.
        priority: certain.iter().find_map(|rule| rule.actions.priority),
        terms: terms.cloned().map(Box::new),
        deadline_profile,
        contributors,
        may_be_split,
    }
}

/// Each once, in their order, without some.
fn unique(
    all: impl Iterator<Item = OrganisationId>,
    without: &[OrganisationId],
) -> Vec<OrganisationId> {
    let mut found = Vec::new();
    for one in all {
        if !without.contains(&one) && !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// The rules that decide about a citation: the most specific with the lowest order; more than one only where their leads
/// differ. A rule that cites nothing or gives no lead never decides.
fn winners<'a>(fitting: &'a [(Fit, &'a Rule)]) -> Vec<(&'a Fit, &'a Rule)> {
    let mut deciding = fitting
        .iter()
        .filter(|(fit, rule)| fit.cites() && rule.actions.lead.is_some());
    let Some((top, first)) = deciding.next() else {
        return Vec::new();
    };
    let mut winners: Vec<(&Fit, &Rule)> = vec![(top, first)];
    for (fit, rule) in deciding {
        let tied = fit.specificity == top.specificity && rule.order == first.order;
        let new = |(_, winner): &(&Fit, &Rule)| winner.actions.lead != rule.actions.lead;
        if tied && winners.iter().all(new) {
            winners.push((fit, rule));
        }
    }
    winners
}

/// The lead of the one rule that decides about a citation.
fn only_lead(fitting: &[(Fit, &Rule)]) -> Option<OrganisationId> {
    match winners(fitting).as_slice() {
        [(fit, rule)] if !fit.is_guess() => rule.actions.lead,
        _ => None,
    }
}

/// Who may be the right authority, the likeliest first: the owner of a rule that another than the State made, what the
/// primary citation points at, then its less specific rules, then the other citations, then what fits by domain, words or
/// place.
fn suggest(
    set: &RuleSet,
    facts: &Facts,
    winners: &[(&Fit, &Rule)],
    fitting: &[(Fit, &Rule)],
    others: &[Fitting<'_>],
    today: NaiveDate,
) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    let mut push = |authority: OrganisationId, because: Because| {
        let new = found.iter().all(|one| one.authority != authority);
        if new && set.is_there(authority, today) {
            found.push(Suggestion::new(authority, because));
        }
    };
    let primary = facts.citations.first();
    if let Some(cited) = primary
        && let Some(owner) = cited.owner
    {
        let label = &cited.label;
        push(
            owner,
            Because {
                nl: format!("{label}: eigenaar van de regeling"),
                en: format!("{label}: owner of the regulation"),
            },
        );
        if let Some(operator) = set.known.operator {
            push(
                operator,
                Because {
                    nl: format!(
                        "{label}: het meldpunt behandelt mee wat van een andere overheid is"
                    ),
                    en: format!(
                        "{label}: the reporting point contributes to what another government owns"
                    ),
                },
            );
        }
    }
    let first = winners.iter().map(|(fit, rule)| (*fit, *rule));
    let citing = fitting.iter().map(|(fit, rule)| (fit, *rule));
    let beside = others.iter().flatten().map(|(fit, rule)| (fit, *rule));
    // Of what cites nothing the policy domains go in the order in which the reporter named them.
    let named = |(fit, _): &(&Fit, &Rule)| {
        facts
            .domains
            .iter()
            .position(|code| fit.by.iter().any(|by| by.is_domain(code)))
    };
    let mut general: Vec<(&Fit, &Rule)> = fitting
        .iter()
        .map(|(fit, rule)| (fit, *rule))
        .filter(|(fit, _)| !fit.cites())
        .collect();
    general.sort_by_key(|one| {
        let rank = std::cmp::Reverse(one.0.specificity.rank);
        (rank, named(one).unwrap_or(usize::MAX))
    });
    let likely = first
        .chain(citing)
        .chain(beside)
        .filter(|(fit, _)| fit.cites())
        .chain(general);
    for (fit, rule) in likely {
        let because = rule.because(&set.words(&fit.by));
        let authorities = rule.actions.lead.iter().chain(&rule.actions.contributors);
        authorities.for_each(|authority| push(*authority, because.clone()));
    }
    found
}

/// The rules that fitted beside the one that decided, and why each lost.
fn considered(
    set: &RuleSet,
    fitting: &[(Fit, &Rule)],
    decided: Option<&Rule>,
    today: NaiveDate,
) -> Vec<Considered> {
    let best = fitting
        .iter()
        .find(|(_, rule)| decided.is_some_and(|decided| decided.id == rule.id));
    let losing = fitting
        .iter()
        .filter(|(_, rule)| decided.is_none_or(|decided| decided.id != rule.id));
    let told = losing.map(|(fit, rule)| {
        let (nl, en) = match (rule.actions.lead, best) {
            (None, _) => (
                "geeft geen eerstverantwoordelijke, maar voegt toe",
                "gives no lead, but adds",
            ),
            (Some(lead), _) if !set.is_there(lead, today) => (
                "de eerstverantwoordelijke bestaat niet meer",
                "its lead no longer exists",
            ),
            _ if !fit.cites() => (
                "past niet op een aangehaalde regel",
                "does not fit a rule that is cited",
            ),
            _ if fit.is_guess() => (
                "past op woorden of een gebied, en dat geeft geen zekerheid",
                "fits by words or a region, and that is no certainty",
            ),
            (_, Some((won, _))) if fit.specificity < won.specificity => {
                ("is minder precies", "is less specific")
            }
            (_, Some((_, winner))) if rule.order > winner.order => {
                ("staat lager in de volgorde", "stands lower in the order")
            }
            (_, Some(_)) => ("wijst naar dezelfde", "points at the same"),
            (_, None) if rule.mode == RuleMode::Suggest => {
                ("doet alleen een voorstel", "only suggests")
            }
            (_, None) => ("beslist niet alleen", "does not decide alone"),
        };
        let because = rule.because(&set.words(&fit.by));
        Considered {
            rule: (rule.number, rule.version),
            lead: rule.actions.lead,
            because: Because {
                nl: format!("{}; {nl}", because.nl),
                en: format!("{}; {en}", because.en),
            },
        }
    });
    told.take(MOST_CONSIDERED).collect()
}

/// Why no rule decided, in words.
fn to_the_desk(
    set: &RuleSet,
    winners: &[(&Fit, &Rule)],
    facts: &Facts,
    today: NaiveDate,
) -> Because {
    let Some(primary) = facts.citations.first() else {
        return Because {
            nl: "Er is geen regel genoemd; het loket kiest.".into(),
            en: "No rule is cited; the desk decides.".into(),
        };
    };
    let gone = |rule: &Rule| {
        rule.actions
            .lead
            .is_some_and(|lead| !set.is_there(lead, today))
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
        (Register::Cvdr, _) if primary.owner.is_some() => (
            "is een decentrale regel; het loket bevestigt de eigenaar",
            "is a decentral rule; the desk confirms its owner",
        ),
        (Register::Cvdr, _) => (
            "is een decentrale regel; het kenmerk noemt de eigenaar niet",
            "is a decentral rule; its identifier does not name the owner",
        ),
        (Register::Bwb, []) => ("komt in geen routeringsregel voor", "is in no routing rule"),
        (Register::Bwb, [(_, rule)]) if gone(rule) => (
            "heeft een regel met een eerstverantwoordelijke die niet meer bestaat",
            "has a rule whose lead no longer exists",
        ),
        (Register::Bwb, [(fit, _)]) if fit.is_guess() => (
            "heeft een regel die ook op woorden of een gebied let",
            "has a rule that also looks at words or a region",
        ),
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
