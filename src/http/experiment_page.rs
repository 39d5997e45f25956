//! An experiment as a page of text, in Dutch or English, with a chart of each indicator and its table beside it.

use std::sync::LazyLock;

use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use actix_web::{HttpRequest, HttpResponse, get, web};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::{Value, json};

use crate::domain::actor::Language;
use crate::domain::deadline::local_date;
use crate::domain::experiment::event::tell;
use crate::domain::experiment::plan::{Indicator, Plan};
use crate::domain::experiment::progress::{Figures, Observed};
use crate::domain::experiment::{Course, Experiment};
use crate::domain::id::{IndicatorId, OrganisationId};
use crate::domain::policy;
use crate::domain::report::Cited;
use crate::domain::wording;
use crate::http::auth::{Granted, ReadReports};
use crate::http::chart::{Chart, MOST_SERIES, Series, number, svg};
use crate::http::envelope::language;
use crate::http::experiments::experiment_id;
use crate::http::problem::Failure;
use crate::services::observations::{self, Progress};
use crate::services::reports::Organisations;
use crate::services::{Context, Error, experiments};

const STYLE: &str = include_str!("pages/experiment.css");
/// Steps of the timeline that the page tells.
const STEPS: i64 = 500;

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.add_template("experiment", include_str!("pages/experiment.html"))?;
    Ok(env)
});

/// The page, filled in.
fn rendered(page: &Value) -> Result<String, Error> {
    let template = match &*TEMPLATES {
        Ok(env) => env.get_template("experiment"),
        Err(error) => return Err(Error::Internal(error.to_string())),
    };
    template
        .and_then(|template| template.render(Serde(page)))
        .map_err(|e| Error::Internal(e.to_string()))
}

/// Nothing but the style that the page brings itself.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'; base-uri 'none'"
    )
});

/// Words of the page.
fn words(language: Language) -> Value {
    let word = |nl: &'static str, en: &'static str| language.pick(nl, en);
    json!({
        "experiment": word("Experiment", "Experiment"),
        "due": word("Wat er komt", "What is due"),
        "what": word("Wat", "What"),
        "by_when": word("Uiterlijk op", "By"),
        "late": word("te laat", "late"),
        "plan": word("Plan", "Plan"),
        "participants": word("Deelnemers", "Participants"),
        "organisation": word("Organisatie", "Organisation"),
        "state": word("Stand", "State"),
        "from": word("Vanaf", "From"),
        "until": word("Tot", "Until"),
        "indicators": word("Indicatoren", "Indicators"),
        "descriptive": word(
            "De cijfers beschrijven wat is waargenomen. Wat zij zeggen over een oorzaak is aan de evaluatie.",
            "The figures describe what was observed. What they say of a cause is for the evaluation.",
        ),
        "figures": word("Cijfers", "Figures"),
        "columns": [
            "n", word("Nulmeting", "Baseline"), word("Laatste", "Latest"), word("Verschil met nulmeting", "Difference to baseline"),
            word("Verschil met vergelijking", "Difference to comparison"), word("Op weg naar het doel", "To target"),
        ],
        "observations": word("Waarnemingen", "Observations"),
        "nothing_observed": word("Nog geen waarnemingen.", "No observations yet."),
        "missing": word("Ontbrekende waarnemingen:", "Missing observations:"),
        "day": word("Dag", "Day"),
        "whose": word("Van", "Of"),
        "value": word("Waarde", "Value"),
        "note": word("Opmerking", "Note"),
        "outcome": word("Wat eruit kwam", "What came of it"),
        "reports": word("Meldingen die hiertoe leidden", "Reports that led to it"),
        "timeline": word("Tijdlijn", "Timeline"),
    })
}

/// Rows of a term and what it is; what is not there has none.
struct Facts(Language, Vec<[String; 2]>);

impl Facts {
    fn say(&mut self, nl: &str, en: &str, what: Option<impl Into<String>>) {
        if let Some(what) = what {
            let term = self.0.pick(nl, en).to_owned();
            self.1.push([term, what.into()]);
        }
    }

    fn day(&mut self, nl: &str, en: &str, day: Option<NaiveDate>) {
        let language = self.0;
        self.say(nl, en, day.map(|day| wording::day(day, language)));
    }
}

fn name(names: &Organisations, id: OrganisationId) -> String {
    names
        .get(&id)
        .map(|one| one.name.clone())
        .unwrap_or_default()
}

fn whose(of: Observed, names: &Organisations, language: Language) -> String {
    match of {
        Observed::All => language.pick("Allen samen", "All together").to_owned(),
        Observed::Comparison => language
            .pick("Vergelijkingsgroep", "Comparison group")
            .to_owned(),
        Observed::Participant(id) => name(names, id),
    }
}

