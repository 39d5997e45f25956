//! Databases for the unit tests of the store and of what stands on it: SQLite always, PostgreSQL too when
//! `TEST_DATABASE_URL` names a server, as `scripts/test` has it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::domain::actor::{Language, OrganisationKind, PrincipalKind, Role};
use crate::domain::code::Code;
use crate::domain::id::{OrganisationId, PrincipalId};
use crate::store::db::{Address, Conn, Db, DbError};
use crate::store::schema::{organisations, principals};
use crate::store::types::{Instant, Json};

/// A migrated database of its own; gone when dropped.
pub struct TestDb {
    pub db: Db,
    _folder: tempfile::TempDir,
    schema: Option<(String, String)>,
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Some((url, schema)) = &self.schema
            && let Ok(mut conn) = PgConnection::establish(url)
        {
            let _ = conn.batch_execute(&format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}

/// What `scripts/test` started for the tests: the address of a server, or how to sign in there.
pub fn given(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "servers of the tests are no setting of the service"
    )]
    std::env::var(name).ok()
}

/// One database of each kind that is at hand.
pub fn databases() -> Vec<TestDb> {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Sqlite(folder.path().join("test.db"));
    let mut all = vec![TestDb {
        db: Db::open(&address, 4).unwrap(),
        _folder: folder,
        schema: None,
    }];
    if let Some(url) = given("TEST_DATABASE_URL") {
        let schema = format!("unit_{}", uuid::Uuid::now_v7().simple());
        PgConnection::establish(&url)
            .unwrap()
            .batch_execute(&format!("CREATE SCHEMA {schema}"))
            .unwrap();
        let sign = if url.contains('?') { '&' } else { '?' };
        let address = Address::Postgres(format!("{url}{sign}options=-csearch_path%3D{schema}"));
        all.push(TestDb {
            db: Db::open(&address, 4).unwrap(),
            _folder: tempfile::tempdir().unwrap(),
            schema: Some((url, schema)),
        });
    }
    for test in &all {
        test.db.migrate().unwrap();
    }
    all
}

/// Runs a closure that borrows, on this thread; what the service writes goes through `Db::write`.
pub fn in_transaction<T, E>(db: &Db, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
where
    E: From<DbError> + From<diesel::result::Error>,
{
    db.read_blocking(|conn| conn.transaction(work))
}

/// Adds an organisation.
pub fn organisation(
    conn: &mut Conn,
    name: &str,
    kind: OrganisationKind,
    operator: bool,
) -> OrganisationId {
    let id = OrganisationId::new();
    let now = Instant(chrono::DateTime::UNIX_EPOCH);
    diesel::insert_into(organisations::table)
        .values((
            organisations::id.eq(id),
            organisations::kind.eq(kind.as_str()),
            organisations::name.eq(name),
            organisations::owns_rules.eq(kind == OrganisationKind::Ministry),
            organisations::operator.eq(operator),
            organisations::created_at.eq(now),
            organisations::updated_at.eq(now),
            organisations::version.eq(1),
        ))
        .execute(conn)
        .unwrap();
    id
}

/// Adds a person, or without an e-mail address a machine.
pub fn principal(
    conn: &mut Conn,
    at: OrganisationId,
    name: &str,
    email: Option<&str>,
    roles: &[Role],
) -> PrincipalId {
    let id = PrincipalId::new();
    let now = Instant(chrono::DateTime::UNIX_EPOCH);
    let kind = if email.is_some() {
        PrincipalKind::Person
    } else {
        PrincipalKind::Client
    };
    diesel::insert_into(principals::table)
        .values((
            principals::id.eq(id),
            principals::kind.eq(kind.as_str()),
            principals::organisation_id.eq(at),
            principals::name.eq(name),
            principals::email.eq(email),
            principals::language.eq(Language::Nl.as_str()),
            principals::roles.eq(Json(roles.to_vec())),
            principals::created_at.eq(now),
            principals::updated_at.eq(now),
            principals::version.eq(1),
        ))
        .execute(conn)
        .unwrap();
    id
}

/// Lays the entries of the search index far apart, as among many others.
pub fn spread_search_entries(conn: &mut Conn, apart: i32) {
    use crate::store::schema::search_entries as t;
    diesel::update(t::table)
        .set(t::entry.eq(t::entry * apart))
        .execute(conn)
        .unwrap();
    if let Conn::Sqlite(conn) = conn {
        conn.batch_execute("INSERT INTO search_terms (search_terms) VALUES ('rebuild')")
            .unwrap();
    }
}
