//! SQLite's one writer: a thread that owns the write connection. Changes queue up; it takes what waits, gives each a
//! savepoint, commits them together and then answers (group commit). A lone change waits for nobody; a change that fails
//! or panics takes only itself down.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::result::Error as QueryError;
use tracing::Span;

use crate::store::connection::{Conn, DbError, Opener};

/// Changes in one commit at most: whoever came first waits for the last.
const MOST: usize = 128;

/// No change is added to a commit that has taken this long.
const LONGEST: Duration = Duration::from_millis(20);

/// A change that waits for its turn, whatever it gives.
trait Queued: Send {
    /// Makes the change; whether it is to be kept.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Tells the caller, once it is known whether the commit stands.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

struct Change<F, T, E, R> {
    changes: Option<F>,
    made: Option<Result<T, E>>,
    reply: R,
    span: Span,
}

impl<F, T, E, R> Queued for Change<F, T, E, R>
where
    T: Send,
    E: From<DbError> + Send,
    F: FnOnce(&mut Conn) -> Result<T, E> + Send,
    R: FnOnce(Result<T, E>) + Send,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        let Some(changes) = self.changes.take() else {
            return false;
        };
        // What is logged there belongs to the request that asked.
        let made = self
            .span
            .in_scope(|| catch_unwind(AssertUnwindSafe(|| changes(conn))))
            .unwrap_or_else(|panic| Err(DbError::Panicked(said(&*panic)).into()));
        self.made.insert(made).is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let made = match (self.made, committed) {
            (Some(made), Ok(())) => made,
            // What was refused may have been refused for something that is not there now.
            (_, Err(lost)) => Err(lost.into()),
            (None, Ok(())) => Err(DbError::Panicked("the change was not made".into()).into()),
        };
        (self.reply)(made);
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".into())
}

/// The way to the writer. With the last of these the thread ends: what is queued is still made, and then the connection
/// is closed.
#[derive(Clone)]
pub struct Writer(Arc<Thread>);

struct Thread {
    /// None once it is being dropped.
    queue: Option<Sender<Box<dyn Queued>>>,
    handle: Option<JoinHandle<()>>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.queue = None;
        // The last one may go in a change, on the thread itself.
        if let Some(handle) = self.handle.take()
            && handle.thread().id() != std::thread::current().id()
        {
            let _ = handle.join();
        }
    }
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(opener: Opener) -> std::io::Result<Self> {
        let (queue, waiting) = channel();
        let handle = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || serve(&opener, &waiting))?;
        Ok(Self(Arc::new(Thread {
            queue: Some(queue),
            handle: Some(handle),
        })))
    }

    /// Queues a change; `reply` is called on the writer's thread once it is kept, or is not.
    pub fn queue<T, E, F, R>(&self, changes: F, reply: R)
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        R: FnOnce(Result<T, E>) + Send + 'static,
    {
        let change: Box<dyn Queued> = Box::new(Change {
            changes: Some(changes),
            made: None,
            reply,
            span: Span::current(),
        });
        let unsent = match &self.0.queue {
            Some(queue) => queue.send(change).err().map(|unsent| unsent.0),
            None => Some(change),
        };
        if let Some(change) = unsent {
            change.answer(Err(DbError::Busy("the writer has ended".into())));
        }
    }
}

fn serve(opener: &Opener, waiting: &Receiver<Box<dyn Queued>>) {
    let mut kept: Option<Conn> = None;
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        let committed = connection(&mut kept, opener)
            .and_then(|conn| commit_together(conn, waiting, &mut batch));
        match &committed {
            Ok(()) => opener.figures.committed(batch.len()),
            Err(error) => {
                tracing::error!(%error, changes = batch.len(), "a commit was lost");
                // The connection may be in the middle of anything: the next batch gets a new one.
                kept = None;
            }
        }
        for change in batch {
            change.answer(committed.as_ref().copied().map_err(DbError::lost));
        }
    }
}

fn connection<'a>(kept: &'a mut Option<Conn>, opener: &Opener) -> Result<&'a mut Conn, DbError> {
    match kept {
        Some(conn) => Ok(conn),
        None => {
            let conn = opener
                .open()
                .map_err(|error| DbError::Busy(error.to_string()))?;
            Ok(kept.insert(conn))
        }
    }
}

/// One commit of the change in the batch and of what waits behind it, which joins the batch. An error means that none of
/// them is kept.
fn commit_together(
    conn: &mut Conn,
    waiting: &Receiver<Box<dyn Queued>>,
    batch: &mut Vec<Box<dyn Queued>>,
) -> Result<(), DbError> {
    let started = Instant::now();
    // The write lock is taken at the start, so that no change fails halfway for want of it.
    AnsiTransactionManager::begin_transaction_sql(sqlite(conn)?, "BEGIN IMMEDIATE")?;
    let mut made = 0;
    while let Some(change) = batch.get_mut(made) {
        make(conn, &mut **change)?;
        made += 1;
        if made < MOST && started.elapsed() < LONGEST {
            batch.extend(waiting.try_recv());
        }
    }
    Ok(AnsiTransactionManager::commit_transaction(sqlite(conn)?)?)
}

/// Makes one change in a savepoint of its own.
fn make(conn: &mut Conn, change: &mut dyn Queued) -> Result<(), DbError> {
    AnsiTransactionManager::begin_transaction(sqlite(conn)?)?;
    let inside = depth(conn)?;
    if change.run(conn) {
        AnsiTransactionManager::commit_transaction(sqlite(conn)?)?;
        return Ok(());
    }
    // A panic may have left savepoints of the change's own. SQLite ends the whole transaction by itself when it cannot
    // go on (disk full, for one): then there is nothing to go back to, and the batch is lost.
    while depth(conn)? >= inside {
        AnsiTransactionManager::rollback_transaction(sqlite(conn)?)?;
    }
    Ok(())
}

fn depth(conn: &mut Conn) -> Result<u32, DbError> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(sqlite(conn)?);
    Ok(status
        .transaction_depth()?
        .map_or(0, std::num::NonZeroU32::get))
}

fn sqlite(conn: &mut Conn) -> Result<&mut SqliteConnection, QueryError> {
    match conn {
        Conn::Sqlite(conn) => Ok(conn),
        Conn::Postgres(_) => Err(QueryError::BrokenTransactionManager),
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
