//! People and API clients. One who is removed stays as a row without address and secrets, because events name it.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use crate::domain::actor::{
    Actor, Home, Language, OrganisationKind, PrincipalKind, Role, Scope, scopes_of,
};
use crate::domain::id::{OrganisationId, PrincipalId, SessionId};
use crate::domain::organisation::Organisation;
use crate::store::db::{Conn, is_unique_violation};
use crate::store::schema::{organisations, principals, principals as t, sessions};
use crate::store::types::{Coded, Instant, Json};

/// A person or an API client, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub id: PrincipalId,
    pub kind: PrincipalKind,
    pub organisation: OrganisationId,
    pub name: String,
    /// Of people alone.
    pub email: Option<String>,
    pub language: Language,
    pub roles: Vec<Role>,
    /// Scopes a client is limited to, beside those of its roles.
    pub scopes: Option<Vec<Scope>>,
    /// A person without a password has not taken up the invitation.
    pub has_password: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub version: i32,
    /// Goes up with each secret of a client; its tokens name it.
    pub secret_generation: i32,
}

impl Principal {
    /// As if it asked for something, with all that its roles allow.
    pub fn into_actor(self, home: &Organisation) -> Actor {
        Actor {
            id: self.id,
            kind: self.kind,
            name: self.name,
            home: Home {
                id: home.id,
                kind: home.kind,
                name: home.name.clone(),
                owns_rules: home.owns_rules,
                operator: home.operator,
            },
            scopes: scopes_of(&self.roles),
            roles: self.roles,
            language: self.language,
            session: None,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = principals)]
struct Row {
    id: PrincipalId,
    kind: Coded<PrincipalKind>,
    organisation_id: OrganisationId,
    name: String,
    email: Option<String>,
    language: Coded<Language>,
    roles: Json<Vec<Role>>,
    scopes: Option<Json<Vec<Scope>>>,
    password_hash: Option<String>,
    secret_hash: Option<String>,
    created_at: Instant,
    updated_at: Instant,
    ended_at: Option<Instant>,
    version: i32,
    secret_generation: i32,
}

impl From<Row> for Principal {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind.0,
            organisation: row.organisation_id,
            name: row.name,
            email: row.email,
            language: row.language.0,
            roles: row.roles.0,
            scopes: row.scopes.map(|scopes| scopes.0),
            has_password: row.password_hash.is_some(),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            ended_at: row.ended_at.map(|at| at.0),
            version: row.version,
            secret_generation: row.secret_generation,
        }
    }
}

/// What a principal proves itself with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub id: PrincipalId,
    pub password_hash: Option<String>,
    pub secret_hash: Option<String>,
}

/// A principal with its organisation: what an `Actor` is made of.
#[derive(Debug, Clone)]
pub struct Standing {
    pub principal: Principal,
    pub home: Home,
    /// The first day on which the organisation is no more.
    pub home_ends: Option<NaiveDate>,
    /// The sign-in asked about exists, is this principal's and has not been ended.
    pub session_holds: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = organisations)]
struct HomeRow {
    id: OrganisationId,
    kind: Coded<OrganisationKind>,
    name: String,
    owns_rules: bool,
    operator: bool,
    valid_until: Option<NaiveDate>,
}

impl HomeRow {
    fn split(self) -> (Home, Option<NaiveDate>) {
        let home = Home {
            id: self.id,
            kind: self.kind.0,
            name: self.name,
            owns_rules: self.owns_rules,
            operator: self.operator,
        };
        (home, self.valid_until)
    }
}

/// A principal by its id, removed ones too.
pub fn find(conn: &mut Conn, id: PrincipalId) -> QueryResult<Option<Principal>> {
    let row: Option<Row> = t::table
        .find(id)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Principal::from))
}

/// The person with this address, which is in lower case.
pub fn find_by_email(conn: &mut Conn, email: &str) -> QueryResult<Option<Principal>> {
    let row: Option<Row> = t::table
        .filter(t::email.eq(email))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Principal::from))
}

type CredentialColumns = (PrincipalId, Option<String>, Option<String>);

fn credentials((id, password_hash, secret_hash): CredentialColumns) -> Credentials {
    Credentials {
        id,
        password_hash,
        secret_hash,
    }
}

/// What a person signs in with, by its address.
pub fn credentials_of_email(conn: &mut Conn, email: &str) -> QueryResult<Option<Credentials>> {
    let row: Option<CredentialColumns> = t::table
        .filter(t::email.eq(email).and(t::ended_at.is_null()))
        .select((t::id, t::password_hash, t::secret_hash))
        .first(conn)
        .optional()?;
    Ok(row.map(credentials))
}

/// What a principal proves itself with, by its id.
pub fn credentials_of(conn: &mut Conn, id: PrincipalId) -> QueryResult<Option<Credentials>> {
    let row: Option<CredentialColumns> = t::table
        .filter(t::id.eq(id).and(t::ended_at.is_null()))
        .select((t::id, t::password_hash, t::secret_hash))
        .first(conn)
        .optional()?;
    Ok(row.map(credentials))
}

