//! The work: what is asked of the server over HTTP, each kind as its documentation has it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::bench::figures::Figure;
use crate::cli::bench::load::{Effort, drive};
use crate::cli::bench::pages::{self, Ask, Who};
use crate::cli::bench::plan::Plan;
use crate::cli::bench::server::Server;
use crate::cli::bench::world::{Accounts, DOMAIN, REGULATION, SUBMITTER};
use crate::cli::wire;
use crate::domain::id::OrganisationId;

pub const SUBMIT: &str = "submit";
/// One of it a second is all of the register a second; its memory is what the server grows by.
pub const EXPORT: &str = "export of the register";
pub const TRANSITION: &str = "transition";

/// What is asked in a transition.
pub const QUESTION: &str = "Om hoeveel leerlingen gaat het?";

/// What the desk has to watch and to work on, so that the lists of those have something to show.
const TAKEN: usize = 60;
/// Reports that are found for a transition, at most.
const MOST_ROUTED: usize = 50_000;
/// How long it may take until all is counted.
const COUNTED: Duration = Duration::from_secs(1_200);
/// How often the server's memory is looked at during an export.
const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);

/// The server, and who asks it.
pub struct Works<'a> {
    pub server: &'a Server,
    pub effort: Effort,
    pub accounts: &'a Accounts,
    pub authority: OrganisationId,
}

