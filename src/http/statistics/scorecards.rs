//! How each authority does.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::actor::{Actor, Language};
use crate::domain::code::Code;
use crate::domain::counting::light::Light;
use crate::domain::counting::steps::Step;
use crate::domain::id::Id;
use crate::domain::report::Outcome;
use crate::domain::status::Status;
use crate::http::auth::{Granted, ReadStatistics};
use crate::http::envelope::language;
use crate::http::paging;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::statistics::handling::Handling;
use crate::http::statistics::times::{LeadTimeView, PromiseView};
use crate::http::statistics::{FigureAuthority, Figures, Row, Tally, page, tallied, text};
use crate::services::Context;
use crate::services::statistics::{self, Scorecard};

/// Which scorecards.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ScorecardFilter {
    /// Id of an authority; all, a page in the order of their names, unless said (eerstverantwoordelijke).
    #[param(nullable = false)]
    authority: Option<Uuid>,
    /// Scorecards on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

/// How an authority does (Dutch: scorekaart).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "authority": {
        "id": "01935d7a-5b6e-7c11-8a3f-2f6f0c1d4e55",
        "name": "Ministerie van Onderwijs, Cultuur en Wetenschap"
    },
    "reports": 21,
    "municipalities": 17,
    "open": 4,
    "statuses": [
        {
            "code": "settled",
            "label": "Afgehandeld",
            "reports": 17
        },
        {
            "code": "in_review",
            "label": "In behandeling",
            "reports": 4
        }
    ],
    "outcomes": [
        {
            "code": "explanation",
            "label": "Uitleg",
            "reports": 9
        },
        {
            "code": "regulation_amended",
            "label": "Regeling aangepast",
            "reports": 8
        }
    ],
    "light": "amber",
    "promises": [
        {
            "authority": null,
            "step": "position",
            "label": "Standpunt",
            "inTime": 33,
            "late": 14,
            "overdue": 5,
            "running": 9,
            "shareInTime": 0.6346,
            "light": "amber"
        }
    ],
    "leadTimes": [
        {
            "authority": null,
            "step": "position",
            "label": "Standpunt",
            "taken": {
                "steps": 47,
                "medianDays": 37,
                "ninetiethPercentileDays": 72
            },
            "suspended": {
                "steps": 13,
                "medianDays": 11,
                "ninetiethPercentileDays": 14
            }
        }
    ],
    "handling": null
}))]
pub struct ScorecardView {
    /// The authority (eerstverantwoordelijke).
    authority: FigureAuthority,
    /// Reports that it leads, or led when they were settled (aantal meldingen).
    reports: i64,
    /// Different municipalities that these hit (aantal gemeenten).
    municipalities: i64,
    /// Of these, those that are still to be settled (open meldingen).
    open: i64,
    /// Where they stand, most first (statussen).
    statuses: Vec<Tally>,
    /// What came of them, most first (uitkomsten).
    outcomes: Vec<Tally>,
    /// Whether its positions are in time, as a traffic light; null when none was due (stoplicht).
    light: Option<Light>,
    /// How its promises are kept (tijdigheid).
    promises: Vec<PromiseView>,
    /// How long its steps take (doorlooptijden).
    lead_times: Vec<LeadTimeView>,
    /// What befell its reports; null for everybody (voorvallen).
    handling: Option<Handling>,
}

fn label<C: Code>(code: &str, label: impl Fn(C) -> &'static str) -> String {
    C::parse(code).map_or_else(|| code.to_owned(), |one| label(one).to_owned())
}

