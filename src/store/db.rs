//! The database: SQLite or PostgreSQL, and the only place that knows there are two. `read` runs on a pool of readers,
//! `write` is the only way to change anything: one closure, one transaction.

use std::collections::HashSet;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub use crate::config::Address;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Held while migrating, so that of several nodes one migrates and the others wait.
const MIGRATION_LOCK: i64 = 0x4d45_4c44; // "MELD"

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Opens connections and checks them before use.
struct Manager {
    address: Address,
}

impl Manager {
    fn open(&self) -> ConnectionResult<Conn> {
        match &self.address {
            Address::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                // WAL lets readers go on beside the writer; FULL makes an acknowledged commit survive a power cut.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
                )
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Sqlite(conn))
            }
            Address::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute("SET TIME ZONE 'UTC'")
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Postgres(conn))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        self.open().map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        match conn {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(conn) => conn
                .batch_execute("SELECT 1")
                .map_err(diesel::r2d2::Error::QueryError),
        }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking()
            || match conn {
                Conn::Sqlite(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
                Conn::Postgres(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
            }
    }
}

/// Why no connection could be had, or what a query failed with.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// All connections are taken or the server does not answer.
    #[error("the database is busy or away: {0}")]
    Busy(String),
    /// The work on it broke off: a fault of ours.
    #[error("the work broke off: {0}")]
    Panicked(String),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

/// Both pools. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool<Manager>,
    /// One connection on SQLite, which has one writer; the readers' pool on PostgreSQL.
    writers: Pool<Manager>,
    address: Address,
}

impl Db {
    /// Opens the database; a SQLite file is made when it is not there.
    ///
    /// # Errors
    /// A sentence for the operator when the file or the server cannot be reached.
    pub fn open(address: &Address, connections: u32) -> Result<Self, String> {
        if let Address::Sqlite(path) = address
            && let Some(folder) = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder)
                .map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
        }
        if let Address::Sqlite(path) = address {
            create_private(path).map_err(|e| format!("cannot open {}: {e}", path.display()))?;
        }
        let pool = |size: u32| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(matches!(address, Address::Postgres(_)))
                .connection_timeout(Duration::from_secs(5))
                .build_unchecked(Manager {
                    address: address.clone(),
                })
        };
        // One plain connection first: the pool would retry for seconds and hide why.
        Manager {
            address: address.clone(),
        }
        .open()
        .map_err(|e| format!("cannot open {address:?}: {e}"))?;
        let readers = pool(connections);
        let writers = if matches!(address, Address::Sqlite(_)) {
            pool(1)
        } else {
            readers.clone()
        };
        Ok(Self {
            readers,
            writers,
            address: address.clone(),
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.read(|conn| {
            diesel::select(1.into_sql::<diesel::sql_types::Integer>()).first::<i32>(conn)?;
            Ok(())
        })
        .await
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Runs queries that change nothing, off the async threads.
    pub async fn read<T, E, F>(&self, queries: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let pool = self.readers.clone();
        blocking(move || queries(&mut *checkout(&pool)?)).await
    }

    /// Runs a closure in one transaction, off the async threads: all of it is kept, or nothing.
    pub async fn write<T, E, F>(&self, changes: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let db = self.clone();
        blocking(move || db.write_blocking(changes)).await
    }

    /// As `write`, for a thread that may block.
    pub fn write_blocking<T, E, F>(&self, changes: F) -> Result<T, E>
    where
        E: From<DbError> + From<diesel::result::Error>,
        F: FnOnce(&mut Conn) -> Result<T, E>,
    {
        let mut conn = checkout(&self.writers)?;
        transaction(&mut conn, changes)
    }

    /// As `read`, for a thread that may block.
    pub fn read_blocking<T, E, F>(&self, queries: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: FnOnce(&mut Conn) -> Result<T, E>,
    {
        queries(&mut *checkout(&self.readers)?)
    }

    /// Brings the schema up to date; returns how many steps it took. Safe to run on several nodes at once.
    pub fn migrate(&self) -> Result<usize, String> {
        let mut conn = checkout(&self.writers).map_err(|e| e.to_string())?;
        let run = match &mut *conn {
            Conn::Sqlite(conn) => conn
                .run_pending_migrations(SQLITE_MIGRATIONS)
                .map(|done| done.len()),
            Conn::Postgres(conn) => {
                conn.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))
                    .map_err(|e| e.to_string())?;
                let run = conn
                    .run_pending_migrations(POSTGRES_MIGRATIONS)
                    .map(|done| done.len());
                conn.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))
                    .map_err(|e| e.to_string())?;
                run
            }
        };
        run.map_err(|e| format!("migration failed: {e}"))
    }

    /// Steps that the schema is behind. It only reads, for a role that may not change the schema.
    pub fn pending_migrations(&self) -> Result<usize, String> {
        let applied = self
            .read_blocking::<_, DbError, _>(|conn| Ok(applied_migrations(conn)?))
            .map_err(|e| e.to_string())?;
        // The migrations of both databases have the same names.
        let known = MigrationSource::<Pg>::migrations(&POSTGRES_MIGRATIONS);
        Ok(known
            .map_err(|e| e.to_string())?
            .iter()
            .filter(|step| !applied.contains(&step.name().version().to_string()))
            .count())
    }
}

