//! What an action does to an experiment, and what stands in its way.

use chrono::NaiveDate;

use crate::domain::experiment::clocks::latest_end;
use crate::domain::experiment::plan::{InstrumentKind, LegalBasis, Plan};
use crate::domain::experiment::stage::{ExperimentField as Field, ROWS, Row, legal};
use crate::domain::experiment::{
    Decision, DecisionKind, Evaluation, Experiment, ExperimentAction as Action, ExperimentCapacity,
    ExperimentStatus, Participant, ParticipantState, Stopped,
};
use crate::domain::id::{MilestoneId, OrganisationId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::legislation::{LegislativeFile, LegislativeStage, News};
use crate::domain::publication::Publication;

/// Most reports that one experiment is about: as many as one call settles together.
pub const MOST_REPORTS: usize = 100;

/// What an action comes with.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub reason: Option<String>,
    pub authority: Option<OrganisationId>,
    pub organisation: Option<OrganisationId>,
    pub report: Option<ReportId>,
    pub date: Option<NaiveDate>,
    pub findings: Option<String>,
    pub url: Option<String>,
    pub decision: Option<DecisionKind>,
    pub decider: Option<String>,
    pub stage: Option<LegislativeStage>,
    pub dossier: Option<String>,
    pub publication: Option<Publication>,
    pub milestone: Option<MilestoneId>,
}

impl Input {
    fn given(&self) -> Vec<Field> {
        let fields = [
            (Field::Reason, self.reason.is_some()),
            (Field::Authority, self.authority.is_some()),
            (Field::Organisation, self.organisation.is_some()),
            (Field::Report, self.report.is_some()),
            (Field::Date, self.date.is_some()),
            (Field::Findings, self.findings.is_some()),
            (Field::Url, self.url.is_some()),
            (Field::Decision, self.decision.is_some()),
            (Field::Decider, self.decider.is_some()),
            (Field::Stage, self.stage.is_some()),
            (Field::Dossier, self.dossier.is_some()),
            (Field::Publication, self.publication.is_some()),
            (Field::Milestone, self.milestone.is_some()),
        ];
        fields
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(field, _)| field)
            .collect()
    }
}

/// Who acts, and when.
#[derive(Debug, Clone, Copy)]
pub struct By {
    pub capacity: ExperimentCapacity,
    pub organisation: OrganisationId,
    pub today: NaiveDate,
}

/// Why an action is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// What the experiment lacks for it, with JSON pointers into the experiment.
    NotReady(Vec<FieldError>),
    /// What is wrong with the request.
    Invalid(Vec<FieldError>),
}

/// The row for an action and the first of the capacities that may.
pub fn find(
    experiment: &Experiment,
    action: Action,
    capacities: &[ExperimentCapacity],
) -> Option<(&'static Row, ExperimentCapacity)> {
    let row = legal(experiment.status, capacities).find(|row| row.action == action)?;
    let by = row.by.iter().find(|by| capacities.contains(by))?;
    Some((row, *by))
}

/// What the experiment lacks for an action, each with a pointer into it.
pub fn missing(experiment: &Experiment, action: Action, today: NaiveDate) -> Vec<FieldError> {
    let plan = &experiment.plan;
    let mut lacks = Vec::new();
    let mut need = |is_there: bool, at: &str, code: &'static str| {
        if !is_there {
            lacks.push(FieldError::new(format!("/plan/{at}"), code));
        }
    };
    match action {
        Action::SubmitForCheck => {
            need(
                plan.purpose.is_some(),
                "purpose",
                "experiment_needs_purpose",
            );
            need(
                !plan.deviations.is_empty(),
                "deviations",
                "experiment_needs_deviations",
            );
        }
        Action::Register => {
            need(
                plan.legal_basis.is_some(),
                "legalBasis",
                "experiment_needs_legal_basis",
            );
            need(plan.scope.is_some(), "scope", "experiment_needs_scope");
            need(
                plan.hypothesis.is_some(),
                "hypothesis",
                "experiment_needs_hypothesis",
            );
            lacks.extend(basis_faults(plan));
        }
        Action::Start => return missing_to_start(experiment, today),
        Action::BeginEvaluation => {
            let due = plan.ends_on.is_none_or(|end| {
                let start = experiment
                    .course
                    .started_on
                    .or(plan.starts_on)
                    .unwrap_or(end);
                (today - start).num_days() * 2 >= (end - start).num_days()
            });
            need(due, "endsOn", "experiment_not_halfway");
        }
        Action::Decide if experiment.course.evaluation.is_none() => {
            lacks.push(FieldError::new(
                "/evaluation",
                "experiment_needs_evaluation",
            ));
        }
        Action::UpdateLegislation if !changes_law(experiment) => {
            lacks.push(FieldError::new("/decision", "experiment_changes_no_law"));
        }
        Action::Close if changes_law(experiment) => {
            let file = experiment.course.legislation.as_ref();
            let published = file.is_some_and(LegislativeFile::is_published);
            if !published {
                lacks.push(FieldError::new(
                    "/legislation",
                    "experiment_needs_publication",
                ));
            }
        }
        Action::Extend => {
            if plan
                .legal_basis
                .as_ref()
                .is_none_or(|basis| basis.extension_months == 0)
            {
                lacks.push(FieldError::new(
                    "/plan/legalBasis/extensionMonths",
                    "experiment_not_extendable",
                ));
            }
            // What is over has ended: it is not extended any more.
            if plan.ends_on.is_some_and(|end| end < today) {
                lacks.push(FieldError::new("/plan/endsOn", "experiment_over"));
            }
        }
        _ => {}
    }
    lacks
}

