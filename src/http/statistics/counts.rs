//! Numbers of reports by one dimension or by two.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::actor::{Actor, Language};
use crate::domain::code::code_list;
use crate::domain::counting::Basis;
use crate::domain::counting::dimension::Dimension;
use crate::http::auth::{Granted, ReadStatistics};
use crate::http::envelope::language;
use crate::http::paging;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::statistics::{Row, respond, text};
use crate::services::Context;
use crate::services::statistics::{self, Cells, Figure, Question};
use crate::store::counts::CellRow;
use crate::store::statistics::{AfterCell, Order, key};

/// Rows on a page unless said.
const ROWS: i64 = 100;

code_list! {
    /// In what order figures come (Dutch: volgorde).
    pub enum CountOrder {
        /// Most reports first (meeste meldingen eerst).
        Most = "most",
        /// By their values (op waarde).
        Value = "value",
    }
}

/// By what reports are counted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct CountFilter {
    /// By what (dimensie).
    #[param(inline)]
    by: Dimension,
    /// By what it is crossed (kruisen met). What follows from the other is not crossed with it (`status` with `phase`,
    /// `regulation` with `article`, periods of the same moment); nor are two of `regulation`, `article`, `submitted_day`
    /// and `submitted_week`.
    #[param(inline, nullable = false)]
    across: Option<Dimension>,
    /// Only this value of `by` (waarde).
    #[param(max_length = 200, nullable = false, example = "BWBR0003420")]
    value: Option<String>,
    /// Only values of `by` from this one on, for periods (vanaf).
    #[param(max_length = 200, nullable = false, example = "2026-01")]
    from: Option<String>,
    /// Only values of `by` up to this one, for periods (tot en met).
    #[param(max_length = 200, nullable = false, example = "2026-12")]
    until: Option<String>,
    /// Order; by value for periods, most first for the rest unless said (volgorde).
    #[param(inline, nullable = false)]
    sort: Option<CountOrder>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 1000, default = 100, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 1000, nullable = false)]
    cursor: Option<String>,
}

/// Numbers of reports (Dutch: aantallen).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "basis": "public",
    "uncounted": 0,
    "by": "status",
    "across": null,
    "total": {
        "value": "",
        "label": "",
        "acrossValue": null,
        "acrossLabel": null,
        "reports": 52,
        "organisations": null,
        "endorsers": null,
        "backers": null,
        "municipalities": 32
    },
    "items": [
        {
            "value": "settled",
            "label": "Afgehandeld",
            "acrossValue": null,
            "acrossLabel": null,
            "reports": 39,
            "organisations": null,
            "endorsers": null,
            "backers": null,
            "municipalities": 30
        },
        {
            "value": "in_review",
            "label": "In behandeling",
            "acrossValue": null,
            "acrossLabel": null,
            "reports": 13,
            "organisations": null,
            "endorsers": null,
            "backers": null,
            "municipalities": 11
        }
    ],
    "nextCursor": null
}))]
pub struct ReportCounts {
    /// From which reports they are made; figures of two bases are never to be put together (grondslag).
    basis: Basis,
    /// Reports that changed and are not counted yet: 0, unless the service is very busy (nog niet geteld).
    uncounted: i64,
    /// By what they are counted (dimensie).
    by: Dimension,
    /// By what it is crossed (gekruist met).
    across: Option<Dimension>,
    /// All reports, each once; the items add up to more where a report has several values, and to less where some have none
    /// (totaal).
    total: ReportCount,
    /// A row for each value, or for each two values that occur together (aantallen).
    items: Vec<ReportCount>,
    /// Give this as `cursor` for the next page; null on the last (volgende pagina).
    next_cursor: Option<String>,
}

/// A number of reports, and of who stands behind them, each once (Dutch: aantal).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportCount {
    /// The value: a code, an id, an identifier or a period (waarde).
    #[schema(example = "2026-11")]
    value: String,
    /// The words for it (omschrijving).
    #[schema(example = "2026-11")]
    label: String,
    /// The value across, where two are crossed (waarde van de andere dimensie).
    #[schema(example = "settled")]
    across_value: Option<String>,
    /// The words for it (omschrijving daarvan).
    #[schema(example = "Afgehandeld")]
    across_label: Option<String>,
    /// Reports that were sent in, merged ones included (aantal meldingen).
    reports: i64,
    /// Different organisations that reported; null where they are not told apart: for everybody, and where a regulation, an
    /// article, a day or a week is crossed (aantal melders).
    organisations: Option<i64>,
    /// Different organisations that endorsed a report or had theirs merged into it; null as above (aantal medemelders).
    endorsers: Option<i64>,
    /// Different organisations that reported or endorsed, or both; null as above (aantal melders en medemelders).
    backers: Option<i64>,
    /// Different municipalities that are hit, or that endorsed; null where two are crossed (aantal gemeenten).
    municipalities: Option<i64>,
}

