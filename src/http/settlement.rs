//! The offer to settle reports together (voorstel tot afhandeling).

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::report::Outcome;
use crate::services::settlement::{Offer, Settleable};

/// What would settle reports together (Dutch: voorstel tot afhandeling). Send a `settle` for each, with a public
/// explanation, to `POST /v1/bulk-transitions`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettlementOffer {
    /// The outcome that fits (uitkomst).
    outcome: Outcome,
    /// Where the change was made known (vindplaats).
    #[schema(example = "stb-2029-12")]
    publication: Option<String>,
    /// Where the decision stands (kenmerk besluit).
    decision_reference: Option<String>,
    /// The reports that you may settle (meldingen).
    reports: Vec<SettleableReport>,
}

/// A report that you may settle (Dutch: melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettleableReport {
    /// Id of the report (melding).
    id: Uuid,
    /// Number (kenmerk).
    reference: Option<String>,
    /// Version, as settling it names it (versie).
    version: i32,
    /// Its position intended another outcome: settling it needs a reason (reden nodig).
    needs_reason: bool,
}

impl From<&Offer> for SettlementOffer {
    fn from(offer: &Offer) -> Self {
        Self {
            outcome: offer.fits.outcome,
            publication: offer.fits.publication.clone(),
            decision_reference: offer.fits.decision_reference.clone(),
            reports: offer.reports.iter().map(SettleableReport::from).collect(),
        }
    }
}

impl From<&Settleable> for SettleableReport {
    fn from(one: &Settleable) -> Self {
        Self {
            id: one.report.id.uuid(),
            reference: one.report.reference.clone(),
            version: one.version,
            needs_reason: one.deviates,
        }
    }
}
