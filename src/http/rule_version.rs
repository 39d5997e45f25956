//! Which version of which routing rule.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::services::routing_rules::VersionRef;

/// A version of a rule (Dutch: versie van een regel).
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleVersion {
    /// Number of the rule (nummer).
    #[schema(minimum = 1)]
    number: i32,
    /// Version (versie).
    #[schema(minimum = 1)]
    version: i32,
}

impl From<(i32, i32)> for RuleVersion {
    fn from((number, version): (i32, i32)) -> Self {
        Self { number, version }
    }
}

impl From<RuleVersion> for VersionRef {
    fn from(one: RuleVersion) -> Self {
        Self {
            number: one.number,
            version: one.version,
        }
    }
}
