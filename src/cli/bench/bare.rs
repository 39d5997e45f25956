//! The limits at the database: the statements of a submit and of a transition, run by the store without the service around
//! them. What they write is taken from one that the service did; that there are as many of them is checked at every run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::cli::bench::figures::Figure;
use crate::cli::bench::statements::{self, Written};
use crate::cli::bench::world::World;
use crate::cli::bench::{told, works};
use crate::cli::wait;
use crate::config::Address;
use crate::crypto::sha256_hex;
use crate::domain::actor::Actor;
use crate::domain::id::{EventId, OrganisationId, ReportId};
use crate::domain::report::Report;
use crate::domain::status::{Action, Status};
use crate::domain::workflow::Input;
use crate::http::report_input::ReportRequest;
use crate::http::reports::answer;
use crate::services::idempotency::Key;
use crate::services::reports::submit;
use crate::services::transitions::{self, Request};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::idempotency::Saved;
use crate::store::outbox::NewNotice;
use crate::store::reports::{Filter, Sort, Visible};
use crate::store::{events, outbox, reports};

/// Changes in one commit on SQLite: what the service reaches with as many connections.
const A_COMMIT: usize = 32;
/// Reports that are made ready for a transition, each for one.
const READY: i64 = 20_000;

/// The database without the service.
#[derive(Clone, Copy)]
pub struct Bare<'a> {
    pub context: &'a Context,
    /// With one connection: what PostgreSQL is asked once a connection is asked once, and then not counted.
    pub single: &'a Context,
    pub world: &'a World,
    pub authority: OrganisationId,
    pub connections: usize,
    pub lasting: Duration,
}

