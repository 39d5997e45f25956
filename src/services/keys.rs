//! The key ring: the keys our tokens are signed and checked with. They lie sealed in the database, shared by all nodes, and
//! open in memory. Rotation: a new key is added and signs from then on; the older ones only verify, until no token of
//! theirs can be valid any more.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};

use crate::config::Settings;
use crate::crypto::es256::{PublicJwk, SigningKey};
use crate::crypto::seal::SealKey;
use crate::services::Error;
use crate::store::db::{Address, Conn, Db};
use crate::store::keys::{self, SealedKey};

/// A retired key verifies for as long as the longest token it can have signed (an hour), and as another node may go on
/// signing before it hears of the rotation.
const RETIRED_VERIFIES: TimeDelta = TimeDelta::hours(2);
/// After so long a node looks whether another one changed the keys.
const FRESH: Duration = Duration::from_secs(300);
/// An unknown key makes a node look at once, but no oftener than this: anybody can make up key names.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// A key in memory.
pub struct Key {
    pub encoding: EncodingKey,
    pub decoding: DecodingKey,
    pub public: PublicJwk,
    pub retired_at: Option<DateTime<Utc>>,
}

impl Key {
    pub fn new(key: &SigningKey, retired_at: Option<DateTime<Utc>>) -> Result<Self, Error> {
        let public = key.public().clone();
        let decoding = DecodingKey::from_ec_components(&public.x, &public.y)
            .map_err(|e| Error::Internal(format!("signing key {}: {e}", public.kid)))?;
        Ok(Self {
            encoding: EncodingKey::from_ec_der(key.pkcs8()),
            decoding,
            public,
            retired_at,
        })
    }

    fn verifies(&self, now: DateTime<Utc>) -> bool {
        self.retired_at.is_none_or(|at| at + RETIRED_VERIFIES > now)
    }
}

/// Where the key that seals the others comes from.
#[derive(Clone)]
enum SealSource {
    Setting(String),
    File(PathBuf),
    Missing,
}

#[derive(Default)]
struct Ring {
    /// The newest first.
    keys: Vec<Arc<Key>>,
    loaded: Option<Instant>,
}

/// The keys of this service.
pub struct KeyRing {
    source: SealSource,
    ring: RwLock<Ring>,
}

impl KeyRing {
    /// An empty ring; `load` fills it, or the first use.
    pub fn new(settings: &Settings, address: &Address) -> Self {
        let source = match (&settings.seal_key, address) {
            (Some(key), _) => SealSource::Setting(key.clone()),
            (None, Address::Sqlite(path)) => {
                let mut name = path.clone().into_os_string();
                name.push(".key");
                SealSource::File(name.into())
            }
            (None, Address::Postgres(_)) => SealSource::Missing,
        };
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
            Error::Internal(why) | Error::Busy(why) => why,
            other => format!("{other:?}"),
        })
    }

    /// The key that signs.
    pub async fn signer(self: &Arc<Self>, db: &Db, now: DateTime<Utc>) -> Result<Arc<Key>, Error> {
        if self.age().is_none_or(|age| age > FRESH) {
            self.reload_off_thread(db, now).await?;
        }
        let find = |ring: &Ring| {
            ring.keys
                .iter()
                .find(|key| key.retired_at.is_none())
                .cloned()
        };
        self.look(find)
            .ok_or_else(|| Error::Internal("no key signs".into()))
    }

    /// The key of this name; none when no key of ours that still verifies has it.
    pub async fn verifier(
        self: &Arc<Self>,
        db: &Db,
        kid: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Key>>, Error> {
        let find = |ring: &Ring| {
            ring.keys
                .iter()
                .find(|key| key.public.kid == kid && key.verifies(now))
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

    /// The public keys (RFC 7517).
    pub async fn jwks(self: &Arc<Self>, db: &Db, now: DateTime<Utc>) -> Result<Value, Error> {
        if self.age().is_none_or(|age| age > FRESH) {
            self.reload_off_thread(db, now).await?;
        }
        Ok(self.look(|ring| {
            let keys = ring.keys.iter().filter(|key| key.verifies(now));
            json!({ "keys": keys.map(|key| &key.public).collect::<Vec<_>>() })
        }))
    }

    /// Adds a key that signs from now on; the others only verify.
    pub fn rotate(&self, db: &Db, now: DateTime<Utc>) -> Result<(), Error> {
        let seal = self.seal_key()?;
        db.write_blocking(|conn| {
            let kid = make(conn, &seal, now)?;
            keys::retire_others(conn, &kid, now)?;
            Ok::<_, Error>(())
        })?;
        self.reload(db, now)
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
        let seal = self.seal_key()?;
        let mut found = db.read_blocking(|conn| read(conn, &seal, now))?;
        if !found.iter().any(|key| key.retired_at.is_none()) {
            // Two nodes that start at once may both make one: all know both, and the newest signs.
            found = db.write_blocking(|conn| {
                make(conn, &seal, now)?;
                read(conn, &seal, now)
            })?;
        }
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Ring {
            keys: found.into_iter().map(Arc::new).collect(),
            loaded: Some(Instant::now()),
        };
        Ok(())
    }

    fn seal_key(&self) -> Result<SealKey, Error> {
        match &self.source {
            SealSource::Setting(key) => SealKey::parse(key)
                .map_err(|e| Error::Internal(format!("MELDPUNT_SEAL_KEY: {e}"))),
            SealSource::File(path) => seal_file(path).map_err(Error::Internal),
            SealSource::Missing => Err(Error::Internal(
                "MELDPUNT_SEAL_KEY is not set: with PostgreSQL give 32 random bytes in base64, the same on every node \
                 (openssl rand -base64 32)"
                    .into(),
            )),
        }
    }
}

/// Opens the keys that sign or verify.
fn read(conn: &mut Conn, seal: &SealKey, now: DateTime<Utc>) -> Result<Vec<Key>, Error> {
    keys::usable(conn, now - RETIRED_VERIFIES)?
        .into_iter()
        .map(|sealed| {
            let pkcs8 = seal.open(&sealed.kid, &sealed.sealed).map_err(|e| {
                Error::Internal(format!(
                    "signing key {} in the database: {e}; give the MELDPUNT_SEAL_KEY it was sealed with, or delete its \
                     row from signing_keys to sign everybody out",
                    sealed.kid
                ))
            })?;
            Key::new(&SigningKey::from_pkcs8(&pkcs8)?, sealed.retired_at)
        })
        .collect()
}

/// Makes a key and keeps it sealed; returns its name.
fn make(conn: &mut Conn, seal: &SealKey, now: DateTime<Utc>) -> Result<String, Error> {
    let key = SigningKey::generate()?;
    let kid = key.public().kid.clone();
    keys::insert(
        conn,
        SealedKey {
            sealed: seal.seal(&kid, key.pkcs8())?,
            kid: kid.clone(),
            public: key.public().clone(),
            created_at: now,
            retired_at: None,
        },
    )?;
    tracing::info!(%kid, "made a signing key");
    Ok(kid)
}

/// The sealing key beside a SQLite database, made when it is not there; its owner alone may read it.
fn seal_file(path: &Path) -> Result<SealKey, String> {
    let tell =
        |what: &str, error: &dyn std::fmt::Display| format!("{what} {}: {error}", path.display());
    match fs::read_to_string(path) {
        Ok(text) => {
            only_owner(path)?;
            SealKey::parse(&text).map_err(|e| tell("the sealing key", &e))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let key = SealKey::generate().map_err(|e| e.to_string())?;
            // Written whole under another name first: a crash never leaves half a key.
            let mut draft = path.to_owned().into_os_string();
            draft.push(format!(".{}", std::process::id()));
            let draft = PathBuf::from(draft);
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let written = options.open(&draft).and_then(|mut file| {
                writeln!(file, "{}", key.to_base64())?;
                file.sync_all()?;
                fs::rename(&draft, path)
            });
            written.map_err(|e| tell("cannot write the sealing key", &e))?;
            Ok(key)
        }
        Err(e) => Err(tell("cannot read the sealing key", &e)),
    }
}

#[cfg(unix)]
fn only_owner(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)
        .map_err(|e| format!("cannot read {}: {e}", path.display()))?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!(
        "others can read the sealing key: chmod 600 {}",
        path.display()
    ))
}

