//! What routing knows beside its rules: authorities that are ended, what others than the State made, and what things are
//! called. Read when the rules are, a handful of statements.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::actor::OrganisationKind;
use crate::domain::id::OrganisationId;
use crate::domain::place::RegionKind;
use crate::domain::regulation::RegulationLevel;
use crate::domain::routing::{Because, Knowledge};
use crate::store::db::Conn;
use crate::store::deadline_profiles;
use crate::store::schema::{domains, organisations, regions, regulations};
use crate::store::types::Coded;

pub fn read(conn: &mut Conn) -> QueryResult<Knowledge> {
    type Organisation = (
        OrganisationId,
        Coded<OrganisationKind>,
        Option<NaiveDate>,
        bool,
    );
    let all: Vec<Organisation> = organisations::table
        .select((
            organisations::id,
            organisations::kind,
            organisations::valid_until,
            organisations::operator,
        ))
        .load(conn)?;
    let others: Vec<(String, Coded<RegulationLevel>, Option<OrganisationId>)> = regulations::table
        .filter(regulations::level.ne(Coded(RegulationLevel::National)))
        .select((
            regulations::identifier,
            regulations::level,
            regulations::owner_id,
        ))
        .load(conn)?;
    let labels: Vec<(String, String, String)> = domains::table
        .select((domains::code, domains::label, domains::label_en))
        .load(conn)?;
    let kinds: Vec<(String, Coded<RegionKind>)> = regions::table
        .select((regions::code, regions::kind))
        .load(conn)?;
    Ok(Knowledge {
        ended: all
            .iter()
            .filter_map(|(id, _, until, _)| Some((*id, (*until)?)))
            .collect(),
        operator: all.iter().find(|one| one.3).map(|one| one.0),
        kinds: all.iter().map(|(id, kind, ..)| (*id, kind.0)).collect(),
        others: others
            .into_iter()
            .map(|(id, level, owner)| (id, (level.0, owner)))
            .collect(),
        domains: labels
            .into_iter()
            .map(|(code, nl, en)| (code, Because { nl, en }))
            .collect::<HashMap<_, _>>(),
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
