//! Writing down what happened: the event of each step and the notices it gives rise to, in the transaction of the step.

use chrono::{DateTime, Utc};

use crate::domain::actor::Actor;
use crate::domain::event::{Author, Details, Event, EventKind};
use crate::domain::id::EventId;
use crate::domain::notice::tells_followers;
use crate::domain::policy;
use crate::domain::release;
use crate::domain::report::Report;
use crate::domain::status::Capacity;
use crate::services::backing::{self, Followers};
use crate::services::notices::{self, Happened};
use crate::services::{Context, Error, routing_learning};
use crate::store::db::Conn;
use crate::store::events;

/// One change of one report.
#[derive(Debug, Clone)]
pub struct Step {
    pub event: Event,
    pub before: Option<Report>,
    pub after: Report,
    /// Another step tells all there is to tell.
    pub quiet: bool,
    /// What notices quote; the event only says where it stands.
    pub said: Option<String>,
}

impl Step {
    /// Somebody did something with a report.
    pub fn by(
        actor: &Actor,
        capacity: Capacity,
        before: &Report,
        after: &Report,
        kind: EventKind,
        now: DateTime<Utc>,
    ) -> Self {
        let author = Author {
            principal: Some(actor.id),
            name: actor.name.clone(),
            organisation: Some(actor.home.id),
            organisation_name: Some(actor.home.name.clone()),
            capacity,
        };
        Self::new(author, Some(before), after, kind, now)
    }

    /// The service did something with a report by itself.
    pub fn by_service(
        before: &Report,
        after: &Report,
        kind: EventKind,
        now: DateTime<Utc>,
    ) -> Self {
        Self::new(Author::service(), Some(before), after, kind, now)
    }

    /// A draft was begun.
    pub fn created(report: &Report, actor: &Actor, now: DateTime<Utc>) -> Self {
        let capacities = policy::capacities(actor, report);
        let capacity = capacities.first().copied().unwrap_or(Capacity::Reporter);
        let mut step = Self::by(actor, capacity, report, report, EventKind::Created, now);
        step.before = None;
        step.event.from = None;
        step
    }

    /// A rule gave the report to an authority.
    pub fn routed_by_rule(before: &Report, after: &Report, now: DateTime<Utc>) -> Self {
        let mut step = Self::by_service(before, after, EventKind::RoutedByRule, now);
        step.event.details = Details {
            lead: after.lead,
            contributors: after.handling.contributors.clone(),
            explanation: after
                .handling
                .routing
                .as_ref()
                .map(|routing| routing.explanation.nl.clone()),
            ..Details::default()
        };
        step
    }

    fn new(
        author: Author,
        before: Option<&Report>,
        after: &Report,
        kind: EventKind,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            event: Event {
                id: EventId::new(),
                report: after.id,
                at: now,
                kind,
                from: before.map(|report| report.status),
                to: after.status,
                version: after.version,
                author,
                details: Details::default(),
            },
            before: before.cloned(),
            after: after.clone(),
            quiet: false,
            said: None,
        }
    }

    /// The event as it is kept: with what takes part in proving the clocks.
    pub fn written(&self) -> Event {
        let mut event = self.event.clone();
        let before = self.before.as_ref().map(|report| &report.handling.ledger);
        let profile = self.after.handling.ledger.profile_since(before);
        event.details.deadline_profile = profile.or(event.details.deadline_profile);
        event
    }

    /// Says more than who, when and what.
    pub fn with(mut self, details: Details) -> Self {
        self.event.details = details;
        self
    }
}

/// What was released of a report ends when it becomes narrower or is withdrawn: that is an event of its own, whatever was
/// done.
fn release_ended(step: &Step) -> Option<Step> {
    let before = step.before.as_ref()?;
    let released = |report: &Report| report.handling.sharing.version.is_some();
    if !released(before) || released(&step.after) || step.event.kind == EventKind::Unpublish {
        return None;
    }
    let mut ended = Step::by_service(before, &step.after, EventKind::Unpublish, step.event.at);
    ended.event.from = Some(step.after.status);
    ended.event.details.corrections = release::differences(before, &step.after);
    Some(ended)
}

/// Writes the events of some steps and queues their notices.
pub fn record(conn: &mut Conn, context: &Context, steps: &[Step]) -> Result<(), Error> {
    let ended: Vec<Step> = steps.iter().filter_map(release_ended).collect();
    let steps: Vec<&Step> = steps.iter().chain(&ended).collect();
    let written: Vec<Event> = steps.iter().map(|step| step.written()).collect();
    events::insert(conn, &written)?;
    for step in &steps {
        let happened = routing_learning::Happened {
            event: &step.event,
            before: step.before.as_ref(),
            after: &step.after,
        };
        routing_learning::follow(conn, context, &happened)?;
    }
    let told: Vec<&Step> = steps.into_iter().filter(|step| !step.quiet).collect();
    let mut followers = Vec::with_capacity(told.len());
    for step in &told {
        followers.push(if tells_followers(step.event.kind) {
            backing::followers(conn, &step.after)?
        } else {
            Followers::default()
        });
    }
    let told: Vec<Happened<'_>> = told
        .into_iter()
        .zip(&followers)
        .map(|(step, followers)| Happened {
            event: &step.event,
            before: step.before.as_ref(),
            after: &step.after,
            followers,
            said: step.said.as_deref(),
        })
        .collect();
    notices::queue(conn, context, &told)
}
