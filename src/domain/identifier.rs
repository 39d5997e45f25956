//! Identifiers of organisations: TOOI codes, OIN and the municipality codes of Statistics Netherlands (CBS). Only the
//! shape is checked; whether the organisation exists is a separate question.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::code::code_list;

code_list! {
    /// The TOOI register that a code is from; its text is the register's name in a TOOI address.
    pub enum TooiRegister {
        Ministry = "ministerie",
        Municipality = "gemeente",
        Province = "provincie",
        WaterBoard = "waterschap",
        /// Other government organisations (overige overheidsorganisaties).
        Other = "oorg",
    }
}

/// The TOOI code of a government organisation, such as `mnre1034`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tooi {
    pub register: TooiRegister,
    pub code: String,
}

const TOOI_ADDRESS: &str = "https://identifier.overheid.nl/tooi/id/";

static TOOI: LazyLock<Regex> = LazyLock::new(|| {
    pattern("^(?:(mnre[0-9]{4})|(gm[0-9]{4})|(pv[0-9]{2})|(ws[0-9]{4})|(oorg[0-9]{5}))$")
});
static OIN: LazyLock<Regex> =
    LazyLock::new(|| pattern("^(?:000000(?:0[1-9]|10)|00000099)[0-9A-Z]{9}[0-9]{3}$"));
static MUNICIPALITY: LazyLock<Regex> = LazyLock::new(|| pattern("^(?:GM|gm)?([0-9]{4})$"));

impl Tooi {
    /// Reads a code (`gm0363`, in lower case as TOOI writes it) or its address
    /// (`https://identifier.overheid.nl/tooi/id/gemeente/gm0363`). `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        use TooiRegister::*;
        let text = text.trim();
        let code = text
            .strip_prefix(TOOI_ADDRESS)
            .and_then(|path| path.rsplit_once('/'))
            .map_or(text, |(_, code)| code);
        let groups = TOOI.captures(code)?;
        let register = [Ministry, Municipality, Province, WaterBoard, Other]
            .into_iter()
            .zip(1..)
            .find_map(|(register, group)| groups.get(group).map(|_| register))?;
        let tooi = Self {
            register,
            code: code.to_owned(),
        };
        (text == code || text == tooi.uri()).then_some(tooi)
    }

    /// The address of the organisation in the TOOI register.
    pub fn uri(&self) -> String {
        format!("{TOOI_ADDRESS}{}/{}", self.register, self.code)
    }
}

/// Reads an OIN (organisatie-identificatienummer): 20 positions with a prefix that Logius hands out. It has no check
/// digit. `None` when it is none.
pub fn parse_oin(text: &str) -> Option<String> {
    let text = text.trim();
    OIN.is_match(text).then(|| text.to_owned())
}

/// Reads the CBS code of a municipality, written `GM1714`, `gm1714` or `1714`, and gives it as `GM1714`. `None` when it
/// is none.
pub fn parse_municipality_code(text: &str) -> Option<String> {
    MUNICIPALITY
        .captures(text.trim())
        .map(|groups| format!("GM{}", &groups[1]))
}

/// Compiles a pattern that stands in the source.
///
/// # Panics
/// On a faulty pattern, which the first test to use it shows.
pub(crate) fn pattern(literal: &str) -> Regex {
    Regex::new(literal).unwrap_or_else(|error| panic!("pattern {literal}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tooi_codes() {
        use TooiRegister::*;
        for (register, valid) in [
            (Ministry, &["mnre1034", "mnre1045"][..]),
            (Municipality, &["gm0363", "gm0344"]),
            (Province, &["pv20", "pv31"]),
            (WaterBoard, &["ws0652"]),
            (Other, &["oorg10007", "oorg10103"]),
        ] {
            for code in valid {
                let tooi = Tooi::parse(code).unwrap();
                assert_eq!((tooi.register, tooi.code.as_str()), (register, *code));
                assert_eq!(Tooi::parse(&tooi.uri()), Some(tooi));
            }
        }
        for invalid in [
            "mnre103",
            "MNRE1034",
            "gm363",
            "GM0363",
            "0363",
            "pv1",
            "pv020",
            "ws652",
            "oorg1",
            "",
            "gm0363\"",
            "https://identifier.overheid.nl/tooi/id/ministerie/gm0363",
            "https://example.org/tooi/id/gemeente/gm0363",
            "https://identifier.overheid.nl/tooi/id/",
        ] {
            assert_eq!(Tooi::parse(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn tooi_addresses() {
        let address = "https://identifier.overheid.nl/tooi/id/oorg/oorg10007";
        assert_eq!(Tooi::parse(" oorg10007 ").unwrap().uri(), address);
    }

    #[test]
    fn oins() {
        for valid in [
            "00000001003214345000",
            "00000004114202890000",
            "00000003123456780000",
            "00000099000000001000",
        ] {
            assert_eq!(parse_oin(valid).as_deref(), Some(valid));
        }
        for invalid in ["0000000100321434500", "00000011003214345000", "", "x"] {
            assert_eq!(parse_oin(invalid), None);
        }
    }

    #[test]
    fn municipality_codes() {
        for valid in ["GM1714", "gm1714", "1714", " 1714 "] {
            assert_eq!(parse_municipality_code(valid).as_deref(), Some("GM1714"));
        }
        for valid in ["0363", "0014"] {
            assert_eq!(parse_municipality_code(valid), Some(format!("GM{valid}")));
        }
        for invalid in ["363", "GM363", "Gm1714", "GM17145", "PV27", "", "GM1714\n1"] {
            assert_eq!(parse_municipality_code(invalid), None, "{invalid}");
        }
    }
}
