//! An organisation as others name it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::services::reports::Organisations;

/// An organisation, named (Dutch: organisatie).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrganisationReference, example = json!({"id": "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "abbreviation": "OCW", "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"}))]
pub struct OrganisationRef {
    /// Id of the organisation (organisatie).
    pub id: Uuid,
    /// What people call it (afkorting).
    pub abbreviation: Option<String>,
    /// Official name, as it was when it became involved (naam).
    pub name: String,
}

impl From<&Organisation> for OrganisationRef {
    fn from(organisation: &Organisation) -> Self {
        Self {
            id: organisation.id.uuid(),
            abbreviation: organisation.abbreviation.clone(),
            name: organisation.name.clone(),
        }
    }
}

/// Names an organisation from those that were loaded.
pub fn reference(organisations: &Organisations, id: OrganisationId) -> OrganisationRef {
    let unknown = || OrganisationRef {
        id: id.uuid(),
        abbreviation: None,
        name: String::new(),
    };
    organisations
        .get(&id)
        .map_or_else(unknown, OrganisationRef::from)
}

pub fn references(organisations: &Organisations, ids: &[OrganisationId]) -> Vec<OrganisationRef> {
    ids.iter().map(|id| reference(organisations, *id)).collect()
}