impl Works<'_> {
    /// A token of the API client.
    pub fn client(&self) -> Result<String, String> {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            self.accounts.client, self.accounts.secret
        );
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        self.token("/v1/oauth/token", &kind, &form, "/access_token")
    }

    pub fn desk(&self) -> Result<String, String> {
        self.person(&self.accounts.desk)
    }

    pub fn liaison(&self) -> Result<String, String> {
        self.person(&self.accounts.liaison)
    }

    fn person(&self, email: &str) -> Result<String, String> {
        let body = json!({"email": email, "password": self.accounts.password}).to_string();
        let kind = [("Content-Type", "application/json")];
        self.token("/v1/sessions", &kind, &body, "/accessToken")
    }

    fn token(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
        at: &str,
    ) -> Result<String, String> {
        let answer = self.call("POST", path, headers, body)?;
        let token = answer.pointer(at).and_then(Value::as_str);
        token
            .map(str::to_owned)
            .ok_or_else(|| format!("{path} gave no token"))
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Value, String> {
        let host = self.server.address.to_string();
        let answer = wire::call(&host, method, path, headers, body, PATIENCE)?;
        if !(200..300).contains(&answer.status) {
            return Err(format!(
                "{method} {path}: {} {}",
                answer.status, answer.body
            ));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer.body).map_err(|e| format!("{path}: {e}"))
    }

    /// The text of an answer, for the server that gives it again.
    pub fn text(&self, path: &str, token: &str) -> Result<String, String> {
        let bearer = format!("Bearer {token}");
        let host = self.server.address.to_string();
        let headers = [("Authorization", bearer.as_str())];
        let answer = wire::call(&host, "GET", path, &headers, "", PATIENCE)?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(format!("GET {path}: {status} {}", answer.body)),
        }
    }

    fn run(&self, work: &str, next: &mut dyn FnMut() -> Option<Vec<u8>>) -> Figure {
        let figure = drive(self.server, self.effort, work, next);
        self.server.forget_log();
        figure
    }

    /// One page after another, again and again.
    pub fn ask(&self, ask: &Ask) -> Result<Figure, String> {
        let token = match ask.who {
            Who::Desk => self.desk()?,
            Who::Liaison => self.liaison()?,
            Who::Anybody => String::new(),
        };
        let requests: Vec<_> = ask.paths.iter().map(|path| get(path, &token)).collect();
        let mut turn = requests.iter().cycle();
        Ok(self.run(&ask.work, &mut || turn.next().cloned()))
    }

    /// Has the desk watch some reports all over the database, and work on those of them that it can.
    pub fn take(&self, plan: Plan) -> Result<(), String> {
        let token = self.desk()?;
        let bearer = format!("Bearer {token}");
        let signed = [("Authorization", bearer.as_str())];
        let me = self.call("GET", "/v1/me", &signed, "")?;
        let paths = pages::read_paths(plan);
        let apart = (paths.len() / TAKEN).max(1);
        for path in paths.iter().step_by(apart) {
            self.call("PUT", &format!("{path}/watch"), &signed, "")?;
            let report = self.call("GET", path, &signed, "")?;
            let said = |key: &str| report.pointer(key).cloned().unwrap_or_default();
            let holds = |list: Value, wanted: &dyn Fn(&Value) -> bool| {
                list.as_array().is_some_and(|all| all.iter().any(wanted))
            };
            let can = holds(said("/actions"), &|action| action == "assign");
            let done = holds(said("/assignees"), &|one| one["id"] == me["id"]);
            if done || !can {
                continue;
            }
            let version = format!("\"{}\"", said("/version"));
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Content-Type", "application/json"),
                ("If-Match", version.as_str()),
            ];
            let assign = json!({"action": "assign"}).to_string();
            self.call("POST", &format!("{path}/transitions"), &headers, &assign)?;
        }
        Ok(())
    }

    /// Waits until all is counted: alerts about what fell due since it was filled are raised first.
    pub fn counted(&self) -> Result<(), String> {
        let token = self.desk()?;
        let until = Instant::now() + COUNTED;
        loop {
            let told = self.text("/v1/statistics/reports?by=status", &token)?;
            let told: Value = serde_json::from_str(&told).map_err(|e| e.to_string())?;
            if told.pointer("/uncounted").and_then(Value::as_i64) == Some(0) {
                return Ok(());
            }
            if Instant::now() > until {
                return Err("the reports are not counted in time".into());
            }
        }
    }

    /// The whole register, once, as fast as it comes; its memory is what the server grew by.
    pub fn export(&self, media: &str) -> Result<Figure, String> {
        let told = |e: std::io::Error| format!("the export broke off: {e}");
        let before = self.server.memory().unwrap_or_default();
        let started = Instant::now();
        let mut stream = TcpStream::connect(self.server.address).map_err(told)?;
        let request = format!(
            "GET /v1/public/reports/export HTTP/1.1\r\nHost: bench\r\nAccept: {media}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).map_err(told)?;
        let (mut buffer, mut lines, mut most, mut tail) = (vec![0; 1 << 16], 0, before, Vec::new());
        let mut looked = Instant::now();
        loop {
            let read = stream.read(&mut buffer).map_err(told)?;
            if read == 0 {
                break;
            }
            let some = &buffer[..read];
            lines += some.iter().filter(|byte| **byte == b'}').count();
            tail = some[read.saturating_sub(5)..].to_vec();
            if looked.elapsed() > LOOK {
                looked = Instant::now();
                most = most.max(self.server.memory().unwrap_or_default());
            }
        }
        let whole = tail.ends_with(b"0\r\n\r\n") && lines > 0;
        let elapsed = started.elapsed();
        let micros = u32::try_from(elapsed.as_micros()).unwrap_or(u32::MAX);
        Ok(Figure {
            failures: u64::from(!whole),
            memory_mib: Some(most - before),
            ..Figure::of(EXPORT, vec![micros], elapsed)
        })
    }

    /// Hands reports in, each with a key of its own.
    pub fn submit(&self) -> Result<Figure, String> {
        let token = self.client()?;
        let mut nth = 0_u64;
        Ok(self.run(SUBMIT, &mut || {
            nth += 1;
            let body = report(nth);
            Some(post(
                "/v1/reports",
                &token,
                &format!("Idempotency-Key: \"{}\"", Uuid::now_v7()),
                &body,
            ))
        }))
    }

    /// Asks the reporter something about each report that waits for the authority. Ends when none is left.
    pub fn transition(&self) -> Result<Figure, String> {
        let token = self.liaison()?;
        let routed = self.routed(&token)?;
        let body = json!({"action": "request_information", "question": QUESTION}).to_string();
        let mut turn = routed.into_iter();
        Ok(self.run(TRANSITION, &mut || {
            let (id, version) = turn.next()?;
            let path = format!("/v1/reports/{id}/transitions");
            Some(post(
                &path,
                &token,
                &format!("If-Match: \"{version}\""),
                &body,
            ))
        }))
    }

    fn routed(&self, token: &str) -> Result<Vec<(String, i64)>, String> {
        let first = format!(
            "/v1/reports?status=routed&authority={}&limit=100",
            self.authority
        );
        let mut found = Vec::new();
        let mut path = first.clone();
        while found.len() < MOST_ROUTED {
            let page: Value =
                serde_json::from_str(&self.text(&path, token)?).map_err(|e| e.to_string())?;
            let items = page.pointer("/items").and_then(Value::as_array);
            found.extend(items.into_iter().flatten().filter_map(|item| {
                let id = item.pointer("/id")?.as_str()?.to_owned();
                Some((id, item.pointer("/version")?.as_i64()?))
            }));
            match page.pointer("/nextCursor").and_then(Value::as_str) {
                Some(cursor) => path = format!("{first}&cursor={cursor}"),
                None => break,
            }
        }
        Ok(found)
    }
}

fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

fn post(path: &str, token: &str, header: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n{header}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A report as a case system sends it: it cites a rule that routes it by itself.
pub fn report(nth: u64) -> String {
    json!({
        "title": format!("Opheffingsnorm dwingt dorpsschool {nth} tot sluiting"),
        "description": "De enige basisschool in de kern telt 41 leerlingen, onder de norm van 47 die voor de hele \
                        gemeente geldt. Samengaan met een andere school is onderzocht en onmogelijk gebleken, omdat de \
                        dichtstbijzijnde elf kilometer verder staat en er geen openbaar vervoer rijdt.",
        "effect": "De school sluit op 1 augustus; het leerlingenvervoer stijgt met ongeveer 60.000 euro per jaar.",
        "proposedSolution": "Sta in krimpregio's toe dat de norm per kern wordt berekend.",
        "regulations": [{"citation": REGULATION, "article": "153", "paragraph": "1", "primary": true}],
        "domains": [DOMAIN],
        "municipalities": [SUBMITTER],
        "requested": ["change"],
        "contact": {"name": "Team onderwijs", "email": "onderwijs@bench.example"},
    })
    .to_string()
}
