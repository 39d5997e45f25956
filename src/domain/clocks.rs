//! The clocks of a report: which promise runs from when until when, and where it stood still. Everything follows from the
//! events of the report: `Ledger::follow` is the one table of what an event does to the clocks, and `clock_proof` makes the
//! ledger anew from the timeline, so that every stored date can be proved.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::actor::Language;
use crate::domain::code::{Code, code_list};
use crate::domain::deadline::{Term, due_on_suspended, local_date};
use crate::domain::deadline_profile::{ClockKind, DeadlineProfile, ProfileRef, Terms};
use crate::domain::event_kind::EventKind;
use crate::domain::status::{Action, Capacity, Status};

code_list! {
    /// How far a promise is from being kept (Dutch: signaal).
    pub enum Alert {
        /// Most of the term has passed (bijna verlopen).
        Nearing = "nearing",
        /// The last day has passed (te laat).
        Overdue = "overdue",
        /// The coordinator was called in (geëscaleerd).
        Escalated = "escalated",
    }
}

impl Alert {
    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (nl, en) = match self {
            Alert::Nearing => ("bijna verstreken", "nearly over"),
            Alert::Overdue => ("verstreken", "over"),
            Alert::Escalated => (
                "lang verstreken, coördinator ingeschakeld",
                "long over, coordinator called in",
            ),
        };
        language.pick(nl, en)
    }
}

/// What a clock was started with; it keeps it unless it is moved on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockTerms {
    pub profile: ProfileRef,
    pub term: Term,
    pub nearing_percent: u32,
    pub escalate_after_days: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equated_days: Vec<NaiveDate>,
}

impl ClockTerms {
    pub fn new(profile: &DeadlineProfile, kind: ClockKind, extended: bool) -> Self {
        let Terms {
            extended_position,
            nearing_percent,
            escalate_after_days,
            ref equated_days,
            ..
        } = profile.terms;
        Self {
            profile: profile.reference(),
            term: if extended {
                extended_position
            } else {
                profile.terms.of(kind)
            },
            nearing_percent,
            escalate_after_days,
            equated_days: equated_days.clone(),
        }
    }
}

/// A running or ended term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Clock {
    pub kind: ClockKind,
    pub started_on: NaiveDate,
    pub due_on: NaiveDate,
    /// From this day on it nears its end.
    pub nearing_on: NaiveDate,
    /// Day on which it stopped; none while it runs.
    pub stopped_on: Option<NaiveDate>,
    /// Days it stood still while the reporter was asked something.
    pub suspended_days: u32,
    pub terms: ClockTerms,
    /// It was extended, which happens once.
    pub extended: bool,
    /// The furthest alert that was raised about it.
    pub raised: Option<Alert>,
}

/// A clock as it may stand in a row: before there were profiles, terms were those of the standard one and went without
/// saying.
#[derive(Deserialize)]
struct Written {
    kind: ClockKind,
    started_on: NaiveDate,
    stopped_on: Option<NaiveDate>,
    suspended_days: u32,
    terms: Option<ClockTerms>,
    #[serde(default)]
    extended: bool,
    raised: Option<Alert>,
}

impl From<Written> for Clock {
    fn from(written: Written) -> Self {
        let standard = || {
            let profile = DeadlineProfile::standard(DateTime::<Utc>::MIN_UTC);
            ClockTerms::new(&profile, written.kind, false)
        };
        let mut clock = Self {
            kind: written.kind,
            started_on: written.started_on,
            due_on: written.started_on,
            nearing_on: written.started_on,
            stopped_on: written.stopped_on,
            suspended_days: written.suspended_days,
            terms: written.terms.unwrap_or_else(standard),
            extended: written.extended,
            raised: written.raised,
        };
        // What follows from the rest is not read but reckoned.
        clock.reckon();
        clock
    }
}

