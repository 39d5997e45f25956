//! The migrations of both databases belong together, and make what src/store/schema.rs says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use meldpunt::store::db::{Address, Db};
use regex::Regex;

use crate::harness::database::{Backend, Database, backend};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

fn folder(database: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(database)
}

fn names(database: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder(database))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names_of_one = names("sqlite");
    assert_eq!(names_of_one, names("postgres"));
    let name = Regex::new(r"^\d{4}-\d{2}-\d{2}-\d{6}_[a-z0-9_]+$").unwrap();
    for one in &names_of_one {
        assert!(name.is_match(one), "{one}: expected DATE-NUMBER_words");
        for database in ["sqlite", "postgres"] {
            for file in ["up.sql", "down.sql"] {
                let path = folder(database).join(one).join(file);
                assert!(path.is_file(), "{} is missing", path.display());
            }
        }
    }
    let times: BTreeSet<&str> = names_of_one.iter().map(|name| &name[..17]).collect();
    assert_eq!(times.len(), names_of_one.len(), "two of the same time");
}

/// Tables with their columns in order, and indexes with theirs: the parts that both databases say alike.
fn made(database: &str) -> BTreeSet<String> {
    let index = Regex::new(r"CREATE (?:UNIQUE )?INDEX \w+ ON [^;]+").unwrap();
    let table = Regex::new(r"(?s)CREATE TABLE (\w+) \((.*?)\n\)(?: WITHOUT ROWID)?;").unwrap();
    let column = Regex::new(r"(?m)^    ([a-z_]+) [A-Z]+(.*?),?$").unwrap();
    let mut found = BTreeSet::new();
    for name in names(database) {
        let text = std::fs::read_to_string(folder(database).join(name).join("up.sql")).unwrap();
        let indexes = index.find_iter(&text).map(|one| one.as_str().to_owned());
        // Full text is a table of its own in SQLite.
        found.extend(indexes.filter(|one| !one.contains("USING gin")));
        for one in table.captures_iter(&text) {
            let columns: Vec<String> = column
                .captures_iter(&one[2])
                .map(|column| format!("{}{}", &column[1], &column[2]))
                .collect();
            found.insert(format!("{}: {}", &one[1], columns.join(", ")));
        }
    }
    found
}

#[test]
fn both_databases_get_the_same_tables_and_indexes() {
    let (sqlite, postgres) = (made("sqlite"), made("postgres"));
    assert!(sqlite.len() > 20, "the scan finds too little: {sqlite:#?}");
    let differing: Vec<&String> = sqlite.symmetric_difference(&postgres).collect();
    assert!(differing.is_empty(), "in one only: {differing:#?}");
}

/// A column as a database describes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    data_type: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

const SQLITE_COLUMNS: &str = "SELECT t.name AS table_name, c.name AS column_name, c.type AS data_type, \
     NOT c.\"notnull\" AS nullable FROM sqlite_master t, pragma_table_info(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'search_terms%' AND t.name <> '__diesel_schema_migrations'";

const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text, \
     is_nullable = 'YES' AS nullable FROM information_schema.columns \
     WHERE table_schema = 'public' AND data_type <> 'tsvector' AND table_name <> '__diesel_schema_migrations'";

fn columns(database: &Database) -> BTreeSet<Column> {
    let found: Vec<Column> = match backend() {
        Backend::Sqlite => diesel::sql_query(SQLITE_COLUMNS)
            .load(&mut SqliteConnection::establish(database.path()).unwrap())
            .unwrap(),
        Backend::Postgres => diesel::sql_query(POSTGRES_COLUMNS)
            .load(&mut PgConnection::establish(database.url()).unwrap())
            .unwrap(),
    };
    found.into_iter().collect()
}

