//! What the database layer counts of itself, for tests, measurements and whoever watches the service.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::r2d2::HandleEvent;
use diesel::r2d2::event::{CheckoutEvent, TimeoutEvent};
use diesel::result::Error;

/// Upper bounds of the buckets of changes in one commit.
pub const BATCH_BOUNDS: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub struct Figures {
    statements: AtomicU64,
    commits: [AtomicU64; BATCH_BOUNDS.len()],
    changes: AtomicU64,
    losses: AtomicU64,
    checkouts: AtomicU64,
    waited_micros: AtomicU64,
    timeouts: AtomicU64,
}

impl Figures {
    /// Connections taken from the pool.
    pub fn checkouts(&self) -> u64 {
        self.checkouts.load(Relaxed)
    }

    /// How long all of them were waited for.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.waited_micros.load(Relaxed))
    }

    /// Waits for a connection that were given up.
    pub fn timeouts(&self) -> u64 {
        self.timeouts.load(Relaxed)
    }

    /// Statements sent to the database, those that open and close transactions left out.
    pub fn statements(&self) -> u64 {
        self.statements.load(Relaxed)
    }

    /// Commits of SQLite's writer by how many changes they held: a count for each of `BATCH_BOUNDS`, none of it cumulative.
    pub fn commits(&self) -> [u64; BATCH_BOUNDS.len()] {
        self.commits.each_ref().map(|count| count.load(Relaxed))
    }

    /// Changes that these commits held.
    pub fn changes(&self) -> u64 {
        self.changes.load(Relaxed)
    }

    /// Statements that failed because their connection was lost.
    pub fn losses(&self) -> u64 {
        self.losses.load(Relaxed)
    }

    pub(super) fn committed(&self, changes: usize) {
        let bucket = BATCH_BOUNDS.partition_point(|bound| *bound < changes);
        if let Some(count) = self.commits.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        self.changes
            .fetch_add(u64::try_from(changes).unwrap_or(u64::MAX), Relaxed);
    }
}

/// Counts what is taken from the pool, and how long that took.
#[derive(Debug)]
pub(super) struct Waits(pub Arc<Figures>);

impl HandleEvent for Waits {
    fn handle_checkout(&self, event: CheckoutEvent) {
        let micros = u64::try_from(event.duration().as_micros()).unwrap_or(u64::MAX);
        self.0.checkouts.fetch_add(1, Relaxed);
        self.0.waited_micros.fetch_add(micros, Relaxed);
    }

    fn handle_timeout(&self, event: TimeoutEvent) {
        let micros = u64::try_from(event.timeout().as_micros()).unwrap_or(u64::MAX);
        self.0.timeouts.fetch_add(1, Relaxed);
        self.0.waited_micros.fetch_add(micros, Relaxed);
    }
}

/// The connections of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    pub most: u32,
    pub in_use: u32,
    pub idle: u32,
}

/// Counts the statements of one connection.
pub(super) struct Counting {
    figures: Arc<Figures>,
    /// The next statement opens or closes a transaction, which is no statement of a use case.
    transaction: bool,
    is_loss: fn(&Error) -> bool,
}

impl Counting {
    pub fn new(figures: Arc<Figures>, is_loss: fn(&Error) -> bool) -> Self {
        Self {
            figures,
            transaction: false,
            is_loss,
        }
    }
}

impl Instrumentation for Counting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                let counted = u64::from(!std::mem::take(&mut self.transaction));
                self.figures.statements.fetch_add(counted, Relaxed);
            }
            InstrumentationEvent::BeginTransaction { .. }
            | InstrumentationEvent::CommitTransaction { .. }
            | InstrumentationEvent::RollbackTransaction { .. } => self.transaction = true,
            InstrumentationEvent::FinishQuery {
                error: Some(error), ..
            } if (self.is_loss)(error) => {
                self.figures.losses.fetch_add(1, Relaxed);
            }
            _ => {}
        }
    }
}
