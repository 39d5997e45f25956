//! Backups: a copy of a SQLite database while the service runs, and what is done to a copy before a service may run on it.
//! With PostgreSQL its own tools copy; what comes after is the same.

pub mod attachments;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::config::{Place, Settings};
use crate::services::backups::attachments::Copied;
use crate::services::keys::rotation;
use crate::services::keys::seal_source::{SealSource, file_beside};
use crate::services::{Error, mail_pause};
use crate::store::db::{Address, Db};
use crate::store::outbox::{self, Backlog};
use crate::store::snapshot::{self, Held, Summary};

/// A backup that was made and read back.
#[derive(Debug)]
pub struct Made {
    pub file: PathBuf,
    pub bytes: u64,
    pub summary: Summary,
    /// The sealing key's copy, when it was asked for.
    pub key: Option<PathBuf>,
    /// The attachments beside it; none when they are not in a folder of this machine, or were left out.
    pub attachments: Option<Copied>,
}

/// What was done to a restored database, and what waits in it.
#[derive(Debug)]
pub struct Settled {
    /// Steps that its schema was behind.
    pub steps: usize,
    pub backlog: Backlog,
    /// Signing keys that the sealing key at hand does not open.
    pub retired_keys: Vec<String>,
}

/// A database that was put in its place.
#[derive(Debug)]
pub struct Restored {
    pub summary: Summary,
    pub settled: Settled,
    /// Where what was there before is kept.
    pub aside: Option<PathBuf>,
    /// The attachments that were put in their place; none when the backup has none beside it, or they are not in a folder.
    pub attachments: Option<Copied>,
    /// How many the database names.
    pub named: usize,
}

/// Copies the database in use to a new file, reads the copy whole, and only then gives it its name.
///
/// # Errors
/// One sentence for the operator; nothing is left behind then.
pub fn backup(
    database: &Path,
    target: &Path,
    with_key: bool,
    attachments: Option<&Path>,
) -> Result<Made, String> {
    if !database.is_file() {
        return Err(format!("there is no database at {}", database.display()));
    }
    let key = with_key.then(|| file_beside(target));
    let files = attachments::beside(target);
    for file in [Some(target), key.as_deref(), Some(&files)]
        .into_iter()
        .flatten()
    {
        refuse_existing(file)?;
    }
    if let Some(key) = &key {
        let from = file_beside(database);
        if !from.is_file() {
            return Err(format!(
                "--with-key: there is no {}; a MELDPUNT_SEAL_KEY is kept where it was set",
                from.display()
            ));
        }
        copy_private(&from, key)?;
    }
    let draft = Draft::new(target, "partial")?;
    let made = (|| {
        snapshot::copy(database, draft.path())?;
        let summary = snapshot::check(draft.path())?;
        // After the database: what its rows name was there then, unless it was deleted since.
        let copied = attachments
            .map(|from| attachments::Draft::copy(&snapshot::kept(draft.path())?, from, &files))
            .transpose()?;
        // Another may have written there meanwhile.
        refuse_existing(target)?;
        let copied = copied
            .map(|copied| copied.become_folder(&files))
            .transpose()?;
        match draft.become_file(target) {
            Ok(bytes) => Ok((summary, bytes, copied)),
            Err(why) => {
                let _ = fs::remove_dir_all(&files);
                Err(why)
            }
        }
    })();
    match made {
        Ok((summary, bytes, attachments)) => Ok(Made {
            file: target.to_owned(),
            bytes,
            summary,
            key,
            attachments,
        }),
        Err(why) => {
            if let Some(key) = &key {
                let _ = fs::remove_file(key);
            }
            Err(why)
        }
    }
}

/// Puts a backup in the place of the database, ready for a service to start on it: checked, migrated, with the outbox
/// paused. Until the last step nothing that was there is touched.
///
/// # Errors
/// One sentence for the operator.
pub fn restore(
    settings: &Settings,
    source: &Path,
    target: &Path,
    replace: bool,
    now: DateTime<Utc>,
) -> Result<Restored, String> {
    let summary = snapshot::check(source)?;
    let held = match target.exists() {
        true if !replace => {
            return Err(format!(
                "{} exists: --replace keeps it aside and takes its place",
                target.display()
            ));
        }
        true => Some(snapshot::hold(target)?),
        false => None,
    };
    if let Some(folder) = parent(target) {
        fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
    }
    let draft = Draft::new(target, "restoring")?;
    copy_over(source, draft.path())?;
    let key = Key::choose(settings, source, target);
    let kept = snapshot::kept(source)?;
    let files = match settings.attachments()? {
        Place::Folder(folder) if attachments::beside(source).is_dir() => {
            let copied = attachments::Draft::copy(&kept, &attachments::beside(source), &folder)?;
            Some((folder, copied))
        }
        _ => None,
    };
    let settled = {
        let db = Db::open(&Address::Sqlite(draft.path().to_owned()), 1)?;
        settle(&db, &key.source(), &reason(source, now), now)?
    };
    // All of it in the one file that takes the place.
    drop(snapshot::hold(draft.path())?);
    let aside = held.map(|held| put_aside(held, target, now)).transpose()?;
    key.install(target, now)?;
    let attachments = files
        .map(|(folder, copied)| {
            if folder.exists() {
                fs::rename(&folder, aside_name(&folder, now))
                    .map_err(|e| format!("cannot put {} aside: {e}", folder.display()))?;
            }
            copied.become_folder(&folder)
        })
        .transpose()?;
    draft.become_file(target)?;
    Ok(Restored {
        summary,
        settled,
        aside,
        attachments,
        named: kept.len(),
    })
}

