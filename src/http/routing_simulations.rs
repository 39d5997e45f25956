//! Trying proposed rules on past reports (proefdraaien): a line of JSON for each report that would move, for the progress,
//! and at the end for what all came to.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, post, web};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::id::{OrganisationId, ReportId};
use crate::http::auth::{Granted, WriteReference};
use crate::http::body::Body;
use crate::http::organisation_ref::{OrganisationRef, reference};
use crate::http::problem::Failure;
use crate::http::rule_version::RuleVersion;
use crate::services::reports::{Organisations, load_organisations};
use crate::services::routing_rules::VersionRef;
use crate::services::routing_simulation::{self, Batch, Totals, Trial};
use crate::services::{Context, Error};

/// Which proposed versions to try (Dutch: proef).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"rules": [{"number": 34, "version": 2}]}))]
pub struct SimulationRequest {
    /// The versions; all that are proposed when left out (versies).
    #[schema(min_items = 1, max_items = 100)]
    rules: Option<Vec<RuleVersion>>,
}

/// A line of a simulation (Dutch: regel van de proef): an object with one of these properties.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SimulationLine {
    /// How far it is (voortgang).
    Progress(SimulationProgress),
    /// A report that would go elsewhere (verplaatsing).
    Move(SimulatedMove),
    /// What all came to; the last line (uitkomst).
    Summary(SimulationSummary),
    /// It broke off; the last line then (afgebroken).
    Failure(SimulationFailure),
}

/// How far a simulation is (Dutch: voortgang).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulationProgress {
    /// Reports that were looked at (bekeken).
    looked: usize,
    /// Reports there were when it began (van).
    of: i64,
}

/// A report that would go elsewhere (Dutch: verplaatsing).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedMove {
    /// Id of the report (melding).
    report: Uuid,
    /// Its number (kenmerk).
    reference: Option<String>,
    /// Where the rules in force send it; null for the desk (van).
    from: Option<OrganisationRef>,
    /// Where the proposed rules would; null for the desk (naar).
    to: Option<OrganisationRef>,
    /// A person had already brought it there (zo gecorrigeerd).
    as_corrected: bool,
}

/// What a simulation came to (Dutch: uitkomst).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulationSummary {
    /// The versions that were tried; what to put in force (versies).
    rules: Vec<RuleVersion>,
    /// Reports that were looked at (bekeken).
    looked: usize,
    /// Reports that would go elsewhere (verplaatst).
    moved: usize,
    /// Of those the ones that a person had already brought there (zo gecorrigeerd).
    as_corrected: usize,
    /// From whom to whom, the most first (wegen).
    ways: Vec<SimulatedWay>,
}

/// How many reports would go from one to another (Dutch: weg).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedWay {
    /// Where the rules in force send them; null for the desk (van).
    from: Option<OrganisationRef>,
    /// Where the proposed rules would; null for the desk (naar).
    to: Option<OrganisationRef>,
    /// How many (aantal).
    reports: usize,
}

/// Why a simulation broke off (Dutch: reden).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulationFailure {
    /// Its code, as of a problem (code).
    code: String,
}

/// Where a simulation is.
struct Run {
    context: web::Data<Context>,
    trial: Trial,
    after: Option<ReportId>,
    totals: Totals,
    ended: bool,
}

