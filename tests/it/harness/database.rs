//! A database of one test's own: a copy of a template that is migrated and seeded once per run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use meldpunt::services::seed;
use meldpunt::store::db::{Address, Db};
use reqwest::Url;
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// The database that this run of the suite is for.
pub fn backend() -> Backend {
    match environment("TEST_BACKEND").as_deref() {
        None | Some("sqlite") => Backend::Sqlite,
        Some("postgres") => Backend::Postgres,
        Some(other) => panic!("TEST_BACKEND is sqlite or postgres, not {other:?}"),
    }
}

/// What scripts/test tells the tests.
#[expect(
    clippy::disallowed_methods,
    reason = "what scripts/test tells is no setting of the service"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    row: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The rows of each table as text, sorted; the query gives each table with the expression that makes text of a row. A macro, as the
/// two connections share no trait that is short to name.
macro_rules! dump {
    ($conn:expr, $tables:expr $(,)?) => {{
        let conn = $conn;
        let tables: Vec<Table> = diesel::sql_query($tables).load(conn).unwrap();
        let mut found = BTreeMap::new();
        for Table { name, row } in tables {
            let rows: Vec<Line> = diesel::sql_query(format!("SELECT {row} AS line FROM {name} t"))
                .load(conn)
                .unwrap();
            let mut rows: Vec<String> = rows.into_iter().map(|row| row.line).collect();
            rows.sort();
            found.insert(name, rows);
        }
        found
    }};
}

/// A database that goes when this is dropped.
pub struct Database {
    url: String,
    place: Place,
}

enum Place {
    /// Held for its drop, which removes the file.
    Folder {
        _folder: TempDir,
    },
    Server {
        name: String,
    },
}

impl Database {
    /// Migrated and seeded.
    pub fn new() -> Self {
        match template() {
            Template::File(content) => {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("meldpunt.db");
                std::fs::write(&path, content).unwrap();
                Self::in_folder(folder, &path)
            }
            Template::Name(template) => Self::on_server(Some(template)),
        }
    }

    /// Without any table.
    pub fn empty() -> Self {
        match backend() {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("meldpunt.db");
                Self::in_folder(folder, &path)
            }
            Backend::Postgres => Self::on_server(None),
        }
    }

    fn in_folder(folder: TempDir, path: &Path) -> Self {
        Self {
            url: format!("sqlite://{}", path.display()),
            place: Place::Folder { _folder: folder },
        }
    }

    fn on_server(template: Option<&str>) -> Self {
        let name = new_name();
        let copy = template.map_or(String::new(), |template| format!(" TEMPLATE {template}"));
        administer(&format!("CREATE DATABASE {name}{copy}"));
        Self {
            url: server_url(Some(&name)).into(),
            place: Place::Server { name },
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// All rows of all tables, as text.
    pub fn dump(&self) -> String {
        let rows: Vec<String> = tables(&self.url).into_values().flatten().collect();
        rows.join("\n")
    }

    /// The path of SQLite's file.
    pub fn path(&self) -> &str {
        self.url.trim_start_matches("sqlite://")
    }
}

/// The rows of each table of a database, as text, sorted.
pub fn tables(url: &str) -> BTreeMap<String, Vec<String>> {
    match url.strip_prefix("sqlite://") {
        Some(path) => dump!(
            &mut SqliteConnection::establish(path).unwrap(),
            "SELECT t.name AS name, group_concat('quote(\"' || c.name || '\")', ' || char(10) || ') AS row \
             FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' GROUP BY t.name",
        ),
        None => dump!(
            &mut PgConnection::establish(url).unwrap(),
            "SELECT tablename::text AS name, 'to_json(t)::text' AS row FROM pg_tables \
             WHERE schemaname = 'public'",
        ),
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Server { name } = &self.place {
            administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

enum Template {
    /// The bytes of SQLite's file, so that nothing is left behind.
    File(Vec<u8>),
    Name(String),
}

fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| match backend() {
        Backend::Sqlite => sqlite_template(),
        Backend::Postgres => postgres_template(),
    })
}

fn prepare(url: &str) {
    let db = Db::open(&Address::parse(url).unwrap(), 1).unwrap();
    db.migrate().unwrap();
    db.write_blocking(move |conn| seed::load(conn, super::start_of_time()))
        .unwrap();
}

fn sqlite_template() -> Template {
    let made = Database::empty();
    prepare(made.url());
    let copy = format!("{}.copy", made.path());
    SqliteConnection::establish(made.path())
        .unwrap()
        .batch_execute(&format!("VACUUM INTO '{copy}'"))
        .unwrap();
    Template::File(std::fs::read(copy).unwrap())
}

/// It stays on the server when the run ends; `remove_old` of a later run takes it away.
fn postgres_template() -> Template {
    remove_old();
    let name = new_name();
    administer(&format!("CREATE DATABASE {name}"));
    prepare(server_url(Some(&name)).as_str());
    // A database can only be copied while nobody is connected, and the pool's connections close in their own time.
    administer(&format!(
        "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
         SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
    ));
    Template::Name(name)
}

/// Databases of runs that ended before yesterday.
fn remove_old() {
    #[derive(QueryableByName)]
    struct Old {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let old: Vec<Old> = with_admin(|conn| {
        diesel::sql_query(
            "SELECT datname::text AS name FROM pg_database WHERE datname ~ '^meldpunt_it_[0-9]+_' \
             AND split_part(datname, '_', 3)::bigint < extract(epoch FROM now()) - 86400",
        )
        .load(conn)
        .unwrap()
    });
    for Old { name } in old {
        administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    }
}

/// `meldpunt_it_TIME_PROCESS_NUMBER`: unlike that of any other run on the same server.
fn new_name() -> String {
    #[derive(QueryableByName)]
    struct Started {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        at: i64,
    }
    static STARTED: OnceLock<i64> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let started = STARTED.get_or_init(|| {
        with_admin(|conn| {
            diesel::sql_query("SELECT extract(epoch FROM now())::bigint AS at")
                .get_result::<Started>(conn)
                .unwrap()
                .at
        })
    });
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("meldpunt_it_{started}_{}_{number}", std::process::id())
}

/// TEST_DATABASE_URL, or another database on the same server.
fn server_url(database: Option<&str>) -> Url {
    let url = environment("TEST_DATABASE_URL").expect("TEST_DATABASE_URL; scripts/test sets it");
    let mut url = Url::parse(&url).unwrap();
    if let Some(database) = database {
        url.set_path(database);
    }
    url
}

fn administer(sql: &str) {
    with_admin(|conn| conn.batch_execute(sql)).unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// Lends a connection to the server. They are kept, because signing in takes PostgreSQL a while.
fn with_admin<T>(work: impl FnOnce(&mut PgConnection) -> T) -> T {
    static IDLE: Mutex<Vec<PgConnection>> = Mutex::new(Vec::new());
    let idle = IDLE.lock().unwrap().pop();
    let mut conn = idle.unwrap_or_else(|| {
        PgConnection::establish(server_url(None).as_str())
            .expect("the server of TEST_DATABASE_URL answers")
    });
    let done = work(&mut conn);
    IDLE.lock().unwrap().push(conn);
    done
}
