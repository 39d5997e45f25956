//! Rules that corrections speak for: a coordinator makes a rule of one, or puts it aside.

use crate::audit;
use crate::domain::actor::Actor;
use crate::domain::citation::Register;
use crate::domain::id::ProposalId;
use crate::domain::routing::learning::ProposalState;
use crate::domain::routing::{Actions, Because, CitedCondition, Condition, Rule, RuleMode};
use crate::services::reports::load_organisations;
use crate::services::routing_rules::{self, NewRule, may_read, may_write};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::regulations;
use crate::store::routing_proposals::{self, Proposal};

/// A page of proposals, the newest first.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    states: &[ProposalState],
    before: Option<ProposalId>,
    limit: i64,
) -> Result<Vec<Proposal>, Error> {
    may_read(actor)?;
    Ok(routing_proposals::list(conn, states, before, limit)?)
}

/// Makes a rule of a proposal: itself a proposal still, to be tried and put in force as any other. A rule about the same
/// article gets a new version.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` when it was decided about, `Invalid` when no such rule can be.
pub fn accept(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ProposalId,
) -> Result<Rule, Error> {
    may_write(actor)?;
    let proposal = open(conn, id)?;
    let counted = &proposal.counted;
    let known = regulations::find(conn, &counted.regulation)?
        .ok_or_else(|| Error::Internal(format!("no regulation {}", counted.regulation)))?;
    let article = counted.article.clone();
    let condition = Condition::Regulation(CitedCondition {
        id: counted.regulation.clone(),
        articles: article.clone().into_iter().collect(),
    });
    let lead = load_organisations(conn, std::iter::once(counted.lead))?;
    let lead = lead
        .get(&counted.lead)
        .map(|lead| {
            lead.abbreviation
                .clone()
                .unwrap_or_else(|| lead.name.clone())
        })
        .unwrap_or_default();
    let (times, of_all) = (counted.times, counted.of_all);
    let about = match &article {
        Some(article) => format!("{} artikel {article}", known.label()),
        None => known.label().to_owned(),
    };
    let same = {
        let set = context.rules.rules(conn)?;
        let mut of_it = set.rules().iter().map(|ready| &ready.rule);
        of_it.find(|rule| rule.condition == condition).cloned()
    };
    let new = NewRule {
        order: same.as_ref().map(|rule| rule.order),
        condition,
        actions: Actions {
            lead: Some(counted.lead),
            ..same
                .as_ref()
                .map(|rule| rule.actions.clone())
                .unwrap_or_default()
        },
        mode: if known.register == Register::Bwb {
            RuleMode::Auto
        } else {
            RuleMode::Suggest
        },
        valid_from: None,
        valid_until: None,
        explanation: Because {
            nl: format!("{lead}, waarheen {times} van {of_all} meldingen hierover zijn doorgezet"),
            en: format!("{lead}, where {times} of {of_all} reports about it were sent"),
        },
        reason: format!("{about}: {times} van {of_all} keer naar {lead} doorgezet."),
    };
    let rule = match same {
        None => routing_rules::create(conn, context, actor, new)?,
        Some(rule) => {
            let latest = routing_rules::get(conn, actor, rule.number)?;
            routing_rules::change(conn, context, actor, rule.number, latest.version, new)?
        }
    };
    decide(
        conn,
        context,
        actor,
        Proposal {
            state: ProposalState::Accepted,
            rule: Some(rule.number),
            ..proposal
        },
    )?;
    Ok(rule)
}

/// Puts a proposal aside; it does not come back.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Conflict` when it was decided about.
pub fn dismiss(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ProposalId,
    reason: String,
) -> Result<Proposal, Error> {
    may_write(actor)?;
    let proposal = open(conn, id)?;
    decide(
        conn,
        context,
        actor,
        Proposal {
            state: ProposalState::Dismissed,
            reason: Some(reason),
            ..proposal
        },
    )
}

fn open(conn: &mut Conn, id: ProposalId) -> Result<Proposal, Error> {
    let proposal = routing_proposals::find(conn, id)?.ok_or(Error::NotFound)?;
    if proposal.state == ProposalState::Open {
        Ok(proposal)
    } else {
        Err(Error::Conflict("proposal_decided"))
    }
}

fn decide(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    proposal: Proposal,
) -> Result<Proposal, Error> {
    let decided = Proposal {
        decided_at: Some(context.clock.now()),
        decided_by: Some(actor.name.clone()),
        ..proposal
    };
    audit::note("proposal", decided.id.to_string());
    if routing_proposals::decide(conn, &decided)? {
        Ok(decided)
    } else {
        Err(Error::Conflict("proposal_decided"))
    }
}
