//! Measures other than experiments: what is told of one is told at every report that it serves, in one transaction.

use chrono::{DateTime, NaiveDate, Utc};

use crate::audit;
use crate::domain::actor::{Actor, Language, Role};
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::event::Details;
use crate::domain::id::{ExperimentId, MeasureId, OrganisationId, ReportId};
use crate::domain::invalid::FieldError;
use crate::domain::measure::{Input, MeasureAction, MeasureCourse, MeasureRecord, MeasureState};
use crate::domain::policy::{self, View};
use crate::domain::report::{Measure, MeasureKind, Report};
use crate::domain::status::{Action, Status};
use crate::domain::workflow::{self, MeasureInput};
use crate::services::recording::{self, Step};
use crate::services::reports::list::visible_in_full;
use crate::services::reports::{Organisations, change, load_organisations};
use crate::services::settlement::{self, Offer};
use crate::services::{Context, Error, deadline_profiles};
use crate::store::db::Conn;
use crate::store::measures::Filter;
use crate::store::{experiments, measures, reports};

/// A measure as somebody sees it.
#[derive(Debug)]
pub struct Shown {
    pub measure: MeasureRecord,
    pub organisations: Organisations,
    /// The reports that it serves, as far as the reader sees these.
    pub reports: Vec<(Report, View)>,
    /// What would settle those together.
    pub offer: Option<Offer>,
    /// What the reader may do with it now.
    pub actions: Vec<MeasureAction>,
    pub today: NaiveDate,
}

/// A measure to begin.
#[derive(Debug, Clone)]
pub struct NewMeasure {
    pub kind: MeasureKind,
    pub title: String,
    pub owner: String,
    pub target_date: NaiveDate,
    pub reports: Vec<ReportId>,
}

/// Whose liaisons an authority's measures are.
fn works_for(actor: &Actor, authority: OrganisationId) -> bool {
    actor.has(Role::Liaison) && actor.home.id == authority
}

/// Makes measures ready to be shown to who sees them: two statements, however many.
fn show_all(
    conn: &mut Conn,
    actor: &Actor,
    all: Vec<MeasureRecord>,
    today: NaiveDate,
) -> Result<Vec<Shown>, Error> {
    let names = load_organisations(conn, all.iter().map(|one| one.authority))?;
    let ids: Vec<ReportId> = all.iter().flat_map(|one| one.reports.clone()).collect();
    let seen: Vec<(Report, View)> = reports::by_ids(conn, &ids)?
        .into_iter()
        .filter_map(|report| policy::view(actor, &report).map(|view| (report, view)))
        .collect();
    let shown = all.into_iter().filter_map(|measure| {
        let own: Vec<(Report, View)> = measure
            .reports
            .iter()
            .filter_map(|id| seen.iter().find(|(report, _)| report.id == *id).cloned())
            .collect();
        let works = works_for(actor, measure.authority);
        if !works && !own.iter().any(|(_, view)| view.is_full()) {
            return None;
        }
        let open = works && measure.state == MeasureState::UnderWay;
        Some(Shown {
            organisations: names.clone(),
            offer: settlement::offer(
                actor,
                measure.settles_as(),
                own.iter().map(|(report, _)| report),
            ),
            actions: if open {
                MeasureAction::ALL.to_vec()
            } else {
                Vec::new()
            },
            reports: own,
            today,
            measure,
        })
    });
    Ok(shown.collect())
}

fn show(
    conn: &mut Conn,
    actor: &Actor,
    measure: MeasureRecord,
    today: NaiveDate,
) -> Result<Shown, Error> {
    show_all(conn, actor, vec![measure], today)?
        .pop()
        .ok_or(Error::NotFound)
}

/// One measure.
///
/// # Errors
/// `NotFound` when it serves no report that the actor sees whole, and is not of its authority.
pub fn get(
    conn: &mut Conn,
    actor: &Actor,
    id: MeasureId,
    now: DateTime<Utc>,
) -> Result<Shown, Error> {
    let found = measures::find(conn, id)?.ok_or(Error::NotFound)?;
    show(conn, actor, found, local_date(now))
}

