//! A connection to either database: how it is opened, when it is of no use any more, and what can go wrong with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::ManageConnection;
use diesel::result::{DatabaseErrorKind as Kind, Error as QueryError};

use crate::config::Address;
use crate::store::figures::{Counting, Figures};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Opens connections.
#[derive(Clone)]
pub struct Opener {
    pub(super) address: Address,
    pub(super) figures: Arc<Figures>,
}

impl Opener {
    /// A new connection.
    pub fn open(&self) -> ConnectionResult<Conn> {
        match &self.address {
            Address::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                // WAL lets readers go on beside the writer; FULL makes an acknowledged commit survive a power cut.
                conn.batch_execute("PRAGMA busy_timeout = 10000;")
                    .and_then(|()| use_wal(&mut conn))
                    .and_then(|()| {
                        conn.batch_execute(
                            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
                        )
                    })
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                conn.set_instrumentation(Counting::new(self.figures.clone(), is_loss));
                Ok(Conn::Sqlite(conn))
            }
            Address::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                // A page is little work. Its rows are read one by one from an index in its order: by default that is thought
                // to cost as much as on a disk that turns, and the newest of all are looked through instead. Workers in
                // parallel, and machine code made for one query, cost it more than they save, and take it from other requests.
                conn.batch_execute(
                    "SET TIME ZONE 'UTC'; SET random_page_cost = 1.1; SET max_parallel_workers_per_gather = 0; SET jit = off;",
                )
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                conn.set_instrumentation(Counting::new(self.figures.clone(), is_loss));
                Ok(Conn::Postgres(conn))
            }
        }
    }
}

/// Reads all of one moment, whatever others write meanwhile.
pub fn at_one_moment<T, E: From<QueryError>>(
    conn: &mut Conn,
    queries: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    conn.transaction(|conn| {
        if let Conn::Postgres(conn) = conn {
            conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
        }
        queries(conn)
    })
}

/// Turns the write-ahead log on. For a new file that takes the whole file, and SQLite does not wait for it as it does
/// for other locks: of several processes that start together, all but one would be refused.
fn use_wal(conn: &mut SqliteConnection) -> QueryResult<()> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL;") {
            Err(QueryError::DatabaseError(_, info))
                if is_busy(info.message()) && Instant::now() < until =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// A connection of the pool.
pub struct Pooled {
    pub(super) conn: Conn,
    /// Losses known when it was last seen to work.
    losses: u64,
}

impl ManageConnection for Opener {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let losses = self.figures.losses();
        let conn = self.open().map_err(diesel::r2d2::Error::ConnectionError)?;
        Ok(Pooled { conn, losses })
    }

    /// Asks the server only when another connection was lost since: asking each time would cost every use of a
    /// connection a round trip.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        let losses = self.figures.losses();
        if pooled.losses != losses {
            pooled
                .conn
                .batch_execute("SELECT 1")
                .map_err(diesel::r2d2::Error::QueryError)?;
            pooled.losses = losses;
        }
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        let in_error = match &mut pooled.conn {
            Conn::Sqlite(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
            Conn::Postgres(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
        };
        // Was it this one that was lost?
        in_error || std::thread::panicking() || self.is_valid(pooled).is_err()
    }
}

/// Why no connection could be had, or what a query failed with.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// All connections are taken, the server is away, or somebody else was in the way: another try may work.
    #[error("the database is busy or away: {0}")]
    Busy(String),
    /// No room is left to write, or the disk fails; reading may go on.
    #[error("the database cannot write: {0}")]
    Full(String),
    /// The work on it broke off: a fault of ours.
    #[error("the work broke off: {0}")]
    Panicked(String),
    #[error(transparent)]
    Query(QueryError),
}

impl DbError {
    /// For everybody whose changes were in a commit that failed: nobody's own fault, and worth another try.
    pub fn lost(&self) -> Self {
        match self {
            Self::Full(why) => Self::Full(why.clone()),
            other => Self::Busy(other.to_string()),
        }
    }
}

/// What the databases say when there is no room.
const FULL: &[&str] = &[
    "database or disk is full",
    "disk I/O error",
    "No space left on device",
];

/// What is said when the server went away; libpq gives no code then.
const LOST: &[&str] = &[
    "terminating connection",
    "the database system is",
    "server closed the connection",
    "no connection to the server",
    "could not receive data from server",
    "could not send data to server",
    "SSL connection has been closed",
    "SSL SYSCALL error",
];

/// What else is said when another try may work.
const BUSY: &[&str] = &["database is locked", "deadlock detected"];

fn is_busy(said: &str) -> bool {
    BUSY.iter().any(|text| said.contains(text))
}

/// Whether the failure may be the end of its connection, and of others to the same server.
pub(super) fn is_loss(error: &QueryError) -> bool {
    match error {
        QueryError::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => true,
        QueryError::DatabaseError(_, info) => LOST.iter().any(|text| info.message().contains(text)),
        _ => false,
    }
}

impl From<QueryError> for DbError {
    fn from(error: QueryError) -> Self {
        match error {
            // A commit on a connection that is gone cannot be rolled back either.
            QueryError::RollbackErrorOnCommit { commit_error, .. } => (*commit_error).into(),
            QueryError::BrokenTransactionManager => Self::Busy(error.to_string()),
            lost if is_loss(&lost) => Self::Busy(lost.to_string()),
            QueryError::DatabaseError(kind, info) => {
                let said = info.message();
                let any = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
                // Two writers met, or the server became a standby.
                let passes = matches!(kind, Kind::SerializationFailure | Kind::ReadOnlyTransaction);
                if any(FULL) {
                    Self::Full(said.to_owned())
                } else if passes || is_busy(said) {
                    Self::Busy(said.to_owned())
                } else {
                    Self::Query(QueryError::DatabaseError(kind, info))
                }
            }
            other => Self::Query(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_can_be_opened_by_many_at_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let opener = Opener {
                address: Address::Sqlite(folder.path().join("new.db")),
                figures: Arc::default(),
            };
            std::thread::scope(|scope| {
                let all: Vec<_> = (0..8).map(|_| scope.spawn(|| opener.open())).collect();
                for one in all {
                    assert!(one.join().unwrap().is_ok());
                }
            });
        }
    }
}