fn head(of: &Experiment, names: &Organisations, language: Language) -> Vec<[String; 2]> {
    let mut facts = Facts(language, Vec::new());
    facts.say("Status", "Status", Some(of.status.label(language)));
    facts.say(
        "Eigenaar van de regel",
        "Owner of the rule",
        of.authority.map(|id| name(names, id)),
    );
    facts.say(
        "Indiener",
        "Proposed by",
        Some(name(names, of.proposer.organisation)),
    );
    facts.day(
        "In het register sinds",
        "In the register since",
        of.course.registered_on,
    );
    facts.day("Begonnen op", "Began on", of.course.started_on);
    facts.day("Laatste dag", "Last day", of.plan.ends_on);
    facts.1
}

fn plan(of: &Plan, language: Language) -> Vec<[String; 2]> {
    let mut facts = Facts(language, Vec::new());
    let rules: Vec<String> = of.deviations.iter().map(Cited::label).collect();
    facts.say("Doel", "Purpose", of.purpose.clone());
    facts.say("Reikwijdte", "Scope", of.scope.clone());
    facts.say(
        "Afwijking van",
        "Deviates from",
        Some(rules.join("\n")).filter(|all| !all.is_empty()),
    );
    if let Some(basis) = &of.legal_basis {
        let mut rests = vec![
            basis.clause.label(),
            basis.instrument.label(language).to_owned(),
        ];
        rests.extend(basis.instrument_title.clone());
        rests.extend(basis.publication.clone());
        facts.say("Grondslag", "Legal basis", Some(rests.join("\n")));
        let months = match language {
            Language::Nl => format!(
                "{} maanden, verlenging {} maanden",
                basis.maximum_months, basis.extension_months
            ),
            Language::En => format!(
                "{} months, extension {} months",
                basis.maximum_months, basis.extension_months
            ),
        };
        facts.say("Langste duur", "Longest duration", Some(months));
    }
    facts.day("Eerste dag", "First day", of.starts_on);
    facts.day("Laatste dag", "Last day", of.ends_on);
    facts.say("Hypothese", "Hypothesis", of.hypothesis.clone());
    facts.say(
        "Vergelijkingsgroep",
        "Comparison group",
        of.comparison_group.clone(),
    );
    facts.say("Waarborgen", "Safeguards", of.safeguards.clone());
    facts.say(
        "Wanneer het stopt",
        "When it is stopped",
        of.stop_criteria.clone(),
    );
    facts.say("Evaluator", "Evaluator", of.evaluator.clone());
    facts.say(
        "Evaluatieplan",
        "Evaluation plan",
        of.evaluation_plan.clone(),
    );
    facts.say("Begroting", "Budget", of.budget.clone());
    let list = |lines: Vec<String>| Some(lines.join("\n")).filter(|all| !all.is_empty());
    let milestones = of.milestones.iter().map(|one| {
        let by = wording::day(one.due_on, language);
        format!("{by}: {} ({})", one.title, one.owner)
    });
    facts.say("Mijlpalen", "Milestones", list(milestones.collect()));
    let risks = of
        .risks
        .iter()
        .map(|one| format!("{}: {} ({})", one.title, one.response, one.owner));
    facts.say("Risico's", "Risks", list(risks.collect()));
    facts.1
}

fn outcome(of: &Course, language: Language) -> Vec<[String; 2]> {
    let mut facts = Facts(language, Vec::new());
    if let Some(stopped) = &of.stopped {
        facts.day("Voortijdig beëindigd op", "Stopped on", Some(stopped.on));
        facts.say("Reden", "Reason", Some(stopped.reason.clone()));
    }
    if let Some(evaluation) = &of.evaluation {
        facts.day(
            "Evaluatie van",
            "Evaluation of",
            Some(evaluation.delivered_on),
        );
        facts.say("Bevindingen", "Findings", Some(evaluation.findings.clone()));
        facts.say("Te lezen op", "To be read at", evaluation.url.clone());
    }
    if let Some(decision) = &of.decision {
        facts.say("Besluit", "Decision", Some(decision.kind.label(language)));
        facts.day("Besloten op", "Decided on", Some(decision.decided_on));
        facts.say("Door", "By", Some(decision.decider.clone()));
        facts.say("Motivering", "Reasons", Some(decision.reason.clone()));
    }
    if let Some(file) = &of.legislation {
        facts.say(
            "Wijziging van de regel",
            "Change of the rule",
            Some(file.stage.label(language)),
        );
        facts.say(
            "Kamerstukdossier",
            "Parliamentary file",
            file.dossier.clone(),
        );
        let published = Some(file.publications.join("\n")).filter(|all| !all.is_empty());
        facts.say("Vindplaatsen", "Publications", published);
    }
    facts.1
}

