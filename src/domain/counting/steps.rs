//! The steps a report took: who had to take each, how long it took and whether the promise was kept. Read from the timeline
//! with the one table of what an event does to the clocks.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::clocks::{Ledger, Moment};
use crate::domain::code::code_list;
use crate::domain::deadline::local_date;
use crate::domain::deadline_profile::{ClockKind, DeadlineProfile};
use crate::domain::event::Event;
use crate::domain::event_kind::EventKind;
use crate::domain::id::OrganisationId;
use crate::domain::report::{Report, Verdict};
use crate::domain::status::Status;

code_list! {
    /// What takes time on the way of a report (Dutch: stap).
    pub enum Step {
        /// Until the desk did something with it (reactie van het loket).
        DeskReply = "desk_reply",
        /// Until an authority had it (doorzetten).
        Routing = "routing",
        /// Until the authority accepted or returned it (in behandeling nemen of retour).
        Acceptance = "acceptance",
        /// From acceptance to the position (standpunt).
        Position = "position",
        /// Until a question to the reporter was answered, or its term lapsed (antwoord op een vraag).
        Answer = "answer",
        /// Until it was told how the implementation is (bericht over de voortgang).
        ImplementationUpdate = "implementation_update",
        /// From the start of the implementation to the settlement (uitvoering).
        Implementation = "implementation",
        /// From submission to settlement (hele behandeling).
        Settlement = "settlement",
        /// Until the reporter said what it thinks of the outcome (terugkoppeling).
        Feedback = "feedback",
    }
}

impl Step {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            Step::DeskReply => ("Reactie van het loket", "Reply by the desk"),
            Step::Routing => ("Doorzetten", "Routing"),
            Step::Acceptance => ("In behandeling nemen of retour", "Acceptance or return"),
            Step::Position => ("Standpunt", "Position"),
            Step::Answer => ("Antwoord op een vraag", "Answer to a question"),
            Step::ImplementationUpdate => ("Bericht over de voortgang", "Progress update"),
            Step::Implementation => ("Uitvoering", "Implementation"),
            Step::Settlement => ("Hele behandeling", "Submission to settlement"),
            Step::Feedback => ("Terugkoppeling van de melder", "Feedback by the reporter"),
        };
        language.pick(nl, en)
    }

    /// Whether somebody promised to be in time with it.
    pub fn is_promised(self) -> bool {
        !matches!(
            self,
            Step::Implementation | Step::Settlement | Step::Feedback
        )
    }
}

impl From<ClockKind> for Step {
    fn from(kind: ClockKind) -> Self {
        match kind {
            ClockKind::DeskReply => Step::DeskReply,
            ClockKind::Routing => Step::Routing,
            ClockKind::Acceptance => Step::Acceptance,
            ClockKind::Position => Step::Position,
            ClockKind::Answer => Step::Answer,
            ClockKind::ImplementationUpdate => Step::ImplementationUpdate,
            ClockKind::Feedback => Step::Feedback,
        }
    }
}

code_list! {
    /// What befell a report at an authority (Dutch: voorval).
    pub enum Happening {
        /// It was given to the authority (doorgezet).
        Routed = "routed",
        /// The authority sent it back (retour).
        Returned = "returned",
        /// The desk took it from the authority and gave it to another (omgezet).
        Rerouted = "rerouted",
        /// The term for a position was extended (verdaagd).
        Extended = "extended",
        Settled = "settled",
        ReopeningRequested = "reopening_requested",
        ReopeningGranted = "reopening_granted",
        ReopeningDenied = "reopening_denied",
        /// The reporter says that the obstacle is gone (opgelost).
        Solved = "solved",
        /// The reporter says that some of it is left (deels opgelost).
        PartlySolved = "partly_solved",
        /// The reporter says that it is as it was (niet opgelost).
        NotSolved = "not_solved",
    }
}

impl From<Verdict> for Happening {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Solved => Happening::Solved,
            Verdict::Partly => Happening::PartlySolved,
            Verdict::Not => Happening::NotSolved,
        }
    }
}

