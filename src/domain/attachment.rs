//! Attachments of a report (bijlagen): what files are taken, told from their content, and under what name they are kept.

use chrono::{DateTime, Utc};

use crate::domain::code::{Code, code_list};
use crate::domain::id::{AttachmentId, OrganisationId, ReportId};
use crate::domain::message::{MessageAudience, Writer};
use crate::domain::status::Capacity;

code_list! {
    /// What a file is, told from its content, as a media type (Dutch: soort bestand).
    pub enum FileKind {
        Pdf = "application/pdf",
        Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        Odt = "application/vnd.oasis.opendocument.text",
        Ods = "application/vnd.oasis.opendocument.spreadsheet",
        Odp = "application/vnd.oasis.opendocument.presentation",
        Doc = "application/msword",
        Xls = "application/vnd.ms-excel",
        Ppt = "application/vnd.ms-powerpoint",
        Png = "image/png",
        Jpeg = "image/jpeg",
        Gif = "image/gif",
        Csv = "text/csv",
        Text = "text/plain",
    }
}

/// As much of a file's start as decides on its kind.
pub const DECIDES: usize = 64 * 1024;

impl FileKind {
    /// The kind of a file that begins so; none for what is not taken. Only where content alone cannot tell, among texts and
    /// among the older formats of Office, does the name decide.
    pub fn of(start: &[u8], name: &str) -> Option<Self> {
        let of_name = |kinds: &[Self]| {
            let fits = |kind: &&Self| kind.extensions().iter().any(|one| has_extension(name, one));
            kinds.iter().find(fits).copied()
        };
        // The container of Office's older formats (OLE2).
        if start.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
            return of_name(&[Self::Doc, Self::Xls, Self::Ppt]);
        }
        match infer::get(start) {
            Some(found) => Self::parse(found.mime_type()),
            None if is_text(start) => of_name(&[Self::Csv]).or(Some(Self::Text)),
            None => None,
        }
    }

    /// How names of such files end; the usual one first.
    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Pptx => &["pptx"],
            Self::Odt => &["odt"],
            Self::Ods => &["ods"],
            Self::Odp => &["odp"],
            Self::Doc => &["doc"],
            Self::Xls => &["xls"],
            Self::Ppt => &["ppt"],
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Gif => &["gif"],
            Self::Csv => &["csv"],
            Self::Text => &["txt", "md"],
        }
    }
}

/// No byte in it that no text has. Letters beyond ASCII may be of any encoding.
fn is_text(start: &[u8]) -> bool {
    !start.is_empty()
        && start
            .iter()
            .all(|byte| !matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 127))
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, own)| own.eq_ignore_ascii_case(extension))
}

/// Longest name that is kept, in characters.
const NAME: usize = 150;

/// The name a file is kept and given back under: without a path, without what means something to a file system or turns
/// the reading order around, and with an ending that says what the file is.
pub fn safe_name(given: &str, kind: FileKind) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|letter| match letter {
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
            other => other,
        })
        .filter(|letter| !letter.is_control() && !turns_around(*letter))
        .collect();
    let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let extensions = kind.extensions();
    let fits = extensions.iter().any(|one| has_extension(plain, one));
    let (stem, extension) = match plain.rsplit_once('.').filter(|_| fits) {
        Some((stem, extension)) => (stem, extension),
        None => (plain, extensions[0]),
    };
    let stem: String = stem.chars().take(NAME - extension.len() - 1).collect();
    let stem = stem.trim();
    format!(
        "{}.{extension}",
        if stem.is_empty() { "bijlage" } else { stem }
    )
}

/// Invisible characters that change how a name reads: marks of direction, and what joins or parts nothing.
fn turns_around(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// An attachment. Its bytes lie elsewhere, and never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub id: AttachmentId,
    pub report: ReportId,
    pub audience: MessageAudience,
    /// Whose attachment it is.
    pub organisation: OrganisationId,
    /// Its name at the time.
    pub organisation_name: String,
    pub capacity: Capacity,
    pub uploaded_by: Writer,
    pub name: String,
    pub kind: FileKind,
    pub bytes: i64,
    /// SHA-256 of the bytes, in hexadecimals.
    pub digest: String,
    pub created_at: DateTime<Utc>,
    pub deleted_by: Option<Writer>,
    pub deleted_at: Option<DateTime<Utc>>,
    /// When its bytes were taken away, after it was deleted.
    pub removed_at: Option<DateTime<Utc>>,
    pub version: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_and_not_the_name() {
        let png = [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];
        let ole = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0];
        let odt = [
            b"PK\x03\x04".as_slice(),
            &[0; 26],
            b"mimetypeapplication/vnd.oasis.opendocument.text",
        ]
        .concat();
        for (start, name, kind) in [
            (b"%PDF-1.7\n".as_slice(), "brief.docx", Some(FileKind::Pdf)),
            (&png, "foto", Some(FileKind::Png)),
            (&[0xFF, 0xD8, 0xFF, 0xE0], "foto.png", Some(FileKind::Jpeg)),
            (&odt, "brief.odt", Some(FileKind::Odt)),
            (&ole, "brief.DOC", Some(FileKind::Doc)),
            (&ole, "tabel.xls", Some(FileKind::Xls)),
            (&ole, "installatie.msi", None),
            (b"a;b\n1;2\n", "tabel.csv", Some(FileKind::Csv)),
            (b"caf\xe9 in Latijn-1\r\n", "notitie", Some(FileKind::Text)),
            (b"<svg xmlns='x'/>", "x.svg", Some(FileKind::Text)),
            (b"", "leeg.txt", None),
            (b"a\0b", "x.txt", None),
            (b"MZ\x90\0", "x.pdf", None),
            (b"\x7fELF\x02", "x.txt", None),
            (b"<!DOCTYPE html><script>", "x.txt", None),
            (b"<?xml version='1.0'?><svg/>", "x.txt", None),
            (b"#!/bin/sh\n", "x.txt", None),
            (b"PK\x03\x04\x14\0\0\0\0\0", "x.docx", None),
            (b"Rar!\x1A\x07\0", "x.txt", None),
        ] {
            assert_eq!(FileKind::of(start, name), kind, "{name}");
        }
    }

    #[test]
    fn names_are_names_and_say_what_they_are() {
        for (given, kind, kept) in [
            ("brief.pdf", FileKind::Pdf, "brief.pdf"),
            ("Brief.PDF", FileKind::Pdf, "Brief.PDF"),
            ("../../etc/passwd", FileKind::Text, "passwd.txt"),
            ("C:\\map\\nota v2.docx", FileKind::Docx, "nota v2.docx"),
            ("factuur.pdf.exe", FileKind::Pdf, "factuur.pdf.exe.pdf"),
            ("foto.jpeg", FileKind::Jpeg, "foto.jpeg"),
            (
                "a\r\nSet-Cookie: x=1.txt",
                FileKind::Text,
                "aSet-Cookie_ x=1.txt",
            ),
            ("uit\u{202E}fdp.txt", FileKind::Text, "uitfdp.txt"),
            ("Coördinatie één.csv", FileKind::Csv, "Coördinatie één.csv"),
            ("...", FileKind::Png, "bijlage.png"),
            (".pdf", FileKind::Pdf, "pdf.pdf"),
            ("", FileKind::Pdf, "bijlage.pdf"),
        ] {
            assert_eq!(safe_name(given, kind), kept, "{given}");
        }
        let long = safe_name(&"é".repeat(1000), FileKind::Docx);
        assert_eq!(long.chars().count(), NAME);
    }
}