/// The series of an indicator, each from its baseline on.
fn series(of: &Indicator, progress: &Progress, language: Language) -> Vec<Series> {
    let all = progress.indicators.iter().find(|(id, _)| *id == of.id);
    let drawn = all
        .into_iter()
        .flat_map(|(_, series)| series)
        .map(|(whom, _)| {
            let baseline = match whom {
                Observed::Participant(id) => of.baseline_of(Some(*id)),
                Observed::All => of.baseline_of(None),
                Observed::Comparison => None,
            };
            let observed = progress
                .observations
                .iter()
                .filter(|one| one.indicator == of.id && one.of == *whom)
                .map(|one| (one.observed_on, one.value));
            let observed: Vec<(NaiveDate, f64)> = observed.collect();
            let start = baseline.map(|base| (base.measured_on, base.value));
            Series {
                label: whose(*whom, &progress.organisations, language),
                points: if observed.is_empty() {
                    Vec::new()
                } else {
                    start.into_iter().chain(observed).collect()
                },
            }
        });
    drawn.filter(|one| !one.points.is_empty()).collect()
}

/// The chart of an indicator, with what it says in words.
fn picture(
    of: &Indicator,
    progress: &Progress,
    language: Language,
) -> Result<(String, String), Error> {
    let series = series(of, progress, language);
    let shown = series.len().min(MOST_SERIES);
    let more = series.len() - shown;
    let mut caption = match language {
        Language::Nl => format!("{} ({}), per deelnemer in de tijd.", of.name, of.unit),
        Language::En => format!("{} ({}), by participant over time.", of.name, of.unit),
    };
    if more > 0 {
        caption.push_str(&match language {
            Language::Nl => format!(" De eerste {shown}; de andere {more} staan in de tabel."),
            Language::En => format!(" The first {shown}; the other {more} are in the table."),
        });
    }
    let target = language.pick("Streefwaarde", "Target");
    let chart = Chart {
        title: &of.name,
        description: &caption,
        unit: &of.unit,
        series,
        target: of.target.map(|value| (value, target)),
    };
    let drawn = svg(&chart, language).map_err(Error::Internal)?;
    Ok((drawn, caption))
}

fn figures(whom: String, of: &Figures, language: Language) -> Vec<String> {
    let value = |value: Option<f64>| value.map(|one| number(one, language)).unwrap_or_default();
    let percent = of
        .percent_to_target
        .map(|one| format!("{}%", number(one, language)));
    vec![
        whom,
        of.n.to_string(),
        value(of.baseline),
        value(of.latest),
        value(of.difference_to_baseline),
        value(of.difference_to_comparison),
        percent.unwrap_or_default(),
    ]
}

