//! Access tokens: JWTs after RFC 9068, signed ES256. Issuer is `PUBLIC_URL`, audience `PUBLIC_URL` with `/v1`.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Settings;
use crate::domain::actor::Scope;
use crate::domain::code::Code;
use crate::domain::id::{PrincipalId, SessionId};
use crate::services::Error;
use crate::services::keys::Key;

/// Clocks of two machines may differ by this many seconds.
const LEEWAY: i64 = 5;
/// The type that keeps other tokens of the same keys from passing for an access token.
const TYPE: &str = "at+jwt";
/// The client that people sign in through: this service itself.
pub const PEOPLE: &str = "meldpunt";

/// What a token says. Every one of these is required, `sid` excepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: PrincipalId,
    pub aud: String,
    pub exp: i64,
    pub nbf: i64,
    pub iat: i64,
    pub jti: Uuid,
    /// `meldpunt` for people, else the id of the API client.
    pub client_id: String,
    /// Scopes, separated by spaces.
    pub scope: String,
    /// The sign-in of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// Which of a client's secrets it was given for: another one makes it worthless.
    #[serde(default)]
    pub generation: i32,
}

/// For whom a token is.
pub struct Subject<'a> {
    pub principal: PrincipalId,
    pub session: Option<SessionId>,
    pub generation: i32,
    pub scopes: &'a [Scope],
    pub expires_at: DateTime<Utc>,
}

pub fn audience(settings: &Settings) -> String {
    settings.link("/v1")
}

/// Signs a token.
pub fn issue(
    settings: &Settings,
    key: &Key,
    subject: &Subject<'_>,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    let claims = Claims {
        iss: settings.public_url.clone(),
        sub: subject.principal,
        aud: audience(settings),
        exp: subject.expires_at.timestamp(),
        nbf: now.timestamp(),
        iat: now.timestamp(),
        jti: Uuid::now_v7(),
        client_id: match subject.session {
            Some(_) => PEOPLE.to_owned(),
            None => subject.principal.to_string(),
        },
        scope: write_scopes(subject.scopes),
        sid: subject.session,
        generation: subject.generation,
    };
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.public.kid.clone());
    jsonwebtoken::encode(&header, &claims, &key.encoding)
        .map_err(|e| Error::Internal(format!("signing a token: {e}")))
}

/// The name of the key of a token whose header is one of ours. Nothing else in the header is looked at: no address, key or
/// certificate that a token brings along is ever used.
pub fn key_name(token: &str) -> Result<String, Error> {
    let header = jsonwebtoken::decode_header(token)
        .map_err(|_| Error::Unauthenticated("token_malformed"))?;
    let typ = header.typ.unwrap_or_default().to_ascii_lowercase();
    let ours = typ.strip_prefix("application/").unwrap_or(&typ) == TYPE
        && header.alg == Algorithm::ES256
        && header.crit.is_none();
    match header.kid {
        Some(kid) if ours => Ok(kid),
        _ => Err(Error::Unauthenticated("token_invalid")),
    }
}

/// What a token says, once its signature, issuer, audience and times are right.
pub fn check(
    settings: &Settings,
    key: &Key,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Claims, Error> {
    let invalid = || Error::Unauthenticated("token_invalid");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    validation.set_issuer(&[&settings.public_url]);
    validation.set_audience(&[audience(settings)]);
    // The library asks the machine for the time; ours comes from the clock, below.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
        .map_err(|_| invalid())?
        .claims;
    let now = now.timestamp();
    if claims.exp <= now.saturating_sub(LEEWAY) {
        return Err(Error::Unauthenticated("token_expired"));
    }
    if claims.nbf.max(claims.iat) > now.saturating_add(LEEWAY) {
        return Err(invalid());
    }
    Ok(claims)
}

/// The moment from which a token is no longer accepted.
pub fn lapses(claims: &Claims) -> DateTime<Utc> {
    DateTime::from_timestamp(claims.exp.saturating_add(LEEWAY), 0).unwrap_or_default()
}

/// Scopes as OAuth writes them.
pub fn write_scopes(scopes: &[Scope]) -> String {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    words.join(" ")
}

/// Reads scopes as OAuth writes them; none when one is unknown.
pub fn read_scopes(text: &str) -> Option<Vec<Scope>> {
    text.split(' ')
        .filter(|word| !word.is_empty())
        .map(Scope::parse)
        .collect()
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