/// Makes a restored database fit to be used: refuses one of a newer version, migrates one of an older, pauses the outbox,
/// takes back what a worker of the original had in hand, and retires the signing keys that do not open here.
///
/// # Errors
/// One sentence for the operator.
pub fn settle(
    db: &Db,
    source: &SealSource,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Settled, String> {
    if let Some(step) = db.unknown_migrations()?.last() {
        return Err(format!(
            "the backup was made by a newer version of Meldpunt (its schema has step {step}, which this version does not \
             know): restore it with that version or a later one"
        ));
    }
    let steps = db.migrate()?;
    let (source, reason) = (source.clone(), reason.to_owned());
    let (backlog, retired_keys) = db
        .write_blocking::<_, Error, _>(move |conn| {
            outbox::end_leases(conn, now)?;
            let standing = mail_pause::pause(conn, None, &reason, now)?;
            let retired = rotation::retire_unopened(conn, &source, now)?;
            Ok((standing.backlog, retired))
        })
        .map_err(|e| match e {
            Error::Internal(why) | Error::Busy(why) | Error::Full(why) => why,
            other => format!("{other:?}"),
        })?;
    Ok(Settled {
        steps,
        backlog,
        retired_keys,
    })
}

/// What a restored outbox is paused for.
fn reason(source: &Path, now: DateTime<Utc>) -> String {
    let name = source
        .file_name()
        .map_or_else(|| "a backup".into(), |name| name.to_string_lossy());
    format!(
        "restored from {name} on {}",
        now.format("%Y-%m-%d %H:%M UTC")
    )
}

/// Which sealing key the restored database goes with.
enum Key {
    /// The setting, or the file that is in its place: it stays.
    AtHand(SealSource),
    /// The one that was backed up, beside the backup.
    FromBackup(PathBuf),
}

impl Key {
    fn choose(settings: &Settings, source: &Path, target: &Path) -> Self {
        let beside = file_beside(source);
        if settings.seal_key.is_none() && beside.is_file() {
            Self::FromBackup(beside)
        } else {
            Self::AtHand(SealSource::new(
                settings,
                &Address::Sqlite(target.to_owned()),
            ))
        }
    }

    fn source(&self) -> SealSource {
        match self {
            Self::AtHand(source) => source.clone(),
            Self::FromBackup(file) => SealSource::File(file.clone()),
        }
    }

    fn install(&self, target: &Path, now: DateTime<Utc>) -> Result<(), String> {
        let Self::FromBackup(file) = self else {
            return Ok(());
        };
        let place = file_beside(target);
        if place.exists() {
            let aside = aside_name(&place, now);
            fs::rename(&place, &aside)
                .map_err(|e| format!("cannot put {} aside: {e}", place.display()))?;
        }
        copy_private(file, &place)
    }
}

fn aside_name(file: &Path, now: DateTime<Utc>) -> PathBuf {
    with_suffix(file, &format!("before-{}", now.format("%Y%m%dT%H%M%SZ")))
}

/// Gives the old database another name, all of it in one file. It is held until then, so that no service starts on it.
fn put_aside(held: Held, target: &Path, now: DateTime<Utc>) -> Result<PathBuf, String> {
    let aside = aside_name(target, now);
    refuse_existing(&aside)?;
    fs::rename(target, &aside)
        .map_err(|e| format!("cannot put {} aside: {e}", target.display()))?;
    drop(held);
    Ok(aside)
}

/// A file that gets its name only when it is whole, and goes when it does not.
struct Draft {
    path: PathBuf,
}

impl Draft {
    /// An empty file beside the target, its owner's alone.
    fn new(target: &Path, suffix: &str) -> Result<Self, String> {
        let path = with_suffix(target, &format!("{suffix}-{}", std::process::id()));
        create_private(&path).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        Ok(Self { path })
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// On the disk for good, and then in its place; how many bytes it has.
    fn become_file(&self, target: &Path) -> Result<u64, String> {
        let done = File::open(&self.path).and_then(|file| {
            file.sync_all()?;
            fs::rename(&self.path, target)?;
            // The name is on the disk once its folder is.
            File::open(parent(target).unwrap_or(Path::new(".")))?.sync_all()?;
            Ok(file.metadata()?.len())
        });
        done.map_err(|e| format!("cannot write {}: {e}", target.display()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            let _ = fs::remove_file(name);
        }
    }
}

fn parent(file: &Path) -> Option<&Path> {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.to_owned().into_os_string();
    name.push(format!(".{suffix}"));
    name.into()
}

fn refuse_existing(file: &Path) -> Result<(), String> {
    if file.exists() {
        return Err(format!("{} exists; nothing is overwritten", file.display()));
    }
    Ok(())
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Copies a file to a new one that is its owner's alone.
fn copy_private(from: &Path, to: &Path) -> Result<(), String> {
    create_private(to)
        .map_err(|e| format!("cannot write {}: {e}", to.display()))
        .and_then(|_| copy_over(from, to))
}

/// Copies the bytes alone: `fs::copy` would take the rights along too.
fn copy_over(from: &Path, to: &Path) -> Result<(), String> {
    let copied = File::open(from).and_then(|mut from| {
        let mut to = OpenOptions::new().write(true).truncate(true).open(to)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()
    });
    copied.map_err(|e| format!("cannot copy {} to {}: {e}", from.display(), to.display()))
}
