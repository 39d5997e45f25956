//! What befell reports at authorities: returned, rerouted, extended, reopened, and what their reporters think of it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::counting::steps::Happening;
use crate::http::auth::{Granted, ReadStatistics};
use crate::http::paging;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::statistics::{FigureAuthority, Figures, Row, SpanFilter, page, text};
use crate::services::Context;
use crate::services::statistics::{self, Authority, Befell};

/// What befell reports (Dutch: voorvallen).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "authority": null,
    "routed": 52,
    "returned": 4,
    "returnShare": 0.0769,
    "rerouted": 3,
    "rerouteShare": 0.0577,
    "extended": 6,
    "settled": 39,
    "reopeningRequested": 3,
    "reopeningGranted": 2,
    "reopeningDenied": 1,
    "solved": 11,
    "partlySolved": 5,
    "notSolved": 3
}))]
pub struct Handling {
    /// At which authority; null for all together (eerstverantwoordelijke).
    authority: Option<FigureAuthority>,
    /// How often a report was given to it, by a rule or by the desk (doorgezet).
    routed: i64,
    /// How often it sent one back (retour).
    returned: i64,
    /// `returned` as a share of `routed`; null when nothing was routed (aandeel retour).
    return_share: Option<f64>,
    /// How often the desk took one from it and gave it to another (omgezet).
    rerouted: i64,
    /// `rerouted` as a share of `routed`; null when nothing was routed (aandeel omgezet).
    reroute_share: Option<f64>,
    /// How often the term for a position was extended (verdaagd).
    extended: i64,
    /// How often a report was settled, again after a reopening included (afgehandeld).
    settled: i64,
    /// How often its reporter asked to reopen it (heropening gevraagd).
    reopening_requested: i64,
    /// How often it was reopened (heropend).
    reopening_granted: i64,
    /// How often that was refused (heropening geweigerd).
    reopening_denied: i64,
    /// Reporters that say the obstacle is gone (opgelost).
    solved: i64,
    /// Reporters that say some of it is left (deels opgelost).
    partly_solved: i64,
    /// Reporters that say it is as it was (niet opgelost).
    not_solved: i64,
}

/// One number as a share of another; none of nothing.
fn share(of: i64, all: i64) -> Option<f64> {
    let (of, all) = (u32::try_from(of).ok()?, u32::try_from(all).ok()?);
    (all > 0).then(|| f64::from(of) / f64::from(all))
}

impl Handling {
    pub(super) fn new(authority: Option<&Authority>, befell: &Befell) -> Self {
        use Happening::*;
        let (routed, returned, rerouted) =
            (befell.of(Routed), befell.of(Returned), befell.of(Rerouted));
        Self {
            authority: authority.map(FigureAuthority::from),
            routed,
            returned,
            return_share: share(returned, routed),
            rerouted,
            reroute_share: share(rerouted, routed),
            extended: befell.of(Extended),
            settled: befell.of(Settled),
            reopening_requested: befell.of(ReopeningRequested),
            reopening_granted: befell.of(ReopeningGranted),
            reopening_denied: befell.of(ReopeningDenied),
            solved: befell.of(Solved),
            partly_solved: befell.of(PartlySolved),
            not_solved: befell.of(NotSolved),
        }
    }
}

impl Row<15> for Handling {
    const COLUMNS: [&'static str; 15] = [
        "authorityId",
        "authority",
        "routed",
        "returned",
        "returnShare",
        "rerouted",
        "rerouteShare",
        "extended",
        "settled",
        "reopeningRequested",
        "reopeningGranted",
        "reopeningDenied",
        "solved",
        "partlySolved",
        "notSolved",
    ];

    fn cells(&self) -> [String; 15] {
        let share = |share: Option<f64>| text(share.map(|share| format!("{share:.4}")));
        [
            text(self.authority.as_ref().map(|one| one.id)),
            text(self.authority.as_ref().map(|one| &one.name)),
            self.routed.to_string(),
            self.returned.to_string(),
            share(self.return_share),
            self.rerouted.to_string(),
            share(self.reroute_share),
            self.extended.to_string(),
            self.settled.to_string(),
            self.reopening_requested.to_string(),
            self.reopening_granted.to_string(),
            self.reopening_denied.to_string(),
            self.solved.to_string(),
            self.partly_solved.to_string(),
            self.not_solved.to_string(),
        ]
    }
}

/// Tell what befell reports
///
/// How often reports were returned, rerouted, extended and reopened, and whether their reporters say that the obstacle is gone
/// (voorvallen): at the authority that led then, all together unless said. For government alone.
#[utoipa::path(
    tag = "statistics",
    params(SpanFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<Handling> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["statistics"])),
)]
#[get("/statistics/handling")]
pub async fn get_handling(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadStatistics>,
    request: HttpRequest,
    Query(filter): Query<SpanFilter>,
) -> Result<HttpResponse, Failure> {
    let figure = statistics::handling(&ctx, &actor, filter.span()?).await?;
    let items: Vec<Handling> = figure
        .told
        .groups
        .iter()
        .map(|(authority, befell)| Handling::new(authority.as_ref(), befell))
        .collect();
    let next = figure.told.next.map(|next| paging::encode(&next));
    page(&request, &figure, items, next)
}