fn changes_law(experiment: &Experiment) -> bool {
    let decision = experiment.course.decision.as_ref();
    decision.is_some_and(|decision| decision.kind == DecisionKind::ChangeLaw)
}

fn missing_to_start(experiment: &Experiment, today: NaiveDate) -> Vec<FieldError> {
    let plan = &experiment.plan;
    let mut lacks = Vec::new();
    let mut need = |is_there: bool, at: &str, code: &'static str| {
        if !is_there {
            lacks.push(FieldError::new(at, code));
        }
    };
    let published = plan
        .legal_basis
        .as_ref()
        .is_some_and(|basis| basis.publication.is_some());
    need(
        published,
        "/plan/legalBasis/publication",
        "experiment_needs_published_basis",
    );
    need(
        plan.starts_on.is_some(),
        "/plan/startsOn",
        "experiment_needs_start",
    );
    need(
        plan.ends_on.is_some(),
        "/plan/endsOn",
        "experiment_needs_end",
    );
    need(
        plan.starts_on.is_none_or(|start| start <= today),
        "/plan/startsOn",
        "experiment_starts_later",
    );
    need(
        plan.ends_on.is_none_or(|end| today <= end),
        "/plan/endsOn",
        "experiment_over",
    );
    let measured = plan
        .indicators
        .iter()
        .any(|one| one.primary && !one.baselines.is_empty());
    need(measured, "/plan/indicators", "experiment_needs_baseline");
    need(
        plan.evaluation_plan.is_some(),
        "/plan/evaluationPlan",
        "experiment_needs_evaluation_plan",
    );
    need(
        plan.evaluator.is_some(),
        "/plan/evaluator",
        "experiment_needs_evaluator",
    );
    need(
        plan.stop_criteria.is_some(),
        "/plan/stopCriteria",
        "experiment_needs_stop_criteria",
    );
    let takes_part = |one: &Participant| one.state == ParticipantState::Participating;
    need(
        experiment.participants.iter().any(takes_part),
        "/participants",
        "experiment_needs_participant",
    );
    lacks.extend(basis_faults(plan));
    lacks
}

/// The clause allows as long as this; an act is deviated from by nothing lower than an order in council.
fn basis_faults(plan: &Plan) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if let Some(basis) = &plan.legal_basis {
        let low = !matches!(
            basis.instrument,
            InstrumentKind::Act | InstrumentKind::OrderInCouncil
        );
        if low && plan.deviates_from_act {
            faults.push(FieldError::new(
                "/plan/legalBasis/instrument",
                "instrument_too_low",
            ));
        }
    }
    faults.extend(duration_fault(plan, plan.legal_basis.as_ref(), 0));
    faults
}

/// Whether the end lies beyond what the clause allows, with so many months more.
fn duration_fault(plan: &Plan, basis: Option<&LegalBasis>, more: u32) -> Option<FieldError> {
    let (start, end) = (plan.starts_on?, plan.ends_on?);
    if end <= start {
        return Some(FieldError::new("/plan/endsOn", "end_before_start"));
    }
    let latest = latest_end(start, basis?.maximum_months + more);
    (end > latest).then(|| FieldError::new("/plan/endsOn", "beyond_maximum").with("latest", latest))
}

/// Which fields an action needs and which it does not take.
fn check_fields(row: &Row, given: &[Field]) -> Vec<FieldError> {
    let pointer = |field: &Field| format!("/{field}");
    let missing = row.required.iter().filter(|field| !given.contains(field));
    let unknown = given
        .iter()
        .filter(|field| !row.required.contains(field) && !row.optional.contains(field));
    missing
        .map(|field| FieldError::new(pointer(field), "required"))
        .chain(unknown.map(|field| {
            FieldError::new(pointer(field), "not_for_this_action").with("action", row.action)
        }))
        .collect()
}

