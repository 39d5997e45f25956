//! The words for values that reports are counted by.

use std::collections::HashMap;

use crate::domain::actor::{Language, OrganisationKind};
use crate::domain::code::Code;
use crate::domain::counting::dimension::Dimension;
use crate::domain::counting::facts::parts_of;
use crate::domain::id::Id;
use crate::domain::report::Outcome;
use crate::domain::status::{Phase, Status};
use crate::services::Error;
use crate::services::reports::load_organisations;
use crate::store::db::Conn;
use crate::store::{places, policy_domains, regions, regulations};

/// Words by dimension and value.
#[derive(Debug, Clone, Default)]
pub struct Labels(HashMap<(Dimension, String), String>);

impl Labels {
    /// The words for a value; the value itself where there are none, as for a day.
    pub fn of(&self, by: Dimension, value: &str) -> String {
        let known = self.0.get(&(by, value.to_owned()));
        known.cloned().unwrap_or_else(|| value.to_owned())
    }

    /// Looks up the words for values: at most a statement for each dimension with words of its own.
    ///
    /// # Errors
    /// When the database fails.
    pub fn load(
        conn: &mut Conn,
        values: Vec<(Dimension, String)>,
        language: Language,
    ) -> Result<Self, Error> {
        let mut by: HashMap<Dimension, Vec<String>> = HashMap::new();
        for (dimension, value) in values {
            by.entry(dimension).or_default().push(value);
        }
        let mut labels = HashMap::new();
        for (dimension, mut values) in by {
            values.sort_unstable();
            values.dedup();
            for (value, label) in words(conn, dimension, &values, language)? {
                labels.insert((dimension, value), label);
            }
        }
        Ok(Self(labels))
    }
}

fn words(
    conn: &mut Conn,
    by: Dimension,
    values: &[String],
    language: Language,
) -> Result<Vec<(String, String)>, Error> {
    let of_codes = |label: &dyn Fn(&str) -> Option<&'static str>| {
        let known = values
            .iter()
            .filter_map(|value| Some((value.clone(), label(value)?.to_owned())));
        known.collect()
    };
    Ok(match by {
        Dimension::Status => of_codes(&|value| {
            let status = Status::parse(value)?;
            Some(language.pick(status.label(), status.label_en()))
        }),
        Dimension::Phase => of_codes(&|value| Some(Phase::parse(value)?.label(language))),
        Dimension::Outcome => of_codes(&|value| Some(Outcome::parse(value)?.label(language))),
        Dimension::ReporterKind => {
            of_codes(&|value| Some(OrganisationKind::parse(value)?.label(language)))
        }
        Dimension::Authority => {
            let ids = values.iter().filter_map(|id| id.parse::<Id<_>>().ok());
            let ids: Vec<_> = ids.collect();
            load_organisations(conn, ids.into_iter())?
                .into_values()
                .map(|one| (one.id.to_string(), one.name))
                .collect()
        }
        Dimension::Domain => policy_domains::by_codes(conn, values)?
            .into_iter()
            .map(|one| {
                let label = language.pick(&one.label, &one.label_en).to_owned();
                (one.code, label)
            })
            .collect(),
        Dimension::Region => regions::names(conn, values)?,
        Dimension::Province => places::province_names(conn, values)?,
        Dimension::Regulation => regulations::by_identifiers(conn, values)?
            .into_iter()
            .map(|one| (one.identifier, one.short_title.unwrap_or(one.title)))
            .collect(),
        Dimension::Article => {
            let parts: Vec<(&str, &str)> = values.iter().map(|value| parts_of(value)).collect();
            let mut identifiers: Vec<String> =
                parts.iter().map(|(of, _)| (*of).to_owned()).collect();
            identifiers.dedup();
            let titles: HashMap<String, String> = regulations::by_identifiers(conn, &identifiers)?
                .into_iter()
                .map(|one| (one.identifier, one.short_title.unwrap_or(one.title)))
                .collect();
            let label = |(value, (of, article)): (&String, (&str, &str))| {
                let title = titles.get(of).map_or(of, String::as_str);
                let word = language.pick("artikel", "article");
                (value.clone(), format!("{title} {word} {article}"))
            };
            values.iter().zip(parts).map(label).collect()
        }
        Dimension::SubmittedDay
        | Dimension::SubmittedWeek
        | Dimension::SubmittedMonth
        | Dimension::SubmittedYear
        | Dimension::SettledMonth
        | Dimension::SettledYear => Vec::new(),
    })
}
