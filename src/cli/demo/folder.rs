//! The folder of the demo. A file in it says that it is one: nothing else is ever deleted.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const MARK: &str = "demo.json";

/// What the demo remembers of itself.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Mark {
    /// The sample reports are in.
    pub filled: bool,
    /// The API client of the first reporter.
    pub client: Option<ClientMark>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientMark {
    pub id: String,
    pub secret: String,
}

pub struct Folder(PathBuf);

impl Folder {
    /// Opens the folder, or makes it. What a former demo left unfinished is thrown away, and with `fresh` all of it.
    pub fn open(path: &Path, fresh: bool) -> Result<(Self, Mark), String> {
        let folder = Self(path.to_owned());
        match folder.mark()? {
            Some(mark) if mark.filled && !fresh => return Ok((folder, mark)),
            Some(_) => fs::remove_dir_all(path)
                .map_err(|e| format!("cannot delete {}: {e}", path.display()))?,
            None => folder.refuse_another()?,
        }
        let mark = Mark::default();
        fs::create_dir_all(path).map_err(|e| format!("cannot make {}: {e}", path.display()))?;
        folder.write(&mark)?;
        Ok((folder, mark))
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("meldpunt.db")
    }

    pub fn attachments(&self) -> PathBuf {
        self.0.join("attachments")
    }

    pub fn mail(&self) -> PathBuf {
        self.0.join("mail")
    }

    pub fn write(&self, mark: &Mark) -> Result<(), String> {
        let path = self.0.join(MARK);
        let text = serde_json::to_string_pretty(mark).map_err(|e| e.to_string())?;
        fs::write(&path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))
    }

    fn mark(&self) -> Result<Option<Mark>, String> {
        let path = self.0.join(MARK);
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|e| format!("{} is not of the demo: {e}", path.display())),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(e) => Err(format!("cannot read {}: {e}", path.display())),
        }
    }

    /// A folder with something else in it is not touched.
    fn refuse_another(&self) -> Result<(), String> {
        match fs::read_dir(&self.0).map(Iterator::count) {
            Ok(0) => Ok(()),
            Ok(_) => Err(format!(
                "{} is not a folder of the demo; choose another with --folder",
                self.0.display()
            )),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(format!("cannot use {}: {e}", self.0.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_demo_is_deleted() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/demo");
        let (folder, mut mark) = Folder::open(&path, false).unwrap();
        fs::write(folder.database(), "half").unwrap();
        Folder::open(&path, false).unwrap();
        assert!(
            !folder.database().exists(),
            "what was not filled begins anew"
        );

        mark.filled = true;
        folder.write(&mark).unwrap();
        fs::write(folder.database(), "all").unwrap();
        assert!(Folder::open(&path, false).unwrap().1.filled);
        assert!(folder.database().exists());
        assert!(!Folder::open(&path, true).unwrap().1.filled);
        assert!(!folder.database().exists());

        let other = home.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("thesis.txt"), "x").unwrap();
        for fresh in [false, true] {
            let told = Folder::open(&other, fresh).err().unwrap();
            assert!(told.contains("not a folder of the demo"), "{told}");
        }
        fs::write(other.join(MARK), "{\"cats\": 3").unwrap();
        assert!(Folder::open(&other, true).is_err());
        assert!(other.join("thesis.txt").exists());
    }
}
