//! Who I am and what I may.

use actix_web::{HttpRequest, HttpResponse, get, patch, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::ability::{Ability, abilities};
use crate::domain::actor::{Actor, Language, OrganisationKind, PrincipalKind, Role, Scope};
use crate::http::auth::Auth;
use crate::http::body::Body;
use crate::http::conditional::{self, IfMatch, IfMatchHeader, etag};
use crate::http::problem::Failure;
use crate::services::people::{self, PersonChange};
use crate::services::{Context, Error};
use crate::store::principals::Principal;

/// Whoever the token stands for (Dutch: ik).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "kind": "person", "name": "Jan de Vries", "email": "j.devries@delft.example", "language": "nl",
    "organisation": {"id": "0193a1b2-7c3d-7e4f-8a5b-000000000001", "kind": "municipality", "name": "Delft", "ownsRules": false, "operator": false},
    "roles": ["reporter"], "scopes": ["reports:read", "reports:write"],
    "may": ["submit_reports", "read_reports", "preview_routing"], "version": 1
}))]
pub struct Me {
    /// Identifier (kenmerk).
    id: Uuid,
    /// A person or an API client (soort).
    kind: PrincipalKind,
    /// Name (naam).
    name: String,
    /// E-mail address, of people alone (e-mailadres).
    email: Option<String>,
    /// Language of mail (taal).
    language: Language,
    /// The organisation acted for (organisatie).
    organisation: MyOrganisation,
    /// Roles (rollen).
    roles: Vec<Role>,
    /// Scopes of this token (bevoegdheden van dit toegangsbewijs).
    scopes: Vec<Scope>,
    /// What roles and scopes together allow (wat mag).
    may: Vec<Ability>,
    /// Version, as in the ETag (versie).
    version: i32,
}

/// The organisation acted for (Dutch: organisatie).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MyOrganisation {
    /// Identifier (kenmerk).
    id: Uuid,
    /// Kind of organisation (soort organisatie).
    kind: OrganisationKind,
    /// Official name (naam).
    name: String,
    /// Can be an authority on a report (is eigenaar van regels).
    owns_rules: bool,
    /// Runs the reporting point (voert het meldpunt uit).
    operator: bool,
}

impl Me {
    fn new(actor: &Actor, principal: Principal) -> Self {
        let home = &actor.home;
        Self {
            id: actor.id.uuid(),
            kind: actor.kind,
            name: principal.name,
            email: principal.email,
            language: principal.language,
            organisation: MyOrganisation {
                id: home.id.uuid(),
                kind: home.kind,
                name: home.name.clone(),
                owns_rules: home.owns_rules,
                operator: home.operator,
            },
            roles: actor.roles.clone(),
            scopes: actor.scopes.clone(),
            may: abilities(actor),
            version: principal.version,
        }
    }

    /// The organisation and the token's scopes show as well, and change without the person's version.
    fn etag(&self) -> String {
        let home = &self.organisation;
        etag(
            self.version,
            (&self.scopes, &home.name, home.owns_rules, home.operator),
        )
    }
}

/// What one changes about oneself (Dutch: eigen gegevens). What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"language": "en"}))]
pub struct MyChange {
    /// Name (naam).
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Language of mail (taal).
    #[schema(nullable = false)]
    language: Option<Language>,
}

/// Who am I
///
/// Who the token stands for, and what it may (wie ben ik).
#[utoipa::path(
    tag = "sign-in",
    responses((status = 200, description = "Whoever the token stands for (ik)", body = Me, headers(("ETag" = String, description = "Version, for If-Match (versie)")))),
    security(("oauth2" = [])),
)]
#[get("/me")]
pub async fn get_me(
    ctx: web::Data<Context>,
    request: HttpRequest,
    auth: Auth,
) -> Result<HttpResponse, Failure> {
    let me = ctx
        .db
        .read(move |conn| {
            let principal = people::myself(conn, &auth.actor)?;
            Ok::<_, Error>(Me::new(&auth.actor, principal))
        })
        .await?;
    Ok(conditional::tagged(&request, &me.etag(), &me))
}

/// Change my name or language
///
/// For people (eigen gegevens wijzigen). Roles are changed by the organisation's administrator.
#[utoipa::path(
    tag = "sign-in",
    params(IfMatchHeader),
    request_body = MyChange,
    responses((status = 200, description = "As it now is (gewijzigd)", body = Me, headers(("ETag" = String, description = "Version, for If-Match (versie)")))),
    security(("oauth2" = [])),
)]
#[patch("/me")]
pub async fn change_me(
    ctx: web::Data<Context>,
    auth: Auth,
    seen: IfMatch,
    body: Body<MyChange>,
) -> Result<HttpResponse, Failure> {
    let inner = ctx.clone();
    let MyChange { name, language } = body.value;
    let change = PersonChange {
        name,
        language,
        roles: None,
    };
    let me = ctx
        .db
        .write(move |conn| {
            let principal = people::change_myself(&inner, conn, &auth.actor, seen.0, change)?;
            Ok::<_, Error>(Me::new(&auth.actor, principal))
        })
        .await?;
    Ok(conditional::with_etag(HttpResponse::Ok(), &me.etag()).json(me))
}
