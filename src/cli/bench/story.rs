//! The made-up reports: number `i` of a seed is always the same but for the ids of organisations and people. What becomes
//! of one is done by the workflow itself, so that nothing is in the database that could not have come there by the API.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use crate::cli::bench::draft::{draft, skewed, told_of};
use crate::cli::bench::plan::{END, Plan, id_at};
use crate::cli::bench::world::World;
use crate::domain::actor::Actor;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::DeadlineProfile;
use crate::domain::event::{Details, Event};
use crate::domain::id::{EventId, MeasureId};
use crate::domain::report::{Confidentiality, MeasureKind, Outcome, Report};
use crate::domain::routing;
use crate::domain::sharing::ShareAudience;
use crate::domain::status::{Action, Status};
use crate::domain::workflow::{self, Input, MeasureInput};
use crate::services::deadlines;
use crate::services::recording::Step;
use crate::services::routing::{facts, follow_rules};
use crate::store::outbox::Notice;

/// A report with what happened to it and who was told.
pub struct Told {
    pub report: Report,
    pub events: Vec<Event>,
    pub notices: Vec<Notice>,
}

/// How far a report gets, at most: the actions that follow on its submission, with their weights.
const COURSES: &[(u32, &[Action])] = {
    use Action::*;
    &[
        (10, &[]),
        (12, &[Route]),
        (6, &[Route, RequestInformation]),
        (18, &[Route, Accept]),
        (3, &[Route, Accept, RequestInformation, ProvideInformation]),
        (6, &[Route, Accept, TakePosition]),
        (8, &[Route, Accept, TakePosition, StartImplementation]),
        (28, &[Route, Accept, TakePosition, Settle]),
        (
            4,
            &[Route, Accept, TakePosition, StartImplementation, Settle],
        ),
        (2, &[Route, Return]),
        (3, &[Withdraw]),
    ]
};

/// Tells report `i`.
///
/// # Errors
/// When the workflow refuses a step, which a test rules out.
pub fn tell(world: &World, plan: Plan, i: u32) -> Result<Told, String> {
    let mut rng = plan.rng(i);
    let begun = plan.begun(i);
    let id = id_at(&mut rng, begun, 0);
    // Few send much: the square of a number between 0 and 1 leans to 0.
    let home = &world.municipalities[skewed(&mut rng, world.municipalities.len())];
    let mut report = draft(world, plan, i, id, home, &mut rng);
    let mut teller = Teller {
        world,
        rng,
        events: Vec::new(),
        at: begun,
        profile: DeadlineProfile::standard(begun),
    };
    if plan.stays_draft(i) {
        let step = Step::created(&report, &home.reporter, begun);
        teller.keep(step);
    } else {
        teller.submit(&mut report, &home.reporter, plan.reference(i))?;
        for action in teller.course() {
            if report.lead.is_some() && *action == Action::Route {
                continue;
            }
            teller.at += TimeDelta::hours(teller.rng.i64(2..24 * 30));
            if teller.at >= END || !teller.act(&mut report, *action, &home.reporter)? {
                break;
            }
        }
        teller.publish(&mut report, &home.reporter)?;
        teller.alert(&mut report);
    }
    let Teller {
        mut rng, events, ..
    } = teller;
    let notices = told_of(world, &report, &events, &mut rng);
    Ok(Told {
        report,
        events,
        notices,
    })
}

struct Teller<'a> {
    world: &'a World,
    rng: Rng,
    events: Vec<Event>,
    at: DateTime<Utc>,
    profile: DeadlineProfile,
}

