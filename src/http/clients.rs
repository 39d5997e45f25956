//! The API clients of an organisation.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::actor::{Role, Scope};
use crate::domain::id::{OrganisationId, PrincipalId};
use crate::http::auth::{Granted, ManageOrganisation};
use crate::http::body::Body;
use crate::http::conditional::{self, IfMatch, IfMatchHeader, etag};
use crate::http::paging::{self, Page};
use crate::http::people::PageParams;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::services::Context;
use crate::services::clients::{self, ClientChange, NewClient};
use crate::store::principals::Principal;

/// An API client (Dutch: koppeling): a machine of an organisation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "organisationId": "0193a1b2-7c3d-7e4f-8a5b-000000000001", "name": "Zaaksysteem",
    "roles": ["reporter"], "scopes": ["reports:read"],
    "createdAt": "2026-11-24T09:00:00Z", "updatedAt": "2026-11-24T09:00:00Z", "version": 1
}))]
pub struct Client {
    /// Identifier, its `client_id` at the token endpoint (kenmerk).
    id: Uuid,
    /// The organisation it belongs to (organisatie).
    organisation_id: Uuid,
    /// Name (naam).
    name: String,
    /// Roles at its organisation (rollen).
    roles: Vec<Role>,
    /// The scopes it is limited to; null for all that its roles give (bevoegdheden).
    scopes: Option<Vec<Scope>>,
    /// When it was added (toegevoegd op).
    created_at: DateTime<Utc>,
    /// When it was last changed (gewijzigd op).
    updated_at: DateTime<Utc>,
    /// Version, as in the ETag (versie).
    version: i32,
}

impl From<Principal> for Client {
    fn from(principal: Principal) -> Self {
        Self {
            id: principal.id.uuid(),
            organisation_id: principal.organisation.uuid(),
            name: principal.name,
            roles: principal.roles,
            scopes: principal.scopes,
            created_at: principal.created_at,
            updated_at: principal.updated_at,
            version: principal.version,
        }
    }
}

/// A client with its secret (Dutch: koppeling met geheim). The secret is shown here and never again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "clientId": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "clientSecret": "k3Jm0zv2Yt5Q8sWc1xNfB7dLh4uRp6aEoGi9TqVyKjM",
    "client": {
        "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "organisationId": "0193a1b2-7c3d-7e4f-8a5b-000000000001", "name": "Zaaksysteem",
        "roles": ["reporter"], "scopes": null,
        "createdAt": "2026-11-24T09:00:00Z", "updatedAt": "2026-11-24T09:00:00Z", "version": 1
    }
}))]
pub struct ClientWithSecret {
    /// `client_id` at the token endpoint (kenmerk van de koppeling).
    client_id: Uuid,
    /// `client_secret` at the token endpoint; keep it, it cannot be read again (geheim).
    client_secret: String,
    /// The client (koppeling).
    client: Client,
}

impl ClientWithSecret {
    fn respond((client, secret): (Principal, String)) -> HttpResponse {
        let location = format!("/v1/clients/{}", client.id);
        conditional::with_etag(HttpResponse::Created(), &etag(client.version, ()))
            .insert_header(("location", location))
            .json(Self {
                client_id: client.id.uuid(),
                client_secret: secret,
                client: client.into(),
            })
    }
}

/// A client to add (Dutch: nieuwe koppeling).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Zaaksysteem", "roles": ["reporter"]}))]
pub struct ClientInput {
    /// Name (naam).
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Roles at the organisation (rollen).
    #[schema(min_items = 1, max_items = 7)]
    roles: Vec<Role>,
    /// The scopes to limit it to; all that its roles give when null or left out (bevoegdheden).
    #[schema(max_items = 6)]
    scopes: Option<Vec<Scope>>,
}

/// A change of a client (Dutch: wijziging). What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"scopes": ["reports:read"]}))]
pub struct ClientPatch {
    /// Name (naam).
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// All roles it is to have (rollen).
    #[schema(nullable = false, min_items = 1, max_items = 7)]
    roles: Option<Vec<Role>>,
    /// The scopes to limit it to; null for all that its roles give (bevoegdheden).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Scope>>, max_items = 6)]
    scopes: Option<Option<Vec<Scope>>>,
}