/// A time in which clocks stood still (opschorting): the reporter was asked something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Day of the question.
    pub from: NaiveDate,
    /// Day of the answer, or on which its term lapsed; none while it lasts.
    pub until: Option<NaiveDate>,
    /// As whom it was asked.
    pub asked_as: Capacity,
    /// What ended it: the answer, going on without one, or an end of the case.
    pub ended_by: Option<EventKind>,
}

/// All clocks of a report and where they stood still.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    pub clocks: Vec<Clock>,
    pub suspensions: Vec<Suspension>,
    /// The clocks as they ran when the report was merged, to go on with when that is undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<Vec<Clock>>,
}

/// What the clocks need to know of an event.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    pub kind: EventKind,
    pub capacity: Capacity,
    /// The status after it.
    pub to: Status,
    pub at: DateTime<Utc>,
    /// Of clocks that start, or are moved.
    pub profile: &'a DeadlineProfile,
    /// The clock that an alert is about.
    pub clock: Option<ClockKind>,
}

impl Clock {
    fn start(kind: ClockKind, on: NaiveDate, profile: &DeadlineProfile) -> Self {
        let mut clock = Self {
            kind,
            started_on: on,
            due_on: on,
            nearing_on: on,
            stopped_on: None,
            suspended_days: 0,
            terms: ClockTerms::new(profile, kind, false),
            extended: false,
            raised: None,
        };
        clock.reckon();
        clock
    }

    pub fn runs(&self) -> bool {
        self.stopped_on.is_none()
    }

    /// Works out its dates: suspension moves the nominal end, the shift to a working day comes last.
    fn reckon(&mut self) {
        self.due_on = due_on_suspended(
            self.started_on,
            self.terms.term,
            self.suspended_days,
            &self.terms.equated_days,
        );
        let length = u64::try_from((self.due_on - self.started_on).num_days()).unwrap_or(0);
        // The first day on which at least that much of the term has passed.
        let days = (length * u64::from(self.terms.nearing_percent)).div_ceil(100);
        self.nearing_on = self
            .started_on
            .checked_add_days(Days::new(days))
            .unwrap_or(self.due_on);
    }

    /// The furthest alert that is due on a day and not yet raised.
    pub fn alert_due(&self, today: NaiveDate) -> Option<Alert> {
        [Alert::Escalated, Alert::Overdue, Alert::Nearing]
            .into_iter()
            .find(|alert| self.alert_on(*alert).is_some_and(|day| day <= today))
    }

    /// The next day on which an alert is to be raised about it.
    pub fn next_alert_on(&self) -> Option<NaiveDate> {
        [Alert::Nearing, Alert::Overdue, Alert::Escalated]
            .into_iter()
            .filter_map(|alert| self.alert_on(alert))
            .min()
    }

    /// The day of an alert; none when it, or a further one, was raised, or when there is none of that kind.
    fn alert_on(&self, alert: Alert) -> Option<NaiveDate> {
        if self.raised >= Some(alert) {
            return None;
        }
        match (alert, self.kind) {
            // A reporter that gives no feedback lets it be; one that does not answer is no matter for the coordinator.
            (_, ClockKind::Feedback) | (Alert::Escalated, ClockKind::Answer) => None,
            (Alert::Nearing, _) => Some(self.nearing_on).filter(|day| *day <= self.due_on),
            (Alert::Overdue, _) => self.due_on.succ_opt(),
            (Alert::Escalated, _) => self
                .due_on
                .checked_add_days(Days::new(1 + u64::from(self.terms.escalate_after_days))),
        }
    }
}

