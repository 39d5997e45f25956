//! The key ring: the keys our tokens are signed and checked with. They lie sealed in the database, shared by all nodes, and
//! open in memory. Which one signs follows from `domain::key_life`; changing them is `rotation`.

pub mod rotation;
pub mod seal_source;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};

use crate::config::Settings;
use crate::crypto::es256::{PublicJwk, SigningKey};
use crate::crypto::seal::SealKeys;
use crate::domain::key_life::{self, KeyLife};
use crate::services::Error;
use crate::services::keys::seal_source::SealSource;
use crate::store::db::{Address, Conn, Db};
use crate::store::keys::{self, SealedKey};

/// After so long a node looks whether another one changed the keys.
const FRESH: Duration = Duration::from_secs(60);
/// An unknown key makes a node look at once, but no oftener than this: anybody can make up key names.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// A key in memory.
pub struct Key {
    pub encoding: EncodingKey,
    pub decoding: DecodingKey,
    pub public: PublicJwk,
}

impl Key {
    pub fn new(key: &SigningKey) -> Result<Self, Error> {
        let public = key.public().clone();
        let decoding = DecodingKey::from_ec_components(&public.x, &public.y)
            .map_err(|e| Error::Internal(format!("signing key {}: {e}", public.kid)))?;
        Ok(Self {
            encoding: EncodingKey::from_ec_der(key.pkcs8()),
            decoding,
            public,
        })
    }
}

/// The keys that are not retired, in the order in which they begin to sign, and their lives beside them.
#[derive(Default)]
struct Ring {
    keys: Vec<Arc<Key>>,
    lives: Vec<KeyLife>,
    loaded: Option<Instant>,
}

impl Ring {
    fn signer(&self, now: DateTime<Utc>) -> Option<Arc<Key>> {
        key_life::signer(&self.lives, now).and_then(|at| self.keys.get(at).cloned())
    }

    /// Those whose tokens are accepted.
    fn accepted(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Arc<Key>> {
        self.keys.iter().enumerate().filter_map(move |(at, key)| {
            let until = key_life::accepted_until(&self.lives, at, now);
            until.is_none_or(|until| until > now).then_some(key)
        })
    }

    fn known(&self, kid: &str) -> Option<Arc<Key>> {
        self.keys.iter().find(|key| key.public.kid == kid).cloned()
    }
}

/// The keys of this service.
pub struct KeyRing {
    source: SealSource,
    ring: RwLock<Ring>,
}

impl KeyRing {
    /// An empty ring; `load` fills it, or the first use.
    pub fn new(settings: &Settings, address: &Address) -> Self {
        Self::sealed_by(SealSource::new(settings, address))
    }

    fn sealed_by(source: SealSource) -> Self {
        Self {
            source,
            ring: RwLock::default(),
        }
    }

    /// Loads the keys, and makes one when there is none that signs. For a thread that may block.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn load(&self, db: &Db, now: DateTime<Utc>) -> Result<(), String> {
        self.reload(db, now).map_err(|error| match error {
            Error::Internal(why) | Error::Busy(why) | Error::Full(why) => why,
            other => format!("{other:?}"),
        })
    }

    /// The key that signs.
    pub async fn signer(self: &Arc<Self>, db: &Db, now: DateTime<Utc>) -> Result<Arc<Key>, Error> {
        if self.age().is_none_or(|age| age > FRESH) {
            self.reload_off_thread(db, now).await?;
        }
        self.look(|ring| ring.signer(now))
            .ok_or_else(|| Error::Internal("no key signs".into()))
    }

