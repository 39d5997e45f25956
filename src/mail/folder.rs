//! Reads back what the file transport wrote: for the demo.

use std::fs;
use std::path::Path;

/// A name that the file transport gives: letters, digits and hyphens, then `.eml`. Nothing else is looked for, so that no
/// name leads out of the folder.
fn is_name(name: &str) -> bool {
    name.strip_suffix(".eml").is_some_and(|stem| {
        !stem.is_empty()
            && stem.len() <= 100
            && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// A message; none when there is no such.
pub fn read(folder: &Path, name: &str) -> Option<Vec<u8>> {
    is_name(name)
        .then(|| fs::read(folder.join(name)).ok())
        .flatten()
}

/// The names of the newest messages. They hold the time-ordered id of the notice.
pub fn newest(folder: &Path, most: usize) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|file| file.file_name().into_string().ok())
        .filter(|name| is_name(name))
        .collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.truncate(most);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_messages_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "notice-1.eml",
            "notice-2.eml",
            "secret.txt",
            ".notice-3.partial",
        ] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(newest(folder.path(), 9), ["notice-2.eml", "notice-1.eml"]);
        assert_eq!(newest(folder.path(), 1).len(), 1);
        assert_eq!(
            read(folder.path(), "notice-1.eml").unwrap(),
            b"notice-1.eml"
        );
        for name in [
            "../notice-1.eml",
            "..",
            ".eml",
            "secret.txt",
            "/etc/passwd",
            "a/b.eml",
            "notice-1.eml\0",
            "..%2Fx.eml",
            "notice-9.eml",
        ] {
            assert!(read(folder.path(), name).is_none(), "{name}");
        }
    }
}
