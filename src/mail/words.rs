//! The words around a notice's own text, in both languages.

use chrono::{DateTime, Utc};
use chrono_tz::Europe::Amsterdam;

use crate::domain::actor::Language;
pub use crate::domain::wording::{day, organisation};
use crate::mail::facts::Reader;

pub const SERVICE: &str = "Meldpunt Knellende Regelgeving";

/// `12 december 2026 om 14.30 uur`, as the clock in the Netherlands has it.
pub fn moment(at: DateTime<Utc>, language: Language) -> String {
    let local = at.with_timezone(&Amsterdam);
    let date = day(local.date_naive(), language);
    match language {
        Language::Nl => format!("{date} om {} uur", local.format("%H.%M")),
        Language::En => format!("{date} at {} (Dutch time)", local.format("%H:%M")),
    }
}

/// Words of the layout.
pub struct Words {
    pub greeting: &'static str,
    pub closing: &'static str,
    pub signature: &'static str,
    pub button: &'static str,
    pub address: &'static str,
    pub why: &'static str,
    pub automatic: &'static str,
    pub no_reference: &'static str,
    pub reference: &'static str,
    pub title: &'static str,
    pub organisation: &'static str,
    pub rule: &'static str,
    pub status: &'static str,
    pub lead: &'static str,
    pub due: &'static str,
}

pub fn words(language: Language) -> &'static Words {
    match language {
        Language::Nl => &NL,
        Language::En => &EN,
    }
}

static NL: Words = Words {
    greeting: "Beste",
    closing: "Met vriendelijke groet,",
    signature: "Loket Meldpunt Knellende Regelgeving\nMinisterie van Binnenlandse Zaken en Koninkrijksrelaties",
    button: "Bekijk de melding",
    address: "Werkt de knop niet? Kopieer dan dit adres:",
    why: "Waarom krijgt u dit bericht?",
    automatic: "Dit bericht is automatisch verstuurd.",
    no_reference: "uw melding",
    reference: "Kenmerk",
    title: "Onderwerp",
    organisation: "Gemeld door",
    rule: "Regel",
    status: "Status",
    lead: "Behandeld door",
    due: "Uiterlijk",
};

static EN: Words = Words {
    greeting: "Dear",
    closing: "Kind regards,",
    signature: "Desk of the reporting point (Meldpunt Knellende Regelgeving)\nMinistry of the Interior and Kingdom Relations",
    button: "View the report",
    address: "Does the button not work? Copy this address:",
    why: "Why do you get this message?",
    automatic: "This message was sent automatically.",
    no_reference: "your report",
    reference: "Reference",
    title: "Subject",
    organisation: "Reported by",
    rule: "Rule",
    status: "Status",
    lead: "Handled by",
    due: "Due by",
};

/// Why somebody gets a notice.
pub fn why(reader: Reader, language: Language) -> &'static str {
    let (nl, en) = match reader {
        Reader::Reporter => (
            "U hebt deze melding gedaan, of u bent de contactpersoon ervoor.",
            "You made this report, or you are its contact person.",
        ),
        Reader::Follower => (
            "Uw melding is samengevoegd met een andere melding. Daarom houden wij u op de hoogte van die melding.",
            "Your report was merged with another report. That is why we keep you informed about that one.",
        ),
        Reader::Endorser => (
            "Uw organisatie heeft zich aangesloten bij deze melding. Daarom houden wij u op de hoogte.",
            "Your organisation endorsed this report. That is why we keep you informed.",
        ),
        Reader::Lead => (
            "U bent contactpersoon van de organisatie die deze melding behandelt.",
            "You are a liaison of the organisation that handles this report.",
        ),
        Reader::Contributor => (
            "U bent contactpersoon van een organisatie die meebehandelt.",
            "You are a liaison of an organisation that contributes to the handling.",
        ),
        Reader::FormerLead => (
            "U bent contactpersoon van de organisatie die deze melding eerder behandelde.",
            "You are a liaison of the organisation that handled this report before.",
        ),
        Reader::Watcher => (
            "U volgt deze melding. Bij de melding zelf kunt u daarmee stoppen.",
            "You watch this report. At the report itself you can stop doing so.",
        ),
        Reader::Desk => (
            "U werkt bij het loket van het meldpunt.",
            "You work at the desk of the reporting point.",
        ),
        Reader::Authority => (
            "U bent contactpersoon van de organisatie die over de regel gaat waarvan dit experiment afwijkt.",
            "You are a liaison of the organisation that owns the rule this experiment deviates from.",
        ),
        Reader::Participant => (
            "Uw organisatie doet mee aan dit experiment, of een melding van uw organisatie heeft ertoe geleid.",
            "Your organisation takes part in this experiment, or a report of yours led to it.",
        ),
        Reader::Account => (
            "Er is een account voor u bij het meldpunt.",
            "There is an account for you at the reporting point.",
        ),
    };
    match language {
        Language::Nl => nl,
        Language::En => en,
    }
}

/// A corrected property in words.
pub fn field(name: &str, language: Language) -> Option<&'static str> {
    let (nl, en) = match name {
        "regulations" | "citations" => ("De regels waar het om gaat", "The rules it is about"),
        "domains" => ("De beleidsterreinen", "The policy domains"),
        "municipalities" => (
            "De gemeenten waar het speelt",
            "The municipalities it concerns",
        ),
        "provinces" => ("De provincies waar het speelt", "The provinces it concerns"),
        "regions" => ("De regio's waar het speelt", "The regions it concerns"),
        _ => return None,
    };
    Some(match language {
        Language::Nl => nl,
        Language::En => en,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_times_read_as_people_say_them() {
        let nl = |name| organisation(name, Language::Nl);
        assert_eq!(
            nl("Ministerie van Financiën"),
            "het Ministerie van Financiën"
        );
        assert_eq!(nl("Gemeente Sluis"), "gemeente Sluis");
        assert_eq!(nl("Stichting Wonen"), "Stichting Wonen");
        let at = "2026-07-01T22:05:00Z".parse().unwrap();
        assert_eq!(moment(at, Language::Nl), "2 juli 2026 om 00.05 uur");
        assert_eq!(
            moment(at, Language::En),
            "2 July 2026 at 00:05 (Dutch time)"
        );
    }
}
