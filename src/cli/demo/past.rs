//! What happened before the demo began: two experiments with their history, one decided and put into law, one whose
//! evaluation is late. Told through the services with the clock of each day, in one transaction, so that the service at work
//! sees none of it half. The experiments and their publications are invented; what they say stands in `past.json`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::demo::steps::{Step, What};
use crate::cli::demo::year;
use crate::clock::Clock;
use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::experiment::ExperimentAction;
use crate::domain::experiment::workflow::Input;
use crate::domain::id::{ExperimentId, ReportId};
use crate::domain::report::MeasureKind;
use crate::domain::status::Action;
use crate::domain::workflow::{self, MeasureInput};
use crate::http::experiment_input::{
    ExperimentChange, ExperimentRequest, ExperimentTransitionRequest,
};
use crate::http::report_input::ReportRequest;
use crate::http::transitions::TransitionRequest;
use crate::services::endorsements::{self, NewEndorsement};
use crate::services::reports::submit;
use crate::services::{Context, Error, experiments, observations, transitions};
use crate::store::db::Conn;
use crate::store::savepoint::savepoint;
use crate::store::{self, organisations, outbox, principals, reports};

const PAST: &str = include_str!("past.json");

/// A clock that stands on the day of a step.
struct Then(Mutex<DateTime<Utc>>);

impl Clock for Then {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells all of it: a year of reports, whose mail was read long ago, and the experiments.
pub fn tell(context: &Context) -> Result<(), String> {
    told(context, year::steps()?, Telling::WhatIsPossible)?;
    let steps: Vec<Step> =
        serde_json::from_str(PAST).map_err(|e| format!("the past is broken: {e}"))?;
    told(context, steps, Telling::All)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// Every step has to be possible; its mail leaves now.
    All,
    /// What is impossible by then does not happen; its mail was read long ago.
    WhatIsPossible,
}

fn told(context: &Context, steps: Vec<Step>, telling: Telling) -> Result<(), String> {
    let begun = context.clock.now();
    let clock = Arc::new(Then(Mutex::new(begun)));
    let then = Context {
        clock: clock.clone(),
        ..context.clone()
    };
    let told = context.db.write_blocking(move |conn| {
        let mut past = Past {
            context: then,
            conn,
            today: local_date(begun),
            reports: HashMap::new(),
            experiments: HashMap::new(),
        };
        for step in steps {
            *clock.0.lock().unwrap_or_else(PoisonError::into_inner) =
                begun + TimeDelta::days(step.day);
            let made = match telling {
                Telling::All => past.step(&step.by, step.what),
                Telling::WhatIsPossible => past.step_if_possible(&step.by, step.what),
            };
            made.map_err(|e| Error::Internal(format!("day {}, {}: {e:?}", step.day, step.by)))?;
        }
        if telling == Telling::WhatIsPossible {
            outbox::discard_queued_before(past.conn, begun, "of before the demo", begun)?;
        }
        Ok::<_, Error>(())
    });
    told.map_err(|e| format!("{e:?}"))
}

struct Past<'a> {
    context: Context,
    conn: &'a mut Conn,
    today: NaiveDate,
    reports: HashMap<String, ReportId>,
    experiments: HashMap<String, ExperimentId>,
}

