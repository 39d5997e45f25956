//! A plan as it is written: what it names is looked up, every fault is told at once.

use chrono::NaiveDate;

use crate::domain::experiment::Experiment;
use crate::domain::experiment::plan::{
    Baseline, Direction, Frequency, Indicator, InstrumentKind, LegalBasis, Milestone, Plan, Risk,
};
use crate::domain::id::{IndicatorId, MilestoneId};
use crate::domain::invalid::FieldError;
use crate::domain::publication::{Publication, PublicationKind};
use crate::domain::regulation::RegulationKind;
use crate::services::Error;
use crate::services::reports::content::{CitationEntry, cite};
use crate::store::db::Conn;
use crate::store::regulations;

/// A legal basis as it was sent.
#[derive(Debug, Clone)]
pub struct BasisChange {
    pub clause: CitationEntry,
    pub instrument: InstrumentKind,
    pub instrument_title: Option<String>,
    pub publication: Option<String>,
    pub maximum_months: u32,
    pub extension_months: u32,
}

/// An indicator as it was sent; with an id the change of one.
#[derive(Debug, Clone)]
pub struct IndicatorChange {
    pub id: Option<IndicatorId>,
    pub name: String,
    pub definition: String,
    pub unit: String,
    pub direction: Direction,
    pub source: Option<String>,
    pub frequency: Frequency,
    pub primary: bool,
    pub baselines: Vec<Baseline>,
    pub target: Option<f64>,
}

/// A milestone as it was sent; with an id the change of one.
#[derive(Debug, Clone)]
pub struct MilestoneChange {
    pub id: Option<MilestoneId>,
    pub title: String,
    pub owner: String,
    pub due_on: NaiveDate,
}

/// New values; `None` leaves a property as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default)]
pub struct PlanChange {
    pub purpose: Option<Option<String>>,
    pub scope: Option<Option<String>>,
    pub deviations: Option<Vec<CitationEntry>>,
    pub legal_basis: Option<Option<BasisChange>>,
    pub starts_on: Option<Option<NaiveDate>>,
    pub ends_on: Option<Option<NaiveDate>>,
    pub hypothesis: Option<Option<String>>,
    pub comparison_group: Option<Option<String>>,
    pub safeguards: Option<Option<String>>,
    pub stop_criteria: Option<Option<String>>,
    pub evaluator: Option<Option<String>>,
    pub evaluation_plan: Option<Option<String>>,
    pub budget: Option<Option<String>>,
    pub indicators: Option<Vec<IndicatorChange>>,
    pub milestones: Option<Vec<MilestoneChange>>,
    pub risks: Option<Vec<Risk>>,
}

