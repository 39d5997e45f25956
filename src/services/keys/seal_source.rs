//! Where the key that seals the signing keys comes from: the setting, or a file beside a SQLite database.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::crypto::seal::{SealKey, SealKeys};
use crate::services::Error;
use crate::store::db::Address;

/// Where it comes from.
#[derive(Clone)]
pub enum SealSource {
    Setting(String),
    File(PathBuf),
    Missing,
}

impl SealSource {
    pub fn new(settings: &Settings, address: &Address) -> Self {
        match (&settings.seal_key, address) {
            (Some(key), _) => Self::Setting(key.clone()),
            (None, Address::Sqlite(path)) => Self::File(file_beside(path)),
            (None, Address::Postgres(_)) => Self::Missing,
        }
    }

    /// Reads it; a file that is not there is made.
    pub fn read(&self) -> Result<SealKeys, Error> {
        match self {
            Self::Setting(key) => SealKeys::parse(key)
                .map_err(|e| Error::Internal(format!("MELDPUNT_SEAL_KEY: {e}"))),
            Self::File(path) => read_or_make(path).map_err(Error::Internal),
            Self::Missing => Err(Error::Internal(
                "MELDPUNT_SEAL_KEY is not set: with PostgreSQL give 32 random bytes in base64, the same on every node \
                 (openssl rand -base64 32)"
                    .into(),
            )),
        }
    }

    /// The file, when it is one, whether it is there or not.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }
}

/// The sealing key of a SQLite database stands beside it.
pub fn file_beside(database: &Path) -> PathBuf {
    let mut name = database.to_owned().into_os_string();
    name.push(".key");
    name.into()
}

/// Writes keys to a file that its owner alone may read: whole under another name first, so that a crash never leaves half
/// a key.
pub fn write(path: &Path, keys: &[&SealKey]) -> Result<(), String> {
    let mut draft = path.to_owned().into_os_string();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        for key in keys {
            writeln!(file, "{}", key.to_base64())?;
        }
        file.sync_all()?;
        fs::rename(&draft, path)
    });
    written.map_err(|e| tell("cannot write the sealing key", path, &e))
}

fn tell(what: &str, path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{what} {}: {error}", path.display())
}

fn read_or_make(path: &Path) -> Result<SealKeys, String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            only_owner(path)?;
            SealKeys::parse(&text).map_err(|e| tell("the sealing key", path, &e))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let key = SealKey::generate().map_err(|e| e.to_string())?;
            write(path, &[&key])?;
            Ok(key.into())
        }
        Err(e) => Err(tell("cannot read the sealing key", path, &e)),
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_sealing_key_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.key");
        let made = read_or_make(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let sealed = made.seal("a", b"x").unwrap();
        assert!(read_or_make(&path).unwrap().is_current("a", &sealed));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read_or_make(&path).is_err());
    }
}
