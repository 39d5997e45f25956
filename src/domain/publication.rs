//! Official publications: where a change of the law was made known, and papers of parliament.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::domain::code::code_list;
use crate::domain::identifier::pattern;

code_list! {
    /// Kind of official publication.
    pub enum PublicationKind {
        /// Bulletin of acts and orders in council (`stb`).
        Staatsblad = "staatsblad",
        /// Government gazette: ministerial regulations (`stcrt`).
        Staatscourant = "staatscourant",
        /// Treaty series (`trb`).
        Tractatenblad = "tractatenblad",
        /// Gazette of a municipality, province, water board or joint body (`gmb`, `prb`, `wsb`, `bgr`).
        DecentralGazette = "decentral_gazette",
        /// Kamerstuk (`kst`).
        ParliamentaryPaper = "parliamentary_paper",
    }
}

/// A publication on officielebekendmakingen.nl. Whether it exists is not known, only that its id is well formed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Publication {
    pub kind: PublicationKind,
    /// Canonical id, such as `stb-2026-123`, `gmb-2024-1000` or `kst-36410-1`.
    pub id: String,
}

const SITE: &str = "https://zoek.officielebekendmakingen.nl/";

static IDS: LazyLock<[(PublicationKind, Regex); 5]> = LazyLock::new(|| {
    use PublicationKind::*;
    [
        (
            Staatsblad,
            pattern("^stb-(?:18|19|20)[0-9]{2}-[0-9]{1,4}(?:-[A-Za-z0-9]+)*$"),
        ),
        (
            Staatscourant,
            pattern("^stcrt-(?:19|20)[0-9]{2}-[0-9]{1,6}(?:-[A-Za-z0-9]+)*$"),
        ),
        (
            Tractatenblad,
            pattern("^trb-(?:19|20)[0-9]{2}-[0-9]{1,4}(?:-[A-Za-z0-9]+)*$"),
        ),
        (
            DecentralGazette,
            pattern("^(?:gmb|prb|wsb|bgr)-20[0-9]{2}-[0-9]{1,7}(?:-[A-Za-z0-9]+)*$"),
        ),
        (
            ParliamentaryPaper,
            pattern("^kst-(?:(?:19|20)[0-9]{6}-)?[0-9]{5}[A-Z]?(?:-[A-Za-z0-9]{1,9}){1,4}$"),
        ),
    ]
});
/// As lawyers write it: `Stb. 2026, 123`, `Stcrt. 2024, nr. 30890`.
static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(stb|stcrt|trb)\.? +([0-9]{4}) *[,/] *(?:nr\.? *)?([0-9]{1,6})$")
});
static PAPER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "^kst-(?:[0-9]{8}-)?(?P<file>[0-9]{5}[A-Z]?)(?:-(?P<chapter>[A-Z]{1,7}))?-(?:(?P<second>[0-9]{1,9})(?:-.*)?|(?P<first>[A-Z]{1,3})(?:-.*)?)$",
    )
});

/// Longest text read as a publication, in bytes.
const MAX_LENGTH: usize = 200;

