//! The public register of reports (openbaar register van meldingen): what the desk released to everybody, to be read without a
//! token. A form of its own, so that nothing gets here that was not put here: no person, no reporter, no text but the
//! reviewed one.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::deadline::local_date;
use crate::domain::experiment::{Experiment, ExperimentStatus};
use crate::domain::publication::Publication;
use crate::domain::report::{Outcome, Report};
use crate::domain::search::SearchQuery;
use crate::domain::sharing::ShareAudience;
use crate::domain::status::{Phase, Status};
use crate::http::conditional::{etag, tagged_body};
use crate::http::feed::{self, News};
use crate::http::paging::{self, Page};
use crate::http::problem::Failure;
use crate::http::public_experiments::kept;
use crate::http::query::Query;
use crate::http::report_parts::{CitationView, PositionView, SettlementView};
use crate::http::reports::{municipality, regulation, report_id};
use crate::http::shared_reports::after_of;
use crate::http::sheet::{asks_for_csv, download, json_lines, sent, written};
use crate::services::reports::Organisations;
use crate::services::sharing::{Related, SharedPage};
use crate::services::{Context, Error, sharing};
use crate::store::reports::Facet;
use crate::store::shared_reports::{After, Filter, Sort};

/// Filters of the register; different keys narrow, one key repeated widens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PublicReportFilter {
    /// Status; may repeat (status).
    #[param(inline)]
    #[serde(default)]
    status: Vec<Status>,
    /// Phase; may repeat (fase).
    #[param(inline)]
    #[serde(default)]
    phase: Vec<Phase>,
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
    /// Words to look for, in any of their forms; a phrase between quotation marks stands together. What was released or
    /// corrected last comes first, a page may hold less than asked for, and in another order the 1000 newest are listed
    /// (zoekwoorden).
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

impl PublicReportFilter {
    fn filter(self, today: NaiveDate) -> Filter {
        let municipalities = self.municipality.iter().map(|code| municipality(code));
        let regulations = self.regulation.iter().map(|text| regulation(text, today));
        Filter {
            audience: vec![ShareAudience::Public],
            status: self.status,
            phase: self.phase,
            authority: Vec::new(),
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

/// A report as everybody may read of it (Dutch: openbare melding).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "01935d7a-5b6e-7c11-8a3f-2f6f0c1d4e57",
    "reference": "MKR-2026-000074",
    "withdrawnAt": null,
    "content": {
        "title": "Opheffingsnorm bedreigt de laatste basisschool van een kern",
        "summary": "De regel is gemaakt voor grotere plaatsen en pakt in kleine kernen verkeerd uit.",
        "publishedAt": "2026-09-02T09:30:00Z",
        "revision": 1,
        "status": "settled",
        "phase": "closed",
        "leadAuthority": "Ministerie van Onderwijs, Cultuur en Wetenschap",
        "regulations": [
            {
                "register": "bwb",
                "citation": "BWBR0003420",
                "article": "153",
                "paragraph": null,
                "part": null,
                "consultedOn": null,
                "primary": true,
                "title": "Wet op het primair onderwijs",
                "jci": "jci1.3:c:BWBR0003420&artikel=153",
                "url": "https://wetten.overheid.nl/jci1.3:c:BWBR0003420&artikel=153",
                "warnings": []
            }
        ],
        "domains": [
            "onderwijs-po"
        ],
        "municipalities": [
            "GM0088"
        ],
        "provinces": [
            "PV21"
        ],
        "regions": [
            "AR-WADDENEILANDEN"
        ],
        "position": {
            "outcome": "existing_room",
            "publicExplanation": "Twee kleine scholen mogen voor de norm als één tellen.",
            "takenAt": "2026-09-12T09:30:00Z"
        },
        "outcome": "existing_room",
        "settlement": {
            "outcome": "existing_room",
            "publicExplanation": "Twee kleine scholen mogen voor de norm als één tellen.",
            "deviationReason": null,
            "publication": null,
            "room": null,
            "decisionReference": null,
            "settledAt": "2026-09-15T09:30:00Z"
        },
        "endorsementCount": 2,
        "mergedInto": null,
        "experiments": [],
        "publications": []
    }
}))]
pub struct PublicReport {
    /// Id of the report; its permanent link is `/v1/public/reports/{id}` (melding).
    id: Uuid,
    /// The number people say aloud (kenmerk).
    #[schema(example = "MKR-2026-000123")]
    reference: Option<String>,
    /// When its publication was withdrawn; of such a report nothing else is told (ingetrokken op).
    withdrawn_at: Option<DateTime<Utc>>,
    /// The report, unless its publication was withdrawn (inhoud).
    content: Option<PublicContent>,
}