    /// The key of this name; none when no key of ours whose tokens are accepted has it.
    pub async fn verifier(
        self: &Arc<Self>,
        db: &Db,
        kid: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Key>>, Error> {
        let find = |ring: &Ring| {
            ring.accepted(now)
                .find(|key| key.public.kid == kid)
                .cloned()
        };
        let found = self.look(find);
        let too_old = if found.is_some() { FRESH } else { LOOK_AGAIN };
        if self.age().is_some_and(|age| age <= too_old) {
            return Ok(found);
        }
        self.reload_off_thread(db, now).await?;
        Ok(self.look(find))
    }

    /// The public keys (RFC 7517), those announced among them.
    pub async fn jwks(self: &Arc<Self>, db: &Db, now: DateTime<Utc>) -> Result<Value, Error> {
        if self.age().is_none_or(|age| age > FRESH) {
            self.reload_off_thread(db, now).await?;
        }
        Ok(self.look(|ring| {
            let keys: Vec<&PublicJwk> = ring.accepted(now).map(|key| &key.public).collect();
            json!({ "keys": keys })
        }))
    }

    /// What seals the keys.
    pub fn seal_source(&self) -> &SealSource {
        &self.source
    }

    fn look<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn age(&self) -> Option<Duration> {
        self.look(|ring| ring.loaded.map(|at| at.elapsed()))
    }

    async fn reload_off_thread(self: &Arc<Self>, db: &Db, now: DateTime<Utc>) -> Result<(), Error> {
        let (ring, db) = (self.clone(), db.clone());
        tokio::task::spawn_blocking(move || ring.reload(&db, now))
            .await
            .map_err(|cut| Error::Internal(format!("loading keys was cut off: {cut}")))?
    }

    fn reload(&self, db: &Db, now: DateTime<Utc>) -> Result<(), Error> {
        let mut found = db.read_blocking::<_, Error, _>(|conn| Ok(keys::living(conn)?))?;
        if found.is_empty() {
            // Of nodes that start at once one makes it: a node would refuse what another signed with a key it has not met.
            let seal = self.source.read()?;
            found = db.write_blocking::<_, Error, _>(move |conn| {
                keys::lock(conn)?;
                if keys::living(conn)?.is_empty() {
                    make(conn, &seal, now, now)?;
                }
                Ok(keys::living(conn)?)
            })?;
        }
        let (mut keys, mut lives) = (Vec::new(), Vec::new());
        for sealed in found {
            let life = KeyLife {
                signs_from: sealed.signs_from,
                retired_at: sealed.retired_at,
            };
            // A name follows from its key: what is open already need not be opened again, whatever became of the seal.
            let key = match self.look(|ring| ring.known(&sealed.kid)) {
                Some(key) => key,
                None => match self.open(&sealed) {
                    Ok(key) => Arc::new(key),
                    Err(error) if self.age().is_some() => {
                        tracing::error!(
                            kid = sealed.kid,
                            ?error,
                            "a new signing key does not open; those in use serve on"
                        );
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            keys.push(key);
            lives.push(life);
        }
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Ring {
            keys,
            lives,
            loaded: Some(Instant::now()),
        };
        Ok(())
    }

    fn open(&self, sealed: &SealedKey) -> Result<Key, Error> {
        Key::new(&open(&self.source.read()?, sealed)?)
    }
}

/// Opens a key.
fn open(seal: &SealKeys, sealed: &SealedKey) -> Result<SigningKey, Error> {
    let pkcs8 = seal.open(&sealed.kid, &sealed.sealed).map_err(|e| {
        Error::Internal(format!(
            "signing key {} in the database: {e}; give the MELDPUNT_SEAL_KEY it was sealed with, or \
             `meldpunt keys retire {}`: all tokens it signed end, people and clients get new ones",
            sealed.kid, sealed.kid
        ))
    })?;
    Ok(SigningKey::from_pkcs8(&pkcs8)?)
}

/// Makes a key and keeps it sealed; returns its name.
fn make(
    conn: &mut Conn,
    seal: &SealKeys,
    now: DateTime<Utc>,
    signs_from: DateTime<Utc>,
) -> Result<String, Error> {
    let key = SigningKey::generate()?;
    let kid = key.public().kid.clone();
    keys::insert(
        conn,
        SealedKey {
            sealed: seal.seal(&kid, key.pkcs8())?,
            kid: kid.clone(),
            public: key.public().clone(),
            created_at: now,
            signs_from,
            retired_at: None,
        },
    )?;
    tracing::info!(%kid, %signs_from, "made a signing key");
    Ok(kid)
}

#[cfg(test)]
#[path = "keys/tests.rs"]
mod tests;