/// Try proposed rules on past reports
///
/// Routes every report that was sent in by the rules in force and by the proposed ones (proefdraaien), for coordinators, and
/// stores nothing. The answer comes as it is made, a JSON object a line (JSON Lines), each with one property: `move` for a
/// report that would go elsewhere (`report`, `reference`, `from` and `to` as organisations or null for the desk,
/// `asCorrected`), `progress` after each five hundred (`looked`, `of`), at the end `summary` (`rules`, `looked`, `moved`,
/// `asCorrected`, `ways` of `from`, `to` and `reports`), or `failure` (`code`). Putting the same versions in force is
/// `POST /v1/routing/activations`.
#[utoipa::path(
    tag = "routing",
    request_body(content = SimulationRequest, description = "The versions (versies)"),
    responses((status = 200, description = "The lines (regels)", content_type = "application/jsonl", body = String)),
    security(("oauth2" = ["reference:write"])),
)]
#[post("/routing/simulations")]
pub async fn simulate_routing(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<WriteReference>,
    body: Body<SimulationRequest>,
) -> Result<HttpResponse, Failure> {
    let wanted: Option<Vec<VersionRef>> = body
        .value
        .rules
        .map(|rules| rules.into_iter().map(VersionRef::from).collect());
    let inner = ctx.clone();
    let trial = ctx
        .db
        .read(move |conn| routing_simulation::begin(conn, &inner, &actor, wanted.as_deref()))
        .await?;
    let run = Run {
        context: ctx,
        trial,
        after: None,
        totals: Totals::default(),
        ended: false,
    };
    let lines = stream::unfold(run, |run| async move {
        if run.ended {
            return None;
        }
        let (lines, run) = run.step().await;
        Some((Ok::<_, std::convert::Infallible>(lines), run))
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jsonl"))
        .streaming(Box::pin(lines)))
}

impl Run {
    /// The lines of the next batch, and where that leaves it.
    async fn step(mut self) -> (web::Bytes, Self) {
        let (context, trial, after) = (self.context.clone(), self.trial.clone(), self.after);
        let read = self
            .context
            .db
            .read(move |conn| routing_simulation::batch(conn, &context, &trial, after));
        let batch = match read.await {
            Ok(batch) => batch,
            Err(error) => return self.broken(&error),
        };
        self.totals.add(&batch);
        self.after = batch.next;
        let mut lines: Vec<SimulationLine> = moves(&batch);
        lines.push(SimulationLine::Progress(SimulationProgress {
            looked: self.totals.looked_at,
            of: self.trial.of,
        }));
        if batch.next.is_none() {
            self.ended = true;
            match self.summary().await {
                Ok(summary) => lines.push(SimulationLine::Summary(summary)),
                Err(error) => return self.broken(&error),
            }
        }
        (written(&lines), self)
    }

    fn broken(mut self, error: &Error) -> (web::Bytes, Self) {
        tracing::warn!(error = ?error, "a simulation broke off");
        self.ended = true;
        let failure = SimulationLine::Failure(SimulationFailure {
            code: "interrupted".into(),
        });
        (written(&[failure]), self)
    }

    async fn summary(&self) -> Result<SimulationSummary, Error> {
        let named: Vec<OrganisationId> = self
            .totals
            .ways
            .keys()
            .flat_map(|(from, to)| [*from, *to])
            .flatten()
            .collect();
        let read = self
            .context
            .db
            .read(move |conn| load_organisations(conn, named.into_iter()));
        let organisations = read.await?;
        let mut ways: Vec<SimulatedWay> = self
            .totals
            .ways
            .iter()
            .map(|((from, to), reports)| SimulatedWay {
                from: shown(&organisations, *from),
                to: shown(&organisations, *to),
                reports: *reports,
            })
            .collect();
        ways.sort_by_key(|way| std::cmp::Reverse(way.reports));
        Ok(SimulationSummary {
            rules: self
                .trial
                .versions
                .iter()
                .map(|one| RuleVersion::from((one.number, one.version)))
                .collect(),
            looked: self.totals.looked_at,
            moved: self.totals.moved,
            as_corrected: self.totals.as_corrected,
            ways,
        })
    }
}

fn moves(batch: &Batch) -> Vec<SimulationLine> {
    let line = |moved: &routing_simulation::Moved| {
        SimulationLine::Move(SimulatedMove {
            report: moved.report.id.uuid(),
            reference: moved.report.reference.clone(),
            from: shown(&batch.organisations, moved.from),
            to: shown(&batch.organisations, moved.to),
            as_corrected: moved.as_corrected,
        })
    };
    batch.moved.iter().map(line).collect()
}

fn shown(organisations: &Organisations, id: Option<OrganisationId>) -> Option<OrganisationRef> {
    id.map(|id| reference(organisations, id))
}

fn written(lines: &[SimulationLine]) -> web::Bytes {
    let mut text = String::new();
    for line in lines {
        // Nothing in a line can fail to be written.
        text.push_str(&serde_json::to_string(line).unwrap_or_default());
        text.push('\n');
    }
    web::Bytes::from(text)
}
