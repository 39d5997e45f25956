//! Citations: which rule hinders, read from what people have at hand (an identifier, a link, a title) and linked back to
//! the register it is in.

use std::fmt::Write;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::domain::article::{parse_article, parse_paragraph, parse_part};
use crate::domain::code::code_list;
use crate::domain::identifier::pattern;
use crate::domain::invalid::FieldError;

/// Longest citation as sent, in characters.
pub const MAX_CITATION: usize = 500;

/// The Kingdom's first year: no text of a regulation is older.
const EARLIEST_YEAR: i32 = 1815;

code_list! {
    /// The register an identifier is from, hence the level of government that made the rule (Dutch: register).
    pub enum Register {
        /// National regulations (Basiswettenbestand).
        Bwb = "bwb",
        /// Regulations of municipalities, provinces and water boards (Centrale voorziening decentrale regelgeving).
        Cvdr = "cvdr",
        /// Law of the European Union.
        Celex = "celex",
        /// Free text: no identifier was given.
        Unknown = "unknown",
    }
}

/// A citation as sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CitationInput {
    /// Identifier, JCI link, address in a register, or free text.
    pub citation: String,
    pub article: Option<String>,
    pub paragraph: Option<String>,
    pub part: Option<String>,
    pub consulted_on: Option<NaiveDate>,
}

/// A rule and the place in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Citation {
    pub register: Register,
    /// Canonical identifier, such as `BWBR0003420`, `CVDR641839` or `CVDR603544/1`, `32016R0679`; none for free text.
    pub identifier: Option<String>,
    /// The free text, when the register is unknown.
    pub text: Option<String>,
    /// Article (artikel), such as `25h`, `1.50` or `3:4`.
    pub article: Option<String>,
    /// Paragraph (lid), such as `2a`.
    pub paragraph: Option<String>,
    /// Part (onderdeel), such as `b` or `1°`.
    pub part: Option<String>,
    /// Date of the text that was read.
    pub consulted_on: Option<NaiveDate>,
}