impl Ledger {
    /// What an event does to the clocks.
    pub fn follow(&mut self, moment: &Moment<'_>) {
        use ClockKind::*;
        use EventKind as E;
        let today = local_date(moment.at);
        let desk = matches!(moment.capacity, Capacity::Desk | Capacity::Coordinator);
        // The desk's first action of the table, whatever it is, ends the wait for its reply; entering a report is none.
        let acts = Action::parse(moment.kind.as_str()).is_some()
            || matches!(moment.kind, E::MergedIn | E::UnmergedFrom | E::Split);
        if desk && acts && moment.kind != E::Submit {
            self.stop(&[DeskReply], today);
        }
        let start = |ledger: &mut Self, kind| {
            ledger
                .clocks
                .push(Clock::start(kind, today, moment.profile));
        };
        match moment.kind {
            E::Submit | E::SplitFrom => {
                start(self, DeskReply);
                start(self, Routing);
            }
            // What was closed when it came in has no clocks.
            E::Imported if moment.to == Status::Submitted => {
                start(self, DeskReply);
                start(self, Routing);
            }
            E::RoutedByRule | E::Route | E::Reroute => {
                self.stop(&[DeskReply, Routing, Acceptance, Position], today);
                start(self, Acceptance);
            }
            E::Return => {
                self.stop(&[Acceptance, Position], today);
                start(self, DeskReply);
                self.resume_routing();
            }
            E::Accept => {
                self.stop(&[Acceptance], today);
                start(self, Position);
            }
            E::RequestInformation => {
                start(self, Answer);
                self.suspensions.push(Suspension {
                    from: today,
                    until: None,
                    asked_as: moment.capacity,
                    ended_by: None,
                });
            }
            E::ProvideInformation | E::ContinueWithoutAnswer => {
                self.end_suspension(today, moment.kind);
            }
            E::TakePosition => self.stop(&[Position], today),
            E::Reconsider => {
                self.stop(&[ImplementationUpdate], today);
                start(self, Position);
            }
            // What an experiment does tells how the implementation is.
            E::Experiment if moment.to != Status::InImplementation => {}
            E::StartImplementation | E::UpdateImplementation | E::Experiment => {
                self.stop(&[ImplementationUpdate], today);
                start(self, ImplementationUpdate);
            }
            E::Settle | E::CloseWithoutRouting => {
                self.end(today, moment.kind);
                start(self, Feedback);
            }
            // Taken up again with the report it joined, it may yet be parted from it.
            E::SettledThrough => {
                let set_aside = self.set_aside.take();
                self.end(today, moment.kind);
                self.set_aside = set_aside;
                start(self, Feedback);
            }
            E::ReopenedThrough => self.stop(&[Feedback], today),
            E::GiveFeedback => self.stop(&[Feedback], today),
            E::GrantReopening => {
                self.set_aside = None;
                self.stop(&[Feedback], today);
                if moment.to == Status::Submitted {
                    self.resume_routing();
                    start(self, DeskReply);
                } else {
                    start(self, Position);
                }
            }
            E::Withdraw => self.end(today, moment.kind),
            // Moved to another report, it is merged already.
            E::Merge if self.set_aside.is_some() => {}
            E::Merge => {
                self.set_aside = Some(self.clocks.clone());
                self.stop_all(today);
            }
            E::Unmerge => {
                if let Some(clocks) = self.set_aside.take() {
                    self.clocks = clocks;
                }
            }
            E::Extend => {
                for clock in &mut self.clocks {
                    if clock.kind == Position && clock.runs() {
                        clock.extended = true;
                        clock.terms = ClockTerms::new(moment.profile, Position, true);
                        clock.reckon();
                        clock.raised = None;
                    }
                }
            }
            E::ChangeDeadlineProfile => {
                for clock in self.clocks.iter_mut().filter(|clock| clock.runs()) {
                    let terms = ClockTerms::new(moment.profile, clock.kind, clock.extended);
                    if clock.terms != terms {
                        clock.terms = terms;
                        clock.reckon();
                        clock.raised = None;
                    }
                }
            }
            E::DeadlineNearing => self.raise(moment.clock, Alert::Nearing),
            E::DeadlinePassed => self.raise(moment.clock, Alert::Overdue),
            E::DeadlineEscalated => self.raise(moment.clock, Alert::Escalated),
            _ => {}
        }
    }