fn put<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// The plan with its changes: at most three statements, whatever is named.
pub fn apply(
    conn: &mut Conn,
    before: &Experiment,
    change: PlanChange,
    today: NaiveDate,
) -> Result<Plan, Error> {
    let mut plan = before.plan.clone();
    let mut faults = Vec::new();
    put(&mut plan.purpose, change.purpose);
    put(&mut plan.scope, change.scope);
    put(&mut plan.starts_on, change.starts_on);
    put(&mut plan.ends_on, change.ends_on);
    put(&mut plan.hypothesis, change.hypothesis);
    put(&mut plan.comparison_group, change.comparison_group);
    put(&mut plan.safeguards, change.safeguards);
    put(&mut plan.stop_criteria, change.stop_criteria);
    put(&mut plan.evaluator, change.evaluator);
    put(&mut plan.evaluation_plan, change.evaluation_plan);
    put(&mut plan.budget, change.budget);
    put(&mut plan.risks, change.risks);
    let below = |from: &str, to: &str, found: Vec<FieldError>| {
        let moved = |fault: FieldError| FieldError {
            pointer: fault.pointer.replacen(from, to, 1),
            ..fault
        };
        found.into_iter().map(moved).collect::<Vec<_>>()
    };
    if let Some(entries) = change.deviations {
        match cite(conn, &entries, today)? {
            Ok(cited) => plan.deviations = cited,
            Err(found) => faults.extend(below("/regulations", "/plan/deviations", found)),
        }
    }
    match change.legal_basis {
        None => {}
        Some(None) => plan.legal_basis = None,
        Some(Some(given)) => {
            let at = "/plan/legalBasis";
            match cite(conn, std::slice::from_ref(&given.clause), today)? {
                Ok(mut cited) => {
                    let publication = published(given.publication.as_deref(), &mut faults);
                    plan.legal_basis = cited.pop().map(|clause| LegalBasis {
                        clause,
                        instrument: given.instrument,
                        instrument_title: given.instrument_title,
                        publication,
                        maximum_months: given.maximum_months,
                        extension_months: given.extension_months,
                    });
                }
                Err(found) => {
                    faults.extend(below("/regulations/0", &format!("{at}/clause"), found));
                }
            }
        }
    }
    if let Some(wanted) = change.indicators {
        plan.indicators = indicators(before, wanted, today, &mut faults);
    }
    if let Some(wanted) = change.milestones {
        plan.milestones = milestones(before, wanted, &mut faults);
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if plan.deviations != before.plan.deviations {
        plan.deviates_from_act = deviates_from_act(conn, &plan)?;
    }
    Ok(plan)
}

/// A new experiment with what is known of the rules it deviates from.
pub fn with_known(conn: &mut Conn, mut experiment: Experiment) -> Result<Experiment, Error> {
    experiment.plan.deviates_from_act = deviates_from_act(conn, &experiment.plan)?;
    Ok(experiment)
}

/// Whether one of the rules is an act, as far as is known.
fn deviates_from_act(conn: &mut Conn, plan: &Plan) -> Result<bool, Error> {
    let cited: Vec<String> = plan
        .deviations
        .iter()
        .filter_map(|one| one.citation.regulation())
        .collect();
    let known = regulations::by_identifiers(conn, &cited)?;
    Ok(known.iter().any(|one| one.kind == RegulationKind::Act))
}

/// Where the instrument was made known: a gazette, not a paper of parliament.
fn published(given: Option<&str>, faults: &mut Vec<FieldError>) -> Option<String> {
    let at = "/plan/legalBasis/publication";
    match Publication::parse(given?) {
        Some(found) if found.kind != PublicationKind::ParliamentaryPaper => Some(found.id),
        Some(_) => {
            faults.push(FieldError::new(at, "gazette_needed"));
            None
        }
        None => {
            faults.push(FieldError::new(at, "publication_malformed"));
            None
        }
    }
}

fn indicators(
    before: &Experiment,
    wanted: Vec<IndicatorChange>,
    today: NaiveDate,
    faults: &mut Vec<FieldError>,
) -> Vec<Indicator> {
    let known = |id: IndicatorId| before.plan.indicators.iter().any(|one| one.id == id);
    let mut names: Vec<String> = Vec::new();
    let mut made = Vec::new();
    for (at, one) in wanted.into_iter().enumerate() {
        let here = |field: &str| format!("/plan/indicators/{at}/{field}");
        if one.id.is_some_and(|id| !known(id)) {
            faults.push(FieldError::new(here("id"), "unknown_indicator"));
        }
        let name = one.name.to_lowercase();
        if names.contains(&name) {
            faults.push(FieldError::new(here("name"), "duplicate_name"));
        }
        names.push(name);
        let mut whose = Vec::new();
        for (nth, base) in one.baselines.iter().enumerate() {
            let there = format!("baselines/{nth}");
            if base.measured_on > today {
                let fault = FieldError::new(here(&format!("{there}/measuredOn")), "date_in_future");
                faults.push(fault.with("latest", today));
            }
            if whose.contains(&base.participant) {
                faults.push(FieldError::new(here(&there), "duplicate_baseline"));
            }
            if base
                .participant
                .is_some_and(|id| before.participant(id).is_none())
            {
                faults.push(FieldError::new(
                    here(&format!("{there}/participant")),
                    "no_participant",
                ));
            }
            whose.push(base.participant);
        }
        made.push(Indicator {
            id: one.id.unwrap_or_default(),
            name: one.name,
            definition: one.definition,
            unit: one.unit,
            direction: one.direction,
            source: one.source,
            frequency: one.frequency,
            primary: one.primary,
            baselines: one.baselines,
            target: one.target,
        });
    }
    // What was observed of it would be of nothing any more.
    if before.plan_version > 0 {
        let kept = |old: &Indicator| made.iter().any(|one| one.id == old.id);
        if !before.plan.indicators.iter().all(kept) {
            faults.push(FieldError::new("/plan/indicators", "indicator_in_use"));
        }
    }
    made
}

fn milestones(
    before: &Experiment,
    wanted: Vec<MilestoneChange>,
    faults: &mut Vec<FieldError>,
) -> Vec<Milestone> {
    let known = |id: MilestoneId| before.plan.milestones.iter().any(|one| one.id == id);
    let mut made = Vec::new();
    for (at, one) in wanted.into_iter().enumerate() {
        if one.id.is_some_and(|id| !known(id)) {
            faults.push(FieldError::new(
                format!("/plan/milestones/{at}/id"),
                "unknown_milestone",
            ));
        }
        made.push(Milestone {
            id: one.id.unwrap_or_default(),
            title: one.title,
            owner: one.owner,
            due_on: one.due_on,
        });
    }
    made
}