impl Publication {
    /// Reads an id (`stb-2026-123`; its prefix in any case), its address on zoek.officielebekendmakingen.nl, or a
    /// citation (`Stb. 2026, 123`, `Stcrt. 2024, 30890`, `Trb. 1951, 100`). `None` when it is none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return None;
        }
        let id = match WRITTEN.captures(text) {
            Some(parts) => format!("{}-{}-{}", parts[1].to_lowercase(), &parts[2], &parts[3]),
            None => {
                let id = text
                    .strip_prefix(SITE)
                    .map_or(text, |page| page.strip_suffix(".html").unwrap_or(page));
                let (prefix, rest) = id.split_once('-')?;
                format!("{}-{rest}", prefix.to_lowercase())
            }
        };
        let (kind, _) = IDS.iter().find(|(_, pattern)| pattern.is_match(&id))?;
        Some(Self { kind: *kind, id })
    }

    /// How the publication is cited in running text: `Stb. 2026, 123`, `Kamerstukken II 36410, nr. 1`. The year of the
    /// session is left out of the latter: the id does not always hold it.
    pub fn citation(&self) -> String {
        if self.kind == PublicationKind::ParliamentaryPaper {
            return self.paper_citation();
        }
        let mut parts = self.id.splitn(3, '-');
        let (prefix, year, number) = (
            parts.next().unwrap_or(""),
            parts.next().unwrap_or(""),
            parts.next().unwrap_or(""),
        );
        let name = match prefix {
            "stb" => "Stb.",
            "stcrt" => "Stcrt.",
            "trb" => "Trb.",
            "gmb" => "Gemeenteblad",
            "prb" => "Provinciaal blad",
            "wsb" => "Waterschapsblad",
            _ => "Blad gemeenschappelijke regeling",
        };
        format!("{name} {year}, {number}")
    }

    /// Papers of the House of Representatives (II) carry numbers, those of the Senate (I) letters.
    fn paper_citation(&self) -> String {
        let Some(parts) = PAPER.captures(&self.id) else {
            return format!("Kamerstukken {}", self.id.trim_start_matches("kst-"));
        };
        let mut file = parts["file"].to_owned();
        if let Some(chapter) = parts.name("chapter") {
            file = format!("{file} {}", chapter.as_str());
        }
        match (parts.name("second"), parts.name("first")) {
            (Some(number), _) => format!("Kamerstukken II {file}, nr. {}", number.as_str()),
            (_, Some(letter)) => format!("Kamerstukken I {file}, {}", letter.as_str()),
            _ => format!("Kamerstukken {file}"),
        }
    }

    /// The address of the publication.
    pub fn url(&self) -> String {
        format!("{SITE}{}.html", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PublicationKind::*;

    #[test]
    fn ids_and_their_citations() {
        for (kind, id, citation) in [
            (Staatsblad, "stb-2024-123", "Stb. 2024, 123"),
            (Staatsblad, "stb-2021-250-n1", "Stb. 2021, 250-n1"),
            (Staatscourant, "stcrt-2024-30890", "Stcrt. 2024, 30890"),
            (
                Staatscourant,
                "stcrt-1994-194-CAO334",
                "Stcrt. 1994, 194-CAO334",
            ),
            (Tractatenblad, "trb-1951-100", "Trb. 1951, 100"),
            (DecentralGazette, "gmb-2013-1000", "Gemeenteblad 2013, 1000"),
            (DecentralGazette, "wsb-2013-10", "Waterschapsblad 2013, 10"),
            (DecentralGazette, "prb-2020-7", "Provinciaal blad 2020, 7"),
            (
                DecentralGazette,
                "bgr-2020-7",
                "Blad gemeenschappelijke regeling 2020, 7",
            ),
            (
                ParliamentaryPaper,
                "kst-36410-1",
                "Kamerstukken II 36410, nr. 1",
            ),
            (
                ParliamentaryPaper,
                "kst-34851-4",
                "Kamerstukken II 34851, nr. 4",
            ),
            (
                ParliamentaryPaper,
                "kst-27400-XV-52",
                "Kamerstukken II 27400 XV, nr. 52",
            ),
            (
                ParliamentaryPaper,
                "kst-26643-144-h1",
                "Kamerstukken II 26643, nr. 144",
            ),
            (ParliamentaryPaper, "kst-35925-A", "Kamerstukken I 35925, A"),
            (
                ParliamentaryPaper,
                "kst-20062007-30800-V-12",
                "Kamerstukken II 30800 V, nr. 12",
            ),
        ] {
            let publication = Publication::parse(id).unwrap();
            assert_eq!((publication.kind, publication.id.as_str()), (kind, id));
            assert_eq!(publication.citation(), citation);
            let url = format!("https://zoek.officielebekendmakingen.nl/{id}.html");
            assert_eq!(publication.url(), url);
            assert_eq!(Publication::parse(&url), Some(publication));
        }
    }

    #[test]
    fn other_ways_to_write_them() {
        for (text, id) in [
            (" stb-2026-123 ", "stb-2026-123"),
            ("STB-2026-123", "stb-2026-123"),
            ("Stcrt-1994-194-CAO334", "stcrt-1994-194-CAO334"),
            ("Stb. 2026, 123", "stb-2026-123"),
            ("Stb. 2024, 123", "stb-2024-123"),
            ("stb 2026/123", "stb-2026-123"),
            ("Stb. 2026, nr. 123", "stb-2026-123"),
            ("Stcrt. 2024, 30890", "stcrt-2024-30890"),
            ("Trb. 1951,100", "trb-1951-100"),
        ] {
            assert_eq!(Publication::parse(text).unwrap().id, id, "{text}");
        }
    }

    #[test]
    fn what_is_no_publication_is_refused() {
        for text in [
            "stb-24-123",
            "stcrt-2024",
            "trb-51-1",
            "gmb-1",
            "kst-36410",
            "36410-1",
            "",
            "-",
            "stb-",
            "stb-2026-12345",
            "stb-1726-1",
            "Stb. 26, 123",
            "Stb. 2026, 12345",
            "stb-2026-1\nstb-2026-2",
            "stb-2026-1\u{0}",
            "stb-2026-1\"><script>",
            "stb-2026-1-../..",
            "https://example.org/stb-2026-1.html",
            &format!("stb-2026-1{}", "-a".repeat(200)),
        ] {
            assert_eq!(Publication::parse(text), None, "{text:?}");
        }
    }
}