impl ReportCount {
    fn new(of: &CellRow, cells: &Cells, by: Dimension, across: Option<Dimension>) -> Self {
        let apart = of.basis != Basis::Public.to_string()
            && across.is_none_or(|across| by.tells_organisations_with(across));
        let told = |n: i64| apart.then_some(n);
        Self {
            label: cells.labels.of(by, &of.value),
            value: of.value.clone(),
            across_label: across.map(|across| cells.labels.of(across, &of.across_value)),
            across_value: across.map(|_| of.across_value.clone()),
            reports: of.reports,
            organisations: told(of.organisations),
            endorsers: told(of.endorsers),
            backers: told(of.backers),
            municipalities: across.is_none().then_some(of.municipalities),
        }
    }
}

impl Row<9> for ReportCount {
    const COLUMNS: [&'static str; 9] = [
        "value",
        "label",
        "acrossValue",
        "acrossLabel",
        "reports",
        "organisations",
        "endorsers",
        "backers",
        "municipalities",
    ];

    fn cells(&self) -> [String; 9] {
        [
            self.value.clone(),
            self.label.clone(),
            text(self.across_value.as_ref()),
            text(self.across_label.as_ref()),
            self.reports.to_string(),
            text(self.organisations),
            text(self.endorsers),
            text(self.backers),
            text(self.municipalities),
        ]
    }
}

async fn count(
    ctx: &Context,
    request: &HttpRequest,
    actor: Option<&Actor>,
    filter: CountFilter,
) -> Result<HttpResponse, Failure> {
    let after: Option<AfterCell> = paging::decode(filter.cursor.as_deref())?;
    let limit = filter.limit.unwrap_or(ROWS);
    let (by, across) = (filter.by, filter.across);
    let language: Language = language(request.headers());
    let question = Question {
        by,
        across,
        value: filter.value,
        from: filter.from,
        until: filter.until,
        order: filter.sort.map(|order| match order {
            CountOrder::Most => Order::Most,
            CountOrder::Value => Order::Value,
        }),
    };
    let mut figure: Figure<Cells> =
        statistics::reports(ctx, actor, question, language, after, limit).await?;
    let (rows, next_cursor) = paging::cut(std::mem::take(&mut figure.told.rows), limit, key);
    let cells = &figure.told;
    let total = cells.total.clone().unwrap_or_else(|| CellRow {
        basis: figure.basis.to_string(),
        ..CellRow::default()
    });
    let counts = ReportCounts {
        basis: figure.basis,
        uncounted: figure.uncounted,
        by,
        across,
        total: ReportCount::new(&total, cells, by, None),
        items: rows
            .iter()
            .map(|row| ReportCount::new(row, cells, by, across))
            .collect(),
        next_cursor,
    };
    let links = paging::links(request, counts.next_cursor.as_deref());
    respond(request, figure.basis, &counts, &counts.items, links)
}

/// Count reports
///
/// Numbers of reports by a dimension, or by two that are crossed (aantallen meldingen), of all reports that were sent in and
/// are not confidential: for the desk and for analysts of the ministries. As of the moment of the request. A report with
/// several values (two provinces, say) counts once with each. Reports that were merged count as reports of their own.
#[utoipa::path(
    tag = "statistics",
    params(CountFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (ReportCounts = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["statistics"])),
)]
#[get("/statistics/reports")]
pub async fn count_reports(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadStatistics>,
    request: HttpRequest,
    Query(filter): Query<CountFilter>,
) -> Result<HttpResponse, Failure> {
    count(&ctx, &request, Some(&actor), filter).await
}

/// Count published reports
///
/// Numbers of the reports in the public register (aantallen openbare meldingen), for everybody. Made from what is published
/// and from nothing else, so that they tell of no other report. `reporter_kind` is not counted here.
#[utoipa::path(
    tag = "public",
    params(CountFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (ReportCounts = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/statistics/reports")]
pub async fn count_public_reports(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(filter): Query<CountFilter>,
) -> Result<HttpResponse, Failure> {
    count(&ctx, &request, None, filter).await
}