/// The experiment after an action.
///
/// # Errors
/// What the request or the experiment lacks, all at once.
pub fn apply(before: &Experiment, row: &Row, by: By, input: &Input) -> Result<Experiment, Refusal> {
    let faults = check_fields(row, &input.given());
    if !faults.is_empty() {
        return Err(Refusal::Invalid(faults));
    }
    let lacks = missing(before, row.action, by.today);
    if !lacks.is_empty() {
        return Err(Refusal::NotReady(lacks));
    }
    let mut next = before.clone();
    if let Some(status) = row.to {
        next.status = status;
    }
    change(&mut next, before.status, row.action, by, input)
        .map_err(|fault| Refusal::Invalid(vec![fault]))?;
    Ok(next)
}

fn change(
    next: &mut Experiment,
    from: ExperimentStatus,
    action: Action,
    by: By,
    input: &Input,
) -> Result<(), FieldError> {
    let today = by.today;
    let reason = input.reason.clone();
    let date = input.date.unwrap_or(today);
    match action {
        Action::SubmitForCheck => next.authority = input.authority,
        Action::Register => next.course.registered_on = Some(today),
        Action::Start => {
            next.course.started_on = Some(today);
            next.course.first_end = next.plan.ends_on;
            next.plan_version = 1;
        }
        Action::Extend => {
            if next.plan.ends_on.is_some_and(|end| date <= end) {
                return Err(FieldError::new("/date", "not_later"));
            }
            let basis = next.plan.legal_basis.clone();
            let more = basis.as_ref().map_or(0, |basis| basis.extension_months);
            let longer = Plan {
                ends_on: Some(date),
                ..next.plan.clone()
            };
            if let Some(fault) = duration_fault(&longer, basis.as_ref(), more) {
                return Err(FieldError {
                    pointer: "/date".into(),
                    ..fault
                });
            }
            next.plan = longer;
            next.plan_version += 1;
        }
        Action::DeliverEvaluation => {
            next.course.evaluation = Some(Evaluation {
                findings: input.findings.clone().unwrap_or_default(),
                url: input.url.clone(),
                delivered_on: today,
            });
        }
        Action::Decide => {
            if date > today {
                return Err(FieldError::new("/date", "date_in_future").with("latest", today));
            }
            next.course.decision = input.decision.map(|kind| Decision {
                kind,
                reason: reason.unwrap_or_default(),
                decider: input.decider.clone().unwrap_or_default(),
                decided_on: date,
            });
        }
        Action::UpdateLegislation => {
            let news = News {
                stage: input.stage,
                dossier: input.dossier.clone(),
                publication: input.publication.clone(),
            };
            let known = next.course.legislation.as_ref();
            next.course.legislation = Some(LegislativeFile::after(known, &news, today)?);
        }
        Action::Stop => {
            next.course.stopped = Some(Stopped {
                reason: reason.unwrap_or_default(),
                on: today,
                from,
            });
        }
        Action::CompleteMilestone => {
            let known = |id: &MilestoneId| next.plan.milestones.iter().any(|one| one.id == *id);
            let Some(milestone) = input.milestone.filter(known) else {
                return Err(FieldError::new("/milestone", "unknown_milestone"));
            };
            if date > today {
                return Err(FieldError::new("/date", "date_in_future").with("latest", today));
            }
            next.course
                .milestones_done
                .retain(|(one, _)| *one != milestone);
            next.course.milestones_done.push((milestone, date));
        }
        Action::AskToJoin
        | Action::Admit
        | Action::DeclineRequest
        | Action::AskToLeave
        | Action::Release => take_part(next, action, by, input)?,
        Action::ReturnProposal | Action::BeginEvaluation | Action::Close => {}
    }
    Ok(())
}

