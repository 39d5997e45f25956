//! What proposed rules would do: every past report is routed by the rules as they are and as they would be, batch by batch,
//! and nothing is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::id::{OrganisationId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::report::{Report, ReportRef};
use crate::domain::routing::{self, Rule, RuleSet, RuleState};
use crate::services::reports::{Organisations, load_organisations};
use crate::services::routing::facts;
use crate::services::routing_rules::{VersionRef, may_write};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::{reports, routing_rules};

/// Reports that are read and routed at a time.
const BATCH: i64 = 500;

/// The rules as they are and as they would be.
#[derive(Debug, Clone)]
pub struct Trial {
    now: Arc<RuleSet>,
    then: Arc<RuleSet>,
    /// The versions that are tried.
    pub versions: Vec<VersionRef>,
    /// How many reports there are.
    pub of: i64,
}

/// A report that would go elsewhere; none stands for the desk.
#[derive(Debug, Clone)]
pub struct Moved {
    pub report: ReportRef,
    pub from: Option<OrganisationId>,
    pub to: Option<OrganisationId>,
    /// A person had already brought it where the proposed rules would.
    pub as_corrected: bool,
}

/// What a batch came to.
#[derive(Debug)]
pub struct Batch {
    pub looked_at: usize,
    pub moved: Vec<Moved>,
    pub organisations: Organisations,
    /// Where the next begins; none at the end.
    pub next: Option<ReportId>,
}

/// What all came to.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    pub looked_at: usize,
    pub moved: usize,
    pub as_corrected: usize,
    /// How many from whom to whom.
    pub ways: BTreeMap<(Option<OrganisationId>, Option<OrganisationId>), usize>,
}

impl Totals {
    pub fn add(&mut self, batch: &Batch) {
        self.looked_at += batch.looked_at;
        self.moved += batch.moved.len();
        for moved in &batch.moved {
            self.as_corrected += usize::from(moved.as_corrected);
            *self.ways.entry((moved.from, moved.to)).or_default() += 1;
        }
    }
}

/// Makes ready to try some proposed versions, or all that are proposed.
///
/// # Errors
/// `Forbidden` for who does not write rules, `Invalid` for a version that is no proposal.
pub fn begin(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    wanted: Option<&[VersionRef]>,
) -> Result<Trial, Error> {
    may_write(actor)?;
    let proposed = routing_rules::in_states(conn, &[RuleState::Proposed])?;
    let named = |rule: &Rule| VersionRef {
        number: rule.number,
        version: rule.version,
    };
    let tried: Vec<Rule> = match wanted {
        None => proposed,
        Some(wanted) => {
            let missing = wanted
                .iter()
                .enumerate()
                .filter(|(_, one)| proposed.iter().all(|rule| named(rule) != **one));
            let faults: Vec<FieldError> = missing
                .map(|(at, _)| FieldError::new(format!("/rules/{at}"), "not_proposed"))
                .collect();
            if !faults.is_empty() {
                return Err(Error::Invalid(faults));
            }
            proposed
                .into_iter()
                .filter(|rule| wanted.contains(&named(rule)))
                .collect()
        }
    };
    Ok(Trial {
        versions: tried.iter().map(named).collect(),
        now: context.rules.rules(conn)?,
        then: Arc::new(context.rules.with(conn, &tried)?),
        of: reports::count_sent(conn)?,
    })
}

/// Routes the next reports by both.
pub fn batch(
    conn: &mut Conn,
    context: &Context,
    trial: &Trial,
    after: Option<ReportId>,
) -> Result<Batch, Error> {
    let found = reports::sent_after(conn, after, BATCH)?;
    let today = local_date(context.clock.now());
    // What is known beside the rules is the same in both: what a report says is taken apart once.
    let leads = |report: &Report| {
        let facts = facts(&trial.now, &report.content, report.submitter);
        let lead = |set: &RuleSet| routing::evaluate(set, &facts, today).lead;
        (lead(&trial.now), lead(&trial.then))
    };
    let moved: Vec<Moved> = found
        .iter()
        .filter_map(|report| {
            let (from, to) = leads(report);
            (from != to).then(|| Moved {
                report: ReportRef::from(report),
                from,
                to,
                as_corrected: to.is_some() && report.lead == to && report.handling.routed_by_hand,
            })
        })
        .collect();
    let named = moved
        .iter()
        .flat_map(|moved| [moved.from, moved.to])
        .flatten();
    let organisations = load_organisations(conn, named)?;
    let full = i64::try_from(found.len()).unwrap_or(BATCH) == BATCH;
    Ok(Batch {
        looked_at: found.len(),
        next: found.last().filter(|_| full).map(|report| report.id),
        moved,
        organisations,
    })
}