#[cfg(not(unix))]
fn only_owner(_: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-24T{hour:02}:00:00Z").parse().unwrap()
    }

    fn ring(source: SealSource) -> Arc<KeyRing> {
        Arc::new(KeyRing {
            source,
            ring: RwLock::default(),
        })
    }

    fn database(folder: &Path) -> Db {
        let db = Db::open(&Address::Sqlite(folder.join("test.db")), 2).unwrap();
        db.migrate().unwrap();
        db
    }

    #[actix_web::test]
    async fn keys_outlive_a_restart_and_rotate_without_downtime() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path());
        let file = SealSource::File(folder.path().join("test.db.key"));
        let first = ring(file.clone());
        first.load(&db, at(1)).unwrap();
        let old = first.signer(&db, at(1)).await.unwrap();

        let other_node = ring(file);
        let same = other_node.signer(&db, at(1)).await.unwrap();
        assert_eq!(old.public, same.public);

        first.rotate(&db, at(2)).unwrap();
        let new = first.signer(&db, at(2)).await.unwrap();
        assert_ne!(old.public.kid, new.public.kid);
        assert!(
            first
                .verifier(&db, &old.public.kid, at(3))
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            first
                .verifier(&db, &old.public.kid, at(4))
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(
            first.jwks(&db, at(3)).await.unwrap()["keys"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        assert_eq!(
            first.jwks(&db, at(5)).await.unwrap()["keys"]
                .as_array()
                .unwrap()
                .len(),
            1
        );

        // The other node hears of the new key when a token names it, once it may look again.
        assert!(
            other_node
                .verifier(&db, &new.public.kid, at(3))
                .await
                .unwrap()
                .is_none()
        );
        other_node.ring.write().unwrap().loaded = Instant::now().checked_sub(LOOK_AGAIN * 2);
        assert!(
            other_node
                .verifier(&db, &new.public.kid, at(3))
                .await
                .unwrap()
                .is_some()
        );
    }

    #[test]
    fn a_wrong_or_missing_sealing_key_is_told_in_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path());
        let key = || SealKey::generate().unwrap().to_base64();
        ring(SealSource::Setting(key())).load(&db, at(1)).unwrap();
        let wrong = ring(SealSource::Setting(key()))
            .load(&db, at(1))
            .unwrap_err();
        assert!(wrong.contains("MELDPUNT_SEAL_KEY"), "{wrong}");
        let missing = ring(SealSource::Missing).load(&db, at(1)).unwrap_err();
        assert!(missing.contains("MELDPUNT_SEAL_KEY"), "{missing}");
        let junk = ring(SealSource::Setting("secret".into()))
            .load(&db, at(1))
            .unwrap_err();
        assert!(!junk.contains("secret"), "{junk}");
    }

    #[cfg(unix)]
    #[test]
    fn the_sealing_key_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.key");
        let made = seal_file(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(made.to_base64(), seal_file(&path).unwrap().to_base64());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(seal_file(&path).is_err());
    }
}
