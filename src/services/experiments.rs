//! Experiments: proposing one, planning it, doing something with it. Each writes the experiment, its event and, once it
//! runs, the new version of its plan in one transaction.

mod plan;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::audit;
use crate::domain::actor::Actor;
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::experiment::event::{ExperimentDetails, ExperimentEvent, ExperimentEventKind};
use crate::domain::experiment::plan::Plan;
use crate::domain::experiment::workflow::{self, By, Input, Refusal};
use crate::domain::experiment::{
    Course, Experiment, ExperimentAction, ExperimentCapacity, ExperimentStatus, Proposer,
};
use crate::domain::id::{EventId, ExperimentId, OrganisationId, ReportId};
use crate::domain::policy::{self, View};
use crate::domain::report::Report;
use crate::services::reports::{Organisations, load_organisations};
use crate::services::settlement::{self, Offer};
use crate::services::{Context, Error, experiment_notices, experiment_origins};
use crate::store::db::Conn;
use crate::store::experiments::{Filter, PlanVersion};
use crate::store::{experiment_events, experiments, organisations, reports};

pub use plan::{BasisChange, IndicatorChange, MilestoneChange, PlanChange};

/// An experiment as somebody sees it.
#[derive(Debug)]
pub struct Shown {
    pub experiment: Experiment,
    pub organisations: Organisations,
    /// The reports it came from, as far as the reader sees these.
    pub reports: Vec<(Report, View)>,
    /// What would settle those together.
    pub offer: Option<Offer>,
    /// As whom the reader stands towards it.
    pub capacities: Vec<ExperimentCapacity>,
    /// Organisation of the reader.
    pub reader: OrganisationId,
    pub today: NaiveDate,
}

/// A proposal: all that it takes to begin.
#[derive(Debug, Clone)]
pub struct NewExperiment {
    pub title: String,
    pub idea: String,
    pub report: ReportId,
}

/// What is to change; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub title: Option<String>,
    pub idea: Option<String>,
    pub reports: Option<Vec<ReportId>>,
    pub plan: PlanChange,
    /// Why; needed once it runs.
    pub reason: Option<String>,
}

/// Makes experiments ready to be shown: three statements, however many.
///
/// # Errors
/// When the database fails.
pub fn show_all(
    conn: &mut Conn,
    actor: &Actor,
    all: Vec<Experiment>,
    today: NaiveDate,
) -> Result<Vec<Shown>, Error> {
    let named = all.iter().flat_map(Experiment::organisations);
    let known = load_organisations(conn, named)?;
    let ids: Vec<ReportId> = all.iter().flat_map(|one| one.reports.clone()).collect();
    let seen: Vec<(Report, View)> = reports::by_ids(conn, &ids)?
        .into_iter()
        .filter_map(|report| policy::view(actor, &report).map(|view| (report, view)))
        .collect();
    let shown = all.into_iter().map(|experiment| {
        let organisations = experiment
            .organisations()
            .filter_map(|id| Some((id, known.get(&id)?.clone())))
            .collect();
        let own = experiment
            .reports
            .iter()
            .filter_map(|id| seen.iter().find(|(report, _)| report.id == *id).cloned())
            .collect::<Vec<_>>();
        Shown {
            offer: settlement::offer(
                actor,
                experiment.settles_as(),
                own.iter().map(|(report, _)| report),
            ),
            capacities: policy::experiment_capacities(actor, &experiment),
            reader: actor.home.id,
            organisations,
            reports: own,
            today,
            experiment,
        }
    });
    Ok(shown.collect())
}

fn show(
    conn: &mut Conn,
    actor: &Actor,
    experiment: Experiment,
    today: NaiveDate,
) -> Result<Shown, Error> {
    show_all(conn, actor, vec![experiment], today)?
        .pop()
        .ok_or(Error::NotFound)
}

/// One experiment, when it is there for somebody.
pub fn find(conn: &mut Conn, actor: &Actor, id: ExperimentId) -> Result<Experiment, Error> {
    experiments::find(conn, id)?
        .filter(|experiment| policy::sees_experiment(actor, experiment))
        .ok_or(Error::NotFound)
}

