//! Delivers the outbox: claims what is due, sends it, marks it.
//!
//! At least once: a message is marked after it has left, so a worker that dies in between has it sent again, with the
//! same Message-ID. A mark that a database in trouble does not take is kept, and is written before anything else is
//! claimed. A lease is longer than the messages in it can take; what does not fit any more is given back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::id::NoticeId;
use crate::mail::bell::Bell;
use crate::mail::message::{self, BuildError, Envelope, Mailbox};
use crate::mail::render::render;
use crate::mail::transport::{MOST_ANSWERS, SendError, Transport};
use crate::metrics::Mail;
use crate::services::{Context, Error};
use crate::store::outbox::{self, Notice};
use crate::store::service_state;

/// Notices taken at once.
const BATCH: i64 = 50;
/// Messages that wait to be marked as sent, and as many are being marked: these and the one in flight are sent twice when
/// the process dies, and no others.
pub const UNMARKED: usize = 8;
/// How long they are ours, in waits for an answer of the server: more than one message can take.
const LEASE: u32 = 10;
/// Longest sleep between two looks at the outbox.
const LOOK: Duration = Duration::from_secs(1);
/// First wait before a notice is tried again; it doubles each time, up to the longest. The longest is short, so that
/// after an outage of hours all is delivered within a quarter of an hour.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(10);
/// Tries before a notice is given up: about a day.
const MOST_ATTEMPTS: u32 = 150;
/// Longest wait while the server is away.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// Longest error that is kept, in characters.
const ERROR: usize = 300;

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    pub sent: usize,
    /// To be tried again later.
    pub deferred: usize,
    /// Given up.
    pub dead: usize,
    /// Why the way out failed; what was claimed then is given back.
    pub unavailable: Option<String>,
    /// Nothing was claimed: an operator, or a restored backup, keeps all mail in.
    pub paused: bool,
}

/// Tells a running worker to stop.
#[derive(Clone)]
pub struct Stop {
    told: Arc<AtomicBool>,
    bell: Bell,
}

impl Stop {
    /// The message in flight is finished; no other is begun.
    pub fn stop(&self) {
        self.told.store(true, Ordering::SeqCst);
        self.bell.ring();
    }

    fn is_told(&self) -> bool {
        self.told.load(Ordering::SeqCst)
    }
}

/// What came of a notice, to be written down.
#[derive(Clone)]
struct Mark {
    id: NoticeId,
    /// It was claimed with.
    lease: DateTime<Utc>,
    outcome: Outcome,
}

#[derive(Clone)]
enum Outcome {
    Sent {
        at: DateTime<Utc>,
        /// Its facts hold a secret, and have served.
        blank: bool,
    },
    /// Given up when there is no other time.
    Failed {
        again: Option<DateTime<Utc>>,
        why: String,
    },
}

/// Delivers notices.
pub struct Deliverer {
    ctx: Context,
    transport: Transport,
    from: Mailbox,
    stop: Stop,
    /// Marks that the database did not take yet.
    unmarked: Mutex<Vec<Mark>>,
}

impl Deliverer {
    /// # Errors
    /// A sentence for the operator when the sender in the settings is none.
    pub fn new(ctx: Context, transport: Transport) -> Result<Self, String> {
        let from = message::sender(&ctx.settings.mail_from)?;
        Ok(Self {
            transport,
            from,
            stop: Stop {
                told: Arc::default(),
                bell: ctx.bell.clone(),
            },
            unmarked: Mutex::default(),
            ctx,
        })
    }

    /// Rung after something was queued, it has the notice leave at once.
    pub fn bell(&self) -> Bell {
        self.stop.bell.clone()
    }

    /// Ends `run`.
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    /// Sends all that is due now. Blocking.
    ///
    /// # Errors
    /// When the database does not answer; what was claimed and not sent comes back when its lease ends.
    pub fn deliver_due(&self) -> Result<Delivered, Error> {
        let mut done = Delivered::default();
        self.mark_what_is_left()?;
        while !self.stop.is_told() {
            let now = self.ctx.clock.now();
            let lease = now + self.ctx.settings.mail_timeout() * LEASE;
            // Asked in the transaction that claims: what is queued after a pause began never slips through.
            let batch: Option<Vec<Notice>> =
                self.ctx.db.write_blocking::<_, Error, _>(move |conn| {
                    if service_state::outbox_pause(conn)?.is_some() {
                        return Ok(None);
                    }
                    Ok(Some(outbox::claim(conn, now, lease, BATCH)?))
                })?;
            let Some(batch) = batch else {
                done.paused = true;
                break;
            };
            if batch.is_empty() {
                break;
            }
            let left = self.deliver(&batch, lease, &mut done)?;
            if !left.is_empty() {
                let again = self.ctx.clock.now();
                self.ctx.db.write_blocking::<_, Error, _>(move |conn| {
                    Ok(outbox::release(conn, &left, lease, again)?)
                })?;
            }
            if done.unavailable.is_some() {
                break;
            }
        }
        Ok(done)
    }