impl Teller<'_> {
    fn keep(&mut self, step: Step) {
        let mut event = step.event;
        let nth = u8::try_from(self.events.len()).unwrap_or(u8::MAX);
        let id: EventId = id_at(&mut self.rng, event.at, nth);
        event.id = id;
        self.events.push(event);
    }

    fn course(&mut self) -> &'static [Action] {
        let all = COURSES.iter().map(|(weight, _)| weight).sum();
        let mut lot = self.rng.u32(0..all);
        for (weight, course) in COURSES {
            if lot < *weight {
                return course;
            }
            lot -= weight;
        }
        &[]
    }

    fn submit(
        &mut self,
        report: &mut Report,
        reporter: &Actor,
        reference: String,
    ) -> Result<(), String> {
        let draft = report.clone();
        self.apply(report, Action::Submit, reporter, &Input::default())?;
        report.reference = Some(reference);
        report.version = 1;
        if let Some(event) = self.events.last_mut() {
            event.version = 1;
            event.from = Some(draft.status);
        }
        let today = local_date(self.at);
        let routing = routing::evaluate(
            &self.world.rules,
            &facts(&self.world.rules, &report.content, report.submitter),
            today,
        );
        let routed = follow_rules(report, routing, &self.profile, self.at);
        routed.into_iter().for_each(|step| self.keep(step));
        Ok(())
    }

    /// Takes a step; false when it leads nowhere for this report.
    fn act(
        &mut self,
        report: &mut Report,
        action: Action,
        reporter: &Actor,
    ) -> Result<bool, String> {
        let lead = report.lead.and_then(|lead| self.world.liaisons.get(&lead));
        let actor = match action {
            Action::Route | Action::Publish => &self.world.desk,
            Action::Withdraw | Action::ProvideInformation => reporter,
            // What was to be carried out is settled by the desk.
            Action::Settle if !report.handling.measures.is_empty() => &self.world.desk,
            _ => match lead {
                Some(lead) => lead,
                None => return Ok(false),
            },
        };
        let input = self.input(report, action);
        self.apply(report, action, actor, &input)?;
        Ok(true)
    }

    /// Half of what may be public is.
    fn publish(&mut self, report: &mut Report, reporter: &Actor) -> Result<(), String> {
        let may = report.confidentiality == Confidentiality::PublicAfterReview
            && report.status != Status::Withdrawn;
        self.at += TimeDelta::hours(1);
        if may && self.at < END && self.rng.bool() {
            self.act(report, Action::Publish, reporter)?;
        }
        Ok(())
    }

    /// What was due by the end was told.
    fn alert(&mut self, report: &mut Report) {
        if let Some((after, raised)) = deadlines::raise(report, END) {
            raised.into_iter().for_each(|(step, ..)| self.keep(step));
            *report = after;
        }
    }

    fn apply(
        &mut self,
        report: &mut Report,
        action: Action,
        actor: &Actor,
        input: &Input,
    ) -> Result<(), String> {
        let refused = |why| format!("{action} of {}: {why:?}", report.id);
        let (row, capacity) = workflow::find(actor, report, action).map_err(refused)?;
        let mut after = workflow::apply(report, row, capacity, input, &self.profile, self.at)
            .map_err(refused)?;
        // Its own id is of the moment it was made.
        for measure in &mut after.handling.measures {
            measure.id = MeasureId::from_uuid(report.id.uuid());
        }
        let said = Details {
            lead: after.lead.filter(|_| after.lead != report.lead),
            explanation: input.explanation.clone(),
            public_explanation: input.public_explanation.clone(),
            outcome: input.outcome,
            reason: input.reason.clone(),
            question: input.question.clone(),
            answer: input.answer.clone(),
            measure: after.handling.measures.last().cloned(),
            ..Details::default()
        };
        self.keep(Step::by(actor, capacity, report, &after, action.into(), self.at).with(said));
        *report = after;
        Ok(())
    }

    fn input(&mut self, report: &Report, action: Action) -> Input {
        let text = |text: &str| Some(text.to_owned());
        let mut input = Input::default();
        match action {
            Action::Route => {
                let domain = report.content.domains.first();
                let mut leads = self.world.domains.iter();
                let lead = leads.find(|(code, _)| Some(code) == domain);
                input.lead = lead.map(|(_, lead)| *lead);
                input.explanation = text("De regel valt onder dit beleidsterrein.");
            }
            Action::Return => input.reason = text("Deze regel is niet van ons."),
            Action::RequestInformation => {
                input.question = text("Om hoeveel inwoners gaat het, en sinds wanneer speelt dit?");
            }
            Action::ProvideInformation => {
                input.answer =
                    text("Ongeveer vierhonderd inwoners, sinds de sluiting van de vestiging.");
            }
            Action::TakePosition | Action::Settle => {
                input.outcome = Some(match &report.handling.position {
                    Some(position) => position.outcome,
                    None => OUTCOMES[self.rng.usize(0..OUTCOMES.len())],
                });
                if !report.handling.measures.is_empty() {
                    input.outcome = Some(Outcome::PracticeChanged);
                    input.reason = text("Een andere werkwijze bleek genoeg.");
                }
                input.public_explanation =
                    text("De bepaling laat dit toe; de toelichting wordt verduidelijkt.");
            }
            Action::StartImplementation => {
                input.measure = Some(MeasureInput {
                    id: None,
                    registered: false,
                    kind: MeasureKind::ChangedPractice,
                    owner: "directie Regio".into(),
                    target_date: local_date(self.at + TimeDelta::days(200)),
                    result: None,
                });
            }
            Action::Publish => {
                input.audience = Some(ShareAudience::Public);
                input.title = Some(report.content.title.clone());
                input.summary = Some(report.content.effect.clone());
            }
            Action::Withdraw => input.reason = text("Het is op een andere manier opgelost."),
            _ => {}
        }
        input
    }
}

/// What comes of one without a measure.
const OUTCOMES: [Outcome; 3] = [
    Outcome::Explanation,
    Outcome::NoObstruction,
    Outcome::DeclinedWithReasons,
];

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