/// The columns that src/store/schema.rs declares, in the words of this run's database.
fn declared() -> BTreeSet<Column> {
    let text = include_str!("../../src/store/schema.rs");
    let table = Regex::new(r"(?s)\n    (\w+) \([\w, ]+\) \{\n(.*?)\n    \}").unwrap();
    let column =
        Regex::new(r#"(?:#\[sql_name = "(\w+)"\]\s+)?(\w+) -> (Nullable<)?(\w+)>?,"#).unwrap();
    let mut found = BTreeSet::new();
    for one in table.captures_iter(text) {
        for column in column.captures_iter(&one[2]) {
            found.insert(Column {
                table_name: one[1].to_owned(),
                column_name: column
                    .get(1)
                    .unwrap_or(column.get(2).unwrap())
                    .as_str()
                    .into(),
                data_type: type_name(&column[4]).to_owned(),
                nullable: column.get(3).is_some(),
            });
        }
    }
    found
}

fn type_name(diesel: &str) -> &'static str {
    let types: BTreeMap<&str, (&str, &str)> = BTreeMap::from([
        ("Text", ("TEXT", "text")),
        ("IdSql", ("TEXT", "uuid")),
        ("InstantSql", ("TEXT", "timestamp with time zone")),
        ("JsonSql", ("TEXT", "jsonb")),
        ("Date", ("TEXT", "date")),
        ("Bool", ("BOOLEAN", "boolean")),
        ("Integer", ("INTEGER", "integer")),
        ("BigInt", ("BIGINT", "bigint")),
        ("Double", ("DOUBLE", "double precision")),
        ("Binary", ("BLOB", "bytea")),
    ]);
    let (sqlite, postgres) = types
        .get(diesel)
        .unwrap_or_else(|| panic!("say here what {diesel} is in both databases"));
    match backend() {
        Backend::Sqlite => sqlite,
        Backend::Postgres => postgres,
    }
}

#[test]
fn the_schema_file_is_what_the_migrations_make() {
    let (declared, made) = (declared(), columns(&Database::new()));
    assert!(declared.len() > 100, "the scan finds too little");
    let missing: Vec<_> = declared.difference(&made).collect();
    let extra: Vec<_> = made.difference(&declared).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "only in src/store/schema.rs: {missing:#?}\nonly in the database: {extra:#?}"
    );
}

#[test]
fn migrations_go_down_and_up_again() {
    let database = Database::empty();
    let (after, down) = match backend() {
        Backend::Sqlite => up_down(
            SqliteConnection::establish(database.path()).unwrap(),
            || SQLITE,
            &database,
        ),
        Backend::Postgres => up_down(
            PgConnection::establish(database.url()).unwrap(),
            || POSTGRES,
            &database,
        ),
    };
    assert!(down.is_empty(), "left after going down: {down:?}");
    assert_eq!(after, columns(&Database::new()));
}

fn up_down<C, DB>(
    mut conn: C,
    migrations: fn() -> EmbeddedMigrations,
    database: &Database,
) -> (BTreeSet<Column>, BTreeSet<Column>)
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
{
    conn.run_pending_migrations(migrations()).unwrap();
    conn.revert_all_migrations(migrations()).unwrap();
    let down = columns(database);
    conn.run_pending_migrations(migrations()).unwrap();
    (columns(database), down)
}

#[test]
fn how_far_the_schema_is_behind_is_only_read() {
    let all = names("sqlite").len();
    let empty = Database::empty();
    let db = Db::open(&Address::parse(empty.url()).unwrap(), 1).unwrap();
    assert_eq!(db.pending_migrations(), Ok(all));
    assert_eq!(empty.dump(), "");

    let migrated = Database::new();
    let mut url = migrated.url().to_owned();
    if backend() == Backend::Postgres {
        // Not even a table that is there already may be asked for with CREATE.
        let mut stricter = reqwest::Url::parse(&url).unwrap();
        stricter
            .query_pairs_mut()
            .append_pair("options", "-cdefault_transaction_read_only=on");
        url = stricter.into();
    }
    let db = Db::open(&Address::parse(&url).unwrap(), 1).unwrap();
    assert_eq!(db.pending_migrations(), Ok(0));
}
