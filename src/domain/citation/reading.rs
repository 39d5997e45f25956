//! Reading the text of a citation: an identifier, a link or an address in any of the forms people have at hand.

use std::fmt::Write;
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

use crate::domain::article::{parse_article, parse_paragraph, parse_part};
use crate::domain::citation::{MAX_CITATION, Register};
use crate::domain::identifier::pattern;
use crate::domain::invalid::FieldError;

pub(super) enum Source {
    Identifier(Register, String),
    Text(String),
}

/// What the text of a citation says.
pub(super) struct Reading {
    pub(super) source: Source,
    pub(super) article: Option<String>,
    pub(super) paragraph: Option<String>,
    pub(super) part: Option<String>,
    pub(super) date: Option<NaiveDate>,
}

impl Default for Reading {
    fn default() -> Self {
        Self::of(Source::Text(String::new()))
    }
}

static BWB: LazyLock<Regex> = LazyLock::new(|| pattern("^BWB[RVW][0-9]{7}$"));
static CVDR: LazyLock<Regex> = LazyLock::new(|| pattern("^CVDR[0-9]{1,7}(?:[_/][0-9]{1,3})?$"));
static CELEX: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^[0-9CE][0-9]{4}[A-Z]{1,2}[0-9]{4}(?:\([0-9]{2}\))?(?:R\([0-9]{2}\))?(?:-[0-9]{8})?$")
});
static DATE: LazyLock<Regex> = LazyLock::new(|| pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"));
static CELEX_PREFIX: LazyLock<Regex> = LazyLock::new(|| pattern("(?i)^celex *:? *"));
static JCI: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"^(?i:jci1\.(?:3|31):[cv]):((?i:BWB[RVW])[0-9]{7})((?:&[A-Za-z][A-Za-z-]*=[^&=#?<>"'\s]+)*)$"#,
    )
});
/// Text that means to be an identifier: treating a slip in it as free text would lose the rule.
static MEANT_AS_IDENTIFIER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "(?i)^(?:jci[0-9:.]|bwb[a-z]?(?:[ _:-]?[0-9]|$)|cvdr(?:[ _:-]?[0-9]|$)|celex *:|celex +[0-9]|[0-9CE][0-9]{4}[A-Z]{1,2}[0-9(][^ ]*$)",
    )
});

/// Reads the text of a citation; the pointer of an error is still to be filled in.
pub(super) fn read(citation: &str) -> Result<Reading, FieldError> {
    let error = |code| FieldError::new("", code);
    let citation = citation.trim();
    if citation.is_empty() {
        return Err(error("required"));
    }
    if citation.chars().count() > MAX_CITATION {
        return Err(error("too_long").with("max", MAX_CITATION));
    }
    if citation.contains(breaks_or_reorders_text) {
        return Err(error("control_characters"));
    }
    // Links copied from XML.
    let link = citation.replace("&amp;", "&");
    let reading = match split_address(&link) {
        Some((host, rest)) => match host.as_str() {
            "wetten.overheid.nl" => read_wetten(rest),
            "lokaleregelgeving.overheid.nl" => read_lokale_regelgeving(rest),
            "eur-lex.europa.eu" | "data.europa.eu" => read_european(rest),
            _ => Some(Reading::of(Source::Text(citation.to_owned()))),
        },
        None if MEANT_AS_IDENTIFIER.is_match(&link) => {
            read_jci(&link).or_else(|| identify(&link).map(Reading::of))
        }
        None => Some(Reading::of(Source::Text(citation.to_owned()))),
    };
    reading.ok_or_else(|| error("citation_malformed"))
}

