//! `meldpunt routing evaluate`: how often routing is right on reports whose right authority is known. `docs/routing.md` says
//! what each figure means.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app;
use crate::cli::existing::told;
use crate::cli::logging;
use crate::cli::serve::say;
use crate::config::Settings;
use crate::domain::code::Code;
use crate::domain::deadline::local_date;
use crate::domain::id::OrganisationId;
use crate::domain::organisation::Organisation;
use crate::services::reports::content::Changes;
use crate::services::routing_evaluation::{Case, Figures, Judged, cited, evaluate};
use crate::services::{Context, Error};
use crate::store::db::Conn;
use crate::store::{organisations, places, policy_domains};

#[derive(Debug, Args)]
pub struct Evaluate {
    /// JSON with an array of reports, or an object with one under `reports`
    file: PathBuf,

    /// Leave the citations out: what the words and the policy domains alone do
    #[arg(long)]
    without_citations: bool,

    /// Leave the policy domains out
    #[arg(long)]
    without_domains: bool,

    /// Print one object instead of a table
    #[arg(long)]
    json: bool,

    /// The database whose rules are measured; unless said, a new one with the facts and rules that come with the service
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

/// A report of the file. What it has beside this is not looked at.
#[derive(Debug, Deserialize)]
struct Reported {
    id: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    effect: Option<String>,
    #[serde(default)]
    proposed_solution: Option<String>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    regulations: Vec<Cited>,
    #[serde(default)]
    municipality: Option<Place>,
    #[serde(default)]
    expected: Expected,
}

#[derive(Debug, Deserialize)]
struct Cited {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    article: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Place {
    #[serde(default)]
    code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Expected {
    #[serde(default)]
    lead_ministry: Option<String>,
    #[serde(default)]
    involved_ministries: Vec<String>,
}

pub fn run(evaluate: &Evaluate) -> Result<(), String> {
    let reports = read(evaluate)?;
    let (context, folder) = open(evaluate)?;
    let measured = measure(evaluate, &context, reports);
    drop(context);
    if let Some(folder) = folder {
        // A folder of our own, made for this.
        let _ = std::fs::remove_dir_all(folder);
    }
    let (figures, judged, names) = measured?;
    if evaluate.json {
        say(&as_json(figures, &judged, &names)?.to_string());
    } else {
        say(&as_table(figures, &judged, &names));
    }
    Ok(())
}

fn read(evaluate: &Evaluate) -> Result<Vec<Reported>, String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", evaluate.file.display());
    let text = std::fs::read_to_string(&evaluate.file).map_err(|e| told(&e))?;
    let mut whole: Value = serde_json::from_str(&text).map_err(|e| told(&e))?;
    let items = match whole.get_mut("reports") {
        Some(reports) => reports.take(),
        None => whole,
    };
    serde_json::from_value(items).map_err(|e| told(&e))
}

/// The database that was given, or a new one, with the folder it lies in.
fn open(evaluate: &Evaluate) -> Result<(Context, Option<PathBuf>), String> {
    let quiet = Settings {
        log: "warn".into(),
        audit_log: "off".into(),
        ..Settings::defaults()?
    };
    if let Some(url) = &evaluate.database_url {
        let settings = Settings {
            database_url: crate::config::secret(url)?,
            ..quiet
        };
        return crate::cli::existing::open(settings).map(|context| (context, None));
    }
    let folder = std::env::temp_dir().join(format!("meldpunt-routing-{}", Uuid::now_v7()));
    let settings = Settings {
        database_url: format!("sqlite://{}/meldpunt.db", folder.display()),
        ..quiet
    };
    logging::start(&settings)?;
    let context = app::context(settings)?;
    app::prepare(&context)?;
    Ok((context, Some(folder)))
}

type Names = HashMap<OrganisationId, String>;
type Measured = (Figures, Vec<Judged>, Names);

fn measure(
    evaluate: &Evaluate,
    context: &Context,
    reports: Vec<Reported>,
) -> Result<Measured, String> {
    let today = local_date(context.clock.now());
    context
        .db
        .read_blocking(|conn| {
            let known = Known::read(conn, &reports)?;
            let cases: Vec<Case> = reports
                .into_iter()
                .map(|report| known.case(evaluate, report))
                .collect::<Result<_, Error>>()?;
            let (figures, judged) = self::evaluate(conn, context, &cases, today)?;
            let named: Vec<OrganisationId> = judged
                .iter()
                .flat_map(|one| one.top.iter().copied().chain(one.expected))
                .collect();
            let found = organisations::by_ids(conn, &named)?;
            let names = found
                .into_iter()
                .map(|one| (one.id, one.abbreviation.unwrap_or(one.name)))
                .collect();
            Ok::<_, Error>((figures, judged, names))
        })
        .map_err(|e| told(&e))
}

/// What the reports name and is there.
struct Known {
    authorities: HashMap<String, OrganisationId>,
    domains: HashSet<String>,
    municipalities: HashSet<String>,
    submitters: HashMap<String, OrganisationId>,
}

impl Known {
    fn read(conn: &mut Conn, reports: &[Reported]) -> Result<Self, Error> {
        let mut authorities = HashMap::new();
        let mut submitters = HashMap::new();
        for organisation in organisations::all(conn)? {
            let Organisation {
                id,
                abbreviation,
                municipality_code,
                ..
            } = organisation;
            if let Some(abbreviation) = abbreviation {
                authorities.insert(abbreviation.to_lowercase(), id);
            }
            if let Some(code) = municipality_code {
                submitters.insert(code, id);
            }
        }
        let domains: Vec<String> = reports.iter().flat_map(|one| one.domains.clone()).collect();
        let codes: Vec<String> = reports
            .iter()
            .filter_map(|one| one.municipality.as_ref()?.code.clone())
            .collect();
        let municipalities = places::municipalities(conn, &codes)?;
        Ok(Self {
            authorities,
            submitters,
            domains: policy_domains::known(conn, &domains)?.into_iter().collect(),
            municipalities: municipalities.into_iter().map(|one| one.code).collect(),
        })
    }

