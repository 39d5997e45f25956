//! What happens in the demo: the sample reports come in over the API, each by its municipality's own client, and are
//! worked on by those whose turn it is. What they say stands in `story.json`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use chrono::Days;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::demo::cast::{self, Clients, PASSWORD};
use crate::cli::wire::{self, Answer};
use crate::domain::deadline::local_date;
use crate::reference;
use crate::services::{Context, Error};
use crate::store::organisations;

const STORY: &str = include_str!("story.json");
const PATIENCE: Duration = Duration::from_secs(30);

/// One step: who does what with which report.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    report: String,
    by: By,
    action: String,
    #[serde(default)]
    with: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Reporter,
    Desk,
    /// Whoever leads the report at that moment.
    Lead,
}

/// A report that was handed in.
struct Known {
    id: String,
    municipality: String,
    /// Abbreviation of its lead.
    lead: Option<String>,
}

pub struct Story<'a> {
    pub context: &'a Context,
    pub address: SocketAddr,
    pub clients: &'a Clients,
    tokens: HashMap<String, String>,
    reports: HashMap<String, Known>,
}

impl<'a> Story<'a> {
    pub fn new(context: &'a Context, address: SocketAddr, clients: &'a Clients) -> Self {
        Self {
            context,
            address,
            clients,
            tokens: HashMap::new(),
            reports: HashMap::new(),
        }
    }

    /// All of it.
    pub fn tell(mut self) -> Result<(), String> {
        for sample in reference::sample_reports() {
            self.submit(sample)?;
        }
        self.draft()?;
        let steps: Vec<Step> =
            serde_json::from_str(STORY).map_err(|e| format!("the story is broken: {e}"))?;
        for step in steps {
            self.step(step)?;
        }
        Ok(())
    }

    fn submit(&mut self, sample: reference::SampleReport) -> Result<(), String> {
        let home = self.organisation(&sample.municipality.to_lowercase())?;
        let regulations: Vec<Value> = sample
            .regulations
            .iter()
            .map(|cited| match &cited.article {
                Some(article) => json!({"citation": cited.citation, "article": article}),
                None => json!({"citation": cited.citation}),
            })
            .collect();
        let body = json!({
            "title": sample.title, "description": sample.description, "effect": sample.effect,
            "proposedSolution": sample.proposed_solution, "regulations": regulations, "domains": sample.domains,
            "municipalities": [sample.municipality], "requested": ["change"],
            "externalReference": format!("Z2026-00{}", sample.id.trim_start_matches('S')),
            "contact": {"name": format!("Melder {}", home.1), "email": cast::reporter(&home.1)},
        });
        let token = self.client_token(&sample.municipality)?;
        let answer = self.post("/v1/reports", &token, &[], &body)?;
        let known = Known {
            id: text(&answer, "/id")?,
            municipality: sample.municipality,
            lead: lead(&answer),
        };
        self.reports.insert(sample.id, known);
        Ok(())
    }

    /// One that is not ready to be sent in.
    fn draft(&mut self) -> Result<(), String> {
        let token = self.person_token(&cast::reporter("Gemeente Sluis"))?;
        let body = json!({
            "draft": true, "title": "Huisartsenpost over de grens telt niet mee voor de aanrijtijd",
            "description": "Nog aan te vullen met de cijfers van de ambulancedienst.", "municipalities": ["GM1714"],
        });
        self.post("/v1/reports", &token, &[], &body).map(drop)
    }

    fn step(&mut self, step: Step) -> Result<(), String> {
        let known = self
            .reports
            .get(&step.report)
            .ok_or_else(|| format!("the story knows no {}", step.report))?;
        let path = format!("/v1/reports/{}", known.id);
        let (municipality, lead_of) = (known.municipality.clone(), known.lead.clone());
        let token = match step.by {
            By::Reporter => self.client_token(&municipality)?,
            By::Desk => self.person_token("loket@bzk.example")?,
            By::Lead => {
                let lead = lead_of.ok_or_else(|| format!("{} has no lead", step.report))?;
                self.person_token(&cast::liaison(&lead))?
            }
        };
        let mut body = json!({"action": step.action});
        if let (Some(body), Value::Object(with)) = (body.as_object_mut(), step.with) {
            for (name, value) in with {
                body.insert(name, self.filled_in(value)?);
            }
        }
        let seen = self.call("GET", &path, &[("Authorization", &bearer(&token))], "")?;
        let version = seen.header("etag").unwrap_or_default().to_owned();
        let path = format!("{path}/transitions");
        let answer = self.post(&path, &token, &[("If-Match", &version)], &body)?;
        if let Some(known) = self.reports.get_mut(&step.report) {
            known.lead = lead(&answer);
        }
        Ok(())
    }

