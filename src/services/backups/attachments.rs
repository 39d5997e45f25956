//! The attachments of a backup: a folder beside it, each file read and held against the digest that its row has.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

use crate::services::backups::{create_private, parent, with_suffix};
use crate::store::snapshot::Kept;

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    pub files: usize,
    pub bytes: u64,
    /// Named by a row, and not there: deleted meanwhile, or lost.
    pub missing: usize,
}

/// Where the attachments of a backup lie.
pub fn beside(backup: &Path) -> PathBuf {
    with_suffix(backup, "attachments")
}

/// A folder that gets its name only when it is whole, and goes when it does not.
pub struct Draft {
    path: PathBuf,
    pub copied: Copied,
}

impl Draft {
    /// Copies what rows name to a folder beside the target. Nothing is made when they name nothing.
    pub fn copy(kept: &[Kept], from: &Path, target: &Path) -> Result<Self, String> {
        let path = with_suffix(target, &format!("partial-{}", std::process::id()));
        let mut draft = Self {
            path,
            copied: Copied::default(),
        };
        for one in kept {
            let to = draft.path.join(&one.name);
            match copy(one, &from.join(&one.name), &to)? {
                Some(bytes) => {
                    draft.copied.files += 1;
                    draft.copied.bytes += bytes;
                }
                None => draft.copied.missing += 1,
            }
        }
        Ok(draft)
    }

    /// Gives it its name.
    pub fn become_folder(self, target: &Path) -> Result<Copied, String> {
        if self.copied.files > 0 {
            fs::rename(&self.path, target)
                .and_then(|()| File::open(parent(target).unwrap_or(Path::new(".")))?.sync_all())
                .map_err(|e| format!("cannot write {}: {e}", target.display()))?;
        }
        Ok(self.copied.clone())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Copies one file, if it is there, to one that is its owner's alone.
fn copy(kept: &Kept, from: &Path, to: &Path) -> Result<Option<u64>, String> {
    let told =
        |e: std::io::Error| format!("cannot copy {} to {}: {e}", from.display(), to.display());
    let mut source = match File::open(from) {
        Ok(source) => source,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(told(e)),
    };
    if let Some(folder) = parent(to) {
        make_private(folder).map_err(told)?;
    }
    let mut target = create_private(to).map_err(told)?;
    let (mut hash, mut bytes) = (Context::new(&SHA256), 0);
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = source.read(&mut piece).map_err(told)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        target.write_all(&piece[..read]).map_err(told)?;
        bytes += read as u64;
    }
    target.sync_all().map_err(told)?;
    let digest = hash.finish();
    let digest: String = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if digest == kept.digest {
        Ok(Some(bytes))
    } else {
        Err(format!(
            "{} is damaged: its SHA-256 is not that of its row",
            from.display()
        ))
    }
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
