//! The routing rules in force, as a node remembers them, and routing a report by them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use chrono::NaiveDate;

use crate::domain::id::OrganisationId;
use crate::domain::report::{Cited, Content};
use crate::domain::routing::condition::terms_of;
use crate::domain::routing::{
    self, CitedRule, Decision, Facts, Routing, Rule, RuleSet, RuleState, Text,
};
use crate::reference;
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::{routing_knowledge, routing_rules, service_state};

/// The usual words about the policy domains that come with the service.
static USUAL_WORDS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let all = reference::vocabulary().into_iter();
    all.map(|one| (one.domain, one.words)).collect()
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
    Ok(routing.with_ranked(ranked))
}
