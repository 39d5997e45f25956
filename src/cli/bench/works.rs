//! The work: what is asked of the server over HTTP, each kind as its documentation has it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::bench::figures::Figure;
use crate::cli::bench::load::{Effort, drive};
use crate::cli::bench::plain::LISTED;
use crate::cli::bench::plan::Plan;
use crate::cli::bench::server::Server;
use crate::cli::bench::world::{AUTHORITY, Accounts, DOMAIN, REGULATION, SUBMITTER, World};
use crate::cli::wire;
use crate::domain::id::OrganisationId;
use crate::http::paging;
use crate::store::reports::After;
use crate::store::shared_reports::After as SharedAfter;

pub const SUBMIT: &str = "submit";
pub const READ: &str = "read one";
pub const LIST: &str = "list: status and authority, newest first";
/// One of it a second is all of the register a second; its memory is what the server grows by.
pub const EXPORT: &str = "export of the register";
pub const TRANSITION: &str = "transition";

/// What is asked in a transition.
pub const QUESTION: &str = "Om hoeveel leerlingen gaat het?";

/// Reports read, all over the database.
const READERS: u32 = 2_000;
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

    /// One report after another, spread over the database.
    pub fn read(&self, work: &str, plan: Plan, token: &str) -> Figure {
        let requests: Vec<Vec<u8>> = read_paths(plan)
            .iter()
            .map(|path| get(path, token))
            .collect();
        let mut turn = requests.iter().cycle();
        self.run(work, &mut || turn.next().cloned())
    }

    /// One page, again and again.
    pub fn list(&self, work: &str, path: &str, token: &str) -> Figure {
        let request = get(path, token);
        self.run(work, &mut || Some(request.clone()))
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

/// The paths of reports all over the database, drafts left out.
pub fn read_paths(plan: Plan) -> Vec<String> {
    let step = (plan.reports / READERS).max(1) as usize;
    (0..plan.reports)
        .step_by(step)
        .filter(|i| !plan.stays_draft(*i))
        .map(|i| format!("/v1/reports/{}", plan.id(i)))
        .collect()
}

/// The page that is held against its bare query.
pub fn limited_list(authority: OrganisationId) -> String {
    format!("/v1/reports?status={LISTED}&authority={authority}")
}

/// The lists: each filter and each order that is documented, alone, and some together as people do.
pub fn lists(world: &World, plan: Plan, authority: OrganisationId) -> Vec<(String, String)> {
    let middle = (plan.reports / 2..plan.reports)
        .find(|i| !plan.stays_draft(*i) && plan.has_external_reference(*i))
        .unwrap_or(0);
    let busiest = &world.municipalities[0];
    let days = |days| {
        let since = plan.begun(plan.reports) - TimeDelta::days(days);
        since.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let deep = paging::encode(&After::At(plan.begun(middle), plan.id(middle)));
    let region = world
        .municipalities
        .iter()
        .find_map(|one| one.regions.first());
    let region = region.map_or("", String::as_str);
    let rows: Vec<(&str, String)> = vec![
        ("newest first", String::new()),
        ("oldest first", "sort=submitted".into()),
        ("in the middle of all", format!("cursor={deep}")),
        ("last changed first", "sort=-updated".into()),
        ("last changed last", "sort=updated".into()),
        (
            "changed since",
            format!("sort=updated&updatedSince={}", days(5)),
        ),
        ("due first", "sort=due".into()),
        ("due last", "sort=-due".into()),
        ("urgent first", "sort=urgency".into()),
        ("overdue", "overdue=true".into()),
        (
            "overdue, last changed first",
            "overdue=true&sort=-updated".into(),
        ),
        ("nearing", "nearing=true".into()),
        ("escalated", "escalated=true".into()),
        ("high priority", "highPriority=true".into()),
        ("assigned to one", "assignee=me".into()),
        ("assigned to nobody", "assignee=none".into()),
        ("watched", "watching=true".into()),
        ("feedback", "feedback=not".into()),
        ("words", "q=dorpsschool".into()),
        ("status", "status=position_taken".into()),
        (
            "status, last changed first",
            "status=settled&sort=-updated".into(),
        ),
        ("status, urgent first", "status=settled&sort=urgency".into()),
        (
            "two statuses, last changed first",
            "status=routed&status=in_review&sort=-updated".into(),
        ),
        (
            "two statuses, due first",
            "status=routed&status=in_review&sort=due".into(),
        ),
        ("phase", "phase=assessment".into()),
        ("phase, due first", "phase=assessment&sort=due".into()),
        ("authority", format!("authority={authority}")),
        (
            "authority, due first",
            format!("authority={authority}&sort=due"),
        ),
        (
            "authority, last changed first",
            format!("authority={authority}&sort=-updated"),
        ),
        (
            "authority, urgent first",
            format!("authority={authority}&sort=urgency"),
        ),
        (
            "authority and status, due first",
            format!("authority={authority}&status=in_review&sort=due"),
        ),
        (
            "submitter",
            format!("submitter={}", busiest.reporter.home.id),
        ),
        (
            "submitter, last changed first",
            format!("submitter={}&sort=-updated", busiest.reporter.home.id),
        ),
        ("domain", format!("domain={DOMAIN}")),
        ("region", format!("region={region}")),
        ("province", format!("province={}", busiest.province)),
        (
            "province, urgent first",
            format!("province={}&sort=urgency", busiest.province),
        ),
        ("municipality", format!("municipality={}", busiest.code)),
        (
            "two municipalities",
            format!(
                "municipality={}&municipality={}",
                world.municipalities[1].code, world.municipalities[2].code
            ),
        ),
        ("regulation", format!("regulation={REGULATION}")),
        (
            "regulation and status",
            format!("regulation={REGULATION}&status=in_implementation"),
        ),
        (
            "regulation and status, due first",
            format!("regulation={REGULATION}&status=in_review&sort=due"),
        ),
        (
            "domain and region",
            format!("domain={DOMAIN}&region={region}"),
        ),
        (
            "external reference",
            format!("externalReference={}", plan.external_reference(middle)),
        ),
        ("reference", format!("reference={}", plan.reference(middle))),
    ];
    rows.into_iter()
        .map(|(name, query)| (format!("list: {name}"), format!("/v1/reports?{query}")))
        .map(|(name, path)| (name, path.trim_end_matches('?').to_owned()))
        .collect()
}

/// The figures, and the pages of the register: what the desk reads and what everybody reads.
pub fn figures(plan: Plan) -> (Vec<String>, Vec<String>) {
    let counts = [
        "reports?by=status",
        "reports?by=phase&across=authority",
        "reports?by=outcome&across=submitted_month",
        "reports?by=authority&across=status",
        "reports?by=domain&across=province",
        "reports?by=region&across=outcome",
        "reports?by=regulation",
        "reports?by=article&across=status",
        "reports?by=article&across=status&sort=value",
        "reports?by=status&across=article",
        "reports?by=submitted_day",
        "reports?by=submitted_week&across=domain",
        "reports?by=settled_month",
        "lead-times",
        "lead-times?by=authority",
        "promises",
        "promises?by=authority",
        "hot-spots",
        "hot-spots?by=article",
        "scorecards",
        "experiments",
    ];
    let of = |base: &str, paths: &[&str]| -> Vec<String> {
        paths.iter().map(|path| format!("{base}/{path}")).collect()
    };
    let mut government = of("/v1/statistics", &counts);
    government.push("/v1/statistics/reports?by=reporter_kind".into());
    government.push("/v1/statistics/handling?by=authority".into());
    let mut public = of("/v1/public/statistics", &counts);
    let deep = paging::encode(&SharedAfter::At(
        plan.begun(plan.reports / 2),
        plan.id(plan.reports / 2),
    ));
    public.extend([
        "/v1/public/reports".into(),
        "/v1/public/reports?sort=shared".into(),
        "/v1/public/reports?status=settled".into(),
        "/v1/public/reports?status=settled&sort=-updated".into(),
        "/v1/public/reports?sort=-updated".into(),
        "/v1/public/reports?sort=-endorsements".into(),
        "/v1/public/reports?phase=assessment".into(),
        format!("/v1/public/reports?domain={DOMAIN}"),
        format!("/v1/public/reports?domain={DOMAIN}&status=in_implementation"),
        format!("/v1/public/reports?domain={DOMAIN}&sort=-updated"),
        format!("/v1/public/reports?regulation={REGULATION}"),
        "/v1/public/reports?q=dorpsschool".into(),
        format!("/v1/public/reports?cursor={deep}"),
        "/v1/public/reports/feed".into(),
        "/v1/public/experiments".into(),
    ]);
    (government, public)
}

/// The lists as somebody sees them who does not see all.
pub fn own_lists() -> [(&'static str, &'static str); 2] {
    [
        ("list: a ministry's own, newest first", "/v1/reports"),
        ("list: a ministry's own, due first", "/v1/reports?sort=due"),
    ]
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

/// Whose liaison it is that asks.
pub fn authority(world: &World) -> Result<OrganisationId, String> {
    let fact = crate::reference::ministries();
    let name = fact
        .iter()
        .find(|fact| fact.abbreviation == AUTHORITY)
        .map(|fact| fact.name.as_str());
    world
        .liaisons
        .values()
        .find(|liaison| Some(liaison.home.name.as_str()) == name)
        .map(|liaison| liaison.home.id)
        .ok_or_else(|| format!("the facts have no {AUTHORITY}"))
}
