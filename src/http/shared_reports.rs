//! Shared reports (gedeelde meldingen): the reviewed versions that the desk released to others than the parties.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::deadline::local_date;
use crate::domain::id::OrganisationId;
use crate::domain::report::{Outcome, Report};
use crate::domain::search::{Highlight, SearchQuery, highlight};
use crate::domain::sharing::ShareAudience;
use crate::domain::status::{Phase, Status};
use crate::http::auth::{Granted, ReadReports};
use crate::http::conditional;
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::report_parts::{CitationView, PositionView, SettlementView};
use crate::http::reports::{municipality, regulation, report_id};
use crate::services::reports::Organisations;
use crate::services::{Context, sharing};
use crate::store::reports::Facet;
use crate::store::shared_reports::{After, Filter, Sort};

/// Filters of the list; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct SharedReportFilter {
    /// For whom it was released; may repeat (gedeeld met).
    #[param(inline)]
    #[serde(default)]
    audience: Vec<ShareAudience>,
    /// Status; may repeat (status).
    #[param(inline)]
    #[serde(default)]
    status: Vec<Status>,
    /// Phase; may repeat (fase).
    #[param(inline)]
    #[serde(default)]
    phase: Vec<Phase>,
    /// Id of the lead authority; may repeat (eerstverantwoordelijke).
    #[serde(default)]
    authority: Vec<Uuid>,
    /// Code of a policy domain; may repeat (beleidsterrein).
    #[serde(default)]
    domain: Vec<String>,
    /// Code of a region; may repeat (regio).
    #[serde(default)]
    region: Vec<String>,
    /// Code of a province, as PV29; may repeat (provincie).
    #[serde(default)]
    province: Vec<String>,
    /// CBS code of a municipality, as GM1714; may repeat (gemeente).
    #[serde(default)]
    municipality: Vec<String>,
    /// Identifier of a regulation, as BWBR0003420; may repeat (regeling).
    #[serde(default)]
    regulation: Vec<String>,
    /// Words to look for, in any of their forms, in what was released; a phrase between quotation marks stands together.
    /// What was released or corrected last comes first, a page may hold less than asked for, and in another order the 1000
    /// newest are listed (zoekwoorden).
    #[param(
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "kleine scholen"
    )]
    q: Option<String>,
    /// Order; released last first unless said (sortering).
    #[param(inline, nullable = false)]
    sort: Option<Sort>,
    /// Rows on a page (aantal).
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<i64>,
    /// Where to go on: `nextCursor` of the page before (cursor).
    #[param(max_length = 500, nullable = false)]
    cursor: Option<String>,
}

impl SharedReportFilter {
    fn filter(self, today: chrono::NaiveDate) -> Filter {
        let municipalities = self.municipality.iter().map(|code| municipality(code));
        let regulations = self.regulation.iter().map(|text| regulation(text, today));
        Filter {
            audience: self.audience,
            status: self.status,
            phase: self.phase,
            authority: self
                .authority
                .into_iter()
                .map(OrganisationId::from_uuid)
                .collect(),
            facets: vec![
                (Facet::Municipality, municipalities.collect()),
                (Facet::Regulation, regulations.collect()),
                (Facet::Domain, self.domain),
                (Facet::Region, self.region),
                (Facet::Province, self.province),
            ],
            among: None,
        }
    }
}

/// A report as the desk released it (Dutch: gedeelde melding): its reviewed text and where it stands. Whose report it is,
/// who sent it and what they wrote are not told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SharedReport)]
pub struct SharedReportView {
    /// Id of the report (melding).
    id: Uuid,
    /// The number people say aloud (kenmerk).
    reference: Option<String>,
    /// For whom it was released (gedeeld met).
    audience: ShareAudience,
    /// What it is about, as reviewed (titel).
    title: String,
    /// What the rule hinders, as reviewed (samenvatting).
    summary: String,
    /// How many times it was released, this time included (versie van de tekst).
    revision: u32,
    /// When this text was released (gedeeld op).
    shared_at: DateTime<Utc>,
    /// What it is in (status).
    status: Status,
    /// Stage of the handling (fase).
    phase: Phase,
    /// The authority that owns the rule (eerstverantwoordelijke).
    lead_authority: Option<OrganisationRef>,
    /// The rules that hinder (regels).
    regulations: Vec<CitationView>,
    /// Codes of policy domains (beleidsterreinen).
    domains: Vec<String>,
    /// CBS codes of the municipalities affected (gemeenten).
    municipalities: Vec<String>,
    /// Provinces affected (provincies).
    provinces: Vec<String>,
    /// Regions the municipalities belong to, as labels (regio's).
    regions: Vec<String>,
    /// When it was submitted (ingediend op).
    submitted_at: Option<DateTime<Utc>>,
    /// When it last changed (gewijzigd op).
    updated_at: DateTime<Utc>,
    /// When it was settled (afgehandeld op).
    settled_at: Option<DateTime<Utc>>,
    /// What came of it, once settled (uitkomst).
    outcome: Option<Outcome>,
    /// What the lead intends (standpunt).
    position: Option<PositionView>,
    /// How it ended (afhandeling).
    settlement: Option<SettlementView>,
    /// Organisations that stand behind it beside its reporter, each counted once: those that endorsed it and those whose
    /// own report was merged into it (aantal medemelders).
    endorsement_count: usize,
    /// Id of the report it was merged into, when you may read that one (samengevoegd met).
    merged_into: Option<Uuid>,
    /// In a list that was searched: where the words stand (vindplaatsen).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    highlights: Vec<Highlight>,
}

