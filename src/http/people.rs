//! The people of an organisation.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::actor::{Language, Role};
use crate::domain::id::{OrganisationId, PrincipalId};
use crate::http::auth::{Granted, ManageOrganisation};
use crate::http::body::Body;
use crate::http::conditional::{self, IfMatch, IfMatchHeader, etag};
use crate::http::idempotency::{self, IdempotencyKey, IdempotencyKeyHeader};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::services::idempotency::{Answer, once};
use crate::services::people::{self, NewPerson, PersonChange};
use crate::services::{Context, Error};
use crate::store::principals::Principal;

/// Which page of a list by name.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before (cursor).
    #[param(nullable = false, max_length = 2000)]
    pub cursor: Option<String>,
}

/// A person (Dutch: medewerker).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "organisationId": "0193a1b2-7c3d-7e4f-8a5b-000000000001", "name": "Jan de Vries",
    "email": "j.devries@delft.example", "language": "nl", "roles": ["reporter"], "active": true,
    "createdAt": "2026-11-24T09:00:00Z", "updatedAt": "2026-11-24T09:00:00Z", "version": 1
}))]
pub struct Person {
    /// Identifier (kenmerk).
    id: Uuid,
    /// The organisation it belongs to (organisatie).
    organisation_id: Uuid,
    /// Name (naam).
    name: String,
    /// E-mail address to sign in with (e-mailadres).
    email: Option<String>,
    /// Language of mail (taal).
    language: Language,
    /// Roles at its organisation (rollen).
    roles: Vec<Role>,
    /// Has taken up the invitation and set a password (actief).
    active: bool,
    /// When it was invited (uitgenodigd op).
    created_at: DateTime<Utc>,
    /// When it was last changed (gewijzigd op).
    updated_at: DateTime<Utc>,
    /// Version, as in the ETag (versie).
    version: i32,
}

impl From<Principal> for Person {
    fn from(principal: Principal) -> Self {
        Self {
            id: principal.id.uuid(),
            organisation_id: principal.organisation.uuid(),
            name: principal.name,
            email: principal.email,
            language: principal.language,
            roles: principal.roles,
            active: principal.has_password,
            created_at: principal.created_at,
            updated_at: principal.updated_at,
            version: principal.version,
        }
    }
}

/// An invitation (Dutch: uitnodiging).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Jan de Vries", "email": "j.devries@delft.example", "roles": ["reporter"], "language": "nl"}))]
pub struct Invitation {
    /// Name (naam).
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// E-mail address; the link goes there (e-mailadres).
    #[schema(min_length = 3, max_length = 254)]
    email: String,
    /// Roles at the organisation (rollen).
    #[schema(min_items = 1, max_items = 7)]
    roles: Vec<Role>,
    /// Language of mail; Dutch unless said (taal).
    #[schema(nullable = false, default = "nl")]
    language: Option<Language>,
}

/// A change of a person (Dutch: wijziging). What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"roles": ["reporter", "org_admin"]}))]
pub struct PersonPatch {
    /// Name (naam).
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Language of mail (taal).
    #[schema(nullable = false)]
    language: Option<Language>,
    /// All roles it is to have (rollen).
    #[schema(nullable = false, min_items = 1, max_items = 7)]
    roles: Option<Vec<Role>>,
}

