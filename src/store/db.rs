//! The database: SQLite or PostgreSQL, and the only place that knows there are two. `read` runs on a pool of readers,
//! `write` is the only way to change anything: one closure, all of it or nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::r2d2::{Pool, PooledConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use tracing::Instrument;

use crate::audit;
pub use crate::config::Address;
use crate::store::connection::Opener;
pub use crate::store::connection::{Conn, DbError, MultiBackend};
use crate::store::figures::{Connections, Figures, Waits};
use crate::store::writer::Writer;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Held while migrating, so that of several nodes one migrates and the others wait.
const MIGRATION_LOCK: i64 = 0x4d45_4c44; // "MELD"

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Opener>,
    /// SQLite has one writer; on PostgreSQL changes take a connection of the pool.
    writer: Option<Writer>,
    opener: Opener,
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
        let opener = Opener {
            address: address.clone(),
            figures: Arc::default(),
        };
        // OpenSSL would clean up as the process ends, while another thread may still be opening a connection: a crash.
        #[cfg(feature = "postgres-tls")]
        openssl_sys::init();
        // One plain connection first: the pool would retry for seconds and hide why.
        opener
            .open()
            .map_err(|e| format!("cannot open {address:?}: {}", explained(&e.to_string())))?;
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .test_on_check_out(true)
            .connection_timeout(Duration::from_secs(5))
            .event_handler(Box::new(Waits(opener.figures.clone())))
            .build_unchecked(opener.clone());
        let writer = match address {
            Address::Sqlite(_) => Some(
                Writer::start(opener.clone())
                    .map_err(|e| format!("cannot start the thread that writes: {e}"))?,
            ),
            Address::Postgres(_) => None,
        };
        Ok(Self {
            pool,
            writer,
            opener,
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
        &self.opener.address
    }

    #[cfg(test)]
    pub(super) fn writer_of_tests(&self) -> &Writer {
        self.writer.as_ref().expect("SQLite has a writer")
    }

    /// What is counted since the start.
    pub fn figures(&self) -> &Figures {
        &self.opener.figures
    }

    /// The pool as it is now.
    pub fn connections(&self) -> Connections {
        let state = self.pool.state();
        Connections {
            most: self.pool.max_size(),
            in_use: state.connections - state.idle_connections,
            idle: state.idle_connections,
        }
    }

    /// Runs queries that change nothing, off the async threads.
    pub async fn read<T, E, F>(&self, queries: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let pool = self.pool.clone();
        blocking(move || queries(&mut checkout(&pool)?.conn))
            .instrument(tracing::debug_span!("read"))
            .await
    }

    /// Runs a closure off the async threads: all of it is kept, or nothing. It is kept, safe from a power cut, before
    /// this returns.
    pub async fn write<T, E, F>(&self, changes: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        // What the closure notes belongs to the call that asks for it.
        let changes = audit::carried(changes);
        let written = async {
            let Some(writer) = &self.writer else {
                let pool = self.pool.clone();
                return blocking(move || transaction(&pool, changes)).await;
            };
            let (reply, answer) = tokio::sync::oneshot::channel();
            // Who has gone away meanwhile needs no answer.
            writer.queue(changes, move |made| drop(reply.send(made)));
            answer.await.unwrap_or_else(|_| Err(unanswered().into()))
        };
        written.instrument(tracing::debug_span!("write")).await
    }

    /// As `write`, for a thread that may block.
    pub fn write_blocking<T, E, F>(&self, changes: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let Some(writer) = &self.writer else {
            return transaction(&self.pool, changes);
        };
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        writer.queue(changes, move |made| drop(reply.send(made)));
        answer.recv().unwrap_or_else(|_| Err(unanswered().into()))
    }

    /// As `read`, for a thread that may block.
    pub fn read_blocking<T, E, F>(&self, queries: F) -> Result<T, E>
    where
        E: From<DbError>,
        F: FnOnce(&mut Conn) -> Result<T, E>,
    {
        queries(&mut checkout(&self.pool)?.conn)
    }

    /// Brings the schema up to date; returns how many steps it took. Safe to run on several nodes at once.
    pub fn migrate(&self) -> Result<usize, String> {
        // A connection of its own: the lock ends with it, whatever happens.
        let run = match &mut self.opener.open().map_err(|e| e.to_string())? {
            Conn::Sqlite(conn) => migrate_sqlite(conn),
            Conn::Postgres(conn) => {
                conn.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))
                    .map_err(|e| e.to_string())?;
                conn.run_pending_migrations(POSTGRES_MIGRATIONS)
                    .map(|done| done.len())
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

/// What libpq says of a build without TLS leaves open what to do.
fn explained(error: &str) -> String {
    let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
    // What the address was taken apart into may be a part of the password: it is not repeated.
    let taken_apart = ["invalid percent-encoded token", "invalid integer value"]
        .iter()
        .any(|sign| error.contains(sign))
        || (error.contains("translate host name") && error.contains('@'));
    if taken_apart {
        "DATABASE_URL cannot be read; in user and password a character that means something in an address is \
         percent-encoded: @ as %40, / as %2F, % as %25"
            .into()
    } else if error.contains("SSL support is not compiled in") {
        format!("{error}; TLS to PostgreSQL takes a build with `--features postgres-tls`")
    } else {
        error
    }
}

fn unanswered() -> DbError {
    DbError::Busy("the writer has ended".into())
}

/// All steps in one transaction that takes the write lock first, so that of two processes one migrates.
fn migrate_sqlite(conn: &mut SqliteConnection) -> diesel::migration::Result<usize> {
    if !conn.has_pending_migration(SQLITE_MIGRATIONS)? {
        return Ok(0);
    }
    conn.immediate_transaction(|conn| Ok(conn.run_pending_migrations(SQLITE_MIGRATIONS)?.len()))
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

fn checkout(pool: &Pool<Opener>) -> Result<PooledConnection<Opener>, DbError> {
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

/// Runs a closure in a transaction of its own.
fn transaction<T, E, F>(pool: &Pool<Opener>, changes: F) -> Result<T, E>
where
    E: From<DbError> + From<diesel::result::Error>,
    F: FnOnce(&mut Conn) -> Result<T, E>,
{
    // A panic in the closure unwinds past the connection with its transaction open; `has_broken` then drops it.
    checkout(pool)?.conn.transaction(changes)
}

/// The row exists already.
pub fn is_unique_violation(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error};
    matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_tls_says_how_to_get_one() {
        let told =
            explained("sslmode value \"require\" invalid when SSL support is not compiled in\n");
        assert!(
            told.contains("sslmode") && told.ends_with("`--features postgres-tls`"),
            "{told}"
        );
        assert_eq!(
            explained("connection refused\n\tIs the server running?\n"),
            "connection refused Is the server running?"
        );
        for secret in [
            "invalid integer value \"geheim\" for connection option \"port\"",
            "invalid percent-encoded token: \"geheim%zz\"",
            "could not translate host name \"geheim@db.example\" to address: Name or service not known",
        ] {
            let told = explained(secret);
            assert!(
                told.contains("percent-encoded") && !told.contains("geheim"),
                "{told}"
            );
        }
        let told = explained("could not translate host name \"db.example\" to address");
        assert!(told.contains("db.example"), "{told}");
    }
}