/// Control characters, line separators and the marks that reverse the direction of the text around them.
fn breaks_or_reorders_text(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The canonical identifier that the text is, if any.
fn identify(text: &str) -> Option<Source> {
    bwb(text)
        .or_else(|| cvdr(text))
        .or_else(|| celex(&CELEX_PREFIX.replace(text, "")))
}

fn bwb(text: &str) -> Option<Source> {
    let id = text.to_ascii_uppercase();
    BWB.is_match(&id)
        .then_some(Source::Identifier(Register::Bwb, id))
}

fn cvdr(text: &str) -> Option<Source> {
    let id = text.to_ascii_uppercase();
    // A version is written with a slash, as in addresses.
    CVDR.is_match(&id)
        .then(|| Source::Identifier(Register::Cvdr, id.replace('_', "/")))
}

fn celex(text: &str) -> Option<Source> {
    let id = text.to_ascii_uppercase();
    CELEX
        .is_match(&id)
        .then_some(Source::Identifier(Register::Celex, id))
}

fn read_jci(jci: &str) -> Option<Reading> {
    let parts = JCI.captures(jci)?;
    let mut reading = Reading::of(bwb(&parts[1])?);
    reading.set_all(&parts[2])?;
    Some(reading)
}

/// Host and the rest of an address, with or without its scheme.
fn split_address(text: &str) -> Option<(String, &str)> {
    let without_scheme = ["https://", "http://"].iter().find_map(|scheme| {
        let (start, address) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(address)
    });
    let address = without_scheme.unwrap_or(text);
    let (host, rest) = address.split_at(address.find(['/', '?', '#']).unwrap_or(address.len()));
    let host = host.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let known = host.ends_with(".overheid.nl") || host.ends_with(".europa.eu");
    (known || without_scheme.is_some()).then(|| (host.to_owned(), rest))
}

/// Path, query and fragment; some links have the query after the fragment.
fn split_rest(rest: &str) -> (&str, &str, &str) {
    let (before, after) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = before.split_once('?').unwrap_or((before, ""));
    match after.split_once('?') {
        Some((fragment, late_query)) => (path, late_query, fragment),
        None => (path, query, after),
    }
}

/// `/BWBR0003420/2026-01-01/#Hoofdstuk3_Artikel153`, `/jci1.3:c:BWBR0003420&artikel=153`, and the forms of former years
/// (`/BWBR0003420/Artikel153/geldigheidsdatum_01-01-2014`, `/cgi-bin/deeplink/law1/bwbid=BWBR0003420/article=153`).
fn read_wetten(rest: &str) -> Option<Reading> {
    let (path, query, fragment) = split_rest(rest);
    let mut reading = Reading::default();
    let mut identified = false;
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let decoded = percent_decode(segment)?;
        if decoded
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("jci"))
        {
            // Values are decoded later, one by one: only what separates them is decoded here.
            let jci = [
                ("%3A", ":"),
                ("%3a", ":"),
                ("%26", "&"),
                ("%3D", "="),
                ("%3d", "="),
            ]
            .iter()
            .fold(segment.to_owned(), |jci, (code, plain)| {
                jci.replace(code, plain)
            });
            reading = read_jci(&jci)?;
            identified = true;
        } else if let Some((key, value)) = decoded.split_once('=') {
            if key.eq_ignore_ascii_case("bwbid") {
                reading.source = bwb(value)?;
                identified = true;
            } else {
                reading.set(key, value)?;
            }
        } else if let Some(date) = decoded.strip_prefix("geldigheidsdatum_") {
            reading.date = Some(NaiveDate::parse_from_str(date, "%d-%m-%Y").ok()?);
        } else if let Some(date) = parse_date(&decoded) {
            reading.date.get_or_insert(date);
        } else if identified {
            reading.set_anchor(&decoded)?;
        } else if let Some(source) = bwb(&decoded) {
            reading.source = source;
            identified = true;
        }
    }
    reading.set_all(query)?;
    reading.set_anchor(&percent_decode(fragment)?)?;
    identified.then_some(reading)
}

/// `/CVDR641839`, `/CVDR641839/1`, `/CVDR641839_1`.
fn read_lokale_regelgeving(rest: &str) -> Option<Reading> {
    let (path, ..) = split_rest(rest);
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let work = segments.find(|segment| segment.to_ascii_uppercase().starts_with("CVDR"))?;
    let version = segments
        .next()
        .filter(|next| next.bytes().all(|byte| byte.is_ascii_digit()));
    let id = match version {
        Some(version) => format!("{work}/{version}"),
        None => work.to_owned(),
    };
    cvdr(&id).map(Reading::of)
}

/// `/legal-content/NL/TXT/?uri=CELEX:32016R0679` and `/eli/reg/2016/679/art_6/oj`.
fn read_european(rest: &str) -> Option<Reading> {
    let (path, query, _) = split_rest(rest);
    let path = path.trim_matches('/');
    if let Some(eli) = path.strip_prefix("eli/") {
        return read_eli(eli);
    }
    let uri = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| key.eq_ignore_ascii_case("uri").then_some(value))?;
    let uri = percent_decode(uri)?;
    let (prefix, id) = uri.split_once(':')?;
    // Addresses of former years add language and form: `CELEX:32008L0048:NL:HTML`.
    let id = id.split(':').next().unwrap_or(id).trim();
    prefix
        .eq_ignore_ascii_case("celex")
        .then(|| celex(id).map(Reading::of))?
}

