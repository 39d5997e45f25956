//! All experiments together.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::counting::Basis;
use crate::domain::experiment::{DecisionKind, ExperimentStatus};
use crate::http::auth::{Granted, ReadStatistics};
use crate::http::envelope::language;
use crate::http::problem::Failure;
use crate::http::statistics::{Row, respond};
use crate::services::Context;
use crate::services::statistics;

/// Experiments in one status (Dutch: experimenten per status).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentsInStatus {
    /// Where they stand (status).
    status: ExperimentStatus,
    /// The words for it (omschrijving).
    #[schema(example = "Loopt")]
    label: String,
    /// How many (aantal).
    experiments: i64,
}

/// Experiments with one decision (Dutch: experimenten per besluit).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentsDecided {
    /// What was decided (besluit).
    decision: DecisionKind,
    /// How many (aantal).
    experiments: i64,
}

/// All experiments together (Dutch: portefeuille van experimenten).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "basis": "public",
    "experiments": 2,
    "statuses": [
        {
            "status": "running",
            "label": "Loopt",
            "experiments": 1
        },
        {
            "status": "closed",
            "label": "Afgesloten",
            "experiments": 1
        }
    ],
    "late": 1,
    "lateEvaluations": 1,
    "evaluated": 1,
    "decisions": [
        {
            "decision": "change_law",
            "experiments": 1
        }
    ],
    "lawsChanged": 1,
    "participants": 5
}))]
pub struct ExperimentPortfolio {
    /// Which they are: `public` those in the register, `government` proposals as well (grondslag).
    basis: Basis,
    /// How many there are (aantal).
    experiments: i64,
    /// Where they stand (statussen).
    statuses: Vec<ExperimentsInStatus>,
    /// Of which an evaluation, a milestone, the end or results are over their day (te laat).
    late: i64,
    /// Of which the evaluation is over its day (evaluatie te laat).
    late_evaluations: i64,
    /// Of which the evaluation is there, whatever it found (geëvalueerd).
    evaluated: i64,
    /// What was decided (besluiten).
    decisions: Vec<ExperimentsDecided>,
    /// After which the rule was changed, as an official publication tells (gewijzigde regels).
    laws_changed: i64,
    /// Organisations that took part, one in several experiments as often (deelnemers).
    participants: i64,
}

impl Row<3> for (&'static str, String, i64) {
    const COLUMNS: [&'static str; 3] = ["figure", "value", "experiments"];

    fn cells(&self) -> [String; 3] {
        [self.0.to_owned(), self.1.clone(), self.2.to_string()]
    }
}

async fn tell(
    ctx: &Context,
    request: &HttpRequest,
    actor: Option<&Actor>,
) -> Result<HttpResponse, Failure> {
    let language = language(request.headers());
    let figure = statistics::portfolio(ctx, actor).await?;
    let told = &figure.told;
    let body = ExperimentPortfolio {
        basis: figure.basis,
        experiments: told.experiments,
        statuses: told
            .statuses
            .iter()
            .map(|(status, experiments)| ExperimentsInStatus {
                status: *status,
                label: status.label(language).into(),
                experiments: *experiments,
            })
            .collect(),
        late: told.late,
        late_evaluations: told.late_evaluations,
        evaluated: told.evaluated,
        decisions: told
            .decisions
            .iter()
            .map(|(decision, experiments)| ExperimentsDecided {
                decision: *decision,
                experiments: *experiments,
            })
            .collect(),
        laws_changed: told.laws_changed,
        participants: told.participants,
    };
    let one = |figure, experiments| (figure, String::new(), experiments);
    let mut rows = vec![
        one("experiments", body.experiments),
        one("late", body.late),
        one("lateEvaluations", body.late_evaluations),
        one("evaluated", body.evaluated),
        one("lawsChanged", body.laws_changed),
        one("participants", body.participants),
    ];
    let statuses = told.statuses.iter();
    rows.extend(statuses.map(|(status, n)| ("status", status.to_string(), *n)));
    let decisions = told.decisions.iter();
    rows.extend(decisions.map(|(decision, n)| ("decision", decision.to_string(), *n)));
    respond(request, figure.basis, &body, &rows, Vec::new())
}

/// Tell the portfolio of experiments
///
/// All experiments together (portefeuille): where they stand, what is late, what was decided, which rules were changed.
#[utoipa::path(
    tag = "statistics",
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (ExperimentPortfolio = "application/json"),
            (String = "text/csv"),
        ), headers(("ETag" = String, description = "Version of what you see (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
    security(("oauth2" = ["statistics"])),
)]
#[get("/statistics/experiments")]
pub async fn get_experiment_portfolio(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadStatistics>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    tell(&ctx, &request, Some(&actor)).await
}

/// Tell the portfolio of registered experiments
///
/// The experiments of the public register together (portefeuille), for everybody.
#[utoipa::path(
    tag = "public",
    responses(
        (status = 200, description = "The figures (cijfers)", content(
            (ExperimentPortfolio = "application/json"),
            (String = "text/csv"),
        ), headers(("ETag" = String, description = "Version of what you see (versie)"))),
        (status = 304, description = "You have it already (ongewijzigd)"),
    ),
)]
#[get("/public/statistics/experiments")]
pub async fn get_public_experiment_portfolio(
    ctx: web::Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    tell(&ctx, &request, None).await
}