/// A page of those that somebody sees, the newest first.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &Filter,
    before: Option<MeasureId>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Shown>, Error> {
    let own = actor.has(Role::Liaison).then_some(actor.home.id);
    let found = measures::list(conn, &visible_in_full(actor), own, filter, before, limit)?;
    show_all(conn, actor, found, local_date(now))
}

/// Begins a measure for reports whose position is taken: their implementation begins with it.
///
/// # Errors
/// `Forbidden` for who is no liaison, `Invalid` with every report that it cannot serve.
pub fn create(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    new: NewMeasure,
) -> Result<Shown, Error> {
    if !actor.has(Role::Liaison) {
        return Err(Error::Forbidden("not_allowed"));
    }
    let now = context.clock.now();
    let today = local_date(now);
    let mut faults = Vec::new();
    if new.kind == MeasureKind::Experiment {
        faults.push(FieldError::new("/kind", "experiment_instead"));
    }
    if new.target_date < today {
        faults.push(FieldError::new("/targetDate", "date_in_past").with("earliest", today));
    }
    let mut wanted = Vec::new();
    for id in new.reports {
        if !wanted.contains(&id) {
            wanted.push(id);
        }
    }
    let served = served(conn, actor, &wanted, &mut faults)?;
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let measure = MeasureRecord {
        id: MeasureId::new(),
        kind: new.kind,
        title: new.title,
        owner: new.owner,
        authority: actor.home.id,
        reports: wanted,
        state: MeasureState::UnderWay,
        target_date: new.target_date,
        course: MeasureCourse::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    measures::insert(conn, &measure)?;
    carry(conn, (context, actor), &served, &measure, None, now)?;
    audit::object("measures", measure.id);
    show(conn, actor, measure, today)
}

/// The reports that a measure is to serve: each is there for the actor, led by its authority, and at the point.
fn served(
    conn: &mut Conn,
    actor: &Actor,
    ids: &[ReportId],
    faults: &mut Vec<FieldError>,
) -> Result<Vec<Report>, Error> {
    let found = reports::by_ids(conn, ids)?;
    for (at, id) in ids.iter().enumerate() {
        let report = found.iter().find(|report| report.id == *id);
        let code = match report.filter(|report| policy::view(actor, report).is_some()) {
            None => "unknown_report",
            Some(report) if report.lead != Some(actor.home.id) => "report_of_another_lead",
            Some(report) if action_for(report).is_none() => "report_not_at_implementation",
            Some(_) => continue,
        };
        faults.push(FieldError::new(format!("/reports/{at}"), code));
    }
    Ok(found)
}

fn action_for(report: &Report) -> Option<Action> {
    match report.status {
        Status::PositionTaken => Some(Action::StartImplementation),
        Status::InImplementation => Some(Action::UpdateImplementation),
        _ => None,
    }
}

/// Has reports follow a measure that serves them: those at which nothing is carried out any more stay as they are.
fn carry(
    conn: &mut Conn,
    (context, actor): (&Context, &Actor),
    served: &[Report],
    measure: &MeasureRecord,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let at_report = measure.at_report();
    let mut profiles = deadline_profiles::Known::default();
    let mut steps = Vec::new();
    for report in served {
        let Some(action) = action_for(report) else {
            continue;
        };
        let Ok((row, capacity)) = workflow::find(actor, report, action) else {
            continue;
        };
        let input = workflow::Input {
            measure: Some(MeasureInput {
                id: Some(at_report.id),
                registered: true,
                kind: at_report.kind,
                owner: at_report.owner.clone(),
                target_date: at_report.target_date,
                result: at_report.result.clone(),
            }),
            ..workflow::Input::default()
        };
        let profile = profiles.of(conn, report)?;
        let after = workflow::apply(report, row, capacity, &input, profile, now)?;
        change::update(conn, report, &after)?;
        let details = Details {
            measure: Some(at_report.clone()),
            explanation: note.map(str::to_owned),
            ..Details::default()
        };
        let step = Step::by(actor, capacity, report, &after, action.into(), now);
        steps.push(step.with(details));
    }
    recording::record(conn, context, &steps)
}

/// Does something with a measure, and tells it at the reports that it serves.
///
/// # Errors
/// `NotFound`, `Stale`, `Forbidden` for who is not of its authority, `Conflict` once it has ended, `Invalid` with every fault.
pub fn act(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: MeasureId,
    version: i32,
    (action, input): (MeasureAction, Input),
) -> Result<Shown, Error> {
    let now = context.clock.now();
    let today = local_date(now);
    let before = get(conn, actor, id, now)?.measure;
    if !works_for(actor, before.authority) {
        return Err(Error::Forbidden("not_allowed"));
    }
    if before.version != version {
        return Err(Error::Stale);
    }
    if before.state != MeasureState::UnderWay {
        return Err(Error::Conflict("measure_ended"));
    }
    let mut faults = Vec::new();
    let new = input.reports.clone().unwrap_or_default();
    let joining = served(conn, actor, &new, &mut faults)?;
    let mut after = match before.after(action, &input, &actor.home.name, today) {
        Ok(after) => after,
        Err(found) => {
            faults.extend(found);
            before.clone()
        }
    };
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    after.updated_at = now;
    after.version += 1;
    if !measures::update(conn, &before, &after)? {
        return Err(Error::Stale);
    }
    let told = match action {
        MeasureAction::AddReports => joining,
        _ => reports::by_ids(conn, &after.reports)?,
    };
    let note = input.note.as_deref().or(input.result.as_deref());
    carry(conn, (context, actor), &told, &after, note, now)?;
    show(conn, actor, after, today)
}

/// What stands in the way of changing a measure at a report: others that it serves, or that it is an experiment.
pub fn change_fault(
    conn: &mut Conn,
    report: &Report,
    id: MeasureId,
    wanted: &MeasureInput,
) -> Result<Option<FieldError>, Error> {
    let known = report.handling.measures.iter().find(|one| one.id == id);
    let code = match measures::find(conn, id)? {
        Some(found) if found.reports.len() > 1 || found.state != MeasureState::UnderWay => {
            "measure_shared"
        }
        Some(found) if found.is_full() => "too_many_updates",
        // How far an experiment is may be told here; what it is stands there.
        None if known
            .is_some_and(|one| one.kind == MeasureKind::Experiment && !same(one, wanted)) =>
        {
            let experiment = ExperimentId::from_uuid(id.uuid());
            if experiments::find(conn, experiment)?.is_none() {
                return Ok(None);
            }
            "measure_of_experiment"
        }
        _ => return Ok(None),
    };
    Ok(Some(FieldError::new("/measure/id", code)))
}

fn same(known: &Measure, wanted: &MeasureInput) -> bool {
    (known.kind, &known.owner, known.target_date, &known.result)
        == (
            wanted.kind,
            &wanted.owner,
            wanted.target_date,
            &wanted.result,
        )
}

/// Keeps what a report's lead said of a measure in the register, so that it may serve other reports too.
pub fn keep(
    conn: &mut Conn,
    actor: &Actor,
    report: &Report,
    measure: &Measure,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if measure.kind == MeasureKind::Experiment {
        return Ok(());
    }
    let known = measures::find(conn, measure.id)?;
    let mut after = known.clone().unwrap_or_else(|| MeasureRecord {
        id: measure.id,
        kind: measure.kind,
        // The title of the report is for who sees that report.
        title: measure.kind.label(Language::Nl).to_owned(),
        owner: String::new(),
        authority: actor.home.id,
        reports: vec![report.id],
        state: MeasureState::UnderWay,
        target_date: measure.target_date,
        course: MeasureCourse::default(),
        created_at: now,
        updated_at: now,
        version: 0,
    });
    let today = local_date(now);
    after.kind = measure.kind;
    after.owner.clone_from(&measure.owner);
    after.target_date = measure.target_date;
    after.told(note.or(measure.result.as_deref()), &actor.home.name, today);
    if measure.result.is_some() {
        after.end(MeasureState::Done, measure.result.clone(), today);
    }
    after.updated_at = now;
    after.version += 1;
    match known {
        None => measures::insert(conn, &after)?,
        Some(before) => {
            if !measures::update(conn, &before, &after)? {
                return Err(Error::Stale);
            }
        }
    }
    Ok(())
}