/// What was published of a report (Dutch: gepubliceerde inhoud).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicContent {
    /// What it is about, as reviewed (titel).
    title: String,
    /// What the rule hinders, as reviewed (samenvatting).
    summary: String,
    /// When this text was published (gepubliceerd op).
    published_at: DateTime<Utc>,
    /// How many times it was published, this time included (versie van de tekst).
    revision: u32,
    /// What it is in (status).
    status: Status,
    /// Stage of the handling (fase).
    phase: Phase,
    /// Name of the authority that owns the rule (eerstverantwoordelijke).
    lead_authority: Option<String>,
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
    /// What the lead intends (standpunt).
    position: Option<PositionView>,
    /// What came of it (uitkomst).
    outcome: Option<Outcome>,
    /// How it ended (afhandeling).
    settlement: Option<SettlementView>,
    /// Organisations that have the same obstacle, beside its reporter (aantal medemelders).
    endorsement_count: usize,
    /// Id of the report that it was merged into, when that is public (samengevoegd met).
    merged_into: Option<Uuid>,
    /// Experiments that it led to, in the register (experimenten). Not told in lists.
    experiments: Vec<RelatedExperiment>,
    /// Official publications of what came of it: of its settlement, of the measures that serve it and of those experiments
    /// (vindplaatsen). Not told in lists.
    publications: Vec<PublicationView>,
}

/// An experiment that a report led to (Dutch: experiment).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelatedExperiment {
    /// Id of the experiment (experiment).
    id: Uuid,
    /// Number (kenmerk).
    #[schema(example = "EXP-2026-0001")]
    reference: String,
    /// What it is called (titel).
    title: String,
    /// Where it stands (status).
    status: ExperimentStatus,
}

/// An official publication (Dutch: officiële bekendmaking).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicationView {
    /// Id (vindplaats).
    #[schema(example = "stb-2026-123")]
    id: String,
    /// As it is cited (citeerwijze).
    #[schema(example = "Stb. 2026, 123")]
    citation: String,
    /// Address on officielebekendmakingen.nl (adres).
    #[schema(example = "https://zoek.officielebekendmakingen.nl/stb-2026-123.html")]
    url: String,
}

/// What was officially made known of what came of a report, each once.
fn publications(report: &Report, related: &Related) -> Vec<PublicationView> {
    let settlement = report.handling.settlement.as_ref();
    let files = related
        .measures
        .iter()
        .filter_map(|one| one.course.legislation.as_ref())
        .chain(
            related
                .experiments
                .iter()
                .filter_map(|one| one.course.legislation.as_ref()),
        );
    let mut ids: Vec<&String> = settlement
        .and_then(|settlement| settlement.publication.as_ref())
        .into_iter()
        .chain(files.flat_map(|file| &file.publications))
        .collect();
    ids.sort();
    ids.dedup();
    ids.into_iter()
        .filter_map(|id| Publication::parse(id))
        .map(|one| PublicationView {
            citation: one.citation(),
            url: one.url(),
            id: one.id,
        })
        .collect()
}

impl RelatedExperiment {
    /// Its number.
    pub fn named(&self) -> &str {
        &self.reference
    }
}

impl From<&Experiment> for RelatedExperiment {
    fn from(of: &Experiment) -> Self {
        Self {
            id: of.id.uuid(),
            reference: of.reference.clone(),
            title: of.title.clone(),
            status: of.status,
        }
    }
}