impl ScorecardView {
    fn new(of: &Scorecard, language: Language) -> Self {
        let statuses = of.statuses.iter().map(|(code, reports)| Tally {
            label: label(code, |status: Status| {
                language.pick(status.label(), status.label_en())
            }),
            code: code.clone(),
            reports: *reports,
        });
        let outcomes = of.outcomes.iter().map(|(code, reports)| Tally {
            label: label(code, |outcome: Outcome| outcome.label(language)),
            code: code.clone(),
            reports: *reports,
        });
        let is_open = |code: &str| Status::parse(code).is_some_and(Status::is_open);
        let open = of.statuses.iter().filter(|(code, _)| is_open(code));
        let position = of.promises.iter().find(|(step, _)| *step == Step::Position);
        Self {
            authority: (&of.authority).into(),
            reports: of.cell.as_ref().map_or(0, |cell| cell.reports),
            municipalities: of.cell.as_ref().map_or(0, |cell| cell.municipalities),
            open: open.map(|(_, reports)| reports).sum(),
            statuses: statuses.collect(),
            outcomes: outcomes.collect(),
            light: position.and_then(|(_, kept)| kept.share()).map(Light::of),
            promises: of
                .promises
                .iter()
                .map(|(step, kept)| PromiseView::new(None, (*step, kept), language))
                .collect(),
            lead_times: of
                .lead_times
                .iter()
                .map(|time| LeadTimeView::new(None, time, language))
                .collect(),
            handling: of.befell.as_ref().map(|befell| Handling::new(None, befell)),
        }
    }
}

impl Row<12> for ScorecardView {
    const COLUMNS: [&'static str; 12] = [
        "authorityId",
        "authority",
        "reports",
        "municipalities",
        "open",
        "statuses",
        "outcomes",
        "light",
        "positionsInTime",
        "positionsLate",
        "positionsOverdue",
        "positionMedianDays",
    ];

    fn cells(&self) -> [String; 12] {
        let position = self.promises.iter().find(|one| one.is_of(Step::Position));
        let median = self.lead_times.iter().find(|one| one.is_of(Step::Position));
        [
            self.authority.id.to_string(),
            self.authority.name.clone(),
            self.reports.to_string(),
            self.municipalities.to_string(),
            self.open.to_string(),
            tallied(&self.statuses),
            tallied(&self.outcomes),
            text(self.light),
            text(position.map(|one| one.in_time)),
            text(position.map(|one| one.late)),
            text(position.map(|one| one.overdue)),
            text(median.map(|one| one.taken.median_days)),
        ]
    }
}

async fn tell(
    ctx: &Context,
    request: &HttpRequest,
    actor: Option<&Actor>,
    filter: ScorecardFilter,
) -> Result<HttpResponse, Failure> {
    let skip: Option<usize> = paging::decode(filter.cursor.as_deref())?;
    let limit = filter.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let at = (skip.unwrap_or(0), usize::try_from(limit).unwrap_or(0));
    let language = language(request.headers());
    let only = filter.authority.map(Id::from_uuid);
    let figure = statistics::scorecards(ctx, actor, only, at).await?;
    let (cards, next) = &figure.told;
    let items = cards
        .iter()
        .map(|card| ScorecardView::new(card, language))
        .collect();
    let next = next.map(|next| paging::encode(&next));
    page(request, &figure, items, next)
}

/// List scorecards
///
/// How each authority does (scorekaarten): its reports, what came of them, whether it is in time, how long it takes, what it
/// returns. Of all reports that are not confidential; a liaison gets the scorecard of its own authority.
#[utoipa::path(
    tag = "statistics",
    params(ScorecardFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<ScorecardView> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["statistics"])),
)]
#[get("/statistics/scorecards")]
pub async fn list_scorecards(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadStatistics>,
    request: HttpRequest,
    Query(filter): Query<ScorecardFilter>,
) -> Result<HttpResponse, Failure> {
    tell(&ctx, &request, Some(&actor), filter).await
}

/// List scorecards of published reports
///
/// How each authority does with the reports in the public register (scorekaarten), for everybody.
#[utoipa::path(
    tag = "public",
    params(ScorecardFilter),
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (Figures<ScorecardView> = "application/json"),
            (String = "text/csv"),
        ), headers(
            ("Link" = String, description = "The first and the next page (RFC 8288)"),
            ("ETag" = String, description = "Version of what you see (versie)"),
        )),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/statistics/scorecards")]
pub async fn list_public_scorecards(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(filter): Query<ScorecardFilter>,
) -> Result<HttpResponse, Failure> {
    tell(&ctx, &request, None, filter).await
}
