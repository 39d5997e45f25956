//! The token endpoint of OAuth 2.0 (RFC 6749) and the public keys. Names and errors here are OAuth's own.

use std::collections::HashMap;

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Scope;
use crate::http::address::SentFrom;
use crate::http::body;
use crate::http::problem::Failure;
use crate::metrics::SignIn;
use crate::services::sign_in::Granted;
use crate::services::{Context, Error, sign_in, tokens};

/// A request for a token (Dutch: aanvraag van een toegangsbewijs), as RFC 6749 has it.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form; it is read field by field, for OAuth has an error of its own for each"
)]
#[schema(example = json!({"grant_type": "client_credentials", "scope": "reports:read reports:write"}))]
pub struct TokenForm {
    /// `client_credentials` for API clients, `refresh_token` for people (soort aanvraag).
    grant_type: GrantType,
    /// The client's id, unless HTTP Basic carries it (kenmerk van de koppeling).
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The client's secret, unless HTTP Basic carries it (geheim).
    #[schema(nullable = false, format = Password)]
    client_secret: Option<String>,
    /// With `refresh_token`: the token, which is good for one use (vernieuwingsbewijs).
    #[schema(nullable = false)]
    refresh_token: Option<String>,
    /// Scopes, separated by spaces; all that may be had when left out (bevoegdheden).
    #[schema(nullable = false)]
    scope: Option<String>,
}

/// The grants of RFC 6749 that the service knows (Dutch: soort aanvraag).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    ClientCredentials,
    RefreshToken,
}

/// A token (Dutch: toegangsbewijs), as RFC 6749 has it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2ln", "token_type": "Bearer", "expires_in": 3600, "scope": "reports:read reports:write"}))]
pub struct TokenAnswer {
    /// Access token, a JWT after RFC 9068 (toegangsbewijs).
    access_token: String,
    /// Always `Bearer` (soort).
    token_type: &'static str,
    /// Seconds that the access token is good for (geldigheidsduur).
    expires_in: i64,
    /// Scopes of the token, separated by spaces (bevoegdheden).
    scope: String,
    /// The next refresh token, for people (vernieuwingsbewijs).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

/// Get a token
///
/// The token endpoint of OAuth 2.0 (toegangsbewijs aanvragen). An API client sends `client_credentials` with its id and secret
/// in HTTP Basic or in the form, not in both. A person's client sends `refresh_token`; each is good for one use, and using
/// one again ends the sign-in. Other form fields are ignored, as RFC 6749 says. No Idempotency-Key: nothing secret is stored.
#[utoipa::path(
    tag = "sign-in",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token (toegangsbewijs)", body = TokenAnswer),
        (status = 401, description = "`invalid_client`: unknown client or wrong secret (koppeling of geheim klopt niet)"),
    ),
)]
#[post("/oauth/token")]
pub async fn request_token(
    ctx: web::Data<Context>,
    request: HttpRequest,
    SentFrom(source): SentFrom,
    payload: Result<body::Raw, Failure>,
) -> Result<HttpResponse, Failure> {
    body::check_media(&request, "application/x-www-form-urlencoded")?;
    let form = read_form(&payload?.0)?;
    let field = |name: &str| {
        form.get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let missing = || Error::OAuth("invalid_request");
    let scopes: Option<Vec<Scope>> = match field("scope") {
        None => None,
        Some(text) => Some(tokens::read_scopes(text).ok_or(Error::OAuth("invalid_scope"))?),
    };
    let granted = match field("grant_type").ok_or_else(missing)? {
        "client_credentials" => {
            let (id, secret) = client(&request, field("client_id"), field("client_secret"))?;
            let granted = sign_in::client_credentials(&ctx, &id, &secret, scopes, &source).await;
            counted(&ctx, SignIn::Client, granted)?
        }
        "refresh_token" => {
            // People's client is public: it has a name and no secret.
            if field("client_id").is_some_and(|id| id != tokens::PEOPLE) {
                return Err(Error::OAuth("invalid_client").into());
            }
            let token = field("refresh_token").ok_or_else(missing)?;
            let granted = sign_in::refresh(&ctx, token, scopes, &source).await;
            counted(&ctx, SignIn::Refresh, granted)?
        }
        _ => return Err(Error::OAuth("unsupported_grant_type").into()),
    };
    Ok(HttpResponse::Ok()
        .insert_header(("pragma", "no-cache"))
        .json(TokenAnswer {
            access_token: granted.access_token,
            token_type: "Bearer",
            expires_in: granted.expires_in,
            scope: tokens::write_scopes(&granted.scopes),
            refresh_token: granted.refresh_token,
        }))
}

/// Counts a try to get a token; one that the service could not see through is no refusal.
pub fn counted(
    ctx: &Context,
    kind: SignIn,
    granted: Result<Granted, Error>,
) -> Result<Granted, Error> {
    if !matches!(granted, Err(Error::Busy(_) | Error::Internal(_))) {
        ctx.metrics.sign_in(kind, granted.is_ok());
    }
    granted
}

/// Reads a form; a field given twice is refused, as RFC 6749 says.
fn read_form(raw: &[u8]) -> Result<HashMap<String, String>, Error> {
    let wrong = || Error::OAuth("invalid_request");
    let text = std::str::from_utf8(raw).map_err(|_| wrong())?;
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| wrong())?;
    let mut form = HashMap::new();
    for (name, value) in pairs.into_inner() {
        if form.insert(name, value).is_some() {
            return Err(wrong());
        }
    }
    Ok(form)
}

/// The client's id and secret, from HTTP Basic or from the form.
fn client(
    request: &HttpRequest,
    id: Option<&str>,
    secret: Option<&str>,
) -> Result<(String, String), Error> {
    let refused = || Error::OAuth("invalid_client");
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return match (id, secret) {
            (Some(id), Some(secret)) => Ok((id.to_owned(), secret.to_owned())),
            _ => Err(refused()),
        };
    };
    // One way to prove who one is, not two.
    if secret.is_some() {
        return Err(Error::OAuth("invalid_request"));
    }
    let (scheme, packed) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(refused());
    }
    let plain = STANDARD
        .decode(packed.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(refused)?;
    // Neither ids nor secrets of ours hold a character that form encoding would change.
    let (given, secret) = plain.split_once(':').ok_or_else(refused)?;
    if id.is_some_and(|id| id != given) {
        return Err(Error::OAuth("invalid_request"));
    }
    Ok((given.to_owned(), secret.to_owned()))
}

/// The public keys that tokens are checked with (RFC 7517); outside `/v1`, where clients look for them.
#[get("/.well-known/jwks.json")]
pub async fn jwks(ctx: web::Data<Context>) -> Result<HttpResponse, Failure> {
    let keys = ctx.keys.jwks(&ctx.db, ctx.clock.now()).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .insert_header(("access-control-allow-origin", "*"))
        .json(keys))
}
