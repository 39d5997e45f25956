//! Organisations: what makes one faulty.

use chrono::{DateTime, Utc};

use crate::domain::actor::{Actor, OrganisationKind};
use crate::domain::id::OrganisationId;
use crate::domain::identifier::{Tooi, TooiRegister, parse_municipality_code};
use crate::domain::invalid::FieldError;
use crate::domain::organisation::Organisation;
use crate::domain::policy;
use crate::domain::register::{AuditKind, Change, Subject, SubjectKind, change};
use crate::services::Error;
use crate::services::reference::{Fact, check_validity, comes_back};
use crate::store::db::Conn;
use crate::store::listing::Listing;
use crate::store::{organisations, places};

impl Fact for Organisation {
    type Key = OrganisationId;
    type Filter = organisations::Filter;

    fn key(&self) -> OrganisationId {
        self.id
    }

    fn label(&self) -> &str {
        &self.name
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn advance(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.updated_at = now;
    }

    fn may_change(actor: &Actor) -> bool {
        policy::may_change_organisations(actor)
    }

    fn check(&mut self, _: Option<&Self>, conn: &mut Conn) -> Result<Vec<FieldError>, Error> {
        let mut faults = Vec::new();
        check_validity(
            self.valid_from,
            self.valid_until,
            self.successor.is_some(),
            &mut faults,
        );
        check_places(self, conn, &mut faults)?;
        check_tooi(self, &mut faults);
        if self.owns_rules && self.kind == OrganisationKind::Partner {
            faults.push(FieldError::new("/ownsRules", "not_for_kind"));
        }
        check_successor(self, conn, &mut faults)?;
        Ok(faults)
    }

    fn find(conn: &mut Conn, key: &OrganisationId) -> Result<Option<Self>, Error> {
        Ok(organisations::find(conn, *key)?)
    }

    fn list(
        conn: &mut Conn,
        listing: &Listing,
        filter: &organisations::Filter,
        after: Option<&(String, OrganisationId)>,
    ) -> Result<Vec<Self>, Error> {
        Ok(organisations::list(conn, listing, filter, after)?)
    }

    fn audited(before: Option<&Self>, after: &Self) -> Option<(AuditKind, Subject, Vec<Change>)> {
        let kind = match before {
            None => AuditKind::OrganisationAdded,
            Some(_) => AuditKind::OrganisationChanged,
        };
        let subject = Subject {
            kind: SubjectKind::Organisation,
            id: after.id.uuid(),
            name: after.name.clone(),
            organisation: after.id,
        };
        Some((kind, subject, differences(before, after)))
    }

    fn insert(&self, conn: &mut Conn) -> Result<(), diesel::result::Error> {
        organisations::insert(conn, std::slice::from_ref(self))
    }

    fn update(&self, seen: i32, conn: &mut Conn) -> Result<bool, diesel::result::Error> {
        organisations::update(conn, seen, self)
    }
}

/// The fields that differ; of a new one those it has.
fn differences(before: Option<&Organisation>, after: &Organisation) -> Vec<Change> {
    macro_rules! field {
        ($name:literal, $field:ident) => {
            change($name, before.map(|before| &before.$field), &after.$field)
        };
    }
    let changes = [
        field!("kind", kind),
        field!("name", name),
        field!("abbreviation", abbreviation),
        field!("tooi", tooi),
        field!("municipalityCode", municipality_code),
        field!("provinceCode", province_code),
        field!("ownsRules", owns_rules),
        field!("validFrom", valid_from),
        field!("validUntil", valid_until),
        field!("successor", successor),
    ];
    changes.into_iter().flatten().collect()
}

/// A municipality is one of the list and lies where that says; a province is one of the list; a ministry lies in none.
fn check_places(
    organisation: &mut Organisation,
    conn: &mut Conn,
    faults: &mut Vec<FieldError>,
) -> Result<(), Error> {
    let kind = organisation.kind;
    if kind == OrganisationKind::Municipality {
        let Some(given) = &organisation.municipality_code else {
            faults.push(FieldError::new("/municipalityCode", "required"));
            return Ok(());
        };
        let code = parse_municipality_code(given).unwrap_or_else(|| given.clone());
        match places::find(conn, &code)? {
            None => faults.push(FieldError::new("/municipalityCode", "unknown_municipality")),
            Some(municipality) => {
                if let Some(province) = &organisation.province_code
                    && *province != municipality.province_code
                {
                    faults.push(FieldError::new("/provinceCode", "code_conflict"));
                }
                organisation.province_code = Some(municipality.province_code);
                organisation.municipality_code = Some(code);
            }
        }
        return Ok(());
    }
    if organisation.municipality_code.is_some() {
        faults.push(FieldError::new("/municipalityCode", "not_for_kind"));
    }
    match &organisation.province_code {
        None if kind == OrganisationKind::Province => {
            faults.push(FieldError::new("/provinceCode", "required"));
        }
        Some(_) if kind == OrganisationKind::Ministry => {
            faults.push(FieldError::new("/provinceCode", "not_for_kind"));
        }
        Some(code) if places::find_province(conn, code)?.is_none() => {
            faults.push(FieldError::new("/provinceCode", "unknown_province"));
        }
        _ => {}
    }
    Ok(())
}

/// The TOOI code is from the register of its kind; that of a municipality or province follows from its own code.
fn check_tooi(organisation: &mut Organisation, faults: &mut Vec<FieldError>) {
    let (register, own) = match organisation.kind {
        OrganisationKind::Ministry => (TooiRegister::Ministry, None),
        OrganisationKind::Municipality => (
            TooiRegister::Municipality,
            organisation.municipality_code.as_deref(),
        ),
        OrganisationKind::Province => (
            TooiRegister::Province,
            organisation.province_code.as_deref(),
        ),
        OrganisationKind::WaterBoard => (TooiRegister::WaterBoard, None),
        OrganisationKind::EuContact | OrganisationKind::Partner => (TooiRegister::Other, None),
    };
    let own = own.map(str::to_lowercase);
    let Some(given) = &organisation.tooi else {
        organisation.tooi = own;
        return;
    };
    let fault = match Tooi::parse(given) {
        None => "code_malformed",
        Some(tooi) if tooi.register != register => "not_for_kind",
        Some(tooi) if own.is_some_and(|own| own != tooi.code) => "code_conflict",
        Some(tooi) => {
            organisation.tooi = Some(tooi.code);
            return;
        }
    };
    faults.push(FieldError::new("/tooi", fault));
}

fn check_successor(
    organisation: &Organisation,
    conn: &mut Conn,
    faults: &mut Vec<FieldError>,
) -> Result<(), Error> {
    let Some(successor) = organisation.successor else {
        return Ok(());
    };
    if organisations::find(conn, successor)?.is_none() {
        faults.push(FieldError::new("/successor", "unknown_organisation"));
        return Ok(());
    }
    let back = comes_back(&organisation.id, Some(successor), |id| {
        Ok(organisations::find(conn, *id)?.and_then(|found| found.successor))
    })?;
    if back {
        faults.push(FieldError::new("/successor", "circular_succession"));
    }
    Ok(())
}
