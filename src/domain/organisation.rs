//! Organisations: who may send a report, and who owns the rules.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::actor::OrganisationKind;
use crate::domain::id::OrganisationId;
use crate::domain::place::holds_on;

/// An organisation (organisatie). One that was renamed or merged is ended and points at its successor; reports keep
/// what existed at the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub id: OrganisationId,
    pub kind: OrganisationKind,
    /// Official name, in Dutch.
    pub name: String,
    pub abbreviation: Option<String>,
    /// TOOI code, such as `mnre1034`.
    pub tooi: Option<String>,
    /// CBS code of a municipality, such as `GM1714`.
    pub municipality_code: Option<String>,
    pub province_code: Option<String>,
    /// Can be an authority on a report.
    pub owns_rules: bool,
    /// Runs the reporting point (BZK).
    pub operator: bool,
    pub valid_from: Option<NaiveDate>,
    /// First day on which it no longer exists.
    pub valid_until: Option<NaiveDate>,
    pub successor: Option<OrganisationId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

impl Organisation {
    /// Whether it exists on a day.
    pub fn exists_on(&self, day: NaiveDate) -> bool {
        holds_on(self.valid_from, self.valid_until, day)
    }
}
