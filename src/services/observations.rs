//! What is observed in an experiment: entered together or not at all, corrected without losing what was there.

pub mod sheet;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::experiment::event::{ExperimentDetails, ExperimentEvent, ExperimentEventKind};
use crate::domain::experiment::progress::{self, Observation, Observed};
use crate::domain::experiment::{Experiment, ExperimentCapacity, ExperimentStatus};
use crate::domain::id::{ExperimentId, IndicatorId, ObservationId};
use crate::domain::invalid::FieldError;
use crate::domain::policy;
use crate::services::reports::{Organisations, load_organisations};
use crate::services::{Context, Error, experiments};
use crate::store::db::Conn;
use crate::store::observations::Filter;
use crate::store::{experiment_events, observations};

/// Most observations of one experiment: what its progress is computed from in one go.
const MOST: i64 = 20_000;

/// An observation to enter.
#[derive(Debug, Clone)]
pub struct NewObservation {
    pub indicator: IndicatorId,
    pub of: Observed,
    pub observed_on: NaiveDate,
    pub value: f64,
    pub note: Option<String>,
}

/// Observations with the names of whose they are.
#[derive(Debug)]
pub struct Listed {
    pub observations: Vec<Observation>,
    pub organisations: Organisations,
}

/// An experiment that takes observations from somebody, and as whom it enters them.
fn observed_by(
    conn: &mut Conn,
    actor: &Actor,
    id: ExperimentId,
) -> Result<(Experiment, ExperimentCapacity), Error> {
    use ExperimentCapacity::{Authority, Desk, Participant};
    let experiment = experiments::find(conn, actor, id)?;
    let open = matches!(
        experiment.status,
        ExperimentStatus::Running | ExperimentStatus::Evaluating | ExperimentStatus::Stopped
    );
    if !open || experiment.course.started_on.is_none() {
        return Err(Error::Conflict("experiment_takes_no_observations"));
    }
    let capacities = policy::experiment_capacities(actor, &experiment);
    let capacity = [Authority, Desk, Participant]
        .into_iter()
        .find(|one| capacities.contains(one))
        .ok_or(Error::Forbidden("not_allowed"))?;
    if !policy::may_act_as(actor, capacity) {
        return Err(Error::Forbidden("insufficient_scope"));
    }
    Ok((experiment, capacity))
}

/// Enters the observations of a sheet, all of them or none.
///
/// # Errors
/// `Invalid` with every fault of every line, below `/lines`.
pub fn enter_sheet(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ExperimentId,
    text: &str,
) -> Result<Listed, Error> {
    let today = local_date(context.clock.now());
    let (experiment, _) = observed_by(conn, actor, id)?;
    let named = load_organisations(conn, experiment.organisations())?;
    let codes = named
        .values()
        .filter_map(|one| Some((one.municipality_code.clone()?, one.id)))
        .collect();
    let mut sheet = sheet::read(text, &experiment, &codes);
    let found = faults(conn, actor, &experiment, &sheet.observations, today)?;
    let found: Vec<FieldError> = found
        .into_iter()
        .map(|fault| sheet.of_line(fault))
        .collect();
    sheet.faults.extend(found);
    if !sheet.faults.is_empty() {
        let line = |fault: &FieldError| -> u64 {
            let mut parts = fault.pointer.split('/');
            parts
                .nth(2)
                .and_then(|line| line.parse().ok())
                .unwrap_or_default()
        };
        sheet.faults.sort_by_key(line);
        return Err(Error::Invalid(sheet.faults));
    }
    enter(conn, context, actor, id, sheet.observations)
}

/// Enters observations, all of them or none.
///
/// # Errors
/// `Invalid` with every faulty one, below `/items`.
pub fn enter(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    id: ExperimentId,
    new: Vec<NewObservation>,
) -> Result<Listed, Error> {
    let now = context.clock.now();
    let (experiment, capacity) = observed_by(conn, actor, id)?;
    let there = observations::count(conn, id)?;
    if there + i64::try_from(new.len()).unwrap_or(i64::MAX) > MOST {
        return Err(Error::Conflict("too_many_observations"));
    }
    let faults = faults(conn, actor, &experiment, &new, local_date(now))?;
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let made: Vec<Observation> = new
        .into_iter()
        .map(|one| Observation {
            id: ObservationId::new(),
            experiment: id,
            indicator: one.indicator,
            of: one.of,
            observed_on: one.observed_on,
            value: one.value,
            note: one.note,
            entered_by: actor.home.id,
            entered_at: now,
            corrects: None,
            corrected_by: None,
            reason: None,
        })
        .collect();
    observations::insert(conn, &made)?;
    let details = ExperimentDetails {
        observations: Some(made.len()),
        ..ExperimentDetails::default()
    };
    let kind = ExperimentEventKind::Observed;
    tell(conn, actor, &experiment, (capacity, kind), details, now)?;
    named(conn, made)
}

