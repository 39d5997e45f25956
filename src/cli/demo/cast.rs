//! Who is in the demo: a person for every role, a liaison at every ministry, a reporter and an API client at every
//! municipality of the samples. The names are posts, not people.

use std::collections::BTreeMap;

use crate::domain::actor::{Language, Role};
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::reference;
use crate::services::clients::NewClient;
use crate::services::people::NewPerson;
use crate::services::{Context, Error, clients, links, people};
use crate::store::db::Conn;
use crate::store::organisations;

/// Everybody's password; the demo is no place for secrets.
pub const PASSWORD: &str = "knellende regels";

/// The municipality whose people the demo shows.
pub const SHOWN: &str = "GM1714";

/// Municipalities that have a history of a year.
const YEARS_MUNICIPALITIES: usize = 40;

/// What an API client signs in with.
pub struct Credentials {
    pub id: String,
    pub secret: String,
}

/// The clients, by municipality.
pub type Clients = BTreeMap<String, Credentials>;

/// Adds all of them in one transaction; `hash` is that of the password.
pub fn enter(context: &Context, hash: &str) -> Result<Clients, Error> {
    let (ctx, hash) = (context.clone(), hash.to_owned());
    context.db.write_blocking(move |conn| {
        let mut cast = Cast {
            context: &ctx,
            conn,
            hash: &hash,
        };
        cast.operator()?;
        cast.ministries()?;
        cast.municipalities()
    })
}

/// The address of the liaison of a ministry.
pub fn liaison(abbreviation: &str) -> String {
    format!("contact@{}.example", host(abbreviation))
}

/// The address of the reporter of a municipality.
pub fn reporter(organisation: &str) -> String {
    format!("melder@{}.example", host(organisation))
}

/// A name as part of an address: `Gemeente Aa en Hunze` is `aa-en-hunze`.
fn host(name: &str) -> String {
    let name = name.trim_start_matches("Gemeente ").to_lowercase();
    let plain = name.chars().map(|letter| match letter {
        'a'..='z' | '0'..='9' => letter,
        'â' | 'à' => 'a',
        'é' | 'ë' | 'è' => 'e',
        'ú' | 'û' => 'u',
        'ö' => 'o',
        _ => '-',
    });
    let plain: String = plain.collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// A municipality by its code and its name.
pub struct Place {
    pub code: String,
    pub name: String,
}

/// The municipalities of the year: of the regions with a declining population, those that exist.
pub fn places() -> Vec<Place> {
    let mut codes: Vec<String> = reference::regions()
        .into_iter()
        .flat_map(|region| region.municipality_codes)
        .collect();
    codes.sort();
    codes.dedup();
    let names: BTreeMap<String, String> = reference::municipalities()
        .into_iter()
        .filter(|one| one.valid_until.is_none())
        .map(|one| (one.code, one.name))
        .collect();
    codes
        .into_iter()
        .filter_map(|code| {
            let name = names.get(&code)?.clone();
            Some(Place { code, name })
        })
        .take(YEARS_MUNICIPALITIES)
        .collect()
}

struct Cast<'a> {
    context: &'a Context,
    conn: &'a mut Conn,
    hash: &'a str,
}

impl Cast<'_> {
    fn person(
        &mut self,
        organisation: OrganisationId,
        name: &str,
        email: &str,
        role: Role,
    ) -> Result<(), Error> {
        let new = NewPerson {
            name: name.to_owned(),
            email: email.to_owned(),
            language: Language::Nl,
            roles: vec![role],
        };
        let person = people::add(self.context, self.conn, None, organisation, new)?;
        let now = self.context.clock.now();
        links::give_password(self.conn, &person, self.hash, now)
    }

    fn ministry(&mut self, abbreviation: &str) -> Result<Organisation, Error> {
        organisations::by_abbreviation(self.conn, abbreviation)?
            .into_iter()
            .next()
            .ok_or_else(|| Error::Internal(format!("the facts have no {abbreviation}")))
    }

    fn operator(&mut self) -> Result<(), Error> {
        let bzk = self.ministry("BZK")?.id;
        for (name, email, role) in [
            ("Loket Meldpunt", "loket@bzk.example", Role::Desk),
            (
                "Coördinator Meldpunt",
                "coordinator@bzk.example",
                Role::Coordinator,
            ),
            ("Analist Meldpunt", "analist@bzk.example", Role::Analyst),
            ("Beheer Meldpunt", "beheer@bzk.example", Role::Admin),
        ] {
            self.person(bzk, name, email, role)?;
        }
        Ok(())
    }

    fn ministries(&mut self) -> Result<(), Error> {
        for fact in reference::ministries() {
            let ministry = self.ministry(&fact.abbreviation)?;
            let name = format!("Contactpersoon {}", fact.abbreviation);
            self.person(
                ministry.id,
                &name,
                &liaison(&fact.abbreviation),
                Role::Liaison,
            )?;
        }
        Ok(())
    }

    fn municipalities(&mut self) -> Result<Clients, Error> {
        let mut made = Clients::new();
        for sample in reference::sample_reports() {
            let code = sample.municipality;
            if made.contains_key(&code) {
                continue;
            }
            let home = organisations::by_tooi(self.conn, &code.to_lowercase())?
                .ok_or_else(|| Error::Internal(format!("the facts have no {code}")))?;
            self.person(
                home.id,
                &format!("Melder {}", home.name),
                &reporter(&home.name),
                Role::Reporter,
            )?;
            if code == SHOWN {
                let email = format!("beheer@{}.example", host(&home.name));
                self.person(
                    home.id,
                    &format!("Beheer {}", home.name),
                    &email,
                    Role::OrgAdmin,
                )?;
            }
            let new = NewClient {
                name: "Zaaksysteem".into(),
                roles: vec![Role::Reporter],
                scopes: None,
            };
            let (client, secret) = clients::create(self.context, self.conn, None, home.id, new)?;
            let id = client.id.to_string();
            made.insert(code, Credentials { id, secret });
        }
        for place in places() {
            if made.contains_key(&place.code) {
                continue;
            }
            let home = organisations::by_tooi(self.conn, &place.code.to_lowercase())?
                .ok_or_else(|| Error::Internal(format!("the facts have no {}", place.code)))?;
            self.person(
                home.id,
                &format!("Melder {}", home.name),
                &reporter(&home.name),
                Role::Reporter,
            )?;
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain() {
        assert_eq!(
            reporter("Gemeente Aa en Hunze"),
            "melder@aa-en-hunze.example"
        );
        assert_eq!(
            reporter("Gemeente Noardeast-Fryslân"),
            "melder@noardeast-fryslan.example"
        );
        assert_eq!(reporter("Bergen (L.)"), "melder@bergen-l.example");
        assert_eq!(liaison("OCW"), "contact@ocw.example");
    }
}