impl PublicReport {
    fn new(
        report: &Report,
        names: &Organisations,
        merged_into: Option<Uuid>,
        related: &Related,
    ) -> Self {
        let sharing = &report.handling.sharing;
        let version = sharing.version.as_ref();
        let public = version.filter(|version| version.audience == ShareAudience::Public);
        let handling = &report.handling;
        let settlement = handling.settlement.as_ref();
        Self {
            id: report.id.uuid(),
            reference: report.reference.clone(),
            withdrawn_at: sharing.withdrawn_at.filter(|_| public.is_none()),
            content: public.map(|version| PublicContent {
                title: version.title.clone(),
                summary: version.summary.clone(),
                published_at: version.shared_at,
                revision: version.revision,
                status: report.status,
                phase: report.phase(),
                lead_authority: report
                    .lead
                    .and_then(|id| Some(names.get(&id)?.name.clone())),
                regulations: report
                    .content
                    .citations
                    .iter()
                    .map(CitationView::from)
                    .collect(),
                domains: report.content.domains.clone(),
                municipalities: report.content.municipalities.clone(),
                provinces: report.content.provinces.clone(),
                regions: report.content.regions.clone(),
                position: handling.position.as_ref().map(PositionView::from),
                outcome: settlement.map(|settlement| settlement.outcome),
                settlement: settlement.map(|settlement| SettlementView::new(settlement, false)),
                endorsement_count: report.endorsement_count(),
                merged_into,
                experiments: related
                    .experiments
                    .iter()
                    .map(RelatedExperiment::from)
                    .collect(),
                publications: publications(report, related),
            }),
        }
    }
}

/// The reports of a page, as lists tell them.
fn listed(page: &SharedPage) -> impl Iterator<Item = PublicReport> {
    let related = Related::default();
    page.rows
        .iter()
        .map(move |report| PublicReport::new(report, &page.organisations, None, &related))
}

/// List the register of reports
///
/// The reports that the desk published (openbaar register), in their reviewed version, for everybody. What was merged into
/// another is found through that one.
#[utoipa::path(
    tag = "public",
    params(PublicReportFilter),
    responses((status = 200, description = "A page (pagina)", body = Page<PublicReport>, headers(
        ("Link" = String, description = "The first and the next page (RFC 8288)"),
    ))),
)]
#[get("/public/reports")]
pub async fn list_public_reports(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(query): Query<PublicReportFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(paging::DEFAULT_LIMIT);
    let sort = query.sort.unwrap_or(Sort::SharedDescending);
    let words = query.q.as_deref().map(SearchQuery::parse);
    let after = after_of(query.cursor.as_deref(), sort, words.is_some())?;
    let filter = query.filter(local_date(ctx.clock.now()));
    let found = sharing::page(&ctx, None, words, filter, sort, after, limit).await?;
    let next_cursor = found.next.as_ref().map(paging::encode);
    let items = listed(&found).collect();
    Ok(kept(paging::respond(
        &request,
        &Page { items, next_cursor },
    )))
}