impl Db {
    /// Steps of the schema that this version does not know: the database was used by a newer one.
    pub fn unknown_migrations(&self) -> Result<Vec<String>, String> {
        let applied = self
            .read_blocking::<_, DbError, _>(|conn| Ok(applied_migrations(conn)?))
            .map_err(|e| e.to_string())?;
        let known = MigrationSource::<Pg>::migrations(&POSTGRES_MIGRATIONS);
        let known: HashSet<String> = known
            .map_err(|e| e.to_string())?
            .iter()
            .map(|step| step.name().version().to_string())
            .collect();
        let mut unknown: Vec<String> = applied.difference(&known).cloned().collect();
        unknown.sort();
        Ok(unknown)
    }
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// The steps that were taken; diesel's own look-up would make their table.
fn applied_migrations(conn: &mut Conn) -> QueryResult<HashSet<String>> {
    let table = match conn {
        Conn::Sqlite(_) => {
            "SELECT name AS version FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
        }
        Conn::Postgres(_) => {
            "SELECT 'there' AS version WHERE to_regclass('__diesel_schema_migrations') IS NOT NULL"
        }
    };
    let steps = "SELECT version FROM __diesel_schema_migrations";
    let mut applied = Vec::new();
    if !diesel::sql_query(table).load::<Applied>(conn)?.is_empty() {
        applied = diesel::sql_query(steps).load::<Applied>(conn)?;
    }
    Ok(applied.into_iter().map(|step| step.version).collect())
}

/// Makes the file when it is not there, for its owner alone: it holds personal data. What SQLite makes beside it gets the
/// same rights.
fn create_private(path: &std::path::Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn checkout(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>, DbError> {
    pool.get().map_err(|e| DbError::Busy(e.to_string()))
}

async fn blocking<T, E, F>(work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    // What is logged there belongs to the request that asked.
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(done) => done,
        Err(e) if e.is_panic() => Err(DbError::Panicked(e.to_string()).into()),
        Err(e) => Err(DbError::Busy(format!("the work was cut off: {e}")).into()),
    }
}

/// An immediate transaction on SQLite (the write lock is taken at the start, so that it never fails halfway), a plain one
/// on PostgreSQL.
fn transaction<T, E, F>(conn: &mut Conn, changes: F) -> Result<T, E>
where
    E: From<DbError> + From<diesel::result::Error>,
    F: FnOnce(&mut Conn) -> Result<T, E>,
{
    type Manager = <Conn as Connection>::TransactionManager;
    match conn {
        Conn::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?
        }
        Conn::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres)?,
    }
    // A panic in the closure unwinds past the connection with its transaction open; `has_broken` then drops it.
    match changes(conn) {
        Ok(done) => {
            Manager::commit_transaction(conn)?;
            Ok(done)
        }
        Err(failed) => match Manager::rollback_transaction(conn) {
            Ok(()) | Err(diesel::result::Error::BrokenTransactionManager) => Err(failed),
            Err(e) => Err(e.into()),
        },
    }
}

/// The row exists already.
pub fn is_unique_violation(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error};
    matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)
    )
}
