//! The routing rules in force, as a node remembers them, and routing a report by them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use chrono::NaiveDate;

use crate::domain::id::OrganisationId;
use crate::domain::report::{Cited, Confidentiality, Content, Report};
use crate::domain::routing::condition::terms_of;
use crate::domain::routing::{
    self, CitedRule, Decision, Facts, Neighbour, Routing, Rule, RuleSet, RuleState, Text,
};
use crate::domain::search::SearchQuery;
use crate::domain::similarity::{SUGGESTED, Subject};
use crate::domain::status::Status;
use crate::reference::{self, Described};
use crate::services::reports::search;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::{reports, routing_knowledge, routing_rules, service_state};

/// Words that earlier reports are looked for by.
const TERMS: usize = 12;
/// Of what shares one of them the newest this many are ranked, and this many of those are compared.
const LOOKED_AT: i64 = 500;
const COMPARED: usize = 40;
/// Earlier reports that are named at most.
const NEIGHBOURS: usize = 5;

/// The usual words that come with the service: about policy domains by their code, regulations by their identifier, and
/// ministries by their TOOI code.
static USUAL_WORDS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let tooi: HashMap<String, String> = reference::ministries()
        .into_iter()
        .map(|ministry| (ministry.code, ministry.tooi))
        .collect();
    let key = |of| match of {
        Described::Domain(code) | Described::Regulation(code) => Some(code),
        Described::Ministry(code) => tooi.get(&code).cloned(),
    };
    let all = reference::vocabulary().into_iter();
    all.filter_map(|one| Some((key(one.of)?, one.words)))
        .collect()
});

/// The rules in force as this node last read them. A change on any node counts at once: whoever routes asks first whether
/// what is remembered still stands.
#[derive(Default)]
pub struct Remembered(Mutex<Option<(Option<String>, Arc<RuleSet>)>>);

impl Remembered {
    /// The rules in force: one statement when nothing has changed.
    pub fn rules(&self, conn: &mut Conn) -> Result<Arc<RuleSet>, Error> {
        let stamp = service_state::routing_stamp(conn)?;
        if let Some((of, rules)) = &*self.kept()
            && *of == stamp
        {
            return Ok(rules.clone());
        }
        let rules = routing_rules::in_states(conn, &[RuleState::Active])?;
        let set = Arc::new(RuleSet::new(
            rules,
            routing_knowledge::read(conn, &USUAL_WORDS)?,
        ));
        *self.kept() = Some((stamp, set.clone()));
        Ok(set)
    }

    /// The rules as they would be with some versions put in the place of those of their number.
    pub fn with(&self, conn: &mut Conn, proposed: &[Rule]) -> Result<RuleSet, Error> {
        let set = self.rules(conn)?;
        let replaced = |rule: &Rule| proposed.iter().any(|one| one.number == rule.number);
        let stay = set.rules().iter().map(|ready| ready.rule.clone());
        let come = proposed.iter().map(|rule| Rule {
            state: RuleState::Active,
            ..rule.clone()
        });
        let rules = stay.filter(|rule| !replaced(rule)).chain(come);
        Ok(RuleSet::new(rules, set.known.clone()))
    }

    fn kept(&self) -> MutexGuard<'_, Option<(Option<String>, Arc<RuleSet>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What routing looks at in a report, the primary citation first.
pub fn facts(set: &RuleSet, content: &Content, submitter: OrganisationId) -> Facts {
    let mut cited: Vec<&Cited> = content.citations.iter().collect();
    cited.sort_by_key(|cited| !cited.primary);
    let rule = |cited: &Cited| {
        let identifier = cited.citation.regulation();
        let (level, owner) = set.made_by(cited.citation.register, identifier.as_deref());
        CitedRule {
            register: cited.citation.register,
            identifier,
            article: cited.citation.article.clone(),
            label: cited.label(),
            level,
            owner,
        }
    };
    Facts {
        citations: cited.into_iter().map(rule).collect(),
        domains: content.domains.clone(),
        region_kinds: set.region_kinds(&content.regions),
        provinces: content.provinces.clone(),
        reporter_kind: set.known.kinds.get(&submitter).copied(),
        requested: content.requested.clone(),
        text: Text {
            title: terms_of(&content.title),
            description: terms_of(&content.description),
            effect: terms_of(&content.effect),
        },
    }
}

/// Routes by the rules in force.
pub fn evaluate(
    conn: &mut Conn,
    context: &Context,
    content: &Content,
    submitter: OrganisationId,
    today: NaiveDate,
) -> Result<Routing, Error> {
    let set = context.rules.rules(conn)?;
    let facts = facts(&set, content, submitter);
    let routing = routing::evaluate(&set, &facts, today);
    if routing.decision == Decision::Auto {
        return Ok(routing);
    }
    let solution = content.proposed_solution.as_deref().unwrap_or_default();
    let texts = [content.description.as_str(), &content.effect, solution];
    let mut ranked = set.known.ranker.rank(&content.title, &texts);
    ranked.retain(|one| set.is_there(one.authority, today));
    let mut neighbours = neighbours(conn, content)?;
    neighbours.retain(|(authority, _)| set.is_there(*authority, today));
    Ok(routing.with_ranked(ranked).with_neighbours(neighbours))
}

/// Reports like it that were settled, and by which authority, the most alike first; two statements. What is confidential
/// is left out: who is suggested an authority must not learn of it.
fn neighbours(
    conn: &mut Conn,
    content: &Content,
) -> Result<Vec<(OrganisationId, Neighbour)>, Error> {
    let subject = subject(content);
    let query = SearchQuery::any_of(subject.heaviest(TERMS));
    let ids = search::closest(conn, &query, false, (LOOKED_AT, COMPARED))?;
    let settled = |report: &Report| {
        report.status == Status::Settled && report.confidentiality != Confidentiality::Confidential
    };
    let mut found: Vec<(OrganisationId, Neighbour)> = reports::by_ids(conn, &ids)?
        .iter()
        .filter(|report| settled(report))
        .filter_map(|report| {
            let alike = subject.compare(&self::subject(&report.content)).score;
            let neighbour = Neighbour {
                id: report.id,
                reference: report.reference.clone(),
                alike,
            };
            (alike >= SUGGESTED).then_some((report.lead?, neighbour))
        })
        .collect();
    found.sort_by(|(_, a), (_, b)| b.alike.cmp(&a.alike).then(b.id.cmp(&a.id)));
    found.truncate(NEIGHBOURS);
    Ok(found)
}

/// What of a report is held against others.
pub(super) fn subject(content: &Content) -> Subject {
    let cited = content.citations.iter().filter_map(|cited: &Cited| {
        Some((cited.citation.regulation()?, cited.citation.article.clone()))
    });
    let texts = [content.description.as_str(), &content.effect];
    Subject::new(&content.title, &texts, cited, &content.domains)
}