/// Read a report of the register
///
/// One report in the version that the desk published (openbare melding), with the experiments that came from it. When its
/// publication was withdrawn, that is told and nothing else.
#[utoipa::path(
    tag = "public",
    params(("id" = Uuid, Path, description = "Id of the report (melding)")),
    responses(
        (status = 200, description = "The report (melding)", body = PublicReport, headers(("ETag" = String, description = "Version of what you see (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/reports/{id}")]
pub async fn get_public_report(
    ctx: web::Data<Context>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let (found, related) = sharing::public_one(&ctx, report_id(&id)?).await?;
    let merged_into = found.merged_into.map(|id| id.uuid());
    let view = PublicReport::new(&found.report, &found.organisations, merged_into, &related);
    let body = serde_json::to_string(&view).map_err(|e| Error::Internal(e.to_string()))?;
    let tag = etag(found.report.version, &body);
    Ok(kept(tagged_body(&request, &tag, body)))
}

/// Reports that are read at a time for an export.
const BATCH: i64 = 200;

/// A register that is being written out.
struct Export {
    context: web::Data<Context>,
    csv: bool,
    after: Option<After>,
    begun: bool,
    ended: bool,
}

impl Export {
    /// The next lines; what cannot be read ends the answer early, which its missing end tells.
    async fn next(mut self) -> Option<(Result<web::Bytes, std::io::Error>, Self)> {
        if self.ended {
            return None;
        }
        let filter = Filter {
            audience: vec![ShareAudience::Public],
            ..Filter::default()
        };
        let sort = Sort::Shared;
        let after = self.after.clone();
        let page = sharing::page(&self.context, None, None, filter, sort, after, BATCH).await;
        let lines = page.and_then(|page| {
            let reports = listed(&page);
            let lines = if self.csv {
                sheet(reports, !self.begun)
            } else {
                json_lines(reports)
            };
            self.ended = page.next.is_none();
            self.after = page.next;
            lines
        });
        self.begun = true;
        self.ended |= lines.is_err();
        Some((sent(lines), self))
    }
}

const COLUMNS: [&str; 16] = [
    "id",
    "reference",
    "title",
    "summary",
    "publishedAt",
    "revision",
    "status",
    "phase",
    "leadAuthority",
    "regulations",
    "domains",
    "municipalities",
    "provinces",
    "regions",
    "outcome",
    "endorsementCount",
];

fn sheet(reports: impl Iterator<Item = PublicReport>, header: bool) -> Result<web::Bytes, Error> {
    let rows = reports.filter_map(|report| {
        let content = report.content?;
        let rules: Vec<String> = content
            .regulations
            .iter()
            .map(CitationView::named)
            .collect();
        Some([
            report.id.to_string(),
            report.reference.unwrap_or_default(),
            content.title,
            content.summary,
            content
                .published_at
                .to_rfc3339_opts(SecondsFormat::Secs, true),
            content.revision.to_string(),
            content.status.to_string(),
            content.phase.to_string(),
            content.lead_authority.unwrap_or_default(),
            rules.join("; "),
            content.domains.join("; "),
            content.municipalities.join("; "),
            content.provinces.join("; "),
            content.regions.join("; "),
            content
                .outcome
                .map(|one| one.to_string())
                .unwrap_or_default(),
            content.endorsement_count.to_string(),
        ])
    });
    written(header.then_some(&COLUMNS), rows)
}

/// Export the register of reports
///
/// All of it (volledige uitvoer), the earliest published first: a report a line, as JSON (the same as in the list) or, with
/// `Accept: text/csv`, as a sheet in UTF-8.
#[utoipa::path(
    tag = "public",
    responses((status = 200, description = "The register (register)", content(
        (PublicReport = "application/jsonl"),
        (String = "text/csv"),
    ))),
)]
#[get("/public/reports/export")]
pub async fn export_public_reports(
    ctx: web::Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let csv = asks_for_csv(&request);
    let export = Export {
        context: ctx,
        csv,
        after: None,
        begun: false,
        ended: false,
    };
    Ok(kept(download(
        csv,
        "meldingen",
        stream::unfold(export, Export::next),
    )))
}

/// Follow the register of reports
///
/// An Atom feed (RFC 4287) of what was published last (nieuwsbron), fifty at the most, with the filters of the list: of one
/// region, one policy domain, one rule.
#[utoipa::path(
    tag = "public",
    params(PublicReportFilter),
    responses((status = 200, description = "The feed (nieuwsbron)", content_type = "application/atom+xml", body = String)),
)]
#[get("/public/reports/feed")]
pub async fn follow_public_reports(
    ctx: web::Data<Context>,
    request: HttpRequest,
    Query(query): Query<PublicReportFilter>,
) -> Result<HttpResponse, Failure> {
    let limit = query.limit.unwrap_or(feed::MOST).min(feed::MOST);
    let words = query.q.as_deref().map(SearchQuery::parse);
    let filter = query.filter(local_date(ctx.clock.now()));
    let sort = Sort::SharedDescending;
    let found = sharing::page(&ctx, None, words, filter, sort, None, limit).await?;
    let news = listed(&found).filter_map(news);
    let title = "Meldpunt Knellende Regelgeving";
    Ok(kept(feed::feed(&ctx, &request, title, news)))
}

fn news(report: PublicReport) -> Option<News> {
    let content = report.content?;
    Some(News {
        path: format!("/v1/public/reports/{}", report.id),
        title: content.title,
        summary: content.summary,
        published: Some(content.published_at),
        updated: content.published_at,
        author: content.lead_authority,
        categories: content.domains,
    })
}