/// Asking to join and leave, and what is decided about that.
fn take_part(
    next: &mut Experiment,
    action: Action,
    by: By,
    input: &Input,
) -> Result<(), FieldError> {
    use ParticipantState::*;
    let whose = match action {
        Action::AskToJoin | Action::AskToLeave => by.organisation,
        _ => input.organisation.unwrap_or(by.organisation),
    };
    let end = next.plan.ends_on;
    let start = next.plan.starts_on;
    let at = next
        .participants
        .iter()
        .position(|one| one.organisation == whose);
    let date = input.date.unwrap_or(by.today);
    let known = at.map(|at| &mut next.participants[at]);
    let outside = start.is_some_and(|start| date < start) || end.is_some_and(|end| date > end);
    match (action, known) {
        (Action::AskToJoin, Some(known))
            if matches!(known.state, Asked | Participating | Leaving) =>
        {
            Err(FieldError::new("", "participant_already"))
        }
        (Action::AskToJoin, known) => {
            let asked = Participant {
                organisation: whose,
                state: Asked,
                report: input.report,
                from: None,
                until: None,
                reason: input.reason.clone(),
            };
            match known {
                Some(known) => *known = asked,
                None => next.participants.push(asked),
            }
            Ok(())
        }
        (Action::Admit, _) if outside => Err(FieldError::new("/date", "outside_experiment")),
        (Action::Admit, Some(known)) if matches!(known.state, Participating | Leaving) => {
            Err(FieldError::new("/organisation", "participant_already"))
        }
        (Action::Admit, known) => {
            let report = known.as_ref().and_then(|known| known.report);
            // What it joins from is one more report that the experiment is about.
            if let Some(report) = report.filter(|report| !next.reports.contains(report))
                && next.reports.len() < MOST_REPORTS
            {
                next.reports.push(report);
            }
            let admitted = Participant {
                organisation: whose,
                state: Participating,
                report,
                from: Some(date),
                until: None,
                reason: None,
            };
            match known {
                Some(known) => *known = admitted,
                None => next.participants.push(admitted),
            }
            Ok(())
        }
        (Action::DeclineRequest, Some(known)) if known.state == Asked => {
            known.state = Declined;
            known.reason.clone_from(&input.reason);
            Ok(())
        }
        // Who asked to leave and is asked to stay takes part as before.
        (Action::DeclineRequest, Some(known)) if known.state == Leaving => {
            known.state = Participating;
            known.reason.clone_from(&input.reason);
            Ok(())
        }
        (Action::AskToLeave, Some(known)) if known.state == Participating => {
            known.state = Leaving;
            known.reason.clone_from(&input.reason);
            Ok(())
        }
        // Who only asked takes its request back.
        (Action::AskToLeave, Some(known)) if known.state == Asked => {
            known.state = Left;
            known.reason.clone_from(&input.reason);
            Ok(())
        }
        (Action::Release, Some(known)) if matches!(known.state, Participating | Leaving) => {
            if known.from.is_some_and(|from| date < from) {
                return Err(FieldError::new("/date", "outside_experiment"));
            }
            known.state = Left;
            known.until = Some(date);
            known.reason.clone_from(&input.reason);
            Ok(())
        }
        (Action::AskToLeave, _) => Err(FieldError::new("", "no_participant")),
        _ => Err(FieldError::new("/organisation", "no_participant")),
    }
}

/// Faults of a plan that is written, wherever it stands: what it says has to fit together.
pub fn plan_faults(experiment: &Experiment, next: &Plan) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let more = if experiment
        .plan
        .ends_on
        .is_some_and(|end| next.ends_on == Some(end) && experiment.course.first_end.is_some())
    {
        next.legal_basis
            .as_ref()
            .map_or(0, |basis| basis.extension_months)
    } else {
        0
    };
    faults.extend(duration_fault(next, next.legal_basis.as_ref(), more));
    if next.indicators.iter().filter(|one| one.primary).count() > 1 {
        faults.push(FieldError::new("/plan/indicators", "several_primary"));
    }
    if experiment.plan_version > 0 {
        if next.starts_on != experiment.plan.starts_on {
            faults.push(FieldError::new("/plan/startsOn", "experiment_has_started"));
        }
        if let (Some(end), Some(new)) = (experiment.plan.ends_on, next.ends_on)
            && new > end
        {
            faults.push(FieldError::new("/plan/endsOn", "extend_instead"));
        }
        if next.legal_basis.is_none() && experiment.plan.legal_basis.is_some() {
            faults.push(FieldError::new(
                "/plan/legalBasis",
                "experiment_has_started",
            ));
        }
    }
    faults
}

/// The actions of the table that these capacities may do now, with what the experiment lacks for each.
pub fn next_steps(
    experiment: &Experiment,
    capacities: &[ExperimentCapacity],
    today: NaiveDate,
) -> Vec<(&'static Row, Vec<FieldError>)> {
    ROWS.iter()
        .filter(|row| find(experiment, row.action, capacities).is_some())
        .map(|row| (row, missing(experiment, row.action, today)))
        .collect()
}

#[cfg(test)]
#[path = "workflow_tests.rs"]
mod tests;