    /// The profile of the clocks that were started or moved since an earlier state.
    pub fn profile_since(&self, before: Option<&Ledger>) -> Option<ProfileRef> {
        let alike = |clocks: &[Clock], clock: &Clock| {
            let same = |other: &&Clock| {
                other.kind == clock.kind
                    && other.started_on == clock.started_on
                    && other.terms == clock.terms
            };
            clocks.iter().filter(same).count()
        };
        // Counted: who gets it again on the same day gets a clock like the one that was stopped.
        let known = |clock: &Clock| {
            before.map_or(0, |before| {
                let aside = before.set_aside.as_deref().unwrap_or_default();
                alike(&before.clocks, clock).max(alike(aside, clock))
            })
        };
        self.clocks
            .iter()
            .rev()
            .find(|clock| alike(&self.clocks, clock) > known(clock))
            .map(|clock| clock.terms.profile.clone())
    }

    fn stop(&mut self, kinds: &[ClockKind], today: NaiveDate) {
        for clock in &mut self.clocks {
            if kinds.contains(&clock.kind) && clock.runs() {
                clock.stopped_on = Some(today);
            }
        }
    }

    fn stop_all(&mut self, today: NaiveDate) {
        for clock in self.clocks.iter_mut().filter(|clock| clock.runs()) {
            clock.stopped_on = Some(today);
        }
    }

    /// The case has ended: no clock runs, nothing is waited for.
    fn end(&mut self, today: NaiveDate, by: EventKind) {
        self.stop_all(today);
        self.set_aside = None;
        for suspension in &mut self.suspensions {
            if suspension.until.is_none() {
                suspension.until = Some(today);
                suspension.ended_by = Some(by);
            }
        }
    }

    /// A return does not restart the routing term: it runs on from the first submission.
    fn resume_routing(&mut self) {
        let routing = self
            .clocks
            .iter_mut()
            .find(|c| c.kind == ClockKind::Routing);
        if let Some(clock) = routing {
            clock.stopped_on = None;
        }
    }

    /// Ends the wait for an answer: the clocks that stood still move by the days it lasted, until the answer or until its
    /// term lapsed (cf. Awb art. 4:15).
    pub fn end_suspension(&mut self, today: NaiveDate, by: EventKind) {
        let lapses_on = self
            .clocks
            .iter_mut()
            .rev()
            .find(|clock| clock.kind == ClockKind::Answer && clock.runs())
            .map(|answer| {
                answer.stopped_on = Some(today);
                answer.due_on
            });
        let open = self
            .suspensions
            .iter_mut()
            .rev()
            .find(|s| s.until.is_none());
        let (Some(lapses_on), Some(suspension)) = (lapses_on, open) else {
            return;
        };
        suspension.until = Some(today.min(lapses_on).max(suspension.from));
        suspension.ended_by = Some(by);
        self.reckon_suspended();
    }

    /// Gives each clock that still counts the days of all suspensions since its start.
    fn reckon_suspended(&mut self) {
        for clock in &mut self.clocks {
            // The routing term stands still too, though it has stopped: a return sets it going again.
            if clock.runs() || clock.kind == ClockKind::Routing {
                let since = clock.started_on;
                let stood_still = self
                    .suspensions
                    .iter()
                    .filter(|suspension| suspension.from >= since)
                    .filter_map(|suspension| Some((suspension.until? - suspension.from).num_days()))
                    .sum::<i64>();
                clock.suspended_days = u32::try_from(stood_still).unwrap_or(0);
                clock.reckon();
            }
        }
    }

    fn raise(&mut self, kind: Option<ClockKind>, alert: Alert) {
        for clock in &mut self.clocks {
            if Some(clock.kind) == kind && clock.runs() {
                clock.raised = clock.raised.max(Some(alert));
            }
        }
    }

    /// Whether the reporter is being asked something.
    pub fn is_suspended(&self) -> bool {
        self.suspensions
            .last()
            .is_some_and(|last| last.until.is_none())
    }
}

#[cfg(test)]
#[path = "clocks_tests.rs"]
mod tests;