/// One experiment.
///
/// # Errors
/// `NotFound` when it is not there for this actor.
pub fn get(
    conn: &mut Conn,
    actor: &Actor,
    id: ExperimentId,
    now: DateTime<Utc>,
) -> Result<Shown, Error> {
    let experiment = find(conn, actor, id)?;
    show(conn, actor, experiment, local_date(now))
}

/// A page of those that somebody sees, the newest first.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &Filter,
    before: Option<ExperimentId>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Shown>, Error> {
    let found = experiments::list(conn, Some(actor), filter, before, limit)?;
    show_all(conn, actor, found, local_date(now))
}

/// A page of the register, for everybody.
pub fn registered(
    conn: &mut Conn,
    filter: &Filter,
    before: Option<ExperimentId>,
    limit: i64,
) -> Result<(Vec<Experiment>, Organisations), Error> {
    let found = experiments::list(conn, None, filter, before, limit)?;
    let named = found.iter().flat_map(Experiment::organisations);
    let organisations = load_organisations(conn, named)?;
    Ok((found, organisations))
}

/// One experiment of the register, for everybody, with the published reports that led to it.
///
/// # Errors
/// `NotFound` when it is not registered.
pub fn registered_one(
    conn: &mut Conn,
    id: ExperimentId,
) -> Result<(Experiment, Organisations, Vec<Report>), Error> {
    let found = experiments::find(conn, id)?
        .filter(|one| one.course.registered_on.is_some())
        .ok_or(Error::NotFound)?;
    let organisations = load_organisations(conn, found.organisations())?;
    let mut origins = reports::by_ids(conn, &found.reports)?;
    origins.retain(policy::is_public);
    origins.sort_by_key(|report| report.id);
    Ok((found, organisations, origins))
}