impl Citation {
    /// Reads a citation. `pointer` is the JSON pointer of its object, such as `/citations/0`; `today` the date in
    /// Amsterdam.
    ///
    /// # Errors
    /// All faulty fields at once. At `citation`: `required`, `too_long`, `control_characters`, `citation_malformed` (it
    /// means to be an identifier or an address in a register and is none). At their fields: `article_malformed`,
    /// `paragraph_malformed`, `part_malformed`, `date_in_future`, `date_too_early`, and `citation_conflict` where a field
    /// differs from what the citation itself says.
    pub fn parse(
        input: CitationInput,
        pointer: &str,
        today: NaiveDate,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let read = read(&input.citation).unwrap_or_else(|error| {
            errors.push(FieldError {
                pointer: format!("{pointer}/citation"),
                ..error
            });
            Reading::default()
        });
        let mut label = |given: Option<String>, read: Option<String>, field: &Field| {
            let at = format!("{pointer}/{}", field.name);
            let given = given.and_then(|given| {
                let label = (field.parse)(&given);
                if label.is_none() {
                    errors.push(FieldError::new(&at, field.malformed));
                }
                label
            });
            reconcile(given, read, &at, &mut errors)
        };
        let article = label(input.article, read.article, &ARTICLE);
        let paragraph = label(input.paragraph, read.paragraph, &PARAGRAPH);
        let part = label(input.part, read.part, &PART);

        let date_field = if input.consulted_on.is_some() {
            "consultedOn"
        } else {
            "citation"
        };
        let consulted_on = reconcile(
            input.consulted_on,
            read.date,
            &format!("{pointer}/consultedOn"),
            &mut errors,
        );
        if let Some(date) = consulted_on {
            let at = format!("{pointer}/{date_field}");
            if date > today {
                errors.push(FieldError::new(at, "date_in_future").with("latest", today));
            } else if date.year() < EARLIEST_YEAR {
                let earliest = format!("{EARLIEST_YEAR}-01-01");
                errors.push(FieldError::new(at, "date_too_early").with("earliest", earliest));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let (register, identifier, text) = match read.source {
            Source::Identifier(register, identifier) => (register, Some(identifier), None),
            Source::Text(text) => (Register::Unknown, None, Some(text)),
        };
        Ok(Self {
            register,
            identifier,
            text,
            article,
            paragraph,
            part,
            consulted_on,
        })
    }

    /// The identifier of the regulation whatever its version, by which citations of the same rule meet: that of a CVDR
    /// or consolidated CELEX version without the version.
    pub fn regulation(&self) -> Option<String> {
        let identifier = self.identifier.as_deref()?;
        Some(match self.register {
            Register::Cvdr => identifier
                .split('/')
                .next()
                .unwrap_or(identifier)
                .to_owned(),
            Register::Celex => match (identifier.strip_prefix('0'), identifier.split_once('-')) {
                (Some(_), Some((act, _))) => format!("3{}", &act[1..]),
                _ => identifier.to_owned(),
            },
            Register::Bwb | Register::Unknown => identifier.to_owned(),
        })
    }

    /// The JCI 1.3 link of a national rule: `jci1.3:c:BWBR0003420&artikel=153&lid=1&o=a&z=2026-01-01&g=2026-01-01`.
    /// [`Citation::parse`] reads it back.
    pub fn jci(&self) -> Option<String> {
        let identifier = self
            .identifier
            .as_deref()
            .filter(|_| self.register == Register::Bwb)?;
        let mut jci = format!("jci1.3:c:{}", encode(identifier));
        // The blank of `P 15` is written as an underscore, as the official texts do.
        let article = self
            .article
            .as_ref()
            .map(|article| article.replace(' ', "_"));
        for (key, value) in [
            ("artikel", &article),
            ("lid", &self.paragraph),
            ("o", &self.part),
        ] {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = write!(jci, "&{key}={}", encode(value));
            }
        }
        if let Some(date) = self.consulted_on {
            let _ = write!(jci, "&z={date}&g={date}");
        }
        Some(jci)
    }

    /// Where the rule can be read. A national rule with an article is linked by its JCI, which wetten.overheid.nl resolves:
    /// an anchor would need the chapters and sections above the article.
    pub fn url(&self) -> Option<String> {
        let identifier = encode(self.identifier.as_deref()?);
        match self.register {
            Register::Bwb if self.article.is_some() => self
                .jci()
                .map(|jci| format!("https://wetten.overheid.nl/{jci}")),
            Register::Bwb => Some(match self.consulted_on {
                Some(date) => format!("https://wetten.overheid.nl/{identifier}/{date}"),
                None => format!("https://wetten.overheid.nl/{identifier}"),
            }),
            Register::Cvdr => {
                // The slash is that before the version.
                let path = identifier.replace("%2F", "/");
                Some(format!("https://lokaleregelgeving.overheid.nl/{path}"))
            }
            Register::Celex => Some(format!(
                "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:{identifier}"
            )),
            Register::Unknown => None,
        }
    }
}

/// A label that a citation may have in a field of its own.
struct Field {
    name: &'static str,
    malformed: &'static str,
    parse: fn(&str) -> Option<String>,
}

const ARTICLE: Field = Field {
    name: "article",
    malformed: "article_malformed",
    parse: parse_article,
};
const PARAGRAPH: Field = Field {
    name: "paragraph",
    malformed: "paragraph_malformed",
    parse: parse_paragraph,
};
const PART: Field = Field {
    name: "part",
    malformed: "part_malformed",
    parse: parse_part,
};

/// What the field says, else what the citation says; an error when they differ.
fn reconcile<T: PartialEq + ToString>(
    given: Option<T>,
    read: Option<T>,
    pointer: &str,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    match (given, read) {
        (Some(given), Some(read)) => {
            if given != read {
                errors.push(
                    FieldError::new(pointer, "citation_conflict")
                        .with("citation", read.to_string()),
                );
            }
            Some(given)
        }
        (given, read) => given.or(read),
    }
}

// Reading the text of a citation.

enum Source {
    Identifier(Register, String),
    Text(String),
}

/// What the text of a citation says.
struct Reading {
    source: Source,
    article: Option<String>,
    paragraph: Option<String>,
    part: Option<String>,
    date: Option<NaiveDate>,
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
fn read(citation: &str) -> Result<Reading, FieldError> {
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
fn encode(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn parse(input: CitationInput) -> Result<Citation, Vec<FieldError>> {
        Citation::parse(input, "/citations/0", date("2026-11-15"))
    }

    fn parse_text(text: &str) -> Result<Citation, Vec<FieldError>> {
        parse(CitationInput {
            citation: text.into(),
            ..Default::default()
        })
    }

    /// Pointers and codes of the errors of an input.
    fn faults(input: CitationInput) -> Vec<(String, &'static str)> {
        let errors = parse(input).unwrap_err();
        errors
            .into_iter()
            .map(|error| (error.pointer, error.code))
            .collect()
    }

    /// `identifier article paragraph part date`, a `-` for what is absent.
    fn summary(citation: &Citation) -> String {
        let date = citation.consulted_on.map(|date| date.to_string());
        [
            &citation.identifier,
            &citation.article,
            &citation.paragraph,
            &citation.part,
            &date,
        ]
        .map(|field| field.as_deref().unwrap_or("-"))
        .join(" ")
    }

    #[test]
    fn national_rules() {
        for (text, expected) in [
            ("BWBR0005537", "BWBR0005537 - - - -"),
            ("BWBV0001000", "BWBV0001000 - - - -"),
            ("BWBW0033368", "BWBW0033368 - - - -"),
            (" \tbwbr0005537\n", "BWBR0005537 - - - -"),
            (
                "jci1.3:c:BWBR0003420&artikel=153&lid=1",
                "BWBR0003420 153 1 - -",
            ),
            ("jci1.3:c:BWBR0005537&artikel=3:4", "BWBR0005537 3:4 - - -"),
            (
                "jci1.3:c:BWBR0005537&hoofdstuk=1&titeldeel=1.1&artikel=1:3&lid=3&z=2017-03-01&g=2017-03-02",
                "BWBR0005537 1:3 3 - 2017-03-02",
            ),
            (
                "jci1.31:c:BWBR0015703&artikel=20&o=a.",
                "BWBR0015703 20 - a -",
            ),
            (
                "jci1.3:c:BWBR0004627&afdeling=II&hoofdstuk=P&paragraaf=3&artikel=P_15&z=2025-02-12&g=2025-02-12",
                "BWBR0004627 P 15 - - 2025-02-12",
            ),
            ("jci1.3:c:BWBR0028142", "BWBR0028142 - - - -"),
            (
                "JCI1.3:v:bwbr0028142&artikel=4&lid=1&lid=2",
                "BWBR0028142 4 1 - -",
            ),
            (
                "jci1.3:c:BWBR0005537&amp;artikel=3:4&amp;lid=2",
                "BWBR0005537 3:4 2 - -",
            ),
            (
                "jci1.3:c:BWBR0005537&artikel=3%3A4&o=1%C2%B0",
                "BWBR0005537 3:4 - 1° -",
            ),
            (
                "jci1.3:c:BWBR0004627&artikel=P%2015&z=2025-02-12",
                "BWBR0004627 P 15 - - 2025-02-12",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420",
                "BWBR0003420 - - - -",
            ),
            (
                "http://wetten.overheid.nl/BWBR0003420/",
                "BWBR0003420 - - - -",
            ),
            (
                "HTTPS://www.Wetten.Overheid.nl/bwbr0003420",
                "BWBR0003420 - - - -",
            ),
            (
                "wetten.overheid.nl/BWBR0003420/2026-01-01",
                "BWBR0003420 - - - 2026-01-01",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420/2026-01-01/0",
                "BWBR0003420 - - - 2026-01-01",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420/2026-01-01/#HoofdstukI_Titeldeel3.1_Artikel153",
                "BWBR0003420 153 - - 2026-01-01",
            ),
            (
                "https://wetten.overheid.nl/BWBR0005537/2026-01-01#Hoofdstuk1_Titeldeel1.1_Artikel1%3A2",
                "BWBR0005537 1:2 - - 2026-01-01",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420/#Artikel153",
                "BWBR0003420 153 - - -",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420#Artikel153_Lid2",
                "BWBR0003420 153 2 - -",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420#Artikel153_Lid2_OnderdeelB",
                "BWBR0003420 153 2 b -",
            ),
            (
                "https://wetten.overheid.nl/BWBR0004627#AfdelingII_HoofdstukP_ArtikelP_15_Lid1",
                "BWBR0004627 P 15 1 - -",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420#Hoofdstuk3",
                "BWBR0003420 - - - -",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420#Bijlage1",
                "BWBR0003420 - - - -",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420/2026-01-01/#Artikel153?g=2026-01-01&z=2026-11-01",
                "BWBR0003420 153 - - 2026-01-01",
            ),
            (
                "https://wetten.overheid.nl/BWBR0003420/?z=2026-02-01&g=2026-01-01",
                "BWBR0003420 - - - 2026-01-01",
            ),
            (
                "https://wetten.overheid.nl/jci1.3:c:BWBR0003420&artikel=153&z=2026-01-01&g=2026-01-01",
                "BWBR0003420 153 - - 2026-01-01",
            ),
            (
                "https://wetten.overheid.nl/jci1.3%3Ac%3ABWBR0003420%26artikel%3D153",
                "BWBR0003420 153 - - -",
            ),
            (
                "http://wetten.overheid.nl/BWBR0003420/HoofdstukI/Artikel153/geldigheidsdatum_31-12-2014",
                "BWBR0003420 153 - - 2014-12-31",
            ),
            (
                "http://wetten.overheid.nl/cgi-bin/deeplink/law1/bwbid=BWBR0003420/article=153/date=2014-01-01",
                "BWBR0003420 153 - - 2014-01-01",
            ),
        ] {
            let citation = parse_text(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
            assert_eq!(citation.register, Register::Bwb);
            assert_eq!(summary(&citation), expected, "{text}");
        }
    }

    #[test]
    fn local_and_european_rules() {
        for (register, text, id) in [
            (Register::Cvdr, "CVDR641839", "CVDR641839"),
            (Register::Cvdr, "cvdr641839", "CVDR641839"),
            (Register::Cvdr, "CVDR603544/1", "CVDR603544/1"),
            (Register::Cvdr, "CVDR101405_1", "CVDR101405/1"),
            (
                Register::Cvdr,
                "https://lokaleregelgeving.overheid.nl/CVDR641839",
                "CVDR641839",
            ),
            (
                Register::Cvdr,
                "https://lokaleregelgeving.overheid.nl/CVDR603544/12/",
                "CVDR603544/12",
            ),
            (
                Register::Cvdr,
                "lokaleregelgeving.overheid.nl/CVDR603544/1#x?y=z",
                "CVDR603544/1",
            ),
            (Register::Celex, "32016R0679", "32016R0679"),
            (Register::Celex, "32008l0048", "32008L0048"),
            (
                Register::Celex,
                "02016R0679-20160504",
                "02016R0679-20160504",
            ),
            (Register::Celex, "32012A0424(01)", "32012A0424(01)"),
            (Register::Celex, "52012XG1026(01)", "52012XG1026(01)"),
            (Register::Celex, "32016R0679R(02)", "32016R0679R(02)"),
            (Register::Celex, "CELEX:32016R0679", "32016R0679"),
            (Register::Celex, "celex: 32016R0679", "32016R0679"),
            (Register::Celex, "CELEX 32016R0679", "32016R0679"),
            (
                Register::Celex,
                "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:32016R0679",
                "32016R0679",
            ),
            (
                Register::Celex,
                "https://eur-lex.europa.eu/legal-content/NL/TXT/HTML/?from=EN&amp;uri=celex%3A32016R0679R%2802%29#d1",
                "32016R0679R(02)",
            ),
            (
                Register::Celex,
                "http://eur-lex.europa.eu/LexUriServ/LexUriServ.do?uri=CELEX:32008L0048:NL:HTML",
                "32008L0048",
            ),
            (
                Register::Celex,
                "http://data.europa.eu/eli/reg/2013/216/oj",
                "32013R0216",
            ),
            (
                Register::Celex,
                "http://data.europa.eu/eli/reg/2016/679/oj",
                "32016R0679",
            ),
            (
                Register::Celex,
                "http://data.europa.eu/eli/dir/2008/48/oj",
                "32008L0048",
            ),
            (
                Register::Celex,
                "https://eur-lex.europa.eu/eli/dec/2012/21(1)/oj",
                "-",
            ),
            (
                Register::Celex,
                "https://eur-lex.europa.eu/eli/dec/2012/21(01)/oj",
                "32012D0021(01)",
            ),
            (
                Register::Celex,
                "http://data.europa.eu/eli/reg_impl/2020/1/oj",
                "32020R0001",
            ),
        ] {
            match parse_text(text) {
                Ok(citation) => assert_eq!(
                    (citation.register, citation.identifier.as_deref()),
                    (register, Some(id)),
                    "{text}"
                ),
                Err(errors) => {
                    assert_eq!((errors[0].code, id), ("citation_malformed", "-"), "{text}")
                }
            }
        }
        let article = parse_text("http://data.europa.eu/eli/reg/2016/679/art_6/par_1/pnt_f/oj");
        assert_eq!(summary(&article.unwrap()), "32016R0679 6 1 f -");
    }

    #[test]
    fn anything_else_is_free_text() {
        for text in [
            "Wet op het primair onderwijs",
            "2016/679",
            "641839",
            "36410-1",
            "eli/reg/2016/679",
            "BWB is de databank",
            "verordening (EU) 2016/679",
            "https://www.example.org/BWBR0005537",
            "https://wetten.overheid.nl.example.org/BWBR0005537",
            "https://wetten.overheid.nl@example.org/BWBR0005537",
            "<script>alert(1)</script>",
            "javascript:alert(1)",
            "' OR 1=1 --",
            "wet & regel",
            "x",
        ] {
            let citation = parse_text(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
            assert_eq!(citation.register, Register::Unknown, "{text}");
            assert_eq!(citation.text.as_deref(), Some(text));
            assert_eq!(
                (citation.identifier.as_ref(), citation.url(), citation.jci()),
                (None, None, None)
            );
        }
    }

    #[test]
    fn what_means_to_be_an_identifier_is_no_free_text() {
        for text in [
            "BWBR123",
            "BWBR5537",
            "BWBR",
            "BWBR0003420x",
            "BWBR0003420 artikel 153",
            "BWBX0003420",
            "BWBR 0003420",
            "jci1.3:BWBR0005537",
            "jci1.3:c:BWBR0005537?artikel=1",
            "jci1.3:c:BWBR0005537&artikel=",
            "jci1.3:c:BWBR0005537&artikel=1\"onclick",
            "jci1.3:c:BWBR0005537&artikel=1%22onclick",
            "jci1.3:c:BWBR0005537&artikel=%0A1%00",
            "jci1.3:c:BWBR0005537&artikel=%zz",
            "jci1.3:c:BWBR0005537&artikel=%FF",
            "jci1.3:c:BWBR0005537&artikel=1&g=2026-02-30",
            "jci1.3:c:BWBR0005537&artikel=1&g=+12026-1-1",
            "jci1.4:c:BWBR0005537",
            "https://wetten.overheid.nl",
            "https://wetten.overheid.nl/",
            "https://wetten.overheid.nl/zoeken",
            "https://wetten.overheid.nl/BWBR123",
            "https://wetten.overheid.nl/jci1.3:c:BWBR123",
            "https://wetten.overheid.nl/bwbid=32016R0679",
            "https://wetten.overheid.nl/BWBR0003420#Artikel<script>",
            "https://wetten.overheid.nl/BWBR0003420#Artikel%",
            "CVDR",
            "CVDR12345678",
            "https://lokaleregelgeving.overheid.nl/",
            "https://lokaleregelgeving.overheid.nl/CVDR12345678",
            "CELEX:2016/679",
            "CELEX:BWBR0005537",
            "32016R679",
            "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=OJ:L_202401689",
            "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:BWBR0005537",
            "http://data.europa.eu/eli/treaty/tfeu_2012/oj",
            "http://data.europa.eu/eli/reg/2016",
            "http://data.europa.eu/eli/reg/2016//oj",
            "http://data.europa.eu/eli/reg/2016/12345/oj",
        ] {
            let input = CitationInput {
                citation: text.into(),
                ..Default::default()
            };
            let expected = vec![("/citations/0/citation".to_owned(), "citation_malformed")];
            assert_eq!(faults(input), expected, "{text}");
        }
    }

    #[test]
    fn empty_long_and_unprintable_text_is_refused() {
        for (text, code) in [
            ("", "required"),
            (" \n ", "required"),
            ("wet\nop", "control_characters"),
            ("wet\u{0}", "control_characters"),
            ("wet\u{202e}po", "control_characters"),
            ("BWBR0005537\r\nX: y", "control_characters"),
            (&"w".repeat(501), "too_long"),
            (&"BWBR0005537".repeat(10_000), "too_long"),
        ] {
            let input = CitationInput {
                citation: text.into(),
                ..Default::default()
            };
            assert_eq!(faults(input), [("/citations/0/citation".to_owned(), code)]);
        }
        assert!(parse_text(&"é".repeat(500)).is_ok());
    }

    #[test]
    fn fields_add_to_the_citation_and_may_repeat_it() {
        let citation = parse(CitationInput {
            citation: "jci1.3:c:BWBR0003420&artikel=153&g=2026-01-01".into(),
            article: Some("Artikel 153".into()),
            paragraph: Some("eerste lid".into()),
            part: Some("onderdeel b".into()),
            consulted_on: Some(date("2026-01-01")),
        });
        assert_eq!(
            summary(&citation.unwrap()),
            "BWBR0003420 153 1 b 2026-01-01"
        );
    }

    #[test]
    fn all_faulty_fields_are_named_at_once() {
        let conflicting = CitationInput {
            citation: "jci1.3:c:BWBR0003420&artikel=153&lid=1&o=a&g=2026-01-01".into(),
            article: Some("154".into()),
            paragraph: Some("2".into()),
            part: Some("b".into()),
            consulted_on: Some(date("2026-01-02")),
        };
        let errors = parse(conflicting.clone()).unwrap_err();
        assert_eq!(errors[0].params, [("citation", "153".to_owned())]);
        let at = |field: &str| format!("/citations/0/{field}");
        assert_eq!(
            faults(conflicting),
            ["article", "paragraph", "part", "consultedOn"]
                .map(|field| (at(field), "citation_conflict"))
        );
        let malformed = CitationInput {
            citation: "BWBR1".into(),
            article: Some("x y z".into()),
            paragraph: Some("".into()),
            part: Some("<".into()),
            consulted_on: Some(date("2026-11-16")),
        };
        assert_eq!(
            faults(malformed),
            [
                (at("citation"), "citation_malformed"),
                (at("article"), "article_malformed"),
                (at("paragraph"), "paragraph_malformed"),
                (at("part"), "part_malformed"),
                (at("consultedOn"), "date_in_future"),
            ]
        );
    }

    #[test]
    fn dates_lie_between_1815_and_today() {
        let on = |day| CitationInput {
            citation: "BWBR0003420".into(),
            consulted_on: Some(date(day)),
            ..Default::default()
        };
        assert!(parse(on("2026-11-15")).is_ok() && parse(on("1815-01-01")).is_ok());
        let at = "/citations/0/consultedOn".to_owned();
        assert_eq!(faults(on("2026-11-16")), [(at.clone(), "date_in_future")]);
        assert_eq!(faults(on("1814-12-31")), [(at, "date_too_early")]);
        // A date within the citation is reported there.
        let input = CitationInput {
            citation: "https://wetten.overheid.nl/BWBR0003420/2027-01-01".into(),
            ..Default::default()
        };
        assert_eq!(
            faults(input),
            [("/citations/0/citation".to_owned(), "date_in_future")]
        );
    }

    #[test]
    fn links() {
        for (text, jci, url) in [
            (
                "BWBR0003420",
                "jci1.3:c:BWBR0003420",
                "https://wetten.overheid.nl/BWBR0003420",
            ),
            (
                "wetten.overheid.nl/BWBR0003420/2026-01-01",
                "jci1.3:c:BWBR0003420&z=2026-01-01&g=2026-01-01",
                "https://wetten.overheid.nl/BWBR0003420/2026-01-01",
            ),
            (
                "jci1.3:c:BWBR0003420&artikel=153&lid=1&o=1%C2%B0&g=2026-01-01",
                "jci1.3:c:BWBR0003420&artikel=153&lid=1&o=1%C2%B0&z=2026-01-01&g=2026-01-01",
                "https://wetten.overheid.nl/jci1.3:c:BWBR0003420&artikel=153&lid=1&o=1%C2%B0&z=2026-01-01&g=2026-01-01",
            ),
            (
                "jci1.3:c:BWBR0004627&artikel=P_15",
                "jci1.3:c:BWBR0004627&artikel=P_15",
                "https://wetten.overheid.nl/jci1.3:c:BWBR0004627&artikel=P_15",
            ),
            (
                "CVDR603544_1",
                "-",
                "https://lokaleregelgeving.overheid.nl/CVDR603544/1",
            ),
            (
                "32016R0679R(02)",
                "-",
                "https://eur-lex.europa.eu/legal-content/NL/TXT/?uri=CELEX:32016R0679R(02)",
            ),
        ] {
            let citation = parse_text(text).unwrap();
            assert_eq!(citation.jci().as_deref().unwrap_or("-"), jci);
            assert_eq!(citation.url().as_deref(), Some(url));
            assert_eq!(parse_text(url).unwrap(), citation);
        }
    }

    #[test]
    fn versions_are_of_one_regulation() {
        for (text, regulation) in [
            ("BWBR0003420", Some("BWBR0003420")),
            ("CVDR603544/1", Some("CVDR603544")),
            ("CVDR603544", Some("CVDR603544")),
            ("02016R0679-20160504", Some("32016R0679")),
            ("32016R0679", Some("32016R0679")),
            ("Gemeentewet", None),
        ] {
            assert_eq!(
                parse_text(text).unwrap().regulation().as_deref(),
                regulation
            );
        }
    }

    fn is_safe(address: &str) -> bool {
        address
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/()%&=?".contains(&byte))
    }

    /// Text that resembles citations, to reach beyond the first check.
    fn near_citation() -> impl Strategy<Value = String> {
        let start = prop_oneof![
            Just("jci1.3:c:BWBR0003420"),
            Just("https://wetten.overheid.nl/BWBR0003420"),
            Just("https://wetten.overheid.nl/jci1.3:c:BWBR0003420"),
            Just("CVDR1"),
            Just("https://lokaleregelgeving.overheid.nl/CVDR1"),
            Just("https://eur-lex.europa.eu/?uri=CELEX:32016R0679"),
            Just("http://data.europa.eu/eli/reg/2016/679"),
            Just(""),
        ];
        let piece = "[&/#?_](artikel=|Artikel|lid=|o=|g=|art_|Lid)?[ -~é%]{0,6}";
        (start, proptest::collection::vec(piece, 0..4))
            .prop_map(|(start, pieces)| format!("{start}{}", pieces.concat()))
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser_or_the_links(text in prop_oneof![near_citation(), any::<String>()]) {
            if let Ok(citation) = parse_text(&text) {
                prop_assert!(citation.url().is_none_or(|url| is_safe(&url)));
                prop_assert!(citation.jci().is_none_or(|jci| is_safe(&jci)));
            }
        }

        #[test]
        fn links_are_safe_even_when_the_fields_are_not(
            register in prop_oneof![Just(Register::Bwb), Just(Register::Cvdr), Just(Register::Celex)],
            identifier in any::<String>(),
            article in any::<Option<String>>(),
        ) {
            let citation = Citation {
                register,
                identifier: Some(identifier),
                text: None,
                paragraph: article.clone(),
                part: article.clone(),
                article,
                consulted_on: None,
            };
            prop_assert!(citation.url().is_none_or(|url| is_safe(&url)));
            prop_assert!(citation.jci().is_none_or(|jci| is_safe(&jci)));
        }

        #[test]
        fn a_jci_link_is_read_back(
            number in 0..9_999_999_u32,
            article in proptest::option::of("[1-9][0-9]{0,2}[a-z]?|[1-9]:[0-9]{1,3}|[1-9]\\.[0-9]{1,2}|[A-Z] [1-9]"),
            paragraph in proptest::option::of("[1-9][0-9]?[a-z]?"),
            part in proptest::option::of("[a-z]{1,2}|[1-9]°"),
            days in proptest::option::of(0..9000_u64),
        ) {
            let citation = Citation {
                register: Register::Bwb,
                identifier: Some(format!("BWBR{number:07}")),
                text: None,
                article,
                paragraph,
                part,
                consulted_on: days.map(|days| date("2002-01-01") + chrono::Days::new(days)),
            };
            prop_assert_eq!(parse_text(&citation.jci().unwrap()), Ok(citation.clone()));
            if citation.article.is_some() {
                prop_assert_eq!(parse_text(&citation.url().unwrap()), Ok(citation));
            }
        }
    }
}