    /// Sends a batch; returns what was not tried. What came of each is written down while the next is on its way.
    fn deliver(
        &self,
        batch: &[Notice],
        lease: DateTime<Utc>,
        done: &mut Delivered,
    ) -> Result<Vec<NoticeId>, Error> {
        if let Err(
            SendError::Unavailable(why) | SendError::Transient(why) | SendError::Permanent(why),
        ) = self.transport.ready()
        {
            done.unavailable = Some(why);
            return Ok(ids(batch));
        }
        std::thread::scope(|scope| {
            let (marks, to_write) = sync_channel(UNMARKED);
            let writing = scope.spawn(move || self.write_down(&to_write));
            let left = self.send_in_turn(batch, lease, &marks, done);
            drop(marks);
            match writing.join() {
                Ok(written) => written.map(|()| left),
                Err(_) => Err(Error::Internal(
                    "writing down what was sent broke off".into(),
                )),
            }
        })
    }

    /// Sends one after the other; returns what was not tried.
    fn send_in_turn(
        &self,
        batch: &[Notice],
        lease: DateTime<Utc>,
        marks: &SyncSender<Mark>,
        done: &mut Delivered,
    ) -> Vec<NoticeId> {
        for (at, notice) in batch.iter().enumerate() {
            let longest_send = self.ctx.settings.mail_timeout() * MOST_ANSWERS;
            let fits = self.ctx.clock.now() + longest_send <= lease;
            if self.stop.is_told() || !fits {
                return ids(&batch[at..]);
            }
            let outcome = self.send(notice);
            if let Err(SendError::Unavailable(why)) = &outcome {
                done.unavailable = Some(without_address(why, notice));
            }
            let mark = Mark {
                id: notice.id,
                lease,
                outcome: self.judge(notice, outcome, done),
            };
            // When nothing can be written down, nothing more is sent.
            let heard = marks.send(mark).is_ok() && self.unmarked().is_empty();
            if done.unavailable.is_some() || !heard {
                return ids(&batch[at + 1..]);
            }
        }
        Vec::new()
    }