fn indicator(of: &Indicator, progress: &Progress, language: Language) -> Result<Value, Error> {
    let names = &progress.organisations;
    let (drawn, caption) = picture(of, progress, language)?;
    let all = progress.indicators.iter().find(|(id, _)| *id == of.id);
    let rows = all.into_iter().flat_map(|(_, series)| series);
    let rows: Vec<_> = rows
        // Not everything is measured of all together.
        .filter(|(whom, of)| *whom != Observed::All || of.n > 0)
        .map(|(whom, of)| figures(whose(*whom, names, language), of, language))
        .collect();
    let observed: Vec<[String; 4]> = progress
        .observations
        .iter()
        .filter(|one| one.indicator == of.id)
        .map(|one| {
            [
                wording::day(one.observed_on, language),
                whose(one.of, names, language),
                number(one.value, language),
                one.note.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let mut how = vec![
        of.unit.clone(),
        of.direction.label(language).to_owned(),
        of.frequency.label(language).to_owned(),
    ];
    how.extend(of.source.clone());
    let missing: Vec<String> = progress
        .missing
        .iter()
        .filter(|one| one.indicator == of.id)
        .map(|one| {
            let (from, to) = (
                wording::day(one.from, language),
                wording::day(one.to, language),
            );
            format!("{}: {from} – {to}", name(names, one.participant))
        })
        .collect();
    Ok(json!({
        "name": of.name, "definition": of.definition, "how": how.join(" · "), "svg": drawn, "caption": caption,
        "observed": !observed.is_empty(), "figures": rows, "rows": observed, "missing": missing,
    }))
}

/// Read an experiment as a page
///
/// The whole of it as text in HTML (leesbare pagina), in Dutch, or in English by `Accept-Language`: to read, print or send
/// along. Each indicator has its chart, with the figures and the observations in tables beside it.
#[utoipa::path(
    tag = "experiments",
    params(("id" = Uuid, Path, description = "Id of the experiment (experiment)")),
    responses((status = 200, description = "The page (pagina)", content_type = "text/html", body = String)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments/{id}/page")]
pub async fn get_experiment_page(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = experiment_id(&id)?;
    let language = language(request.headers());
    let now = ctx.clock.now();
    let (shown, progress, (events, names)) = ctx
        .db
        .read(move |conn| {
            let shown = experiments::get(conn, &actor, id, now)?;
            let progress = observations::progress(conn, &actor, id, now)?;
            let events = experiments::events(conn, &actor, id, None, STEPS)?;
            Ok::<_, Error>((shown, progress, events))
        })
        .await?;
    let of = &shown.experiment;
    let today = local_date(now);
    let day = |day: Option<NaiveDate>| {
        day.map(|day| wording::day(day, language))
            .unwrap_or_default()
    };
    let due: Vec<Value> = of
        .calendar(today)
        .iter()
        .map(|due| {
            let milestone = of
                .plan
                .milestones
                .iter()
                .find(|one| Some(one.id) == due.milestone);
            let what = milestone.map_or_else(
                || due.clock.label(language).to_owned(),
                |one| format!("{}: {}", due.clock.label(language), one.title),
            );
            json!([what, wording::day(due.on, language), due.on < today])
        })
        .collect();
    let participants: Vec<[String; 4]> = of
        .participants
        .iter()
        .map(|one| {
            [
                name(&shown.organisations, one.organisation),
                one.state.label(language).to_owned(),
                day(one.from),
                day(one.until),
            ]
        })
        .collect();
    let indicators = of.plan.indicators.iter();
    let indicators = indicators
        .map(|one| indicator(one, &progress, language))
        .collect::<Result<Vec<Value>, Error>>()?;
    let reports: Vec<String> = shown
        .reports
        .iter()
        .map(|(report, view)| {
            let number = report.reference.clone().unwrap_or_default();
            format!("{number} {}", policy::title(report, *view))
        })
        .collect();
    let known = |id| names.get(&id).map(|one| one.name.clone());
    let timeline: Vec<Value> = events
        .iter()
        .map(|event| {
            let on = local_date(event.at);
            let text = tell(event, known, language);
            json!([
                on.to_string(),
                wording::day(on, language),
                text,
                event.details.reason
            ])
        })
        .collect();
    let version = (of.plan_version > 0).then(|| match language {
        Language::Nl => format!("Versie {} van het plan.", of.plan_version),
        Language::En => format!("Version {} of the plan.", of.plan_version),
    });
    let page = json!({
        "lang": language.pick("nl", "en"), "style": STYLE, "w": words(language), "reference": of.reference,
        "title": of.title, "idea": of.idea, "head": head(of, &shown.organisations, language), "due": due,
        "version": version, "plan": plan(&of.plan, language), "participants": participants, "indicators": indicators,
        "outcome": outcome(&of.course, language), "reports": reports, "timeline": timeline,
    });
    let html = rendered(&page)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((VARY, "Accept-Language"))
        .body(html))
}

/// See an indicator as a chart
///
/// What was observed over time (grafiek), of each participant, of all together and of the comparison group, as SVG: black on
/// white, each with its own mark. The values stand in the page and in the observations.
#[utoipa::path(
    tag = "experiments",
    params(
        ("id" = Uuid, Path, description = "Id of the experiment (experiment)"),
        ("indicatorId" = Uuid, Path, description = "Id of the indicator (indicator)"),
    ),
    responses((status = 200, description = "The chart (grafiek)", content_type = "image/svg+xml", body = String)),
    security(("oauth2" = ["reports:read"])),
)]
#[get("/experiments/{id}/indicators/{indicatorId}/chart")]
pub async fn get_indicator_chart(
    ctx: web::Data<Context>,
    Granted { actor, .. }: Granted<ReadReports>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (id, indicator) = path.into_inner();
    let id = experiment_id(&id)?;
    let indicator: IndicatorId = indicator.parse().map_err(|_| Error::NotFound)?;
    let language = language(request.headers());
    let now = ctx.clock.now();
    let progress = ctx
        .db
        .read(move |conn| observations::progress(conn, &actor, id, now))
        .await?;
    let plan = &progress.experiment.plan;
    let found = plan.indicators.iter().find(|one| one.id == indicator);
    let found = found.ok_or(Error::NotFound)?;
    let (drawn, _) = picture(found, &progress, language)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "image/svg+xml"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ))
        .insert_header((VARY, "Accept-Language"))
        .body(drawn))
}