/// A principal with its organisation and, when asked about one, its sign-in: one statement, made for every request.
pub fn standing(
    conn: &mut Conn,
    id: PrincipalId,
    session: Option<SessionId>,
) -> QueryResult<Option<Standing>> {
    let joined = t::table
        .inner_join(organisations::table.on(organisations::id.eq(t::organisation_id)))
        .filter(t::id.eq(id));
    let found: Option<(Row, HomeRow, bool)> = match session {
        None => joined
            .select((Row::as_select(), HomeRow::as_select()))
            .first(conn)
            .optional()?
            .map(|(row, home): (Row, HomeRow)| (row, home, false)),
        Some(session) => joined
            .left_join(
                sessions::table.on(sessions::id
                    .eq(session)
                    .and(sessions::principal_id.eq(t::id))
                    .and(sessions::revoked_at.is_null())),
            )
            .select((
                Row::as_select(),
                HomeRow::as_select(),
                sessions::id.nullable(),
            ))
            .first(conn)
            .optional()?
            .map(|(row, home, session): (Row, HomeRow, Option<SessionId>)| {
                (row, home, session.is_some())
            }),
    };
    Ok(found.map(|(row, home, session_holds)| {
        let (home, home_ends) = home.split();
        Standing {
            principal: row.into(),
            home,
            home_ends,
            session_holds,
        }
    }))
}

/// An organisation as far as its people need it, with the first day on which it is no more.
pub fn home(conn: &mut Conn, id: OrganisationId) -> QueryResult<Option<(Home, Option<NaiveDate>)>> {
    let row: Option<HomeRow> = organisations::table
        .find(id)
        .select(HomeRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(HomeRow::split))
}

/// The people, or the clients, of an organisation by name; `after` is the last one already seen.
pub fn list(
    conn: &mut Conn,
    organisation: OrganisationId,
    kind: PrincipalKind,
    after: Option<&(String, PrincipalId)>,
    limit: i64,
) -> QueryResult<Vec<Principal>> {
    let mut query = t::table
        .filter(t::organisation_id.eq(organisation))
        .filter(t::kind.eq(Coded(kind)))
        .filter(t::ended_at.is_null())
        .order((t::name, t::id))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some((name, id)) = after {
        query = query.filter(t::name.gt(name).or(t::name.eq(name).and(t::id.gt(*id))));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(Principal::from).collect())
}

/// Adds a principal; false when its address is taken.
pub fn insert(conn: &mut Conn, new: &Principal, secret_hash: Option<String>) -> QueryResult<bool> {
    let row = Row {
        id: new.id,
        kind: Coded(new.kind),
        organisation_id: new.organisation,
        name: new.name.clone(),
        email: new.email.clone(),
        language: Coded(new.language),
        roles: Json(new.roles.clone()),
        scopes: new.scopes.clone().map(Json),
        password_hash: None,
        secret_hash,
        created_at: Instant(new.created_at),
        updated_at: Instant(new.updated_at),
        ended_at: None,
        version: new.version,
        secret_generation: new.secret_generation,
    };
    // A savepoint: on PostgreSQL a refused row would otherwise spoil the whole transaction.
    let inserted = conn.transaction(|conn| diesel::insert_into(t::table).values(row).execute(conn));
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if is_unique_violation(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes what may change about a principal, if it still has the version that was seen; false when not.
pub fn update(conn: &mut Conn, changed: &Principal, seen: i32) -> QueryResult<bool> {
    diesel::update(
        t::table.filter(
            t::id
                .eq(changed.id)
                .and(t::version.eq(seen))
                .and(t::ended_at.is_null()),
        ),
    )
    .set((
        t::name.eq(&changed.name),
        t::language.eq(Coded(changed.language)),
        t::roles.eq(Json(changed.roles.clone())),
        t::scopes.eq(changed.scopes.clone().map(Json)),
        t::updated_at.eq(Instant(changed.updated_at)),
        t::version.eq(seen + 1),
    ))
    .execute(conn)
    .map(|changed| changed == 1)
}

/// Removes a principal: its address and secrets go, its name stays for the events it wrote.
pub fn end(conn: &mut Conn, id: PrincipalId, seen: i32, now: DateTime<Utc>) -> QueryResult<bool> {
    diesel::update(
        t::table.filter(
            t::id
                .eq(id)
                .and(t::version.eq(seen))
                .and(t::ended_at.is_null()),
        ),
    )
    .set((
        t::email.eq(None::<String>),
        t::password_hash.eq(None::<String>),
        t::secret_hash.eq(None::<String>),
        t::ended_at.eq(Instant(now)),
        t::updated_at.eq(Instant(now)),
        t::version.eq(seen + 1),
    ))
    .execute(conn)
    .map(|ended| ended == 1)
}

/// Sets a person's password.
pub fn set_password(
    conn: &mut Conn,
    id: PrincipalId,
    hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(t::table.filter(t::id.eq(id).and(t::ended_at.is_null())))
        .set((
            t::password_hash.eq(hash),
            t::updated_at.eq(Instant(now)),
            t::version.eq(t::version + 1),
        ))
        .execute(conn)
        .map(drop)
}

/// Makes sure that a password that was checked is still the one, until the transaction ends: whoever sets another waits.
/// False when it no longer is. `hash` is of the same password, under the parameters in force.
pub fn hold_password(
    conn: &mut Conn,
    id: PrincipalId,
    checked: &str,
    hash: &str,
) -> QueryResult<bool> {
    let unchanged = t::id
        .eq(id)
        .and(t::password_hash.eq(checked))
        .and(t::ended_at.is_null());
    diesel::update(t::table.filter(unchanged))
        .set(t::password_hash.eq(hash))
        .execute(conn)
        .map(|held| held == 1)
}

/// Sets a client's secret; tokens that the earlier one got are no good any more.
pub fn set_secret(
    conn: &mut Conn,
    id: PrincipalId,
    hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(t::table.filter(t::id.eq(id).and(t::ended_at.is_null())))
        .set((
            t::secret_hash.eq(hash),
            t::secret_generation.eq(t::secret_generation + 1),
            t::updated_at.eq(Instant(now)),
            t::version.eq(t::version + 1),
        ))
        .execute(conn)
        .map(drop)
}
