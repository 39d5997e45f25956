//! Searches that somebody keeps (opgeslagen zoekopdrachten). They are run as whoever runs them, and show no more than that
//! may see.

use chrono::{DateTime, Utc};

use crate::domain::id::{OrganisationId, PrincipalId, SavedSearchId};

/// How many somebody may keep.
pub const MOST: i64 = 100;

/// A search under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    pub id: SavedSearchId,
    pub owner: PrincipalId,
    pub owner_name: String,
    /// The owner is there no longer; its colleagues look after what it shared.
    pub owner_gone: bool,
    pub organisation: OrganisationId,
    pub name: String,
    /// The keys of the list of reports as in its address, without where a page begins and how long it is.
    pub query: String,
    /// Whether all of the organisation see it.
    pub shared: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}
