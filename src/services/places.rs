//! Municipalities and regions: what makes one faulty.

use chrono::{DateTime, Utc};

use crate::domain::identifier::parse_municipality_code;
use crate::domain::invalid::FieldError;
use crate::domain::place::{Municipality, Region};
use crate::services::Error;
use crate::services::reference::{Fact, check_codes, check_validity};
use crate::store::db::Conn;
use crate::store::listing::Listing;
use crate::store::{places, regions};

impl Fact for Municipality {
    type Key = String;
    type Filter = places::Filter;

    fn key(&self) -> String {
        self.code.clone()
    }

    fn label(&self) -> &str {
        &self.name
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn advance(&mut self, _: DateTime<Utc>) {
        self.version += 1;
    }

    fn check(&mut self, _: Option<&Self>, conn: &mut Conn) -> Result<Vec<FieldError>, Error> {
        let mut faults = Vec::new();
        canonical(std::slice::from_mut(&mut self.code));
        canonical(&mut self.successors);
        check_validity(
            self.valid_from,
            self.valid_until,
            !self.successors.is_empty(),
            &mut faults,
        );
        if places::find_province(conn, &self.province_code)?.is_none() {
            faults.push(FieldError::new("/provinceCode", "unknown_province"));
        }
        known_municipalities(conn, &self.successors, "/successors", &mut faults)?;
        if let Some(own) = self.successors.iter().position(|code| *code == self.code) {
            let at = format!("/successors/{own}");
            faults.retain(|fault| fault.pointer != at);
            faults.push(FieldError::new(at, "circular_succession"));
        }
        Ok(faults)
    }

    fn find(conn: &mut Conn, key: &String) -> Result<Option<Self>, Error> {
        Ok(places::find(conn, key)?)
    }

    fn list(
        conn: &mut Conn,
        listing: &Listing,
        filter: &places::Filter,
        after: Option<&(String, String)>,
    ) -> Result<Vec<Self>, Error> {
        Ok(places::list(conn, listing, filter, after)?)
    }

    fn insert(&self, conn: &mut Conn) -> Result<(), diesel::result::Error> {
        places::insert(conn, std::slice::from_ref(self))
    }

    fn update(&self, seen: i32, conn: &mut Conn) -> Result<bool, diesel::result::Error> {
        places::update(conn, seen, self)
    }
}

impl Fact for Region {
    type Key = String;
    type Filter = regions::Filter;

    fn key(&self) -> String {
        self.code.clone()
    }

    fn label(&self) -> &str {
        &self.name
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn advance(&mut self, _: DateTime<Utc>) {
        self.version += 1;
    }

    fn check(&mut self, _: Option<&Self>, conn: &mut Conn) -> Result<Vec<FieldError>, Error> {
        let mut faults = Vec::new();
        check_validity(self.valid_from, self.valid_until, false, &mut faults);
        canonical(&mut self.municipalities);
        let found =
            known_municipalities(conn, &self.municipalities, "/municipalities", &mut faults)?;
        self.municipalities.sort();
        self.provinces = found.into_iter().map(|place| place.province_code).collect();
        self.provinces.sort();
        self.provinces.dedup();
        Ok(faults)
    }

    fn find(conn: &mut Conn, key: &String) -> Result<Option<Self>, Error> {
        Ok(regions::find(conn, key)?)
    }

    fn list(
        conn: &mut Conn,
        listing: &Listing,
        filter: &regions::Filter,
        after: Option<&(String, String)>,
    ) -> Result<Vec<Self>, Error> {
        Ok(regions::list(conn, listing, filter, after)?)
    }

    fn insert(&self, conn: &mut Conn) -> Result<(), diesel::result::Error> {
        regions::insert(conn, std::slice::from_ref(self))
    }

    fn update(&self, seen: i32, conn: &mut Conn) -> Result<bool, diesel::result::Error> {
        regions::update(conn, seen, self)
    }
}

/// `gm1714` and `1714` are written `GM1714`.
fn canonical(codes: &mut [String]) {
    for code in codes {
        if let Some(canonical) = parse_municipality_code(code) {
            *code = canonical;
        }
    }
}

/// Looks municipalities up, ended ones too, and names those that are not there.
fn known_municipalities(
    conn: &mut Conn,
    codes: &[String],
    pointer: &str,
    faults: &mut Vec<FieldError>,
) -> Result<Vec<Municipality>, Error> {
    let found = places::municipalities(conn, codes)?;
    let known: Vec<String> = found.iter().map(|place| place.code.clone()).collect();
    check_codes(codes, &known, pointer, "unknown_municipality", faults);
    Ok(found)
}