    /// `@OCW` is the id of that ministry, `@S01` that of a sample, `@+90` the day in that many days.
    fn filled_in(&self, value: Value) -> Result<Value, String> {
        let name = match value {
            Value::String(text) if text.starts_with('@') => text[1..].to_owned(),
            Value::Array(items) => {
                let items: Result<Vec<Value>, String> =
                    items.into_iter().map(|item| self.filled_in(item)).collect();
                return items.map(Value::Array);
            }
            Value::Object(fields) => {
                let fields: Result<serde_json::Map<_, _>, String> = fields
                    .into_iter()
                    .map(|(name, value)| Ok((name, self.filled_in(value)?)))
                    .collect();
                return fields.map(Value::Object);
            }
            other => return Ok(other),
        };
        if let Some(days) = name.strip_prefix('+').and_then(|days| days.parse().ok()) {
            let today = local_date(self.context.clock.now());
            return Ok(json!(today.checked_add_days(Days::new(days))));
        }
        match self.reports.get(&name) {
            Some(known) => Ok(json!(known.id)),
            None => Ok(json!(self.organisation(&name)?.0)),
        }
    }

    /// Id and name of an organisation by its abbreviation or TOOI code.
    fn organisation(&self, named: &str) -> Result<(String, String), String> {
        let found = self.context.db.read_blocking::<_, Error, _>(|conn| {
            Ok(match organisations::by_tooi(conn, named)? {
                Some(found) => Some(found),
                None => organisations::by_abbreviation(conn, named)?
                    .into_iter()
                    .next(),
            })
        });
        let found = found.map_err(|e| format!("{named}: {e:?}"))?;
        let found = found.ok_or_else(|| format!("the facts have no {named}"))?;
        Ok((found.id.to_string(), found.name))
    }

    fn client_token(&mut self, municipality: &str) -> Result<String, String> {
        if let Some(token) = self.tokens.get(municipality) {
            return Ok(token.clone());
        }
        let client = self
            .clients
            .get(municipality)
            .ok_or_else(|| format!("{municipality} has no client"))?;
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            client.id, client.secret
        );
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let answer = self.call("POST", "/v1/oauth/token", &[kind], &form)?;
        let token = text(&body_of(&answer)?, "/access_token")?;
        self.tokens.insert(municipality.to_owned(), token.clone());
        Ok(token)
    }

    fn person_token(&mut self, email: &str) -> Result<String, String> {
        if let Some(token) = self.tokens.get(email) {
            return Ok(token.clone());
        }
        let body = json!({"email": email, "password": PASSWORD}).to_string();
        let kind = ("Content-Type", "application/json");
        let answer = self.call("POST", "/v1/sessions", &[kind], &body)?;
        let token = text(&body_of(&answer)?, "/accessToken")?;
        self.tokens.insert(email.to_owned(), token.clone());
        Ok(token)
    }

    fn post(
        &self,
        path: &str,
        token: &str,
        more: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, String> {
        let bearer = bearer(token);
        let mut headers = vec![
            ("Content-Type", "application/json"),
            ("Authorization", bearer.as_str()),
        ];
        headers.extend(more);
        body_of(&self.call("POST", path, &headers, &body.to_string())?)
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        let host = self.address.to_string();
        let answer = wire::call(&host, method, path, headers, body, PATIENCE)?;
        if (200..300).contains(&answer.status) {
            Ok(answer)
        } else {
            Err(format!(
                "{method} {path}: {} {}",
                answer.status, answer.body
            ))
        }
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn body_of(answer: &Answer) -> Result<Value, String> {
    serde_json::from_str(&answer.body).map_err(|e| format!("the answer is no JSON: {e}"))
}

fn text(body: &Value, pointer: &str) -> Result<String, String> {
    let found = body.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| format!("the answer has no {pointer}"))
}

fn lead(report: &Value) -> Option<String> {
    let found = report.pointer("/leadAuthority/abbreviation")?;
    found.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;
    use crate::domain::status::Action;

    #[test]
    fn the_story_names_what_there_is() {
        let samples = reference::sample_reports();
        let steps: Vec<Step> = serde_json::from_str(STORY).unwrap();
        for step in steps {
            assert!(
                samples.iter().any(|sample| sample.id == step.report),
                "{}",
                step.report
            );
            assert!(Action::parse(&step.action).is_some(), "{}", step.action);
        }
    }
}
