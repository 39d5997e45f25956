//! Regulations and policy domains: what makes one faulty.

use chrono::{DateTime, Utc};

use crate::domain::citation::Register;
use crate::domain::invalid::FieldError;
use crate::domain::regulation::{PolicyDomain, Regulation, RegulationKind, RegulationLevel};
use crate::services::Error;
use crate::services::reference::{Fact, check_authority, check_codes, check_validity, comes_back};
use crate::store::db::Conn;
use crate::store::listing::Listing;
use crate::store::{policy_domains, regulations};

impl Fact for Regulation {
    type Key = String;
    type Filter = regulations::Filter;

    fn key(&self) -> String {
        self.identifier.clone()
    }

    fn label(&self) -> &str {
        &self.title
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn advance(&mut self, _: DateTime<Utc>) {
        self.version += 1;
    }

    fn check(&mut self, before: Option<&Self>, conn: &mut Conn) -> Result<Vec<FieldError>, Error> {
        let mut faults = Vec::new();
        check_validity(self.valid_from, self.valid_until, false, &mut faults);
        check_register(self, &mut faults);
        // An owner that was right when it was written stays, whatever became of it.
        if let Some(owner) = self.owner
            && before.is_none_or(|before| before.owner != self.owner)
        {
            check_authority(conn, owner, "/owner", &mut faults)?;
        }
        let known = policy_domains::known(conn, &self.domains)?;
        check_codes(
            &self.domains,
            &known,
            "/domains",
            "unknown_domain",
            &mut faults,
        );
        check_successor(self, conn, &mut faults)?;
        Ok(faults)
    }

    fn find(conn: &mut Conn, key: &String) -> Result<Option<Self>, Error> {
        Ok(regulations::find(conn, key)?)
    }

    fn list(
        conn: &mut Conn,
        listing: &Listing,
        filter: &regulations::Filter,
        after: Option<&(String, String)>,
    ) -> Result<Vec<Self>, Error> {
        Ok(regulations::list(conn, listing, filter, after)?)
    }

    fn insert(&self, conn: &mut Conn) -> Result<(), diesel::result::Error> {
        regulations::insert(conn, std::slice::from_ref(self))
    }

    fn update(&self, seen: i32, conn: &mut Conn) -> Result<bool, diesel::result::Error> {
        regulations::update(conn, seen, self)
    }
}

/// The register of the identifier says which level of government made the regulation, and the level which kinds there are.
fn check_register(regulation: &Regulation, faults: &mut Vec<FieldError>) {
    use RegulationLevel::*;
    let level_fits = match regulation.register {
        Register::Bwb => regulation.level == National,
        Register::Cvdr => matches!(regulation.level, Provincial | Municipal | WaterBoard),
        Register::Celex => regulation.level == Eu,
        // Only an identifier that can be read names a regulation.
        Register::Unknown => {
            faults.push(FieldError::new("/identifier", "citation_malformed"));
            return;
        }
    };
    if !level_fits {
        faults.push(FieldError::new("/level", "citation_conflict"));
    }
    use RegulationKind::*;
    let kind_fits = match regulation.kind {
        EuRegulation | EuDirective => regulation.register == Register::Celex,
        ByLaw => regulation.register == Register::Cvdr,
        PolicyRule => regulation.register != Register::Celex,
        Act | OrderInCouncil | MinisterialRegulation | Treaty | Bill => {
            regulation.register == Register::Bwb
        }
    };
    if !kind_fits {
        faults.push(FieldError::new("/kind", "citation_conflict"));
    }
    if regulation.level == Eu && regulation.owner.is_some() {
        faults.push(FieldError::new("/owner", "owned_by_eu"));
    }
}

fn check_successor(
    regulation: &Regulation,
    conn: &mut Conn,
    faults: &mut Vec<FieldError>,
) -> Result<(), Error> {
    let Some(successor) = &regulation.successor else {
        return Ok(());
    };
    if regulations::find(conn, successor)?.is_none() {
        faults.push(FieldError::new("/successor", "unknown_regulation"));
        return Ok(());
    }
    let back = comes_back(
        &regulation.identifier,
        Some(successor.clone()),
        |identifier| Ok(regulations::find(conn, identifier)?.and_then(|found| found.successor)),
    )?;
    if back {
        faults.push(FieldError::new("/successor", "circular_succession"));
    }
    Ok(())
}

impl Fact for PolicyDomain {
    type Key = String;
    type Filter = policy_domains::Filter;

    fn key(&self) -> String {
        self.code.clone()
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn advance(&mut self, _: DateTime<Utc>) {
        self.version += 1;
    }

    fn check(&mut self, before: Option<&Self>, conn: &mut Conn) -> Result<Vec<FieldError>, Error> {
        let mut faults = Vec::new();
        check_validity(self.valid_from, self.valid_until, false, &mut faults);
        if let Some(lead) = self.lead
            && before.is_none_or(|before| before.lead != self.lead)
        {
            check_authority(conn, lead, "/lead", &mut faults)?;
        }
        Ok(faults)
    }

    fn find(conn: &mut Conn, key: &String) -> Result<Option<Self>, Error> {
        Ok(policy_domains::find(conn, key)?)
    }

    fn list(
        conn: &mut Conn,
        listing: &Listing,
        filter: &policy_domains::Filter,
        after: Option<&(String, String)>,
    ) -> Result<Vec<Self>, Error> {
        Ok(policy_domains::list(conn, listing, filter, after)?)
    }

    fn insert(&self, conn: &mut Conn) -> Result<(), diesel::result::Error> {
        policy_domains::insert(conn, std::slice::from_ref(self))
    }

    fn update(&self, seen: i32, conn: &mut Conn) -> Result<bool, diesel::result::Error> {
        policy_domains::update(conn, seen, self)
    }
}