    /// Writes down what came of notices, together what is known by then.
    fn write_down(&self, marks: &Receiver<Mark>) -> Result<(), Error> {
        while let Ok(first) = marks.recv() {
            let known = std::iter::once(first)
                .chain(marks.try_iter().take(UNMARKED - 1))
                .collect();
            if let Err(error) = self.mark(known) {
                // Whoever sends sees that a mark is kept, and ends.
                let rest: Vec<Mark> = marks.iter().collect();
                self.unmarked().extend(rest);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Writes these marks in one transaction, or keeps them.
    fn mark(&self, marks: Vec<Mark>) -> Result<(), Error> {
        let to_write = marks.clone();
        let written = self.ctx.db.write_blocking::<_, Error, _>(move |conn| {
            let mut late = Vec::new();
            for Mark { id, lease, outcome } in &to_write {
                let kept = match outcome {
                    Outcome::Sent { at, blank } => {
                        outbox::mark_sent(conn, *id, *lease, *at, *blank)?
                    }
                    Outcome::Failed { again, why } => {
                        outbox::mark_failed(conn, *id, *lease, *again, why)?
                    }
                };
                if !kept {
                    late.push(*id);
                }
            }
            Ok(late)
        });
        match written {
            Ok(late) => {
                for id in late {
                    tracing::warn!(notice = %id, "the lease had ended before the notice was marked");
                }
                Ok(())
            }
            Err(error) => {
                self.unmarked().extend(marks);
                Err(error)
            }
        }
    }

    fn mark_what_is_left(&self) -> Result<(), Error> {
        let left = std::mem::take(&mut *self.unmarked());
        if left.is_empty() {
            return Ok(());
        }
        self.mark(left)
    }

    fn unmarked(&self) -> std::sync::MutexGuard<'_, Vec<Mark>> {
        self.unmarked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, notice: &Notice) -> Result<(), SendError> {
        // A text that cannot be made may be one of a newer version, which runs beside this one during an upgrade.
        let rendered = render(notice.kind, notice.language, &notice.to_name, &notice.data)
            .map_err(|e| SendError::Transient(e.to_string()))?;
        let envelope = Envelope {
            kind: notice.kind,
            to_name: &notice.to_name,
            to_email: &notice.to_email,
            language: notice.language,
            message_id: &notice.message_id,
            thread_id: notice.thread_id.as_deref(),
        };
        let message = message::build(envelope, rendered, &self.from, self.ctx.clock.now())
            .map_err(|e: BuildError| SendError::Permanent(e.to_string()))?;
        self.transport.send(&message)
    }

    /// What an attempt comes to.
    fn judge(
        &self,
        notice: &Notice,
        outcome: Result<(), SendError>,
        done: &mut Delivered,
    ) -> Outcome {
        let now = self.ctx.clock.now();
        let (id, kind, attempt) = (notice.id, notice.kind, notice.attempts + 1);
        let may_pass = matches!(
            outcome,
            Err(SendError::Transient(_) | SendError::Unavailable(_))
        );
        let again =
            (may_pass && attempt < MOST_ATTEMPTS).then(|| now + wait(attempt, LONGEST_WAIT));
        match outcome {
            Ok(()) => {
                done.sent += 1;
                self.ctx.metrics.mail(Mail::Sent);
                tracing::info!(notice = %id, %kind, attempt, "notice sent");
                Outcome::Sent {
                    at: now,
                    blank: kind.is_account(),
                }
            }
            Err(
                SendError::Permanent(why) | SendError::Transient(why) | SendError::Unavailable(why),
            ) => {
                let why = without_address(&why, notice);
                match again {
                    Some(again) => {
                        done.deferred += 1;
                        self.ctx.metrics.mail(Mail::Deferred);
                        tracing::warn!(notice = %id, %kind, attempt, %again, error = %why, "notice deferred");
                    }
                    None => {
                        done.dead += 1;
                        self.ctx.metrics.mail(Mail::GivenUp);
                        tracing::error!(notice = %id, %kind, attempt, error = %why, "notice given up");
                    }
                }
                Outcome::Failed { again, why }
            }
        }
    }

    /// Delivers until it is told to stop.
    pub fn run(&self) {
        let mut failures = 0;
        let mut paused = false;
        while !self.stop.is_told() {
            let pause = match self.deliver_due() {
                Ok(Delivered {
                    unavailable: None,
                    paused: now_paused,
                    ..
                }) => {
                    failures = 0;
                    if now_paused && !paused {
                        tracing::warn!(
                            "the outbox is paused: nothing is mailed until `meldpunt outbox resume`"
                        );
                    } else if paused && !now_paused {
                        tracing::info!("the outbox is taken up again");
                    }
                    paused = now_paused;
                    LOOK
                }
                Ok(Delivered {
                    unavailable: Some(why),
                    ..
                }) => {
                    failures += 1;
                    tracing::warn!(error = %why, failures, "mail cannot leave now");
                    pause(failures)
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(?error, failures, "the outbox cannot be read now");
                    pause(failures)
                }
            };
            if failures > 0 {
                // While the way out fails a ring does not shorten the pause; being told to stop does.
                self.rest(pause);
            } else {
                self.stop.bell.wait(pause);
            }
        }
        if let Err(error) = self.mark_what_is_left() {
            tracing::warn!(
                ?error,
                "what was sent last is not marked, and is sent again"
            );
        }
    }

    fn rest(&self, pause: Duration) {
        let mut left = pause;
        while !left.is_zero() && !self.stop.is_told() {
            let step = left.min(Duration::from_millis(200));
            std::thread::sleep(step);
            left -= step;
        }
    }

    /// Runs on a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new()
            .name("outbox".into())
            .spawn(move || self.run())
    }
}

fn ids(notices: &[Notice]) -> Vec<NoticeId> {
    notices.iter().map(|notice| notice.id).collect()
}

/// How long to wait after this many failures: doubling from the first wait, up to `longest`, and up to a fifth more or
/// less, so that what failed together does not come back together.
fn wait(failures: u32, longest: TimeDelta) -> TimeDelta {
    let doubled = FIRST_WAIT * 2_i32.saturating_pow(failures.saturating_sub(1).min(20));
    spread(doubled.min(longest))
}

/// The same for the worker itself while the way out fails: from a second to a minute.
fn pause(failures: u32) -> Duration {
    let doubled = TimeDelta::seconds(1) * 2_i32.saturating_pow(failures.saturating_sub(1).min(20));
    spread(doubled.min(LONGEST_PAUSE)).to_std().unwrap_or(LOOK)
}

fn spread(wait: TimeDelta) -> TimeDelta {
    let mut random = [0_u8; 2];
    // Without randomness there is no spread, and still a wait.
    let per_mille = match aws_lc_rs::rand::fill(&mut random) {
        Ok(()) => 800 + i32::from(u16::from_le_bytes(random)) * 400 / 65_535,
        Err(_) => 1_000,
    };
    wait * per_mille / 1_000
}

/// An error to keep: servers like to repeat the address, which belongs in no log.
fn without_address(error: &str, notice: &Notice) -> String {
    let local = notice.to_email.split('@').next().unwrap_or_default();
    let mut clean = error.replace(&notice.to_email, "…");
    if local.len() > 3 {
        clean = clean.replace(local, "…");
    }
    clean.chars().take(ERROR).collect()
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
