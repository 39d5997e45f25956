//! Idempotent requests: the first answer is kept in the transaction of its effect, and given again for 24 hours.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::id::PrincipalId;
use crate::services::Error;
use crate::store::db::Conn;
use crate::store::idempotency::{self, Saved};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// A key and the fingerprint of the request it came with.
#[derive(Debug, Clone)]
pub struct Key {
    key: String,
    fingerprint: String,
}

impl Key {
    /// `operation` is method and path.
    pub fn new(key: String, operation: &str, body: &[u8]) -> Self {
        let mut request = operation.as_bytes().to_vec();
        request.push(0);
        request.extend_from_slice(body);
        let fingerprint = digest(&SHA256, &request)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self { key, fingerprint }
    }
}

/// What a request was answered.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// JSON; empty for none.
    pub body: String,
    /// Given before.
    pub replayed: bool,
}

/// The answer that a key was given, if it was within the day.
///
/// # Errors
/// `KeyReused` when the key came with another request.
pub fn saved(
    conn: &mut Conn,
    actor: PrincipalId,
    key: &Key,
    now: DateTime<Utc>,
) -> Result<Option<Answer>, Error> {
    let Some(saved) = idempotency::find(conn, actor, &key.key, now - KEPT)? else {
        return Ok(None);
    };
    if saved.fingerprint != key.fingerprint {
        return Err(Error::KeyReused);
    }
    Ok(Some(Answer {
        status: saved.status,
        headers: saved.headers,
        body: saved.body,
        replayed: true,
    }))
}

/// Runs `work` once per key. Two at the same time: the later waits for the first to commit and gets its answer.
pub fn once(
    conn: &mut Conn,
    actor: PrincipalId,
    key: Option<&Key>,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut Conn) -> Result<Answer, Error>,
) -> Result<Answer, Error> {
    let Some(key) = key else { return work(conn) };
    // Claiming comes first: on PostgreSQL another holder of the key makes this wait, on SQLite there is one writer.
    if !idempotency::claim(conn, actor, &key.key, &key.fingerprint, now, now - KEPT)? {
        return saved(conn, actor, key, now)?.ok_or(Error::Conflict("idempotency_key_in_progress"));
    }
    let answer = work(conn)?;
    idempotency::save(
        conn,
        actor,
        &key.key,
        &Saved {
            fingerprint: key.fingerprint.clone(),
            status: answer.status,
            headers: answer.headers.clone(),
            body: answer.body.clone(),
        },
    )?;
    Ok(answer)
}

/// Forgets the answers whose day is over.
pub fn tidy(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, Error> {
    Ok(idempotency::forget(conn, now - KEPT)?)
}