/// A step that came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub step: Step,
    /// The authority that had to take it, or that led then; none while there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authority: Option<OrganisationId>,
    pub ended_on: NaiveDate,
    /// Calendar days it took, without those it stood still.
    pub days: u32,
    /// Calendar days it stood still, since the reporter was asked something.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub suspended: u32,
    /// Whether it was in time; none where nothing was promised.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_time: Option<bool>,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// A promise that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub step: Step,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authority: Option<OrganisationId>,
    pub due_on: NaiveDate,
}

/// Something that befell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Befell {
    pub what: Happening,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authority: Option<OrganisationId>,
    pub on: NaiveDate,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    pub taken: Vec<Taken>,
    pub running: Vec<Running>,
    pub befell: Vec<Befell>,
}

/// Of a clock: who led when it started, and what stopped it.
#[derive(Debug, Clone, Copy, Default)]
struct Traced {
    authority: Option<OrganisationId>,
    stopped_by: Option<EventKind>,
}

/// Whether a step was taken when this stopped its clock. Otherwise it became moot: the report was taken away, merged or
/// withdrawn. What took over the clocks of another report does not know what stopped them, and counts them.
fn was_taken(step: Step, by: Option<EventKind>) -> bool {
    use EventKind as E;
    let Some(by) = by else { return true };
    match step {
        Step::DeskReply | Step::Routing => !matches!(by, E::Withdraw | E::Merge),
        Step::Acceptance => matches!(by, E::Accept | E::Return),
        Step::Position => by == E::TakePosition,
        Step::Answer => matches!(by, E::ProvideInformation | E::ContinueWithoutAnswer),
        Step::ImplementationUpdate => matches!(
            by,
            E::UpdateImplementation | E::StartImplementation | E::Experiment | E::Settle
        ),
        Step::Feedback => by == E::GiveFeedback,
        Step::Implementation | Step::Settlement => true,
    }
}

fn days(from: NaiveDate, until: NaiveDate) -> u32 {
    u32::try_from((until - from).num_days()).unwrap_or(0)
}

/// Reads the course of a report from its timeline, oldest first.
pub fn course(report: &Report, timeline: &[Event]) -> Course {
    let mut follow = Follow::default();
    for event in timeline {
        follow.event(event);
    }
    follow.course(report)
}

/// What is remembered on the way through a timeline.
#[derive(Default)]
struct Follow {
    lead: Option<OrganisationId>,
    ledger: Ledger,
    traced: Vec<Traced>,
    implementing: Option<NaiveDate>,
    settled_by: Option<OrganisationId>,
    befell: Vec<Befell>,
}

impl Follow {
    fn event(&mut self, event: &Event) {
        let led = self.lead;
        let details = &event.details;
        if details.lead.is_some() || details.former_lead.is_some() {
            self.lead = details.lead;
        }
        self.befalls(event, led);
        match event.kind {
            EventKind::StartImplementation => self.implementing = Some(local_date(event.at)),
            EventKind::Reconsider | EventKind::GrantReopening => self.implementing = None,
            EventKind::Settle | EventKind::CloseWithoutRouting | EventKind::SettledThrough => {
                self.settled_by = self.lead;
            }
            _ => {}
        }
        self.clocks(event);
    }

    fn befalls(&mut self, event: &Event, led: Option<OrganisationId>) {
        use EventKind as E;
        let on = local_date(event.at);
        let mut befell = |what, authority| {
            self.befell.push(Befell {
                what,
                authority,
                on,
            });
        };
        match event.kind {
            E::RoutedByRule | E::Route => befell(Happening::Routed, self.lead),
            E::Reroute => {
                befell(Happening::Rerouted, led);
                befell(Happening::Routed, self.lead);
            }
            E::Return => befell(Happening::Returned, led),
            E::Extend => befell(Happening::Extended, self.lead),
            E::Settle | E::CloseWithoutRouting | E::SettledThrough => {
                befell(Happening::Settled, self.lead);
            }
            E::RequestReopening => befell(Happening::ReopeningRequested, self.lead),
            E::GrantReopening => befell(Happening::ReopeningGranted, self.lead),
            E::DenyReopening => befell(Happening::ReopeningDenied, self.lead),
            E::GiveFeedback => {
                if let Some(verdict) = event.details.verdict {
                    befell(verdict.into(), self.lead);
                }
            }
            _ => {}
        }
    }

