//! People's sign-in and passwords.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::id::SessionId;
use crate::http::address::SentFrom;
use crate::http::auth::Auth;
use crate::http::body::Body;
use crate::http::paging::{self, Page};
use crate::http::people::PageParams;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::tokens;
use crate::metrics;
use crate::services::sign_in::{self, Granted};
use crate::services::{Context, links, my_sessions};
use crate::store::sessions::Shown;

/// A sign-in (Dutch: aanmelding).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"email": "j.devries@delft.example", "password": "correct horse battery staple"}))]
pub struct SignIn {
    /// E-mail address (e-mailadres); case does not count.
    #[schema(max_length = 254)]
    email: String,
    /// Password (wachtwoord).
    #[schema(max_length = 1024, format = Password)]
    password: String,
}

/// Tokens of a sign-in (Dutch: toegangsbewijzen). Keep them secret; send the access token as `Authorization: Bearer …`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"accessToken": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2ln", "refreshToken": "k3Jm0zv2Yt5Q8sWc1xNfB7dLh4uRp6aEoGi9TqVyKjM", "tokenType": "Bearer", "expiresIn": 900}))]
pub struct SessionTokens {
    /// Access token, a JWT after RFC 9068 (toegangsbewijs). Its issuer (`iss`) is the address of the service, its audience
    /// (`aud`) that address with `/v1`.
    access_token: String,
    /// Good for one use at `POST /oauth/token` (vernieuwingsbewijs).
    refresh_token: Option<String>,
    /// Always `Bearer` (soort).
    token_type: &'static str,
    /// Seconds that the access token is good for (geldigheidsduur).
    expires_in: i64,
}

impl From<Granted> for SessionTokens {
    fn from(granted: Granted) -> Self {
        Self {
            access_token: granted.access_token,
            refresh_token: granted.refresh_token,
            token_type: "Bearer",
            expires_in: granted.expires_in,
        }
    }
}

/// Sign in
///
/// For people, with e-mail address and password (aanmelden). An unknown address is answered like a wrong password. No
/// Idempotency-Key: nothing secret is stored.
#[utoipa::path(
    tag = "sign-in",
    request_body = SignIn,
    responses(
        (status = 201, description = "Signed in (aangemeld)", body = SessionTokens),
        (status = 401, description = "Wrong address or password (e-mailadres of wachtwoord klopt niet)"),
    ),
)]
#[post("/sessions")]
pub async fn create_session(
    ctx: web::Data<Context>,
    SentFrom(source): SentFrom,
    body: Body<SignIn>,
) -> Result<HttpResponse, Failure> {
    let SignIn { email, password } = body.value;
    let granted = sign_in::sign_in(&ctx, &email, password, source).await;
    let granted = tokens::counted(&ctx, metrics::SignIn::Password, granted)?;
    Ok(HttpResponse::Created().json(SessionTokens::from(granted)))
}

/// Sign out
///
/// Ends the sign-in of the token, and with it every token of that sign-in (afmelden). Other sign-ins go on.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 204, description = "Signed out (afgemeld)"),
        (status = 409, description = "The token belongs to no sign-in, as that of an API client (geen aanmelding)"),
    ),
    security(("oauth2" = [])),
)]
#[delete("/sessions/current")]
pub async fn end_session(ctx: web::Data<Context>, auth: Auth) -> Result<HttpResponse, Failure> {
    let now = ctx.clock.now();
    ctx.db
        .write(move |conn| sign_in::sign_out(conn, &auth.actor, now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A sign-in that holds (Dutch: aanmelding). Nothing of it can be used to sign in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "program": "Firefox, Windows", "current": true,
    "createdAt": "2026-11-24T09:00:00Z", "lastUsedAt": "2026-11-24T11:30:00Z", "expiresAt": "2026-11-25T09:00:00Z"
}))]
pub struct SignedIn {
    /// Identifier (kenmerk).
    id: Uuid,
    /// The program it was begun with, in a few words (programma).
    program: Option<String>,
    /// The one that this request is made in (huidige).
    current: bool,
    /// When it began (aangemeld op).
    created_at: DateTime<Utc>,
    /// When its tokens were last refreshed (laatst gebruikt op).
    last_used_at: DateTime<Utc>,
    /// When it ends by itself (verloopt op).
    expires_at: DateTime<Utc>,
}

impl SignedIn {
    fn new(shown: Shown, current: Option<SessionId>) -> Self {
        Self {
            id: shown.id.uuid(),
            program: shown.program,
            current: current == Some(shown.id),
            created_at: shown.created_at,
            last_used_at: shown.last_used_at,
            expires_at: shown.expires_at,
        }
    }
}

