//! Where it hurts: the rules that hinder in most municipalities.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::actor::{Actor, Language};
use crate::domain::code::{Code, code_list};
use crate::domain::counting::Basis;
use crate::domain::counting::dimension::Dimension;
use crate::domain::report::Outcome;
use crate::http::auth::{Granted, ReadStatistics};
use crate::http::envelope::language;
use crate::http::paging;
use crate::http::problem::Failure;
use crate::http::public_reports::RelatedExperiment;
use crate::http::query::Query;
use crate::http::statistics::{Figures, Row, Tally, page, tallied, text};
use crate::services::Context;
use crate::services::statistics::{self, HotSpot, HotSpots};

code_list! {
    /// What is ranked (Dutch: wat geordend wordt).
    pub enum Ranked {
        /// Regulations (regelingen).
        Regulation = "regulation",
        /// Articles of regulations (artikelen).
        Article = "article",
    }
}

/// What is ranked.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct HotSpotFilter {
    /// Regulations unless said (regelingen of artikelen).
    #[param(inline, nullable = false)]
    by: Option<Ranked>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 1000, nullable = false)]
    cursor: Option<String>,
}

/// A rule that hinders in many places (Dutch: knelpunt).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "value": "BWBR0003420/153",
    "label": "WPO artikel 153",
    "municipalities": 13,
    "reports": 14,
    "backers": null,
    "reportsLately": 1,
    "reportsBefore": 3,
    "regions": [
        {
            "code": "AR-KOP-NOORD-HOLLAND",
            "label": "Kop van Noord-Holland",
            "reports": 2
        }
    ],
    "outcomes": [
        {
            "code": "explanation",
            "label": "Uitleg",
            "reports": 5
        },
        {
            "code": "regulation_amended",
            "label": "Regeling aangepast",
            "reports": 3
        }
    ],
    "experiments": [
        {
            "id": "01935d7a-5b6e-7c11-8a3f-2f6f0c1d4e56",
            "reference": "EXP-2026-0002",
            "title": "Twee kleine scholen tellen als één",
            "status": "running"
        }
    ]
}))]
pub struct HotSpotView {
    /// Identifier of the regulation, with the article after a stroke where articles are ranked (regel).
    #[schema(example = "BWBR0003420/153")]
    value: String,
    /// The words for it (omschrijving).
    #[schema(example = "WPO artikel 153")]
    label: String,
    /// Different municipalities that are hit, or that endorsed: by this it is ranked (aantal gemeenten).
    municipalities: i64,
    /// Reports that name it (aantal meldingen).
    reports: i64,
    /// Different organisations that reported or endorsed; null for everybody (aantal melders en medemelders).
    backers: Option<i64>,
    /// Reports that were sent in this month and in the two before (recente meldingen).
    reports_lately: i64,
    /// Reports of the three months before these (eerdere meldingen).
    reports_before: i64,
    /// The ten regions with most reports, these first (regio's); all of them are told by `/statistics/reports` (`by=article&across=region`).
    regions: Vec<Tally>,
    /// What came of the reports so far, most first (uitkomsten).
    outcomes: Vec<Tally>,
    /// Experiments that run and deviate from it (lopende experimenten).
    experiments: Vec<RelatedExperiment>,
}

impl HotSpotView {
    fn new(of: &HotSpot, spots: &HotSpots, by: Dimension, language: Language) -> Self {
        let public = of.cell.basis == Basis::Public.as_str();
        let outcome = |code: &str| {
            let outcome = Outcome::parse(code);
            outcome.map_or_else(|| code.to_owned(), |one| one.label(language).to_owned())
        };
        Self {
            value: of.cell.value.clone(),
            label: spots.labels.of(by, &of.cell.value),
            municipalities: of.cell.municipalities,
            reports: of.cell.reports,
            backers: (!public).then_some(of.cell.backers),
            reports_lately: of.lately,
            reports_before: of.before,
            regions: of
                .regions
                .iter()
                .map(|(code, reports)| Tally {
                    label: spots.labels.of(Dimension::Region, code),
                    code: code.clone(),
                    reports: *reports,
                })
                .collect(),
            outcomes: of
                .outcomes
                .iter()
                .map(|(code, reports)| Tally {
                    label: outcome(code),
                    code: code.clone(),
                    reports: *reports,
                })
                .collect(),
            experiments: of.experiments.iter().map(RelatedExperiment::from).collect(),
        }
    }
}

impl Row<10> for HotSpotView {
    const COLUMNS: [&'static str; 10] = [
        "value",
        "label",
        "municipalities",
        "reports",
        "backers",
        "reportsLately",
        "reportsBefore",
        "regions",
        "outcomes",
        "experiments",
    ];

    fn cells(&self) -> [String; 10] {
        let experiments: Vec<&str> = self.experiments.iter().map(|one| one.named()).collect();
        [
            self.value.clone(),
            self.label.clone(),
            self.municipalities.to_string(),
            self.reports.to_string(),
            text(self.backers),
            self.reports_lately.to_string(),
            self.reports_before.to_string(),
            tallied(&self.regions),
            tallied(&self.outcomes),
            experiments.join("; "),
        ]
    }
}

async fn tell(
    ctx: &Context,
    request: &HttpRequest,
    actor: Option<&Actor>,
    filter: HotSpotFilter,
) -> Result<HttpResponse, Failure> {
    let after: Option<(i64, String)> = paging::decode(filter.cursor.as_deref())?;
    let limit = filter.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let by = match filter.by {
        None | Some(Ranked::Regulation) => Dimension::Regulation,
        Some(Ranked::Article) => Dimension::Article,
    };
    let language = language(request.headers());
    let mut figure = statistics::hot_spots(ctx, actor, by, language, after, limit).await?;
    let spots = std::mem::take(&mut figure.told.spots);
    let key = |spot: &HotSpot| (spot.cell.municipalities, spot.cell.value.clone());
    let (spots, next) = paging::cut(spots, limit, key);
    let items = spots
        .iter()
        .map(|spot| HotSpotView::new(spot, &figure.told, by, language))
        .collect();
    page(request, &figure, items, next)
}

/// List the rules that hinder most
///
/// Regulations or articles by the number of different municipalities in which they hinder (knelpunten), with whether that
/// grows, the regions, what came of the reports and the experiments that run. Of all reports that are not confidential.
#[utoipa::path(
    tag = "statistics",
    params(HotSpotFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<HotSpotView> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["statistics"])),
)]
#[get("/statistics/hot-spots")]
pub async fn list_hot_spots(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadStatistics>,
    request: HttpRequest,
    Query(filter): Query<HotSpotFilter>,
) -> Result<HttpResponse, Failure> {
    tell(&ctx, &request, Some(&actor), filter).await
}

/// List the rules that hinder most in published reports
///
/// The same from the reports in the public register (knelpunten), for everybody.
#[utoipa::path(
    tag = "public",
    params(HotSpotFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<HotSpotView> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/statistics/hot-spots")]
pub async fn list_public_hot_spots(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(filter): Query<HotSpotFilter>,
) -> Result<HttpResponse, Failure> {
    tell(&ctx, &request, None, filter).await
}