    fn clocks(&mut self, event: &Event) {
        if let Some(taken_over) = &event.details.clocks {
            let whose = Traced {
                authority: self.lead,
                stopped_by: None,
            };
            self.traced = vec![whose; taken_over.clocks.len()];
            self.ledger = taken_over.clone();
            return;
        }
        let ran: Vec<bool> = self
            .ledger
            .clocks
            .iter()
            .map(|clock| clock.runs())
            .collect();
        self.ledger.follow(&Moment {
            kind: event.kind,
            capacity: event.author.capacity,
            to: event.to,
            at: event.at,
            // Only who started and stopped what is read from it; the dates are those that are stored.
            profile: &STANDARD,
            clock: event.details.clock,
        });
        let starts = Traced {
            authority: self.lead,
            stopped_by: None,
        };
        self.traced.resize(self.ledger.clocks.len(), starts);
        for (at, clock) in self.ledger.clocks.iter().enumerate() {
            match (ran.get(at), clock.runs()) {
                (Some(false), true) => self.traced[at].stopped_by = None,
                (Some(true) | None, false) => self.traced[at].stopped_by = Some(event.kind),
                _ => {}
            }
        }
    }

    fn course(self, report: &Report) -> Course {
        let stored = &report.handling.ledger;
        let mut course = Course {
            befell: self.befell,
            ..Course::default()
        };
        for (at, clock) in stored.clocks.iter().enumerate() {
            let traced = self.traced.get(at).copied().unwrap_or(Traced {
                authority: report.lead,
                stopped_by: None,
            });
            let step = Step::from(clock.kind);
            if let Some(stopped_on) = clock.stopped_on
                && was_taken(step, traced.stopped_by)
            {
                let answered = traced.stopped_by != Some(EventKind::ContinueWithoutAnswer);
                let in_time = stopped_on <= clock.due_on && answered;
                let all = days(clock.started_on, stopped_on);
                course.taken.push(Taken {
                    step,
                    authority: traced.authority,
                    ended_on: stopped_on,
                    days: all.saturating_sub(clock.suspended_days),
                    suspended: clock.suspended_days,
                    in_time: step.is_promised().then_some(in_time),
                });
            }
        }
        course.running = report
            .running_clocks()
            .map(|clock| Running {
                step: clock.kind.into(),
                authority: report.lead,
                due_on: clock.due_on,
            })
            .filter(|running| running.step.is_promised())
            .collect();
        if let (Some(submitted), Some(settled)) = (report.submitted_at, report.settled_at)
            && matches!(report.status, Status::Settled | Status::ReopeningRequested)
        {
            let (from, until) = (local_date(submitted), local_date(settled));
            let stood_still = stored
                .suspensions
                .iter()
                .filter_map(|one| Some(days(one.from, one.until?)))
                .sum::<u32>();
            let mut take = |step, from, suspended: u32| {
                course.taken.push(Taken {
                    step,
                    authority: self.settled_by,
                    ended_on: until,
                    days: days(from, until).saturating_sub(suspended),
                    suspended,
                    in_time: None,
                });
            };
            take(Step::Settlement, from, stood_still);
            if let Some(began) = self.implementing {
                take(Step::Implementation, began, 0);
            }
        }
        course
    }
}

static STANDARD: std::sync::LazyLock<DeadlineProfile> =
    std::sync::LazyLock::new(|| DeadlineProfile::standard(DateTime::<Utc>::MIN_UTC));