/// List the people of an organisation
///
/// By name (medewerkers van een organisatie). For its administrators, and those of the service.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The organisation (organisatie)"), PageParams),
    responses((status = 200, description = "A page of people (medewerkers)", body = Page<Person>, headers(("Link" = String, description = "The first and the next page (RFC 8288)")))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[get("/organisations/{id}/people")]
pub async fn list_people(
    ctx: web::Data<Context>,
    request: HttpRequest,
    auth: Granted<ManageOrganisation>,
    organisation: web::Path<OrganisationId>,
    query: Query<PageParams>,
) -> Result<HttpResponse, Failure> {
    let limit = query.0.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let after: Option<(String, PrincipalId)> = paging::decode(query.0.cursor.as_deref())?;
    let rows = ctx
        .db
        .read(move |conn| people::list(conn, &auth.actor, *organisation, after.as_ref(), limit))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| (row.name.clone(), row.id));
    let items: Vec<Person> = rows.into_iter().map(Person::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Invite a person
///
/// Adds a person to the organisation and mails a single-use link, good for seven days, to set a password with (uitnodigen).
#[utoipa::path(
    tag = "organisations",
    params(
        ("id" = Uuid, Path, description = "The organisation (organisatie)"),
        IdempotencyKeyHeader,
    ),
    request_body = Invitation,
    responses((status = 201, description = "Invited (uitgenodigd)", body = Person, headers(
        ("Location" = String, description = "Address of the person (adres)"),
        ("ETag" = String, description = "Version, for If-Match (versie)"),
    ))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[post("/organisations/{id}/people")]
pub async fn invite_person(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    organisation: web::Path<OrganisationId>,
    key: IdempotencyKey,
    body: Body<Invitation>,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&body.raw);
    let inner = ctx.clone();
    let new = NewPerson {
        name: body.value.name,
        email: body.value.email,
        language: body.value.language.unwrap_or(Language::Nl),
        roles: body.value.roles,
    };
    let answer = ctx
        .db
        .write(move |conn| {
            let (actor, now) = (&auth.actor, inner.clock.now());
            once(conn, actor.id, key.as_ref(), now, |conn| {
                let person = Person::from(people::invite(&inner, conn, actor, *organisation, new)?);
                let location = format!("/v1/people/{}", person.id);
                Ok(Answer {
                    status: 201,
                    headers: vec![
                        ("location".into(), location),
                        ("etag".into(), etag(person.version, ())),
                    ],
                    body: serde_json::to_string(&person)
                        .map_err(|e| Error::Internal(e.to_string()))?,
                    replayed: false,
                })
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Read a person
///
/// For the administrators of its organisation, and those of the service (medewerker lezen).
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The person (medewerker)")),
    responses((status = 200, description = "The person (medewerker)", body = Person, headers(("ETag" = String, description = "Version, for If-Match (versie)")))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[get("/people/{id}")]
pub async fn get_person(
    ctx: web::Data<Context>,
    request: HttpRequest,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
) -> Result<HttpResponse, Failure> {
    let person: Person = ctx
        .db
        .read(move |conn| people::get(conn, &auth.actor, *id))
        .await?
        .into();
    Ok(conditional::tagged(
        &request,
        &etag(person.version, ()),
        &person,
    ))
}

/// Change a person
///
/// Name, language or roles (medewerker wijzigen). Other roles count from the next request on. Nobody takes away its own role
/// of administrator.
#[utoipa::path(
    tag = "organisations",
    params(
        ("id" = Uuid, Path, description = "The person (medewerker)"),
        IfMatchHeader,
    ),
    request_body = PersonPatch,
    responses((status = 200, description = "As it now is (gewijzigd)", body = Person, headers(("ETag" = String, description = "Version, for If-Match (versie)")))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[patch("/people/{id}")]
pub async fn change_person(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
    seen: IfMatch,
    body: Body<PersonPatch>,
) -> Result<HttpResponse, Failure> {
    let inner = ctx.clone();
    let PersonPatch {
        name,
        language,
        roles,
    } = body.value;
    let change = PersonChange {
        name,
        language,
        roles,
    };
    let person: Person = ctx
        .db
        .write(move |conn| people::change(&inner, conn, &auth.actor, *id, seen.0, change))
        .await?
        .into();
    Ok(conditional::with_etag(HttpResponse::Ok(), &etag(person.version, ())).json(person))
}

/// Remove a person
///
/// Signs it out everywhere at once (medewerker verwijderen). What it did stays under its name; its address is forgotten and
/// may be invited again.
#[utoipa::path(
    tag = "organisations",
    params(
        ("id" = Uuid, Path, description = "The person (medewerker)"),
        IfMatchHeader,
    ),
    responses((status = 204, description = "Removed (verwijderd)")),
    security(("oauth2" = ["organisation:manage"])),
)]
#[delete("/people/{id}")]
pub async fn remove_person(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
    seen: IfMatch,
) -> Result<HttpResponse, Failure> {
    let inner = ctx.clone();
    ctx.db
        .write(move |conn| people::remove(&inner, conn, &auth.actor, *id, seen.0))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Mail an invitation again
///
/// A new link, good for seven days; earlier ones no longer work (uitnodiging opnieuw versturen). Who has set a password asks
/// for a link at `POST /password-resets`.
#[utoipa::path(
    tag = "organisations",
    params(
        ("id" = Uuid, Path, description = "The person (medewerker)"),
        IdempotencyKeyHeader,
    ),
    responses((status = 202, description = "The mail is queued (wordt verzonden)")),
    security(("oauth2" = ["organisation:manage"])),
)]
#[post("/people/{id}/invitations")]
pub async fn resend_invitation(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Failure> {
    let key = key.with(&[]);
    let inner = ctx.clone();
    let answer = ctx
        .db
        .write(move |conn| {
            let (actor, now) = (&auth.actor, inner.clock.now());
            once(conn, actor.id, key.as_ref(), now, |conn| {
                people::invite_again(&inner, conn, actor, *id)?;
                Ok::<_, Error>(Answer {
                    status: 202,
                    ..Answer::default()
                })
            })
        })
        .await?;
    Ok(idempotency::respond(answer))
}

/// Sign a person out everywhere
///
/// Ends every sign-in of the person, at once (aanmeldingen beëindigen). For the administrators of its organisation, and those
/// of the service.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The person (medewerker)")),
    responses((status = 204, description = "Signed out (afgemeld)")),
    security(("oauth2" = ["organisation:manage"])),
)]
#[delete("/people/{id}/sessions")]
pub async fn end_sessions_of_person(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
) -> Result<HttpResponse, Failure> {
    let inner = ctx.clone();
    ctx.db
        .write(move |conn| people::end_sessions(&inner, conn, &auth.actor, *id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