impl Bare<'_> {
    /// Has the service take a report in.
    ///
    /// # Errors
    /// One sentence, here and below.
    pub fn really_submit(&self, nth: u64) -> Result<ReportId, String> {
        let submitter = self
            .world
            .submitter()
            .ok_or("the facts have no submitter")?;
        let body = works::report(nth);
        let request: ReportRequest = serde_json::from_str(&body).map_err(|e| e.to_string())?;
        let key = Key::new(
            Uuid::now_v7().to_string(),
            "POST /v1/reports",
            body.as_bytes(),
        );
        let actor = submitter.reporter.clone();
        let language = actor.language;
        let answered = wait(submit::submit(
            self.single,
            actor,
            request.into(),
            Some(key),
            move |shown| answer(shown, language, 201),
        ))
        .map_err(told)?;
        let shown: serde_json::Value =
            serde_json::from_str(&answered.body).map_err(|e| e.to_string())?;
        let id = shown.pointer("/id").and_then(serde_json::Value::as_str);
        id.and_then(|id| id.parse().ok())
            .ok_or_else(|| "a report without an id".to_owned())
    }

    /// Has the service ask something about a report.
    pub fn really_ask(&self, id: ReportId) -> Result<(), String> {
        let actor = self.liaison()?.clone();
        let language = actor.language;
        let request = Request {
            action: Action::RequestInformation,
            input: Input {
                question: Some(works::QUESTION.into()),
                ..Input::default()
            },
            citations: None,
            municipalities: None,
            assignee: None,
            advice: None,
        };
        let made = transitions::make(self.single, actor, id, 1, request, None, move |shown| {
            answer(shown, language, 200)
        });
        wait(made).map(drop).map_err(told)
    }

    fn liaison(&self) -> Result<&Actor, String> {
        let found = self.world.liaisons.get(&self.authority);
        found.ok_or_else(|| "the authority has no liaison".to_owned())
    }

    /// The statements of a submit.
    pub fn submit(&self, work: &str) -> Result<Figure, String> {
        self.really_submit(0)?;
        let before = self.statements();
        let id = self.really_submit(1)?;
        let really = self.statements() - before;
        let actor = self.world.submitter().map(|one| one.reporter.clone());
        let written = self.written(id, actor.ok_or("no submitter")?, None)?;
        self.run(
            work,
            really,
            |_| Some(()),
            move |conn, (), now| statements::submit(conn, &written, now),
        )
    }

    /// The statements of a transition, each of a report that waits for it.
    pub fn transition(&self, work: &str) -> Result<Figure, String> {
        let mut ready = self.ready()?;
        let first = ready.pop().ok_or("no report waits for the authority")?;
        self.really_ask(first.id)?;
        let one = ready.pop().ok_or("no report waits for the authority")?;
        let before = self.statements();
        self.really_ask(one.id)?;
        let really = self.statements() - before;
        let written = self.written(one.id, self.liaison()?.clone(), Some(one))?;
        let turn = AtomicUsize::new(0);
        let next = |_| ready.get(turn.fetch_add(1, Ordering::Relaxed)).cloned();
        self.run(work, really, next, move |conn, report, now| {
            statements::transition(conn, &written, &report, now)
        })
    }

    /// The reports that wait for the authority, of those that were sent in alike.
    pub fn ready(&self) -> Result<Vec<Report>, String> {
        let filter = Filter {
            status: vec![Status::Routed],
            authority: vec![self.authority],
            ..Filter::default()
        };
        let all = Visible {
            desk: true,
            ..Visible::default()
        };
        let mut ready = self
            .context
            .db
            .read_blocking(|conn| {
                let found =
                    reports::list(conn, &all, &filter, Sort::SubmittedDescending, None, READY)?;
                Ok::<_, Error>(found)
            })
            .map_err(told)?;
        // Those that were sent in by the same and say the same.
        let submitter = self.world.submitter().map(|one| one.reporter.home.id);
        ready.retain(|report| {
            report.version == 1
                && Some(report.submitter) == submitter
                && report.external_reference.is_none()
        });
        Ok(ready)
    }

    fn statements(&self) -> u64 {
        self.single.db.figures().statements()
    }

    fn written(
        &self,
        id: ReportId,
        actor: Actor,
        before: Option<Report>,
    ) -> Result<Arc<Written>, String> {
        let read = self.context.db.read_blocking(|conn| {
            let after = reports::find(conn, id)?.ok_or(Error::NotFound)?;
            let mut events = events::list(conn, id, &[], None, 100)?;
            if before.is_some() {
                events.drain(..events.len().saturating_sub(1));
            }
            let told: Vec<EventId> = events.iter().map(|event| event.id).collect();
            let newest = outbox::list(conn, &[], None, 100)?;
            let of_it = newest
                .into_iter()
                .filter(|notice| notice.event.is_some_and(|event| told.contains(&event)));
            let notices = of_it
                .map(|notice| NewNotice {
                    id: notice.id,
                    report: notice.report,
                    event: notice.event,
                    kind: notice.kind,
                    to_name: notice.to_name,
                    to_email: notice.to_email,
                    language: notice.language,
                    data: notice.data,
                    message_id: notice.message_id,
                    thread_id: notice.thread_id,
                })
                .collect();
            Ok::<_, Error>((after, events, notices))
        });
        let (after, events, notices) = read.map_err(told)?;
        let body = serde_json::to_string(&after.content).unwrap_or_default();
        Ok(Arc::new(Written {
            actor,
            before: before.unwrap_or_else(|| after.clone()),
            saved: Saved {
                fingerprint: sha256_hex(body.as_bytes()),
                status: 201,
                headers: vec![("location".into(), format!("/v1/reports/{}", after.id))],
                // About as long as what is shown of it.
                body: body.repeat(2),
            },
            after,
            events,
            notices,
        }))
    }

    /// Runs statements in a loop: on SQLite so many a commit, on PostgreSQL a transaction each on every connection.
    fn run<T: Send + 'static>(
        &self,
        work: &str,
        really: u64,
        next: impl Fn(()) -> Option<T> + Sync,
        statements: impl Fn(&mut Conn, T, DateTime<Utc>) -> Result<(), Error>
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Result<Figure, String> {
        let (threads, each) = match self.context.db.address() {
            Address::Sqlite(_) => (1, A_COMMIT),
            Address::Postgres(_) => (self.connections, 1),
        };
        let now = self.context.clock.now();
        let before = self.statements();
        let Some(first) = next(()) else {
            return Err(format!("{work}: nothing to do"));
        };
        let once = statements.clone();
        self.single
            .db
            .write_blocking(move |conn| once(conn, first, now))
            .map_err(told)?;
        let ours = self.statements() - before;
        if ours != really {
            return Err(format!(
                "{work}: the service runs {really} statements, the bare loop {ours}; src/cli/bench/bare.rs is out of date"
            ));
        }
        let db = &self.context.db;
        let started = Instant::now();
        let all = Mutex::new(Vec::new());
        let one_thread = || {
            let mut micros: Vec<u32> = Vec::new();
            while started.elapsed() < self.lasting {
                let batch: Vec<T> = (0..each).map_while(|_| next(())).collect();
                let done = batch.len();
                if done == 0 {
                    break;
                }
                let begun = Instant::now();
                let statements = statements.clone();
                db.write_blocking::<_, Error, _>(move |conn| {
                    batch
                        .into_iter()
                        .try_for_each(|one| statements(conn, one, now))
                })
                .map_err(told)?;
                let each = begun.elapsed().as_micros();
                let each = u32::try_from(each).unwrap_or(u32::MAX);
                micros.extend(std::iter::repeat_n(each, done));
            }
            if let Ok(mut all) = all.lock() {
                all.extend(micros);
            }
            Ok::<_, String>(())
        };
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
            running.into_iter().try_for_each(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(format!("{work}: a thread broke off")))
            })
        })?;
        let elapsed = started.elapsed();
        let micros = all.into_inner().unwrap_or_default();
        Ok(Figure::of(work, micros, elapsed))
    }
}
