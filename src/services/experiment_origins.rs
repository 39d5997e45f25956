//! What the steps of an experiment do at the reports that led to it: each tells of them in its timeline, and where a position
//! was taken for it, its implementation begins with the experiment.

use crate::domain::actor::{Actor, Language};
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::event::{Details, EventKind};
use crate::domain::experiment::event::{Audience, ExperimentEvent, ExperimentEventKind, audience};
use crate::domain::experiment::event_kind::StepOfExperiment;
use crate::domain::experiment::{Experiment, ExperimentStatus};
use crate::domain::id::{MeasureId, ReportId};
use crate::domain::report::{Measure, MeasureKind, Report};
use crate::domain::status::{Action, Capacity, Status};
use crate::domain::workflow::{self, Input, MeasureInput};
use crate::services::deadline_profiles::Known;
use crate::services::recording::{self, Step};
use crate::services::reports::{change, load_organisations};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::reports;

/// Tells the reports of a step that everybody hears of, and of joining the one that is joined from. What everybody hears of the
/// step itself tells: nothing here does.
///
/// # Errors
/// When the database fails.
pub fn follow(
    conn: &mut Conn,
    (context, actor): (&Context, &Actor),
    event: &ExperimentEvent,
    of: &Experiment,
) -> Result<(), Error> {
    let everybody = audience(event) == Audience::Everybody;
    let concerned = match event.kind {
        // Who is admitted brings its own report.
        ExperimentEventKind::Admit => admitted(event, of).into_iter().collect(),
        _ if everybody => of.reports.clone(),
        _ => Vec::new(),
    };
    if concerned.is_empty() {
        return Ok(());
    }
    let sent = reports::by_ids(conn, &concerned)?;
    let sent = sent.iter().filter(|report| report.status != Status::Draft);
    let names = load_organisations(conn, of.authority.into_iter())?;
    let owner = of.authority.and_then(|id| names.get(&id));
    let measure = owner.and_then(|owner| measure(of, &owner.name));
    let said = StepOfExperiment {
        id: of.id,
        reference: of.reference.clone(),
        step: event.kind,
        decision: of.course.decision.as_ref().map(|decision| decision.kind),
    };
    let mut profiles = Known::default();
    let mut steps = Vec::new();
    for report in sent {
        let profile = profiles.of(conn, report)?;
        let taken = match &measure {
            Some(measure) => step(actor, report, measure, profile, (event, of))?,
            None => None,
        };
        let mut taken = taken
            .unwrap_or_else(|| Step::by_service(report, report, EventKind::Experiment, event.at));
        if taken.after != *report {
            change::update(conn, report, &taken.after)?;
        }
        taken.quiet = everybody;
        taken.event.details.experiment = Some(said.clone());
        steps.push(taken);
    }
    recording::record(conn, context, &steps)
}

/// The report that whoever is admitted joins from.
fn admitted(event: &ExperimentEvent, of: &Experiment) -> Option<ReportId> {
    let report = of.participant(event.details.organisation?)?.report?;
    of.reports.contains(&report).then_some(report)
}

/// With the start, or with joining what runs, a report's implementation begins.
fn begins(step: ExperimentEventKind, of: &Experiment) -> bool {
    match step {
        ExperimentEventKind::Start => true,
        ExperimentEventKind::Admit => of.status == ExperimentStatus::Running,
        _ => false,
    }
}

/// An experiment as the measure that it is at a report; none before it has an end.
fn measure(of: &Experiment, owner: &str) -> Option<Measure> {
    let course = &of.course;
    let gazette = course.legislation.as_ref().and_then(|file| file.gazette());
    let decision = course.decision.as_ref();
    let decided = decision.map(|decision| decision.kind.label(Language::Nl).to_owned());
    let decided = match (decided, gazette) {
        (Some(decided), Some(gazette)) => Some(format!("{decided}: {gazette}")),
        (decided, _) => decided,
    };
    Some(Measure {
        id: measure_id(of),
        kind: MeasureKind::Experiment,
        owner: owner.to_owned(),
        target_date: of.plan.ends_on?,
        result: decided.or_else(|| {
            course
                .stopped
                .as_ref()
                .map(|stopped| stopped.reason.clone())
        }),
    })
}

/// At a report an experiment has the id that it has in the register.
fn measure_id(of: &Experiment) -> MeasureId {
    MeasureId::from_uuid(of.id.uuid())
}

/// What a step changes in a report; none where it only tells.
fn step(
    actor: &Actor,
    report: &Report,
    measure: &Measure,
    profile: &DeadlineProfile,
    (event, of): (&ExperimentEvent, &Experiment),
) -> Result<Option<Step>, Error> {
    let now = event.at;
    let details = Details {
        measure: Some(measure.clone()),
        ..Details::default()
    };
    match report.status {
        Status::PositionTaken if begins(event.kind, of) => {
            let action = Action::StartImplementation;
            // Who starts the experiment may be another than who leads the report.
            let Ok((row, capacity)) = workflow::find(actor, report, action) else {
                return Ok(None);
            };
            let input = Input {
                measure: Some(MeasureInput {
                    id: Some(measure.id),
                    registered: true,
                    kind: measure.kind,
                    owner: measure.owner.clone(),
                    target_date: measure.target_date,
                    result: None,
                }),
                ..Input::default()
            };
            let after = workflow::apply(report, row, capacity, &input, profile, now)?;
            let step = Step::by(actor, capacity, report, &after, action.into(), now);
            Ok(Some(step.with(details)))
        }
        Status::InImplementation => {
            let mut after = report.clone();
            let known = &mut after.handling.measures;
            match known.iter_mut().find(|one| one.id == measure.id) {
                Some(one) => one.clone_from(measure),
                None => known.push(measure.clone()),
            }
            let kind = EventKind::Experiment;
            workflow::keep_time(&mut after, kind, Capacity::Service, profile, now);
            after.updated_at = now;
            after.version += 1;
            let step = Step::by_service(report, &after, kind, now).with(details);
            Ok(Some(step))
        }
        _ => Ok(None),
    }
}