/// List my sign-ins
///
/// Those that hold, newest first (mijn aanmeldingen). An API client has none.
#[utoipa::path(
    tag = "sign-in",
    params(PageParams),
    responses((status = 200, description = "A page of sign-ins (aanmeldingen)", body = Page<SignedIn>, headers(("Link" = String, description = "The first and the next page (RFC 8288)")))),
    security(("oauth2" = [])),
)]
#[get("/me/sessions")]
pub async fn list_my_sessions(
    ctx: web::Data<Context>,
    request: HttpRequest,
    auth: Auth,
    query: Query<PageParams>,
) -> Result<HttpResponse, Failure> {
    let limit = query.0.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let before: Option<SessionId> = paging::decode(query.0.cursor.as_deref())?;
    let (current, now) = (auth.actor.session, ctx.clock.now());
    let rows = ctx
        .db
        .read(move |conn| my_sessions::list(conn, &auth.actor, before, limit, now))
        .await?;
    let (rows, next_cursor) = paging::cut(rows, limit, |row| row.id);
    let items = rows.into_iter().map(|row| SignedIn::new(row, current));
    let items: Vec<SignedIn> = items.collect();
    Ok(paging::respond(&request, &Page { items, next_cursor }))
}

/// End one of my sign-ins
///
/// And with it every token of it, at once (aanmelding beëindigen).
#[utoipa::path(
    tag = "sign-in",
    params(("id" = Uuid, Path, description = "The sign-in (aanmelding)")),
    responses((status = 204, description = "Ended (beëindigd)")),
    security(("oauth2" = [])),
)]
#[delete("/me/sessions/{id}")]
pub async fn end_my_session(
    ctx: web::Data<Context>,
    auth: Auth,
    id: web::Path<SessionId>,
) -> Result<HttpResponse, Failure> {
    let now = ctx.clock.now();
    ctx.db
        .write(move |conn| my_sessions::end(conn, &auth.actor, *id, now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End my other sign-ins
///
/// All but the one this request is made in (andere aanmeldingen beëindigen).
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 204, description = "Ended (beëindigd)"),
        (status = 409, description = "The token belongs to no sign-in, as that of an API client (geen aanmelding)"),
    ),
    security(("oauth2" = [])),
)]
#[delete("/me/sessions")]
pub async fn end_my_other_sessions(
    ctx: web::Data<Context>,
    auth: Auth,
) -> Result<HttpResponse, Failure> {
    let now = ctx.clock.now();
    ctx.db
        .write(move |conn| my_sessions::end_others(conn, &auth.actor, now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A request for a link to set a new password (Dutch: wachtwoord vergeten).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"email": "j.devries@delft.example"}))]
pub struct PasswordReset {
    /// E-mail address (e-mailadres).
    #[schema(max_length = 254)]
    email: String,
}

/// Ask for a password link
///
/// Mails a single-use link, good for an hour, when there is such an account (wachtwoord vergeten). The answer does not tell
/// whether there is, and within five minutes no second mail is sent.
#[utoipa::path(
    tag = "sign-in",
    request_body = PasswordReset,
    responses((status = 202, description = "Mailed, if there is such an account (in behandeling)")),
)]
#[post("/password-resets")]
pub async fn ask_password_reset(
    ctx: web::Data<Context>,
    SentFrom(source): SentFrom,
    body: Body<PasswordReset>,
) -> Result<HttpResponse, Failure> {
    links::ask_reset(&ctx, &body.value.email, &source).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// A new password (Dutch: nieuw wachtwoord).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"token": "k3Jm0zv2Yt5Q8sWc1xNfB7dLh4uRp6aEoGi9TqVyKjM", "password": "correct horse battery staple"}))]
pub struct NewPassword {
    /// The token of the link that was mailed (token uit de link).
    #[schema(min_length = 1, max_length = 200)]
    token: String,
    /// 12 to 128 characters, and not one's own name or address (wachtwoord).
    #[schema(min_length = 12, max_length = 128, format = Password)]
    password: String,
}

/// Set a password
///
/// With the token of an invitation or a password link, which works once (wachtwoord instellen). Ends every sign-in and every
/// other link of this person.
#[utoipa::path(
    tag = "sign-in",
    request_body = NewPassword,
    responses((status = 204, description = "Set; sign in with it (ingesteld)")),
)]
#[post("/passwords")]
pub async fn set_password(
    ctx: web::Data<Context>,
    SentFrom(source): SentFrom,
    body: Body<NewPassword>,
) -> Result<HttpResponse, Failure> {
    let NewPassword { token, password } = body.value;
    links::set_password(&ctx, &token, password, &source).await?;
    Ok(HttpResponse::NoContent().finish())
}
