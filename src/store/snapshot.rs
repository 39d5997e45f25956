//! A SQLite database as a file: copied while it is in use, checked before it is relied upon, held before it is replaced.
//! PostgreSQL has tools of its own for this.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// What is in a file that passed its checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Rows of each table, by name.
    pub rows: Vec<(String, i64)>,
}

impl Summary {
    pub fn of(&self, table: &str) -> i64 {
        let found = self.rows.iter().find(|(name, _)| name == table);
        found.map_or(0, |(_, rows)| *rows)
    }

    pub fn total(&self) -> i64 {
        self.rows.iter().map(|(_, rows)| rows).sum()
    }
}

/// Copies a database as it is at one moment into an empty file, while others read and write it. The copy is compact: one
/// file, in no need of another.
pub fn copy(source: &Path, target: &Path) -> Result<(), String> {
    let mut conn = open(source, "mode=rw")?;
    // One statement, one snapshot: writers go on beside it.
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(target.to_string_lossy())
        .execute(&mut conn)
        .map(drop)
        .map_err(|e| told(source, &e))
}

/// An attachment that a database names: the name of its bytes, and their digest.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Kept {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub digest: String,
}

/// The attachments that a file names and that were not deleted. One of an older version has none.
pub fn kept(file: &Path) -> Result<Vec<Kept>, String> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let mut conn = open(file, "mode=ro&immutable=1")?;
    let table =
        "SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'attachments'";
    let found: Found = diesel::sql_query(table)
        .get_result(&mut conn)
        .map_err(|e| told(file, &e))?;
    if found.n == 0 {
        return Ok(Vec::new());
    }
    let names = "SELECT report_id || '/' || id AS name, digest FROM attachments WHERE deleted_at IS NULL ORDER BY id";
    diesel::sql_query(names)
        .load(&mut conn)
        .map_err(|e| told(file, &e))
}

/// Reads a file whole: pages, indexes, references between tables; and counts its rows. Nobody may write it meanwhile.
pub fn check(file: &Path) -> Result<Summary, String> {
    #[derive(QueryableByName)]
    struct Told {
        #[diesel(sql_type = Text)]
        told: String,
    }
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let mut conn = open(file, "mode=ro&immutable=1")?;
    let text = |conn: &mut SqliteConnection, sql: &str| {
        let rows = diesel::sql_query(sql).load::<Told>(conn);
        rows.map_err(|e| told(file, &e))
            .map(|rows| rows.into_iter().map(|row| row.told).collect::<Vec<_>>())
    };
    let tables = text(
        &mut conn,
        "SELECT name AS told FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name <> '__diesel_schema_migrations' ORDER BY name",
    )?;
    if !["reports", "outbox", "signing_keys"]
        .iter()
        .all(|name| tables.iter().any(|table| table == name))
    {
        return Err(format!("{} holds no Meldpunt database", file.display()));
    }
    let found = text(
        &mut conn,
        "SELECT integrity_check AS told FROM pragma_integrity_check LIMIT 5",
    )?;
    if found != ["ok"] {
        return Err(format!(
            "{} is damaged: {}",
            file.display(),
            found.join("; ")
        ));
    }
    let orphans = text(
        &mut conn,
        "SELECT DISTINCT \"table\" || ' names a missing row of ' || parent AS told FROM pragma_foreign_key_check LIMIT 5",
    )?;
    if !orphans.is_empty() {
        return Err(format!(
            "{} is damaged: {}",
            file.display(),
            orphans.join("; ")
        ));
    }
    let mut rows = Vec::with_capacity(tables.len());
    for name in tables {
        // A name of our own schema.
        let count: Count = diesel::sql_query(format!("SELECT count(*) AS n FROM \"{name}\""))
            .get_result(&mut conn)
            .map_err(|e| told(file, &e))?;
        rows.push((name, count.n));
    }
    Ok(Summary { rows })
}

/// A database that nobody else has open, all of it in its one file. Nobody can open it for writing while this is kept.
pub struct Held {
    _conn: SqliteConnection,
}

/// How long a connection that is being closed is waited for, and how often it is looked at.
const CLOSING: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// Takes hold of a database that is to be replaced or moved.
///
/// # Errors
/// When somebody has it open: every connection in WAL mode keeps a lock that leaving that mode needs for itself.
pub fn hold(file: &Path) -> Result<Held, String> {
    let mut conn = open(file, "mode=rw")?;
    let started = Instant::now();
    loop {
        // SQLite does not wait here by itself.
        match conn.batch_execute("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE") {
            Ok(()) => return Ok(Held { _conn: conn }),
            Err(e) if !e.to_string().contains("locked") => return Err(told(file, &e)),
            Err(_) if started.elapsed() > CLOSING => {
                return Err(format!(
                    "{} is in use: stop the service that runs on it first",
                    file.display()
                ));
            }
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}

fn open(file: &Path, how: &str) -> Result<SqliteConnection, String> {
    let mut path = String::new();
    // What has a meaning in such an address.
    for letter in file.to_string_lossy().chars() {
        match letter {
            '%' => path.push_str("%25"),
            '?' => path.push_str("%3f"),
            '#' => path.push_str("%23"),
            other => path.push(other),
        }
    }
    let mut conn = SqliteConnection::establish(&format!("file:{path}?{how}"))
        .map_err(|e| format!("cannot open {}: {e}", file.display()))?;
    conn.batch_execute("PRAGMA busy_timeout = 10000")
        .map_err(|e| told(file, &e))?;
    Ok(conn)
}

fn told(file: &Path, error: &diesel::result::Error) -> String {
    format!("{}: {error}", file.display())
}