/// The European Legislation Identifier of a regulation, directive or decision, as the CELEX number of the same act.
fn read_eli(eli: &str) -> Option<Reading> {
    let mut segments = eli.split('/');
    let letter = match segments.next()?.split('_').next()? {
        "reg" => 'R',
        "dir" => 'L',
        "dec" => 'D',
        _ => return None,
    };
    let (year, number) = (segments.next()?, percent_decode(segments.next()?)?);
    let (number, suffix) = number.split_at(number.find('(').unwrap_or(number.len()));
    if number.is_empty() {
        return None;
    }
    let mut reading = Reading::of(celex(&format!("3{year}{letter}{number:0>4}{suffix}"))?);
    for segment in segments {
        match segment.split_once('_') {
            Some(("art", article)) => reading.set("artikel", article)?,
            Some(("par", paragraph)) => reading.set("lid", paragraph)?,
            Some(("pnt", part)) => reading.set("o", part)?,
            _ => {}
        }
    }
    Some(reading)
}

impl Reading {
    fn of(source: Source) -> Self {
        Self {
            source,
            article: None,
            paragraph: None,
            part: None,
            date: None,
        }
    }

    /// Takes `key=value` pairs joined by `&`. `None` when a value is faulty.
    fn set_all(&mut self, pairs: &str) -> Option<()> {
        let pairs: Vec<(&str, &str)> = pairs
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        // The date of validity (g) before the date of viewing (z), whatever their order.
        let of_validity = |(key, _): &&(&str, &str)| key.eq_ignore_ascii_case("g");
        for (key, value) in pairs.iter().filter(of_validity).chain(&pairs) {
            self.set(key, &percent_decode(value)?)?;
        }
        Some(())
    }

    /// Takes one value; of a repeated key the first counts, an unknown key says nothing. `None` when the value is faulty.
    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        match key.to_ascii_lowercase().as_str() {
            "artikel" | "article" => {
                self.article.get_or_insert(parse_article(value)?);
            }
            "lid" => {
                self.paragraph.get_or_insert(parse_paragraph(value)?);
            }
            "o" | "onderdeel" => {
                self.part.get_or_insert(parse_part(value)?);
            }
            "g" | "z" | "date" => {
                self.date.get_or_insert(parse_date(value)?);
            }
            _ => {}
        }
        Some(())
    }

    /// Takes an anchor: `Hoofdstuk3_Paragraaf3.2_Artikel153`, `AfdelingII_HoofdstukP_ArtikelP_15`, `Artikel153_Lid1`. What
    /// names no article says nothing. `None` when the article is faulty.
    fn set_anchor(&mut self, anchor: &str) -> Option<()> {
        fn after<'a>(part: &'a str, word: &str) -> Option<&'a str> {
            let (start, rest) = part.split_at_checked(word.len())?;
            start.eq_ignore_ascii_case(word).then_some(rest)
        }
        let mut parts = anchor.split('_').peekable();
        let Some(mut article) = parts
            .find_map(|part| after(part, "artikel"))
            .map(str::to_owned)
        else {
            return Some(());
        };
        // `ArtikelP_15`: the article's own label holds the separator.
        if article.bytes().all(|byte| byte.is_ascii_uppercase())
            && let Some(number) =
                parts.next_if(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        {
            article = format!("{article} {number}");
        }
        self.set("artikel", &article)?;
        for part in parts {
            if let Some(paragraph) = after(part, "lid") {
                self.set("lid", paragraph)?;
            } else if let Some(part) = after(part, "onderdeel") {
                // Anchors begin each word with a capital; parts are numbered in small letters.
                self.set("o", &part.to_lowercase())?;
            }
        }
        Some(())
    }
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    // The pattern keeps out the signs and other lengths of year that chrono takes.
    DATE.is_match(text).then(|| text.parse().ok()).flatten()
}

/// Undoes percent-encoding. `None` when it is broken or not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            u8::try_from(16 * digit()? + digit()?).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(decoded).ok()
}

/// Percent-encodes all but letters, digits and the marks that identifiers and labels have and addresses allow.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
