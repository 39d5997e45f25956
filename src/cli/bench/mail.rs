//! Mail out of a backlog: so many notices wait, the worker, in a process of its own, sends them. Beside it a bare loop that
//! sends as many messages of that size to a server of the same make, over as many connections.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::cli::bench::figures::{Figure, rate};
use crate::cli::bench::server::Server;
use crate::cli::bench::sink::{self, Sink, Taken};
use crate::cli::bench::told;
use crate::domain::id::NoticeId;
use crate::domain::notice::NoticeState;
use crate::services::{Context, Error};
use crate::store::outbox::{self, Notice};

/// Notices that wait, when as many were ever sent.
const MOST: u32 = 10_000;
/// Longest wait for the next message, and for the marks of the last.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest that the worker is watched: what it has not sent by then it need not.
const LONGEST: Duration = Duration::from_secs(60);
/// How often it is looked whether all is sent.
const LOOK: Duration = Duration::from_millis(20);

/// Has the worker send a backlog; returns what it does, held against its limit, and that limit.
///
/// # Errors
/// One sentence.
pub fn drain(
    context: &Context,
    reports: u32,
    environment: &[(String, String)],
    folder: &Path,
) -> Result<[Figure; 2], String> {
    let broken = |e: std::io::Error| format!("mail: {e}");
    let backlog = queue(context, reports.min(MOST))?;
    let sink = Sink::start().map_err(broken)?;
    let mut environment = environment.to_vec();
    environment.push((
        "MELDPUNT_MAIL".into(),
        format!("smtp+plain://{}", sink.address),
    ));
    let worker = Server::start(&["worker"], &environment, folder)?;
    let mut memory = worker.memory();
    let cut_short = until(|| {
        memory = memory.into_iter().chain(worker.memory()).reduce(f64::max);
        let taken = sink.taken().messages;
        Ok((taken >= backlog, taken))
    })?;
    let mut queued = 0;
    until(|| {
        let waiting = context
            .db
            .read_blocking(|conn| Ok::<_, Error>(outbox::waiting(conn)?))
            .map_err(told)?;
        queued = usize::try_from(waiting.queued).unwrap_or(usize::MAX);
        Ok((queued == 0 || cut_short, queued))
    })?;
    drop(worker);

    let taken = sink.taken();
    // Of what was cut short only what came twice is a fault.
    let unsent = |count: usize| if cut_short { 0 } else { count };
    let never = unsent(backlog.saturating_sub(taken.ids.len()));
    let twice = taken.messages - taken.ids.len();
    let queued = unsent(queued);
    let failures = never + twice + queued;
    let by_worker = Figure {
        failures: failures as u64,
        first_failure: (failures > 0).then(|| {
            format!("{never} never came, {twice} came more than once, {queued} are not marked")
        }),
        memory_mib: memory,
        ..figure(&format!("mail out of a backlog of {backlog}"), &taken)
    };

    let connections = taken.connections;
    let bare = Sink::start().map_err(broken)?;
    sink::send(bare.address, &taken.example, taken.messages, connections).map_err(broken)?;
    let name = format!("limit: bare SMTP, connections kept open: {connections}");
    let limit = figure(&name, &bare.taken());
    Ok([by_worker.against(Some(&limit)), limit])
}

/// Queues notices that were sent once more, under new ids, and nothing else: what other work left is discarded. Returns
/// how many.
fn queue(context: &Context, most: u32) -> Result<usize, String> {
    let now = context.clock.now();
    // Later than any lease of a worker, which has ended.
    let later = now + TimeDelta::days(1);
    let queued = context.db.write_blocking(move |conn| {
        outbox::discard_queued_before(conn, later, "left by other work of the bench", later)?;
        let sent = outbox::list(conn, &[NoticeState::Sent], None, most.into())?;
        let again: Vec<Notice> = sent
            .into_iter()
            .map(|notice| {
                let id = NoticeId::new();
                Notice {
                    id,
                    message_id: format!("<notice-{id}@bench.example>"),
                    state: NoticeState::Queued,
                    attempts: 0,
                    next_attempt_at: now,
                    leased_until: None,
                    last_error: None,
                    created_at: now,
                    sent_at: None,
                    version: 1,
                    ..notice
                }
            })
            .collect();
        let queued = again.len();
        outbox::insert_many(conn, again)?;
        Ok::<_, Error>(queued)
    });
    queued.map_err(told)
}

/// Looks until it is done, or what it counts has stood still for too long; returns whether it was cut short for going on
/// for too long.
fn until(mut look: impl FnMut() -> Result<(bool, usize), String>) -> Result<bool, String> {
    let began = Instant::now();
    let mut moved = (began, 0);
    loop {
        let (done, count) = look()?;
        if count != moved.1 {
            moved = (Instant::now(), count);
        }
        let long = began.elapsed() > LONGEST;
        if done || long || moved.0.elapsed() > PATIENCE {
            return Ok(long && !done);
        }
        std::thread::sleep(LOOK);
    }
}

/// How many a second, from the first to the last.
fn figure(work: &str, taken: &Taken) -> Figure {
    let elapsed = taken.first.zip(taken.last);
    let elapsed = elapsed.map_or(Duration::ZERO, |(first, last)| last - first);
    Figure {
        work: work.to_owned(),
        per_second: rate(taken.messages.saturating_sub(1), elapsed),
        done: taken.messages as u64,
        ..Figure::default()
    }
}
