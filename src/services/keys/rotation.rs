//! Changing the keys while everything goes on: a new one is announced before it signs, what the old one signed is accepted
//! until it has lapsed, and several nodes come to the same answer by the clock.

use chrono::{DateTime, Utc};

use crate::crypto::seal::{SealKey, SealKeys};
use crate::domain::key_life::{self, ANNOUNCED, KeyLife, KeyState};
use crate::services::Error;
use crate::services::keys::seal_source::{self, SealSource};
use crate::services::keys::{make, open};
use crate::store::db::{Conn, Db};
use crate::store::keys::{self, SealedKey};

/// A key as an operator sees it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub kid: String,
    pub state: KeyState,
    pub created_at: DateTime<Utc>,
    pub signs_from: DateTime<Utc>,
    /// Until when what it signed is accepted; none while no end is in sight.
    pub accepted_until: Option<DateTime<Utc>>,
    /// Whether the sealing key at hand opens it; a retired one has nothing to open.
    pub opens: bool,
}

/// Every key there ever was, the oldest first.
pub fn list(
    conn: &mut Conn,
    source: &SealSource,
    now: DateTime<Utc>,
) -> Result<Vec<Listed>, Error> {
    let all = keys::all(conn)?;
    let lives = lives(&all);
    let seal = source.read().ok();
    let listed = |(at, key): (usize, &SealedKey)| Listed {
        kid: key.kid.clone(),
        state: key_life::state(&lives, at, now),
        created_at: key.created_at,
        signs_from: key.signs_from,
        accepted_until: key_life::accepted_until(&lives, at, now),
        opens: seal.as_ref().is_some_and(|seal| open(seal, key).is_ok()),
    };
    Ok(all.iter().enumerate().map(listed).collect())
}

/// Announces a key, which signs after `ANNOUNCED`, or now when it is urgent; returns its name and from when it signs.
///
/// # Errors
/// `key_announced` when one waits already.
pub fn rotate(
    db: &Db,
    source: &SealSource,
    urgent: bool,
    now: DateTime<Utc>,
) -> Result<(String, DateTime<Utc>), Error> {
    let seal = source.read()?;
    db.write_blocking(move |conn| {
        keys::lock(conn)?;
        retire_lapsed(conn, now)?;
        let living = keys::living(conn)?;
        // Nothing that this sealing key cannot open is left to sign on the other nodes' behalf.
        for key in &living {
            open(&seal, key)?;
        }
        let waits = living.iter().any(|key| key.signs_from > now);
        if waits && !urgent {
            return Err(Error::Conflict("key_announced"));
        }
        let signs_from = if urgent { now } else { now + ANNOUNCED };
        Ok((make(conn, &seal, now, signs_from)?, signs_from))
    })
}

/// Ends a key: nothing it signed is accepted any more, and its private part goes. Where none is left, the next start or
/// the next token makes one.
///
/// # Errors
/// `NotFound` when there is no such key that lives.
pub fn retire(db: &Db, kid: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let kid = kid.to_owned();
    db.write_blocking(move |conn| {
        keys::lock(conn)?;
        retire_lapsed(conn, now)?;
        if !keys::retire(conn, &kid, now)? {
            return Err(Error::NotFound);
        }
        tracing::warn!(kid, "a signing key was retired; what it signed is refused");
        Ok(())
    })
}

/// Retires those whose tokens have all lapsed; how many.
pub fn retire_lapsed(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, Error> {
    let living = keys::living(conn)?;
    let lives = lives(&living);
    let mut retired = 0;
    for (at, key) in living.iter().enumerate() {
        if key_life::state(&lives, at, now) == KeyState::Retired
            && keys::retire(conn, &key.kid, now)?
        {
            tracing::info!(
                kid = key.kid,
                "a replaced signing key is retired: all it signed has lapsed"
            );
            retired += 1;
        }
    }
    Ok(retired)
}

/// Retires those that the sealing key at hand does not open; their names. For a database restored without its key.
pub fn retire_unopened(
    conn: &mut Conn,
    source: &SealSource,
    now: DateTime<Utc>,
) -> Result<Vec<String>, Error> {
    let living = keys::living(conn)?;
    if living.is_empty() {
        return Ok(Vec::new());
    }
    let seal = source.read()?;
    let mut retired = Vec::new();
    for key in living {
        if open(&seal, &key).is_err() && keys::retire(conn, &key.kid, now)? {
            retired.push(key.kid);
        }
    }
    Ok(retired)
}

/// Keeps every key under the first sealing key of the setting; with a file beside the database, under a new one, which
/// takes the place of the old. Returns how many were sealed anew.
pub fn reseal(db: &Db, source: &SealSource) -> Result<usize, Error> {
    match source.file() {
        None => reseal_with(db, &source.read()?),
        Some(path) => {
            let old = source.read()?;
            let new = SealKey::generate()?;
            // First both keys, so that whatever happens next one of them opens what lies in the database.
            let mut both = vec![&new];
            both.extend(old.all());
            seal_source::write(path, &both).map_err(Error::Internal)?;
            let done = reseal_with(db, &source.read()?)?;
            seal_source::write(path, &[&new]).map_err(Error::Internal)?;
            Ok(done)
        }
    }
}

fn reseal_with(db: &Db, seal: &SealKeys) -> Result<usize, Error> {
    let seal = seal.clone();
    db.write_blocking(move |conn| {
        keys::lock(conn)?;
        let mut done = 0;
        for key in keys::living(conn)? {
            if !seal.is_current(&key.kid, &key.sealed) {
                let pkcs8 = open(&seal, &key)?;
                keys::reseal(conn, &key.kid, &seal.seal(&key.kid, pkcs8.pkcs8())?)?;
                done += 1;
            }
        }
        Ok(done)
    })
}

fn lives(keys: &[SealedKey]) -> Vec<KeyLife> {
    let life = |key: &SealedKey| KeyLife {
        signs_from: key.signs_from,
        retired_at: key.retired_at,
    };
    keys.iter().map(life).collect()
}