impl SharedReportView {
    /// None for a report of which nothing is released.
    fn new(
        report: &Report,
        organisations: &Organisations,
        merged_into: Option<Uuid>,
    ) -> Option<Self> {
        let version = report.handling.sharing.version.as_ref()?;
        let (content, handling) = (&report.content, &report.handling);
        let settlement = handling.settlement.as_ref();
        Some(Self {
            id: report.id.uuid(),
            reference: report.reference.clone(),
            audience: version.audience,
            title: version.title.clone(),
            summary: version.summary.clone(),
            revision: version.revision,
            shared_at: version.shared_at,
            status: report.status,
            phase: report.phase(),
            lead_authority: report.lead.map(|lead| reference(organisations, lead)),
            regulations: content.citations.iter().map(CitationView::from).collect(),
            domains: content.domains.clone(),
            municipalities: content.municipalities.clone(),
            provinces: content.provinces.clone(),
            regions: content.regions.clone(),
            submitted_at: report.submitted_at,
            updated_at: report.updated_at,
            settled_at: report.settled_at,
            outcome: settlement.map(|settlement| settlement.outcome),
            position: handling.position.as_ref().map(PositionView::from),
            settlement: settlement.map(|settlement| SettlementView::new(settlement, false)),
            endorsement_count: report.endorsement_count(),
            merged_into,
            highlights: Vec::new(),
        })
    }

    /// With where the words stand that were looked for.
    fn searched(mut self, words: Option<&SearchQuery>) -> Self {
        if let Some(words) = words {
            let fields = [("title", &self.title), ("summary", &self.summary)];
            self.highlights = fields
                .into_iter()
                .filter_map(|(field, text)| highlight(field, text, words))
                .collect();
        }
        self
    }
}

/// Where a list of shared reports goes on.
///
/// # Errors
/// For a cursor that is not one of this list's.
pub fn after_of(
    cursor: Option<&str>,
    sort: Sort,
    searched: bool,
) -> Result<Option<After>, Failure> {
    let after: Option<After> = paging::decode(cursor)?;
    if after
        .as_ref()
        .is_some_and(|after| !after.fits(sort, searched))
    {
        return Err(paging::wrong_cursor().into());
    }
    Ok(after)
}

/// List shared reports
///
/// The reports that the desk released to you (gedeelde meldingen), in their reviewed version: to organisations of government
/// or to everybody. What was merged into another is found through that one.
#[utoipa::path(
    tag = "reports",
    params(SharedReportFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<SharedReportView>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/shared-reports")]
pub async fn list_shared_reports(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    Query(query): Query<SharedReportFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let sort = query.sort.unwrap_or(Sort::SharedDescending);
    let words = query.q.as_deref().map(SearchQuery::parse);
    let after = after_of(query.cursor.as_deref(), sort, words.is_some())?;
    let filter = query.filter(local_date(ctx.clock.now()));
    let searched = words.clone();
    let found = sharing::page(&ctx, Some(actor), searched, filter, sort, after, limit).await?;
    let page = Page {
        items: found
            .rows
            .iter()
            .filter_map(|report| SharedReportView::new(report, &found.organisations, None))
            .map(|view| view.searched(words.as_ref()))
            .collect(),
        next_cursor: found.next.as_ref().map(paging::encode),
    };
    Ok(paging::respond(&request, &page))
}

/// Read a shared report
///
/// One report (gedeelde melding) in the version that the desk released to you.
#[utoipa::path(
    tag = "reports",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses(
        (status = 200, description = "The report as it was released (gedeelde melding)", body = SharedReportView, headers(("ETag" = String, description = "Version of the report (versie)"))),
    ),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/shared-reports/{id}")]
pub async fn get_shared_report(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let shared = sharing::one(&ctx, actor, report_id(&id)?).await?;
    let merged_into = shared.merged_into.map(|id| id.uuid());
    let view = SharedReportView::new(&shared.report, &shared.organisations, merged_into)
        .ok_or(crate::services::Error::NotFound)?;
    let body = serde_json::to_string(&view).unwrap_or_default();
    let etag = conditional::etag(shared.report.version, &body);
    Ok(conditional::tagged_body(&request, &etag, body))
}