/// Proposes an experiment from a report.
///
/// # Errors
/// `Invalid` for a report that is not there for the actor, `Forbidden` for who sees it and may not propose from it.
pub fn propose(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    new: NewExperiment,
) -> Result<Shown, Error> {
    let now = context.clock.now();
    let today = local_date(now);
    let report = origin(conn, actor, new.report, "/report")?;
    if !policy::may_propose_from(actor, &report) {
        return Err(Error::Forbidden("not_allowed"));
    }
    let experiment = Experiment {
        id: ExperimentId::new(),
        reference: experiments::next_reference(conn, today.year())?,
        status: ExperimentStatus::Proposal,
        title: new.title,
        idea: new.idea,
        proposer: Proposer {
            organisation: actor.home.id,
            principal: actor.id,
        },
        authority: None,
        reports: vec![report.id],
        participants: Vec::new(),
        plan: Plan {
            deviations: report.content.citations.clone(),
            ..Plan::default()
        },
        plan_version: 0,
        course: Course::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let experiment = plan::with_known(conn, experiment)?;
    experiments::insert(conn, &experiment)?;
    let capacity = policy::experiment_capacities(actor, &experiment)
        .first()
        .copied()
        .unwrap_or(ExperimentCapacity::Proposer);
    let kind = ExperimentEventKind::Proposed;
    let event = ExperimentEvent::by(actor, capacity, None, &experiment, kind, now);
    experiment_events::insert(conn, &event)?;
    audit::object("experiments", experiment.id);
    show(conn, actor, experiment, today)
}

/// A report that an experiment is about: it has to be there for the actor, and sent in.
fn origin(conn: &mut Conn, actor: &Actor, id: ReportId, at: &str) -> Result<Report, Error> {
    reports::find(conn, id)?
        .filter(|report| policy::view(actor, report).is_some())
        .ok_or_else(|| Error::field(at, "unknown_report"))
}

/// Loads an experiment to write it, as it was seen.
fn seen(
    conn: &mut Conn,
    actor: &Actor,
    id: ExperimentId,
    version: i32,
) -> Result<Experiment, Error> {
    let experiment = find(conn, actor, id)?;
    if experiment.version != version {
        return Err(Error::Stale);
    }
    Ok(experiment)
}

/// Writes an experiment as it now is, with the event and, where the plan has a new version, that.
fn write(
    conn: &mut Conn,
    (context, actor): (&Context, &Actor),
    before: &Experiment,
    mut after: Experiment,
    (capacity, kind): (ExperimentCapacity, ExperimentEventKind),
    mut details: ExperimentDetails,
    now: DateTime<Utc>,
) -> Result<Experiment, Error> {
    after.version = before.version + 1;
    after.updated_at = now;
    let frozen = after.plan_version > before.plan_version;
    if frozen {
        details.plan_version = Some(after.plan_version);
        experiments::freeze(conn, &after, details.reason.clone(), &actor.home.name, now)?;
    }
    if !experiments::update(conn, before, &after)? {
        return Err(Error::Stale);
    }
    let event = ExperimentEvent::by(actor, capacity, Some(before), &after, kind, now).with(details);
    experiment_events::insert(conn, &event)?;
    experiment_origins::follow(conn, (context, actor), &event, &after)?;
    let happened = [(event, after)];
    experiment_notices::queue(conn, context, &happened)?;
    let [(_, after)] = happened;
    Ok(after)
}

/// Changes what an experiment is and how it is planned. Once it runs, that makes a new version of the plan, with a reason.
///
/// # Errors
/// `NotFound`, `Stale`, `Forbidden`, `Invalid` with every fault.
pub fn change(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ExperimentId,
    version: i32,
    change: Change,
) -> Result<Shown, Error> {
    let now = context.clock.now();
    let today = local_date(now);
    let before = find(conn, actor, id)?;
    let capacity = policy::plans_as(actor, &before).ok_or(Error::Forbidden("not_allowed"))?;
    if !policy::may_act_as(actor, capacity) {
        return Err(Error::Forbidden("insufficient_scope"));
    }
    let before = seen(conn, actor, before.id, version)?;
    let mut after = before.clone();
    if let Some(title) = change.title {
        after.title = title;
    }
    if let Some(idea) = change.idea {
        after.idea = idea;
    }
    if let Some(wanted) = change.reports {
        after.reports = origins(conn, actor, &before, wanted)?;
    }
    after.plan = plan::apply(conn, &before, change.plan, today)?;
    let mut faults = workflow::plan_faults(&before, &after.plan);
    let changes = before.plan.differences(&after.plan);
    let frozen = before.plan_version > 0 && !changes.is_empty();
    if frozen && change.reason.is_none() {
        faults.push(crate::domain::invalid::FieldError::new(
            "/reason", "required",
        ));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if after == before {
        return show(conn, actor, before, today);
    }
    if frozen {
        after.plan_version += 1;
    }
    let details = ExperimentDetails {
        reason: change.reason,
        changes,
        ..ExperimentDetails::default()
    };
    let deed = (capacity, ExperimentEventKind::PlanChanged);
    let after = write(conn, (context, actor), &before, after, deed, details, now)?;
    show(conn, actor, after, today)
}

/// The reports it is to be about: those that were stay where the actor does not see them.
fn origins(
    conn: &mut Conn,
    actor: &Actor,
    before: &Experiment,
    wanted: Vec<ReportId>,
) -> Result<Vec<ReportId>, Error> {
    let known = reports::by_ids(conn, &wanted)?;
    let sees = |id: &ReportId| {
        let found = known.iter().find(|report| report.id == *id);
        found.is_some_and(|report| policy::may_propose_from(actor, report))
    };
    let faults: Vec<_> = wanted
        .iter()
        .enumerate()
        .filter(|(_, id)| !sees(id) && !before.reports.contains(id))
        .map(|(at, _)| {
            crate::domain::invalid::FieldError::new(format!("/reports/{at}"), "unknown_report")
        })
        .collect();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let old = reports::by_ids(conn, &before.reports)?;
    let unseen = before.reports.iter().filter(|id| {
        let found = old.iter().find(|report| report.id == **id);
        found.is_none_or(|report| policy::view(actor, report).is_none())
    });
    let mut all: Vec<ReportId> = Vec::new();
    for id in wanted.iter().chain(unseen) {
        if !all.contains(id) {
            all.push(*id);
        }
    }
    if all.is_empty() {
        return Err(Error::field("/reports", "required"));
    }
    if all.len() > workflow::MOST_REPORTS {
        return Err(Error::field("/reports", "too_many_reports"));
    }
    Ok(all)
}

/// Does something with an experiment.
///
/// # Errors
/// `NotFound`, `Stale`, `Illegal` with what is legal, `NotReady` with what it lacks, `Invalid` for faulty values.
pub fn act(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ExperimentId,
    version: i32,
    (action, input): (ExperimentAction, Input),
) -> Result<Shown, Error> {
    let now = context.clock.now();
    let today = local_date(now);
    let before = seen(conn, actor, id, version)?;
    let capacities = policy::experiment_capacities(actor, &before);
    let Some((row, capacity)) = workflow::find(&before, action, &capacities) else {
        let legal = workflow::next_steps(&before, &capacities, today);
        return Err(Error::Illegal(
            legal.iter().map(|(row, _)| row.action.as_str()).collect(),
        ));
    };
    if !policy::may_act_as(actor, capacity) {
        return Err(Error::Forbidden("insufficient_scope"));
    }
    check_named(conn, actor, action, &input, today)?;
    let by = By {
        capacity,
        organisation: actor.home.id,
        today,
    };
    let after = workflow::apply(&before, row, by, &input).map_err(|refusal| match refusal {
        Refusal::NotReady(lacks) => Error::NotReady(lacks),
        Refusal::Invalid(faults) => Error::Invalid(faults),
    })?;
    let details = ExperimentDetails {
        reason: input.reason.clone(),
        organisation: input.organisation.or(input.authority),
        date: input.date,
        decision: input.decision,
        stage: input.stage,
        publication: input.publication.as_ref().map(|one| one.id.clone()),
        changes: before.plan.differences(&after.plan),
        ..ExperimentDetails::default()
    };
    let after = write(
        conn,
        (context, actor),
        &before,
        after,
        (capacity, action.into()),
        details,
        now,
    )?;
    show(conn, actor, after, today)
}

/// What an action names has to be there: an authority that owns rules, an organisation, a report of one's own.
fn check_named(
    conn: &mut Conn,
    actor: &Actor,
    action: ExperimentAction,
    input: &Input,
    today: NaiveDate,
) -> Result<(), Error> {
    let there = |conn: &mut Conn, id: OrganisationId| {
        let found = organisations::find(conn, id)?;
        Ok::<_, Error>(found.filter(|one| one.valid_until.is_none_or(|until| today < until)))
    };
    if let Some(id) = input.authority {
        match there(conn, id)? {
            None => return Err(Error::field("/authority", "unknown_organisation")),
            Some(found) if !found.owns_rules => {
                return Err(Error::field("/authority", "owns_no_rules"));
            }
            Some(_) => {}
        }
    }
    if let Some(id) = input.organisation
        && there(conn, id)?.is_none()
    {
        return Err(Error::field("/organisation", "unknown_organisation"));
    }
    if let Some(id) = input
        .report
        .filter(|_| action == ExperimentAction::AskToJoin)
    {
        let report = origin(conn, actor, id, "/report")?;
        if report.submitter != actor.home.id {
            return Err(Error::field("/report", "report_of_another"));
        }
    }
    Ok(())
}

/// A page of the timeline, with the names it needs.
pub fn events(
    conn: &mut Conn,
    actor: &Actor,
    id: ExperimentId,
    after: Option<EventId>,
    limit: i64,
) -> Result<(Vec<ExperimentEvent>, Organisations), Error> {
    let experiment = find(conn, actor, id)?;
    let found = experiment_events::list(conn, experiment.id, after, limit)?;
    let named = found.iter().flat_map(|event| {
        event
            .organisation
            .into_iter()
            .chain(event.details.organisation)
    });
    let organisations = load_organisations(conn, named)?;
    Ok((found, organisations))
}

/// Versions of the plan, the newest first: those before a number.
pub fn plan_versions(
    conn: &mut Conn,
    actor: &Actor,
    id: ExperimentId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<PlanVersion>, Error> {
    let experiment = find(conn, actor, id)?;
    Ok(experiments::plan_versions(
        conn,
        experiment.id,
        before,
        limit,
    )?)
}