fn faults(
    conn: &mut Conn,
    actor: &Actor,
    experiment: &Experiment,
    new: &[NewObservation],
    today: NaiveDate,
) -> Result<Vec<FieldError>, Error> {
    let days = || new.iter().map(|one| one.observed_on);
    let mut taken: BTreeSet<(IndicatorId, Observed, NaiveDate)> =
        match days().min().zip(days().max()) {
            None => BTreeSet::new(),
            Some((from, to)) => observations::between(conn, experiment.id, from, to)?
                .into_iter()
                .map(|one| (one.indicator, one.of, one.observed_on))
                .collect(),
        };
    let started = experiment.course.started_on.unwrap_or(today);
    let mut faults = Vec::new();
    for (at, one) in new.iter().enumerate() {
        let fault = |field: &str, code| FieldError::new(format!("/items/{at}/{field}"), code);
        let known = experiment
            .plan
            .indicators
            .iter()
            .any(|known| known.id == one.indicator);
        if !known {
            faults.push(fault("indicator", "unknown_indicator"));
        }
        if one.observed_on > today {
            faults.push(fault("observedOn", "date_in_future").with("latest", today));
        } else if one.observed_on < started {
            faults.push(fault("observedOn", "before_experiment").with("earliest", started));
        }
        let whose = match one.of {
            Observed::Participant(id) => {
                let takes_part = experiment
                    .participant(id)
                    .is_some_and(|found| found.takes_part_on(one.observed_on));
                if !takes_part {
                    faults.push(fault("participant", "no_participant"));
                }
                Some(id)
            }
            Observed::Comparison => {
                if experiment.plan.comparison_group.is_none() {
                    faults.push(fault("of", "no_comparison_group"));
                }
                None
            }
            Observed::All => None,
        };
        if !policy::observes(actor, experiment, whose) {
            faults.push(fault("of", "observation_of_another"));
        }
        if !taken.insert((one.indicator, one.of, one.observed_on)) {
            faults.push(fault("observedOn", "observed_already"));
        }
    }
    Ok(faults)
}

/// Puts another value in the place of one; the old one stays to be read.
///
/// # Errors
/// `NotFound`, `Forbidden` for one of another, `Conflict` for one that was corrected before.
pub fn correct(
    conn: &mut Conn,
    context: &Context,
    actor: &Actor,
    (id, old): (ExperimentId, ObservationId),
    value: f64,
    reason: String,
) -> Result<Listed, Error> {
    let now = context.clock.now();
    let (experiment, capacity) = observed_by(conn, actor, id)?;
    let old = observations::find(conn, id, old)?.ok_or(Error::NotFound)?;
    let whose = match old.of {
        Observed::Participant(whose) => Some(whose),
        Observed::All | Observed::Comparison => None,
    };
    if !policy::observes(actor, &experiment, whose) {
        return Err(Error::Forbidden("not_allowed"));
    }
    let new = Observation {
        id: ObservationId::new(),
        value,
        entered_by: actor.home.id,
        entered_at: now,
        corrects: Some(old.id),
        corrected_by: None,
        reason: Some(reason.clone()),
        ..old.clone()
    };
    observations::insert(conn, std::slice::from_ref(&new))?;
    if !observations::correct(conn, old.id, new.id)? {
        return Err(Error::Conflict("observation_corrected"));
    }
    let details = ExperimentDetails {
        reason: Some(reason),
        date: Some(old.observed_on),
        ..ExperimentDetails::default()
    };
    let kind = ExperimentEventKind::ObservationCorrected;
    tell(conn, actor, &experiment, (capacity, kind), details, now)?;
    named(conn, vec![new])
}

fn tell(
    conn: &mut Conn,
    actor: &Actor,
    experiment: &Experiment,
    (capacity, kind): (ExperimentCapacity, ExperimentEventKind),
    details: ExperimentDetails,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let event = ExperimentEvent::by(actor, capacity, Some(experiment), experiment, kind, now);
    experiment_events::insert(conn, &event.with(details))?;
    Ok(())
}

fn named(conn: &mut Conn, observations: Vec<Observation>) -> Result<Listed, Error> {
    let whose = observations.iter().filter_map(|one| match one.of {
        Observed::Participant(id) => Some(id),
        Observed::All | Observed::Comparison => None,
    });
    let by = observations.iter().map(|one| one.entered_by);
    let organisations = load_organisations(conn, whose.chain(by))?;
    Ok(Listed {
        observations,
        organisations,
    })
}

/// A page of observations, in the order in which they were entered.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    id: ExperimentId,
    filter: Filter,
    after: Option<ObservationId>,
    limit: i64,
) -> Result<Listed, Error> {
    experiments::find(conn, actor, id)?;
    let found = observations::list(conn, id, filter, after, limit)?;
    named(conn, found)
}

/// How far an experiment is.
#[derive(Debug)]
pub struct Progress {
    pub experiment: Experiment,
    pub organisations: Organisations,
    /// Of each indicator: for all, for each participant, for the comparison group.
    pub indicators: Vec<(IndicatorId, Vec<(Observed, progress::Figures)>)>,
    pub missing: Vec<progress::Missing>,
    pub expected: Vec<progress::Missing>,
    /// What counts, the earliest first.
    pub observations: Vec<Observation>,
}

/// How far each indicator is from where it began and from its target, and what was not observed in time.
pub fn progress(
    conn: &mut Conn,
    actor: &Actor,
    id: ExperimentId,
    now: DateTime<Utc>,
) -> Result<Progress, Error> {
    let experiment = experiments::find(conn, actor, id)?;
    let mut all = observations::list(conn, id, Filter::default(), None, MOST)?;
    all.sort_by_key(|one| (one.observed_on, one.of, one.id));
    let organisations = load_organisations(conn, experiment.organisations())?;
    let missing = progress::missing(&experiment, &all, local_date(now));
    let expected = progress::expected(&experiment, &all, local_date(now));
    let indicators = progress::of_all(&experiment, &all);
    Ok(Progress {
        experiment,
        organisations,
        indicators,
        missing,
        expected,
        observations: all,
    })
}