impl Past<'_> {
    fn step_if_possible(&mut self, by: &str, what: What) -> Result<(), Error> {
        let mut names = (self.reports.clone(), self.experiments.clone());
        let (context, today) = (self.context.clone(), self.today);
        let made = savepoint(self.conn, |conn| {
            let mut past = Past {
                context,
                conn,
                today,
                reports: std::mem::take(&mut names.0),
                experiments: std::mem::take(&mut names.1),
            };
            past.step(by, what)?;
            Ok((past.reports, past.experiments))
        });
        match made {
            Ok((reports, experiments)) => {
                (self.reports, self.experiments) = (reports, experiments);
                Ok(())
            }
            Err(Error::Illegal(_) | Error::Conflict(_) | Error::Forbidden(_) | Error::NotFound) => {
                Ok(())
            }
            // What it would join was settled meanwhile.
            Err(Error::Invalid(faults)) if faults.iter().all(|one| one.pointer == "/mergeInto") => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn step(&mut self, by: &str, what: What) -> Result<(), Error> {
        let actor = self.actor(by)?;
        match what {
            What::Report { report, with } => {
                let new: ReportRequest = self.read(with)?;
                let made = submit::at_once(self.conn, &self.context, &actor, &new.into())?;
                self.reports.insert(report, made.id);
            }
            What::Propose { propose, with } => {
                let new: ExperimentRequest = self.read(with)?;
                let made = experiments::propose(self.conn, &self.context, &actor, new.into_new()?)?;
                self.experiments.insert(propose, made.experiment.id);
            }
            What::Plan { plan, with } => {
                let change: ExperimentChange = self.read(with)?;
                let (id, version) = self.experiment(&plan)?;
                let change = change.into_change()?;
                experiments::change(self.conn, &self.context, &actor, id, version, change)?;
            }
            What::Sheet { sheet, with } => {
                let id = self.experiment(&sheet)?.0;
                let text = self.sheet(with);
                observations::enter_sheet(self.conn, &self.context, &actor, id, &text)?;
            }
            What::Milestone { milestone, with } => {
                let (id, version) = self.experiment(&milestone)?;
                let there = store::experiments::find(self.conn, id)?.ok_or(Error::NotFound)?;
                let milestones = there.plan.milestones.iter();
                let found = milestones.clone().find(|one| one.title == with);
                let input = Input {
                    milestone: found.map(|one| one.id),
                    date: Some(local_date(self.context.clock.now())),
                    ..Input::default()
                };
                let wanted = (ExperimentAction::CompleteMilestone, input);
                experiments::act(self.conn, &self.context, &actor, id, version, wanted)?;
            }
            What::Endorse { endorse, with } => {
                let id = self.reports.get(&endorse).copied().ok_or(Error::NotFound)?;
                let new = NewEndorsement {
                    effect: with,
                    contact: None,
                };
                endorsements::add(self.conn, &self.context, &actor, id, new)?;
            }
            What::News { of, news } => self.news(&actor, &of, news)?,
            What::Act { of, act } => {
                if self.experiments.contains_key(&of) {
                    let (id, version) = self.experiment(&of)?;
                    let wanted: ExperimentTransitionRequest = self.read(act)?;
                    let wanted = wanted.into_request()?;
                    experiments::act(self.conn, &self.context, &actor, id, version, wanted)?;
                } else {
                    let wanted: TransitionRequest = self.read(act)?;
                    self.transition(&actor, &of, wanted.into_request()?)?;
                }
            }
        }
        Ok(())
    }

    fn transition(
        &mut self,
        actor: &Actor,
        of: &str,
        request: transitions::Request,
    ) -> Result<(), Error> {
        let id = self.reports.get(of).copied().ok_or(Error::NotFound)?;
        let there = reports::find(self.conn, id)?.ok_or(Error::NotFound)?;
        let now = self.context.clock.now();
        let version = there.version;
        transitions::transition(self.conn, &self.context, actor, id, version, request, now)?;
        Ok(())
    }

    /// How far it is with the experiment that a report led to.
    fn news(&mut self, actor: &Actor, of: &str, news: String) -> Result<(), Error> {
        let id = self.reports.get(of).copied().ok_or(Error::NotFound)?;
        let there = reports::find(self.conn, id)?.ok_or(Error::NotFound)?;
        let measures = there.handling.measures.iter();
        let measure = measures
            .clone()
            .find(|one| one.kind == MeasureKind::Experiment);
        let input = workflow::Input {
            explanation: Some(news),
            measure: measure.map(|one| MeasureInput {
                id: Some(one.id),
                registered: false,
                kind: one.kind,
                owner: one.owner.clone(),
                target_date: one.target_date,
                result: one.result.clone(),
            }),
            ..workflow::Input::default()
        };
        let request = transitions::Request {
            action: Action::UpdateImplementation,
            input,
            citations: None,
            municipalities: None,
            assignee: None,
            advice: None,
        };
        self.transition(actor, of, request)
    }

    fn actor(&mut self, email: &str) -> Result<Actor, Error> {
        let person = principals::find_by_email(self.conn, email)?;
        let person = person.ok_or_else(|| Error::Internal(format!("nobody is {email}")))?;
        let home = organisations::find(self.conn, person.organisation)?.ok_or(Error::NotFound)?;
        Ok(person.into_actor(&home))
    }

    fn experiment(&mut self, name: &str) -> Result<(ExperimentId, i32), Error> {
        let id = self.experiments.get(name).copied().ok_or(Error::NotFound)?;
        let there = store::experiments::find(self.conn, id)?.ok_or(Error::NotFound)?;
        Ok((id, there.version))
    }

    fn sheet(&self, lines: Vec<Vec<Value>>) -> String {
        let mut text = "indicator,participant,observedOn,value,note\n".to_owned();
        for line in lines {
            let cell = |at: usize| match line.get(at) {
                Some(Value::String(text)) => text.trim_start_matches('@').to_owned(),
                Some(Value::Number(days)) if at == 2 => days
                    .as_i64()
                    .map(|days| self.day(days).to_string())
                    .unwrap_or_default(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            let cells: Vec<String> = (0..5).map(cell).collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        text
    }

    fn day(&self, days: i64) -> NaiveDate {
        let many = Days::new(days.unsigned_abs());
        let found = if days < 0 {
            self.today.checked_sub_days(many)
        } else {
            self.today.checked_add_days(many)
        };
        found.unwrap_or(self.today)
    }

    fn read<T: DeserializeOwned>(&mut self, value: Value) -> Result<T, Error> {
        let filled = self.filled_in(value)?;
        serde_json::from_value(filled).map_err(|e| Error::Internal(e.to_string()))
    }

    /// `@OCW` and `@GM1714` are the ids of organisations, `@P1` that of a report, `@-90` the day that many days ago.
    fn filled_in(&mut self, value: Value) -> Result<Value, Error> {
        let name = match value {
            Value::String(text) if text.starts_with('@') => text[1..].to_owned(),
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.filled_in(item));
                return Ok(Value::Array(items.collect::<Result<_, _>>()?));
            }
            Value::Object(fields) => {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| Ok((name, self.filled_in(value)?)));
                return Ok(Value::Object(fields.collect::<Result<_, Error>>()?));
            }
            other => return Ok(other),
        };
        if let Ok(days) = name.parse::<i64>() {
            return Ok(Value::from(self.day(days).to_string()));
        }
        if let Some(report) = self.reports.get(&name) {
            return Ok(Value::from(report.to_string()));
        }
        let found = match organisations::by_tooi(self.conn, &name.to_lowercase())? {
            Some(found) => Some(found),
            None => organisations::by_abbreviation(self.conn, &name)?
                .into_iter()
                .next(),
        };
        let found = found.ok_or_else(|| Error::Internal(format!("the facts have no {name}")))?;
        Ok(Value::from(found.id.to_string()))
    }
}