/// Tells null from left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// List the clients of an organisation
///
/// By name (koppelingen van een organisatie). For its administrators, and those of the service.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The organisation (organisatie)"), PageParams),
    responses((status = 200, description = "A page of clients (koppelingen)", body = Page<Client>, headers(("Link" = String, description = "The first and the next page (RFC 8288)")))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[get("/organisations/{id}/clients")]
pub async fn list_clients(
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
        .read(move |conn| clients::list(conn, &auth.actor, *organisation, after.as_ref(), limit))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| (row.name.clone(), row.id));
    let items: Vec<Client> = rows.into_iter().map(Client::from).collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// Add a client
///
/// Answers with its secret, once (koppeling toevoegen). No Idempotency-Key: nothing secret is stored.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The organisation (organisatie)")),
    request_body = ClientInput,
    responses((status = 201, description = "Added (toegevoegd)", body = ClientWithSecret, headers(
        ("Location" = String, description = "Address of the client (adres)"),
        ("ETag" = String, description = "Version, for If-Match (versie)"),
    ))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[post("/organisations/{id}/clients")]
pub async fn create_client(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    organisation: web::Path<OrganisationId>,
    body: Body<ClientInput>,
) -> Result<HttpResponse, Failure> {
    let inner = ctx.clone();
    let ClientInput {
        name,
        roles,
        scopes,
    } = body.value;
    let new = NewClient {
        name,
        roles,
        scopes,
    };
    let created = ctx
        .db
        .write(move |conn| clients::create(&inner, conn, Some(&auth.actor), *organisation, new))
        .await?;
    Ok(ClientWithSecret::respond(created))
}

/// Read a client
///
/// For the administrators of its organisation, and those of the service (koppeling lezen).
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The client (koppeling)")),
    responses((status = 200, description = "The client (koppeling)", body = Client, headers(("ETag" = String, description = "Version, for If-Match (versie)")))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[get("/clients/{id}")]
pub async fn get_client(
    ctx: web::Data<Context>,
    request: HttpRequest,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
) -> Result<HttpResponse, Failure> {
    let client: Client = ctx
        .db
        .read(move |conn| clients::get(conn, &auth.actor, *id))
        .await?
        .into();
    Ok(conditional::tagged(
        &request,
        &etag(client.version, ()),
        &client,
    ))
}

/// Change a client
///
/// Name, roles or scopes (koppeling wijzigen). What its tokens may follows from the next request on.
#[utoipa::path(
    tag = "organisations",
    params(
        ("id" = Uuid, Path, description = "The client (koppeling)"),
        IfMatchHeader,
    ),
    request_body = ClientPatch,
    responses((status = 200, description = "As it now is (gewijzigd)", body = Client, headers(("ETag" = String, description = "Version, for If-Match (versie)")))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[patch("/clients/{id}")]
pub async fn change_client(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
    seen: IfMatch,
    body: Body<ClientPatch>,
) -> Result<HttpResponse, Failure> {
    let inner = ctx.clone();
    let ClientPatch {
        name,
        roles,
        scopes,
    } = body.value;
    let change = ClientChange {
        name,
        roles,
        scopes,
    };
    let client: Client = ctx
        .db
        .write(move |conn| clients::change(&inner, conn, &auth.actor, *id, seen.0, change))
        .await?
        .into();
    Ok(conditional::with_etag(HttpResponse::Ok(), &etag(client.version, ())).json(client))
}

/// Remove a client
///
/// Its tokens end at once (koppeling verwijderen). What it did stays under its name.
#[utoipa::path(
    tag = "organisations",
    params(
        ("id" = Uuid, Path, description = "The client (koppeling)"),
        IfMatchHeader,
    ),
    responses((status = 204, description = "Removed (verwijderd)")),
    security(("oauth2" = ["organisation:manage"])),
)]
#[delete("/clients/{id}")]
pub async fn remove_client(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
    seen: IfMatch,
) -> Result<HttpResponse, Failure> {
    let inner = ctx.clone();
    ctx.db
        .write(move |conn| clients::remove(&inner, conn, &auth.actor, *id, seen.0))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Renew a client's secret
///
/// Answers with the new secret, once; the old one and every token it got are no good any more (geheim vernieuwen). No Idempotency-Key: nothing
/// secret is stored.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The client (koppeling)")),
    responses((status = 201, description = "Renewed (vernieuwd)", body = ClientWithSecret, headers(
        ("Location" = String, description = "Address of the client (adres)"),
        ("ETag" = String, description = "Version, for If-Match (versie)"),
    ))),
    security(("oauth2" = ["organisation:manage"])),
)]
#[post("/clients/{id}/secrets")]
pub async fn renew_client_secret(
    ctx: web::Data<Context>,
    auth: Granted<ManageOrganisation>,
    id: web::Path<PrincipalId>,
) -> Result<HttpResponse, Failure> {
    let inner = ctx.clone();
    let renewed = ctx
        .db
        .write(move |conn| clients::renew_secret(&inner, conn, &auth.actor, *id))
        .await?;
    Ok(ClientWithSecret::respond(renewed))
}