    fn authority(&self, report: &str, name: &str) -> Result<OrganisationId, Error> {
        let found = self.authorities.get(&name.to_lowercase()).copied();
        found.ok_or_else(|| Error::Internal(format!("report {report}: no ministry {name}")))
    }

    fn case(&self, evaluate: &Evaluate, report: Reported) -> Result<Case, Error> {
        let id = report.id;
        let expected = report.expected;
        let lead = expected.lead_ministry.as_deref();
        let contributors = expected.involved_ministries.iter();
        let cited_rules = report
            .regulations
            .into_iter()
            .filter(|_| !evaluate.without_citations);
        let citations = cited_rules
            .filter_map(|one| Some((one.id.or(one.title)?, one.article)))
            .enumerate()
            .map(|(at, (named, article))| cited(named, article, at == 0))
            .collect();
        let domains = report
            .domains
            .into_iter()
            .filter(|code| !evaluate.without_domains && self.domains.contains(code));
        let place = report.municipality.and_then(|place| place.code);
        Ok(Case {
            lead: lead.map(|name| self.authority(&id, name)).transpose()?,
            contributors: contributors
                .map(|name| self.authority(&id, name))
                .collect::<Result<_, _>>()?,
            submitter: place
                .as_ref()
                .and_then(|code| self.submitters.get(code))
                .copied(),
            changes: Changes {
                title: Some(report.title),
                description: Some(report.description),
                effect: Some(report.effect.unwrap_or_default()),
                proposed_solution: Some(report.proposed_solution),
                citations: Some(citations),
                domains: Some(domains.collect()),
                municipalities: Some(
                    place
                        .into_iter()
                        .filter(|code| self.municipalities.contains(code))
                        .collect(),
                ),
                ..Changes::default()
            },
            id,
        })
    }
}

fn name(names: &Names, id: Option<OrganisationId>) -> Option<&str> {
    id.and_then(|id| names.get(&id)).map(String::as_str)
}

fn as_json(figures: Figures, judged: &[Judged], names: &Names) -> Result<Value, String> {
    let cases: Vec<Value> = judged
        .iter()
        .map(|one| {
            let top: Vec<_> = one.top.iter().map(|id| name(names, Some(*id))).collect();
            json!({
                "id": one.id,
                "expected": name(names, one.expected),
                "decision": one.decision.as_str(),
                "lead": name(names, one.lead),
                "top3": top,
            })
        })
        .collect();
    let mut whole = serde_json::to_value(figures).map_err(|e| e.to_string())?;
    if let Some(whole) = whole.as_object_mut() {
        whole.insert("cases".into(), Value::Array(cases));
    }
    Ok(whole)
}

fn as_table(figures: Figures, judged: &[Judged], names: &Names) -> String {
    let mut lines = Vec::new();
    for one in judged {
        let top: Vec<&str> = one
            .top
            .iter()
            .filter_map(|id| name(names, Some(*id)))
            .collect();
        lines.push(format!(
            "{:<8} expected {:<6} {:<10} {}",
            one.id,
            name(names, one.expected).unwrap_or("-"),
            one.decision.as_str(),
            top.join(", ")
        ));
    }
    let mut figure = |label: &str, value: String| lines.push(format!("{label:<34} {value}"));
    let of = |count: usize| format!("{count} of {}", figures.reports);
    figure("lead or first suggestion right", of(figures.lead_right));
    figure("routed by a rule, rightly", of(figures.auto_right));
    figure("routed by a rule, wrongly", of(figures.auto_wrong));
    figure("left to the desk", of(figures.abstained));
    figure("right lead in the first three", of(figures.lead_in_top3));
    figure(
        "contributors, precision",
        format!("{:.2}", figures.contributor_precision),
    );
    figure(
        "contributors, recall",
        format!("{:.2}", figures.contributor_recall),
    );
    figure("time a report", format!("{:.2?}", figures.took));
    lines.join("\n")
}
