//! Whom notices go to.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::actor::{
    Actor, Home, Language, OrganisationKind, PrincipalKind, Role, scopes_of,
};
use crate::domain::code::Code;
use crate::domain::id::{OrganisationId, PrincipalId};
use crate::store::any_of::any_of;
use crate::store::db::Conn;
use crate::store::schema::{organisations, principals};
use crate::store::types::{Coded, Json};

/// Somebody with an e-mail address, as far as notices need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub id: PrincipalId,
    pub organisation: OrganisationId,
    /// The organisation runs the reporting point.
    pub operator: bool,
    pub organisation_kind: OrganisationKind,
    pub roles: Vec<Role>,
    pub name: String,
    pub email: String,
    pub language: Language,
}

impl Recipient {
    /// As if it asked for something now, with all that its roles allow.
    pub fn as_actor(&self) -> Actor {
        Actor {
            id: self.id,
            kind: PrincipalKind::Person,
            name: self.name.clone(),
            home: Home {
                id: self.organisation,
                kind: self.organisation_kind,
                name: String::new(),
                owns_rules: false,
                operator: self.operator,
            },
            roles: self.roles.clone(),
            scopes: scopes_of(&self.roles),
            language: self.language,
            session: None,
        }
    }
}

type Columns = (
    PrincipalId,
    OrganisationId,
    bool,
    Coded<OrganisationKind>,
    Json<Vec<String>>,
    String,
    Option<String>,
    Coded<Language>,
);

/// The people with an e-mail address at these organisations, those of the operator and the ones named: one statement
/// for everybody an event may concern. Who has left is left out. Roles are filtered by the caller: they are a JSON
/// array, which the two databases query in different ways, and an organisation has a handful of people.
pub fn people(
    conn: &mut Conn,
    organisations: &[OrganisationId],
    named: &[PrincipalId],
    today: NaiveDate,
) -> QueryResult<Vec<Recipient>> {
    let rows: Vec<Columns> = principals::table
        .inner_join(organisations::table.on(organisations::id.eq(principals::organisation_id)))
        .filter(principals::kind.eq(PrincipalKind::Person.as_str()))
        .filter(principals::ended_at.is_null())
        .filter(
            organisations::valid_until
                .is_null()
                .or(organisations::valid_until.gt(today)),
        )
        .filter(principals::email.is_not_null())
        .filter(
            organisations::operator
                .eq(true)
                .or(any_of(principals::organisation_id, organisations))
                .or(any_of(principals::id, named)),
        )
        .order(principals::id)
        .select((
            principals::id,
            principals::organisation_id,
            organisations::operator,
            organisations::kind,
            principals::roles,
            principals::name,
            principals::email,
            principals::language,
        ))
        .load(conn)?;
    let person = |(id, organisation, operator, kind, roles, name, email, language): Columns| {
        Some(Recipient {
            id,
            organisation,
            operator,
            organisation_kind: kind.0,
            roles: roles
                .0
                .iter()
                .filter_map(|role| Role::parse(role))
                .collect(),
            name,
            email: email?,
            language: language.0,
        })
    };
    Ok(rows.into_iter().filter_map(person).collect())
}

/// The names of organisations.
pub fn organisation_names(
    conn: &mut Conn,
    ids: &[OrganisationId],
) -> QueryResult<Vec<(OrganisationId, String)>> {
    organisations::table
        .filter(any_of(organisations::id, ids))
        .select((organisations::id, organisations::name))
        .load(conn)
}
