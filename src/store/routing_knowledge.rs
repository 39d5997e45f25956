//! What routing knows beside its rules: authorities that are ended, what others than the State made, and what things are
//! called. Read when the rules are, a handful of statements.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::actor::OrganisationKind;
use crate::domain::id::OrganisationId;
use crate::domain::place::RegionKind;
use crate::domain::regulation::RegulationLevel;
use crate::domain::routing::ranking::{Ranker, Source};
use crate::domain::routing::{Because, Knowledge};
use crate::store::db::Conn;
use crate::store::deadline_profiles;
use crate::store::schema::{domains, organisations, regions, regulations};
use crate::store::types::{Coded, Json};

/// Code, names and lead.
type Domain = (String, String, String, Option<OrganisationId>);

/// Identifier, owner, title, what people call it, and other names.
type Title = (
    String,
    OrganisationId,
    String,
    Option<String>,
    Json<Vec<String>>,
);

/// A ministry: name and TOOI code.
type Ministry = (OrganisationId, String, Option<String>);

/// Reads it; `usual_words` are those about a policy domain by its code, about a regulation by its identifier, and about a
/// ministry by its TOOI code.
pub fn read(conn: &mut Conn, usual_words: &HashMap<String, String>) -> QueryResult<Knowledge> {
    type Organisation = (
        OrganisationId,
        Coded<OrganisationKind>,
        Option<NaiveDate>,
        bool,
        String,
        Option<String>,
    );
    let all: Vec<Organisation> = organisations::table
        .select((
            organisations::id,
            organisations::kind,
            organisations::valid_until,
            organisations::operator,
            organisations::name,
            organisations::tooi,
        ))
        .order(organisations::id)
        .load(conn)?;
    let others: Vec<(String, Coded<RegulationLevel>, Option<OrganisationId>)> = regulations::table
        .filter(regulations::level.ne(Coded(RegulationLevel::National)))
        .select((
            regulations::identifier,
            regulations::level,
            regulations::owner_id,
        ))
        .load(conn)?;
    let labels: Vec<Domain> = domains::table
        .order(domains::code)
        .select((
            domains::code,
            domains::label,
            domains::label_en,
            domains::lead_id,
        ))
        .load(conn)?;
    let titles: Vec<Title> = regulations::table
        .filter(regulations::owner_id.is_not_null())
        .order(regulations::identifier)
        .select((
            regulations::identifier,
            regulations::owner_id.assume_not_null(),
            regulations::title,
            regulations::short_title,
            regulations::aliases,
        ))
        .load(conn)?;
    let ministries = all
        .iter()
        .filter(|(_, kind, ..)| kind.0 == OrganisationKind::Ministry)
        .map(|(id, _, _, _, name, tooi)| (*id, name.clone(), tooi.clone()))
        .collect();
    let kinds: Vec<(String, Coded<RegionKind>)> = regions::table
        .select((regions::code, regions::kind))
        .load(conn)?;
    Ok(Knowledge {
        ended: all
            .iter()
            .filter_map(|(id, _, until, ..)| Some((*id, (*until)?)))
            .collect(),
        operator: all.iter().find(|one| one.3).map(|one| one.0),
        kinds: all.iter().map(|(id, kind, ..)| (*id, kind.0)).collect(),
        others: others
            .into_iter()
            .map(|(id, level, owner)| (id, (level.0, owner)))
            .collect(),
        ranker: Arc::new(Ranker::new(sources(
            ministries,
            &labels,
            titles,
            usual_words,
        ))),
        domains: labels
            .into_iter()
            .map(|(code, nl, en, _)| (code, Because { nl, en }))
            .collect(),
        profiles: deadline_profiles::all(conn)?
            .into_iter()
            .map(|profile| (profile.code.clone(), profile))
            .collect(),
        regions: kinds
            .into_iter()
            .map(|(code, kind)| (code, kind.0))
            .collect(),
    })
}

/// What is known of the tasks, the policy domains and the regulations of each authority.
fn sources(
    ministries: Vec<Ministry>,
    domains: &[Domain],
    titles: Vec<Title>,
    usual_words: &HashMap<String, String>,
) -> Vec<Source> {
    let words_of = |key: &str| usual_words.get(key).map_or("", String::as_str);
    let of_ministry = |(authority, name, tooi): Ministry| Source {
        authority,
        text: format!("{name} {}", words_of(tooi.as_deref().unwrap_or_default())),
        label: Because {
            nl: format!("taken van {name}"),
            en: format!("tasks of {name}"),
        },
    };
    let of_domain = |(code, nl, en, lead): &Domain| {
        let words = words_of(code);
        Some(Source {
            authority: (*lead)?,
            label: Because {
                nl: format!("beleidsterrein {nl}"),
                en: format!("policy domain {en}"),
            },
            text: format!("{nl} {nl} {words}"),
        })
    };
    let of_title = |(identifier, authority, title, short_title, aliases): Title| {
        let label = short_title.clone().unwrap_or_else(|| title.clone());
        let names = short_title.into_iter().chain(aliases.0);
        Source {
            authority,
            label: Because {
                nl: label.clone(),
                en: label,
            },
            text: names
                .chain(std::iter::once(words_of(&identifier).to_owned()))
                .fold(title, |all, more| format!("{all} {more}")),
        }
    };
    domains
        .iter()
        .filter_map(of_domain)
        .chain(titles.into_iter().map(of_title))
        .chain(ministries.into_iter().map(of_ministry))
        .collect()
}
